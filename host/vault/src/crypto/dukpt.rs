//! Keys that are new for each transaction: DUKPT by ANSI X9.24-1 (triple DES) and X9.24-3 (AES).
//!
//! Protects against: earlier traffic read with a key taken out of the terminal later, once its ancestors are wiped.
//! Does not protect against: a counter used twice; whoever keeps the counter writes it down before the key is used.

use zeroize::Zeroizing;

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
    DataResponse,
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
mod tests {
    use super::*;
    use crate::crypto::tdes::key;
    use crate::crypto::wide::wide;

    fn tdes() -> TdesInitial {
        let serial = hex::decode("FFFF9876543210E00000").unwrap().try_into().unwrap();
        TdesInitial::new(key("6AC292FAA1315B4D858AB3A3D7D5933A"), serial).unwrap()
    }

    fn aes() -> AesInitial {
        let id: [u8; 8] = hex::decode("1234567890123456").unwrap().try_into().unwrap();
        let base = wide(WideCipher::Aes, "FEDCBA9876543210F1F1F1F1F1F1F1F1");
        let initial = derived(&base, 0x8001, 16, id).unwrap();
        assert_eq!(hex::encode_upper(initial.reveal()), "1273671EA26AC29AFA4D1084127652A1");
        AesInitial::new(initial, id).unwrap()
    }

    /// protocols: E.1.
    #[test]
    fn keys_of_x924_part_1() {
        let initial = tdes();
        for (counter, purpose, expected) in [
            (1, Purpose::Pin, "042666B49184CF5C68DE9628D0397B36"),
            (2, Purpose::Pin, "C46551CEF9FD244FAA9AD834130D3B38"),
            (3, Purpose::Pin, "0DF3D9422ACA561A47676D07AD6BAD05"),
            (8, Purpose::Pin, "27F66D5244FF621EAA6F6120EDEB427F"),
            (0xFF800, Purpose::Pin, "F9CDFEBF4F5B1D61B3EC12454527E189"),
            (1, Purpose::MacRequest, "042666B4918430A368DE9628D03984C9"),
            (1, Purpose::MacResponse, "042666B46E84CFA368DE96282F397BC9"),
            (1, Purpose::DataRequest, "448D3F076D8304036A55A3D7E0055A78"),
        ] {
            let made = initial.key(counter, purpose).unwrap();
            assert_eq!(hex::encode_upper(made.reveal()), expected, "{counter}, {purpose:?}");
        }
        assert_eq!(hex::encode_upper(initial.serial(0xFF800)), "FFFF9876543210EFF800");
        for refused in [0, 0x7FF, 1 << 21] {
            assert!(initial.key(refused, Purpose::Pin).is_none(), "{refused:X}");
        }
    }

    /// protocols: E.2.
    #[test]
    fn keys_of_x924_part_3() {
        let initial = aes();
        for (counter, pin, mac, data) in [
            (
                1,
                "AF8CB133A78F8DC2D1359F18527593FB",
                "A2DC23DE6FDE0824A2BC321E08E4B8B7",
                "A35C412EFD41FDB98B69797C02DCD08F",
            ),
            (
                3,
                "7D69F01F3B45449F62C7816ECE723268",
                "A5DF7D9D800CA769766F0C77CA4E6E6C",
                "EF17F6AB45B4820C93A3DCB21BC491AD",
            ),
            (
                8_675_309,
                "D1DDA386AA4A556AF0119FDCB5D132C6",
                "89365C7970950CAC0A6261FFC7DB26C6",
                "B1E4D9006A87DD08D87F11A124D35517",
            ),
        ] {
            let made = |purpose| hex::encode_upper(initial.key(counter, purpose).unwrap().reveal());
            assert_eq!([made(Purpose::Pin), made(Purpose::MacRequest), made(Purpose::DataRequest)], [pin, mac, data]);
        }
        assert_eq!(hex::encode(initial.serial(1)), "123456789012345600000001");
        assert!(initial.key(0x1_FFFF, Purpose::Pin).is_none());
    }

    /// The whole life of a triple DES key: as many counters as the standard counts, then none.
    #[test]
    fn counters_pass_over_too_many_ones_and_end() {
        assert_eq!(next_tdes_counter(0), Ok(1));
        assert_eq!(next_tdes_counter(0x7FE), Ok(0x800), "eleven ones are passed over");
        let (mut counter, mut used) = (0, 0);
        while let Ok(next) = next_tdes_counter(counter) {
            assert!(next > counter && next.count_ones() <= 10);
            (counter, used) = (next, used + 1);
        }
        assert_eq!((counter, used), (0x1F_F800, (1 << 20) - 1));
        assert_eq!(next_aes_counter(0xFFFE), Ok(0xFFFF));
        assert_eq!(next_aes_counter(0x1_FFFE), Ok(0x2_0000));
        assert_eq!(next_aes_counter(0xFFFF_0000), Err(Exhausted));
        assert_eq!(next_aes_counter(u32::MAX), Err(Exhausted));
    }
}
