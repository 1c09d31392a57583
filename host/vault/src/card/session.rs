//! One presented card or code, as long as its payment lasts.
//!
//! Protects against: one card rendered more often, or one PIN enciphered more often, than one payment needs.
//! Does not protect against: a reader that lies.

use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::template::Secret;

use super::data::{CardCode, CardDataError, Expiry, Pan, Pin, ScannedCode, Track, open_digits};
use crate::secret::redacted;
use crate::tlv::EmvTags;

/// Renderings with secrets of one live card. A payment needs one, a chip fallback or a second route another; more
/// would let a plugin collect ciphertexts of one card.
pub const MAX_RENDERINGS_WITH_SECRETS: u8 = 3;

/// The secrets of one card or code, presented once. Lives only in memory, for one payment or follow-up.
pub struct CardSession {
    entry: Entry,
    named_by: NamedBy,
    expiry: Option<Expiry>,
    tracks: [Option<Track>; 3],
    card_code: Option<CardCode>,
    service_code: Option<String>,
    sequence_number: Option<u8>,
    tags: EmvTags,
    verification: Verification,
    pin_length: u8,
    /// Taken by the one PIN block it makes.
    pin: Option<Pin>,
    fell_back: bool,
    renderings: u8,
}

/// What stands for the account.
enum NamedBy {
    Card(Pan),
    Code(ScannedCode),
}

/// What a chip gave before its message to the acquirer.
pub struct ChipData {
    /// It was tapped, not inserted.
    pub contactless: bool,
    /// The card number (tag 5A).
    pub pan: Pan,
    /// The expiry date (tag 5F24), year and month.
    pub expiry: Option<Expiry>,
    /// The equivalent of track 2 (tag 57).
    pub track_two: Option<Track>,
    /// The card's sequence number (tag 5F34).
    pub sequence_number: Option<u8>,
    /// The kernel's data objects as they stand.
    pub tags: EmvTags,
}

impl CardSession {
    /// A card read by its stripe. Card number, expiry and service code are those of track 2.
    pub fn from_stripe(one: Option<Track>, two: Track, three: Option<Track>) -> Result<Self, CardDataError> {
        let (number, after) = two.halves().ok_or(CardDataError::NoCardNumber)?;
        let pan = Pan::from_digits(number).ok_or(CardDataError::NoCardNumber)?;
        let (date, service_code) = date_and_service_code(after);
        let date = date.map(|date| std::str::from_utf8(date).map_err(|_| CardDataError::Expiry));
        let expiry = date.transpose()?.map(Expiry::parse).transpose()?;
        let mut session = Self::new(Entry::Stripe, NamedBy::Card(pan), expiry);
        session.service_code = service_code;
        session.tracks = [one, Some(two), three];
        Ok(session)
    }

    /// A card whose number was typed.
    pub fn typed(pan: Pan, expiry: Expiry, card_code: Option<CardCode>) -> Self {
        let mut session = Self::new(Entry::Manual, NamedBy::Card(pan), Some(expiry));
        session.card_code = card_code;
        session
    }

    /// A card read by its chip, up to the message to the acquirer.
    ///
    /// # Errors
    /// The chip's track 2 is not of the chip's card number.
    pub fn from_chip(chip: ChipData) -> Result<Self, CardDataError> {
        let ChipData { contactless, pan, expiry, track_two, sequence_number, tags } = chip;
        let entry = if contactless { Entry::ContactlessChip } else { Entry::ContactChip };
        let mut session = Self::new(entry, NamedBy::Card(pan), expiry);
        if let Some(track) = track_two {
            let (number, after) = track.halves().ok_or(CardDataError::NoCardNumber)?;
            if Pan::from_digits(number).as_ref() != session.pan() {
                return Err(CardDataError::TrackOfAnother);
            }
            session.service_code = date_and_service_code(after).1;
            session.tracks = [None, Some(track), None];
        }
        session.sequence_number = sequence_number;
        session.update_chip(tags);
        Ok(session)
    }

    /// A code that a customer's wallet showed.
    pub fn from_code(code: ScannedCode) -> Self {
        Self::new(Entry::CodeScan, NamedBy::Code(code), None)
    }

    /// The chip's data objects as they stand after another step, which replace those of the same tag.
    pub fn update_chip(&mut self, tags: EmvTags) {
        self.tags.update(tags);
        let known = self.presented();
        self.tags.look_for(&known);
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
    pub fn with_signature(self) -> Self {
        self.verified_by(Verification::Signature)
    }

    /// The cardholder was verified in this way. A PIN for the issuer is given with [`CardSession::with_pin`].
    #[must_use]
    pub fn verified_by(mut self, verification: Verification) -> Self {
        self.verification = verification;
        self
    }

    /// The chip was tried first and failed.
    #[must_use]
    pub fn fallen_back(mut self) -> Self {
        self.fell_back = true;
        self
    }

    /// What the plugin may know of this card or code. Of a code, the length stands where a card has its number's.
    pub fn presented(&self) -> Presented {
        let [one, two, three] = self.tracks.each_ref().map(|track| track.as_ref().map_or(0, Track::length));
        let (bin, last_four, length) = match &self.named_by {
            NamedBy::Card(pan) => (pan.bin(), pan.last_four(), pan.reveal().len()),
            NamedBy::Code(code) => (code.prefix(), String::new(), code.reveal().len()),
        };
        Presented {
            entry: self.entry,
            bin,
            last_four,
            pan_length: u8::try_from(length).unwrap_or(u8::MAX),
            has_expiry: self.expiry.is_some(),
            track_one_length: one,
            track_two_length: two,
            track_three_length: three,
            sequence_number: self.sequence_number,
            service_code: self.service_code.clone(),
            verification: self.verification,
            pin_length: self.pin_length,
            fell_back: self.fell_back,
            tags: self.tags.shown(),
        }
    }

    /// Both were read from the same card, by its number; compared in constant time. A code is no card.
    pub fn is_same_card(&self, other: &Self) -> bool {
        self.pan().is_some() && self.pan() == other.pan()
    }

    pub(crate) fn pan(&self) -> Option<&Pan> {
        match &self.named_by {
            NamedBy::Card(pan) => Some(pan),
            NamedBy::Code(_) => None,
        }
    }

    pub(crate) fn tags(&self) -> &EmvTags {
        &self.tags
    }

    /// The secret in clear, where this card or code has it.
    pub(crate) fn secret(&self, secret: Secret) -> Option<&[u8]> {
        let [one, two, three] = &self.tracks;
        match (secret, &self.named_by) {
            (Secret::Pan, _) => self.pan().map(Pan::reveal),
            (Secret::Expiry, _) => self.expiry.as_ref().map(Expiry::reveal),
            (Secret::TrackOne, _) => one.as_ref().map(Track::reveal),
            (Secret::TrackTwo, _) => two.as_ref().map(Track::reveal),
            (Secret::TrackThree, _) => three.as_ref().map(Track::reveal),
            (Secret::CardCode, _) => self.card_code.as_ref().map(CardCode::reveal),
            (Secret::ScannedCode, NamedBy::Code(code)) => Some(code.reveal()),
            (Secret::ScannedCode, NamedBy::Card(_)) => None,
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

    fn new(entry: Entry, named_by: NamedBy, expiry: Option<Expiry>) -> Self {
        Self {
            entry,
            named_by,
            expiry,
            tracks: [None, None, None],
            card_code: None,
            service_code: None,
            sequence_number: None,
            tags: EmvTags::new(),
            verification: Verification::None,
            pin_length: 0,
            pin: None,
            fell_back: false,
            renderings: 0,
        }
    }
}

redacted!(CardSession, ChipData);

/// The date, four digits or what stands in their place, and the service code behind it. A separator in place of the
/// date means the card has none (ISO/IEC 7813).
fn date_and_service_code(after: &[u8]) -> (Option<&[u8]>, Option<String>) {
    let (date, rest) = match after.split_first() {
        Some((b'=', rest)) => (None, rest),
        _ => (Some(after.get(..4).unwrap_or(&[])), after.get(4..).unwrap_or(&[])),
    };
    let code = rest.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit));
    (date, code.map(|code| open_digits(Some(code))))
}

/// What a sealed card still holds: never a track, a PIN, a card code or a scanned code. By default, nothing.
#[derive(Clone, Default)]
pub struct UnsealedCard {
    pub(crate) pan: Option<Pan>,
    pub(crate) expiry: Option<Expiry>,
    pub(crate) tags: EmvTags,
}

impl UnsealedCard {
    pub(crate) fn tags(&self) -> &EmvTags {
        &self.tags
    }

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

    fn chip(track_two: &str) -> Result<CardSession, CardDataError> {
        CardSession::from_chip(ChipData {
            contactless: false,
            pan: Pan::parse(PAN)?,
            expiry: Some(Expiry::parse("3012")?),
            track_two: Some(Track::two(track_two)?),
            sequence_number: Some(1),
            tags: EmvTags::parse(&[0x82, 0x02, 0x7C, 0x00]).unwrap(),
        })
    }

    #[test]
    fn a_chip_tells_the_plugin_its_open_tags_too() {
        let mut card = chip(&format!("{PAN}D30122010000000000")).unwrap().verified_by(Verification::OfflinePin);
        let presented = card.presented();
        assert_eq!((presented.entry, presented.sequence_number), (Entry::ContactChip, Some(1)));
        assert_eq!((presented.bin.as_str(), presented.service_code.as_deref()), ("620000", Some("201")));
        assert_eq!((presented.track_two_length, presented.verification), (34, Verification::OfflinePin));
        assert_eq!(presented.tags, [(0x82, vec![0x7C, 0x00])]);
        card.update_chip(EmvTags::parse(&[0x82, 0x01, 0x00, 0x95, 0x00]).unwrap());
        assert_eq!(card.presented().tags, [(0x82, vec![0]), (0x95, vec![])]);
        assert_eq!(chip("6200000123456788=3012201").map(drop), Err(CardDataError::TrackOfAnother));
        assert_eq!(chip("30122010000000000").map(drop), Err(CardDataError::NoCardNumber));
    }

    #[test]
    fn a_code_tells_the_plugin_its_prefix_and_length_only() {
        let code = CardSession::from_code(ScannedCode::parse("284512345678901234").unwrap());
        let presented = code.presented();
        assert_eq!((presented.entry, presented.bin.as_str()), (Entry::CodeScan, "284512"));
        assert_eq!((presented.last_four.as_str(), presented.pan_length, presented.has_expiry), ("", 18, false));
        assert_eq!(code.secret(Secret::ScannedCode), Some(&b"284512345678901234"[..]));
        assert_eq!(code.secret(Secret::Pan), None);
        assert!(!code.is_same_card(&code), "a code is no card");
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
