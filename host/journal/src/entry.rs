//! What goes into a journal and what comes out of it.

use crate::seal::{Kind, Seal};

/// One entry to be appended: a record, and what of it concerns a card.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    /// Opaque to the journal. Kept as long as the journal is; never card data.
    pub record: &'a [u8],
    /// The part that must become unreadable once nothing is owed any more: encrypted under a key of its own.
    pub card: Option<&'a [u8]>,
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(record: &'a [u8]) -> Self {
        Self { record, card: None }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Body<'a> {
    fn from(record: &'a [u8; N]) -> Self {
        Self { record, card: None }
    }
}

impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("record_bytes", &self.record.len()).finish_non_exhaustive()
    }
}

/// What an append is for: the last space is kept for paying what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Begins something that may come to be owed. Refused before space runs out.
    Payment,
    /// Everything else: what was heard and concluded, debts, settlement.
    Obligation,
}

/// One entry as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal, from 1. Without gaps in a whole journal.
    pub sequence: u64,
    /// What it is to the journal.
    pub kind: Kind,
    /// What can still be read of it.
    pub content: Content,
    /// What stands for it in the chain and the tree.
    pub seal: Seal,
}

/// What can still be read of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// All of its record.
    Whole {
        /// As it was appended.
        record: Vec<u8>,
        /// What is left of its card part.
        card: Card,
    },
    /// Compaction dropped the record and kept this line of the application instead.
    Summary(Vec<u8>),
    /// Dropped by compaction, or its key was destroyed, or the journal was read without keys.
    Gone,
}

/// What is left of the card part of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Card {
    /// It never had one.
    None,
    /// As it was appended.
    Here(Vec<u8>),
    /// Its key was destroyed, or compaction dropped it.
    Destroyed,
}

impl Entry {
    /// The record, if it can still be read.
    pub fn record(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Whole { record, .. } => Some(record),
            Content::Summary(_) | Content::Gone => None,
        }
    }

    /// The card part, if it can still be read.
    pub fn card(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Whole { card: Card::Here(card), .. } => Some(card),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole { record, card } => write!(f, "Whole({} bytes, {card:?})", record.len()),
            Self::Summary(line) => write!(f, "Summary({} bytes)", line.len()),
            Self::Gone => write!(f, "Gone"),
        }
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Here(card) => write!(f, "Here({} bytes)", card.len()),
            Self::Destroyed => write!(f, "Destroyed"),
        }
    }
}
