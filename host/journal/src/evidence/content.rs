//! The JSON document of an evidence file: its fields, and its one canonical writing.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::error::EvidenceError;
use super::{MAX_EARLIER, MAX_ENTRIES, MAX_LINE_BYTES, MAX_RECORD_BYTES, MAX_STORY_LINES};
use crate::checkpoint::{MAX_NAME_BYTES, MAX_NOTE_BYTES};
use crate::seal::Kind;
use crate::tree::{Hash, MAX_PROOF_HASHES};

/// The document. The order of the fields is part of the format.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    /// Identity of the transaction, in the application's words.
    pub transaction: String,
    pub story: StoryText,
    /// Name of the journal's key and origin of its checkpoints.
    pub origin: String,
    /// The journal's random identity, hex.
    pub journal: String,
    pub entries: Vec<EntryText>,
    /// Signed note, whole.
    pub checkpoint: String,
    pub earlier: Vec<EarlierText>,
}

/// The story, one string a line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryText {
    pub zh: Vec<String>,
    pub en: Vec<String>,
}

/// One entry of the journal. Hashes, salts and records are lower-case hex.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryText {
    pub sequence: u64,
    /// Index of its leaf in the tree.
    pub leaf: u64,
    /// Kind byte, as in the journal.
    pub kind: u8,
    /// Its bytes; null, as the salt then is, where the journal has dropped them.
    #[serde(deserialize_with = "given")]
    pub record: Option<String>,
    #[serde(deserialize_with = "given")]
    pub salt: Option<String>,
    pub commitment: String,
    /// Commitment to its card part; null if it has none.
    #[serde(deserialize_with = "given")]
    pub card: Option<String>,
    /// Inclusion proof.
    pub proof: Vec<String>,
}

/// A checkpoint from before, and the consistency proof from it to the checkpoint.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EarlierText {
    pub checkpoint: String,
    pub proof: Vec<String>,
}

/// An entry whose fields have the right forms.
pub(super) struct EntryFields {
    pub sequence: u64,
    pub leaf: u64,
    pub kind: Kind,
    /// Record and salt.
    pub shown: Option<(Vec<u8>, [u8; 32])>,
    pub commitment: Hash,
    pub card: Option<Hash>,
    pub proof: Vec<Hash>,
}

/// The document, each field read into what it means. Checkpoints are still text: what they say is checked later.
pub(super) struct Fields {
    pub transaction: String,
    pub story: StoryText,
    pub origin: String,
    pub journal: [u8; 16],
    pub entries: Vec<EntryFields>,
    pub checkpoint: String,
    pub earlier: Vec<(String, Vec<Hash>)>,
}

impl Content {
    /// The canonical writing: JSON with two spaces of indentation, the fields in order, UTF-8 unescaped.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a document that is written canonically and keeps to the limits.
    pub fn read(text: &str) -> Result<Fields, EvidenceError> {
        let content: Self = serde_json::from_str(text).map_err(|cause| form("json", cause))?;
        // One writing for one content: no two readers can disagree about a field given twice, or a number given oddly.
        if content.write().map_err(|cause| form("json", cause))? != text {
            return Err(form("json", "it is not in the canonical writing"));
        }
        content.fields()
    }

    fn fields(self) -> Result<Fields, EvidenceError> {
        line("transaction", &self.transaction)?;
        lines("story zh", &self.story.zh)?;
        lines("story en", &self.story.en)?;
        if self.origin.len() > MAX_NAME_BYTES {
            return Err(form("origin", "it is too long"));
        }
        let journal = array("journal", &self.journal)?;
        if self.entries.is_empty() || self.entries.len() > MAX_ENTRIES {
            return Err(form("entries", format!("there must be 1 to {MAX_ENTRIES}")));
        }
        let entries = (1..).zip(self.entries).map(|(number, entry)| entry.fields(number)).collect::<Result<_, _>>()?;
        note("checkpoint", &self.checkpoint)?;
        if self.earlier.len() > MAX_EARLIER {
            return Err(form("earlier", format!("there may be at most {MAX_EARLIER}")));
        }
        let earlier =
            (1..).zip(self.earlier).map(|(number, earlier)| earlier.fields(number)).collect::<Result<_, _>>()?;
        let Self { transaction, story, origin, checkpoint, .. } = self;
        Ok(Fields { transaction, story, origin, journal, entries, checkpoint, earlier })
    }
}

impl EntryText {
    fn fields(self, number: usize) -> Result<EntryFields, EvidenceError> {
        let at = |field: &str| format!("entry {number} {field}");
        let kind = Kind::from_code(self.kind).ok_or_else(|| form(at("kind"), "it is neither 0 nor 1"))?;
        let shown = match (&self.record, &self.salt) {
            (Some(record), Some(salt)) => {
                Some((bytes(at("record"), record, MAX_RECORD_BYTES)?, array(at("salt"), salt)?))
            }
            (None, None) => None,
            _ => return Err(form(at("salt"), "record and salt are given both or neither")),
        };
        let commitment = Hash(array(at("commitment"), &self.commitment)?);
        let card = self.card.map(|card| array(at("card"), &card).map(Hash)).transpose()?;
        let proof = hashes(&at("proof"), &self.proof)?;
        Ok(EntryFields { sequence: self.sequence, leaf: self.leaf, kind, shown, commitment, card, proof })
    }
}

impl EarlierText {
    fn fields(self, number: usize) -> Result<(String, Vec<Hash>), EvidenceError> {
        note(format!("earlier {number} checkpoint"), &self.checkpoint)?;
        let proof = hashes(&format!("earlier {number} proof"), &self.proof)?;
        Ok((self.checkpoint, proof))
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // A String takes everything.
        text
    })
}

/// An optional field that must be there, if only as null.
fn given<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(input)
}

fn form(place: impl Into<String>, why: impl ToString) -> EvidenceError {
    EvidenceError::Form { place: place.into(), why: why.to_string() }
}

/// A line of text for people: no control characters, which would move the cursor of whoever prints it.
fn line(place: &str, text: &str) -> Result<(), EvidenceError> {
    if text.len() > MAX_LINE_BYTES || text.contains(char::is_control) {
        return Err(form(place, format!("a line is longer than {MAX_LINE_BYTES} bytes or holds a control character")));
    }
    Ok(())
}

fn lines(place: &str, lines: &[String]) -> Result<(), EvidenceError> {
    if lines.len() > MAX_STORY_LINES {
        return Err(form(place, format!("there may be at most {MAX_STORY_LINES} lines")));
    }
    lines.iter().try_for_each(|text| line(place, text))
}

fn note(place: impl Into<String>, text: &str) -> Result<(), EvidenceError> {
    if text.len() > MAX_NOTE_BYTES { Err(form(place, "it is too long")) } else { Ok(()) }
}

fn hashes(place: &str, texts: &[String]) -> Result<Vec<Hash>, EvidenceError> {
    if texts.len() > MAX_PROOF_HASHES {
        return Err(form(place, format!("there may be at most {MAX_PROOF_HASHES} hashes")));
    }
    texts.iter().map(|text| array(place, text).map(Hash)).collect()
}

fn array<const N: usize>(place: impl Into<String>, text: &str) -> Result<[u8; N], EvidenceError> {
    let place = place.into();
    let bytes = bytes(place.clone(), text, N)?;
    bytes.try_into().map_err(|_| form(place, format!("it is not {N} bytes long")))
}

/// At most so many bytes in lower-case hex.
fn bytes(place: impl Into<String>, text: &str, most: usize) -> Result<Vec<u8>, EvidenceError> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > most {
        return Err(form(place, format!("it is not at most {most} bytes in hex")));
    }
    let decoded = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<_>>();
    decoded.ok_or_else(|| form(place, "it is not lower-case hex"))
}
