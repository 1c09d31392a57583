//! Evidence straight from a journal that was read.

use std::path::Path;

use super::build::{BuildError, Evidence, Shown, Story};
use crate::checkpoint::{SignedNote, Signer};
use crate::entry::Entry;
use crate::error::JournalError;
use crate::keys::KeyWrap;
use crate::recovery::{self, Identity};
use crate::seal::{JournalId, Kind};
use crate::storage::{FileStorage, Storage};

/// How many checkpoints go into a file at most. Those from around the transaction are the ones that somebody else may
/// have kept from that time.
const CHECKPOINTS_SHOWN: usize = 16;

impl Evidence {
    /// Evidence of the entries `sequences`, in ascending order, from all entries of a journal.
    ///
    /// They are proven against the newest checkpoint in the journal. Shown besides are the last checkpoint from before
    /// them and those that followed, from the time of the transaction on, up to 16 in all.
    ///
    /// # Errors
    /// Where the entries given are not all from the first on, where one of `sequences` is not among them, and as
    /// [`Evidence::build`].
    pub fn of(
        signer: &Signer,
        journal: &JournalId,
        entries: &[Entry],
        transaction: &str,
        story: &Story,
        sequences: &[u64],
    ) -> Result<Self, BuildError> {
        let mut leaves = Vec::with_capacity(entries.len());
        let mut notes = Vec::new();
        for (sequence, entry) in (1..).zip(entries) {
            if entry.sequence != sequence {
                return Err(BuildError::Missing { sequence });
            }
            leaves.push(entry.seal.leaf(journal, sequence, entry.kind));
            notes.extend(checkpoint(entry)?);
        }
        let shown = sequences.iter().map(|sequence| shown(entries, *sequence)).collect::<Result<Vec<_>, _>>()?;
        let first = sequences.first().copied().unwrap_or_default();
        let notes = around(&notes, first)?;
        Self::build(signer, journal, &leaves, &notes, transaction, story, &shown)
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
fn checkpoint(entry: &Entry) -> Result<Option<SignedNote>, BuildError> {
    match (entry.kind, entry.record()) {
        (Kind::Checkpoint, Some(note)) => {
            String::from_utf8_lossy(note).parse().map(Some).map_err(BuildError::Checkpoint)
        }
        _ => Ok(None),
    }
}

fn shown(entries: &[Entry], sequence: u64) -> Result<Shown<'_>, BuildError> {
    let at = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
    at.and_then(|at| entries.get(at)).map(Shown::from).ok_or(BuildError::Missing { sequence })
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
