//! Signed notes: text with signature lines below it (C2SP `signed-note`).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use super::Checkpoint;
use super::key::{ID_BYTES, VerifyingKey, check_name};

/// The longest note that is read. Bytes. Ours are of a few hundred; witnesses may add signatures.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;

/// The most signature lines that are read; C2SP demands that 16 be accepted.
pub const MAX_SIGNATURES: usize = 16;

/// What a signature line begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A text and its signature lines, well-formed; who signed it shows only when it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote(String);

impl SignedNote {
    /// The whole note, signature lines included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The checkpoint that is signed here by `key`, whose name is its origin.
    ///
    /// Signatures by other keys are passed over; a wrong one by this key refuses the note.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Checkpoint, NoteError> {
        let checkpoint = Checkpoint::from_text(self.verify_text(key)?)?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::OtherOrigin { found: checkpoint.origin });
        }
        Ok(checkpoint)
    }

    /// The checkpoint in the note, whoever signed it.
    ///
    /// # Errors
    /// Where the text is no checkpoint.
    pub fn claimed(&self) -> Result<Checkpoint, NoteError> {
        Checkpoint::from_text(self.text())
    }

    /// The text that is signed here by `key`.
    ///
    /// # Errors
    /// Where it does not hold.
    pub(crate) fn verify_text(&self, key: &VerifyingKey) -> Result<&str, NoteError> {
        let (text, signatures) = split(&self.0)?;
        let mut verified = false;
        for line in signatures {
            let (name, id, signature) = parse_signature(line)?;
            if name != key.name() || id != key.id() {
                continue;
            }
            if !key.signed(text.as_bytes(), &signature) {
                return Err(NoteError::Signature { name: name.to_owned() });
            }
            verified = true;
        }
        if verified { Ok(text) } else { Err(NoteError::NotSignedBy { name: key.name().to_owned() }) }
    }

    /// The text without the signature lines; whose word it is, is for the caller to know.
    pub(crate) fn text(&self) -> &str {
        split(&self.0).map_or("", |(text, _)| text)
    }

    /// A note of this text with one signature line, of at most so many bytes.
    pub(super) fn assemble(text: &str, name: &str, signature: &[u8], most: usize) -> Result<Self, NoteError> {
        let note = format!("{text}\n{SIGNATURE_MARK}{name} {}\n", BASE64.encode(signature));
        Self::parse_within(&note, most)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        Self::parse_within(note, MAX_NOTE_BYTES)
    }
}

impl SignedNote {
    /// Reads a note of at most so many bytes.
    pub(crate) fn parse_within(note: &str, most: usize) -> Result<Self, NoteError> {
        if note.len() > most {
            return Err(NoteError::TooLong { bytes: note.len(), most });
        }
        if let Some(offset) = note.bytes().position(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::ControlCharacter { offset });
        }
        let (_, signatures) = split(note)?;
        let mut count = 0;
        for line in signatures {
            parse_signature(line)?;
            count += 1;
        }
        if count > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { count });
        }
        Ok(Self(note.to_owned()))
    }
}

/// Why a note is not one, or is not signed as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than any note that is read here.
    #[error("the note has {bytes} bytes; at most {most} are read")]
    TooLong {
        /// Its length. Bytes.
        bytes: usize,
        /// The most that is read. Bytes.
        most: usize,
    },
    /// A control character other than a line feed.
    #[error("the note holds a control character at byte {offset}")]
    ControlCharacter {
        /// Where. Bytes from the beginning.
        offset: usize,
    },
    /// The last line has no end.
    #[error("the note does not end with a line feed: it was cut short or altered")]
    Unterminated,
    /// No blank line between text and signatures.
    #[error("the note has no text, or no blank line between its text and its signatures")]
    NoSignatures,
    /// A signature line is not a dash, a name and base64 of a key id and a signature.
    #[error("signature line {line:?} of the note is not a dash, a name and a signature in base64")]
    SignatureLine {
        /// The line.
        line: String,
    },
    /// More signatures than are read.
    #[error("the note has {count} signatures; at most {MAX_SIGNATURES} are read")]
    TooManySignatures {
        /// How many there are.
        count: usize,
    },
    /// The key did not sign this note.
    #[error("the note bears no signature by the key {name}")]
    NotSignedBy {
        /// Name of the key that was asked for.
        name: String,
    },
    /// The key's signature is not of this text.
    #[error("the signature by {name} is not of this text: text or signature was altered")]
    Signature {
        /// Name of the key.
        name: String,
    },
    /// The first line of a checkpoint is missing.
    #[error("the checkpoint has no origin on its first line")]
    CheckpointOrigin,
    /// The second line of a checkpoint is not a number.
    #[error("the second line of the checkpoint is not a tree size in decimal")]
    CheckpointSize,
    /// The third line of a checkpoint is not a hash.
    #[error("the third line of the checkpoint is not a root hash in base64")]
    CheckpointRoot,
    /// More lines than three.
    #[error("the checkpoint has more lines than origin, size and root")]
    CheckpointExtension,
    /// A checkpoint of another log than the key speaks for.
    #[error("the checkpoint is of the log {found:?}, for which this key does not speak")]
    OtherOrigin {
        /// The origin in the checkpoint.
        found: String,
    },
}

/// Text with its last line feed, and the signature lines; the last blank line stands between them.
fn split(note: &str) -> Result<(&str, std::str::Split<'_, char>), NoteError> {
    let note = note.strip_suffix('\n').ok_or(NoteError::Unterminated)?;
    let blank = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
    let (text, signatures) = (note.get(..=blank), note.get(blank + 2..));
    match (text, signatures) {
        (Some(text), Some(signatures)) => Ok((text, signatures.split('\n'))),
        _ => Err(NoteError::NoSignatures),
    }
}

/// Name, key id and signature of a signature line.
fn parse_signature(line: &str) -> Result<(&str, [u8; ID_BYTES], Vec<u8>), NoteError> {
    let parse = || {
        let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        check_name(name).ok()?;
        let bytes = BASE64.decode(signature).ok()?;
        let (id, signature) = bytes.split_first_chunk::<ID_BYTES>()?;
        (!signature.is_empty()).then(|| (name, *id, signature.to_vec()))
    };
    parse().ok_or_else(|| NoteError::SignatureLine { line: line.chars().take(MAX_SHOWN_CHARS).collect() })
}

/// How much of a line an error quotes. Characters.
const MAX_SHOWN_CHARS: usize = 60;
