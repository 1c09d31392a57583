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
            Key::Hmac(_) => None,
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
mod tests {
    use engine::contract::template::PinFormat;
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::pin_block;
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

    /// protocols: E.2, the counters in between; E.3, format 4 under the first of these keys.
    #[test]
    fn more_keys_of_x924_part_3_and_a_pin_block_under_one() {
        let initial = aes();
        for (counter, pin, mac, data) in [
            (
                2,
                "D30BDC73EC9714B000BEC66BDB7B6D09",
                "484C3B06E8562704528CD5B46FB12FB6",
                "D639514AA33AC43AD9229E433D6D4E5B",
            ),
            (
                4,
                "91A0588318EC2673214271F70137896E",
                "E6E4679647D8A9057C1FC15537CB4C4E",
                "B3BD44C08BB6BA27C3BB4711D7D70387",
            ),
        ] {
            let made = |purpose| hex::encode_upper(initial.key(counter, purpose).unwrap().reveal());
            assert_eq!([made(Purpose::Pin), made(Purpose::MacRequest), made(Purpose::DataRequest)], [pin, mac, data]);
        }
        let key = Key::Wide(initial.key(1, Purpose::Pin).unwrap());
        let (pin, pan) = (crate::Pin::parse("1234").unwrap(), crate::Pan::parse("4111111111111111").unwrap());
        let mut filling = pin_block::Filling::default();
        hex::decode_to_slice("2F69ADDE2E9E7ACE", &mut filling[..8]).unwrap();
        let block = pin_block::make(PinFormat::Iso4, &key, &pin, &pan, &filling).unwrap();
        assert_eq!(hex::encode_upper(block), "A912150391AB65A67E52883D81CE2D15");
    }

    /// protocols: E.2, the initial key under a longer base key, and a key of sixteen bytes under it.
    #[test]
    fn a_longer_initial_key() {
        let bytes = "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F";
        let id = *b"\x12\x34\x56\x78\x90\x12\x34\x56";
        let initial = AesInitial::new(wide(WideCipher::Aes, bytes), id).unwrap();
        let made = initial.key(1, Purpose::Pin).unwrap();
        assert_eq!(made.reveal().len(), 16);
        assert_ne!(made.reveal(), aes().key(1, Purpose::Pin).unwrap().reveal());
    }

    proptest! {
        /// Any bytes are a serial number or none; what is one is read from what it writes.
        #[test]
        fn any_bytes_are_a_serial_number_or_none(
            bytes in prop::collection::vec(any::<u8>(), 0..16),
            whole in prop_oneof![Just(8_usize), Just(10), Just(12)],
        ) {
            let keys = [Key::Des(tdes().key), Key::Wide(aes().key)];
            let padded: Vec<u8> = bytes.iter().copied().chain(std::iter::repeat(0xFF)).take(whole).collect();
            for key in &keys {
                for serial in [&bytes, &padded] {
                    let fits = match key {
                        Key::Des(_) => serial.len() == 10,
                        _ => matches!(serial.len(), 8 | 12),
                    };
                    let parsed = InitialKey::parse(key, serial);
                    prop_assert_eq!(parsed.is_some(), fits);
                    if let Some((initial, counter)) = parsed {
                        let written = initial.serial(counter);
                        prop_assert!(written.starts_with(serial));
                        prop_assert!(initial.next(counter).is_ok_and(|next| next > counter) || counter > 0x1F_F000);
                    }
                }
            }
        }
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
