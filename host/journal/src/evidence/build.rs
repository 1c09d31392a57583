//! Making an evidence file.

use std::fmt;

use thiserror::Error;

use super::content::{Content, EarlierText, EntryText, StoryText, hex};
use super::error::EvidenceError;
use super::verify::verify;
use super::{HEADING, MAX_EVIDENCE_BYTES};
use crate::checkpoint::{Checkpoint, NoteError, SignedNote, Signer};
use crate::entry::Entry;
use crate::seal::{JournalId, Kind, Seal};
use crate::tree::{Hash, prove_consistency, prove_inclusion};

/// A finished evidence file: it verifies under the key that signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence(String);

/// What is told about a transaction, a string a line, in words that whoever reads the file understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// In Chinese.
    pub zh: Vec<String>,
    /// In English.
    pub en: Vec<String>,
}

/// One entry that is to be shown. It has no place for the card part: that stays in the journal.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// Its number in the journal, from 1.
    pub sequence: u64,
    /// What it is to the journal.
    pub kind: Kind,
    /// Its bytes, as long as the journal has them.
    pub record: Option<&'a [u8]>,
    /// What stands for it in the tree, with the salt of the record as long as the journal has it.
    pub seal: &'a Seal,
}

impl Evidence {
    /// Writes down and signs what the journal holds of a transaction.
    ///
    /// `leaves` are the leaf hashes of the journal from its first entry on, `checkpoints` its own signed checkpoints,
    /// oldest first: the last is the one the entries are proven against, from the others it is shown to have grown.
    /// Where record or salt of an entry are gone, its commitment alone is shown.
    ///
    /// # Errors
    /// Where the last checkpoint does not hold all of the entries, or the result would not verify: what contradicts
    /// itself is not signed.
    pub fn build(
        signer: &Signer,
        journal: &JournalId,
        leaves: &[Hash],
        checkpoints: &[SignedNote],
        transaction: &str,
        story: &Story,
        entries: &[Shown<'_>],
    ) -> Result<Self, BuildError> {
        let (newest, before) = checkpoints.split_last().ok_or(BuildError::NoCheckpoint)?;
        let state = newest.verify(signer.key()).map_err(BuildError::Checkpoint)?;
        let covered = usize::try_from(state.size).ok().and_then(|size| leaves.get(..size));
        let leaves = covered.ok_or(BuildError::Leaves { size: state.size, given: leaves.len() })?;
        let content = Content {
            transaction: transaction.to_owned(),
            story: StoryText { zh: story.zh.clone(), en: story.en.clone() },
            origin: state.origin.clone(),
            journal: hex(&journal.0),
            entries: entries.iter().map(|entry| entry.text(leaves, &state)).collect::<Result<_, _>>()?,
            checkpoint: newest.to_string(),
            earlier: before.iter().map(|note| earlier(note, leaves, signer)).collect::<Result<_, _>>()?,
        };
        let document = content.write().map_err(BuildError::Writing)?;
        let note = signer.sign_text(&format!("{HEADING}{document}\n"), MAX_EVIDENCE_BYTES).map_err(BuildError::Note)?;
        verify(note.as_str(), signer.key()).map_err(BuildError::DoesNotHold)?;
        Ok(Self(note.to_string()))
    }

    /// The file's whole text.
    pub fn to_text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Evidence({} bytes)", self.0.len())
    }
}

impl<'a> From<&'a Entry> for Shown<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { sequence: entry.sequence, kind: entry.kind, record: entry.record(), seal: &entry.seal }
    }
}

impl Shown<'_> {
    fn text(&self, leaves: &[Hash], state: &Checkpoint) -> Result<EntryText, BuildError> {
        let not_covered = || BuildError::NotCovered { sequence: self.sequence, size: state.size };
        let leaf = self.sequence.checked_sub(1).ok_or_else(not_covered)?;
        let proof = prove_inclusion(leaves, leaf).ok_or_else(not_covered)?;
        let shown = self.record.zip(self.seal.salt);
        Ok(EntryText {
            sequence: self.sequence,
            leaf,
            kind: self.kind.code(),
            record: shown.map(|(record, _)| hex(record)),
            salt: shown.map(|(_, salt)| hex(&salt)),
            commitment: self.seal.record.to_string(),
            card: self.seal.card.map(|card| card.to_string()),
            proof: texts(&proof),
        })
    }
}

fn earlier(note: &SignedNote, leaves: &[Hash], signer: &Signer) -> Result<EarlierText, BuildError> {
    let old = note.verify(signer.key()).map_err(BuildError::Checkpoint)?;
    let proof =
        prove_consistency(leaves, old.size).ok_or(BuildError::Leaves { size: old.size, given: leaves.len() })?;
    Ok(EarlierText { checkpoint: note.to_string(), proof: texts(&proof) })
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}

/// Why no evidence was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No checkpoint to prove anything against.
    #[error("operator: the journal has no signed checkpoint yet; make one, then export the evidence again")]
    NoCheckpoint,
    /// An entry is not there to be shown, or to be counted.
    #[error("storage: entry {sequence} was not read from the journal; without it nothing after it can be proven")]
    Missing {
        /// The entry.
        sequence: u64,
    },
    /// An entry is younger than the last checkpoint.
    #[error(
        "operator: entry {sequence} is younger than the last signed checkpoint ({size} entries); make a checkpoint, \
         then export the evidence again"
    )]
    NotCovered {
        /// The entry.
        sequence: u64,
        /// Tree size of the checkpoint.
        size: u64,
    },
    /// A checkpoint counts more entries than there are, or than the last one: the journal contradicts it.
    #[error(
        "storage: a signed checkpoint counts {size} entries where there are {given}: the journal was cut or altered"
    )]
    Leaves {
        /// Tree size of the checkpoint.
        size: u64,
        /// How many leaves there are before it.
        given: usize,
    },
    /// One of the checkpoints is not this journal's.
    #[error("storage: a checkpoint of the journal does not hold: {0}")]
    Checkpoint(#[source] NoteError),
    /// The file would be no note: too long.
    #[error("terminal: the evidence cannot be written: {0}")]
    Note(#[source] NoteError),
    /// The document could not be written.
    #[error("terminal: the evidence cannot be written: {0}")]
    Writing(#[source] serde_json::Error),
    /// What was given contradicts itself, so it was not handed out.
    #[error("storage: the journal contradicts its own checkpoint, no evidence was made: {0}")]
    DoesNotHold(#[source] EvidenceError),
}
