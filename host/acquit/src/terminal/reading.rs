//! The journal read as books, entry by entry: by a terminal that starts and by whoever only looks.

use anyhow::Result;
use engine::books::{Books, INDEX_DAYS};
use engine::{Moment, Reading, Record, RecordError, Recovery, Timestamp};
use journal::{Content, Entry, Fold, Health, Kind};

use super::{Clock, keeping};
use crate::config::Configuration;

/// Entries between two looks at what may leave memory: a few thousand transactions are held at most beyond those that
/// stay.
const FORGET_EVERY: usize = 4096;

/// Books in the making.
pub struct BooksRead {
    reading: Reading,
    /// The first entry that is no record: unreadable is never treated as empty.
    unreadable: Option<String>,
    /// What was settled before this may leave memory; nothing does where there is none.
    horizon: Option<Timestamp>,
    entries: usize,
}

impl BooksRead {
    /// For a terminal: what is long settled leaves memory but for sums and names.
    pub fn of_late(now: Moment) -> BooksRead {
        BooksRead { horizon: Some(now.wall.days_before(INDEX_DAYS)), ..BooksRead::of_everything() }
    }

    /// For whoever looks back: all of it.
    pub fn of_everything() -> BooksRead {
        BooksRead { reading: Reading::default(), unreadable: None, horizon: None, entries: 0 }
    }

    /// Reads one more entry.
    pub fn take(&mut self, entry: &Entry) {
        match (entry.kind, &entry.content) {
            (Kind::Checkpoint, _) => {}
            (Kind::Record, Content::Summary(line)) => self.reading.summary(line),
            (Kind::Record, Content::Gone) => self.reading.gone(),
            (Kind::Record, Content::Whole { record, .. }) => match Record::decode(record, entry.card()) {
                Ok(record) => self.reading.record(&record),
                Err(error) => {
                    self.unreadable.get_or_insert_with(|| format!("entry {}: {error}", entry.sequence));
                }
            },
        }
        self.entries += 1;
        if let Some(horizon) = self.horizon
            && self.entries.is_multiple_of(FORGET_EVERY)
        {
            self.reading.forget(horizon);
        }
    }

    /// What it came to, and what could not be read.
    pub fn finish(mut self, now: Moment) -> (Recovery, Option<String>) {
        if let Some(horizon) = self.horizon {
            self.reading.forget(horizon);
        }
        (self.reading.finish(now), self.unreadable)
    }

    /// The first thing in it that cannot be read or contradicts what is before it.
    pub fn contradiction(self) -> Option<String> {
        let now = Clock::start().now();
        let (recovery, unreadable) = self.finish(now);
        unreadable.or_else(|| recovery.begin(Vec::new(), None, &[], now).0.sales_stopped().map(str::to_owned))
    }

    /// The books as they stand, whatever a power cut left open.
    pub fn books(self) -> Books {
        self.finish(Clock::start().now()).0.books().clone()
    }
}

impl Fold for BooksRead {
    fn snapshot(&mut self, application: &[u8]) -> bool {
        match Books::from_image(application) {
            Ok(books) => {
                self.reading = Reading::from(books);
                true
            }
            Err(error) => {
                tracing::info!(%error, "the snapshot cannot be used; the journal is read from its beginning");
                false
            }
        }
    }

    fn entry(&mut self, entry: Entry) {
        self.take(&entry);
    }
}

/// What the disk holds, read without the lock and without changing anything.
pub struct OnDisk {
    /// The books as a start would find them now: what is open counts as owed already.
    pub books: Books,
    /// What could not be read, if anything.
    pub damage: Vec<String>,
}

impl OnDisk {
    /// Reads a terminal's journal, all of it.
    ///
    /// # Errors
    /// There is none, its key is missing, or the device does not give it.
    pub fn read(configuration: &Configuration) -> Result<OnDisk> {
        let (read, reading) =
            keeping::read_into(configuration, BooksRead::of_everything, |books, entry| books.take(&entry))?;
        let (recovery, unreadable) = read.finish(Clock::start().now());
        let damage = match &reading.health {
            Health::Damaged(damage) => Some(damage.to_string()),
            Health::Whole => None,
        };
        let mut books = recovery.books().clone();
        for record in recovery.closing() {
            books.apply(record)?;
        }
        Ok(OnDisk { books, damage: damage.into_iter().chain(unreadable).collect() })
    }
}

/// The record of an entry; none where the entry is the journal's own, or what compaction left of one.
pub fn record(entry: &Entry) -> Option<Result<Record, RecordError>> {
    match (&entry.kind, &entry.content) {
        (Kind::Record, Content::Whole { record, .. }) => Some(Record::decode(record, entry.card())),
        _ => None,
    }
}
