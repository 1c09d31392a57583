//! The two data keys of a segment, and the keys of one session of writing that are derived from them.
//!
//! A nonce is the sequence of a group's first entry. Within one session no sequence is written twice; a segment that is
//! continued by another process, or after a failure, is continued under another session, and so under other keys.

use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use crate::keys::{Cipher, DataKey};

/// What authentication adds to the bytes of a part.
pub(crate) const TAG_BYTES: usize = 16;
/// Random bytes that name one session of writing.
pub(crate) const SESSION_BYTES: usize = 16;
pub(crate) type SessionId = [u8; SESSION_BYTES];

const RECORDS_INFO: &[u8] = b"acquit journal 2 records";
const CARDS_INFO: &[u8] = b"acquit journal 2 cards";

/// The data keys of a segment; one that was destroyed, or cannot be had, is `None`.
#[derive(Debug)]
pub(crate) struct SegmentKeys {
    pub cipher: Cipher,
    pub records: Option<DataKey>,
    pub cards: Option<DataKey>,
}

/// The keys of one session in one segment.
pub(crate) struct SessionKeys {
    pub id: SessionId,
    pub records: Option<PartKey>,
    pub cards: Option<PartKey>,
}

/// The key of one part, records or cards, of the groups of a session.
pub(crate) struct PartKey(LessSafeKey);

/// A part could not be sealed or does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadTag;

impl SegmentKeys {
    /// Derives the keys of a session.
    pub fn session(&self, id: SessionId) -> SessionKeys {
        let derive = |key: &Option<DataKey>, info| PartKey::derive(self.cipher, key.as_ref()?, &id, info);
        SessionKeys { id, records: derive(&self.records, RECORDS_INFO), cards: derive(&self.cards, CARDS_INFO) }
    }
}

impl PartKey {
    fn derive(cipher: Cipher, key: &DataKey, session: &SessionId, info: &[u8]) -> Option<Self> {
        let algorithm = match cipher {
            Cipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            Cipher::Aes256Gcm => &AES_256_GCM,
        };
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, session).extract(key.bytes());
        let info = [info];
        // Fails only for an output longer than HKDF can give, which no key of a cipher is.
        let derived = extracted.expand(&info, algorithm).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::from(derived))))
    }

    /// Encrypts in place and appends the tag.
    pub fn seal(&self, sequence: u64, context: &[u8], bytes: &mut Vec<u8>) -> Result<(), BadTag> {
        self.0.seal_in_place_append_tag(nonce(sequence), Aad::from(context), bytes).map_err(|_| BadTag)
    }

    /// Verifies and decrypts in place; the bytes without the tag.
    pub fn open<'a>(&self, sequence: u64, context: &[u8], bytes: &'a mut [u8]) -> Result<&'a [u8], BadTag> {
        self.0.open_in_place(nonce(sequence), Aad::from(context), bytes).map(|plain| &*plain).map_err(|_| BadTag)
    }
}

fn nonce(sequence: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 8..].copy_from_slice(&sequence.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}
