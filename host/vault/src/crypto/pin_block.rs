//! PIN blocks.
//!
//! Protects against: the PIN leaving this module in clear, or a block made without the card number it belongs to.
//! Does not protect against: a PIN pad that shows the PIN to somebody else before it comes here.

use zeroize::Zeroizing;

use super::tdes::{DES_BLOCK_BYTES, DesKey, xor};
use crate::card::{Pan, Pin};

/// Fewest digits of a card number in format 0: twelve and the check digit.
const MIN_PAN_DIGITS: usize = 13;
/// Digits of the card number that go into the block: the rightmost without the check digit.
const PAN_DIGITS: usize = 12;

/// The ISO 9564-1 format 0 block enciphered under `key` (protocols: A.12); `None` for a card number under 13 digits.
pub(crate) fn iso0(key: &DesKey, pin: &Pin, pan: &Pan) -> Option<[u8; DES_BLOCK_BYTES]> {
    clear_iso0(pin, pan).map(|block| key.schedule().encrypt(*block))
}

/// `0 L P..P F..F` xor `0000` and twelve digits of the card number.
fn clear_iso0(pin: &Pin, pan: &Pan) -> Option<Zeroizing<[u8; DES_BLOCK_BYTES]>> {
    let pan = pan.reveal();
    if pan.len() < MIN_PAN_DIGITS {
        return None;
    }
    let (without_check_digit, _) = pan.split_last_chunk::<1>()?;
    let (_, account) = without_check_digit.split_last_chunk::<PAN_DIGITS>()?;

    let mut pin_field = Zeroizing::new([0xF; 2 * DES_BLOCK_BYTES]);
    let mut pan_field = Zeroizing::new([0; 2 * DES_BLOCK_BYTES]);
    let header = [0, u8::try_from(pin.reveal().len()).ok()?];
    let pin_digits = header.into_iter().chain(pin.reveal().iter().map(|byte| byte - b'0'));
    pin_field.iter_mut().zip(pin_digits).for_each(|(to, from)| *to = from);
    pan_field.iter_mut().skip(4).zip(account).for_each(|(to, from)| *to = from - b'0');
    Some(Zeroizing::new(xor(*packed(&pin_field), *packed(&pan_field))))
}

fn packed(nibbles: &[u8; 2 * DES_BLOCK_BYTES]) -> Zeroizing<[u8; DES_BLOCK_BYTES]> {
    let mut bytes = Zeroizing::new([0; DES_BLOCK_BYTES]);
    for (byte, [high, low]) in bytes.iter_mut().zip(nibbles.as_chunks().0) {
        *byte = high << 4 | low;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tdes::key;

    fn clear(pin: &str, pan: &str) -> Option<String> {
        clear_iso0(&Pin::parse(pin).unwrap(), &Pan::parse(pan).unwrap()).map(|block| hex::encode_upper(*block))
    }

    #[test]
    fn format_zero_blocks() {
        for (pin, pan, block) in [
            ("1234", "5555555551234567", "041261AAAAEDCBA9"),
            ("123456789012", "5555555551234567", "0C1261032D8226A9"),
            ("123456", "1234567890123456", "0612713176FEDCBA"),
        ] {
            assert_eq!(clear(pin, pan).as_deref(), Some(block));
        }
    }

    #[test]
    fn format_zero_needs_thirteen_digits_of_card_number() {
        assert_eq!(clear("1234", "123456789012"), None);
        assert!(clear("1234", "1234567890123").is_some());
    }

    /// protocols: K3.
    #[test]
    fn enciphered_block() {
        let key = key("6BABB0BFD9544AF7D50DEAEA7A23E38F");
        let block = iso0(&key, &Pin::parse("123456").unwrap(), &Pan::parse("1234567890123456").unwrap());
        assert_eq!(block.map(hex::encode_upper).as_deref(), Some("0A766E5460EED5FA"));
    }
}
