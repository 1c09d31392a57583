//! The parts of card data: numbers, dates, PINs, tracks.
//!
//! Protects against: card data printed, compared in variable time or left in freed memory.
//! Does not protect against: code of the host that has the clear value before it is parsed here.

use thiserror::Error;

use crate::secret::{SecretBytes, redacted};

/// Digits of the card number a plugin may know at its start: enough to route.
const BIN_DIGITS: usize = 6;
/// Digits of the card number a plugin may know at its end: enough for the receipt.
const LAST_DIGITS: usize = 4;
/// Characters of a scanned code a plugin may know, at its start: enough to tell whose wallet it is.
const CODE_PREFIX_DIGITS: usize = 6;
/// Digits of a code a customer shows: 18 of the wallets', 19 and 20 of UnionPay's, and room.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 16..=32;
/// Longest track 1 without sentinels and check character (ISO/IEC 7813).
const MAX_TRACK_ONE_CHARACTERS: usize = 76;
/// Longest track 2 without sentinels and check character (ISO/IEC 7813).
const MAX_TRACK_TWO_CHARACTERS: usize = 37;
/// Longest track 3 without sentinels and check character (ISO/IEC 4909).
const MAX_TRACK_THREE_CHARACTERS: usize = 104;

/// Why text is not card data. Holds none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CardDataError {
    /// Not 12 to 19 decimal digits.
    #[error("a card number has 12 to 19 digits and nothing else")]
    CardNumber,
    /// Not four digits, or no such month.
    #[error("an expiry date is four digits, year and month (YYMM), with a month from 01 to 12")]
    Expiry,
    /// Not 4 to 12 decimal digits (ISO 9564-1).
    #[error("a PIN has 4 to 12 digits and nothing else")]
    Pin,
    /// Not 3 or 4 digits.
    #[error("a card verification code has 3 or 4 digits and nothing else")]
    CardCode,
    /// Not 16 to 32 decimal digits.
    #[error("a customer's payment code has 16 to 32 digits and nothing else; scan the code that their wallet shows")]
    ScannedCode,
    /// The track a chip gives is of another card number than the chip's own.
    #[error("the chip's track 2 and its card number do not belong together; present the card again")]
    TrackOfAnother,
    /// Too long, or with characters that track cannot hold.
    #[error("the card's track {0} is damaged: too long, empty, or with characters it cannot hold")]
    Track(u8),
    /// Track 2 does not begin with a card number and a separator.
    #[error("the card's track 2 does not begin with a card number and a separator; present the card again")]
    NoCardNumber,
}

/// A card number (primary account number), 12 to 19 digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(SecretBytes);

impl Pan {
    /// Parses decimal digits. A wrong check digit is no error here: some domestic cards have none; see
    /// [`Pan::passes_luhn`].
    pub fn parse(text: &str) -> Result<Self, CardDataError> {
        Self::from_digits(text.as_bytes()).ok_or(CardDataError::CardNumber)
    }

    pub(super) fn from_digits(text: &[u8]) -> Option<Self> {
        digits(text, 12..=19).map(Self)
    }

    /// The check digit of ISO/IEC 7812-1 fits.
    pub fn passes_luhn(&self) -> bool {
        let doubled = |digit: u8| [0, 2, 4, 6, 8, 1, 3, 5, 7, 9].get(usize::from(digit)).copied().unwrap_or(0);
        let digit_sum: u32 = self.0.reveal().iter().rev().enumerate().fold(0, |sum, (place, byte)| {
            let digit = byte - b'0';
            sum + u32::from(if place % 2 == 1 { doubled(digit) } else { digit })
        });
        digit_sum.is_multiple_of(10)
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }

    pub(super) fn bin(&self) -> String {
        open_digits(self.reveal().get(..BIN_DIGITS))
    }

    pub(super) fn last_four(&self) -> String {
        open_digits(self.reveal().len().checked_sub(LAST_DIGITS).and_then(|start| self.reveal().get(start..)))
    }
}

/// Year and month after which the card is not valid, as on the card: YYMM.
#[derive(Clone, PartialEq, Eq)]
pub struct Expiry(SecretBytes);

impl Expiry {
    /// Parses YYMM.
    pub fn parse(text: &str) -> Result<Self, CardDataError> {
        let expiry = digits(text.as_bytes(), 4..=4).ok_or(CardDataError::Expiry)?;
        let month_is_real = matches!(expiry.reveal(), [_, _, b'0', b'1'..=b'9'] | [_, _, b'1', b'0'..=b'2']);
        if month_is_real { Ok(Self(expiry)) } else { Err(CardDataError::Expiry) }
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }
}

/// A PIN as entered, 4 to 12 digits (ISO 9564-1).
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(SecretBytes);

impl Pin {
    /// Parses decimal digits.
    pub fn parse(text: &str) -> Result<Self, CardDataError> {
        digits(text.as_bytes(), 4..=12).map(Self).ok_or(CardDataError::Pin)
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }
}

/// The verification code printed on the card (CVV2, CVN2), 3 or 4 digits. Never stored, not even sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct CardCode(SecretBytes);

impl CardCode {
    /// Parses decimal digits.
    pub fn parse(text: &str) -> Result<Self, CardDataError> {
        digits(text.as_bytes(), 3..=4).map(Self).ok_or(CardDataError::CardCode)
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }
}

/// A payment code that a customer's wallet showed, as scanned: digits that are good for one payment.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedCode(SecretBytes);

impl ScannedCode {
    /// Parses decimal digits.
    pub fn parse(text: &str) -> Result<Self, CardDataError> {
        digits(text.as_bytes(), CODE_DIGITS).map(Self).ok_or(CardDataError::ScannedCode)
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }

    pub(super) fn prefix(&self) -> String {
        open_digits(self.reveal().get(..CODE_PREFIX_DIGITS))
    }
}

/// One magnetic track, without sentinels and check character; its field separator is `=` on tracks 2 and 3.
#[derive(Clone, PartialEq, Eq)]
pub struct Track(SecretBytes);

impl Track {
    /// Parses track 1: up to 76 characters from space to underscore.
    pub fn one(text: &str) -> Result<Self, CardDataError> {
        let bytes = text.as_bytes();
        let fits = (1..=MAX_TRACK_ONE_CHARACTERS).contains(&bytes.len());
        if fits && bytes.iter().all(|byte| (b' '..=b'_').contains(byte)) {
            Ok(Self(SecretBytes::copy_of(bytes)))
        } else {
            Err(CardDataError::Track(1))
        }
    }

    /// Parses track 2, `PAN=YYMMsss...`; a separator written `D` is taken for `=`.
    pub fn two(text: &str) -> Result<Self, CardDataError> {
        numeric_track(text, MAX_TRACK_TWO_CHARACTERS).map(Self).ok_or(CardDataError::Track(2))
    }

    /// Parses track 3: digits and separators.
    pub fn three(text: &str) -> Result<Self, CardDataError> {
        numeric_track(text, MAX_TRACK_THREE_CHARACTERS).map(Self).ok_or(CardDataError::Track(3))
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }

    pub(super) fn length(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }

    /// What stands before the first separator and what stands behind it.
    pub(super) fn halves(&self) -> Option<(&[u8], &[u8])> {
        let mut halves = self.reveal().splitn(2, |byte| *byte == b'=');
        halves.next().zip(halves.next())
    }
}

redacted!(Pan, Expiry, Pin, CardCode, ScannedCode, Track);

fn digits(text: &[u8], length: std::ops::RangeInclusive<usize>) -> Option<SecretBytes> {
    let fits = length.contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    fits.then(|| SecretBytes::copy_of(text))
}

fn numeric_track(text: &str, longest: usize) -> Option<SecretBytes> {
    let mut track = zeroize::Zeroizing::new(text.as_bytes().to_vec());
    track.iter_mut().filter(|byte| matches!(byte, b'D' | b'd')).for_each(|byte| *byte = b'=');
    let fits = (1..=longest).contains(&track.len());
    (fits && track.iter().all(|byte| byte.is_ascii_digit() || *byte == b'=')).then(|| SecretBytes::from(track))
}

/// Digits that are no secret, as text.
pub(super) fn open_digits(digits: Option<&[u8]>) -> String {
    digits.unwrap_or_default().iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A synthetic card number with a right check digit.
    const PAN: &str = "6200000123456787";

    #[test]
    fn card_numbers_are_twelve_to_nineteen_digits() {
        for (text, good) in [
            ("62000001234", false),
            ("620000012345", true),
            ("6200000123456789012", true),
            ("62000001234567890123", false),
            ("620000012345678a", false),
            ("62000001 3456782", false),
            ("６200000123456782", false),
        ] {
            assert_eq!(Pan::parse(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn luhn_tells_a_slipped_digit() {
        assert!(Pan::parse(PAN).is_ok_and(|pan| pan.passes_luhn()));
        assert!(Pan::parse("6200000123456778").is_ok_and(|pan| !pan.passes_luhn()));
    }

    #[test]
    fn expiry_needs_a_real_month() {
        for (text, good) in [("3012", true), ("3001", true), ("3000", false), ("3013", false), ("301", false)] {
            assert_eq!(Expiry::parse(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn pins_and_card_codes_have_their_lengths() {
        for (text, good) in [("123", false), ("1234", true), ("123456789012", true), ("1234567890123", false)] {
            assert_eq!(Pin::parse(text).is_ok(), good, "{text}");
        }
        for (digits, good) in [(15, false), (16, true), (32, true), (33, false)] {
            assert_eq!(ScannedCode::parse(&"1".repeat(digits)).is_ok(), good, "{digits}");
        }
        assert!(ScannedCode::parse("https://example.com/pay").is_err());
        assert!(CardCode::parse("12").is_err() && CardCode::parse("123").is_ok() && CardCode::parse("12a").is_err());
    }
}
