//! What stands for an entry in the chain and in the tree: commitments, leaves, and the names they are made under.
//!
//! A commitment fixes a body without showing it, so that a body can be dropped, or its key destroyed, and every proof
//! over it stays valid. The salt of a record may be shown together with the record; that of a card part never leaves
//! the journal, because a card number with a known beginning and end is found again from a plain hash in seconds.

use std::fmt;

use crate::tree::{self, Hash};

/// Bytes of the salt in front of every body that is committed to.
pub const SALT_BYTES: usize = 32;
/// Bytes of the leaf data of an entry: what [`Seal::leaf_data`] makes.
pub const LEAF_DATA_BYTES: usize = LEAF_LABEL.len() + 16 + 8 + 1 + 32 + 32;

const RECORD_LABEL: &[u8] = b"acquit journal 2 record\0";
const CARD_LABEL: &[u8] = b"acquit journal 2 card\0";
const LEAF_LABEL: &[u8] = b"acquit journal 2 leaf\0";
const CHAIN_LABEL: &[u8] = b"acquit journal 2 chain\0";

/// The name of one journal: sixteen random bytes from its first segment of version 2. Lower-case hex when shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId(pub [u8; 16]);

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an entry is to the journal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Opaque bytes of whoever appended it.
    Record,
    /// A signed checkpoint of everything before it.
    Checkpoint,
}

impl Kind {
    /// The byte it is written as.
    pub fn code(self) -> u8 {
        match self {
            Self::Record => 0,
            Self::Checkpoint => 1,
        }
    }

    /// The kind written as this byte, if there is one.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Record),
            1 => Some(Self::Checkpoint),
            _ => None,
        }
    }
}

/// What is known of an entry whether or not its bytes can still be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Commitment to the record.
    pub record: Hash,
    /// Commitment to the card part, if the entry has or had one.
    pub card: Option<Hash>,
    /// The salt of the record, as long as the record can be read: with it anybody can check `record`.
    pub salt: Option<[u8; SALT_BYTES]>,
}

impl Seal {
    /// The data of the entry's leaf in the tree: label, journal, sequence, kind, commitment to the record, commitment
    /// to the card part (zeros if it has none).
    pub fn leaf_data(&self, journal: &JournalId, sequence: u64, kind: Kind) -> [u8; LEAF_DATA_BYTES] {
        leaf_data(journal, sequence, kind, &self.record, self.card.as_ref())
    }

    /// The entry's leaf hash.
    pub fn leaf(&self, journal: &JournalId, sequence: u64, kind: Kind) -> Hash {
        tree::leaf_hash(&self.leaf_data(journal, sequence, kind))
    }
}

/// SHA-256 over a label, the salt and the record: what stands in the leaf for the record.
pub fn commit_record(salt: &[u8; SALT_BYTES], record: &[u8]) -> Hash {
    tree::sha256(&[RECORD_LABEL, salt, record])
}

/// The same for the card part, under its own label and salt.
pub(crate) fn commit_card(salt: &[u8; SALT_BYTES], card: &[u8]) -> Hash {
    tree::sha256(&[CARD_LABEL, salt, card])
}

/// The chain's value after an entry, from its value before and the entry's leaf.
pub(crate) fn chain_after(before: &Hash, leaf: &Hash) -> Hash {
    tree::sha256(&[CHAIN_LABEL, &before.0, &leaf.0])
}

/// The chain's value before the first entry.
pub(crate) const CHAIN_START: Hash = Hash([0; 32]);

pub(crate) fn leaf_data(
    journal: &JournalId,
    sequence: u64,
    kind: Kind,
    record: &Hash,
    card: Option<&Hash>,
) -> [u8; LEAF_DATA_BYTES] {
    let mut data = [0; LEAF_DATA_BYTES];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        data[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(LEAF_LABEL);
    put(&journal.0);
    put(&sequence.to_be_bytes());
    put(&[kind.code()]);
    put(&record.0);
    put(&card.map_or([0; 32], |card| card.0));
    data
}
