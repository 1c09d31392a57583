//! The journal read as books, by a terminal that starts and by whoever only looks.

use anyhow::Result;
use engine::books::Books;
use engine::{Record, RecordError, Recovery};
use journal::{Content, Entry, Health, Kind};

use super::{Clock, keeping};
use crate::config::Configuration;

/// What the disk holds, read without the lock and without changing anything.
pub struct OnDisk {
    /// The books as a start would find them now: what is open counts as owed already.
    pub books: Books,
    /// What could not be read, if anything.
    pub damage: Vec<String>,
}

impl OnDisk {
    /// Reads a terminal's journal.
    ///
    /// # Errors
    /// There is none, its key is missing, or the device does not give it.
    pub fn read(configuration: &Configuration) -> Result<OnDisk> {
        let reading = keeping::read(configuration)?;
        let (records, unreadable) = decode(&reading.entries);
        let damage = match &reading.health {
            Health::Damaged(damage) => Some(damage.to_string()),
            Health::Whole => None,
        };
        let recovery = Recovery::read(&records, Clock::start().now());
        let mut books = recovery.books().clone();
        for record in recovery.closing() {
            books.apply(record)?;
        }
        Ok(OnDisk { books, damage: damage.into_iter().chain(unreadable).collect() })
    }
}

/// Journal entries as records, and the first one that is none: unreadable is never treated as empty.
pub fn decode(entries: &[Entry]) -> (Vec<Record>, Option<String>) {
    let mut unreadable = None;
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        match record(entry) {
            None => {}
            Some(Ok(record)) => records.push(record),
            Some(Err(error)) => {
                unreadable.get_or_insert_with(|| format!("entry {}: {error}", entry.sequence));
            }
        }
    }
    (records, unreadable)
}

/// The record of an entry; none where the entry is the journal's own, or what compaction left of one.
pub fn record(entry: &Entry) -> Option<Result<Record, RecordError>> {
    match (&entry.kind, &entry.content) {
        (Kind::Record, Content::Whole { record, .. }) => Some(Record::decode(record, entry.card())),
        _ => None,
    }
}
