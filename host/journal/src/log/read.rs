//! Reading a journal without writing to it: for tools, and for what still works when the device cannot be written.

use std::path::Path;
use std::sync::Arc;

use super::Journal;
use crate::checkpoint::{Anchor, VerifyingKey};
use crate::entry::Entry;
use crate::error::{Health, JournalError};
use crate::keys::KeyWrap;
use crate::recovery::{self, Access, Identity, Manner, Start};
use crate::seal::JournalId;
use crate::storage::{FileStorage, Storage};
use crate::tree::Hash;

/// A reader without the lock may see a group half written; it looks this often before it calls that damage.
const READ_ATTEMPTS: usize = 3;

/// What [`Journal::read`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// All entries in order, unless they were handed to a visitor; their contents are [`Gone`](crate::Content::Gone)
    /// when it was read without keys.
    pub entries: Vec<Entry>,
    /// Whether that is everything.
    pub health: Health,
    /// Name of the journal; zeros as long as all of it is of version 1.
    pub journal: JournalId,
    /// The Ed25519 key that checks its checkpoints; zeros as long as all of it is of version 1.
    pub verifying_key: [u8; 32],
    /// Leaves of the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// Segment files.
    pub segments: u64,
    /// Anchors that could not be asked, each as a sentence for the operator.
    pub unanswered: Vec<String>,
}

impl Reading {
    /// The key that checks this journal's checkpoints, with the name of the log; `None` as long as all of it is of
    /// version 1.
    pub fn key(&self) -> Option<VerifyingKey> {
        Identity { journal: self.journal, verifying_key: self.verifying_key, signer: None }.key()
    }
}

impl Journal {
    /// Reads without the lock and without changing anything: for tools. Without keys only structure, chain and tree
    /// are verified, and the contents stay unread.
    pub fn read(directory: &Path, keys: Option<&dyn KeyWrap>) -> Result<Reading, JournalError> {
        Self::read_in(&FileStorage::new(directory), keys)
    }

    /// [`Journal::read`] on any storage.
    pub fn read_in(storage: &dyn Storage, keys: Option<&dyn KeyWrap>) -> Result<Reading, JournalError> {
        let read_once = || -> Result<Reading, JournalError> {
            let mut entries = Vec::new();
            let reading = Self::read_in_with(storage, keys, &[], &mut |entry| entries.push(entry))?;
            Ok(Reading { entries, ..reading })
        };
        let mut reading = read_once()?;
        for _ in 1..READ_ATTEMPTS {
            if reading.health == Health::Whole {
                break;
            }
            reading = read_once()?;
        }
        Ok(reading)
    }

    /// Reads once, holds what is there against `anchors`, and hands every entry to `visit` instead of collecting them.
    /// Beside a process that appends, the last group may be seen half written and called damage; look again then.
    pub fn read_with(
        directory: &Path,
        keys: Option<&dyn KeyWrap>,
        anchors: &[Arc<dyn Anchor>],
        visit: &mut dyn FnMut(Entry),
    ) -> Result<Reading, JournalError> {
        Self::read_in_with(&FileStorage::new(directory), keys, anchors, visit)
    }

    /// [`Journal::read_with`] on any storage.
    pub fn read_in_with(
        storage: &dyn Storage,
        keys: Option<&dyn KeyWrap>,
        anchors: &[Arc<dyn Anchor>],
        visit: &mut dyn FnMut(Entry),
    ) -> Result<Reading, JournalError> {
        let numbers = recovery::segments(storage)?;
        let identity = Identity::find(storage, &numbers, keys)?.unwrap_or(Identity::unknown());
        let (claims, unanswered) = recovery::ask(anchors, &identity);
        let manner =
            Manner { access: Access::ReadOnly, keys, claims: &claims, weakness: recovery::Weakness::default() };
        let visit = &mut |sequence, entry: &recovery::GroupEntry<'_>| visit(entry.to_entry(sequence));
        let recovered = recovery::recover(storage, &identity, manner, Start::default(), visit)?;
        let frontier = recovered.position.frontier;
        let Identity { journal, verifying_key, .. } = identity;
        Ok(Reading {
            entries: Vec::new(),
            health: recovered.health,
            journal,
            verifying_key,
            size: frontier.size(),
            root: frontier.root(),
            segments: recovered.segments,
            unanswered,
        })
    }
}
