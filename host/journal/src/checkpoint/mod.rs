//! Signed checkpoints: what the journal says about itself to the world outside.
//!
//! A checkpoint is a tree size and a root under the journal's signature, in the text forms of C2SP: `signed-note` and
//! `tlog-checkpoint`, so that any tool for transparency logs reads it. Whoever keeps one can tell later whether the
//! journal still begins with the same entries. An [`Anchor`] keeps the newest outside the journal's directory: without
//! one, a whole older image of the disk looks as good as the present.
//!
//! The notes are written out here, and not taken from the crate `signed_note`, because that brings a second ed25519 and
//! a second SHA-256 beside those of `ring` for the sake of the few lines in `note`.

mod anchor;
mod key;
mod note;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::tree::{HASH_BYTES, Hash};

pub use anchor::{Anchor, AnchorError, FileAnchor};
pub use key::{KeyTextError, MAX_NAME_BYTES, Signer, VerifyingKey};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, SignedNote};

/// What a checkpoint says: the first `size` entries of the log `origin` have this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log this is: the name of the key that signs it.
    pub origin: String,
    /// How many leaves the tree has.
    pub size: u64,
    /// Root of the tree of these leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size in decimal and root in base64, a line each (C2SP `tlog-checkpoint`).
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }

    /// Reads the text of a checkpoint; whose word it is, is for the caller to know.
    ///
    /// Extension lines, which C2SP allows and advises against, are refused: nothing here would look at what they say.
    ///
    /// # Errors
    /// The line that is not as it must be.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let lines = text.strip_suffix('\n').ok_or(NoteError::Unterminated)?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().filter(|line| !line.is_empty());
        let origin = next().ok_or(NoteError::CheckpointOrigin)?.to_owned();
        let size = next().and_then(decimal).ok_or(NoteError::CheckpointSize)?;
        let root = next().and_then(base64_hash).ok_or(NoteError::CheckpointRoot)?;
        if lines.next().is_some() {
            return Err(NoteError::CheckpointExtension);
        }
        Ok(Self { origin, size, root })
    }
}

/// A decimal number as C2SP writes it: ASCII digits, no sign, no leading zero.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in padded standard base64 with no stray bits.
fn base64_hash(text: &str) -> Option<Hash> {
    let bytes = BASE64.decode(text).ok()?;
    <[u8; HASH_BYTES]>::try_from(bytes).ok().map(Hash)
}

#[cfg(test)]
mod tests;
