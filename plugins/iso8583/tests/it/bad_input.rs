//! Frames that are none: each names what is wrong and where.

use iso8583::{MAX_FRAME_BYTES, Path, Reason, decode, outline};

use crate::table::{EBCDIC, PACKED, written};

fn failed(frame: &[u8]) -> (Path, usize, Reason) {
    let error = decode(&PACKED, frame, 0).expect_err("not a message");
    (error.path, error.offset, error.reason)
}

#[test]
fn errors_name_the_field_and_its_offset() {
    let number = written(&PACKED, 0x0200, &[(2, "12345")]);
    let with = |at: usize, byte: u8| {
        let mut frame = number.clone();
        frame[at] = byte;
        frame
    };
    assert_eq!(failed(&number[..1]), (Path::MessageType, 0, Reason::Short { needed: 2, left: 1 }));
    assert_eq!(failed(&number[..9]), (Path::Bitmap, 2, Reason::Short { needed: 8, left: 7 }));
    assert_eq!(failed(&number[..12]), (Path::Field(2), 10, Reason::Short { needed: 3, left: 1 }));
    assert_eq!(failed(&with(0, 0x0A)), (Path::MessageType, 0, Reason::BadCharacter));
    assert_eq!(failed(&with(0, 0x12)), (Path::MessageType, 0, Reason::OtherVersion(0)));
    assert_eq!(failed(&with(10, 0x20)), (Path::Field(2), 10, Reason::TooLong { length: 20, max: 19 }));
    assert_eq!(failed(&with(10, 0x0E)), (Path::Field(2), 10, Reason::BadPrefix));
    assert_eq!(failed(&with(12, 0x3D)), (Path::Field(2), 10, Reason::BadNibble));
    assert_eq!(failed(&with(13, 0x5F)), (Path::Field(2), 10, Reason::BadPadding));
    assert_eq!(failed(&[&number[..], &[0]].concat()), (Path::End, 14, Reason::Leftover(1)));
    let message = decode(&PACKED, &number, 0).expect("reads");
    let other = message.expect_message_type(0x0210).expect_err("0200");
    assert_eq!(other.reason, Reason::OtherMessageType(0x0210));
    assert_eq!(message.need(11).expect_err("absent").reason, Reason::Absent);
}

#[test]
fn a_bitmap_that_lies_is_found_out() {
    let sound = written(&PACKED, 0x0200, &[(11, "000001"), (37, "ABCD")]);
    let with = |bit: u8| {
        let mut frame = sound.clone();
        frame[2 + usize::from((bit - 1) / 8)] ^= 0x80 >> ((bit - 1) % 8);
        failed(&frame)
    };
    assert_eq!(with(3), (Path::Bitmap, 2, Reason::UnknownField(3)), "a field the protocol does not have");
    assert_eq!(with(64), (Path::Field(64), 17, Reason::Short { needed: 8, left: 0 }), "a field that is not there");
    assert_eq!(with(37), (Path::End, 13, Reason::Leftover(4)), "a field that is there and not named");
    let short = Reason::Short { needed: 8, left: 7 };
    assert_eq!(with(1), (Path::Bitmap, 2, short), "a second bitmap that is not there");
}

#[test]
fn a_prefix_past_the_end_takes_nothing_that_is_not_there() {
    let mut frame = written(&PACKED, 0x0200, &[(62, "00")]);
    frame[10..12].copy_from_slice(&[0x03, 0xE7]);
    assert_eq!(failed(&frame), (Path::Field(62), 10, Reason::Short { needed: 999, left: 1 }));
    frame[10..12].copy_from_slice(&[0xFF, 0xFF]);
    assert_eq!(failed(&frame), (Path::Field(62), 10, Reason::TooLong { length: 65535, max: 999 }));
}

#[test]
fn ebcdic_garbage_is_refused() {
    let sound = written(&EBCDIC, 0x2200, &[(41, "TERM-001"), (48, "a")]);
    assert!(decode(&EBCDIC, &sound, 0).is_ok());
    let reason = |at: usize, byte: u8| {
        let mut frame = sound.clone();
        frame[at] = byte;
        decode(&EBCDIC, &frame, 0).expect_err("garbage").reason
    };
    assert_eq!(reason(0, b'2'), Reason::BadCharacter, "the message type in ASCII");
    assert_eq!(reason(4, b'0'), Reason::BadCharacter, "the bitmap in ASCII");
    assert_eq!(reason(20, 0x00), Reason::BadCharacter, "a value that is no character");
    assert_eq!(reason(20, 0x41), Reason::BadCharacter, "a value that no printable character has");
    assert_eq!(reason(28, b'0'), Reason::BadPrefix, "a prefix in ASCII");
}

#[test]
fn parts_and_objects_say_which_of_them_is_wrong() {
    let cut = written(&PACKED, 0x0200, &[(60, "2200")]);
    assert_eq!(failed(&cut), (Path::Part(60, 2), 13, Reason::CutPart));
    let objects = written(&PACKED, 0x0200, &[(55, "9C010070039F3605")]);
    assert_eq!(failed(&objects), (Path::Object(55, 0x70), 17, Reason::Short { needed: 5, left: 0 }));
    let error = decode(&PACKED, &objects, 0).expect_err("not a message");
    assert_eq!(error.to_string(), "DE55.70 at byte 17: needs 5 bytes, 0 are left (## ## ## #C ## ## ## ## >#F ## ##)");
}

#[test]
fn a_frame_longer_than_any_message_is_refused_unread() {
    let reason = decode(&PACKED, &vec![0; MAX_FRAME_BYTES + 1], 0).expect_err("too long").reason;
    assert_eq!(reason, Reason::FrameTooLong(MAX_FRAME_BYTES + 1));
}

#[test]
fn an_outline_shows_a_damaged_frame_as_far_as_it_goes() {
    let mut frame = written(&PACKED, 0x0200, &[(2, "12345"), (11, "000001"), (62, "AABB")]);
    frame[11] = 0xFF;
    frame.truncate(frame.len() - 1);
    let outline = outline(&PACKED, &frame, 0).expect("head is whole");
    let told: Vec<_> = outline.values().map(|value| (value.number(), value.is_well_formed())).collect();
    assert_eq!(told, [(2, false), (11, true)]);
    assert_eq!((outline.message_type(), outline.end()), (Some(0x0200), 17));
    assert_eq!(outline.trouble().expect("cut").path, Path::Field(62));
}
