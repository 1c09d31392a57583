//! Slots whose key is new for each message (DUKPT): initial keys, their serial numbers, and counters that never go back.
//!
//! Protects against: one key used for two messages, over power cuts too. A block of counters is written down as used
//! before the first of them is; what is left of it at a start is passed over. An initial key loaded again does not begin
//! anew either, nor does an older copy of the key file that is put back (`marks.rs`).
//! Does not protect against: older copies of that file and of the key file together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::contract::acquirer::{KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::template::Node;
use engine::contract::types::Name;

use super::clear::ClearKey;
use super::file::KeyFileError;
use super::grant::{GrantError, SlotError, SlotGrant, fitting_lengths};
use super::ring::{KeyRing, Place, TransportKeyError, place};
use crate::crypto::dukpt::{Exhausted, InitialKey, Purpose};
use crate::crypto::key::Key;
use crate::crypto::key_block;

/// Counters written down as used at once: a write to the disk for every so many messages, and as many lost at a start of
/// the million that a triple DES key has.
const BLOCK_COUNTERS: usize = 32;
/// Counters left to what takes money back or asks after it once payments are refused: more tries than any debt has.
pub(crate) const KEPT_FOR_UNDO_COUNTERS: usize = 1_000;
/// Most serial numbers remembered of initial keys that were replaced; the oldest is forgotten first.
const MAX_RETIRED: usize = 256;

/// The initial keys, as the key file keeps them.
#[derive(Clone, Default)]
pub(crate) struct DukptKeys {
    pub(super) keys: BTreeMap<Place, DukptKey>,
    /// The last serial numbers of initial keys that others have replaced.
    pub(super) retired: Vec<Vec<u8>>,
}

/// An initial key, what it was loaded for, and where its counter stands.
#[derive(Clone)]
pub(crate) struct DukptKey {
    pub(super) key: Arc<InitialKey>,
    pub(super) key_use: KeyUse,
    /// No counter up to this one is used again.
    pub(super) used: u32,
}

/// What is known of counters: durably, and of this run.
#[derive(Default)]
pub(super) struct Counters {
    kept: DukptKeys,
    /// The last one taken of each key, of the block that is written down.
    taken: BTreeMap<Place, u32>,
}

/// How a rendering counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// It leaves, and takes money or begins something: some counters must be left after it.
    LeavingSome,
    /// It leaves.
    ToTheLast,
    /// It is a trial that never leaves, and takes no counter.
    Trial,
}

/// The counter each DUKPT slot has for one message, and for its answer.
#[derive(Clone, Default)]
pub(crate) struct Turns(BTreeMap<Name, Turn>);

#[derive(Clone)]
struct Turn {
    key: Arc<InitialKey>,
    counter: u32,
}

impl Turns {
    /// The key this message has of the slot for this purpose.
    pub(crate) fn key(&self, slot: &str, purpose: Purpose) -> Option<Key> {
        self.0.get(slot).and_then(|turn| turn.key.key(turn.counter, purpose))
    }

    /// The serial number that goes with it.
    pub(crate) fn serial(&self, slot: &str) -> Option<Vec<u8>> {
        self.0.get(slot).map(|turn| turn.key.serial(turn.counter))
    }
}

impl SlotGrant {
    /// Its keys are derived, a new one for each message.
    pub(crate) fn is_dukpt(&self) -> bool {
        matches!(self.scheme, KeyScheme::DukptTdes | KeyScheme::DukptAes)
    }

    /// Refuses a scheme that does not go with the algorithms or the use: what is derived is a double-length triple DES
    /// key, or an AES key of sixteen bytes.
    pub(super) fn check_scheme(&self, plugin: &str) -> Result<(), GrantError> {
        let (initial, derived): (&[KeyAlgorithm], _) = match self.scheme {
            KeyScheme::Fixed | KeyScheme::Session => return Ok(()),
            KeyScheme::DukptTdes => (&[KeyAlgorithm::Tdes], KeyAlgorithm::Tdes),
            KeyScheme::DukptAes => (&[KeyAlgorithm::Aes128, KeyAlgorithm::Aes256], KeyAlgorithm::Aes128),
        };
        let is_initial = self.algorithms.iter().all(|algorithm| initial.contains(algorithm));
        if is_initial && self.key_use != KeyUse::Transport && fitting_lengths(&self.key_use, derived).contains(&16) {
            return Ok(());
        }
        let (plugin, slot) = (plugin.to_owned(), self.slot.clone());
        Err(GrantError::Scheme { plugin, slot, scheme: self.scheme, key_use: self.key_use.clone() })
    }
}

impl DukptKeys {
    /// Refuses a deployment that would put a key to another use, or count it no more.
    pub(super) fn check(&self, granted: &BTreeMap<Place, SlotGrant>) -> Result<(), GrantError> {
        for (at, known) in &self.keys {
            let Some(grant) = granted.get(at) else { continue };
            let (plugin, slot) = at.clone();
            if !grant.is_dukpt() {
                return Err(GrantError::OtherScheme { plugin, slot });
            }
            if known.key_use != grant.key_use {
                let (was, granted) = (known.key_use.clone(), grant.key_use.clone());
                return Err(GrantError::OtherUse { plugin, slot, was, granted });
            }
            let holds = known.key.initial().algorithm();
            if !grant.algorithms.contains(&holds) {
                return Err(GrantError::Changed { plugin, slot, holds });
            }
        }
        Ok(())
    }

    /// With this key in this place. A serial number that was used up to a counter does not come back below it.
    fn with(&self, at: Place, new: DukptKey) -> Result<Self, TransportKeyError> {
        let mut all = self.clone();
        let serial = new.key.serial(0);
        let held = self.keys.get(&at).map(|known| known.key.serial(known.used));
        let known = self.retired.iter().chain(&held).filter(|known| is_of_line(known, &serial));
        if known.map(|known| counter_of(known)).max().is_some_and(|used| new.used < used) {
            return Err(TransportKeyError::Replayed { slot: at.1 });
        }
        held.filter(|held| !is_of_line(held, &serial)).into_iter().for_each(|held| all.retire(held));
        all.keys.insert(at, new);
        Ok(all)
    }

    /// Remembers a serial number whose initial key is in no slot any more; of one initial key the highest.
    pub(super) fn retire(&mut self, serial: Vec<u8>) {
        let (same, others) = self.retired.drain(..).partition::<Vec<_>, _>(|known| is_of_line(known, &serial));
        self.retired = others;
        self.retired.extend(same.into_iter().chain([serial]).max_by_key(|known| counter_of(known)));
        let forgotten = self.retired.len().saturating_sub(MAX_RETIRED);
        self.retired.drain(..forgotten);
    }
}

/// Both serial numbers are of one initial key: they differ in the counter alone.
pub(super) fn is_of_line(one: &[u8], other: &[u8]) -> bool {
    let line = |serial: &[u8]| {
        let mut line = serial.to_vec();
        let counter = counter_of(serial).to_be_bytes();
        line.iter_mut().rev().zip(counter.into_iter().rev()).for_each(|(byte, counted)| *byte ^= counted);
        line
    };
    line(one) == line(other)
}

/// The counter in a serial number: the last 21 bits of ten bytes, the last 32 of twelve.
pub(super) fn counter_of(serial: &[u8]) -> u32 {
    let last = serial.last_chunk().copied().map_or(0, u32::from_be_bytes);
    if serial.len() == 10 { last & 0x1F_FFFF } else { last }
}

impl KeyRing {
    /// The initial keys as they would be with this one, which a person entered; the ring stays as it is until they are
    /// kept.
    pub(crate) fn with_initial(
        &self,
        plugin: &str,
        slot: &str,
        (key, expected): (ClearKey, &[u8]),
        serial: &[u8],
    ) -> Result<DukptKeys, TransportKeyError> {
        let grant = self.dukpt_grant(plugin, slot)?;
        let key = self.checked(plugin, grant, key, expected)?;
        self.with_initial_key(plugin, grant, &key, serial)
    }

    /// The same of a key block under a transport key. Its MAC takes the place of a check value, and the serial number is
    /// in it where none is given.
    pub(crate) fn with_initial_block(
        &self,
        plugin: &str,
        slot: &str,
        (block, under): (&[u8], &str),
        serial: Option<&[u8]>,
    ) -> Result<DukptKeys, TransportKeyError> {
        let grant = self.dukpt_grant(plugin, slot)?;
        let transport = self.transport_key(plugin, under)?;
        let refused = |why| TransportKeyError::KeyBlock { slot: slot.to_owned(), why };
        let opened = key_block::open(block, transport).and_then(key_block::OpenedBlock::initial_key);
        let (key, own_serial) = opened.map_err(refused)?;
        if !grant.algorithms.contains(&key.algorithm()) {
            return Err(refused(key_block::KeyBlockError::Algorithm));
        }
        self.check_free(plugin, slot, &key)?;
        let serial = serial.map(<[u8]>::to_vec).or(own_serial);
        self.with_initial_key(plugin, grant, &key, &serial.unwrap_or_default())
    }

    /// Takes the kept initial keys over.
    pub(crate) fn take_initial(&mut self, plugin: &str, slot: &str, keys: DukptKeys) {
        let at = place(plugin, slot);
        let mut counters = self.counters();
        counters.kept = keys;
        counters.taken.remove(&at);
        drop(counters);
        self.work.remove(&at);
    }

    /// A counter for each DUKPT slot that a message's nodes name, written down by `keep` before it is used.
    pub(crate) fn turns(
        &self,
        plugin: &str,
        nodes: &[Node],
        counting: Counting,
        keep: &dyn Fn(&DukptKeys) -> Result<(), KeyFileError>,
    ) -> Result<Turns, SlotError> {
        let mut turns = Turns::default();
        for slot in nodes.iter().filter_map(slot_of) {
            if !turns.0.contains_key(slot) && self.grant(plugin, slot).is_ok_and(SlotGrant::is_dukpt) {
                let turn = self.counters().take(&place(plugin, slot), counting, keep)?;
                turns.0.extend(turn.map(|turn| (slot.to_owned(), turn)));
            }
        }
        Ok(turns)
    }

    /// The initial keys as they are kept.
    pub(crate) fn dukpt(&self) -> DukptKeys {
        self.counters().kept.clone()
    }

    pub(super) fn counting(keys: DukptKeys) -> Mutex<Counters> {
        Mutex::new(Counters { kept: keys, taken: BTreeMap::new() })
    }

    fn dukpt_grant(&self, plugin: &str, slot: &str) -> Result<&SlotGrant, SlotError> {
        let grant = self.grant(plugin, slot)?;
        if grant.is_dukpt() { Ok(grant) } else { Err(SlotError::NotDukpt { slot: slot.to_owned() }) }
    }

    fn with_initial_key(
        &self,
        plugin: &str,
        grant: &SlotGrant,
        key: &Key,
        serial: &[u8],
    ) -> Result<DukptKeys, TransportKeyError> {
        let slot = || grant.slot.clone();
        let parsed = InitialKey::parse(key, serial);
        let (initial, used) = parsed.ok_or_else(|| TransportKeyError::Serial { slot: slot() })?;
        let new = DukptKey { key: Arc::new(initial), key_use: grant.key_use.clone(), used };
        self.counters().kept.with(place(plugin, &grant.slot), new)
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        // Whoever panicked had either taken a counter whole or not at all.
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// The next counter of a key; `None` where no key is loaded.
    fn take(
        &mut self,
        at: &Place,
        counting: Counting,
        keep: &dyn Fn(&DukptKeys) -> Result<(), KeyFileError>,
    ) -> Result<Option<Turn>, SlotError> {
        let slot = || at.1.clone();
        let Some(known) = self.kept.keys.get(at) else { return Ok(None) };
        let key = Arc::clone(&known.key);
        let last = self.taken.get(at).copied().unwrap_or(known.used);
        let counter = key.next(last).map_err(|Exhausted| SlotError::Exhausted { slot: slot() })?;
        if counting == Counting::LeavingSome && after(&key, counter, KEPT_FOR_UNDO_COUNTERS).1 < KEPT_FOR_UNDO_COUNTERS
        {
            return Err(SlotError::NearlyExhausted { slot: slot() });
        }
        if counting == Counting::Trial {
            return Ok(Some(Turn { key, counter }));
        }
        if counter > known.used {
            let mut kept = self.kept.clone();
            if let Some(known) = kept.keys.get_mut(at) {
                known.used = after(&key, counter, BLOCK_COUNTERS - 1).0;
            }
            keep(&kept).map_err(|why| SlotError::NotWrittenDown { slot: slot(), why: why.to_string() })?;
            self.kept = kept;
        }
        self.taken.insert(at.clone(), counter);
        Ok(Some(Turn { key, counter }))
    }
}

/// The counter so many steps after this one, or the last there is; and how many steps that was.
fn after(key: &InitialKey, counter: u32, steps: usize) -> (u32, usize) {
    let mut reached = counter;
    for step in 0..steps {
        match key.next(reached) {
            Ok(next) => reached = next,
            Err(Exhausted) => return (reached, step),
        }
    }
    (reached, steps)
}

/// The key slot a node names.
fn slot_of(node: &Node) -> Option<&str> {
    match node {
        Node::PinBlock(slot) => Some(slot),
        Node::Track(hole) => Some(&hole.key),
        Node::KeySerial(hole) => Some(&hole.key),
        Node::Mac(hole) => Some(&hole.key),
        Node::Cipher(hole) => Some(&hole.key),
        _ => None,
    }
}

#[cfg(test)]
#[path = "dukpt_tests.rs"]
mod tests;
