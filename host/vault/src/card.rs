//! What was read from one card, and what a plugin may know of it.
//!
//! Protects against: card data printed, compared in variable time or left in freed memory; one card rendered more
//! often, or one PIN enciphered more often, than one payment needs.
//! Does not protect against: a reader that lies, or code of the host that has the clear value before it is parsed here.

use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::template::Secret;
use thiserror::Error;

use crate::secret::{SecretBytes, redacted};

/// Renderings with secrets of one live card. A payment needs one, a chip fallback or a second route another; more
/// would let a plugin collect ciphertexts of one card.
pub const MAX_RENDERINGS_WITH_SECRETS: u8 = 3;

/// Digits of the card number a plugin may know at its start: enough to route.
const BIN_DIGITS: usize = 6;
/// Digits of the card number a plugin may know at its end: enough for the receipt.
const LAST_DIGITS: usize = 4;
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
        digits(text.as_bytes(), 12..=19).map(Self).ok_or(CardDataError::CardNumber)
    }

    /// The check digit of ISO/IEC 7812-1 fits.
    pub fn passes_luhn(&self) -> bool {
        let doubled = |digit: u8| [0, 2, 4, 6, 8, 1, 3, 5, 7, 9].get(usize::from(digit)).copied().unwrap_or(0);
        let digit_sum: u32 = self.0.reveal().iter().rev().enumerate().fold(0, |sum, (place, byte)| {
            let digit = byte - b'0';
            sum + u32::from(if place % 2 == 1 { doubled(digit) } else { digit })
        });
        digit_sum % 10 == 0
    }

    pub(crate) fn reveal(&self) -> &[u8] {
        self.0.reveal()
    }

    fn bin(&self) -> String {
        open_digits(self.reveal().get(..BIN_DIGITS))
    }

    fn last_four(&self) -> String {
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

    fn length(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }
}

redacted!(Pan, Expiry, Pin, CardCode, Track);

/// The secrets of one card, presented once. Lives only in memory, for one payment or follow-up.
pub struct CardSession {
    entry: Entry,
    pan: Pan,
    expiry: Option<Expiry>,
    tracks: [Option<Track>; 3],
    card_code: Option<CardCode>,
    service_code: Option<String>,
    verification: Verification,
    pin_length: u8,
    /// Taken by the one PIN block it makes.
    pin: Option<Pin>,
    fell_back: bool,
    renderings: u8,
}

impl CardSession {
    /// A card read by its stripe. Card number, expiry and service code are those of track 2.
    pub fn from_stripe(one: Option<Track>, two: Track, three: Option<Track>) -> Result<Self, CardDataError> {
        let mut halves = two.reveal().splitn(2, |byte| *byte == b'=');
        let (number, after) = halves.next().zip(halves.next()).ok_or(CardDataError::NoCardNumber)?;
        let pan = digits(number, 12..=19).map(Pan).ok_or(CardDataError::NoCardNumber)?;
        // A separator in place of the date means the card has none (ISO/IEC 7813).
        let (expiry, after) = match after.split_first() {
            Some((b'=', rest)) => (None, rest),
            _ => {
                let date = after.get(..4).and_then(|date| std::str::from_utf8(date).ok());
                (Some(date.ok_or(CardDataError::Expiry).and_then(Expiry::parse)?), after.get(4..).unwrap_or(&[]))
            }
        };
        let service_code = after.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit));
        let service_code = service_code.map(|code| open_digits(Some(code)));
        let mut session = Self::new(Entry::Stripe, pan, expiry);
        session.service_code = service_code;
        session.tracks = [one, Some(two), three];
        Ok(session)
    }

    /// A card whose number was typed.
    pub fn typed(pan: Pan, expiry: Expiry, card_code: Option<CardCode>) -> Self {
        let mut session = Self::new(Entry::Manual, pan, Some(expiry));
        session.card_code = card_code;
        session
    }

    /// The cardholder entered a PIN for the issuer to check. A second entry replaces the first.
    #[must_use]
    pub fn with_pin(mut self, pin: Pin) -> Self {
        self.pin_length = u8::try_from(pin.reveal().len()).unwrap_or(0);
        self.pin = Some(pin);
        self.verification = Verification::OnlinePin;
        self
    }

    /// The cardholder signs the receipt.
    #[must_use]
    pub fn with_signature(mut self) -> Self {
        self.verification = Verification::Signature;
        self
    }

    /// The chip was tried first and failed.
    #[must_use]
    pub fn fallen_back(mut self) -> Self {
        self.fell_back = true;
        self
    }

    /// What the plugin may know of this card.
    pub fn presented(&self) -> Presented {
        let [one, two, three] = self.tracks.each_ref().map(|track| track.as_ref().map_or(0, Track::length));
        Presented {
            entry: self.entry,
            bin: self.pan.bin(),
            last_four: self.pan.last_four(),
            pan_length: u8::try_from(self.pan.reveal().len()).unwrap_or(u8::MAX),
            has_expiry: self.expiry.is_some(),
            track_one_length: one,
            track_two_length: two,
            track_three_length: three,
            sequence_number: None,
            service_code: self.service_code.clone(),
            verification: self.verification,
            pin_length: self.pin_length,
            fell_back: self.fell_back,
            tags: Vec::new(),
        }
    }

    /// Both were read from the same card, by its number; compared in constant time.
    pub fn is_same_card(&self, other: &Self) -> bool {
        self.pan == other.pan
    }

    pub(crate) fn pan(&self) -> &Pan {
        &self.pan
    }

    pub(crate) fn expiry(&self) -> Option<&Expiry> {
        self.expiry.as_ref()
    }

    /// The secret in clear, where this card has it.
    pub(crate) fn secret(&self, secret: Secret) -> Option<&[u8]> {
        let [one, two, three] = &self.tracks;
        match secret {
            Secret::Pan => Some(self.pan.reveal()),
            Secret::Expiry => self.expiry.as_ref().map(Expiry::reveal),
            Secret::TrackOne => one.as_ref().map(Track::reveal),
            Secret::TrackTwo => two.as_ref().map(Track::reveal),
            Secret::TrackThree => three.as_ref().map(Track::reveal),
            Secret::CardCode => self.card_code.as_ref().map(CardCode::reveal),
            Secret::ScannedCode => None,
        }
    }

    /// Counts one rendering with secrets; false when none is left.
    #[must_use]
    pub(crate) fn take_rendering(&mut self) -> bool {
        let left = self.renderings < MAX_RENDERINGS_WITH_SECRETS;
        self.renderings = self.renderings.saturating_add(1);
        left
    }

    /// The PIN, for the one block it may become.
    pub(crate) fn take_pin(&mut self) -> Option<Pin> {
        self.pin.take()
    }

    fn new(entry: Entry, pan: Pan, expiry: Option<Expiry>) -> Self {
        Self {
            entry,
            pan,
            expiry,
            tracks: [None, None, None],
            card_code: None,
            service_code: None,
            verification: Verification::None,
            pin_length: 0,
            pin: None,
            fell_back: false,
            renderings: 0,
        }
    }
}

redacted!(CardSession);

/// What a sealed card still holds: never a track, a PIN or a card code.
#[derive(Clone)]
pub struct UnsealedCard {
    pub(crate) pan: Option<Pan>,
    pub(crate) expiry: Option<Expiry>,
}

impl UnsealedCard {
    pub(crate) fn secret(&self, secret: Secret) -> Option<&[u8]> {
        match secret {
            Secret::Pan => self.pan.as_ref().map(Pan::reveal),
            Secret::Expiry => self.expiry.as_ref().map(Expiry::reveal),
            _ => None,
        }
    }
}

redacted!(UnsealedCard);

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
fn open_digits(digits: Option<&[u8]>) -> String {
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
        assert!(CardCode::parse("12").is_err() && CardCode::parse("123").is_ok() && CardCode::parse("12a").is_err());
    }

    #[test]
    fn a_stripe_tells_the_plugin_bin_last_four_and_lengths_only() {
        for separator in ["=", "D"] {
            let text = format!("{PAN}{separator}30121010000000000");
            let session = Track::two(&text).and_then(|two| CardSession::from_stripe(None, two, None)).unwrap();
            let presented = session.with_pin(Pin::parse("123456").unwrap()).presented();
            assert_eq!((presented.bin.as_str(), presented.last_four.as_str()), ("620000", "6787"));
            assert_eq!((presented.pan_length, presented.track_two_length, presented.pin_length), (16, 34, 6));
            assert_eq!(presented.service_code.as_deref(), Some("101"));
            assert_eq!(presented.verification, Verification::OnlinePin);
            assert!(presented.has_expiry && !presented.fell_back);
        }
    }

    #[test]
    fn damaged_stripes_are_refused() {
        assert_eq!(Track::two(""), Err(CardDataError::Track(2)));
        assert_eq!(Track::two(&"1".repeat(38)), Err(CardDataError::Track(2)));
        assert_eq!(Track::two("6200?"), Err(CardDataError::Track(2)));
        assert_eq!(Track::one("abc"), Err(CardDataError::Track(1)));
        assert_eq!(Track::three(&"1".repeat(105)), Err(CardDataError::Track(3)));
        let read = |text: &str| Track::two(text).and_then(|two| CardSession::from_stripe(None, two, None)).map(drop);
        assert_eq!(read("6200000123456782"), Err(CardDataError::NoCardNumber));
        assert_eq!(read("620000=3012101"), Err(CardDataError::NoCardNumber));
        assert_eq!(read("6200000123456782=3013101"), Err(CardDataError::Expiry));
        assert_eq!(read("6200000123456782=30"), Err(CardDataError::Expiry));
        assert_eq!(read("6200000123456782==101"), Ok(()));
    }

    #[test]
    fn secrets_print_as_redacted() {
        let pan = Pan::parse(PAN).unwrap();
        assert_eq!(format!("{pan} {pan:?}"), "[redacted] [redacted]");
        let session = CardSession::typed(pan, Expiry::parse("3012").unwrap(), CardCode::parse("123").ok());
        assert_eq!(format!("{session:?}"), "[redacted]");
    }

    #[test]
    fn three_renderings_and_one_pin() {
        let mut session = CardSession::typed(Pan::parse(PAN).unwrap(), Expiry::parse("3012").unwrap(), None)
            .with_pin(Pin::parse("1234").unwrap());
        assert!(session.take_pin().is_some() && session.take_pin().is_none());
        let granted = (0..300).filter(|_| session.take_rendering()).count();
        assert_eq!(granted, usize::from(MAX_RENDERINGS_WITH_SECRETS));
    }
}
