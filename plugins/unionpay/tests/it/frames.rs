//! Published frames decode and re-encode byte for byte; everything else is an error, never a panic.

use acquit_plugin_unionpay::fields::{self, BEFORE_MTI_BYTES};
use proptest::prelude::*;
use sdk::iso8583::{Composer, Content, Decoded, Reason};

use crate::support::{U1, U2, U4, U5, U6, U13, bytes};

/// A frame, its message type, and some of its fields.
type Published = (&'static str, u16, &'static [(u8, &'static str)]);

fn recompose(message: &Decoded<'_>, before: &[u8]) -> Vec<u8> {
    let mut composer = Composer::new(&fields::TABLE, message.message_type());
    for value in message.values() {
        let fits = match value.field().content {
            Content::Digits | Content::Track => composer.set(value.number(), &value.text()).map(drop),
            _ => composer.set_bytes(value.number(), value.bytes()).map(drop),
        };
        fits.expect("what was read can be written");
    }
    [before, &composer.to_bytes().expect("no holes")].concat()
}

#[test]
fn published_frames_decode_and_re_encode_byte_for_byte() {
    let cases: [Published; 5] = [
        (U1, 0x0800, &[(11, "000172"), (12, "170510"), (13, "0510"), (60, "00000172003"), (63, "CUP")]),
        (U2, 0x0810, &[(11, "000172"), (32, "03099988"), (37, "051000000203"), (39, "00"), (60, "00000042003")]),
        (
            U4,
            0x0400,
            &[
                (2, "1234567890123456"),
                (4, "000000000500"),
                (22, "021"),
                (25, "65"),
                (39, "98"),
                (61, "2334156811860529"),
            ],
        ),
        (U5, 0x0200, &[(26, "12"), (35, "6200000123456787=301210100000000000"), (52, "F421C8F4FFE584DC")]),
        (U6, 0x0400, &[(4, "000001002000"), (39, "98"), (63, "01 "), (64, "3342463735343838")]),
    ];
    for (hex, mti, expected) in cases {
        let frame = bytes(hex);
        let message = fields::read(&frame).expect(hex);
        assert_eq!(message.message_type(), mti);
        for (number, text) in expected {
            assert_eq!(message.get(*number).expect("present").text(), *text, "DE{number}");
        }
        assert_eq!(recompose(&message, &frame[..BEFORE_MTI_BYTES]), frame);
    }
}

/// A terminal in the field set DE61 without its bit. A parser that skips what it does not expect took the amount's
/// digits for the MAC; this one names the bytes that are too many.
#[test]
fn a_bitmap_that_lies_is_refused_with_the_leftover_named() {
    let frame = bytes(U13);
    let error = fields::read(&frame).expect_err("U13 has bytes its bitmap does not name");
    assert_eq!(
        (error.path.to_string().as_str(), error.offset, error.reason),
        ("end", frame.len() - 10, Reason::Leftover(10))
    );
    let shown = "end at byte 113: 10 bytes are left over after the last field of the bitmap (";
    assert!(error.to_string().starts_with(shown), "{error}");
}

#[test]
fn every_truncation_and_every_added_byte_is_an_error() {
    for hex in [U1, U2, U4, U5, U6] {
        let mut frame = bytes(hex);
        for length in 0..frame.len() {
            assert!(fields::read(&frame[..length]).is_err(), "{length} bytes of {hex}");
        }
        frame.push(0);
        assert!(fields::read(&frame).is_err(), "a byte more than {hex}");
    }
}

#[test]
fn what_is_no_digit_is_refused_at_its_field() {
    let cases = [
        (U5, "000000088800", "00000008880F", "DE4", Reason::BadNibble),
        (U5, "0210001235", "0211001235", "DE22", Reason::BadPadding),
        (U5, "01210100000000000031", "01210100000000000F31", "DE35", Reason::BadPadding),
        (U5, "0012356200", "0012496200", "DE35", Reason::TooLong { length: 49, max: 48 }),
        (U5, "0012356200", "00123A6200", "DE35", Reason::BadPrefix),
        (U2, "08030999", "0C030999", "DE32", Reason::BadPrefix),
        (U6, "3938313034", "39FF313034", "DE39", Reason::BadCharacter),
        (U1, "0800003800", "080A003800", "MTI", Reason::BadCharacter),
        (U1, "0800003800", "0800803800", "bitmap", Reason::UnknownField(1)),
        (U1, "0800003800", "0800043800", "bitmap", Reason::UnknownField(6)),
    ];
    for (frame, right, wrong, path, reason) in cases {
        assert_eq!(frame.matches(right).count(), 1, "{right}");
        let error = fields::read(&bytes(&frame.replace(right, wrong))).expect_err(wrong);
        assert_eq!((error.path.to_string().as_str(), error.reason), (path, reason));
        assert!(!error.to_string().contains("62000001"), "an error shows no digits of a card");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_value_or_an_error(frame in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = fields::read(&frame);
    }

    /// What can be read can be written, and is the same again.
    #[test]
    fn a_frame_with_bytes_changed_reads_to_itself_or_not_at_all(
        which in 0usize..5,
        changes in proptest::collection::vec((11usize..200, any::<u8>()), 1..4),
    ) {
        let mut frame = bytes([U1, U2, U4, U5, U6][which]);
        for (at, byte) in changes {
            let at = at % frame.len();
            frame[at] = byte;
        }
        if let Ok(message) = fields::read(&frame) {
            prop_assert_eq!(recompose(&message, &frame[..BEFORE_MTI_BYTES]), frame);
        }
    }
}
