//! A terminal in a folder of its own: its configuration, its keys, and the program that works on them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::contract::Plugin as _;
use engine::contract::acquirer::{Framing, KeyScheme, KeySlot, KeyUse};
use serde::Serialize;
use serde_json::Value;
use vault::ClearKey;

use super::process::{Ended, Process, Transcript};
use super::{Failure, Stage};
use crate::scripted::{Deployment, SERVER_NAME, Script, ScriptedAcquirer};

/// What the configuration calls the acquirer.
const ACQUIRER: &str = "acquirer";
/// The file a key is loaded from; it is gone before the terminal starts.
const KEY_FILE: &str = "key-to-load";
/// Why nothing else of the machine's surroundings may change a scenario.
const SURROUNDINGS: [&str; 3] = ["ACQUIT_STOP_AT", DAYS_LATER, "ACQUIT_SEGMENT_BYTES"];
/// Sets the clock of a development build forward.
const DAYS_LATER: &str = "ACQUIT_DAYS_LATER";

/// A terminal on disk, and the host while it runs.
pub(super) struct House {
    folder: PathBuf,
    program: PathBuf,
    host: Option<Process>,
    is_development: bool,
    pub transcript: Transcript,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Configuration<'s> {
    profile: &'s str,
    data: &'s str,
    language: &'s str,
    terminal: Terminal<'s>,
    acquirer: [Acquirer<'s>; 1],
    devices: Devices<'s>,
}

#[derive(Serialize)]
struct Terminal<'s> {
    serial: &'s str,
    model: &'s str,
    merchant: &'s str,
    currency: &'s str,
}

#[derive(Serialize)]
struct Acquirer<'s> {
    name: &'s str,
    plugin: &'s str,
    first: bool,
    parameters: BTreeMap<&'s str, &'s str>,
    keys: BTreeMap<&'s str, Key>,
    routes: BTreeMap<&'s str, Route<'s>>,
    proofs: &'s BTreeMap<String, Vec<String>>,
    ceilings: Ceilings,
}

#[derive(Serialize)]
struct Key {
    algorithm: Vec<String>,
    #[serde(rename = "use")]
    key_use: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Route<'s> {
    address: String,
    server_name: &'s str,
    framing: &'s str,
    roots: &'s str,
    secrets: &'s [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Ceilings {
    attempts: u32,
    wait_ms: u32,
    exchange_timeout_ms: u32,
}

#[derive(Serialize)]
struct Devices<'s> {
    #[serde(rename = "virtual")]
    virtual_set: VirtualSet<'s>,
}

#[derive(Serialize)]
struct VirtualSet<'s> {
    card: &'s str,
    receipts: &'s str,
}

impl House {
    /// Writes the configuration, makes journal and key store, and loads the test keys.
    pub fn make(
        stage: &Stage<'_>,
        folder: &Path,
        script: &Script,
        parameters: &BTreeMap<String, String>,
        acquirer: &ScriptedAcquirer,
    ) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::of("the terminal's folder", "to be written", error);
        fs::write(folder.join("ca.pem"), acquirer.ca_pem()).map_err(failed)?;
        fs::copy(stage.artefact, folder.join("plugin.cwasm")).map_err(failed)?;
        fs::write(folder.join("terminal.toml"), configuration(stage, script, parameters, acquirer)?).map_err(failed)?;
        let (folder, program) = (folder.to_owned(), stage.program.to_owned());
        let (is_development, transcript) = (stage.is_development, Transcript::default());
        let house = House { folder, program, host: None, is_development, transcript };
        house.done("acquit init", &["init".to_owned()])?;
        // A transport key first: one that replaces another drops what came under it.
        let slots = stage.plugin.descriptor().keys.iter();
        let (transport, others): (Vec<_>, Vec<_>) = slots.partition(|slot| slot.uses.contains(&KeyUse::Transport));
        // What is downloaded is the acquirer's to hand out.
        let loaded = others.into_iter().filter(|slot| slot.scheme != KeyScheme::Session);
        for slot in transport.into_iter().chain(loaded) {
            if let Some(key) = script.test_keys.get(&slot.name) {
                house.load_key(slot, key, script.test_serials.get(&slot.name))?;
            }
        }
        Ok(house)
    }

    /// Starts the host, its clock so many days ahead; ready when this returns.
    pub fn start(&mut self, days_later: u32) -> Result<(), Failure> {
        let expected = "the terminal to start";
        if self.host.is_some() {
            return Err(Failure::of("power on", "the terminal to be off", "it runs"));
        }
        let mut command = self.command(&["run".to_owned(), "--record-calls".to_owned()]);
        command.arg(self.calls());
        if days_later > 0 {
            if !self.is_development {
                return Err(Failure::of("days-later", "a development build of acquit", "another"));
            }
            command.env(DAYS_LATER, days_later.to_string());
        }
        let host = Process::spawn(&mut command, &self.transcript);
        let host = host.map_err(|error| Failure::of("acquit run", expected, error))?;
        loop {
            let line = host.next_line().map_err(|error| Failure::of("acquit run", expected, error))?;
            let Some(line) = line else { return Err(Failure::of("acquit run", expected, host.errors().trim())) };
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said["ready"] == true {
                self.host = Some(host);
                return Ok(());
            }
        }
    }

    /// Pulls the plug.
    pub fn cut(&mut self) -> Result<(), Failure> {
        let Some(host) = self.host.take() else {
            return Err(Failure::of("power cut", "the terminal to run", "it is off"));
        };
        host.kill().map_err(|error| Failure::of("power cut", "the terminal to be gone", error))
    }

    /// Whether the host runs, as far as this house knows.
    pub fn is_on(&self) -> bool {
        self.host.is_some()
    }

    /// Gives an order and does not wait for its end.
    pub fn begin(&self, order: &[String]) -> io::Result<Process> {
        Process::spawn(&mut self.command(order), &self.transcript)
    }

    /// Gives an order and waits for its end.
    pub fn order(&self, order: &[String]) -> io::Result<Ended> {
        self.begin(order)?.finish()
    }

    /// What a command says that must do what it is asked.
    pub fn done(&self, name: &str, order: &[String]) -> Result<Value, Failure> {
        let ended = self.order(order).map_err(|error| Failure::of(name, "an answer", error))?;
        match ended.exit {
            Some(0) => Ok(ended.answer),
            _ => Err(Failure::of(name, "to be done", ended.errors.trim())),
        }
    }

    /// Every call of the plugin, one a line.
    pub fn calls(&self) -> PathBuf {
        self.folder.join("calls.jsonl")
    }

    /// The folder everything is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn load_key(&self, slot: &KeySlot, hexadecimal: &str, serial: Option<&String>) -> Result<(), Failure> {
        let name = format!("acquit keys load --slot {}", slot.name);
        let key = ClearKey::from_hex(hexadecimal).map_err(|error| Failure::of(&name, "a test key", error))?;
        let value = slot.algorithms.iter().find_map(|algorithm| key.check_value(*algorithm));
        let value = value.ok_or_else(|| Failure::of(&name, "a key as long as the slot takes", "another length"))?;
        let file = self.folder.join(KEY_FILE);
        let failed = |error: io::Error| Failure::of(&name, "a file to load from", error);
        fs::write(&file, format!("{hexadecimal}\n")).map_err(failed)?;
        let from = file.to_string_lossy().into_owned();
        let check_value = hex::encode(value);
        let mut words = vec!["keys", "load", "--slot", &slot.name, "--from", &from, "--check-value", &check_value];
        words.extend(serial.into_iter().flat_map(|serial| ["--serial", serial]));
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let loaded = self.done(&name, &words);
        fs::remove_file(&file).map_err(failed)?;
        loaded.map(drop)
    }

    fn command(&self, order: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.folder.join("terminal.toml")).arg("--json").args(order);
        for name in SURROUNDINGS {
            command.env_remove(name);
        }
        command
    }
}

fn configuration(
    stage: &Stage<'_>,
    script: &Script,
    parameters: &BTreeMap<String, String>,
    acquirer: &ScriptedAcquirer,
) -> Result<String, Failure> {
    let Deployment { route, secrets, currency, card, proofs, exchange_timeout_ms, wait_ms, .. } = &script.deployment;
    let over = script.deployment.parameters.iter().chain(parameters);
    let framing = match script.framing {
        Framing::LengthU16 => "length-u16",
        Framing::LengthAsciiFour => "length-ascii-four",
        Framing::Http => "http",
    };
    let address = acquirer.address().to_string();
    let route_facts = Route { address, server_name: SERVER_NAME, framing, roots: "ca.pem", secrets };
    let acquirer = Acquirer {
        name: ACQUIRER,
        plugin: "plugin.cwasm",
        first: true,
        parameters: over.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        keys: keys(stage, script)?,
        routes: [(route.as_str(), route_facts)].into(),
        proofs,
        ceilings: Ceilings { attempts: 3, wait_ms: *wait_ms, exchange_timeout_ms: *exchange_timeout_ms },
    };
    let configuration = Configuration {
        profile: "development",
        data: "data",
        language: "en",
        terminal: Terminal { serial: "T0001", model: "desk", merchant: "Scenario Shop", currency },
        acquirer: [acquirer],
        devices: Devices { virtual_set: VirtualSet { card, receipts: "receipts" } },
    };
    toml::to_string(&configuration).map_err(|error| Failure::of("terminal.toml", "to be written", error))
}

/// The scheme of a slot, where the configuration must say it.
fn scheme(scheme: KeyScheme) -> Option<&'static str> {
    match scheme {
        KeyScheme::Fixed | KeyScheme::Session => None,
        KeyScheme::DukptTdes => Some("dukpt-tdes"),
        KeyScheme::DukptAes => Some("dukpt-aes"),
    }
}

/// Every slot the plugin has, for the use the script names or the first the plugin does.
fn keys<'s>(stage: &Stage<'s>, script: &Script) -> Result<BTreeMap<&'s str, Key>, Failure> {
    stage.check(script)?;
    let slots = &stage.plugin.descriptor().keys;
    let grant = |slot: &'s KeySlot| {
        let named = script.deployment.key_uses.get(&slot.name).cloned();
        let key_use = named.or_else(|| slot.uses.first().map(|first| (stage.words.key_use)(first)))?;
        let algorithm = slot.algorithms.iter().map(|algorithm| (stage.words.algorithm)(*algorithm)).collect();
        Some((slot.name.as_str(), Key { algorithm, key_use, scheme: scheme(slot.scheme) }))
    };
    // A slot for tracks may be left out, and is where there is no key for it.
    let is_track = |slot: &KeySlot| slot.uses.iter().all(|key_use| matches!(key_use, KeyUse::Track(_)));
    let granted = slots.iter().filter(|slot| !is_track(slot) || script.test_keys.contains_key(&slot.name));
    Ok(granted.filter_map(grant).collect())
}
