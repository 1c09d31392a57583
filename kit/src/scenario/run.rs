//! Playing a scenario, step by step.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::contract::Plugin as _;
use engine::contract::card::{Entry, Presented, Verification};
use serde_json::Value;
use tempfile::TempDir;

use super::file::{Does, Expect, Scenario, Step};
use super::house::House;
use super::process::{Ended, PATIENCE, Process};
use super::{Failure, Message, Stage, Verdict, end};
use crate::scripted::{Script, ScriptedAcquirer, Sender};

/// The field of an enciphered PIN block.
const PIN_BLOCK_FIELD: u8 = 52;

/// Plays a scenario to its end, or to the first thing that is not as expected.
pub fn play(stage: &Stage<'_>, script: &Arc<Script>, scenario: &Scenario) -> Verdict {
    let began = Instant::now();
    let mut verdict = Verdict {
        title: scenario.title.clone(),
        failure: None,
        complaints: Vec::new(),
        messages: Vec::new(),
        kept: None,
        took_ms: 0,
    };
    let ready = TempDir::with_prefix("acquit-scenario-")
        .map_err(|error| Failure::of("a temporary folder", "to be made", error))
        .and_then(|folder| {
            let acquirer = ScriptedAcquirer::start(Arc::clone(script), scenario.rules.clone());
            Ok((folder, acquirer.map_err(|error| Failure::of("the scripted acquirer", "to start", error))?))
        });
    match ready {
        Err(failure) => verdict.failure = Some(failure),
        Ok((folder, acquirer)) => {
            verdict.failure = in_folder(stage, script, scenario, &acquirer, folder.path()).err();
            verdict.complaints = acquirer.complaints();
            verdict.messages = messages(stage, &acquirer);
            verdict.kept = (!verdict.holds()).then(|| folder.keep());
        }
    }
    verdict.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    verdict
}

fn in_folder(
    stage: &Stage<'_>,
    script: &Script,
    scenario: &Scenario,
    acquirer: &ScriptedAcquirer,
    folder: &Path,
) -> Result<(), Failure> {
    let mut house = House::make(stage, folder, script, &scenario.parameters, acquirer)?;
    let played = house.start(0).and_then(|()| steps(&mut house, scenario, acquirer));
    let played = played.and_then(|()| end::check(stage, &mut house, &scenario.end, acquirer));
    if house.is_on() {
        house.cut()?;
    }
    let transcript = house.transcript.bytes();
    fs::write(folder.join("transcript.log"), &transcript)
        .map_err(|error| Failure::of("transcript.log", "to be written", error))?;
    // A leak is worse than any other failure.
    end::search(stage, script, &house, acquirer)?;
    if let Some(all) = stage.calls {
        append(&house.calls(), all).map_err(|error| Failure::of(all.display(), "to be written", error))?;
    }
    played
}

/// Writes the calls of one scenario behind those of the others.
fn append(calls: &Path, all: &Path) -> io::Result<()> {
    let mut all = OpenOptions::new().append(true).create(true).open(all)?;
    all.write_all(&fs::read(calls)?)
}

fn steps(house: &mut House, scenario: &Scenario, acquirer: &ScriptedAcquirer) -> Result<(), Failure> {
    let mut begun: Option<Process> = None;
    for Step { name, does, expect } in &scenario.steps {
        let failed = |error: io::Error| Failure::of(name, "an answer", error);
        match does {
            Does::Order(order) => judge(name, expect, &house.order(order).map_err(failed)?)?,
            Does::Begin(_) if begun.is_some() => {
                return Err(Failure::of(name, "nothing begun before", "an order that was begun and never finished"));
            }
            Does::Begin(order) => begun = Some(house.begin(order).map_err(failed)?),
            Does::Finish => match begun.take() {
                Some(process) => judge(name, expect, &process.finish().map_err(failed)?)?,
                None => return Err(Failure::of(name, "an order that was begun", "none")),
            },
            Does::Cut => house.cut()?,
            Does::Start(days) => house.start(*days)?,
            Does::Received(kind, times) => {
                if !acquirer.wait_received(*kind, *times, PATIENCE) {
                    let found = format!("not in {} seconds", PATIENCE.as_secs());
                    return Err(Failure::of(name, format!("{times} of the type {kind:04x} to come"), found));
                }
            }
            Does::Owed(count) => end::wait_owed(house, name, *count)?,
            Does::Release => acquirer.release(),
        }
    }
    Ok(())
}

/// Compares how an order ended with what was expected of it.
fn judge(name: &str, expect: &Expect, ended: &Ended) -> Result<(), Failure> {
    let said = |key: &str| match &ended.answer[key] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let failed = |key: &str, expected: String, found: Option<String>| {
        let found = found.unwrap_or_else(|| "nothing".to_owned());
        let why = said("why").map(|why| format!(", because {why}")).unwrap_or_default();
        let errors = ended.errors.trim();
        let errors = if errors.is_empty() { String::new() } else { format!("; it said: {errors}") };
        let found = format!("{found}{why}{errors}");
        Err(Failure::of(name, format!("{key} {expected}"), found))
    };
    let words = [
        ("outcome", &expect.outcome),
        ("code", &expect.code),
        ("reason", &expect.reason),
        ("charged", &expect.charged),
    ];
    for (key, expected) in words {
        if let Some(expected) = expected.as_ref().filter(|expected| said(key).as_ref() != Some(expected)) {
            return failed(key, expected.clone(), said(key));
        }
    }
    if expect.exit.is_some() && expect.exit != ended.exit {
        let exit = |code: Option<i32>| code.map(|code| code.to_string());
        return failed("exit code", exit(expect.exit).unwrap_or_default(), exit(ended.exit));
    }
    let rows = ended.answer["receipt"].as_array().cloned().unwrap_or_default();
    let rows: Vec<&str> = rows.iter().filter_map(Value::as_str).collect();
    match expect.receipt.iter().find(|wanted| !rows.iter().any(|row| row.contains(wanted.as_str()))) {
        Some(missing) => failed("receipt with", format!("{missing:?}"), Some(format!("{rows:#?}"))),
        None => Ok(()),
    }
}

/// Every message without card data, as the plugin reads it.
pub(super) fn messages(stage: &Stage<'_>, acquirer: &ScriptedAcquirer) -> Vec<Message> {
    let cards: Vec<Presented> = acquirer.cards().iter().filter_map(|card| presented(card)).collect();
    let cards: Vec<&Presented> = cards.iter().collect();
    let shown = acquirer.exchanged().into_iter().map(|exchanged| {
        let clear = acquirer.shown(&exchanged, PIN_BLOCK_FIELD);
        let masked = vault::scrub(&clear, &cards).bytes;
        Message {
            from: if exchanged.sender == Sender::Terminal { "terminal" } else { "acquirer" },
            fields: stage.plugin.read(&masked).unwrap_or_default(),
        }
    });
    shown.collect()
}

/// A card as far as scrubbing needs to know it: number, or number and what follows on a track.
fn presented(card: &str) -> Option<Presented> {
    let number = card.split(['=', 'D']).next()?;
    let bin = number.get(..6)?.to_owned();
    let last_four = number.get(number.len().checked_sub(4)?..)?.to_owned();
    Some(Presented {
        entry: Entry::Manual,
        bin,
        last_four,
        pan_length: u8::try_from(number.len()).ok()?,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 0,
        track_three_length: 0,
        sequence_number: None,
        service_code: None,
        verification: Verification::None,
        pin_length: 0,
        fell_back: false,
        tags: Vec::new(),
    })
}
