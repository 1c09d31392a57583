//! PIN blocks: ISO 9564-1 formats 0, 1, 3 and 4, and UnionPay's two.
//!
//! Protects against: the PIN leaving this module in clear, or a block made without the card number it belongs to, where
//! the format has one.
//! Does not protect against: a PIN pad that shows the PIN to somebody else before it comes here.

use engine::contract::acquirer::KeyAlgorithm;
use engine::contract::template::PinFormat;
use zeroize::Zeroizing;

use super::key::Key;
use super::tdes::{DES_BLOCK_BYTES, xor};
use super::wide::{WIDE_BLOCK_BYTES, WideBlock, WideCipher, wide_xor};
use crate::card::{Pan, Pin};

/// Fewest digits of a card number in formats 0 and 3: twelve and the check digit.
const MIN_PAN_DIGITS: usize = 13;
/// Digits of the card number that go into those blocks: the rightmost without the check digit.
const PAN_DIGITS: usize = 12;
/// Fewest digits of the card number in format 4; a shorter one is filled up with zeros before it.
const ISO4_PAN_DIGITS: usize = 12;
/// Most digits of the card number in format 4.
const MAX_PAN_DIGITS: usize = 19;
/// Random bytes for one block. Format 3 needs ten nibbles and passes over one byte in sixty-four.
const FILLING_BYTES: usize = 32;

/// Random bytes to fill a block up with.
pub(crate) type Filling = [u8; FILLING_BYTES];

/// Why there is no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinBlockError {
    /// The card number has too few or too many digits for the format.
    PanLength,
    /// The key is of another algorithm.
    Key,
}

/// Blocks of this format are made with keys of this algorithm.
pub(crate) fn takes(format: PinFormat, key: KeyAlgorithm) -> bool {
    match format {
        PinFormat::Iso0 | PinFormat::Iso1 | PinFormat::Iso3 | PinFormat::UnionpayWithoutPan => {
            matches!(key, KeyAlgorithm::Des | KeyAlgorithm::Tdes)
        }
        PinFormat::Iso4 => matches!(key, KeyAlgorithm::Aes128 | KeyAlgorithm::Aes256),
        PinFormat::UnionpaySm4 => key == KeyAlgorithm::Sm4,
    }
}

/// The enciphered block.
pub(crate) fn make(
    format: PinFormat,
    key: &Key,
    pin: &Pin,
    pan: &Pan,
    filling: &Filling,
) -> Result<Vec<u8>, PinBlockError> {
    if !takes(format, key.algorithm()) {
        return Err(PinBlockError::Key);
    }
    let des = |block: Zeroizing<[u8; DES_BLOCK_BYTES]>| {
        key.des().map(|key| key.schedule().encrypt(*block).to_vec()).ok_or(PinBlockError::Key)
    };
    match format {
        PinFormat::Iso0 => des(with_pan(&pin_field(0, pin, [0xF; 16]), pan)?),
        PinFormat::Iso1 => des(packed(&pin_field(1, pin, nibbles(filling)))),
        PinFormat::Iso3 => des(with_pan(&pin_field(3, pin, letters(filling)), pan)?),
        PinFormat::UnionpayWithoutPan => des(packed(&pin_field(0, pin, [0xF; 16]))),
        PinFormat::UnionpaySm4 => {
            let schedule = key.wide(WideCipher::Sm4).ok_or(PinBlockError::Key)?.schedule();
            Ok(schedule.encrypt(*clear_sm4(pin, pan)?).to_vec())
        }
        PinFormat::Iso4 => {
            let schedule = key.wide(WideCipher::Aes).ok_or(PinBlockError::Key)?.schedule();
            let (pin, pan) = clear_iso4(pin, pan, filling)?;
            let chained = Zeroizing::new(wide_xor(schedule.encrypt(*pin), *pan));
            Ok(schedule.encrypt(*chained).to_vec())
        }
    }
}

/// `C L P..P` and the filling.
fn pin_field(control: u8, pin: &Pin, filling: [u8; 2 * DES_BLOCK_BYTES]) -> Zeroizing<[u8; 2 * DES_BLOCK_BYTES]> {
    let mut field = Zeroizing::new(filling);
    let digits = pin.reveal();
    let header = [control, u8::try_from(digits.len()).unwrap_or(0)];
    field
        .iter_mut()
        .zip(header.into_iter().chain(digits.iter().map(|byte| byte - b'0')))
        .for_each(|(to, from)| *to = from);
    field
}

/// The field, packed, xor `0000` and twelve digits of the card number.
fn with_pan(field: &[u8; 2 * DES_BLOCK_BYTES], pan: &Pan) -> Result<Zeroizing<[u8; DES_BLOCK_BYTES]>, PinBlockError> {
    Ok(Zeroizing::new(xor(*packed(field), *account(pan)?)))
}

/// protocols: A.12. The PIN field filled up to sixteen bytes, xor twenty zeros and twelve digits of the card number.
fn clear_sm4(pin: &Pin, pan: &Pan) -> Result<Zeroizing<WideBlock>, PinBlockError> {
    let mut field = Zeroizing::new([0xFF; WIDE_BLOCK_BYTES]);
    let mut account_field = Zeroizing::new([0; WIDE_BLOCK_BYTES]);
    let known: Zeroizing<[u8; DES_BLOCK_BYTES]> = packed(&pin_field(0, pin, [0xF; 16]));
    field.iter_mut().zip(*known).for_each(|(to, from)| *to = from);
    account_field.iter_mut().skip(DES_BLOCK_BYTES).zip(*account(pan)?).for_each(|(to, from)| *to = from);
    Ok(Zeroizing::new(wide_xor(*field, *account_field)))
}

/// The two fields of format 4: `4 L P..P A..A` and eight random bytes; the card number's length over twelve, its digits
/// and zeros.
fn clear_iso4(
    pin: &Pin,
    pan: &Pan,
    filling: &Filling,
) -> Result<(Zeroizing<WideBlock>, Zeroizing<WideBlock>), PinBlockError> {
    let mut field = Zeroizing::new([0; WIDE_BLOCK_BYTES]);
    let known: Zeroizing<[u8; DES_BLOCK_BYTES]> = packed(&pin_field(4, pin, [0xA; 16]));
    field.iter_mut().zip(known.iter().chain(filling)).for_each(|(to, from)| *to = *from);

    let digits = pan.reveal();
    if digits.is_empty() || digits.len() > MAX_PAN_DIGITS {
        return Err(PinBlockError::PanLength);
    }
    let over = u8::try_from(digits.len().saturating_sub(ISO4_PAN_DIGITS)).map_err(|_| PinBlockError::PanLength)?;
    let before = std::iter::repeat_n(0, ISO4_PAN_DIGITS.saturating_sub(digits.len()));
    let mut wide = Zeroizing::new([0; 2 * WIDE_BLOCK_BYTES]);
    let known = std::iter::once(over).chain(before).chain(digits.iter().map(|byte| byte - b'0'));
    wide.iter_mut().zip(known).for_each(|(to, from)| *to = from);
    Ok((field, packed(&wide)))
}

/// `0000` and the card number's twelve rightmost digits without the check digit.
fn account(pan: &Pan) -> Result<Zeroizing<[u8; DES_BLOCK_BYTES]>, PinBlockError> {
    let digits = pan.reveal();
    if digits.len() < MIN_PAN_DIGITS {
        return Err(PinBlockError::PanLength);
    }
    let mut field = Zeroizing::new([0; 2 * DES_BLOCK_BYTES]);
    let account = digits.iter().rev().skip(1).take(PAN_DIGITS);
    field.iter_mut().rev().zip(account).for_each(|(to, from)| *to = from - b'0');
    Ok(packed(&field))
}

fn packed<const DIGITS: usize, const BYTES: usize>(nibbles: &[u8; DIGITS]) -> Zeroizing<[u8; BYTES]> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    for (byte, [high, low]) in bytes.iter_mut().zip(nibbles.as_chunks().0) {
        *byte = high << 4 | low;
    }
    bytes
}

/// Any nibbles.
fn nibbles(filling: &Filling) -> [u8; 2 * DES_BLOCK_BYTES] {
    let mut nibbles = [0; 2 * DES_BLOCK_BYTES];
    nibbles.iter_mut().zip(filling).for_each(|(to, from)| *to = from & 0xF);
    nibbles
}

/// Nibbles from A to F, each equally likely: bytes over 251 are passed over. Should too few be left, F stands for them.
fn letters(filling: &Filling) -> [u8; 2 * DES_BLOCK_BYTES] {
    let mut letters = [0xF; 2 * DES_BLOCK_BYTES];
    letters.iter_mut().zip(filling.iter().filter(|byte| **byte < 252)).for_each(|(to, from)| *to = 0xA + from % 6);
    letters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::key::key_of;

    const TDES: &str = "6BABB0BFD9544AF7D50DEAEA7A23E38F";

    fn enciphered(
        format: PinFormat,
        algorithm: KeyAlgorithm,
        key: &str,
        (pin, pan): (&str, &str),
        filling: &[u8],
    ) -> Result<String, PinBlockError> {
        let mut fill = [0; FILLING_BYTES];
        fill.iter_mut().zip(filling).for_each(|(to, from)| *to = *from);
        let (pin, pan) = (Pin::parse(pin).unwrap(), Pan::parse(pan).unwrap());
        make(format, &key_of(algorithm, key), &pin, &pan, &fill).map(hex::encode_upper)
    }

    /// The block of a DES format, deciphered again.
    fn clear(format: PinFormat, pin: &str, pan: &str, filling: &[u8]) -> Result<String, PinBlockError> {
        let block = enciphered(format, KeyAlgorithm::Tdes, TDES, (pin, pan), filling)?;
        let block: [u8; 8] = hex::decode(block).unwrap().try_into().unwrap();
        let clear = key_of(KeyAlgorithm::Tdes, TDES).des().unwrap().schedule().decrypt(block);
        Ok(hex::encode_upper(clear))
    }

    #[test]
    fn format_zero_blocks() {
        for (pin, pan, block) in [
            ("1234", "5555555551234567", "041261AAAAEDCBA9"),
            ("123456789012", "5555555551234567", "0C1261032D8226A9"),
            ("123456", "1234567890123456", "0612713176FEDCBA"),
            ("1234", "4012345678909", "041274EDCBA9876F"),
        ] {
            assert_eq!(clear(PinFormat::Iso0, pin, pan, &[]).as_deref(), Ok(block));
        }
    }

    #[test]
    fn format_one_and_the_form_without_card_number_do_not_depend_on_the_card() {
        for pan in ["5555555551234567", "123456789012"] {
            assert_eq!(clear(PinFormat::Iso1, "1234", pan, &[1; 32]).as_deref(), Ok("1412341111111111"));
            assert_eq!(clear(PinFormat::UnionpayWithoutPan, "123456", pan, &[]).as_deref(), Ok("06123456FFFFFFFF"));
        }
    }

    /// protocols: E.3. With the highest filling, format 3 differs from format 0 in its first nibble alone.
    #[test]
    fn format_three_blocks() {
        for (filling, block) in [(5, "341261AAAAEDCBA9"), (251, "341261AAAAEDCBA9"), (0, "341261FFFFB89EFC")] {
            assert_eq!(clear(PinFormat::Iso3, "1234", "5555555551234567", &[filling; 32]).as_deref(), Ok(block));
        }
    }

    /// protocols: E.3 and K7s.
    #[test]
    fn blocks_of_sixteen_bytes() {
        for (format, algorithm, key, input, filling, block) in [
            (
                PinFormat::Iso4,
                KeyAlgorithm::Aes128,
                "00112233445566778899AABBCCDDEEFF",
                ("1234", "1234567890123456789"),
                "FFFFFFFFFFFFFFFF",
                "28B41FDDD29B743E93124BD8E32D921E",
            ),
            (
                PinFormat::Iso4,
                KeyAlgorithm::Aes128,
                "AF8CB133A78F8DC2D1359F18527593FB",
                ("1234", "4111111111111111"),
                "2F69ADDE2E9E7ACE",
                "A912150391AB65A67E52883D81CE2D15",
            ),
            (
                PinFormat::UnionpaySm4,
                KeyAlgorithm::Sm4,
                "F351D490994603795C6EBEE8FAEBB481",
                ("123654", "6200000123456789015"),
                "",
                "B73854EBB1B8F30FD89180924D38E1AD",
            ),
        ] {
            let made = enciphered(format, algorithm, key, input, &hex::decode(filling).unwrap());
            assert_eq!(made.as_deref(), Ok(block));
        }
    }

    #[test]
    fn the_account_field_of_format_four() {
        let field = |pan| {
            let (_, pan) = clear_iso4(&Pin::parse("1234").unwrap(), &Pan::parse(pan).unwrap(), &[0; 32]).unwrap();
            hex::encode(*pan)
        };
        assert_eq!(field("112233445566778899"), "61122334455667788990000000000000");
        assert_eq!(field("123456789012"), "01234567890120000000000000000000");
    }

    #[test]
    fn a_card_number_too_short_makes_no_block() {
        for format in [PinFormat::Iso0, PinFormat::Iso3] {
            assert_eq!(clear(format, "1234", "123456789012", &[]), Err(PinBlockError::PanLength));
            assert!(clear(format, "1234", "1234567890123", &[]).is_ok());
        }
    }

    /// protocols: K3.
    #[test]
    fn enciphered_block() {
        let block = enciphered(PinFormat::Iso0, KeyAlgorithm::Tdes, TDES, ("123456", "1234567890123456"), &[]);
        assert_eq!(block.as_deref(), Ok("0A766E5460EED5FA"));
    }

    #[test]
    fn a_key_of_another_cipher_makes_no_block() {
        for (format, algorithm) in [
            (PinFormat::Iso0, KeyAlgorithm::Sm4),
            (PinFormat::Iso3, KeyAlgorithm::Aes128),
            (PinFormat::Iso4, KeyAlgorithm::Tdes),
            (PinFormat::Iso4, KeyAlgorithm::Sm4),
            (PinFormat::UnionpaySm4, KeyAlgorithm::Aes128),
        ] {
            let made = enciphered(format, algorithm, TDES, ("1234", "5555555551234567"), &[]);
            assert_eq!(made, Err(PinBlockError::Key), "{format:?}");
        }
    }

    proptest! {
        /// Format 3 fills with letters only, whatever the random bytes.
        #[test]
        fn format_three_fills_with_letters(filling in any::<Filling>()) {
            prop_assert!(letters(&filling).iter().all(|nibble| (0xA..=0xF).contains(nibble)));
        }
    }
}
