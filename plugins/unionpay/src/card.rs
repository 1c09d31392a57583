//! The fields that say how a card was read and what it holds (A.5, A.8, A.12): DE2 14 22 23 26 35 36 52 53 55.

use sdk::iso8583::{Composer, EncodeError};
use sdk::lookup::LookupError;
use sdk::prelude::{
    ChipDataHole, Context, Encoding, Entry, Fault, Node, Presented, Secret, SecretHole, TrackHole, TrackProtection,
};

use crate::descriptor::{PIN_KEY, TRACK_KEY};
use crate::parameters::{self, Source};
use crate::settings::Settings;

/// DE26: the longest PIN taken.
const PIN_DIGITS_MAX: &str = "12";
const PIN_BLOCK_BYTES: usize = 8;
/// Nibbles of a cipher block, to which T-b and T-c fill a track.
const BLOCK_NIBBLES: usize = 16;
/// T-c puts a byte of length before the track.
const LENGTH_NIBBLES: usize = 2;
/// 60.5: unused; the chip of this card was tried first and failed.
const CHIP_USED: &str = "0";
const CHIP_FAILED: &str = "2";

/// DE55 of an online request (A.8).
pub(crate) const ONLINE_TAGS: [u32; 20] = [
    0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A, 0x9F03, 0x9F33, 0x9F34,
    0x9F35, 0x9F1E, 0x84, 0x9F09, 0x9F41,
];
/// DE55 of a reversal (A.8).
pub(crate) const REVERSAL_TAGS: [u32; 5] = [0x95, 0x9F1E, 0x9F10, 0x9F36, 0xDF31];

/// DE22: how the number was read, and whether a PIN was entered.
pub(crate) fn entry_mode(card: &Presented) -> String {
    let entry = match card.entry {
        Entry::Manual => "01",
        Entry::Stripe => "02",
        Entry::CodeScan => "03",
        Entry::ContactChip => "05",
        Entry::ContactlessChip => "07",
        Entry::ContactlessStripe => "91",
    };
    format!("{entry}{}", if card.pin_length > 0 { 1 } else { 2 })
}

/// An earlier card as the terminal still has it: number and expiry, no track and no PIN.
pub(crate) fn kept(card: &Presented) -> Presented {
    Presented { track_one_length: 0, track_two_length: 0, track_three_length: 0, pin_length: 0, ..card.clone() }
}

/// An earlier card that is not there now: as [`kept`], and read as the acquirer wants it told, by default as typed.
pub(crate) fn absent(card: &Presented, context: &Context) -> Result<Presented, LookupError> {
    let is_told_as_read = card.entry == Entry::CodeScan || Source(context).is(parameters::ABSENT_CARD, "as-read")?;
    let entry = if is_told_as_read { card.entry } else { Entry::Manual };
    Ok(Presented { entry, fell_back: false, ..kept(card) })
}

/// Whether the card spoke for itself, so that DE23 and DE55 have something to say.
pub(crate) fn is_chip(card: &Presented) -> bool {
    matches!(card.entry, Entry::ContactChip | Entry::ContactlessChip)
}

/// DE2 and, where they are known, DE14 and DE23. A scanned code is no card number.
pub(crate) fn write_number(message: &mut Composer, card: &Presented) -> Result<(), EncodeError> {
    if card.entry == Entry::CodeScan {
        return Ok(());
    }
    message.hole(2, usize::from(card.pan_length), secret(Secret::Pan))?;
    if card.has_expiry {
        message.hole(14, 4, secret(Secret::Expiry))?;
    }
    if let Some(number) = card.sequence_number.filter(|_| is_chip(card)) {
        message.set_number(23, number.into())?;
    }
    Ok(())
}

/// Everything but DE55: number or tracks, and the PIN. A stripe is its track alone; a chip gives both.
pub(crate) fn write_card(
    message: &mut Composer,
    card: &Presented,
    context: &Context,
    settings: &Settings,
) -> Result<(), Fault> {
    if card.track_two_length == 0 || is_chip(card) {
        write_number(message, card)?;
    }
    let protected = write_tracks(message, card, context)?;
    if card.pin_length > 0 {
        message.set(26, PIN_DIGITS_MAX)?.hole(52, PIN_BLOCK_BYTES, Node::PinBlock(PIN_KEY.to_owned()))?;
    }
    if protected || card.pin_length > 0 {
        message.set(53, &security_control(settings, card.pin_length > 0, protected))?;
    }
    Ok(())
}

/// DE55 of an online request, where the card has a chip.
pub(crate) fn write_chip(message: &mut Composer, card: &Presented, context: &Context) -> Result<(), Fault> {
    if !is_chip(card) {
        return Ok(());
    }
    let mut tags = ONLINE_TAGS.to_vec();
    tags.extend(Source(context).tags(parameters::CHIP_TAGS_MORE)?);
    if card.entry == Entry::ContactlessChip {
        tags.extend(Source(context).tags(parameters::CONTACTLESS_TAGS_MORE)?);
    }
    message.measured(55, chip_data(&tags))?;
    Ok(())
}

/// These tags of this operation's card.
pub(crate) fn chip_data(tags: &[u32]) -> Node {
    Node::ChipData(ChipDataHole { tags: tags.to_vec(), of_item: None })
}

/// 60.3 to 60.5, where there is something to say of the chip: it was used, or it failed and the stripe was.
pub(crate) fn chip_condition(card: &Presented, context: &Context) -> Option<[&'static str; 3]> {
    let condition = match card.fell_back {
        true => CHIP_FAILED,
        false if is_chip(card) => CHIP_USED,
        false => return None,
    };
    Some(["000", read_ability(context), condition])
}

/// 60.4: what the terminal can read.
pub(crate) fn read_ability(context: &Context) -> &'static str {
    use sdk::prelude::Reader::{Contact, Contactless, Stripe};
    let reads = &context.device.reads;
    let abilities = [(Contactless, "6"), (Contact, "5"), (Stripe, "2")];
    abilities.into_iter().find(|(reader, _)| reads.contains(reader)).map_or("0", |(_, ability)| ability)
}

/// A secret in packed digits; this protocol pads an odd length on the right with 0.
pub(crate) fn secret(secret: Secret) -> Node {
    Node::Secret(SecretHole { secret, encoding: Encoding::BcdRightZero, of_item: None })
}

/// DE35 and DE36; whether they are encrypted.
fn write_tracks(message: &mut Composer, card: &Presented, context: &Context) -> Result<bool, Fault> {
    let source = Source(context);
    let third = if source.yes(parameters::TRACK_THREE)? { card.track_three_length } else { 0 };
    let tracks = [(35, Secret::TrackTwo, card.track_two_length), (36, Secret::TrackThree, third)];
    let mut tracks = tracks.into_iter().filter(|(_, _, length)| *length > 0).peekable();
    if tracks.peek().is_none() {
        return Ok(false);
    }
    let protection = source.track_protection()?;
    for (number, track, length) in tracks {
        let clear = usize::from(length);
        let (nibbles, node) = match protection {
            None => (clear, secret(track)),
            Some(protection) => {
                let hole = TrackHole { track, protection, key: TRACK_KEY.to_owned() };
                (protected_nibbles(protection, clear), Node::Track(hole))
            }
        };
        message.hole(number, nibbles, node)?;
    }
    Ok(protection.is_some())
}

/// Nibbles of a protected track (A.12).
fn protected_nibbles(protection: TrackProtection, clear: usize) -> usize {
    match protection {
        TrackProtection::UnionpayLastBlock => clear,
        TrackProtection::PaddedF => clear.next_multiple_of(BLOCK_NIBBLES),
        // The track stands in whole bytes after its length.
        TrackProtection::LengthPrefixed => (LENGTH_NIBBLES + clear.next_multiple_of(2)).next_multiple_of(BLOCK_NIBBLES),
    }
}

/// DE53: as the parameter says, without a PIN block where there is none, and the third digit for encrypted tracks.
fn security_control(settings: &Settings, has_pin: bool, protected: bool) -> String {
    let digit = |(index, digit): (usize, char)| match index {
        0 if !has_pin => '0',
        2 if protected => '1',
        _ => digit,
    };
    settings.security_control.chars().enumerate().map(digit).collect()
}
