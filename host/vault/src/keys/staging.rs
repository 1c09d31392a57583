//! Key download, all or none: keys are unwrapped and checked together, then take their places together.
//!
//! Protects against: a partial or damaged set of keys in use; one key brought in under two uses.
//! Does not protect against: a plugin that brings back keys it was once sent (the acquirer refuses their MACs), or that
//! guesses check values for pieces of wrapped keys; each wrong guess empties the slots and is on record.

use engine::contract::acquirer::{KeyUse, NewKey, Wrapping};
use engine::contract::types::Name;
use thiserror::Error;

use super::fixed::{FixedKey, FixedKeys};
use super::grant::{SlotError, SlotGrant};
use super::ring::{KeyRing, TransportKeyError, WorkKey, place};
use crate::crypto::key_block::{self, KeyBlockError};
use crate::crypto::{check_value, key::Key, wide::WideCipher};
use crate::secret::redacted;

/// Most keys in one download: a slot each, with room for every use there is.
const MAX_NEW_KEYS: usize = 16;

/// Why none of the keys was staged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyDownloadError {
    /// The acquirer's key, or the terminal's transport key, is not what the other thinks.
    #[error("the key for slot {slot} does not give its check value; drop every key under {under} and sign in again")]
    BadCheckValue {
        /// Which slot.
        slot: Name,
        /// The transport slot whose other keys must be dropped.
        under: Name,
    },
    /// Three or four bytes are demanded.
    #[error("the key for slot {slot} came without a check value of three or four bytes")]
    NoCheckValue {
        /// Which slot.
        slot: Name,
    },
    /// Known to the contract, not to this version.
    #[error("the key for slot {slot} is wrapped by {wrapping:?}, which this version does not support yet")]
    NotSupportedYet {
        /// Which slot.
        slot: Name,
        /// How it is wrapped.
        wrapping: Wrapping,
    },
    /// Wrapped under one cipher, as it says, and the transport key is of another.
    #[error(
        "the key for slot {slot} is wrapped by {wrapping:?}, and the transport key in {under} is of another cipher"
    )]
    OtherCipher {
        /// Which slot.
        slot: Name,
        /// The transport slot.
        under: Name,
        /// How it is wrapped.
        wrapping: Wrapping,
    },
    /// A key block that is not opened, or not for this slot.
    #[error("the key block for slot {slot} under {under}: {why}")]
    KeyBlock {
        /// Which slot.
        slot: Name,
        /// The transport slot.
        under: Name,
        /// What is wrong with it.
        why: KeyBlockError,
    },
    /// No key the slot's grant admits.
    #[error("the key for slot {slot} has {bytes} bytes, which its grant does not admit")]
    Length {
        /// Which slot.
        slot: Name,
        /// How long the block is.
        bytes: usize,
    },
    /// Double length in name only.
    #[error("the key for slot {slot} is weak: its halves are equal")]
    Weak {
        /// Which slot.
        slot: Name,
    },
    /// The same key elsewhere, in this plugin or another.
    #[error("the key for slot {slot} is already in another slot")]
    Reused {
        /// Which slot.
        slot: Name,
    },
    /// Anybody has it.
    #[error("the key for slot {slot} is published ({printed}), and this is a production terminal")]
    Published {
        /// Which slot.
        slot: Name,
        /// Where it is printed.
        printed: &'static str,
    },
    /// Two keys for one slot, or too many.
    #[error("a download names each slot once and has at most {MAX_NEW_KEYS} keys")]
    Twice,
    /// Transport keys are loaded by a person.
    #[error("slot {slot} holds a transport key, which is not downloaded but loaded with `acquit keys load`")]
    Transport {
        /// Which slot.
        slot: Name,
    },
    /// A person loaded what is in it.
    #[error("slot {slot} holds a key loaded with `acquit keys load`, which no download replaces")]
    Fixed {
        /// Which slot.
        slot: Name,
    },
    /// No such slot, no transport key, or not for that.
    #[error(transparent)]
    Slot(#[from] SlotError),
}

/// Keys that have been checked and wait for the journal.
pub struct StagedKeys {
    plugin: Name,
    keys: Vec<(Name, WorkKey)>,
}

impl StagedKeys {
    /// The slots that will hold them.
    pub fn slots(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(slot, _)| slot.as_str())
    }
}

redacted!(StagedKeys);

impl KeyRing {
    /// Unwraps and checks; changes nothing.
    pub(crate) fn stage(&self, plugin: &str, new: &[NewKey]) -> Result<StagedKeys, KeyDownloadError> {
        if new.len() > MAX_NEW_KEYS || has_repetition(new) {
            return Err(KeyDownloadError::Twice);
        }
        let is_replaced = |slot: &Name| new.iter().any(|key| key.name == *slot);
        let mut staged: Vec<(Name, WorkKey)> = Vec::with_capacity(new.len());
        for one in new {
            let key = self.unwrapped(plugin, one)?;
            let in_this_set = staged.iter().any(|(_, other)| other.key.is_like(&key));
            if in_this_set || self.is_held_elsewhere(&key, |(owner, slot)| owner == plugin && is_replaced(slot)) {
                return Err(KeyDownloadError::Reused { slot: one.name.clone() });
            }
            if let Some(printed) = self.refused_as_printed(&key) {
                return Err(KeyDownloadError::Published { slot: one.name.clone(), printed });
            }
            staged.push((one.name.clone(), WorkKey { key, under: one.under.clone() }));
        }
        Ok(StagedKeys { plugin: plugin.to_owned(), keys: staged })
    }

    /// Every staged key takes its place.
    pub(crate) fn activate(&mut self, staged: StagedKeys) {
        for (slot, key) in staged.keys {
            self.work.insert(place(&staged.plugin, &slot), key);
        }
    }

    fn unwrapped(&self, plugin: &str, new: &NewKey) -> Result<Key, KeyDownloadError> {
        let slot = || new.name.clone();
        let grant = self.grant(plugin, &new.name)?;
        if grant.key_use == KeyUse::Transport {
            return Err(KeyDownloadError::Transport { slot: slot() });
        }
        if grant.is_dukpt() || self.fixed.contains_key(&place(plugin, &new.name)) {
            return Err(KeyDownloadError::Fixed { slot: slot() });
        }
        if new.wrapping == Wrapping::Tr31 {
            return self.key_of_block(plugin, grant, new);
        }
        if !matches!(new.wrapping, Wrapping::TdesEcb | Wrapping::TdesCbc | Wrapping::Sm4Ecb) {
            return Err(KeyDownloadError::NotSupportedYet { slot: slot(), wrapping: new.wrapping });
        }
        if !grant.admits_length(new.block.len()) {
            return Err(KeyDownloadError::Length { slot: slot(), bytes: new.block.len() });
        }
        let lengths = check_value::MIN_CHECK_VALUE_BYTES..=check_value::MAX_CHECK_VALUE_BYTES;
        let expected = new.check_value.as_ref().filter(|value| lengths.contains(&value.len()));
        let expected = expected.ok_or_else(|| KeyDownloadError::NoCheckValue { slot: slot() })?;

        let transport = self.transport_key(plugin, &new.under)?;
        let clear = match new.wrapping {
            Wrapping::Sm4Ecb => transport.wide(WideCipher::Sm4).map(|key| key.schedule().decrypt_ecb(&new.block)),
            Wrapping::TdesCbc => transport.des().map(|key| key.schedule().decrypt_cbc([0; 8], &new.block)),
            _ => transport.des().map(|key| key.schedule().decrypt_ecb(&new.block)),
        };
        let clear = clear.ok_or_else(|| KeyDownloadError::OtherCipher {
            slot: slot(),
            under: new.under.clone(),
            wrapping: new.wrapping,
        })?;
        let key = clear.and_then(|clear| grant.key_of(clear));
        let key = key.ok_or_else(|| KeyDownloadError::Length { slot: slot(), bytes: new.block.len() })?;
        if !check_value::fits(&key, expected) {
            return Err(KeyDownloadError::BadCheckValue { slot: slot(), under: new.under.clone() });
        }
        if key.is_weak() { Err(KeyDownloadError::Weak { slot: slot() }) } else { Ok(key) }
    }
}

impl KeyRing {
    /// The fixed keys as they would be with the key in this block, which a person brings, wrapped under a transport key.
    pub(crate) fn with_fixed_block(
        &self,
        plugin: &str,
        slot: &str,
        (block, under): (&[u8], &str),
    ) -> Result<FixedKeys, TransportKeyError> {
        let grant = self.grant(plugin, slot)?;
        if grant.is_dukpt() {
            return Err(TransportKeyError::Serial { slot: slot.to_owned() });
        }
        let transport = self.transport_key(plugin, under)?;
        let refused = |why| TransportKeyError::KeyBlock { slot: slot.to_owned(), why };
        let key = key_block::open(block, transport).and_then(|opened| opened.key_for(&grant.key_use));
        let key = key.map_err(refused)?;
        if !grant.admits(&key) || key.is_weak() {
            return Err(refused(KeyBlockError::Algorithm));
        }
        self.check_free(plugin, slot, &key)?;
        let mut keys = self.fixed.clone();
        keys.insert(place(plugin, slot), FixedKey { key, key_use: grant.key_use.clone() });
        Ok(keys)
    }

    /// The block's MAC takes the place of the check value; one that comes all the same must fit.
    fn key_of_block(&self, plugin: &str, grant: &SlotGrant, new: &NewKey) -> Result<Key, KeyDownloadError> {
        let slot = || new.name.clone();
        let refused = |why| KeyDownloadError::KeyBlock { slot: slot(), under: new.under.clone(), why };
        let transport = self.transport_key(plugin, &new.under)?;
        let key = key_block::open(&new.block, transport).and_then(|opened| opened.key_for(&grant.key_use));
        let key = key.and_then(|key| if grant.admits(&key) { Ok(key) } else { Err(KeyBlockError::Algorithm) });
        let key = key.map_err(refused)?;
        if new.check_value.as_ref().is_some_and(|value| !check_value::fits(&key, value)) {
            return Err(KeyDownloadError::BadCheckValue { slot: slot(), under: new.under.clone() });
        }
        if key.is_weak() { Err(KeyDownloadError::Weak { slot: slot() }) } else { Ok(key) }
    }
}

fn has_repetition(new: &[NewKey]) -> bool {
    new.iter().enumerate().any(|(place, key)| new.iter().take(place).any(|earlier| earlier.name == key.name))
}
