//! A wrapped key as bytes: how [`FileKey`](super::FileKey) and `KeyringKey` write one.
//!
//! ```text
//! 0   1  scheme: who wrapped it
//! 1   1  version 1
//! 2   8  identity of the key-encryption key: HKDF-SHA256(key, salt = "", info = "acquit journal 2 key identity")
//! 10  12 nonce
//! 22  32 the data key, ChaCha20-Poly1305
//! 54  16 tag
//! ```
//! Associated data: "acquit journal 2 wrapped key", a zero byte, bytes 0 to 9, the context. The identity is there so that
//! the wrong key is told from damage: one is the operator's to put right, the other is not.

use std::fmt;

use zeroize::Zeroizing;

use super::data_key::expand;
use super::{Cipher, DATA_KEY_BYTES, DataKey, KeyError, NONCE_BYTES, TAG_BYTES};

/// Version of the form above.
const VERSION: u8 = 1;
/// Bytes of a key-encryption key's identity: enough that two keys of one shop never share it.
const IDENTITY_BYTES: usize = 8;
/// Scheme, version and identity: what is authenticated and not encrypted.
const HEAD_BYTES: usize = 2 + IDENTITY_BYTES;
const IDENTITY_INFO: &[u8] = b"acquit journal 2 key identity";
const AAD_PREFIX: &[u8] = b"acquit journal 2 wrapped key\0";

/// Who wrapped a key: the first byte of what is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Scheme {
    /// [`FileKey`](super::FileKey).
    File = 1,
    /// `KeyringKey`.
    Keyring = 2,
    /// The fixed key of tests, which only a program built for simulation opens.
    Fixed = 255,
}

impl Scheme {
    /// Who wrapped these bytes, as far as this program knows.
    pub fn of(wrapped: &[u8]) -> Option<Self> {
        match wrapped.first()? {
            1 => Some(Self::File),
            2 => Some(Self::Keyring),
            255 => Some(Self::Fixed),
            _ => None,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a key file",
            Self::Keyring => "a key in the kernel's keyring",
            Self::Fixed => "the fixed key of tests",
        })
    }
}

/// Encrypts `key` under `kek`.
pub(super) fn wrap(
    scheme: Scheme,
    kek: &DataKey,
    nonce: [u8; NONCE_BYTES],
    key: &DataKey,
    context: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let head = head(scheme, kek);
    // Room for the tag, so that the vector does not grow and leave the key behind.
    let mut body = Zeroizing::new(Vec::with_capacity(DATA_KEY_BYTES + TAG_BYTES));
    body.extend_from_slice(key.bytes());
    Cipher::ChaCha20Poly1305.seal(kek, nonce, &associated(&head, context), &mut body)?;
    Ok([head.as_slice(), &nonce, &body].concat())
}

/// Decrypts what [`wrap`] made under the same `kek` with the same context. `given` names the keeper in errors.
pub(super) fn unwrap(
    scheme: Scheme,
    kek: &DataKey,
    given: &str,
    wrapped: &[u8],
    context: &[u8],
) -> Result<DataKey, KeyError> {
    match (Scheme::of(wrapped), wrapped) {
        (_, [] | [_]) => return Err(KeyError::DamagedWrapping),
        (Some(needed), _) if needed != scheme => return Err(KeyError::OtherScheme { needed, given: given.to_owned() }),
        (Some(_), &[_, VERSION, ..]) => {}
        (_, &[scheme, version, ..]) => return Err(KeyError::UnknownScheme { scheme, version }),
    }
    let (found, sealed) = wrapped.split_first_chunk::<HEAD_BYTES>().ok_or(KeyError::DamagedWrapping)?;
    let expected = head(scheme, kek);
    if found != &expected {
        let [needed, held] = [found, &expected].map(identity_of);
        return Err(KeyError::OtherKey { needed, given: given.to_owned(), held });
    }
    let (nonce, body) = sealed.split_first_chunk().ok_or(KeyError::DamagedWrapping)?;
    let mut body = Zeroizing::new(body.to_vec());
    let clear = Cipher::ChaCha20Poly1305
        .open(kek, *nonce, &associated(&expected, context), &mut body)
        .map_err(|_| KeyError::DamagedWrapping)?;
    let exact = <&[u8; DATA_KEY_BYTES]>::try_from(&*clear).map_err(|_| KeyError::DamagedWrapping)?;
    Ok(DataKey::copy_of(exact))
}

fn head(scheme: Scheme, kek: &DataKey) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let (names, identity) = head.split_at_mut(2);
    names.copy_from_slice(&[scheme as u8, VERSION]);
    expand(kek.bytes(), b"", IDENTITY_INFO, identity);
    head
}

/// The identity in a head, as an operator reads it.
fn identity_of(head: &[u8; HEAD_BYTES]) -> String {
    head.iter().skip(2).map(|byte| format!("{byte:02x}")).collect()
}

fn associated(head: &[u8; HEAD_BYTES], context: &[u8]) -> Vec<u8> {
    [AAD_PREFIX, head, context].concat()
}
