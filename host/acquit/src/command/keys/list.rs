//! What is in the key slots, without a key.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value as Json, json};
use vault::{Entered, SlotState};

use super::{ceremony, opened};
use crate::command::House;
use crate::config::{Word, key_use_word};
use crate::control::Response;

pub(super) fn list(house: &House) -> Result<ExitCode> {
    let vault = opened(house)?;
    let published = vault.published_keys();
    let (mut facts, mut lines) = (Vec::new(), Vec::new());
    for acquirer in house.configuration.acquirers.iter() {
        for state in vault.slots(&acquirer.name) {
            let at = (acquirer.name.as_str(), state.grant.slot.as_str());
            let by = state.loaded.map(|(_, value)| vault.custodians(at, value)).transpose()?.unwrap_or_default();
            let printed = published.iter().find(|key| (key.plugin.as_str(), key.slot.as_str()) == at);
            let printed = printed.map(|key| key.printed);
            lines.extend(shown(house, at.0, &state, &by, printed));
            facts.push(fact(at.0, &state, &by, printed));
        }
    }
    house.show(&Response::done(json!({ "slots": facts }), lines))
}

fn shown(house: &House, acquirer: &str, state: &SlotState, by: &[Entered], printed: Option<&str>) -> Vec<String> {
    let (slot, key_use) = (&state.grant.slot, key_use_word(&state.grant.key_use));
    let holds = match &state.loaded {
        Some((algorithm, value)) => {
            let words = [("algorithm", algorithm.word().into()), ("value", hex::encode_upper(value).into())];
            house.messages.text("keys-slot-holds", &words)
        }
        None => house.messages.text("keys-slot-empty", &[]),
    };
    let mut lines = vec![format!("{acquirer} {slot} ({key_use}, {}): {holds}", state.grant.scheme.word())];
    if let Some(serial) = &state.serial {
        lines.push(format!("  KSN {}", hex::encode_upper(serial)));
    }
    lines.extend(by.iter().map(|entered| format!("  {}", ceremony::line(house, entered))));
    lines.extend(
        printed.map(|printed| format!("  {}", house.messages.text("keys-published", &[("where", printed.into())]))),
    );
    lines
}

fn fact(acquirer: &str, state: &SlotState, by: &[Entered], printed: Option<&str>) -> Json {
    json!({
        "acquirer": acquirer,
        "slot": state.grant.slot,
        "use": key_use_word(&state.grant.key_use),
        "scheme": state.grant.scheme.word(),
        "algorithm": state.loaded.map(|(algorithm, _)| algorithm.word()),
        "check-value": state.loaded.map(|(_, value)| hex::encode_upper(value)),
        "serial": state.serial.as_ref().map(hex::encode_upper),
        "custodians": by.iter().map(ceremony::fact).collect::<Vec<_>>(),
        "published": printed,
    })
}
