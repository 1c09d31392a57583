//! What the deployment lets a plugin's key slots do: one thing each.
//!
//! Protects against: a plugin using one key in two ways, or another plugin's key at all.
//! Does not protect against: a deployment that grants what it should not.

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::types::Name;
use thiserror::Error;
use zeroize::Zeroizing;

use super::dukpt::KEPT_FOR_UNDO_COUNTERS;
use crate::crypto::key::{Key, MAX_HMAC_BYTES, MIN_HMAC_BYTES};
use crate::crypto::{data, mac, pin_block, signature};

/// One key slot of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotGrant {
    /// The name the plugin uses.
    pub slot: Name,
    /// What a key in it may be. `Des` and `Tdes` together admit single- and double-length keys, told apart by length.
    pub algorithms: Vec<KeyAlgorithm>,
    /// The one thing it does.
    pub key_use: KeyUse,
    /// How its keys come: `Fixed` and `Session` alike mean that one is loaded or downloaded; the others that each message
    /// has a key of its own, of an initial key that a person loads.
    pub scheme: KeyScheme,
}

/// The key slots of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginGrant {
    /// The plugin, by the name it has in the deployment; the same across its versions.
    pub plugin: Name,
    /// Its slots.
    pub slots: Vec<SlotGrant>,
}

/// The deployment grants what cannot be: the operator's fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GrantError {
    /// A slot granted twice.
    #[error("plugin {plugin}: key slot {slot} is granted twice; a slot does one thing")]
    Twice {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
    },
    /// No algorithm that goes with the use.
    #[error("plugin {plugin}: key slot {slot} is granted {key_use:?}, which needs a {needs:?} key")]
    Algorithm {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// The use.
        key_use: KeyUse,
        /// What must be among its algorithms.
        needs: KeyAlgorithm,
    },
    /// Keys of two ciphers.
    #[error(
        "plugin {plugin}: key slot {slot} is granted {one:?} and {other:?}; a slot has one cipher and never changes it"
    )]
    Mixed {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// One of its algorithms.
        one: KeyAlgorithm,
        /// One of another cipher.
        other: KeyAlgorithm,
    },
    /// The key loaded under an earlier grant is of another algorithm.
    #[error(
        "plugin {plugin}: key slot {slot} holds a {holds:?} key, which its grant no longer admits; a slot never \
             changes its algorithm: grant a slot of another name"
    )]
    Changed {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// What the key in it is.
        holds: KeyAlgorithm,
    },
    /// The key loaded under an earlier grant was loaded for something else.
    #[error(
        "plugin {plugin}: key slot {slot} holds a key loaded for {was:?} and is granted {granted:?}; a key does one \
             thing: grant a slot of another name and load a key of its own"
    )]
    OtherUse {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// What it was loaded for.
        was: KeyUse,
        /// What the slot is granted now.
        granted: KeyUse,
    },
    /// A scheme that goes with neither the algorithms nor the use.
    #[error(
        "plugin {plugin}: key slot {slot} is granted {scheme:?}, which does not go with {key_use:?} and its algorithms: \
         dukpt-tdes takes tdes, dukpt-aes takes aes-128 or aes-256"
    )]
    Scheme {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// How its keys would come.
        scheme: KeyScheme,
        /// What they would do.
        key_use: KeyUse,
    },
    /// The key loaded under an earlier grant came under another scheme.
    #[error(
        "plugin {plugin}: key slot {slot} holds a key of another scheme (DUKPT or not) than it is granted; grant a slot \
         of another name and load a key of its own"
    )]
    OtherScheme {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
    },
    /// A name longer than the key file can hold.
    #[error("plugin and slot names have at most {MAX_NAME_BYTES} bytes; this one has {length}")]
    NameLength {
        /// Bytes.
        length: usize,
    },
}

/// A slot asked for what it does not do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SlotError {
    /// Not granted to this plugin.
    #[error("plugin {plugin} has no key slot {slot}")]
    Unknown {
        /// Who asked.
        plugin: Name,
        /// For what.
        slot: Name,
    },
    /// Granted for something else.
    #[error("key slot {slot} is granted {granted:?} and was asked for {asked:?}")]
    WrongUse {
        /// Which slot.
        slot: Name,
        /// What was asked.
        asked: KeyUse,
        /// What it does.
        granted: KeyUse,
    },
    /// A person loads no key of this kind into it.
    #[error("key slot {slot} is granted {granted:?}; no such key is loaded by hand")]
    NotFixed {
        /// Which slot.
        slot: Name,
        /// What it does.
        granted: KeyUse,
    },
    /// No slot for a half of a key pair.
    #[error("key slot {slot} is granted {granted:?}; a key pair's half only signs or checks signatures")]
    NotOfPair {
        /// Which slot.
        slot: Name,
        /// What it does.
        granted: KeyUse,
    },
    /// No DUKPT slot: it has no initial key and no serial number.
    #[error("key slot {slot} is granted no DUKPT scheme, so it has neither an initial key nor a key serial number")]
    NotDukpt {
        /// Which slot.
        slot: Name,
    },
    /// Every counter is used.
    #[error(
        "every key of slot {slot} has been used: ask the acquirer for a new initial key and load it with `acquit keys \
         load --slot {slot} --serial`"
    )]
    Exhausted {
        /// Which slot.
        slot: Name,
    },
    /// The last counters are for what takes money back.
    #[error(
        "nearly every key of slot {slot} has been used; the last {KEPT_FOR_UNDO_COUNTERS} are kept to take money back: ask \
         the acquirer for a new initial key and load it with `acquit keys load --slot {slot} --serial`"
    )]
    NearlyExhausted {
        /// Which slot.
        slot: Name,
    },
    /// The counter is not on the disk, so its key is not used.
    #[error("storage: the counter of key slot {slot} could not be written down, so nothing was sent: {why}")]
    NotWrittenDown {
        /// Which slot.
        slot: Name,
        /// What the file system said.
        why: String,
    },
    /// The answer's key is that of the request's counter, and the request had none.
    #[error("the message used no key of slot {slot}; an answer is sealed under the counter of its request")]
    NoTurn {
        /// Which slot.
        slot: Name,
    },
    /// No checked key in it: sign in first, or load the key.
    #[error("key slot {slot} holds no checked key")]
    Empty {
        /// Which slot.
        slot: Name,
    },
}

/// Longest name of a plugin or slot, in bytes: the key file keeps the length in one, with three bytes more behind the
/// slot of a fixed key.
pub(super) const MAX_NAME_BYTES: usize = 252;

impl SlotGrant {
    /// Refuses what this version cannot do, at start rather than in the middle of a payment.
    pub(super) fn check(&self, plugin: &str) -> Result<(), GrantError> {
        if let Some(name) = [plugin, &self.slot].into_iter().find(|name| name.len() > MAX_NAME_BYTES) {
            return Err(GrantError::NameLength { length: name.len() });
        }
        if let Some([one, other]) =
            self.algorithms.array_windows().find(|[one, other]| cipher_of(*one) != cipher_of(*other))
        {
            let (plugin, slot) = (plugin.to_owned(), self.slot.clone());
            return Err(GrantError::Mixed { plugin, slot, one: *one, other: *other });
        }
        if !self.algorithms.iter().any(|algorithm| goes_with(&self.key_use, *algorithm)) {
            return Err(GrantError::Algorithm {
                plugin: plugin.to_owned(),
                slot: self.slot.clone(),
                key_use: self.key_use.clone(),
                needs: needed(&self.key_use),
            });
        }
        self.check_scheme(plugin)
    }

    /// This key may be in it.
    pub(super) fn admits(&self, key: &Key) -> bool {
        let algorithm = key.algorithm();
        let fits = match (&self.key_use, key.pair()) {
            (KeyUse::Sign(made), Some(half)) => half.is_private() && signature::key_of(*made) == algorithm,
            (KeyUse::Verify(made), Some(half)) => !half.is_private() && signature::key_of(*made) == algorithm,
            (_, Some(_)) => false,
            (key_use, None) => fitting_lengths(key_use, algorithm).contains(&key.len()),
        };
        fits && self.algorithms.contains(&algorithm)
    }

    /// A key of this many bytes may be in it.
    pub(super) fn admits_length(&self, key_bytes: usize) -> bool {
        self.algorithms.iter().any(|algorithm| fitting_lengths(&self.key_use, *algorithm).contains(&key_bytes))
    }

    /// The bytes as the key they are in this slot. All its algorithms are of one cipher, so that the length decides.
    pub(super) fn key_of(&self, bytes: Zeroizing<Vec<u8>>) -> Option<Key> {
        let fits = |algorithm: &&KeyAlgorithm| fitting_lengths(&self.key_use, **algorithm).contains(&bytes.len());
        let algorithm = *self.algorithms.iter().find(fits)?;
        Key::new(algorithm, bytes)
    }
}

/// The cipher of an algorithm by its shortest key.
fn cipher_of(algorithm: KeyAlgorithm) -> KeyAlgorithm {
    match algorithm {
        KeyAlgorithm::Des | KeyAlgorithm::Tdes => KeyAlgorithm::Des,
        KeyAlgorithm::Aes128 | KeyAlgorithm::Aes256 => KeyAlgorithm::Aes128,
        _ => algorithm,
    }
}

/// Some key of this algorithm can do it.
pub(super) fn goes_with(key_use: &KeyUse, algorithm: KeyAlgorithm) -> bool {
    match key_use {
        KeyUse::Sign(made) | KeyUse::Verify(made) => signature::key_of(*made) == algorithm,
        _ => !fitting_lengths(key_use, algorithm).is_empty(),
    }
}

/// Lengths in bytes of the keys of this algorithm that the use takes; none where they do not go together.
pub(super) fn fitting_lengths(key_use: &KeyUse, algorithm: KeyAlgorithm) -> Vec<usize> {
    let lengths: Vec<usize> = match algorithm {
        KeyAlgorithm::Des => vec![8],
        KeyAlgorithm::Tdes => vec![16, 24],
        KeyAlgorithm::Aes128 | KeyAlgorithm::Sm4 => vec![16],
        KeyAlgorithm::Aes256 => vec![32],
        KeyAlgorithm::Hmac => (MIN_HMAC_BYTES..=MAX_HMAC_BYTES).collect(),
        _ => Vec::new(),
    };
    let takes = |bytes: &usize| match key_use {
        KeyUse::Transport => *bytes >= 16 && algorithm != KeyAlgorithm::Hmac,
        KeyUse::Pin(format) => pin_block::takes(*format, algorithm),
        KeyUse::Mac(mac) => mac::takes(*mac, algorithm, *bytes),
        KeyUse::Track(_) => matches!(algorithm, KeyAlgorithm::Des | KeyAlgorithm::Tdes),
        KeyUse::Data(cipher) => data::takes(*cipher, algorithm),
        KeyUse::Sign(_) | KeyUse::Verify(_) => false,
    };
    lengths.into_iter().filter(takes).collect()
}

/// The algorithm a refusal proposes: the commonest that goes with the use.
fn needed(key_use: &KeyUse) -> KeyAlgorithm {
    if let KeyUse::Sign(made) | KeyUse::Verify(made) = key_use {
        return signature::key_of(*made);
    }
    let common = [KeyAlgorithm::Tdes, KeyAlgorithm::Aes128, KeyAlgorithm::Sm4, KeyAlgorithm::Hmac, KeyAlgorithm::Des];
    let fits = |algorithm: &KeyAlgorithm| !fitting_lengths(key_use, *algorithm).is_empty();
    common.into_iter().find(fits).unwrap_or(KeyAlgorithm::Tdes)
}

#[cfg(test)]
mod tests {
    use engine::contract::template::{CipherAlgorithm, MacAlgorithm, SignatureAlgorithm};

    use super::*;

    fn check(key_use: KeyUse, algorithms: &[KeyAlgorithm]) -> Result<(), GrantError> {
        let scheme = KeyScheme::Session;
        SlotGrant { slot: "slot".into(), algorithms: algorithms.to_vec(), key_use, scheme }.check("plugin")
    }

    #[test]
    fn a_slot_has_one_cipher() {
        let refused = check(KeyUse::Transport, &[KeyAlgorithm::Tdes, KeyAlgorithm::Sm4]).unwrap_err();
        assert!(refused.to_string().contains("Sm4"));
    }

    #[test]
    fn a_use_needs_a_key_that_can_do_it() {
        assert!(check(KeyUse::Transport, &[KeyAlgorithm::Des]).is_err());
        assert!(check(KeyUse::Mac(MacAlgorithm::X919), &[KeyAlgorithm::Des]).is_err());
        assert!(check(KeyUse::Mac(MacAlgorithm::UnionpayEcb), &[]).is_err());
        assert!(check(KeyUse::Data(CipherAlgorithm::TdesCbc), &[KeyAlgorithm::Des]).is_err());
        assert!(check(KeyUse::Data(CipherAlgorithm::AesGcm), &[KeyAlgorithm::Aes128, KeyAlgorithm::Aes256]).is_ok());
        assert!(check(KeyUse::Sign(SignatureAlgorithm::Ed25519), &[KeyAlgorithm::Tdes]).is_err());
        assert!(check(KeyUse::Sign(SignatureAlgorithm::Ed25519), &[KeyAlgorithm::Ed25519]).is_ok());
        let both = [KeyAlgorithm::Ed25519, KeyAlgorithm::P256];
        assert!(matches!(check(KeyUse::Verify(SignatureAlgorithm::Ed25519), &both), Err(GrantError::Mixed { .. })));
        assert!(check(KeyUse::Mac(MacAlgorithm::UnionpayEcb), &[KeyAlgorithm::Des]).is_ok());
        let (slot, key_use, scheme) = ("s".repeat(256), KeyUse::Transport, KeyScheme::Session);
        assert!(SlotGrant { slot, algorithms: vec![KeyAlgorithm::Tdes], key_use, scheme }.check("plugin").is_err());
    }
}
