//! The journal on the simulated disk: begun, opened, read as books, written to.

use std::sync::Arc;

use engine::books::{Books, INDEX_DAYS};
use engine::{Moment, Purpose, Reading, Record, Recovery, Timestamp};
use journal::keys::{CountingEntropy, FixedKey};
use journal::memory::MemoryDisk;
use journal::{Body, Content, Durable, Entry, Fold, Journal, JournalError, Kind, Opened, Options};

use crate::dice::dice_for;
use crate::script::Shape;

/// The key that wraps the journal's keys.
const KEY: u8 = 7;

/// Begins a terminal's journal.
pub fn create(disk: &MemoryDisk, shape: &Shape, terminal: usize) -> Result<(), JournalError> {
    let keys = Arc::new(FixedKey::new(KEY));
    Journal::create_in(Arc::new(disk.clone()), keys, options(shape, terminal, 0)).map(drop)
}

/// Opens it and reads it.
pub fn open(
    disk: &MemoryDisk,
    shape: &Shape,
    (terminal, life): (usize, u64),
    books: &mut BooksRead,
) -> Result<Opened, JournalError> {
    let keys = Arc::new(FixedKey::new(KEY));
    Journal::open_folding_in(Arc::new(disk.clone()), keys, options(shape, terminal, life), books)
}

/// Salts and keys come from seed, terminal and life, so that runs repeat.
fn options(shape: &Shape, terminal: usize, life: u64) -> Options {
    let entropy = dice_for(shape.seed, &["entropy"], (terminal as u64) << 40 | life).number();
    Options {
        segment_bytes: shape.segment_bytes,
        entropy: Arc::new(CountingEntropy::new(entropy)),
        ..Options::default()
    }
}

/// Writes records down, all or none. Tells each record's bytes to who looks for card numbers in them.
pub fn append(
    journal: &Journal,
    purpose: Purpose,
    records: &[Record],
    look: &mut dyn FnMut(&[u8]),
) -> Result<Durable, JournalError> {
    let encoded: Vec<_> = records.iter().filter_map(|record| record.encode().ok()).collect();
    encoded.iter().for_each(|encoded| look(&encoded.record));
    let bodies: Vec<_> =
        encoded.iter().map(|encoded| Body { record: &encoded.record, card: encoded.card.as_deref() }).collect();
    let purpose = match purpose {
        Purpose::Payment => journal::Purpose::Payment,
        Purpose::Obligation => journal::Purpose::Obligation,
    };
    journal.append(purpose, &bodies)
}

/// Books in the making.
pub struct BooksRead {
    reading: Reading,
    unreadable: Option<String>,
    horizon: Timestamp,
}

impl BooksRead {
    /// As a terminal reads them at this moment.
    pub fn at(now: Moment) -> BooksRead {
        BooksRead { reading: Reading::default(), unreadable: None, horizon: now.wall.days_before(INDEX_DAYS) }
    }

    /// What it came to, and what could not be read.
    pub fn finish(mut self, now: Moment) -> (Recovery, Option<String>) {
        self.reading.forget(self.horizon);
        (self.reading.finish(now), self.unreadable)
    }
}

impl Fold for BooksRead {
    fn snapshot(&mut self, application: &[u8]) -> bool {
        let Ok(books) = Books::from_image(application) else { return false };
        self.reading = Reading::from(books);
        true
    }

    fn entry(&mut self, entry: Entry) {
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
    }
}
