//! Key blocks by ANSI X9.143 (TR-31), versions A to D: a wrapped key that says what it is for.
//!
//! Protects against: a key brought in for another use than its block names; a block changed in any character.
//! Does not protect against: an old block sent again (the slot it was for takes it again), or, in versions A and C, a
//! change that one guess in four thousand million hits: their MAC has 32 bits.

use engine::contract::acquirer::{KeyAlgorithm, KeyUse};
use engine::contract::template::MacAlgorithm;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use super::key::Key;
use super::mac;
use super::tdes::{DES_BLOCK_BYTES, DesKey};
use super::wide::{WIDE_BLOCK_BYTES, WideCipher, WideKey};

/// Characters of the header before its optional blocks.
const HEADER_CHARACTERS: usize = 16;
/// Characters of an optional block's name and length, which its length counts too.
const OPTIONAL_HEAD_CHARACTERS: usize = 4;
/// Bytes before the key in the clear data: its length in bits.
const LENGTH_BYTES: usize = 2;

/// Why a key block is refused. Holds nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyBlockError {
    /// Not a key block: lengths that do not fit, characters that do not belong.
    #[error("it is no key block of X9.143: {0} is wrong")]
    Shape(&'static str),
    /// A version this program does not know, or one for another wrapping key.
    #[error("a block of this version is not opened with a key of this algorithm")]
    Version,
    /// Changed on its way, or wrapped under another key.
    #[error("it was changed, or was wrapped under another key: its MAC does not fit")]
    Mac,
    /// For something else than the slot.
    #[error("it is for another use than the slot: it says usage {}{}, mode {}", .usage[0], .usage[1], .mode)]
    Use {
        /// Its usage, two characters, such as `P0`.
        usage: [char; 2],
        /// Its mode of use, such as `E`.
        mode: char,
    },
    /// An algorithm or a length the slot does not take.
    #[error("its key is of an algorithm or a length that the slot does not take")]
    Algorithm,
}

/// A block whose MAC fits.
pub(crate) struct OpenedBlock {
    usage: [char; 2],
    mode: char,
    algorithm: char,
    key: Zeroizing<Vec<u8>>,
    serial: Option<Vec<u8>>,
}

impl OpenedBlock {
    /// The key, if the block is for this use.
    pub(crate) fn key_for(self, key_use: &KeyUse) -> Result<Key, KeyBlockError> {
        if !is_for(key_use, self.usage, self.mode) {
            return Err(KeyBlockError::Use { usage: self.usage, mode: self.mode });
        }
        self.into_key()
    }

    /// The initial key of a DUKPT slot (usage B1, mode X), and the serial number, where its optional blocks bring one.
    pub(crate) fn initial_key(mut self) -> Result<(Key, Option<Vec<u8>>), KeyBlockError> {
        let Self { usage, mode, .. } = self;
        let serial = self.serial.take();
        if (usage, mode) == (['B', '1'], 'X') {
            Ok((self.into_key()?, serial))
        } else {
            Err(KeyBlockError::Use { usage, mode })
        }
    }

    fn into_key(self) -> Result<Key, KeyBlockError> {
        let Self { algorithm, key, .. } = self;
        let algorithm = match (algorithm, key.len()) {
            ('D', _) => KeyAlgorithm::Des,
            ('T', _) => KeyAlgorithm::Tdes,
            ('A', 16) => KeyAlgorithm::Aes128,
            ('A', _) => KeyAlgorithm::Aes256,
            ('H', _) => KeyAlgorithm::Hmac,
            _ => return Err(KeyBlockError::Algorithm),
        };
        Key::new(algorithm, key).ok_or(KeyBlockError::Algorithm)
    }
}

/// Opens a block under the key it was wrapped with. Nothing of the clear data is looked at before its MAC fits.
pub(crate) fn open(block: &[u8], under: &Key) -> Result<OpenedBlock, KeyBlockError> {
    let version = *block.first().ok_or(KeyBlockError::Shape("its length"))?;
    let key = match (version, under) {
        (b'A' | b'C', Key::Des(key)) if key.len() >= 16 => {
            let parts = Parts::parse(block, DES_BLOCK_BYTES, 4)?;
            return opened(block, open_variant(&parts, key)?);
        }
        (b'B', Key::Des(key)) if key.len() >= 16 => {
            open_des(&Parts::parse(block, DES_BLOCK_BYTES, DES_BLOCK_BYTES)?, key)?
        }
        (b'D', Key::Wide(key)) if key.cipher() == WideCipher::Aes => {
            open_aes(&Parts::parse(block, WIDE_BLOCK_BYTES, WIDE_BLOCK_BYTES)?, key)?
        }
        _ => return Err(KeyBlockError::Version),
    };
    opened(block, key)
}

/// The parts of a block whose shape is right.
struct Parts<'a> {
    header: &'a [u8],
    sealed: Vec<u8>,
    mac: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn parse(block: &'a [u8], cipher_bytes: usize, mac_bytes: usize) -> Result<Self, KeyBlockError> {
        let length = block.get(1..5).and_then(decimal).ok_or(KeyBlockError::Shape("its length"))?;
        if length != block.len() {
            return Err(KeyBlockError::Shape("its length"));
        }
        let (header, rest) = header_of(block)?;
        if header.len() % cipher_bytes != 0 {
            return Err(KeyBlockError::Shape("the length of its header"));
        }
        let sealed_characters = rest.len().checked_sub(2 * mac_bytes).ok_or(KeyBlockError::Shape("its length"))?;
        let (sealed, mac) = rest.split_at(sealed_characters);
        let bytes = |text| upper_hex(text).ok_or(KeyBlockError::Shape("a hex character"));
        let (sealed, mac) = (bytes(sealed)?, bytes(mac)?);
        if sealed.is_empty() || sealed.len() % cipher_bytes != 0 {
            return Err(KeyBlockError::Shape("the length of its key"));
        }
        Ok(Self { header, sealed, mac })
    }
}

/// The header with its optional blocks, and what follows.
fn header_of(block: &[u8]) -> Result<(&[u8], &[u8]), KeyBlockError> {
    let wrong = KeyBlockError::Shape("its header");
    let head = block.get(..HEADER_CHARACTERS).ok_or(wrong)?;
    if !head.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return Err(wrong);
    }
    let optional = head.get(12..14).and_then(decimal).ok_or(wrong)?;
    let mut end = HEADER_CHARACTERS;
    for _ in 0..optional {
        let wrong = KeyBlockError::Shape("an optional block");
        let length = block.get(end + 2..end + OPTIONAL_HEAD_CHARACTERS).and_then(upper_hex).ok_or(wrong)?;
        // A length of zero announces an extended one: nothing a terminal is sent has 256 characters.
        let length = length.first().map(|length| usize::from(*length));
        let length = length.filter(|length| *length >= OPTIONAL_HEAD_CHARACTERS).ok_or(wrong)?;
        let content = block.get(end..end + length).ok_or(wrong)?;
        if !content.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(wrong);
        }
        end += length;
    }
    block.split_at_checked(end).ok_or(wrong)
}

/// The clear data of versions A and C: keys are variants, the MAC is over what is enciphered.
fn open_variant(parts: &Parts<'_>, under: &DesKey) -> Result<Zeroizing<Vec<u8>>, KeyBlockError> {
    let made = mac::cbc(&under.variant(0x4D), &[parts.header, &parts.sealed].concat());
    let fits = made.get(..parts.mac.len()).is_some_and(|made| made.ct_eq(&parts.mac).into());
    if !fits {
        return Err(KeyBlockError::Mac);
    }
    let initial = parts.header.first_chunk().ok_or(KeyBlockError::Shape("its header"))?;
    under.variant(0x45).schedule().decrypt_cbc(*initial, &parts.sealed).ok_or(KeyBlockError::Mac)
}

/// The clear data of version B: keys are derived, the MAC is over the clear data and begins the chain.
fn open_des(parts: &Parts<'_>, under: &DesKey) -> Result<Zeroizing<Vec<u8>>, KeyBlockError> {
    let blocks = under.len() / DES_BLOCK_BYTES;
    let algorithm = if blocks == 2 { 0 } else { 1 };
    let derive = |purpose| {
        let mut key = Zeroizing::new(Vec::with_capacity(under.len()));
        for counter in (1..).take(blocks) {
            key.extend(under.cmac(&derivation(counter, purpose, algorithm, under.len()))?);
        }
        DesKey::new(key)
    };
    let (enciphering, sealing) = derive(0).zip(derive(1)).ok_or(KeyBlockError::Version)?;
    let initial = parts.mac.first_chunk().ok_or(KeyBlockError::Mac)?;
    let clear = enciphering.schedule().decrypt_cbc(*initial, &parts.sealed).ok_or(KeyBlockError::Mac)?;
    let made = sealing.cmac(&Zeroizing::new([parts.header, &clear].concat())).ok_or(KeyBlockError::Mac)?;
    if made.ct_eq(&parts.mac).into() { Ok(clear) } else { Err(KeyBlockError::Mac) }
}

/// The clear data of version D: as B, under AES.
fn open_aes(parts: &Parts<'_>, under: &WideKey) -> Result<Zeroizing<Vec<u8>>, KeyBlockError> {
    let length = under.reveal().len();
    let algorithm = if length == 16 { 2 } else { 4 };
    let derive = |purpose| {
        let mut key = Zeroizing::new(Vec::with_capacity(length));
        for counter in (1..).take(length / WIDE_BLOCK_BYTES) {
            key.extend(under.cmac(&derivation(counter, purpose, algorithm, length))?);
        }
        WideKey::new(WideCipher::Aes, key)
    };
    let (enciphering, sealing) = derive(0).zip(derive(1)).ok_or(KeyBlockError::Version)?;
    let initial = parts.mac.first_chunk().ok_or(KeyBlockError::Mac)?;
    let clear = enciphering.schedule().decrypt_cbc(*initial, &parts.sealed).ok_or(KeyBlockError::Mac)?;
    let made = sealing.cmac(&Zeroizing::new([parts.header, &clear].concat())).ok_or(KeyBlockError::Mac)?;
    if made.ct_eq(&parts.mac).into() { Ok(clear) } else { Err(KeyBlockError::Mac) }
}

/// What is authenticated to derive one block of a key: counter, purpose (0 enciphers, 1 seals), algorithm, length in bits.
fn derivation(counter: u8, purpose: u8, algorithm: u8, key_bytes: usize) -> [u8; 8] {
    let [high, low] = u16::try_from(8 * key_bytes).unwrap_or(0).to_be_bytes();
    [counter, 0, purpose, 0, 0, algorithm, high, low]
}

fn opened(block: &[u8], clear: Zeroizing<Vec<u8>>) -> Result<OpenedBlock, KeyBlockError> {
    let wrong = KeyBlockError::Shape("the length of its key");
    let (bits, rest) = clear.split_first_chunk::<LENGTH_BYTES>().ok_or(wrong)?;
    let bits = usize::from(u16::from_be_bytes(*bits));
    let key = Some(bits / 8).filter(|_| bits % 8 == 0).and_then(|bytes| rest.get(..bytes)).ok_or(wrong)?;
    let header = block.get(5..9).map(|part| part.iter().copied().map(char::from));
    let [first, second, algorithm, mode] =
        header.and_then(|part| part.collect::<Vec<_>>().try_into().ok()).ok_or(wrong)?;
    let (key, serial) = (Zeroizing::new(key.to_vec()), serial_of(block));
    Ok(OpenedBlock { usage: [first, second], mode, algorithm, key, serial })
}

/// A key serial number among the optional blocks: `KS` under triple DES, `IK` under AES (X9.143, 6.3.6).
fn serial_of(block: &[u8]) -> Option<Vec<u8>> {
    let (header, _) = header_of(block).ok()?;
    let mut rest = header.get(HEADER_CHARACTERS..)?;
    while let Some(length) = rest.get(2..OPTIONAL_HEAD_CHARACTERS).and_then(upper_hex) {
        let (one, after) = rest.split_at_checked(usize::from(*length.first()?))?;
        if one.starts_with(b"KS") || one.starts_with(b"IK") {
            return one.get(OPTIONAL_HEAD_CHARACTERS..).and_then(upper_hex);
        }
        rest = after;
    }
    None
}

/// A slot makes blocks and protects tracks (`E`, or `B` for both ways), and makes and checks MACs (`C`). UnionPay's own
/// MACs have no usage in the standard, so no block is for them; nor is one for a transport key, which a person loads.
fn is_for(key_use: &KeyUse, usage: [char; 2], mode: char) -> bool {
    let (usages, modes): (&[[char; 2]], &[char]) = match key_use {
        KeyUse::Pin(_) => (&[['P', '0']], &['E', 'B']),
        KeyUse::Track(_) | KeyUse::Data(_) => (&[['D', '0']], &['E', 'B']),
        KeyUse::Mac(MacAlgorithm::DesCbc) => (&[['M', '0'], ['M', '1']], &['C']),
        KeyUse::Mac(MacAlgorithm::X99) => (&[['M', '1']], &['C']),
        KeyUse::Mac(MacAlgorithm::X919) => (&[['M', '3']], &['C']),
        KeyUse::Mac(MacAlgorithm::AesCmac) => (&[['M', '6']], &['C']),
        KeyUse::Mac(MacAlgorithm::HmacSha256) => (&[['M', '7']], &['C']),
        _ => (&[], &[]),
    };
    usages.contains(&usage) && modes.contains(&mode)
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let digit = |sum: usize, byte: &u8| byte.is_ascii_digit().then(|| 10 * sum + usize::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

/// Upper case only: a letter changed to lower case would be the same bytes, and a changed block is refused.
fn upper_hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.iter().any(u8::is_ascii_lowercase) { None } else { hex::decode(text).ok() }
}

#[cfg(test)]
#[path = "key_block_tests.rs"]
mod tests;
#[cfg(test)]
pub(crate) use tests::block_of_version_c;
