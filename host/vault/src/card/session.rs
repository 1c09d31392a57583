//! One presented card, as long as its payment lasts.
//!
//! Protects against: one card rendered more often, or one PIN enciphered more often, than one payment needs.
//! Does not protect against: a reader that lies.

use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::template::Secret;

use super::data::{CardCode, CardDataError, Expiry, Pan, Pin, Track, open_digits};
use crate::secret::redacted;

/// Renderings with secrets of one live card. A payment needs one, a chip fallback or a second route another; more
/// would let a plugin collect ciphertexts of one card.
pub const MAX_RENDERINGS_WITH_SECRETS: u8 = 3;

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
        let pan = Pan::from_digits(number).ok_or(CardDataError::NoCardNumber)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A synthetic card number with a right check digit.
    const PAN: &str = "6200000123456787";

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
