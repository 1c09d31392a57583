//! Scenarios: files that say what a cashier does, what happens to the terminal, and what must then be true. They are
//! played with the real host, over real TLS, against an acquirer that follows a script.

mod end;
mod file;
mod house;
mod process;
mod run;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use engine::contract::acquirer::{KeyAlgorithm, KeyUse};
use engine::contract::{InspectedField, Plugin as _};
use sandbox::LoadedPlugin;
use serde::Serialize;

use crate::scripted::Script;

pub use file::Scenario;
pub use run::play;

/// With what scenarios are played.
pub struct Stage<'s> {
    /// The program `acquit`.
    pub program: &'s Path,
    /// It is a development build, whose clock can be set forward.
    pub is_development: bool,
    /// The plugin, to read messages with.
    pub plugin: &'s LoadedPlugin,
    /// Its precompiled artefact, for the terminal to load.
    pub artefact: &'s Path,
    /// How the terminal's configuration spells what the plugin says of its keys.
    pub words: Words,
    /// The file to whose end every call of the plugin is written, for whoever judges it or asks it again.
    pub calls: Option<&'s Path>,
}

/// How the terminal's configuration spells things.
#[derive(Clone, Copy)]
pub struct Words {
    /// A use of a key, `mac:x919`.
    pub key_use: fn(&KeyUse) -> String,
    /// An algorithm, `tdes`.
    pub algorithm: fn(KeyAlgorithm) -> String,
}

/// How a scenario went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// What the scenario shows.
    pub title: String,
    /// The first thing that was not as expected.
    pub failure: Option<Failure>,
    /// What the acquirer could not make sense of.
    pub complaints: Vec<String>,
    /// Every message exchanged, without card data, as the plugin reads it.
    pub messages: Vec<Message>,
    /// Where everything is kept that the programs wrote and said, where it failed.
    pub kept: Option<PathBuf>,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

/// What was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// Where: the step, or the end.
    pub place: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub found: String,
}

/// A message, as the plugin reads it.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// `terminal` or `acquirer`.
    pub from: &'static str,
    /// Its fields; none where the plugin cannot read it.
    pub fields: Vec<InspectedField>,
}

impl Stage<'_> {
    /// Whether the plugin has every key slot that the script names.
    ///
    /// # Errors
    /// A slot it has not.
    pub fn check(&self, script: &Script) -> Result<(), Failure> {
        let slots = &self.plugin.descriptor().keys;
        let mut named = script.test_keys.keys().chain(script.deployment.key_uses.keys());
        match named.find(|name| !slots.iter().any(|slot| slot.name == **name)) {
            None => Ok(()),
            Some(unknown) => {
                let known: Vec<_> = slots.iter().map(|slot| slot.name.as_str()).collect();
                let expected = format!("key slots of the plugin: {}", known.join(", "));
                Err(Failure::of("[test-keys]", expected, unknown))
            }
        }
    }
}

impl Verdict {
    /// Everything was as expected.
    pub fn holds(&self) -> bool {
        self.failure.is_none() && self.complaints.is_empty()
    }
}

impl Failure {
    fn of(place: impl Display, expected: impl Display, found: impl Display) -> Self {
        Failure { place: place.to_string(), expected: expected.to_string(), found: found.to_string() }
    }
}
