//! The journal read as books, by a terminal that starts and by whoever only looks.

use std::path::Path;

use anyhow::Result;
use engine::books::Books;
use engine::{Record, Recovery};
use journal::{Health, Journal};

use super::Clock;

/// What the disk holds, read without the lock and without changing anything.
pub struct OnDisk {
    /// The books as a start would find them now: what is open counts as owed already.
    pub books: Books,
    /// What could not be read, if anything.
    pub damage: Vec<String>,
}

impl OnDisk {
    /// Reads a journal.
    ///
    /// # Errors
    /// There is none, or the device does not give it.
    pub fn read(journal: &Path) -> Result<OnDisk> {
        let reading = Journal::read(journal)?;
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
pub fn decode(entries: &[journal::Entry]) -> (Vec<Record>, Option<String>) {
    let mut unreadable = None;
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        match Record::decode(&entry.body) {
            Ok(record) => records.push(record),
            Err(error) => {
                unreadable.get_or_insert_with(|| format!("entry {}: {error}", entry.sequence));
            }
        }
    }
    (records, unreadable)
}
