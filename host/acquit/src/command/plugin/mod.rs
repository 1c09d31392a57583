//! Plugins, for those who write them.

mod author;
mod certify;
mod inspect;
mod profile;
mod replay;
mod test;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use engine::contract::Plugin as _;
use kit::{RecordedCall, Trial};
use sandbox::{LoadedPlugin, Sandbox};

use super::Shared;

/// What to do with a plugin.
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Begin a plugin: a folder with a working one, its tests, and what to do next.
    #[command(after_help = "Example: acquit plugin new hello-bank --from iso8583")]
    New(author::New),
    /// Build a plugin: its component, which one publishes, and the artefact a terminal loads.
    #[command(after_help = "Example: acquit plugin build hello-bank")]
    Build(author::Source),
    /// What a plugin is: operations, routes, key slots, counters, parameters, size, digest, and what each operation
    /// costs to begin.
    #[command(after_help = "Example: acquit plugin inspect unionpay.cwasm --set terminal=50080001 \
                            --set merchant=309310083985008 --set tpdu=6000000000")]
    Inspect(Subject),
    /// Ask a plugin again what it was asked before, and show where it first answers otherwise.
    #[command(after_help = "Examples:\n  acquit plugin replay calls.jsonl --plugin unionpay.cwasm\n  \
                            acquit --config terminal.toml plugin replay --plugin unionpay-next.cwasm")]
    Replay(replay::Replay),
    /// Try the laws that every plugin must keep on calls that were recorded, and make a report. Needs no source.
    #[command(after_help = "Example: acquit run --record-calls calls.jsonl, and beside it a day of trade; then\n\
                            acquit plugin certify unionpay.cwasm --calls calls.jsonl --key author.pem > report.json")]
    Certify(certify::Certify),
    /// Play scenario files with the real terminal against an acquirer that follows a script. Needs no Rust.
    #[command(after_help = "Examples:\n  acquit plugin test --plugin mybank.cwasm\n  \
                            acquit plugin test scenarios/approved.toml --plugin mybank.cwasm")]
    Test(test::Test),
    /// What is public of how an acquirer deploys a protocol, and what to ask it before a terminal can trade.
    #[command(after_help = "Example: acquit plugin profile plugins/unionpay/profiles/lakala.toml")]
    Profile(profile::Profile),
}

/// The plugin, and what a deployment would set for it.
#[derive(Debug, Args)]
pub(super) struct Subject {
    /// The plugin: a precompiled artefact, as acquit-compile makes it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A parameter of the plugin. May be given often.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parameter)]
    set: Vec<(String, String)>,
}

pub(super) fn plugin(plugin: &Plugin, shared: Shared) -> Result<ExitCode> {
    let json = shared.json;
    match plugin {
        Plugin::New(new) => author::new(new, json),
        Plugin::Build(source) => author::build(source, json),
        Plugin::Inspect(subject) => inspect::inspect(subject, json),
        Plugin::Replay(replay) => replay::replay(replay, shared),
        Plugin::Certify(certify) => certify::certify(certify, json),
        Plugin::Test(test) => test::test(test, json),
        Plugin::Profile(profile) => profile::profile(profile, json),
    }
}

impl Subject {
    /// Loads it as a terminal would, and makes ready an example of each operation.
    fn load(&self) -> Result<(LoadedPlugin, Trial)> {
        let plugin = Sandbox::new()?.load("plugin", &self.file)?;
        let trial = Trial::new(plugin.descriptor(), self.set.clone()).after_a_sale(&plugin);
        Ok((plugin, trial))
    }

    fn artefact_bytes(&self) -> Result<u64> {
        let metadata = std::fs::metadata(&self.file).with_context(|| self.file.display().to_string())?;
        Ok(metadata.len())
    }
}

/// Reads what `acquit run --record-calls` wrote.
fn recording(file: &Path) -> Result<Vec<RecordedCall>> {
    let open = || File::open(file).with_context(|| file.display().to_string());
    kit::read_recording(BufReader::new(open()?)).with_context(|| file.display().to_string())
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}
