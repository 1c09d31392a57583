//! What cardholders pay with: stripes, chips with a mind of their own, codes on telephones. All made up.

use anyhow::Result;
use engine::CardVerdict;
use vault::{CardSession, ChipData, EmvTags, Expiry, Pan, Pin, ScannedCode, Track};

/// A card, or a code.
struct Plastic {
    number: &'static str,
    pin: Option<&'static str>,
    medium: Medium,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    Stripe,
    /// A chip, and what it says when the acquirer has approved and when nobody could be asked.
    Chip {
        approves: bool,
        approves_alone: bool,
    },
    /// A code on a telephone, which stands for the card of this number.
    Code(&'static str),
}

/// The last month all of them are good, YYMM.
pub const EXPIRY: &str = "3012";
const CARDS: [Plastic; 7] = [
    Plastic { number: "6200000123456787", pin: Some("123456"), medium: Medium::Stripe },
    Plastic { number: "6200009876543212", pin: None, medium: Medium::Stripe },
    Plastic { number: "6200001357924680138", pin: Some("4321"), medium: Medium::Stripe },
    Plastic { number: "6200007418529630", pin: None, medium: Medium::Stripe },
    Plastic { number: "6200009876543212", pin: None, medium: Medium::Chip { approves: true, approves_alone: false } },
    Plastic {
        number: "6200000123456787",
        pin: Some("123456"),
        medium: Medium::Chip { approves: false, approves_alone: false },
    },
    Plastic { number: "6200007418529630", pin: None, medium: Medium::Chip { approves: true, approves_alone: true } },
];
/// How many of them, from the first, are stripes.
pub const STRIPES: usize = 4;
/// A chip that takes what the acquirer says, scripts too.
pub const CHIP: usize = 4;
/// A chip that refuses what the acquirer approved.
pub const CHIP_REFUSES: usize = 5;
/// A chip that approves by itself where nobody can be asked.
pub const CHIP_ALONE: usize = 6;
/// A code on a telephone.
pub const CODE: usize = CARDS.len();
const TELEPHONE: Plastic =
    Plastic { number: "134567890123456789", pin: None, medium: Medium::Code("6200009876543212") };

/// What an issuer sends with an approval of a chip: a script that unblocks its PIN.
pub const ISSUER_ANSWER: &str = "910a1122334455667788303072139f180400000042860a8424000004a1b2c3d400";
/// What came of it, as UnionPay's DF31 has it (A.8).
const SCRIPT_RESULT: [u8; 5] = [0x20, 0x00, 0x00, 0x00, 0x42];
/// Data objects of a chip and its kernel when the acquirer is asked (UnionPay A.8), but for the amount.
const REQUEST_TAGS: &str = "9f26081122334455667788 9f270180 9f101307010103a00000010a010000000000a1b2c3d4 9f3704deadbeef \
    9f36020007 95050000000000 9a03260510 9c0100 5f2a020156 82027c00 9f1a020156 9f0306000000000000 9f3303e0e9c8 \
    9f34031f0300 9f350122 9f1e083030303030303031 8408a000000333010101 9f09020020 9f410400000007";

/// A chip's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWord {
    /// It approved (a TC).
    pub accepted: bool,
    /// It was given scripts.
    pub scripts: bool,
    /// Nobody but the card was asked.
    pub alone: bool,
}

/// Numbers of all cards and codes, for who looks for them where they must not be.
pub fn numbers() -> impl Iterator<Item = &'static str> {
    CARDS.iter().chain([&TELEPHONE]).map(|plastic| plastic.number)
}

/// How many cards there are.
pub fn count() -> usize {
    CARDS.len()
}

/// Accounts behind the cards: number and PIN.
pub fn accounts() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    CARDS.iter().filter(|card| card.medium == Medium::Stripe).map(|card| (card.number, card.pin))
}

/// The telephone's code, and the card it stands for.
pub fn wallet() -> (&'static str, &'static str) {
    match TELEPHONE.medium {
        Medium::Code(card) => (TELEPHONE.number, card),
        Medium::Stripe | Medium::Chip { .. } => (TELEPHONE.number, ""),
    }
}

/// A card or a code as a reader hands it over.
pub fn present(index: usize, minor: u64) -> Result<CardSession> {
    let plastic = plastic(index);
    let track = |service: &str| Track::two(&format!("{}={EXPIRY}{service}0000000000", plastic.number));
    let session = match plastic.medium {
        Medium::Stripe => CardSession::from_stripe(None, track("101")?, None)?,
        Medium::Code(_) => return Ok(CardSession::from_code(ScannedCode::parse(plastic.number)?)),
        Medium::Chip { .. } => CardSession::from_chip(ChipData {
            contactless: false,
            pan: Pan::parse(plastic.number)?,
            expiry: Some(Expiry::parse(EXPIRY)?),
            track_two: Some(track("201")?),
            sequence_number: Some(1),
            tags: request_tags(minor)?,
        })?,
    };
    Ok(match plastic.pin {
        Some(pin) => session.with_pin(Pin::parse(pin)?),
        None => session.with_signature(),
    })
}

/// What a chip makes of the acquirer's word, or of its silence: its last word, and its data objects from then on.
pub fn finish(index: usize, verdict: &CardVerdict) -> Result<(LastWord, EmvTags)> {
    let Medium::Chip { approves, approves_alone } = plastic(index).medium else {
        anyhow::bail!("card {index} is asked for a last word and has no chip");
    };
    let word = match verdict {
        CardVerdict::Online { chip_data } => {
            LastWord { accepted: approves, scripts: !chip_data.is_empty(), alone: false }
        }
        CardVerdict::Declined { chip_data } => {
            LastWord { accepted: false, scripts: !chip_data.is_empty(), alone: false }
        }
        CardVerdict::Unreachable => LastWord { accepted: approves_alone, scripts: false, alone: true },
    };
    let mut tags = EmvTags::new();
    tags.set(0x9F26, &[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])?;
    tags.set(0x9F27, &[if word.accepted { 0x40 } else { 0x00 }])?;
    tags.set(0x95, &[0, 0, 0, 0, 0x08])?;
    if word.scripts {
        tags.set(0xDF31, &SCRIPT_RESULT)?;
    }
    Ok((word, tags))
}

fn plastic(index: usize) -> &'static Plastic {
    static TELEPHONES: Plastic = TELEPHONE;
    static ALL: [Plastic; CARDS.len()] = CARDS;
    if index == CODE { &TELEPHONES } else { &ALL[index % ALL.len()] }
}

fn request_tags(minor: u64) -> Result<EmvTags> {
    let mut tags = EmvTags::parse(&hex::decode(REQUEST_TAGS.replace(' ', ""))?)?;
    tags.set(0x9F02, &hex::decode(format!("{minor:012}"))?)?;
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_asked_and_a_stripe_is_not() {
        let online = CardVerdict::Online { chip_data: hex::decode(ISSUER_ANSWER).unwrap() };
        let word = |card, verdict| finish(card, verdict).map(|(word, _)| (word.accepted, word.scripts)).ok();
        assert_eq!(word(CHIP, &online), Some((true, true)));
        assert_eq!(word(CHIP, &CardVerdict::Unreachable), Some((false, false)));
        assert_eq!(word(CHIP_REFUSES, &online), Some((false, true)));
        assert_eq!(word(CHIP_ALONE, &CardVerdict::Unreachable), Some((true, false)));
        assert_eq!(word(0, &online), None);
    }

    #[test]
    fn everything_can_be_presented_and_the_issuers_answer_be_read() {
        for index in (0..count()).chain([CODE]) {
            present(index, 1_234).unwrap();
        }
        assert!(EmvTags::parse(&hex::decode(ISSUER_ANSWER).unwrap()).unwrap().open(0x72).is_some());
    }
}
