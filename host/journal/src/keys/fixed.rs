//! A key-encryption key that everybody knows, for tests and simulations.

use super::data_key::expand;
use super::wrapped::{self, Scheme};
use super::{DATA_KEY_BYTES, DataKey, KeyError, KeyWrap, NONCE_BYTES};

/// A key in the program text: protects nothing, and wraps the same key with the same context to the same bytes, so that
/// golden files and simulated runs can be compared byte by byte.
#[derive(Debug)]
pub struct FixedKey(DataKey);

impl FixedKey {
    /// A key of 32 equal bytes.
    pub fn new(byte: u8) -> Self {
        Self(DataKey::copy_of(&[byte; DATA_KEY_BYTES]))
    }
}

impl KeyWrap for FixedKey {
    fn name(&self) -> String {
        Scheme::Fixed.to_string()
    }

    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        // From the key itself, as a synthetic nonce is: no two keys or contexts share one.
        let mut nonce = [0; NONCE_BYTES];
        expand(key.bytes(), context, b"nonce of the fixed key", &mut nonce);
        wrapped::wrap(Scheme::Fixed, &self.0, nonce, key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, KeyError> {
        wrapped::unwrap(Scheme::Fixed, &self.0, &self.name(), wrapped, context)
    }
}
