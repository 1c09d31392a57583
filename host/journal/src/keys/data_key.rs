//! A key of 32 bytes, and keys made from it.

use std::fmt;

use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Entropy, KeyError};

/// Bytes of a data key: what both ciphers take, and an Ed25519 seed.
pub const DATA_KEY_BYTES: usize = 32;

/// A secret of 32 bytes: wiped on drop, compared in constant time, printed as `[redacted]`.
///
/// It stays where it was allocated (moving the value moves a pointer), so that no copy is left behind.
pub struct DataKey(Box<Zeroizing<[u8; DATA_KEY_BYTES]>>);

impl DataKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`]: there is no key then, not a weak one.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let mut key = Self::blank();
        entropy.fill(&mut key.0[..])?;
        Ok(key)
    }

    /// Copies the bytes; the caller's copy stays the caller's to wipe.
    pub(crate) fn copy_of(bytes: &[u8; DATA_KEY_BYTES]) -> Self {
        let mut key = Self::blank();
        key.0.copy_from_slice(bytes);
        key
    }

    /// The bytes in clear, for as long as the borrow lasts.
    pub(crate) fn bytes(&self) -> &[u8; DATA_KEY_BYTES] {
        &self.0
    }

    fn blank() -> Self {
        Self(Box::new(Zeroizing::new([0; DATA_KEY_BYTES])))
    }
}

impl PartialEq for DataKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().ct_eq(other.bytes()).into()
    }
}

impl Eq for DataKey {}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// HKDF-SHA256 (RFC 5869) of `secret`, extracted and expanded into `output`, which may have at most 255 x 32 bytes; every caller asks for 8 or 32.
pub(super) fn expand(secret: &[u8], salt: &[u8], info: &[u8], output: &mut [u8]) {
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(secret);
    // ring refuses nothing but a length beyond 8160, and then the output would stay as it was.
    let filled = pseudorandom.expand(&[info], Length(output.len())).and_then(|okm| okm.fill(output));
    debug_assert!(filled.is_ok(), "at most 255 hashes can be expanded");
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
