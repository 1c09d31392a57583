//! What the deployment lets a plugin's key slots do: one thing each.
//!
//! Protects against: a plugin using one key in two ways, or another plugin's key at all.
//! Does not protect against: a deployment that grants what it should not.

use engine::contract::acquirer::{KeyAlgorithm, KeyUse};
use engine::contract::template::{MacAlgorithm, PinFormat};
use engine::contract::types::Name;
use thiserror::Error;

use crate::crypto::mac;

/// One key slot of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotGrant {
    /// The name the plugin uses.
    pub slot: Name,
    /// What a key in it may be. `Des` and `Tdes` together admit single- and double-length keys, told apart by length.
    pub algorithms: Vec<KeyAlgorithm>,
    /// The one thing it does.
    pub key_use: KeyUse,
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
    /// Known to the contract, not to this version.
    #[error("plugin {plugin}: key slot {slot} is granted {what}, which this version does not support yet")]
    NotSupportedYet {
        /// Whose.
        plugin: Name,
        /// Which.
        slot: Name,
        /// The use or algorithm, by its name in the contract.
        what: String,
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
    /// No checked key in it: sign in first, or load the transport key.
    #[error("key slot {slot} holds no checked key")]
    Empty {
        /// Which slot.
        slot: Name,
    },
}

/// Longest name of a plugin or slot, in bytes: the key file keeps the length in one.
pub(super) const MAX_NAME_BYTES: usize = 255;

impl SlotGrant {
    /// Refuses what this version cannot do, at start rather than in the middle of a payment.
    pub(super) fn check(&self, plugin: &str) -> Result<(), GrantError> {
        if let Some(name) = [plugin, &self.slot].into_iter().find(|name| name.len() > MAX_NAME_BYTES) {
            return Err(GrantError::NameLength { length: name.len() });
        }
        let unsupported = |what: String| {
            Err(GrantError::NotSupportedYet { plugin: plugin.to_owned(), slot: self.slot.clone(), what })
        };
        let supported_use = match &self.key_use {
            KeyUse::Transport | KeyUse::Pin(PinFormat::Iso0) | KeyUse::Track(_) => true,
            KeyUse::Mac(algorithm) => mac::is_supported(*algorithm),
            _ => false,
        };
        if !supported_use {
            return unsupported(format!("{:?}", self.key_use));
        }
        let other = self.algorithms.iter().find(|one| !matches!(one, KeyAlgorithm::Des | KeyAlgorithm::Tdes));
        if let Some(other) = other {
            return unsupported(format!("{other:?}"));
        }
        let needs_tdes = matches!(self.key_use, KeyUse::Transport | KeyUse::Mac(MacAlgorithm::X919));
        if self.algorithms.is_empty() || (needs_tdes && !self.algorithms.contains(&KeyAlgorithm::Tdes)) {
            return Err(GrantError::Algorithm {
                plugin: plugin.to_owned(),
                slot: self.slot.clone(),
                key_use: self.key_use.clone(),
                needs: KeyAlgorithm::Tdes,
            });
        }
        Ok(())
    }

    /// A key of this many bytes may be in it.
    pub(super) fn admits(&self, key_bytes: usize) -> bool {
        let algorithm = if key_bytes == 8 { KeyAlgorithm::Des } else { KeyAlgorithm::Tdes };
        let fits_use = match self.key_use {
            KeyUse::Mac(algorithm) => mac::takes_key_of(algorithm, key_bytes),
            KeyUse::Transport => key_bytes >= 16,
            _ => true,
        };
        fits_use && self.algorithms.contains(&algorithm)
    }
}

#[cfg(test)]
mod tests {
    use engine::contract::template::{CipherAlgorithm, SignatureAlgorithm};

    use super::*;

    fn check(key_use: KeyUse, algorithms: &[KeyAlgorithm]) -> Result<(), GrantError> {
        SlotGrant { slot: "slot".into(), algorithms: algorithms.to_vec(), key_use }.check("plugin")
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for key_use in [
            KeyUse::Pin(PinFormat::Iso4),
            KeyUse::Mac(MacAlgorithm::AesCmac),
            KeyUse::Data(CipherAlgorithm::TdesCbc),
            KeyUse::Sign(SignatureAlgorithm::Ed25519),
            KeyUse::Verify(SignatureAlgorithm::Sm2Sm3),
        ] {
            let refused = check(key_use.clone(), &[KeyAlgorithm::Tdes]).unwrap_err();
            assert!(refused.to_string().contains(&format!("{key_use:?}")), "{refused}");
        }
        let refused = check(KeyUse::Transport, &[KeyAlgorithm::Tdes, KeyAlgorithm::Sm4]).unwrap_err();
        assert!(refused.to_string().contains("Sm4"));
    }

    #[test]
    fn a_use_needs_a_key_that_can_do_it() {
        assert!(check(KeyUse::Transport, &[KeyAlgorithm::Des]).is_err());
        assert!(check(KeyUse::Mac(MacAlgorithm::X919), &[KeyAlgorithm::Des]).is_err());
        assert!(check(KeyUse::Mac(MacAlgorithm::UnionpayEcb), &[]).is_err());
        assert!(check(KeyUse::Mac(MacAlgorithm::UnionpayEcb), &[KeyAlgorithm::Des]).is_ok());
        assert!(
            SlotGrant { slot: "s".repeat(256), algorithms: vec![KeyAlgorithm::Tdes], key_use: KeyUse::Transport }
                .check("plugin")
                .is_err()
        );
    }
}
