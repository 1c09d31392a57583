//! The journal as these tests use it: one place that knows its interface.

use std::sync::Arc;

use engine::{Fact, Record};
use journal::keys::{CountingEntropy, FixedKey};
use journal::memory::MemoryDisk;
use journal::{
    Body, Card, Compacted, Content, Entry, Fate, Health, Journal, JournalError, Kind, Options, Purpose, Sabotage,
    SegmentInfo,
};

use crate::sins::{self, Sin};

/// How a journal is built for a test, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// What the device writes whole or torn. Bytes.
    pub sector_bytes: usize,
    /// Length of segments. Bytes.
    pub segment_bytes: u64,
    /// Spare segments kept ready.
    pub spares: usize,
    /// What is done wrong on purpose.
    pub sin: Option<Sin>,
    /// What salts and keys are made from: the same for the same life of the same process, so that runs repeat.
    pub life: u64,
}

/// One entry as it was written, and as it must be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A record of the application.
    Record {
        /// Its bytes.
        record: Vec<u8>,
        /// The card data beside it.
        card: Option<Vec<u8>>,
        /// Whether it begins something that may come to be owed.
        is_payment: bool,
    },
    /// A checkpoint, which the journal wrote and checks itself.
    Checkpoint,
}

/// A journal that was opened.
pub struct Opened {
    /// To append to.
    pub pen: Pen,
    /// What it holds.
    pub entries: Vec<Entry>,
    /// Whether that is all.
    pub health: Health,
}

/// Writes to a journal.
pub struct Pen(Journal);

impl Lab {
    /// An empty disk.
    pub fn disk(&self) -> MemoryDisk {
        MemoryDisk::with_sectors(self.sector_bytes)
    }

    /// The same journal in another process.
    pub fn next_life(self) -> Self {
        Self { life: self.life + 1, ..self }
    }

    /// Begins a journal.
    pub fn create(&self, disk: &MemoryDisk) -> Result<Opened, JournalError> {
        Journal::create_in(sins::storage(self.sin, disk), Arc::new(FixedKey::new(7)), self.options()).map(Opened::from)
    }

    /// Opens a journal.
    pub fn open(&self, disk: &MemoryDisk) -> Result<Opened, JournalError> {
        Journal::open_in(sins::storage(self.sin, disk), Arc::new(FixedKey::new(7)), self.options()).map(Opened::from)
    }

    fn options(&self) -> Options {
        let group_alignment =
            if self.sin == Some(Sin::ShareSectors) { journal::SECTOR_BYTES } else { journal::BLOCK_BYTES };
        Options {
            segment_bytes: self.segment_bytes,
            spare_segments: self.spares,
            checkpoint_every: 0,
            entropy: Arc::new(CountingEntropy::new(self.life)),
            sabotage: Sabotage { group_alignment, ignore_witness: self.sin == Some(Sin::IgnoreWitness) },
            ..Options::default()
        }
    }
}

impl Pen {
    /// Writes all as one group; when this returns, it was promised. One that begins a payment is written as such.
    pub fn append(&self, group: &[Written]) -> Result<(), JournalError> {
        let bodies: Vec<Body<'_>> = group.iter().filter_map(Written::body).collect();
        let begins = group.iter().any(|entry| matches!(entry, Written::Record { is_payment: true, .. }));
        let purpose = if begins { Purpose::Payment } else { Purpose::Obligation };
        self.0.append(purpose, &bodies).map(|_durable| ())
    }

    /// Idle duties.
    pub fn tend(&self) -> Result<(), JournalError> {
        self.0.tend().map(|_tended| ())
    }

    /// Signs what it holds.
    pub fn checkpoint(&self) -> Result<(), JournalError> {
        self.0.checkpoint().map(|_note| ())
    }

    /// Writes a segment anew with less.
    pub fn compact(&self, segment: u64, fate: &mut dyn FnMut(&Entry) -> Fate) -> Result<Compacted, JournalError> {
        self.0.compact(segment, fate)
    }

    /// Segments, oldest first.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, JournalError> {
        self.0.segments()
    }

    /// Goes on after a failure.
    pub fn reopen(self) -> Result<Opened, JournalError> {
        self.0.reopen().map(Opened::from)
    }
}

impl From<journal::Opened> for Opened {
    fn from(opened: journal::Opened) -> Self {
        Self { pen: Pen(opened.journal), entries: opened.entries, health: opened.health }
    }
}

impl Written {
    /// A record as the engine has it written.
    pub fn of(record: &Record) -> Self {
        let encoded = record.encode().unwrap_or_else(|error| unreachable!("a record of a script: {error}"));
        let is_payment = matches!(&record.fact, Fact::Intent(intent) if intent.remedy.is_some());
        Self::Record { record: encoded.record, card: encoded.card, is_payment }
    }

    /// Whether an entry is this one, whole.
    pub fn is(&self, entry: &Entry) -> bool {
        match (self, &entry.content) {
            (Self::Record { record, card, .. }, Content::Whole { record: read, card: found }) => {
                let same_card = match (card, found) {
                    (None, Card::None) => true,
                    (Some(card), Card::Here(found)) => card == found,
                    _ => false,
                };
                entry.kind == Kind::Record && record == read && same_card
            }
            (Self::Checkpoint, Content::Whole { .. }) => entry.kind == Kind::Checkpoint,
            _ => false,
        }
    }

    /// Whether an entry has this one's record, whatever is left of its card part.
    pub fn is_record_of(&self, entry: &Entry) -> bool {
        match self {
            Self::Record { record, .. } => entry.kind == Kind::Record && entry.record() == Some(record),
            Self::Checkpoint => self.is(entry),
        }
    }

    /// Whether an entry is what compaction left of this one.
    pub fn left_by(&self, fate: &Fate, entry: &Entry) -> bool {
        let Self::Record { record, card, .. } = self else { return self.is(entry) };
        match (fate, &entry.content) {
            (Fate::Whole, _) => self.is(entry),
            (Fate::WithoutCard, Content::Whole { record: read, card: left }) => {
                let left_as_it_must = if card.is_some() { *left == Card::Destroyed } else { *left == Card::None };
                record == read && left_as_it_must
            }
            (Fate::Summary(line), Content::Summary(read)) => line == read,
            (Fate::Gone, Content::Gone) => true,
            _ => false,
        }
    }

    fn body(&self) -> Option<Body<'_>> {
        match self {
            Self::Record { record, card, .. } => Some(Body { record, card: card.as_deref() }),
            Self::Checkpoint => None,
        }
    }
}
