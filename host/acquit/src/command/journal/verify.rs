//! Everything that can be checked about a journal, and the first thing that is wrong with it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use journal::checkpoint::{SignedNote, VerifyingKey};
use journal::tree::Frontier;
use journal::{Content, Entry, Health, JournalId, Kind, Reading};
use serde_json::{Value, json};

use super::progress::Progress;
use crate::command::House;
use crate::control::Response;
use crate::messages::Value as Argument;
use crate::terminal::{BooksRead, keeping};

/// What was found wrong.
struct Wrong {
    facts: Value,
    line: String,
}

/// Everything that is found out while the journal is read once.
struct Check {
    books: BooksRead,
    tree: Frontier,
    checkpoints: u64,
    key: Option<VerifyingKey>,
    journal: JournalId,
    wrong: Option<Wrong>,
}

pub(super) fn verify(house: &House) -> Result<ExitCode> {
    let keys = match keeping::keeper(&house.configuration) {
        Ok(keys) => Some(keys),
        Err(error) if keeping::is_missing(&error) => None,
        Err(error) => return Err(error).context(keeping::KEY_UNUSABLE),
    };
    let anchors = keeping::anchors(&house.configuration)?;
    let (key, journal) = keeping::identity(&house.configuration)?;
    let begin = || Check::new(key.clone(), journal);
    let read = || keeping::read_against(&house.configuration, keys.as_deref(), &anchors, begin, Check::take);
    let (check, reading) = Progress::over("journal", read)?;
    let checkpoints = check.checkpoints;
    let wrong = damage(&reading).or(check.wrong).or_else(|| contradiction(check.books));
    let facts = json!({
        "whole": wrong.is_none(),
        "entries": reading.size,
        "root": reading.root.to_string(),
        "segments": reading.segments,
        "checkpoints": checkpoints,
        "anchors": anchors.len(),
        "journal": reading.journal.to_string(),
        "journal-key": key.map(|key| key.to_string()),
        "contents-read": keys.is_some(),
    });
    let without_keys = keys.is_none().then(|| house.messages.text("journal-without-key", &[]));
    let mut response = match wrong {
        None => {
            let args: [(&str, Argument<'_>); 2] = [("count", reading.size.into()), ("checkpoints", checkpoints.into())];
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

impl Check {
    fn new(key: Option<VerifyingKey>, journal: JournalId) -> Check {
        let (books, tree) = (BooksRead::of_everything(), Frontier::default());
        Check { books, tree, checkpoints: 0, key, journal, wrong: None }
    }

    fn take(&mut self, entry: Entry) {
        if let (Kind::Checkpoint, Content::Whole { record, .. }) = (entry.kind, &entry.content) {
            self.checkpoints += 1;
            if let Err(why) = self.holds(&String::from_utf8_lossy(record)) {
                let line = format!("storage: the checkpoint in entry {} does not hold: {why}", entry.sequence);
                self.wrong.get_or_insert(Wrong { facts: json!({ "sequence": entry.sequence }), line });
            }
        }
        self.tree.push(entry.seal.leaf(&self.journal, entry.sequence, entry.kind));
        self.books.take(&entry);
    }

    /// A checkpoint is signed over everything before it, and stands right behind that.
    fn holds(&self, note: &str) -> Result<(), String> {
        let note: SignedNote = note.parse().map_err(|error| format!("{error}"))?;
        let key = self.key.as_ref().ok_or("this journal has no key")?;
        let checkpoint = note.verify(key).map_err(|error| error.to_string())?;
        if checkpoint.size != self.tree.size() {
            return Err(format!("it counts {} entries before it, and there are {}", checkpoint.size, self.tree.size()));
        }
        if checkpoint.root != self.tree.root() {
            return Err("it has another root: entries before it were changed".to_owned());
        }
        Ok(())
    }
}

/// The first place that does not verify, or that anchors contradict.
fn damage(reading: &Reading) -> Option<Wrong> {
    let Health::Damaged(damage) = &reading.health else { return None };
    let facts = json!({
        "segment": damage.segment,
        "offset": damage.offset,
        "sequence": damage.sequence,
        "reason": damage.reason.to_string(),
    });
    Some(Wrong { facts, line: damage.to_string() })
}

/// The first record that is none, or that contradicts those before it.
fn contradiction(books: BooksRead) -> Option<Wrong> {
    books.contradiction().map(|why| Wrong { facts: json!({}), line: format!("storage: {why}") })
}
