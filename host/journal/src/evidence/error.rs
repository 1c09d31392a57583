//! What can be wrong with an evidence file.

use thiserror::Error;

use super::MAX_EVIDENCE_BYTES;
use crate::checkpoint::NoteError;

/// The first thing that does not hold in an evidence file. The checks are made in the order of the variants, those of
/// an entry for one entry after the other; places count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The file is longer than any that is read.
    #[error("the file has {bytes} bytes; at most {MAX_EVIDENCE_BYTES} are read")]
    Size {
        /// Its length. Bytes.
        bytes: usize,
    },
    /// The file is not a signed note.
    #[error("the file is not an evidence file, or was cut or extended: {0}")]
    Note(#[source] NotANote),
    /// The first line names no format, or one that this program does not know.
    #[error("the file begins with {found:?}; known is \"acquit evidence 1\"")]
    Version {
        /// The beginning of the first line.
        found: String,
    },
    /// The document is not as its format demands.
    #[error("{place} is not as the format demands: {why}")]
    Form {
        /// Which entry and field, or `json`.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// The checkpoint is not signed by this key, or is none.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(#[source] NoteError),
    /// The file speaks of another log than its checkpoint.
    #[error("the file is about {stated:?}, but its checkpoint is of {signed:?}")]
    Origin {
        /// What the file says.
        stated: String,
        /// What is signed.
        signed: String,
    },
    /// The entries are not in the journal's order, or one is there twice.
    #[error("entry {entry} (sequence {sequence}) does not come after the one before it")]
    Order {
        /// Which entry of the file, from 1.
        entry: usize,
        /// Its sequence number.
        sequence: u64,
    },
    /// The leaf of an entry is not the one of its sequence number.
    #[error("entry {entry} (sequence {sequence}) cannot be leaf {leaf}: sequences count from 1, leaves from 0")]
    Position {
        /// Which entry of the file, from 1.
        entry: usize,
        /// Its sequence number.
        sequence: u64,
        /// Index of the leaf in the file.
        leaf: u64,
    },
    /// A record and its salt are not what the journal committed to.
    #[error("the record of entry {entry} (sequence {sequence}) is not the one the journal committed to")]
    Record {
        /// Which entry of the file, from 1.
        entry: usize,
        /// Its sequence number.
        sequence: u64,
    },
    /// An entry is not a leaf of the tree that was signed.
    #[error(
        "entry {entry} (sequence {sequence}) is not in the journal that was signed: its proof does not lead to the \
         checkpoint's root"
    )]
    Inclusion {
        /// Which entry of the file, from 1.
        entry: usize,
        /// Its sequence number.
        sequence: u64,
    },
    /// An earlier checkpoint is not signed by this key, or is none.
    #[error("earlier checkpoint {earlier} does not hold: {cause}")]
    Earlier {
        /// Which earlier checkpoint of the file, from 1.
        earlier: usize,
        /// What is wrong with it.
        #[source]
        cause: NoteError,
    },
    /// The journal that was signed does not begin with the one that was signed earlier.
    #[error(
        "the journal did not only grow since earlier checkpoint {earlier} ({size} entries): the proof does not lead \
         from one root to the other"
    )]
    Consistency {
        /// Which earlier checkpoint of the file, from 1.
        earlier: usize,
        /// Its tree size.
        size: u64,
    },
    /// The whole is not what the journal's key signed.
    #[error("records and proofs hold, but the file as a whole is not as the journal signed it: {0}")]
    Signature(#[source] NoteError),
}

/// Why a file is not a signed note.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotANote {
    /// It is not text.
    #[error("it is not UTF-8")]
    NotText,
    /// It is text, but no note.
    #[error(transparent)]
    Malformed(#[from] NoteError),
}

impl EvidenceError {
    /// The word for the check that failed: the same in every verifier, and stable.
    pub fn check(&self) -> &'static str {
        match self {
            Self::Size { .. } => "size",
            Self::Note(_) => "note",
            Self::Version { .. } => "version",
            Self::Form { .. } => "form",
            Self::Checkpoint(_) => "checkpoint",
            Self::Origin { .. } => "origin",
            Self::Order { .. } => "order",
            Self::Position { .. } => "position",
            Self::Record { .. } => "record",
            Self::Inclusion { .. } => "inclusion",
            Self::Earlier { .. } => "earlier",
            Self::Consistency { .. } => "consistency",
            Self::Signature(_) => "signature",
        }
    }

    /// Which entry, or which earlier checkpoint, of the file fails the check, from 1; `None` where there is only one
    /// thing to check. In [`EvidenceError::Form`] the place has words of its own.
    pub fn number(&self) -> Option<usize> {
        match self {
            Self::Order { entry, .. }
            | Self::Position { entry, .. }
            | Self::Record { entry, .. }
            | Self::Inclusion { entry, .. } => Some(*entry),
            Self::Earlier { earlier, .. } | Self::Consistency { earlier, .. } => Some(*earlier),
            _ => None,
        }
    }
}
