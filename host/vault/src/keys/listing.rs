//! What may be shown of the keys: where they are, what they do and their check values.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::types::Name;

use super::clear::ClearKey;
use super::grant::SlotGrant;
use super::ring::{KeyRing, TransportKeyError, place};
use crate::crypto::check_value::{self, MIN_CHECK_VALUE_BYTES};
use crate::crypto::key::Key;

/// A slot, and what is known of the key that a person loaded into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// What it is for.
    pub grant: SlotGrant,
    /// The loaded key's algorithm and the first three bytes of its check value. Of half of a pair those of its fingerprint.
    pub loaded: Option<(KeyAlgorithm, [u8; MIN_CHECK_VALUE_BYTES])>,
    /// The serial number of an initial key, with the counter up to which keys are used.
    pub serial: Option<Vec<u8>>,
}

impl KeyRing {
    pub(crate) fn slots(&self, plugin: &str) -> Vec<SlotState> {
        let dukpt = self.dukpt();
        let states = self.grants.iter().filter(|((owner, _), _)| owner == plugin).map(|(at, grant)| {
            let initial = dukpt.keys.get(at);
            let derived = initial.map(|known| known.key.initial());
            let loaded = self.transport.get(at).or_else(|| self.fixed.get(at).map(|fixed| &fixed.key));
            let loaded = loaded.or(derived.as_ref()).map(|key| (key.algorithm(), first(key)));
            let serial = initial.map(|known| known.key.serial(known.used));
            SlotState { grant: grant.clone(), loaded, serial }
        });
        states.collect()
    }

    /// The first bytes of the check value this key would have in the slot.
    pub(crate) fn check_value_of(
        &self,
        plugin: &str,
        slot: &str,
        ClearKey(bytes): ClearKey,
    ) -> Result<[u8; MIN_CHECK_VALUE_BYTES], TransportKeyError> {
        let length = bytes.len();
        let key = self.grant(plugin, slot)?.key_of(bytes);
        let slot: Name = place(plugin, slot).1;
        Ok(first(&key.ok_or(TransportKeyError::Length { slot, bytes: length })?))
    }
}

fn first(key: &Key) -> [u8; MIN_CHECK_VALUE_BYTES] {
    check_value::whole(key).first_chunk().copied().unwrap_or_default()
}
