//! A developer's chip: data objects as a card and a kernel would have them, cryptograms that nobody can check, and a
//! last word that its profile decides.

use engine::CardVerdict;
use engine::contract::types::{Amount, LocalTime};
use vault::{CardDataError, CardSession, ChipData, EmvTags, Expiry, Pan, Track};

use crate::{CardRequest, Finished};

/// A chip, as its profile has it.
#[derive(Clone)]
pub(super) struct Chip {
    pub contactless: bool,
    pub pan: Pan,
    pub expiry: Expiry,
    pub track_two: Track,
    pub has_pin: bool,
    pub last_word: LastWord,
    pub scripts_fail: bool,
    pub approves_offline: bool,
}

/// What it does when the acquirer has approved.
#[derive(Clone, Copy)]
pub(super) enum LastWord {
    Approves,
    Refuses,
    /// Its holder has taken it.
    Gone,
}

/// A chip in the reader, between its two cryptograms.
pub(super) struct Inserted {
    chip: Chip,
    amount: Amount,
    at: LocalTime,
    /// What card and terminal count (9F36, 9F41).
    transaction: u16,
}

/// What is done with a cryptogram (EMV Book 3, 9F27).
#[derive(Clone, Copy)]
enum Cryptogram {
    /// The card refuses.
    Aac = 0x00,
    /// The card approves.
    Tc = 0x40,
    /// The card asks its issuer.
    Arqc = 0x80,
}

/// The tags of issuer scripts before and behind the second cryptogram.
const SCRIPT_TAGS: [u32; 2] = [0x71, 0x72];
/// The identifier inside a script.
const SCRIPT_IDENTIFIER: u32 = 0x9F18;
const SCRIPT_IDENTIFIER_BYTES: usize = 4;
/// UnionPay's application, debit.
const APPLICATION: &[u8] = &[0xA0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01];
const SEQUENCE_NUMBER: u8 = 1;

impl Chip {
    /// The card as its chip gives it.
    pub fn session(&self, tags: EmvTags) -> Result<CardSession, CardDataError> {
        CardSession::from_chip(ChipData {
            contactless: self.contactless,
            pan: self.pan.clone(),
            expiry: Some(self.expiry.clone()),
            track_two: Some(self.track_two.clone()),
            sequence_number: Some(SEQUENCE_NUMBER),
            tags,
        })
    }
}

impl Inserted {
    pub fn new(chip: Chip, request: &CardRequest, transaction: u16) -> Self {
        Self { chip, amount: request.amount, at: request.at, transaction }
    }

    /// What goes to the acquirer (UnionPay A.8).
    pub fn request_tags(&self) -> EmvTags {
        let mut tags = EmvTags::new();
        let cardholder: &[u8] = if self.chip.has_pin { &[0x42, 0x03, 0x00] } else { &[0x1F, 0x03, 0x00] };
        let contactless_quick: &[u8] = &[0x26, 0x00, 0x00, 0x80];
        for (tag, value) in [
            (0x4F, APPLICATION),
            (0x84, APPLICATION),
            (0x5F34, &[SEQUENCE_NUMBER]),
            (0x82, &[0x7C, 0x00]),
            (0x95, &[0; 5]),
            (
                0x9A,
                &bcd(
                    u64::from(self.at.year % 100) * 10_000 + u64::from(self.at.month) * 100 + u64::from(self.at.day),
                    3,
                ),
            ),
            (0x9C, &[0x00]),
            (0x9F02, &bcd(self.amount.minor, 6)),
            (0x9F03, &[0; 6]),
            (0x5F2A, &bcd(u64::from(self.amount.currency), 2)),
            (0x9F1A, &[0x01, 0x56]),
            (0x9F09, &[0x00, 0x20]),
            (0x9F1E, b"ACQUIT01"),
            (0x9F33, &[0xE0, 0xE9, 0xC8]),
            (0x9F34, cardholder),
            (0x9F35, &[0x22]),
            (0x9F36, &self.transaction.to_be_bytes()),
            (0x9F37, &self.mixed(1)[..4]),
            (0x9F41, &bcd(u64::from(self.transaction), 4)),
        ] {
            put(&mut tags, tag, value);
        }
        if self.chip.contactless {
            put(&mut tags, 0x9F66, contactless_quick);
        }
        self.sign(&mut tags, Cryptogram::Arqc);
        tags
    }

    /// The card's last word, as its profile says.
    pub fn finish(self, verdict: &CardVerdict) -> Finished {
        let mut tags = EmvTags::new();
        let (accepted, scripts) = match (self.chip.last_word, verdict) {
            (LastWord::Gone, _) => return Finished::Gone,
            (_, CardVerdict::Unreachable) => (self.chip.approves_offline, Vec::new()),
            (_, CardVerdict::Declined { chip_data }) => (false, self.run_scripts(chip_data)),
            (LastWord::Approves, CardVerdict::Online { chip_data }) => (true, self.run_scripts(chip_data)),
            (LastWord::Refuses, CardVerdict::Online { chip_data }) => (false, self.run_scripts(chip_data)),
        };
        if !scripts.is_empty() {
            put(&mut tags, 0xDF31, &scripts);
        }
        // Issuer authentication done; and scripts, where there were some (9B, EMV Book 3, annex C6).
        put(&mut tags, 0x9B, &[if scripts.is_empty() { 0xF8 } else { 0xFC }, 0x00]);
        self.sign(&mut tags, if accepted { Cryptogram::Tc } else { Cryptogram::Aac });
        Finished::Done { accepted, scripts: !scripts.is_empty(), tags }
    }

    /// Results of each script as UnionPay's DF31 has them (A.8): what came of it, and its identifier. An answer nobody
    /// can read has no scripts.
    fn run_scripts(&self, chip_data: &[u8]) -> Vec<u8> {
        let Ok(answer) = EmvTags::parse(chip_data) else { return Vec::new() };
        let scripts = SCRIPT_TAGS.iter().filter_map(|tag| answer.open(*tag));
        scripts
            .flat_map(|script| {
                let inside = EmvTags::parse(script).unwrap_or_default();
                let mut identifier = inside.open(SCRIPT_IDENTIFIER).unwrap_or_default().to_vec();
                identifier.resize(SCRIPT_IDENTIFIER_BYTES, 0);
                let result = if self.chip.scripts_fail { 0x11 } else { 0x20 };
                [vec![result], identifier].concat()
            })
            .collect()
    }

    fn sign(&self, tags: &mut EmvTags, cryptogram: Cryptogram) {
        put(tags, 0x9F26, &self.mixed(cryptogram as u64 + 2));
        put(tags, 0x9F27, &[cryptogram as u8]);
        put(tags, 0x9F10, &[0x07, 0x01, 0x01, 0x03, (cryptogram as u8 >> 2) | 0x80, 0x00, 0x00, 0x01]);
    }

    /// Bytes that differ from payment to payment. They prove nothing: there is no key in a developer's card.
    fn mixed(&self, salt: u64) -> [u8; 8] {
        let seconds = u64::from(self.at.hour) * 3600 + u64::from(self.at.minute) * 60 + u64::from(self.at.second);
        let mut mixed = self.amount.minor ^ u64::from(self.transaction) << 40 ^ seconds << 20 ^ salt << 56;
        // The finaliser of SplitMix64.
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31).to_be_bytes()
    }
}

/// Every tag of this module is one, and every value short: none is refused.
fn put(tags: &mut EmvTags, tag: u32, value: &[u8]) {
    let _ = tags.set(tag, value);
}

/// A number in this many bytes of BCD, as many of its last digits as fit.
fn bcd(mut number: u64, bytes: usize) -> Vec<u8> {
    let mut written = vec![0; bytes];
    for byte in written.iter_mut().rev() {
        let pair = (number % 100) as u8;
        *byte = (pair / 10) << 4 | (pair % 10);
        number /= 100;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtual_set::CardProfile;
    use crate::{PinPolicy, Wanted};

    fn inserted(card: &str) -> Inserted {
        let request = CardRequest {
            wanted: Wanted::Card,
            at: LocalTime { year: 2026, month: 11, day: 22, hour: 9, minute: 30, second: 0, utc_offset: 480 },
            amount: Amount { minor: 1234, currency: 156, exponent: 2 },
            pin: PinPolicy::Never,
            allow_fallback: false,
            patience: std::time::Duration::from_secs(1),
        };
        Inserted::new(CardProfile::find(card).unwrap().chip().unwrap().clone(), &request, 7)
    }

    fn last_word(card: &str, verdict: &CardVerdict) -> (bool, bool, EmvTags) {
        match inserted(card).finish(verdict) {
            Finished::Done { accepted, scripts, tags } => (accepted, scripts, tags),
            Finished::Gone => panic!("gone"),
        }
    }

    #[test]
    fn a_chip_signs_the_amount_and_the_day() {
        let tags = inserted("unionpay-inserted").request_tags();
        assert_eq!(tags.open(0x9F02), Some(&[0, 0, 0, 0, 0x12, 0x34][..]));
        assert_eq!(tags.open(0x9A), Some(&[0x26, 0x11, 0x22][..]));
        assert_eq!((tags.open(0x9F27), tags.open(0x9F36)), (Some(&[0x80][..]), Some(&[0, 7][..])));
    }

    #[test]
    fn each_profile_has_its_last_word() {
        let online = CardVerdict::Online { chip_data: Vec::new() };
        for (card, verdict, expected) in [
            ("unionpay-inserted", &online, (true, 0x40)),
            ("unionpay-inserted", &CardVerdict::Unreachable, (false, 0x00)),
            ("unionpay-refuses", &online, (false, 0x00)),
            ("unionpay-offline", &CardVerdict::Unreachable, (true, 0x40)),
            ("unionpay-inserted", &CardVerdict::Declined { chip_data: Vec::new() }, (false, 0x00)),
            ("unionpay-offline", &CardVerdict::Declined { chip_data: Vec::new() }, (false, 0x00)),
        ] {
            let (accepted, scripts, tags) = last_word(card, verdict);
            assert_eq!((accepted, tags.open(0x9F27).unwrap()[0]), expected, "{card}");
            assert!(!scripts && tags.open(0xDF31).is_none());
        }
    }

    #[test]
    fn what_came_of_a_script_is_told_with_its_identifier() {
        let script = hex::decode("721d9f180400000042860d841e0000080123456789abcdef8605841600000400").unwrap();
        let online = CardVerdict::Online { chip_data: script.clone() };
        for (card, result) in [("unionpay-inserted", "2000000042"), ("unionpay-scripts", "1100000042")] {
            let (accepted, scripts, tags) = last_word(card, &online);
            assert!(accepted && scripts);
            assert_eq!(hex::encode(tags.open(0xDF31).unwrap()), result);
        }
        let declined = CardVerdict::Declined { chip_data: script };
        let (accepted, scripts, _) = last_word("unionpay-inserted", &declined);
        assert!(!accepted && scripts, "an issuer may block a card while it declines");
        let damaged = CardVerdict::Online { chip_data: vec![0x72, 0x20, 0x00] };
        assert!(!last_word("unionpay-inserted", &damaged).1, "what cannot be read is no script");
    }
}
