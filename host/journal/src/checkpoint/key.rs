//! The journal's signing key, and the public half of it that others are given.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use thiserror::Error;

use super::Checkpoint;
use super::note::{MAX_NOTE_BYTES, NoteError, SignedNote};
use crate::tree::sha256;

/// The longest name of a key. Bytes. It is a line of every checkpoint; a URL of a terminal is far shorter.
pub const MAX_NAME_BYTES: usize = 255;

/// Length of an ed25519 public key. Bytes.
const KEY_BYTES: usize = 32;

/// Length of the identifier of a key in a signature line. Bytes.
pub(super) const ID_BYTES: usize = 4;

/// The signature type of ed25519 in C2SP `signed-note`.
const TYPE_ED25519: u8 = 1;

/// The key with which a journal signs: ed25519, under a name that is also the origin of its checkpoints.
///
/// `ring` does not wipe the key from memory when it is dropped, so it is made from the wrapped seed where something is
/// to be signed, and not kept.
pub struct Signer {
    pair: Ed25519KeyPair,
    key: VerifyingKey,
}

impl Signer {
    /// The key made from a 32-byte seed.
    ///
    /// # Errors
    /// Where the name is not one that C2SP allows.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyTextError> {
        check_name(name)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyTextError::Key)?;
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { pair, key: VerifyingKey { name: name.to_owned(), bytes } })
    }

    /// The public half.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Signs a checkpoint of the log whose name the key bears.
    ///
    /// # Errors
    /// Where the origin is another log's: this key does not speak for it.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedNote, NoteError> {
        if checkpoint.origin != self.key.name {
            return Err(NoteError::OtherOrigin { found: checkpoint.origin.clone() });
        }
        self.sign_text(&checkpoint.to_text(), MAX_NOTE_BYTES)
    }

    /// Signs any text that is whole lines, for a note of at most `most` bytes. No text may be given to it that can be
    /// read as a checkpoint.
    ///
    /// # Errors
    /// Where the text cannot be that of a note.
    pub(crate) fn sign_text(&self, text: &str, most: usize) -> Result<SignedNote, NoteError> {
        let mut signature = self.key.id().to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        SignedNote::assemble(text, &self.key.name, &signature, most)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signer").field("key", &self.key.to_string()).field("seed", &"[redacted]").finish()
    }
}

/// An ed25519 public key and its name; as text, the `vkey` of C2SP: `<name>+<key id, 8 hex digits>+<base64>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    bytes: [u8; KEY_BYTES],
}

impl VerifyingKey {
    /// The key with this name and these 32 bytes (RFC 8032).
    ///
    /// # Errors
    /// Where the name is not one that C2SP allows.
    pub fn new(name: &str, bytes: [u8; 32]) -> Result<Self, KeyTextError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), bytes })
    }

    /// The name of the key, and of the log it speaks for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the public key (RFC 8032).
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The short identifier in a signature line: the beginning of a hash over name, type and key. It tells keys apart
    /// and proves nothing.
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[TYPE_ED25519], &self.bytes]);
        let [a, b, c, d, ..] = hash.0;
        [a, b, c, d]
    }

    /// Whether this is the key's ed25519 signature of the message.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed: Vec<u8> = [&[TYPE_ED25519], &self.bytes[..]].concat();
        write!(out, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), BASE64.encode(typed))
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        // Base64 may hold a plus of its own; the name and the identifier cannot.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyTextError::Parts);
        };
        check_name(name)?;
        let typed = BASE64.decode(key).map_err(|_| KeyTextError::Key)?;
        let bytes = match typed.split_first() {
            Some((&TYPE_ED25519, bytes)) => <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| KeyTextError::Key)?,
            Some((&kind, _)) => return Err(KeyTextError::Type(kind)),
            None => return Err(KeyTextError::Key),
        };
        let key = Self { name: name.to_owned(), bytes };
        if id != format!("{:08x}", u32::from_be_bytes(key.id())) {
            return Err(KeyTextError::Id);
        }
        Ok(key)
    }
}

/// Why a text is not a public key that can be used here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyTextError {
    /// Not three parts with a plus between them.
    #[error("operator: a public key is written name+id+base64; copy the whole line")]
    Parts,
    /// The name is empty, too long, or holds a space, a plus or a control character.
    #[error(
        "operator: the key's name is empty, longer than {MAX_NAME_BYTES} bytes, or holds a space, a plus or a \
             control character"
    )]
    Name,
    /// The identifier is not the one that name and key give: one of the three was altered or miscopied.
    #[error("operator: the key's id does not belong to its name and bytes; copy the whole line again")]
    Id,
    /// The last part is not base64 of a type and 32 bytes.
    #[error("operator: the key itself is not base64 of an ed25519 public key; copy the whole line again")]
    Key,
    /// A key of another type than ed25519.
    #[error("operator: the key is of type {0}; only ed25519 (type 1) is known here")]
    Type(u8),
}

/// C2SP allows any name without Unicode spaces and plus; control characters cannot be in a note at all.
pub(super) fn check_name(name: &str) -> Result<(), KeyTextError> {
    let forbidden = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(forbidden) {
        return Err(KeyTextError::Name);
    }
    Ok(())
}
