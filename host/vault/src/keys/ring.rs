//! The keys in memory, and who may use them for what.
//!
//! Protects against: a slot used for anything but its grant; one key in two slots, where the harmless use of the one
//! would open the other.
//! Does not protect against: someone who reads this process's memory. Work keys live nowhere else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;

use engine::contract::acquirer::KeyUse;
use engine::contract::template::{CipherAlgorithm, MacAlgorithm, PinFormat, SignatureAlgorithm, TrackProtection};
use engine::contract::types::Name;
use thiserror::Error;

use super::clear::ClearKey;
use super::dukpt::{Counters, DukptKeys, Turns};
use super::fixed::FixedKeys;
use super::grant::{GrantError, PluginGrant, SlotError, SlotGrant};
use crate::crypto::dukpt::Purpose;
use crate::crypto::key::Key;
use crate::crypto::key_block::KeyBlockError;
use crate::crypto::signature::PairKey;

/// A slot of a plugin.
pub(crate) type Place = (Name, Name);

/// Transport keys by place, as the key file keeps them.
pub(crate) type TransportKeys = BTreeMap<Place, Key>;

/// Why a key that a person brings was not taken. Nothing has changed.
#[derive(Debug, Error)]
pub enum TransportKeyError {
    /// Not such a slot.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// Typed wrongly, or not this key.
    #[error("the key for slot {slot} does not give the check value entered with it; enter both again")]
    CheckValue {
        /// Which slot.
        slot: Name,
    },
    /// Two plugins, or two slots, with one key.
    #[error("the key for slot {slot} is already in another slot; ask the acquirer for a key of its own")]
    Reused {
        /// Which slot.
        slot: Name,
    },
    /// Anybody has it.
    #[error(
        "the key for slot {slot} is published ({printed}), and this is a production terminal: ask the acquirer for a key \
         of its own"
    )]
    Published {
        /// Which slot.
        slot: Name,
        /// Where it is printed.
        printed: &'static str,
    },
    /// The grant does not admit a key of this length.
    #[error("the key for slot {slot} has {bytes} bytes, which its grant does not admit")]
    Length {
        /// Which slot.
        slot: Name,
        /// How long the key is.
        bytes: usize,
    },
    /// Half of a pair is not typed.
    #[error("key slot {slot} holds half of a key pair, which is loaded from its file with --pem")]
    OfPair {
        /// Which slot.
        slot: Name,
    },
    /// The half or the algorithm is not what the slot is for.
    #[error("the key for slot {slot} is {what}, and the slot is granted {granted:?}")]
    OtherHalf {
        /// Which slot.
        slot: Name,
        /// Algorithm and half.
        what: String,
        /// What the slot does.
        granted: KeyUse,
    },
    /// Somebody else's key, or none was compared.
    #[error(
        "the key for slot {slot} does not have the fingerprint given with it, or too little of one was given: compare the \
         SHA-256 of the public half with its owner, eight bytes at least"
    )]
    Fingerprint {
        /// Which slot.
        slot: Name,
    },
    /// A DUKPT slot needs the serial number that came with the key.
    #[error(
        "key slot {slot} is a DUKPT slot: its key comes with a key serial number, given with --serial in hexadecimal: 20 \
         digits for a tdes key of 16 bytes; 24 for an aes one, or the 16 of its initial key identifier"
    )]
    Serial {
        /// Which slot.
        slot: Name,
    },
    /// Its counter would go back.
    #[error(
        "the initial key for slot {slot} was loaded before, and keys up to a later counter than the serial number says have \
         been used: ask the acquirer for a new initial key"
    )]
    Replayed {
        /// Which slot.
        slot: Name,
    },
    /// A key block that is not opened, or holds no initial key.
    #[error("the key block for slot {slot}: {why}")]
    KeyBlock {
        /// Which slot.
        slot: Name,
        /// What is wrong with it.
        why: KeyBlockError,
    },
    /// Not kept.
    #[error(transparent)]
    Storage(#[from] super::file::KeyFileError),
}

/// A work key and the transport slot it came under.
pub(super) struct WorkKey {
    pub(super) key: Key,
    pub(super) under: Name,
}

/// Every slot granted, and the keys in them.
pub(crate) struct KeyRing {
    pub(super) grants: BTreeMap<Place, SlotGrant>,
    pub(super) transport: TransportKeys,
    pub(super) fixed: FixedKeys,
    pub(super) work: BTreeMap<Place, WorkKey>,
    pub(super) counters: Mutex<Counters>,
    /// Keys that stand printed somewhere are not taken.
    pub(super) refuses_published: bool,
}

impl KeyRing {
    /// A ring without work keys.
    pub(crate) fn new(
        grants: &[PluginGrant],
        transport: TransportKeys,
        fixed: FixedKeys,
        dukpt: DukptKeys,
    ) -> Result<Self, GrantError> {
        let mut slots = BTreeMap::new();
        for PluginGrant { plugin, slots: granted } in grants {
            for grant in granted {
                grant.check(plugin)?;
                if slots.insert((plugin.clone(), grant.slot.clone()), grant.clone()).is_some() {
                    return Err(GrantError::Twice { plugin: plugin.clone(), slot: grant.slot.clone() });
                }
            }
        }
        for ((plugin, slot), key) in &transport {
            let granted = slots.get(&place(plugin, slot));
            if granted.is_some_and(|grant| grant.key_use == KeyUse::Transport && !grant.admits(key)) {
                let (plugin, slot, holds) = (plugin.clone(), slot.clone(), key.algorithm());
                return Err(GrantError::Changed { plugin, slot, holds });
            }
        }
        for (place, key) in &fixed {
            slots.get(place).map_or(Ok(()), |grant: &SlotGrant| key.check(&place.0, grant))?;
        }
        dukpt.check(&slots)?;
        let (work, counters) = (BTreeMap::new(), Self::counting(dukpt));
        Ok(Self { grants: slots, transport, fixed, work, counters, refuses_published: false })
    }

    /// What people loaded, to be kept beside a new one.
    pub(crate) fn transport(&self) -> &TransportKeys {
        &self.transport
    }

    /// The same of fixed keys.
    pub(crate) fn fixed(&self) -> &FixedKeys {
        &self.fixed
    }

    /// The key of a MAC slot, to seal a message or to check its answer.
    pub(crate) fn mac_key(
        &self,
        plugin: &str,
        slot: &str,
        algorithm: MacAlgorithm,
        (turns, purpose): (&Turns, Purpose),
    ) -> Result<Cow<'_, Key>, SlotError> {
        let grant = self.granted(plugin, slot, &KeyUse::Mac(algorithm))?;
        self.work_key(plugin, grant, turns, purpose)
    }

    /// The key of a PIN slot, and the format of the block it makes.
    pub(crate) fn pin_key(
        &self,
        plugin: &str,
        slot: &str,
        turns: &Turns,
    ) -> Result<(Cow<'_, Key>, PinFormat), SlotError> {
        let asked = KeyUse::Pin(PinFormat::Iso0);
        let grant = self.grant(plugin, slot)?;
        match &grant.key_use {
            KeyUse::Pin(format) => Ok((self.work_key(plugin, grant, turns, Purpose::Pin)?, *format)),
            granted => Err(SlotError::WrongUse { slot: slot.to_owned(), asked, granted: granted.clone() }),
        }
    }

    /// The key of a slot for tracks under this protection.
    pub(crate) fn track_key(
        &self,
        plugin: &str,
        slot: &str,
        protection: TrackProtection,
        turns: &Turns,
    ) -> Result<Cow<'_, Key>, SlotError> {
        let grant = self.granted(plugin, slot, &KeyUse::Track(protection))?;
        self.work_key(plugin, grant, turns, Purpose::DataRequest)
    }

    /// The key of a slot for data under this cipher.
    pub(crate) fn data_key(
        &self,
        plugin: &str,
        slot: &str,
        cipher: CipherAlgorithm,
        turns: &Turns,
    ) -> Result<Cow<'_, Key>, SlotError> {
        let grant = self.granted(plugin, slot, &KeyUse::Data(cipher))?;
        self.work_key(plugin, grant, turns, Purpose::DataRequest)
    }

    /// The private half in a slot that signs so.
    pub(crate) fn signing_key(
        &self,
        plugin: &str,
        slot: &str,
        made: SignatureAlgorithm,
    ) -> Result<&PairKey, SlotError> {
        self.granted(plugin, slot, &KeyUse::Sign(made))?;
        self.half(plugin, slot)
    }

    /// The public half in a slot that checks such signatures.
    pub(crate) fn verifying_key(
        &self,
        plugin: &str,
        slot: &str,
        made: SignatureAlgorithm,
    ) -> Result<&PairKey, SlotError> {
        self.granted(plugin, slot, &KeyUse::Verify(made))?;
        self.half(plugin, slot)
    }

    /// The serial number a message sends with the key it has of a DUKPT slot.
    pub(crate) fn serial(&self, plugin: &str, slot: &str, turns: &Turns) -> Result<Vec<u8>, SlotError> {
        if !self.grant(plugin, slot)?.is_dukpt() {
            return Err(SlotError::NotDukpt { slot: slot.to_owned() });
        }
        turns.serial(slot).ok_or_else(|| SlotError::Empty { slot: slot.to_owned() })
    }

    /// The key other keys of this plugin come under.
    pub(super) fn transport_key(&self, plugin: &str, slot: &str) -> Result<&Key, SlotError> {
        self.granted(plugin, slot, &KeyUse::Transport)?;
        self.transport.get(&place(plugin, slot)).ok_or_else(|| SlotError::Empty { slot: slot.to_owned() })
    }

    /// The transport keys as they would be with this one; the ring itself stays as it is until they are kept.
    pub(crate) fn with_transport(
        &self,
        plugin: &str,
        slot: &str,
        key: ClearKey,
        expected: &[u8],
    ) -> Result<TransportKeys, TransportKeyError> {
        let grant = self.granted(plugin, slot, &KeyUse::Transport)?;
        let key = self.checked(plugin, grant, key, expected)?;
        let mut keys = self.transport.clone();
        keys.insert(place(plugin, slot), key);
        Ok(keys)
    }

    /// Takes the kept transport keys over. Work keys that came under the one just replaced are gone with it.
    pub(crate) fn take_transport(&mut self, plugin: &str, slot: &str, keys: TransportKeys) {
        self.transport = keys;
        self.drop_under(plugin, slot);
    }

    /// Empties these slots of their work keys.
    pub(crate) fn drop_keys(&mut self, plugin: &str, slots: &[Name]) {
        self.work.retain(|(owner, slot), _| owner != plugin || !slots.contains(slot));
    }

    /// Empties every slot whose key came under this transport slot.
    pub(crate) fn drop_under(&mut self, plugin: &str, transport: &str) {
        self.work.retain(|(owner, _), work| owner != plugin || work.under != transport);
    }

    /// Slots of this plugin that hold a checked key.
    pub(crate) fn checked_slots(&self, plugin: &str) -> Vec<Name> {
        let dukpt = self.dukpt();
        let holds = |place: &&Place| {
            let is_loaded = self.fixed.contains_key(*place) || self.transport.contains_key(*place);
            is_loaded || self.work.contains_key(*place) || dukpt.keys.contains_key(*place)
        };
        self.grants.keys().filter(|(owner, _)| owner == plugin).filter(holds).map(|(_, slot)| slot.clone()).collect()
    }

    /// The same key is in a slot that is not excepted.
    pub(super) fn is_held_elsewhere(&self, key: &Key, is_excepted: impl Fn(&Place) -> bool) -> bool {
        let work = self.work.iter().map(|(place, work)| (place, &work.key));
        let fixed = self.fixed.iter().map(|(place, fixed)| (place, &fixed.key));
        let is_initial =
            |(place, held): (&Place, &super::dukpt::DukptKey)| !is_excepted(place) && held.key.initial().is_like(key);
        self.transport.iter().chain(work).chain(fixed).any(|(place, held)| !is_excepted(place) && held.is_like(key))
            || self.dukpt().keys.iter().any(is_initial)
    }

    pub(crate) fn grant(&self, plugin: &str, slot: &str) -> Result<&SlotGrant, SlotError> {
        let unknown = || SlotError::Unknown { plugin: plugin.to_owned(), slot: slot.to_owned() };
        self.grants.get(&place(plugin, slot)).ok_or_else(unknown)
    }

    fn granted(&self, plugin: &str, slot: &str, asked: &KeyUse) -> Result<&SlotGrant, SlotError> {
        let grant = self.grant(plugin, slot)?;
        if grant.key_use == *asked {
            return Ok(grant);
        }
        let (slot, granted) = (slot.to_owned(), grant.key_use.clone());
        Err(SlotError::WrongUse { slot, asked: asked.clone(), granted })
    }

    /// Halves are loaded by a person, never downloaded.
    pub(super) fn half(&self, plugin: &str, slot: &str) -> Result<&PairKey, SlotError> {
        let half = self.fixed.get(&place(plugin, slot)).and_then(|fixed| fixed.key.pair());
        half.ok_or_else(|| SlotError::Empty { slot: slot.to_owned() })
    }

    fn work_key(
        &self,
        plugin: &str,
        grant: &SlotGrant,
        turns: &Turns,
        purpose: Purpose,
    ) -> Result<Cow<'_, Key>, SlotError> {
        let place = place(plugin, &grant.slot);
        let slot = || grant.slot.clone();
        if grant.is_dukpt() {
            let none = || match self.dukpt().keys.contains_key(&place) {
                true => SlotError::NoTurn { slot: slot() },
                false => SlotError::Empty { slot: slot() },
            };
            return turns.key(&grant.slot, purpose).map(Cow::Owned).ok_or_else(none);
        }
        let fixed = || self.fixed.get(&place).map(|fixed| &fixed.key);
        let key = self.work.get(&place).map(|work| &work.key).or_else(fixed);
        key.map(Cow::Borrowed).ok_or_else(|| SlotError::Empty { slot: slot() })
    }
}

pub(super) fn place(plugin: &str, slot: &str) -> Place {
    (plugin.to_owned(), slot.to_owned())
}
