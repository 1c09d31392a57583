//! A key with the algorithm it is for; the bytes alone do not say it.
//!
//! Protects against: the bytes of one cipher used under another.
//! Does not protect against: weaknesses of the ciphers themselves.

use engine::contract::acquirer::KeyAlgorithm;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::signature::{MAX_PAIR_BYTES, PairKey};
use super::tdes::DesKey;
use super::wide::{WideCipher, WideKey};
use crate::secret::{SecretBytes, redacted};

/// Shortest secret of an HMAC: half the digest, below which RFC 2104 strongly advises against.
pub(crate) const MIN_HMAC_BYTES: usize = 16;
/// Longest secret of an HMAC: a block of SHA-256; a longer one would be digested first.
pub(crate) const MAX_HMAC_BYTES: usize = 64;

/// A key of any algorithm this version has.
#[derive(Clone)]
pub(crate) enum Key {
    Des(DesKey),
    Wide(WideKey),
    Hmac(SecretBytes),
    Pair(PairKey),
}

impl Key {
    /// The bytes as a key of this algorithm; `None` where their number does not fit, or the algorithm is not here yet.
    pub(crate) fn new(algorithm: KeyAlgorithm, bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        match (algorithm, bytes.len()) {
            (KeyAlgorithm::Des, 8) | (KeyAlgorithm::Tdes, 16 | 24) => DesKey::new(bytes).map(Self::Des),
            (KeyAlgorithm::Aes128, 16) | (KeyAlgorithm::Aes256, 32) => {
                WideKey::new(WideCipher::Aes, bytes).map(Self::Wide)
            }
            (KeyAlgorithm::Sm4, 16) => WideKey::new(WideCipher::Sm4, bytes).map(Self::Wide),
            (KeyAlgorithm::Hmac, MIN_HMAC_BYTES..=MAX_HMAC_BYTES) => Some(Self::Hmac(bytes.into())),
            (KeyAlgorithm::Rsa | KeyAlgorithm::P256 | KeyAlgorithm::Ed25519 | KeyAlgorithm::Sm2, ..=MAX_PAIR_BYTES) => {
                PairKey::restored(bytes.into()).filter(|key| key.algorithm() == algorithm).map(Self::Pair)
            }
            _ => None,
        }
    }

    /// What it is a key of.
    pub(crate) fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Des(key) if key.len() == 8 => KeyAlgorithm::Des,
            Self::Des(_) => KeyAlgorithm::Tdes,
            Self::Wide(key) if key.cipher() == WideCipher::Sm4 => KeyAlgorithm::Sm4,
            Self::Wide(key) if key.reveal().len() == 16 => KeyAlgorithm::Aes128,
            Self::Wide(_) => KeyAlgorithm::Aes256,
            Self::Hmac(_) => KeyAlgorithm::Hmac,
            Self::Pair(key) => key.algorithm(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.reveal().len()
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        match self {
            Self::Des(key) => key.reveal(),
            Self::Wide(key) => key.reveal(),
            Self::Hmac(secret) => secret.reveal(),
            Self::Pair(key) => key.reveal(),
        }
    }

    /// The key as one of DES, where it is one.
    pub(crate) fn des(&self) -> Option<&DesKey> {
        match self {
            Self::Des(key) => Some(key),
            _ => None,
        }
    }

    /// The key as one of this cipher, where it is one.
    pub(crate) fn wide(&self, cipher: WideCipher) -> Option<&WideKey> {
        match self {
            Self::Wide(key) if key.cipher() == cipher => Some(key),
            _ => None,
        }
    }

    /// The key as half of a pair, where it is one.
    pub(crate) fn pair(&self) -> Option<&PairKey> {
        match self {
            Self::Pair(key) => Some(key),
            _ => None,
        }
    }

    /// Both are one key: under DES they encipher alike; halves are of one pair; else their bytes are equal, whatever the
    /// algorithm.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Des(one), Self::Des(another)) => one.enciphers_like(another),
            (Self::Pair(one), Self::Pair(another)) => one.is_of_pair(another),
            _ => self.reveal().ct_eq(other.reveal()).into(),
        }
    }

    /// No stronger than a shorter key: a double-length key of equal halves.
    pub(crate) fn is_weak(&self) -> bool {
        self.des().is_some_and(DesKey::is_weak)
    }
}

redacted!(Key);

#[cfg(test)]
pub(crate) fn key_of(algorithm: KeyAlgorithm, hex_text: &str) -> Key {
    Key::new(algorithm, Zeroizing::new(hex::decode(hex_text).unwrap())).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &str = "0123456789ABCDEFFEDCBA9876543210";

    #[test]
    fn a_key_says_what_it_is_for() {
        for algorithm in [KeyAlgorithm::Tdes, KeyAlgorithm::Aes128, KeyAlgorithm::Sm4, KeyAlgorithm::Hmac] {
            assert_eq!(key_of(algorithm, BYTES).algorithm(), algorithm);
        }
        assert_eq!(key_of(KeyAlgorithm::Des, &BYTES[..16]).algorithm(), KeyAlgorithm::Des);
        assert_eq!(key_of(KeyAlgorithm::Aes256, &BYTES.repeat(2)).algorithm(), KeyAlgorithm::Aes256);
        for (algorithm, length) in [(KeyAlgorithm::Des, 16), (KeyAlgorithm::Aes128, 32), (KeyAlgorithm::Hmac, 15)] {
            assert!(Key::new(algorithm, Zeroizing::new(vec![1; length])).is_none(), "{algorithm:?}");
        }
        assert!(Key::new(KeyAlgorithm::Rsa, Zeroizing::new(vec![1; 16])).is_none());
    }

    #[test]
    fn the_same_bytes_are_the_same_key_under_every_algorithm() {
        let one = key_of(KeyAlgorithm::Tdes, BYTES);
        assert!(one.is_like(&key_of(KeyAlgorithm::Sm4, BYTES)));
        assert!(!one.is_like(&key_of(KeyAlgorithm::Sm4, "0123456789ABCDEFFEDCBA9876543211")));
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
