//! Authenticated encryption of a group.

use ring::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::{DataKey, KeyError};

/// Bytes of a nonce, for both ciphers. A nonce is used once with a key; the caller sees to it.
pub const NONCE_BYTES: usize = 12;
/// Bytes a ciphertext is longer than its clear text, for both ciphers.
pub const TAG_BYTES: usize = 16;

/// Which cipher a segment is encrypted with; the number stands in its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Cipher {
    /// RFC 8439. Fast and constant-time without help from the processor: for terminals without AES instructions.
    #[default]
    ChaCha20Poly1305 = 1,
    /// NIST SP 800-38D. For terminals with AES instructions, and where an approver asks for AES.
    Aes256Gcm = 2,
}

impl Cipher {
    /// The cipher with this number in a header, if the format knows it.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::ChaCha20Poly1305),
            2 => Some(Self::Aes256Gcm),
            _ => None,
        }
    }

    /// Its number in a header.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Encrypts in place and appends the tag of [`TAG_BYTES`].
    ///
    /// A caller that must leave no clear text behind reserves room for the tag: a vector that grows leaves a copy.
    ///
    /// # Errors
    /// [`KeyError::TooLongToEncrypt`] beyond 64 GiB; what is in the vector then must not be used.
    pub(crate) fn seal(
        self,
        key: &DataKey,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        bytes: &mut Vec<u8>,
    ) -> Result<(), KeyError> {
        let key = self.key(key).ok_or(KeyError::TooLongToEncrypt)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), bytes)
            .map_err(|_| KeyError::TooLongToEncrypt)
    }

    /// Decrypts in place; the clear text is what is returned, [`TAG_BYTES`] shorter.
    ///
    /// # Errors
    /// [`KeyError::NotAuthentic`]: the bytes, the nonce, the associated data or the key are not those of the sealing.
    /// The buffer is wiped or still encrypted then, never clear text that did not verify.
    pub(crate) fn open<'a>(
        self,
        key: &DataKey,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        bytes: &'a mut [u8],
    ) -> Result<&'a mut [u8], KeyError> {
        let key = self.key(key).ok_or(KeyError::NotAuthentic)?;
        key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), bytes)
            .map_err(|_| KeyError::NotAuthentic)
    }

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            Self::Aes256Gcm => &AES_256_GCM,
        }
    }

    /// Always there: ring refuses nothing but another length than 32, which a [`DataKey`] cannot have.
    fn key(self, key: &DataKey) -> Option<LessSafeKey> {
        UnboundKey::new(self.algorithm(), key.bytes()).map(LessSafeKey::new).ok()
    }
}
