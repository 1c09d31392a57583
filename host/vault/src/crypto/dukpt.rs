//! Keys that are new for each transaction: DUKPT by ANSI X9.24-1 (triple DES) and X9.24-3 (AES).
//!
//! Protects against: earlier traffic read with a key taken out of the terminal later, once its ancestors are wiped.
//! Does not protect against: a counter used twice; whoever keeps the counter writes it down before the key is used.

use zeroize::Zeroizing;

use super::key::Key;
use super::tdes::{DES_BLOCK_BYTES, DesKey, xor};
use super::wide::{WideCipher, WideKey};

/// Bits of the counter of X9.24-1.
const TDES_COUNTER_BITS: u32 = 21;
/// Most one bits a counter of X9.24-1 has: so many steps from the initial key.
const TDES_MAX_ONES: u32 = 10;
/// Most one bits a counter of X9.24-3 has.
const AES_MAX_ONES: u32 = 16;
/// What is added to a key for its second half (X9.24-1, annex A).
const HALF_MASK: u8 = 0xC0;

/// Every counter has been used: the terminal needs a new initial key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// What a transaction's key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Pin,
    MacRequest,
    MacResponse,
    DataRequest,
    #[expect(dead_code, reason = "no reply is deciphered yet")]
    DataResponse,
}

/// An initial key of either standard, with the serial number it came with.
#[derive(Clone)]
pub(crate) enum InitialKey {
    Tdes(TdesInitial),
    Aes(AesInitial),
}

impl InitialKey {
    /// A key and its serial number: ten bytes under triple DES; under AES twelve, or the eight of the initial key's
    /// identifier. The other thing is the counter in it, below which nothing may be used.
    pub(crate) fn parse(key: &Key, serial: &[u8]) -> Option<(Self, u32)> {
        let counter = |bytes: &[u8]| bytes.last_chunk().copied().map(u32::from_be_bytes);
        match key {
            Key::Des(key) => {
                let serial: [u8; 10] = serial.try_into().ok()?;
                let counter = counter(&serial)? & ((1 << TDES_COUNTER_BITS) - 1);
                Some((Self::Tdes(TdesInitial::new(key.clone(), serial)?), counter))
            }
            Key::Wide(key) => {
                let (id, rest) = serial.split_first_chunk::<8>()?;
                let counter = match rest.len() {
                    0 => 0,
                    4 => counter(rest)?,
                    _ => return None,
                };
                Some((Self::Aes(AesInitial::new(key.clone(), *id)?), counter))
            }
            Key::Hmac(_) | Key::Pair(_) => None,
        }
    }

    /// The counter after this one.
    pub(crate) fn next(&self, last: u32) -> Result<u32, Exhausted> {
        match self {
            Self::Tdes(_) => next_tdes_counter(last),
            Self::Aes(_) => next_aes_counter(last),
        }
    }

    /// The serial number to send with this counter.
    pub(crate) fn serial(&self, counter: u32) -> Vec<u8> {
        match self {
            Self::Tdes(initial) => initial.serial(counter).to_vec(),
            Self::Aes(initial) => initial.serial(counter).to_vec(),
        }
    }

    /// The key of this counter for this purpose.
    pub(crate) fn key(&self, counter: u32, purpose: Purpose) -> Option<Key> {
        match self {
            Self::Tdes(initial) => initial.key(counter, purpose).map(Key::Des),
            Self::Aes(initial) => initial.key(counter, purpose).map(Key::Wide),
        }
    }

    /// The initial key itself, to be kept or compared.
    pub(crate) fn initial(&self) -> Key {
        match self {
            Self::Tdes(initial) => Key::Des(initial.key.clone()),
            Self::Aes(initial) => Key::Wide(initial.key.clone()),
        }
    }
}

/// The next counter of X9.24-1; the first comes after zero.
pub(crate) fn next_tdes_counter(last: u32) -> Result<u32, Exhausted> {
    next_counter(last, TDES_MAX_ONES).ok().filter(|next| *next >> TDES_COUNTER_BITS == 0).ok_or(Exhausted)
}

/// The next counter of X9.24-3; the first comes after zero.
pub(crate) fn next_aes_counter(last: u32) -> Result<u32, Exhausted> {
    next_counter(last, AES_MAX_ONES)
}

/// Passes over counters with too many one bits. Adding the lowest one bit gives the next with fewer: all between keep the
/// higher ones.
fn next_counter(last: u32, max_ones: u32) -> Result<u32, Exhausted> {
    let mut next = last.checked_add(1).ok_or(Exhausted)?;
    while next.count_ones() > max_ones {
        next = next.checked_add(next & next.wrapping_neg()).ok_or(Exhausted)?;
    }
    Ok(next)
}

/// An initial key of X9.24-1 and the serial number it came with, its counter cleared.
#[derive(Clone)]
pub(crate) struct TdesInitial {
    key: DesKey,
    serial: [u8; 10],
}

impl TdesInitial {
    /// Takes a double-length key. The counter in the serial number is not used.
    pub(crate) fn new(key: DesKey, mut serial: [u8; 10]) -> Option<Self> {
        serial[7] &= 0xE0;
        serial[8..].fill(0);
        (key.len() == 16).then_some(Self { key, serial })
    }

    /// The serial number to send with this counter.
    pub(crate) fn serial(&self, counter: u32) -> [u8; 10] {
        let mut serial = self.serial;
        serial.iter_mut().skip(6).zip(counter.to_be_bytes()).for_each(|(to, from)| *to |= from);
        serial
    }

    /// The key of this counter for this purpose.
    pub(crate) fn key(&self, counter: u32, purpose: Purpose) -> Option<DesKey> {
        if counter == 0 || counter >> TDES_COUNTER_BITS != 0 || counter.count_ones() > TDES_MAX_ONES {
            return None;
        }
        let current = self.current(counter)?;
        let place = match purpose {
            Purpose::Pin => 7,
            Purpose::MacRequest => 6,
            Purpose::MacResponse => 4,
            Purpose::DataRequest => 5,
            Purpose::DataResponse => 3,
        };
        let mut bytes = Zeroizing::new(current.reveal().to_vec());
        bytes.iter_mut().skip(place).step_by(DES_BLOCK_BYTES).for_each(|byte| *byte ^= 0xFF);
        let variant = DesKey::new(bytes)?;
        match purpose {
            Purpose::DataRequest | Purpose::DataResponse => {
                let schedule = variant.schedule();
                let halves = variant.reveal().as_chunks().0.iter().flat_map(|half| schedule.encrypt(*half));
                DesKey::new(Zeroizing::new(halves.collect()))
            }
            _ => Some(variant),
        }
    }

    fn current(&self, counter: u32) -> Option<DesKey> {
        let (mut key, mut reached) = (self.key.clone(), 0);
        for bit in (0..TDES_COUNTER_BITS).rev().map(|place| 1 << place).filter(|bit| counter & bit != 0) {
            reached |= bit;
            let register = *self.serial(reached).last_chunk()?;
            let mut halves = Zeroizing::new(Vec::with_capacity(16));
            halves.extend(half(&key.masked(HALF_MASK)?, register)?);
            halves.extend(half(&key, register)?);
            key = DesKey::new(halves)?;
        }
        Some(key)
    }
}

/// The register, enciphered under the left half between two additions of the right one.
fn half(key: &DesKey, register: [u8; DES_BLOCK_BYTES]) -> Option<[u8; DES_BLOCK_BYTES]> {
    let (left, right) = key.halves()?;
    let right = *right.reveal().first_chunk()?;
    Some(xor(left.schedule().encrypt(xor(register, right)), right))
}

impl DesKey {
    /// The mask on the first four bytes of each half.
    fn masked(&self, mask: u8) -> Option<Self> {
        let mut bytes = Zeroizing::new(self.reveal().to_vec());
        bytes.chunks_mut(DES_BLOCK_BYTES).for_each(|half| half.iter_mut().take(4).for_each(|byte| *byte ^= mask));
        Self::new(bytes)
    }
}

/// An initial key of X9.24-3 and its identifier.
#[derive(Clone)]
pub(crate) struct AesInitial {
    key: WideKey,
    id: [u8; 8],
}

impl AesInitial {
    pub(crate) fn new(key: WideKey, id: [u8; 8]) -> Option<Self> {
        (key.cipher() == WideCipher::Aes).then_some(Self { key, id })
    }

    /// The serial number to send with this counter.
    pub(crate) fn serial(&self, counter: u32) -> [u8; 12] {
        let mut serial = [0; 12];
        serial.iter_mut().zip(self.id.into_iter().chain(counter.to_be_bytes())).for_each(|(to, from)| *to = from);
        serial
    }

    /// The AES-128 key of this counter for this purpose.
    pub(crate) fn key(&self, counter: u32, purpose: Purpose) -> Option<WideKey> {
        if counter == 0 || counter.count_ones() > AES_MAX_ONES {
            return None;
        }
        let usage = match purpose {
            Purpose::Pin => 0x1000,
            Purpose::MacRequest => 0x2000,
            Purpose::MacResponse => 0x2001,
            Purpose::DataRequest => 0x3000,
            Purpose::DataResponse => 0x3001,
        };
        let (mut key, mut reached) = (self.key.clone(), 0);
        for bit in (0..u32::BITS).rev().map(|place| 1 << place).filter(|bit| counter & bit != 0) {
            reached |= bit;
            key = derived(&key, 0x8000, key.reveal().len(), self.context(reached))?;
        }
        derived(&key, usage, 16, self.context(counter))
    }

    fn context(&self, counter: u32) -> [u8; 8] {
        *self.serial(counter).last_chunk().unwrap_or(&[0; 8])
    }
}

/// A key of 16 or 32 bytes from its parent.
fn derived(parent: &WideKey, usage: u16, bytes: usize, context: [u8; 8]) -> Option<WideKey> {
    let algorithm: u16 = if bytes == 16 { 2 } else { 4 };
    let bits = u16::try_from(8 * bytes).ok()?;
    let schedule = parent.schedule();
    let mut key = Zeroizing::new(Vec::with_capacity(bytes));
    for counter in (1_u8..).take(bytes / 16) {
        let mut data = [0; 16];
        let head = [usage, algorithm, bits].into_iter().flat_map(u16::to_be_bytes);
        data.iter_mut().zip([1, counter].into_iter().chain(head).chain(context)).for_each(|(to, from)| *to = from);
        key.extend(schedule.encrypt(data));
    }
    WideKey::new(WideCipher::Aes, key)
}

#[cfg(test)]
#[path = "dukpt_tests.rs"]
mod tests;
