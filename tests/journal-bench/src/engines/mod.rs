//! The stores that are compared. Each commits one record durably and says what it is called; the rest of the
//! benchmark knows no difference between them.

mod ours;
mod raw;
#[cfg(feature = "peers")]
mod redb;
#[cfg(feature = "peers")]
mod sqlite;

use std::any::Any;
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use crate::fold::Index;
pub use ours::{BEHIND_SNAPSHOT, Ours};

/// A store under measurement. Several threads may commit at once.
pub trait Engine: Sync {
    /// Returns when the record is durable.
    fn commit(&self, record: &[u8]) -> Result<()>;

    /// Duties the store has off the path a customer waits for; not timed, and counted apart.
    fn rest(&self) -> Result<()> {
        Ok(())
    }
}

/// A store that was opened, kept open so that closing it is not part of what is measured.
pub struct OpenStore {
    /// What its records were folded into.
    pub index: Index,
    /// Closed when dropped.
    pub _store: Box<dyn Any>,
}

/// Which store, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Append and `fdatasync` in a file filled with zeros ahead: the limit.
    Raw,
    /// The journal of the house.
    Ours,
    /// SQLite with a write-ahead log, synchronous FULL.
    #[cfg(feature = "peers")]
    Sqlite,
    /// The same with two indexes.
    #[cfg(feature = "peers")]
    SqliteIndexed,
    /// redb, durable commits of one phase.
    #[cfg(feature = "peers")]
    Redb,
    /// redb, durable commits of two phases.
    #[cfg(feature = "peers")]
    RedbTwoPhase,
}

impl Kind {
    /// All that this program was built with; the limit first.
    pub const ALL: &[Self] = &[
        Self::Raw,
        Self::Ours,
        #[cfg(feature = "peers")]
        Self::Sqlite,
        #[cfg(feature = "peers")]
        Self::SqliteIndexed,
        #[cfg(feature = "peers")]
        Self::Redb,
        #[cfg(feature = "peers")]
        Self::RedbTwoPhase,
    ];

    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw append, fdatasync",
            Self::Ours => "the journal",
            #[cfg(feature = "peers")]
            Self::Sqlite => "SQLite, WAL, FULL",
            #[cfg(feature = "peers")]
            Self::SqliteIndexed => "SQLite, two indexes",
            #[cfg(feature = "peers")]
            Self::Redb => "redb, one phase",
            #[cfg(feature = "peers")]
            Self::RedbTwoPhase => "redb, two phases",
        }
    }

    /// As a word: in names of folders and on the command line.
    pub fn slug(self) -> String {
        slug(&self)
    }

    /// Makes an empty store in a folder that is empty too, with room for `records` of the usual size.
    pub fn create(self, folder: &Path, records: u64) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Raw => Box::new(raw::Raw::create(folder, records)?),
            Self::Ours => Box::new(Ours::create(folder)?),
            #[cfg(feature = "peers")]
            Self::Sqlite => Box::new(sqlite::Sqlite::create(folder, sqlite::Indexes::None)?),
            #[cfg(feature = "peers")]
            Self::SqliteIndexed => Box::new(sqlite::Sqlite::create(folder, sqlite::Indexes::Two)?),
            #[cfg(feature = "peers")]
            Self::Redb => Box::new(redb::Redb::create(folder, redb::Phases::One)?),
            #[cfg(feature = "peers")]
            Self::RedbTwoPhase => Box::new(redb::Redb::create(folder, redb::Phases::Two)?),
        })
    }

    /// How stores of this kind are opened in the benchmark; the limit has nothing to open.
    pub fn ways_to_open(self) -> &'static [Way] {
        match self {
            Self::Raw => &[],
            Self::Ours => &[Way::Snapshot, Way::Everything],
            #[cfg(feature = "peers")]
            Self::Sqlite | Self::Redb => &[Way::Everything],
            #[cfg(feature = "peers")]
            Self::SqliteIndexed | Self::RedbTwoPhase => &[],
        }
    }

    /// Makes a store of so many records, quickly rather than one durable commit at a time.
    pub fn build(self, folder: &Path, records: u64) -> Result<()> {
        match self {
            Self::Ours => ours::build(folder, records),
            #[cfg(feature = "peers")]
            Self::Sqlite => sqlite::build(folder, records),
            #[cfg(feature = "peers")]
            Self::Redb => redb::build(folder, records),
            _ => anyhow::bail!("nothing opens a store of the kind {}", self.name()),
        }
    }

    /// Opens a store and folds what is in it.
    pub fn open(self, folder: &Path, way: Way) -> Result<OpenStore> {
        match (self, way) {
            (Self::Ours, way) => ours::open(folder, way),
            #[cfg(feature = "peers")]
            (Self::Sqlite, Way::Everything) => sqlite::open(folder),
            #[cfg(feature = "peers")]
            (Self::Redb, Way::Everything) => redb::open(folder),
            _ => anyhow::bail!("{} cannot be opened this way: {way:?}, in {}", self.name(), folder.display()),
        }
    }
}

/// How much is read when a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Every record.
    Everything,
    /// What follows the snapshot.
    Snapshot,
}

impl Way {
    /// As a word, on the command line.
    pub fn slug(self) -> String {
        slug(&self)
    }

    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything read",
            Self::Snapshot => "from a snapshot",
        }
    }
}

fn slug(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|word| word.get_name().to_owned()).unwrap_or_default()
}
