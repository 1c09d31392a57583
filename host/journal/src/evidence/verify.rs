//! Verifying an evidence file with nothing but the journal's public key.

use super::build::Story;
use super::content::{Content, EntryFields, Fields};
use super::error::{EvidenceError, NotANote};
use super::{HEADING, MAX_EVIDENCE_BYTES};
use crate::checkpoint::{Checkpoint, NoteError, SignedNote, VerifyingKey};
use crate::seal::{JournalId, Kind, Seal, commit_record};
use crate::tree::{verify_consistency, verify_inclusion};

/// How much of a foreign first line an error quotes. Characters.
const MAX_SHOWN_CHARS: usize = 40;

/// What a file proves, once everything in it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Identity of the transaction, as the journal's holder states it.
    pub transaction: String,
    /// What the journal's holder tells about it. Signed, but not derived: compare it with the records.
    pub story: Story,
    /// Which journal, as its entries are bound to it.
    pub journal: JournalId,
    /// The entries, in the journal's order.
    pub entries: Vec<VerifiedEntry>,
    /// The signed state of the journal that holds them.
    pub checkpoint: Checkpoint,
    /// Signed states of the journal from before, each a beginning of the checkpoint's.
    pub earlier: Vec<Checkpoint>,
}

/// One entry that is proven to be in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// Its number in the journal.
    pub sequence: u64,
    /// What it is to the journal.
    pub kind: Kind,
    /// Its bytes, or `None` where the journal has dropped them and only the commitment is proven.
    pub record: Option<Vec<u8>>,
    /// Whether it has or had a card part, which is committed to and never shown.
    pub has_card: bool,
}

/// Checks an evidence file against the public key of the journal it is said to come from.
///
/// # Errors
/// The first check that does not hold, in the order of [`EvidenceError`].
pub fn verify(file: impl AsRef<[u8]>, key: &VerifyingKey) -> Result<Verified, EvidenceError> {
    let note = parse_note(file.as_ref())?;
    let fields = parse_content(&note)?;
    let checkpoint = parse_checkpoint(&fields.checkpoint, key).map_err(EvidenceError::Checkpoint)?;
    if fields.origin != checkpoint.origin {
        return Err(EvidenceError::Origin { stated: fields.origin, signed: checkpoint.origin });
    }
    let journal = JournalId(fields.journal);
    let mut entries: Vec<VerifiedEntry> = Vec::with_capacity(fields.entries.len());
    for (number, entry) in (1..).zip(fields.entries) {
        let last = entries.last().map_or(0, |last| last.sequence);
        entries.push(verify_entry(entry, number, last, &journal, &checkpoint)?);
    }
    let mut earlier = Vec::with_capacity(fields.earlier.len());
    for (number, (text, proof)) in (1..).zip(fields.earlier) {
        let old = parse_checkpoint(&text, key).map_err(|cause| EvidenceError::Earlier { earlier: number, cause })?;
        if !verify_consistency(old.size, &old.root, checkpoint.size, &checkpoint.root, &proof) {
            return Err(EvidenceError::Consistency { earlier: number, size: old.size });
        }
        earlier.push(old);
    }
    note.verify_text(key).map_err(EvidenceError::Signature)?;
    let story = Story { zh: fields.story.zh, en: fields.story.en };
    Ok(Verified { transaction: fields.transaction, story, journal, entries, checkpoint, earlier })
}

fn parse_note(file: &[u8]) -> Result<SignedNote, EvidenceError> {
    if file.len() > MAX_EVIDENCE_BYTES {
        return Err(EvidenceError::Size { bytes: file.len() });
    }
    let text = std::str::from_utf8(file).map_err(|_| EvidenceError::Note(NotANote::NotText))?;
    SignedNote::parse_within(text, MAX_EVIDENCE_BYTES).map_err(|cause| EvidenceError::Note(cause.into()))
}

fn parse_content(note: &SignedNote) -> Result<Fields, EvidenceError> {
    let text = note.text();
    let document = text.strip_prefix(HEADING).ok_or_else(|| {
        let first = text.lines().next().unwrap_or_default();
        EvidenceError::Version { found: first.chars().take(MAX_SHOWN_CHARS).collect() }
    })?;
    // The text of a note ends with a line feed; the document does not.
    Content::read(document.strip_suffix('\n').unwrap_or(document))
}

fn parse_checkpoint(text: &str, key: &VerifyingKey) -> Result<Checkpoint, NoteError> {
    text.parse::<SignedNote>()?.verify(key)
}

fn verify_entry(
    entry: EntryFields,
    number: usize,
    last: u64,
    journal: &JournalId,
    checkpoint: &Checkpoint,
) -> Result<VerifiedEntry, EvidenceError> {
    let sequence = entry.sequence;
    if sequence <= last {
        return Err(EvidenceError::Order { entry: number, sequence });
    }
    if entry.leaf != sequence - 1 {
        return Err(EvidenceError::Position { entry: number, sequence, leaf: entry.leaf });
    }
    if let Some((record, salt)) = &entry.shown
        && commit_record(salt, record) != entry.commitment
    {
        return Err(EvidenceError::Record { entry: number, sequence });
    }
    let seal = Seal { record: entry.commitment, card: entry.card, salt: None };
    let leaf = seal.leaf(journal, sequence, entry.kind);
    if !verify_inclusion(&leaf, entry.leaf, checkpoint.size, &entry.proof, &checkpoint.root) {
        return Err(EvidenceError::Inclusion { entry: number, sequence });
    }
    let record = entry.shown.map(|(record, _)| record);
    Ok(VerifiedEntry { sequence, kind: entry.kind, record, has_card: entry.card.is_some() })
}
