//! Everything that can be checked about a journal, and the first thing that is wrong with it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use engine::books::Books;
use journal::checkpoint::{SignedNote, VerifyingKey};
use journal::tree::{Frontier, Hash};
use journal::{Content, Health, Journal, Kind, Reading};
use serde_json::{Value, json};

use super::progress::Progress;
use crate::command::House;
use crate::control::Response;
use crate::messages::Value as Argument;
use crate::terminal::{Places, decode, keeping};

/// What was found wrong.
struct Wrong {
    facts: Value,
    line: String,
}

pub(super) fn verify(house: &House) -> Result<ExitCode> {
    let directory = Places::of(&house.configuration).journal();
    let keys = match keeping::keeper(&house.configuration) {
        Ok(keys) => Some(keys),
        Err(error) if keeping::is_missing(&error) => None,
        Err(error) => return Err(error).context("the journal's key cannot be used"),
    };
    let (reading, wrong) = Progress::over("journal", || {
        let reading = Journal::read(&directory, keys.as_deref())?;
        let wrong = check(house, &reading, keys.is_some())?;
        anyhow::Ok((reading, wrong))
    })?;
    let checkpoints = reading.entries.iter().filter(|entry| entry.kind == Kind::Checkpoint).count();
    let facts = json!({
        "whole": wrong.is_none(),
        "entries": reading.entries.len(),
        "size": reading.size,
        "root": reading.root.to_string(),
        "checkpoints": checkpoints,
        "journal": reading.journal.to_string(),
        "contents-read": keys.is_some(),
    });
    let without_keys = keys.is_none().then(|| house.messages.text("journal-without-key", &[]));
    let mut response = match wrong {
        None => {
            let args: [(&str, Argument<'_>); 2] =
                [("count", (reading.entries.len() as u64).into()), ("checkpoints", (checkpoints as u64).into())];
            let root = house.messages.text("journal-root", &[("root", reading.root.to_string().into())]);
            Response::done(facts, vec![house.messages.text("journal-whole", &args), root])
        }
        Some(wrong) => {
            let mut failed = Response::failed(wrong.line.clone());
            let (mut facts, mut more) = (facts, wrong.facts);
            if let (Some(facts), Some(more)) = (facts.as_object_mut(), more.as_object_mut()) {
                facts.append(more);
                facts.insert("error".into(), json!(wrong.line));
            }
            failed.facts = facts;
            failed
        }
    };
    response.lines.extend(without_keys);
    house.show(&response)
}

/// The first thing that does not hold: of the bytes, then of the checkpoints, then of what is kept outside, then of the
/// records.
fn check(house: &House, reading: &Reading, with_keys: bool) -> Result<Option<Wrong>> {
    if let Health::Damaged(damage) = &reading.health {
        let facts = json!({
            "segment": damage.segment,
            "offset": damage.offset,
            "sequence": damage.sequence,
            "reason": damage.reason.to_string(),
        });
        return Ok(Some(Wrong { facts, line: damage.to_string() }));
    }
    let key = reading.key();
    let mut claims = Vec::new();
    for entry in &reading.entries {
        let (Kind::Checkpoint, Content::Whole { record, .. }) = (entry.kind, &entry.content) else { continue };
        let about = format!("the checkpoint in entry {}", entry.sequence);
        match claim(&String::from_utf8_lossy(record), key.as_ref()) {
            Ok((size, _)) if size >= entry.sequence => {
                return Ok(wrong_at(entry.sequence, format!("storage: {about} counts {size} entries before it")));
            }
            Ok((size, root)) => claims.push((size, root, about, entry.sequence)),
            Err(why) => return Ok(wrong_at(entry.sequence, format!("storage: {about} does not hold: {why}"))),
        }
    }
    for anchor in keeping::anchors(&house.configuration)? {
        let Some(note) = anchor.newest()? else { continue };
        let about = format!("the checkpoint that {} keeps", anchor.name());
        match claim(note.as_str(), key.as_ref()) {
            Ok((size, root)) => claims.push((size, root, about, size)),
            Err(why) => return Ok(wrong_at(reading.size, format!("storage: {about} does not hold: {why}"))),
        }
    }
    if let Some(wrong) = contradicted(reading, claims) {
        return Ok(Some(wrong));
    }
    Ok(if with_keys { unreadable(reading) } else { None })
}

/// What a checkpoint says, if the journal signed it.
fn claim(note: &str, key: Option<&VerifyingKey>) -> Result<(u64, Hash), String> {
    let note: SignedNote = note.parse().map_err(|error| format!("{error}"))?;
    let key = key.ok_or("this journal has no key")?;
    let checkpoint = note.verify(key).map_err(|error| error.to_string())?;
    Ok((checkpoint.size, checkpoint.root))
}

/// The first claim that the entries do not bear out.
fn contradicted(reading: &Reading, mut claims: Vec<(u64, Hash, String, u64)>) -> Option<Wrong> {
    claims.sort_by_key(|(size, ..)| *size);
    let mut entries = reading.entries.iter();
    let mut tree = Frontier::default();
    for (size, root, about, sequence) in claims {
        while tree.size() < size {
            let Some(entry) = entries.next() else {
                let line = format!(
                    "storage: {about} counts {size} entries, and there are {}: the journal was cut, or put back to an \
                     older state",
                    tree.size()
                );
                return wrong_at(sequence, line);
            };
            tree.push(entry.seal.leaf(&reading.journal, entry.sequence, entry.kind));
        }
        if tree.root() != root {
            return wrong_at(sequence, format!("storage: {about} has another root: entries before it were changed"));
        }
    }
    None
}

/// The first record that is none, or that contradicts those before it.
fn unreadable(reading: &Reading) -> Option<Wrong> {
    let (records, unreadable) = decode(&reading.entries);
    let mut books = Books::default();
    let contradiction = || records.iter().find_map(|record| books.apply(record).err()).map(|error| error.to_string());
    let why = unreadable.or_else(contradiction)?;
    Some(Wrong { facts: json!({}), line: format!("storage: {why}") })
}

fn wrong_at(sequence: u64, line: String) -> Option<Wrong> {
    Some(Wrong { facts: json!({ "sequence": sequence }), line })
}
