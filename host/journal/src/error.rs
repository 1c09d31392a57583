//! What can be wrong with a journal, and what can go wrong with one operation on it.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::keys::KeyError;

/// Whether every entry that was ever promised durable can still be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// All of it verifies. An append that was cut short before anybody was told of it does not count.
    Whole,
    /// Something does not verify; this is the first of it. New payments must be refused until an operator has
    /// compared the books; what was read before and after is returned all the same.
    Damaged(Damage),
}

/// The first place of a journal that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("storage: the journal is damaged in segment {segment:06}.log at byte {offset}, entry {sequence}: {reason}")]
pub struct Damage {
    /// Number of the segment, as in its file name.
    pub segment: u64,
    /// Byte offset inside that segment.
    pub offset: u64,
    /// The sequence number that was expected there: the first entry in doubt.
    pub sequence: u64,
    /// What is wrong there.
    pub reason: DamageReason,
}

/// Why a place does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageReason {
    /// The file of this segment is not there although later ones are.
    MissingSegment,
    /// The device reported an error when the bytes were read.
    Unreadable,
    /// The segment's header does not verify, or belongs to another segment.
    Header,
    /// The segment was written in a version of the format that this program does not know.
    Version(u32),
    /// The file has not the length it was created with. Bytes.
    Length(u64),
    /// The header names another journal than the others do.
    Foreign,
    /// A wrapped key of this segment is damaged: its entries are there, and cannot be read.
    Keys,
    /// Bytes are there that do not match their checksum.
    Checksum,
    /// The checksums hold and the encryption does not: not an accident. Somebody wrote these bytes, or moved them.
    Tampered,
    /// The entries do not follow from those before them: one was changed, removed or put in another order.
    Chain,
    /// The tree of all entries before has not the root that is written down here.
    Tree,
    /// The checksums hold, but the contents contradict themselves.
    Contents,
    /// A checkpoint in the journal is not signed by its key, or does not fit the entries before it.
    Checkpoint,
    /// The journal ends before a checkpoint that an anchor keeps: it was cut, or put back to an older state.
    Rollback {
        /// Name of the anchor.
        anchor: String,
        /// How many entries the journal had.
        size: u64,
    },
    /// The journal is not the one that an anchor keeps a checkpoint of: another history, or another journal.
    Fork {
        /// Name of the anchor.
        anchor: String,
        /// The size at which the two differ.
        size: u64,
    },
    /// Entries are missing: the next one that can be read has this sequence number.
    Gap {
        /// The sequence number that was found.
        found: u64,
    },
    /// A sequence number that was already used appears again.
    Repeat {
        /// The sequence number that was found.
        found: u64,
    },
}

impl fmt::Display for DamageReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSegment => write!(f, "the segment is missing"),
            Self::Unreadable => write!(f, "the device cannot read these bytes"),
            Self::Header => write!(f, "the segment's header does not verify"),
            Self::Version(version) => write!(f, "format version {version} is not known to this program"),
            Self::Length(bytes) => write!(f, "the file is {bytes} bytes long, not what it was created with"),
            Self::Foreign => write!(f, "the segment belongs to another journal"),
            Self::Keys => write!(f, "a key of this segment is damaged, so its entries cannot be read"),
            Self::Tampered => write!(f, "the bytes were written or moved by somebody else (their seal does not hold)"),
            Self::Chain => write!(f, "the entries do not follow from those before them"),
            Self::Tree => write!(f, "the entries before do not add up to the root that is written here"),
            Self::Checkpoint => write!(f, "a checkpoint is not signed by this journal, or not of these entries"),
            Self::Rollback { anchor, size } => {
                write!(
                    f,
                    "{anchor} keeps a checkpoint of {size} entries; the journal was cut or put back to an older state"
                )
            }
            Self::Fork { anchor, size } => {
                write!(f, "{anchor} keeps a checkpoint of {size} entries that are not the entries here")
            }
            Self::Checksum => write!(f, "the bytes do not match their checksum"),
            Self::Contents => write!(f, "the group contradicts itself"),
            Self::Gap { found } => write!(f, "entries are missing; the next readable one is {found}"),
            Self::Repeat { found } => write!(f, "entry {found} appears again"),
        }
    }
}

/// Why an operation on the journal was refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// There is no journal where one was expected.
    #[error(
        "operator: there is no journal in {directory}. If this terminal is new, create one explicitly; if it is not, \
         its storage is missing: bring it back before anything is sold"
    )]
    NoJournal {
        /// The directory that was looked at.
        directory: String,
    },
    /// A journal was to be created where one already is.
    #[error("operator: {directory} already holds a journal; open it, or choose another directory")]
    AlreadyThere {
        /// The directory.
        directory: String,
    },
    /// Another process holds the journal.
    #[error(
        "operator: the journal in {directory} is in use by {}; stop that process, or ask it over its socket",
        holder_name(.holder)
    )]
    Locked {
        /// The directory.
        directory: String,
        /// Process number of the holder, as far as it is known.
        holder: Option<u32>,
    },
    /// An earlier write or sync on this handle failed, so what the device holds is not known.
    #[error(
        "storage: an earlier write to the journal failed; reopen the journal to learn what the device really holds"
    )]
    Poisoned,
    /// The rest of the space is kept for what is owed. Nothing of this append is durable.
    #[error(
        "operator: the terminal's storage is nearly full, and the rest is kept for debts and settlement; free space \
         before anything more is sold"
    )]
    Reserved,
    /// There are as many segments as a journal may have.
    #[error(
        "operator: the journal has {segments} segments, and no payment begins beyond {limit}; compact it, or begin a \
         new one once nothing is owed"
    )]
    TooManySegments {
        /// How many there are.
        segments: u64,
        /// How many there may be.
        limit: u64,
    },
    /// Nothing is signed in a journal that does not verify.
    #[error("{0}; no checkpoint is signed over it")]
    Damaged(Damage),
    /// A checkpoint is in the journal, and an anchor could not be told of it.
    #[error("operator: the journal's newest checkpoint is not in {anchor}: {reason}")]
    NotAnchored {
        /// Name of the anchor.
        anchor: String,
        /// What it said.
        reason: String,
    },
    /// A checkpoint could not be signed.
    #[error("terminal: cannot sign a checkpoint: {reason}")]
    NotSigned {
        /// Why.
        reason: String,
    },
    /// There is no such segment with keys of its own.
    #[error("operator: segment {segment:06}.log cannot have its keys destroyed: {reason}")]
    NoKeys {
        /// Its number.
        segment: u64,
        /// Why.
        reason: &'static str,
    },
    /// What the application wants kept is too much.
    #[error("terminal: a snapshot of {bytes} bytes is refused; at most {limit} are allowed")]
    SnapshotTooLarge {
        /// Its size. Bytes.
        bytes: usize,
        /// The limit. Bytes.
        limit: usize,
    },
    /// A segment was left as it is.
    #[error("terminal: segment {segment:06}.log is not compacted: {why}")]
    NotCompacted {
        /// Its number.
        segment: u64,
        /// Why.
        why: &'static str,
    },
    /// The journal's keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no space left. Nothing of this append is durable.
    #[error("storage: the disk is full, nothing was written down; free space, then try again")]
    DiskFull,
    /// One entry is larger than the format allows.
    #[error("terminal: entry {index} of the group has {bytes} bytes; at most {limit} are allowed")]
    EntryTooLarge {
        /// Position in the group, from 0.
        index: usize,
        /// Its size. Bytes.
        bytes: usize,
        /// The limit. Bytes.
        limit: usize,
    },
    /// The entries of one group together are larger than a group may be.
    #[error("terminal: the group has {bytes} bytes; at most {limit} are allowed")]
    GroupTooLarge {
        /// Size of all entries with their length fields. Bytes.
        bytes: usize,
        /// The limit. Bytes.
        limit: usize,
    },
    /// A group without entries: nothing to promise.
    #[error("terminal: a group without entries cannot be appended")]
    EmptyGroup,
    /// The sequence numbers are used up.
    #[error("terminal: the sequence numbers of this journal are used up; begin a new journal")]
    SequencesUsedUp,
    /// An option is outside its range.
    #[error("terminal: segment size {bytes} is not a multiple of {block} between {least} and {most} bytes")]
    SegmentSize {
        /// What was asked for. Bytes.
        bytes: u64,
        /// It must be a multiple of this. Bytes.
        block: u64,
        /// The least. Bytes.
        least: u64,
        /// The most. Bytes.
        most: u64,
    },
    /// The operating system or the device refused.
    #[error("storage: cannot {action}: {source}")]
    Storage {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// The same error for another append of the same group.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Storage { action, source } => {
                Self::Storage { action, source: io::Error::new(source.kind(), source.to_string()) }
            }
            Self::DiskFull => Self::DiskFull,
            Self::SequencesUsedUp => Self::SequencesUsedUp,
            &Self::TooManySegments { segments, limit } => Self::TooManySegments { segments, limit },
            Self::Key(error) => {
                Self::Storage { action: "encrypt an entry", source: io::Error::other(error.to_string()) }
            }
            _ => Self::Poisoned,
        }
    }

    /// The same error where bytes may have arrived before the disk was full: then it is not known that nothing was
    /// written down.
    pub(crate) fn unsettled(self) -> Self {
        match self {
            Self::DiskFull => {
                Self::Storage { action: "write to the journal", source: io::ErrorKind::StorageFull.into() }
            }
            error => error,
        }
    }

    /// An error of the device or system while doing `action`; a full disk has its own name.
    pub(crate) fn storage(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Storage { action, source },
        }
    }
}

fn holder_name(holder: &Option<u32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
