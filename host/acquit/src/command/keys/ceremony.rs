//! A key in components, each entered apart by its own custodian, today and tomorrow.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use vault::{Entered, Progress};

use super::{At, hexadecimal, hidden, opened};
use crate::command::House;
use crate::control::Response;

/// Take a key in components, each entered apart by its own custodian. The first may come today and the others tomorrow:
/// what is entered waits encrypted. No component stands on the command line, so none is in the shell's history.
#[derive(Debug, Subcommand)]
pub(in crate::command) enum Ceremony {
    /// Begin: how many components there will be.
    Begin {
        #[command(flatten)]
        at: At,
        /// How many components the key has.
        #[arg(long, default_value_t = 2, value_name = "COUNT")]
        components: u8,
    },
    /// Enter one component: asked for twice and not echoed, or one line from a pipe. Its check value is shown, for its
    /// custodian to compare.
    Enter {
        #[command(flatten)]
        at: At,
        /// Who enters it; each component is another person's.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The component's own check value, where its custodian has one: 6 or 8 hexadecimal digits.
        #[arg(long, value_name = "HEX")]
        check_value: Option<String>,
    },
    /// Load the key that the components make, and forget them.
    Finish {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        key: Whole,
    },
    /// Forget what was entered.
    Abandon {
        #[command(flatten)]
        at: At,
    },
    /// Ceremonies under way: who has entered a component, and when.
    Show,
}

/// What the acquirer says of the whole key.
#[derive(Debug, Args)]
pub(in crate::command) struct Whole {
    /// The check value the key must give: 6 or 8 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    check_value: String,
    /// The key serial number (KSN) that came with the initial key of a DUKPT slot, in hexadecimal.
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
}

pub(super) fn ceremony(house: &House, ceremony: &Ceremony) -> Result<ExitCode> {
    let vault = opened(house)?;
    match ceremony {
        Ceremony::Begin { at, components } => {
            let (acquirer, slot) = at.place(house)?;
            vault.begin_ceremony((acquirer, slot), *components)?;
            let words = [("slot", slot.into()), ("count", u64::from(*components).into())];
            let line = house.messages.text("keys-ceremony-begun", &words);
            show(house, json!({ "acquirer": acquirer, "slot": slot, "components": components }), vec![line])
        }
        Ceremony::Enter { at, by, check_value } => enter(house, &vault, at, by, check_value.as_deref()),
        Ceremony::Finish { at, key } => {
            let (acquirer, slot) = at.place(house)?;
            let check_value = hexadecimal(&key.check_value, "the check value")?;
            let serial =
                key.serial.as_deref().map(|serial| hexadecimal(serial, "the key serial number")).transpose()?;
            let whole = hex::encode_upper(vault.ceremony_check_value((acquirer, slot))?);
            let mut vault = vault;
            vault.finish_ceremony((acquirer, slot), &check_value, serial.as_deref())?;
            let words = [("slot", slot.into()), ("value", whole.clone().into())];
            let line = house.messages.text("keys-ceremony-done", &words);
            show(house, json!({ "acquirer": acquirer, "slot": slot, "loaded": true, "check-value": whole }), vec![line])
        }
        Ceremony::Abandon { at } => {
            let (acquirer, slot) = at.place(house)?;
            vault.abandon_ceremony((acquirer, slot))?;
            let line = house.messages.text("keys-ceremony-abandoned", &[("slot", slot.into())]);
            show(house, json!({ "acquirer": acquirer, "slot": slot, "abandoned": true }), vec![line])
        }
        Ceremony::Show => {
            let under_way = vault.ceremonies()?;
            let none = || vec![house.messages.text("keys-ceremony-none", &[])];
            let lines = under_way.iter().flat_map(|progress| lines(house, progress)).collect::<Vec<_>>();
            let facts = under_way.iter().map(facts).collect::<Vec<_>>();
            show(house, json!({ "ceremonies": facts }), if lines.is_empty() { none() } else { lines })
        }
    }
}

fn enter(house: &House, vault: &vault::Vault, at: &At, by: &str, check_value: Option<&str>) -> Result<ExitCode> {
    let (acquirer, slot) = at.place(house)?;
    let expected = hexadecimal(check_value.unwrap_or_default(), "the check value")?;
    let text = |id: &str| house.messages.text(id, &[("slot", slot.into()), ("by", by.into())]);
    let component = hidden::line(&text("keys-component"), Some(&text("keys-component-again")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("terminal: the clock stands before 1970")?.as_secs();
    let entered = vault.enter_component((acquirer, slot), (by, now), (&component, &expected))?;
    let progress = vault.ceremonies()?.into_iter().find(|one| one.plugin == acquirer && one.slot == slot);
    let progress = progress.context("storage: the component is not where it was written")?;
    let value = hex::encode_upper(entered.check_value);
    let (there, wanted) = (progress.entered.len(), usize::from(progress.wanted));
    let words = [("by", by.into()), ("value", value.clone().into())];
    let mut lines = vec![house.messages.text("keys-component-taken", &words)];
    let mut facts = json!({
        "acquirer": acquirer, "slot": slot, "by": by, "check-value": value, "entered": there, "components": wanted,
    });
    if there == wanted {
        let whole = hex::encode_upper(vault.ceremony_check_value((acquirer, slot))?);
        lines.push(house.messages.text("keys-ceremony-complete", &[("value", whole.clone().into())]));
        facts["whole-check-value"] = whole.into();
    } else {
        let left = u64::try_from(wanted - there).unwrap_or(u64::MAX);
        lines.push(house.messages.text("keys-ceremony-left", &[("count", left.into())]));
    }
    show(house, facts, lines)
}

fn lines(house: &House, progress: &Progress) -> Vec<String> {
    let head = format!("{} {}: {}/{}", progress.plugin, progress.slot, progress.entered.len(), progress.wanted);
    let entered = progress.entered.iter().map(|entered| format!("  {}", line(house, entered)));
    [head].into_iter().chain(entered).collect()
}

fn facts(progress: &Progress) -> Json {
    json!({
        "acquirer": progress.plugin,
        "slot": progress.slot,
        "components": progress.wanted,
        "entered": progress.entered.iter().map(fact).collect::<Vec<_>>(),
    })
}

/// A custodian, when, and the check value of the component.
pub(super) fn line(house: &House, Entered { by, at, check_value }: &Entered) -> String {
    let value = hex::encode_upper(check_value);
    house
        .messages
        .text("keys-entered", &[("by", by.clone().into()), ("time", time(*at).into()), ("value", value.into())])
}

pub(super) fn fact(Entered { by, at, check_value }: &Entered) -> Json {
    json!({ "by": by, "at": time(*at), "check-value": hex::encode_upper(check_value) })
}

/// RFC 3339, in UTC.
fn time(at: u64) -> String {
    let moment = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn show(house: &House, facts: Json, lines: Vec<String>) -> Result<ExitCode> {
    house.show(&Response::done(facts, lines))
}
