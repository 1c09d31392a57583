//! Evidence straight from a journal while it is read.

use std::path::Path;

use super::build::{BuildError, Evidence, Shown, Story};
use crate::checkpoint::{NoteError, SignedNote, Signer};
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keys::KeyWrap;
use crate::recovery::{self, Identity};
use crate::seal::{JournalId, Kind};
use crate::storage::{FileStorage, Storage};
use crate::tree::Hash;

/// How many checkpoints go into a file at most. Those from around the transaction are the ones that somebody else may
/// have kept from that time.
const CHECKPOINTS_SHOWN: usize = 16;

/// Takes the entries of a journal one by one, and keeps what evidence of some of them needs: every leaf (32 bytes an
/// entry), the checkpoints, and those entries.
#[derive(Debug)]
pub struct Gathering {
    journal: JournalId,
    sequences: Vec<u64>,
    leaves: Vec<Hash>,
    checkpoints: Vec<SignedNote>,
    entries: Vec<Entry>,
    /// The first thing that went wrong.
    failure: Option<BuildError>,
}

impl Gathering {
    /// For evidence of the entries `sequences` of this journal.
    pub fn new(journal: JournalId, sequences: &[u64]) -> Self {
        let mut sequences = sequences.to_vec();
        sequences.sort_unstable();
        sequences.dedup();
        let (leaves, checkpoints, entries) = (Vec::new(), Vec::new(), Vec::new());
        Self { journal, sequences, leaves, checkpoints, entries, failure: None }
    }

    /// Takes the next entry; the journal's first comes first, and none is left out.
    pub fn take(&mut self, entry: Entry) {
        let expected = self.leaves.len() as u64 + 1;
        if entry.sequence != expected {
            self.failure.get_or_insert(BuildError::Missing { sequence: expected });
            return;
        }
        self.leaves.push(entry.seal.leaf(&self.journal, entry.sequence, entry.kind));
        match checkpoint(&entry) {
            Ok(note) => self.checkpoints.extend(note),
            Err(error) => drop(self.failure.get_or_insert(BuildError::Checkpoint(error))),
        }
        if self.sequences.binary_search(&entry.sequence).is_ok() {
            self.entries.push(entry);
        }
    }

    /// The evidence, in the order of the journal.
    ///
    /// The entries are proven against the newest checkpoint in the journal. Shown besides are the last checkpoint from
    /// before them and those that followed, from the time of the transaction on, up to 16 in all.
    ///
    /// # Errors
    /// Where an entry is missing, and as [`Evidence::build`].
    pub fn finish(self, signer: &Signer, transaction: &str, story: &Story) -> Result<Evidence, BuildError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let is_missing = |sequence: &&u64| !self.entries.iter().any(|entry| entry.sequence == **sequence);
        if let Some(sequence) = self.sequences.iter().find(is_missing) {
            return Err(BuildError::Missing { sequence: *sequence });
        }
        let shown: Vec<Shown<'_>> = self.entries.iter().map(Shown::from).collect();
        let notes = around(&self.checkpoints, self.sequences.first().copied().unwrap_or_default())?;
        Evidence::build(signer, &self.journal, &self.leaves, &notes, transaction, story, &shown)
    }
}

impl Signer {
    /// The key that signs the checkpoints of the journal in `directory`, unwrapped from its newest readable header.
    ///
    /// # Errors
    /// Where the journal cannot be read, has no such key yet (version 1), or `keys` do not open it.
    pub fn of_journal(directory: &Path, keys: &dyn KeyWrap) -> Result<Self, JournalError> {
        Self::of_journal_in(&FileStorage::new(directory), keys)
    }

    /// [`Signer::of_journal`] on any storage.
    ///
    /// # Errors
    /// As there.
    pub fn of_journal_in(storage: &dyn Storage, keys: &dyn KeyWrap) -> Result<Self, JournalError> {
        let identity =
            Identity::find(storage, &recovery::segments(storage)?, Some(keys))?.unwrap_or(Identity::unknown());
        identity.signer().map_err(|reason| JournalError::NotSigned { reason })
    }
}

/// The signed checkpoint that an entry is, if it is one and still has its bytes.
fn checkpoint(entry: &Entry) -> Result<Option<SignedNote>, NoteError> {
    match (entry.kind, entry.record()) {
        (Kind::Checkpoint, Some(note)) => String::from_utf8_lossy(note).parse().map(Some),
        _ => Ok(None),
    }
}

/// The last checkpoint from before an entry, those that followed it, and the newest.
fn around(notes: &[SignedNote], sequence: u64) -> Result<Vec<SignedNote>, BuildError> {
    let (newest, before) = notes.split_last().ok_or(BuildError::NoCheckpoint)?;
    let mut sizes = Vec::with_capacity(before.len());
    for note in before {
        sizes.push(note.claimed().map_err(BuildError::Checkpoint)?.size);
    }
    let from = sizes.partition_point(|size| *size < sequence).saturating_sub(1);
    let around = before.iter().skip(from).take(CHECKPOINTS_SHOWN - 1);
    Ok(around.chain([newest]).cloned().collect())
}
