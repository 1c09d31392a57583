//! Bytes that must not outlive their use.
//!
//! Protects against: a secret left in freed memory, printed by `{:?}`, or told apart by the time a comparison takes.
//! Does not protect against: a debugger, a core dump or swap on this machine while the secret is in use.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What every secret prints as.
pub(crate) const REDACTED: &str = "[redacted]";

/// Secret bytes on the heap: wiped on drop, compared in constant time, printed as `[redacted]`.
///
/// They stay where they were allocated (moving the value moves a pointer), so that no copy is left behind.
pub(crate) struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Copies the bytes; the caller's copy stays the caller's to wipe.
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes in clear, for as long as the borrow lasts.
    pub(crate) fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are; not a secret.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::copy_of(self.reveal())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.reveal().ct_eq(other.reveal()).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Gives a newtype over [`SecretBytes`] its printed form.
macro_rules! redacted {
    ($($name:ty),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::secret::REDACTED)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::secret::REDACTED)
            }
        }
    )+};
}
pub(crate) use redacted;
