//! The journal: durable before the effect it allows.
//!
//! An append-only log of opaque entries. [`Journal::append`] writes a group of entries, syncs it, and only then
//! returns a [`Durable`]: the token without which nothing is sent. After a crash a group is there whole or not at all.
//!
//! What does not verify is never taken for empty. [`Health`] says whether every entry that was ever promised is still
//! readable; where it is not, the entries around the damage are returned all the same, so that readable debts can be
//! paid, and the damaged segment is never written again. The bytes are described in `docs/journal.md`.

pub mod checkpoint;
mod entry;
mod error;
pub mod evidence;
mod format;
pub mod keys;
mod log;
pub mod medium;
mod recovery;
mod seal;
pub mod storage;
pub mod tree;

#[cfg(any(test, feature = "simulation"))]
pub mod memory;

pub use entry::{Body, Card, Content, Entry, Purpose};
pub use error::{Damage, DamageReason, Health, JournalError};
pub use format::snapshot::MAX_SNAPSHOT_BYTES;
pub use format::{BLOCK_BYTES, MAX_ENTRY_BYTES, MAX_GROUP_BYTES, SECTOR_BYTES, SEGMENT_BYTES, VERSION};
#[cfg(any(test, feature = "simulation"))]
pub use log::Sabotage;
pub use log::{
    AFTER_SYNC, AFTER_WRITE, BEFORE_WRITE, CHECKPOINT_EVERY, Compacted, Durable, Fate, Fold, Journal, MAX_SEGMENTS,
    Opened, Options, Probe, RESERVE_BYTES, Reading, Room, SPARE_SEGMENTS, SegmentInfo, SnapshotUse, Stats, Tended,
    Which,
};
pub use seal::{JournalId, Kind, LEAF_DATA_BYTES, SALT_BYTES, Seal, commit_record};
