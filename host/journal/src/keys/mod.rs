//! Keys of the journal: what encrypts a segment, and what that is encrypted under.
//!
//! Every segment has data keys of its own ([`DataKey`]). They lie in its header, *wrapped*: encrypted under a
//! key-encryption key that something else keeps, and that something is a [`KeyWrap`]. Two are here, [`FileKey`] for
//! desks and `KeyringKey` for Linux terminals; a secure element implements the same trait, and its wrapped form may
//! look as it likes, as long as it stays within [`MAX_WRAPPED_BYTES`] and begins with a byte from 16 to 254 that no other
//! keeper uses: that byte tells the operator which keeper is needed ([`Scheme`]).
//!
//! Protects against: a copy of the journal without the key-encryption key; a wrapped key moved to another segment,
//! another journal or another purpose (the context is authenticated); keys left in freed memory, printed by `{:?}` or
//! told apart by the time a comparison takes.
//! Does not protect against: root, a debugger or swap on this machine while the journal is open; whoever can ask the
//! key-encryption key's keeper, which each implementation names. The cipher library's own copy of a key, for as long as
//! it encrypts with it, is on the stack or in its caller and is not wiped.

mod cipher;
mod data_key;
mod entropy;
mod error;
mod file;
#[cfg(any(test, feature = "simulation"))]
mod fixed;
#[cfg(target_os = "linux")]
mod keyring;
mod wrapped;

#[cfg(test)]
mod tests;

pub use cipher::{Cipher, NONCE_BYTES, TAG_BYTES};
pub use data_key::{DATA_KEY_BYTES, DataKey};
#[cfg(any(test, feature = "simulation"))]
pub use entropy::CountingEntropy;
pub use entropy::{Entropy, SystemEntropy};
pub use error::KeyError;
pub use file::FileKey;
#[cfg(any(test, feature = "simulation"))]
pub use fixed::FixedKey;
#[cfg(target_os = "linux")]
pub use keyring::KeyringKey;
pub use wrapped::Scheme;

/// Most bytes a wrapped key may have. Ours have 70; a secure element that wraps with RSA 2048 hands back 256, and three
/// of them fit in a segment's header of 4096.
pub const MAX_WRAPPED_BYTES: usize = 256;

/// Keeps a key-encryption key and wraps data keys under it.
pub trait KeyWrap: Send + Sync {
    /// How to name it to an operator; never the key.
    fn name(&self) -> String;

    /// Encrypts `key`, at most [`MAX_WRAPPED_BYTES`] of it, the first of them its [`Scheme`]. What is wrapped with one
    /// context is unwrapped with the same one only.
    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Decrypts what [`wrap`](Self::wrap) made. The error says whether another keeper is needed (operator) or the bytes
    /// were changed (storage).
    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, KeyError>;
}
