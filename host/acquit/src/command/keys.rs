//! Keys, loaded by people.

use std::io::{BufRead, IsTerminal, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use engine::contract::acquirer::KeyUse;
use engine::contract::types::Name;
use serde_json::json;
use vault::{ClearKey, Vault};
use zeroize::Zeroizing;

use super::{House, ask};
use crate::config::Acquirer;
use crate::control::{Ask, Reached, Response};
use crate::terminal::{Places, grants, is_dukpt, is_transport};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Load a terminal master key, or a key that no acquirer downloads, from its components, one a line in hexadecimal,
    /// from a file or from standard input.
    Load {
        /// The key slot; the acquirer's only transport slot where nothing is said.
        #[arg(long)]
        slot: Option<Name>,
        /// Which acquirer; the first where nothing is said.
        #[arg(long)]
        acquirer: Option<Name>,
        /// The file with the components; standard input where nothing is said.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// The check value the key must give: 6 or 8 hexadecimal digits.
        #[arg(long, value_name = "HEX", required_unless_present = "block")]
        check_value: Option<String>,
        /// The key serial number (KSN) that came with the initial key of a DUKPT slot, in hexadecimal.
        #[arg(long, value_name = "HEX")]
        serial: Option<String>,
        /// A file with a key block (TR-31) that holds the initial key of a DUKPT slot, in place of components.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "check_value"])]
        block: Option<PathBuf>,
    },
}

pub(super) fn keys(house: &House, keys: &Keys) -> Result<ExitCode> {
    let Keys::Load { slot, acquirer, from, check_value, serial, block } = keys;
    if let Reached::Answered(_) = ask::try_ask(house, Ask::Owed)? {
        bail!("the terminal is running; stop it, load the key, start it again");
    }
    let acquirers = &house.configuration.acquirers;
    let acquirer = match acquirer {
        Some(name) => acquirers.named(name).with_context(|| format!("no acquirer {name} in the configuration"))?,
        None => acquirers.first(),
    };
    let slot = loaded_slot(acquirer, slot.as_deref())?;
    let check_value =
        hex::decode(check_value.as_deref().unwrap_or_default()).context("the check value is not hexadecimal")?;
    let serial = serial.as_ref().map(hex::decode).transpose().context("the key serial number is not hexadecimal")?;
    if (serial.is_some() || block.is_some()) && !is_dukpt(acquirer, slot) {
        bail!("key slot {slot} is no DUKPT slot in the configuration: no --serial and no --block goes with it");
    }
    let places = Places::of(&house.configuration);
    let mut vault = Vault::open(&places.keys(), &grants(&house.configuration))?;
    if let Some(file) = block {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let under = transport_slot(acquirer)?;
        vault.load_initial_block(&acquirer.name, slot, (text.trim().as_bytes(), under), serial.as_deref())?;
        return loaded(house, &acquirer.name, slot);
    }
    let key = read_key(from.as_ref())?;
    if is_dukpt(acquirer, slot) {
        vault.load_initial(&acquirer.name, slot, key, &check_value, &serial.unwrap_or_default())?;
    } else if is_transport(acquirer, slot) {
        vault.load_transport(&acquirer.name, slot, key, &check_value)?;
    } else {
        vault.load_fixed(&acquirer.name, slot, key, &check_value)?;
    }
    loaded(house, &acquirer.name, slot)
}

fn loaded(house: &House, acquirer: &str, slot: &str) -> Result<ExitCode> {
    let line = format!("{acquirer}: key {slot} loaded, its check value held");
    house.show(&Response::done(json!({ "acquirer": acquirer, "slot": slot, "loaded": true }), vec![line]))
}

/// The only slot whose key wraps others.
fn transport_slot(acquirer: &Acquirer) -> Result<&str> {
    let mut transport = acquirer.keys.iter().filter(|(_, grant)| grant.use_ == KeyUse::Transport);
    match (transport.next(), transport.next()) {
        (Some((slot, _)), None) => Ok(slot),
        _ => bail!(
            "a key block needs exactly one transport slot to be opened under; {} has another number",
            acquirer.name
        ),
    }
}

/// The slot that is named, whatever it does; else the only one for a transport key.
fn loaded_slot<'a>(acquirer: &'a Acquirer, named: Option<&'a str>) -> Result<&'a str> {
    let mut transport = acquirer.keys.keys().map(String::as_str).filter(|slot| is_transport(acquirer, slot));
    match (named, transport.next(), transport.next()) {
        (Some(slot), _, _) if acquirer.keys.contains_key(slot) => Ok(slot),
        (Some(slot), _, _) => bail!("{} has no key slot {slot} in the configuration", acquirer.name),
        (None, Some(slot), None) => Ok(slot),
        (None, None, _) => {
            bail!("{} has no transport slot in the configuration; name a slot with --slot", acquirer.name)
        }
        (None, Some(_), Some(_)) => bail!("{} has several transport slots; name one with --slot", acquirer.name),
    }
}

/// Components one a line; several are combined. Nothing of them is echoed or kept.
fn read_key(from: Option<&PathBuf>) -> Result<ClearKey> {
    let text = match from {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            Zeroizing::new(text)
        }
        None => {
            if stdin().is_terminal() {
                bail!("a key typed here would be echoed; pipe its components in, or name their file with --from");
            }
            let mut text = Zeroizing::new(String::new());
            for line in stdin().lock().lines() {
                text.push_str(&Zeroizing::new(line?));
                text.push('\n');
            }
            text
        }
    };
    let components: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match components.as_slice() {
        [] => bail!("no key component was given"),
        [key] => Ok(ClearKey::from_hex(key)?),
        several => Ok(ClearKey::from_components(several)?),
    }
}
