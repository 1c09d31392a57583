//! Keys, loaded by people.

mod ceremony;
mod hidden;
mod list;

use std::io::{BufRead, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use engine::contract::acquirer::KeyUse;
use engine::contract::types::Name;
use serde_json::json;
use vault::{ClearKey, PemKey, Vault};
use zeroize::Zeroizing;

use super::{House, ask};
use crate::config::{Acquirer, Profile};
use crate::control::{Ask, Reached, Response};
use crate::terminal::{Places, grants, is_dukpt, is_transport};

/// Longest file of a key pair's half: an RSA key of 4,096 bits in PEM has some 3,400 bytes.
const MAX_PEM_BYTES: u64 = 8_192;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Load a key at once: a terminal master key, or one that no acquirer downloads. Its components, one a line in
    /// hexadecimal, come from a file or from standard input. Where several people bring them, see `keys ceremony`.
    Load(Load),
    #[command(subcommand)]
    Ceremony(ceremony::Ceremony),
    /// Print the public half of a slot that signs, in PEM, for the acquirer.
    Public {
        #[command(flatten)]
        at: At,
    },
    /// The slots, what each is for, and the check values of the keys that people loaded. Shows no key.
    List,
}

/// Which slot.
#[derive(Debug, Args)]
pub(super) struct At {
    /// The key slot; the acquirer's only transport slot where nothing is said.
    #[arg(long)]
    slot: Option<Name>,
    /// Which acquirer; the first where nothing is said.
    #[arg(long)]
    acquirer: Option<Name>,
}

/// What to load.
#[derive(Debug, Args)]
pub(super) struct Load {
    #[command(flatten)]
    at: At,
    /// The file with the components; standard input where nothing is said.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The check value the key must give: 6 or 8 hexadecimal digits.
    #[arg(long, value_name = "HEX", required_unless_present_any = ["block", "pem"])]
    check_value: Option<String>,
    /// The key serial number (KSN) that came with the initial key of a DUKPT slot, in hexadecimal.
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
    /// A file with a key block (TR-31), in place of components: the initial key of a DUKPT slot, or a key for the slot's
    /// use. It is opened under the acquirer's one transport key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "check_value"])]
    block: Option<PathBuf>,
    /// A file with half of a key pair in PEM: a private key for a slot that signs, a public one for a slot that checks
    /// signatures.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "check_value", "block", "serial"])]
    pem: Option<PathBuf>,
    /// The SHA-256 fingerprint of the public half, or its beginning, 16 hexadecimal digits at least, as its owner read it
    /// out. A public half is not loaded without.
    #[arg(long, value_name = "HEX", requires = "pem")]
    fingerprint: Option<String>,
}

pub(super) fn keys(house: &House, keys: &Keys) -> Result<ExitCode> {
    match keys {
        Keys::Load(load) => self::load(house, load),
        Keys::Ceremony(ceremony) => ceremony::ceremony(house, ceremony),
        Keys::Public { at } => {
            let (acquirer, slot) = at.place(house)?;
            let text = opened(house)?.public_half(acquirer, slot)?;
            let fingerprint = hex::encode_upper(PemKey::parse(&text)?.fingerprint());
            let lines = text.lines().map(str::to_owned).chain([format!("SHA-256 {fingerprint}")]).collect();
            let facts = json!({ "acquirer": acquirer, "slot": slot, "pem": text, "fingerprint": fingerprint });
            house.show(&Response::done(facts, lines))
        }
        Keys::List => list::list(house),
    }
}

impl At {
    /// The acquirer and the slot in the configuration.
    fn place<'a>(&'a self, house: &'a House) -> Result<(&'a str, &'a str)> {
        let acquirer = self.acquirer(house)?;
        Ok((&acquirer.name, loaded_slot(acquirer, self.slot.as_deref())?))
    }

    fn acquirer<'a>(&self, house: &'a House) -> Result<&'a Acquirer> {
        let acquirers = &house.configuration.acquirers;
        match &self.acquirer {
            Some(name) => acquirers.named(name).with_context(|| format!("no acquirer {name} in the configuration")),
            None => Ok(acquirers.first()),
        }
    }
}

/// The key store, while nobody else has it open. In production it takes no published key.
fn opened(house: &House) -> Result<Vault> {
    if let Reached::Answered(_) = ask::try_ask(house, Ask::Owed)? {
        bail!("the terminal is running; stop it, load the key, start it again");
    }
    let places = Places::of(&house.configuration);
    let mut vault = Vault::open(&places.keys(), &grants(&house.configuration))?;
    if house.configuration.profile == Profile::Production {
        vault.refuse_published();
    }
    Ok(vault)
}

fn load(house: &House, load: &Load) -> Result<ExitCode> {
    let Load { at, from, check_value, serial, block, pem, fingerprint } = load;
    let mut vault = opened(house)?;
    let acquirer = at.acquirer(house)?;
    let slot = loaded_slot(acquirer, at.slot.as_deref())?;
    let check_value = hexadecimal(check_value.as_deref().unwrap_or_default(), "the check value")?;
    let serial = serial.as_deref().map(|serial| hexadecimal(serial, "the key serial number")).transpose()?;
    if serial.is_some() && !is_dukpt(acquirer, slot) {
        bail!("key slot {slot} is no DUKPT slot in the configuration: no --serial goes with it");
    }
    if let Some(file) = pem {
        let fingerprint = hexadecimal(fingerprint.as_deref().unwrap_or_default(), "the fingerprint")?;
        let half = PemKey::parse(&read_pem(file)?)?;
        let whole = hex::encode_upper(half.fingerprint());
        vault.load_half(&acquirer.name, slot, half, &fingerprint)?;
        let words = [("slot", slot.into()), ("value", whole.clone().into())];
        let line = house.messages.text("keys-half-loaded", &words);
        let facts = json!({ "acquirer": acquirer.name, "slot": slot, "loaded": true, "fingerprint": whole });
        return house.show(&Response::done(facts, vec![line]));
    }
    if let Some(file) = block {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let under = transport_slot(acquirer)?;
        let block = (text.trim().as_bytes(), under);
        if is_dukpt(acquirer, slot) {
            vault.load_initial_block(&acquirer.name, slot, block, serial.as_deref())?;
        } else {
            vault.load_fixed_block(&acquirer.name, slot, block)?;
        }
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
    let line = house.messages.text("keys-loaded", &[("acquirer", acquirer.into()), ("slot", slot.into())]);
    house.show(&Response::done(json!({ "acquirer": acquirer, "slot": slot, "loaded": true }), vec![line]))
}

fn hexadecimal(text: &str, what: &str) -> Result<Vec<u8>> {
    hex::decode(text.trim()).with_context(|| format!("{what} is not hexadecimal"))
}

fn read_pem(file: &Path) -> Result<Zeroizing<String>> {
    let cannot = || format!("cannot read {}", file.display());
    let length = std::fs::metadata(file).with_context(cannot)?.len();
    if length > MAX_PEM_BYTES {
        bail!("{} has {length} bytes; a key in PEM has at most {MAX_PEM_BYTES}", file.display());
    }
    Ok(Zeroizing::new(std::fs::read_to_string(file).with_context(cannot)?))
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
            if hidden::is_typed() {
                bail!(
                    "components are typed with `acquit keys ceremony`; pipe them in here, or name their file with --from"
                );
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
