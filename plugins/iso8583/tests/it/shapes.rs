//! Each shape of field has its bytes, and is read as what was written.

use iso8583::{Content, EncodeError, Encoder, NoHole, Part, Piece, Prefix, decode, neutral};

use crate::table::{EBCDIC, PACKED, written};

#[test]
fn each_shape_has_its_bytes() {
    let cases: [(u8, &str, &str); 14] = [
        (2, "12345", "05123450"),
        (11, "000042", "000042"),
        (22, "021", "0210"),
        (23, "001", "0001"),
        (24, "123", "123F"),
        (35, "123=45", "06123D45"),
        (37, "A1 b", "41312062"),
        (44, "ok", "026F6B"),
        (46, "0AFF", "30303230414646"),
        (48, "123", "00021230"),
        (55, "9C0100", "00039C0100"),
        (60, "22000001", "000822000001"),
        (62, "00FF", "000200FF"),
        (64, "0011223344556677", "0011223344556677"),
    ];
    for (number, text, expected) in cases {
        let frame = written(&PACKED, 0x0200, &[(number, text)]);
        assert_eq!(hex::encode_upper(&frame[10..]), expected, "DE{number}");
        let message = decode(&PACKED, &frame, 0).expect("reads");
        let value = message.need(number).expect("present");
        // A prefix that counts bytes does not say that the last nibble is padding.
        let read = if number == 48 { "1230" } else { text };
        assert_eq!((value.text().as_str(), value.is(read)), (read, true), "DE{number}");
        assert_eq!(message.present().iter().collect::<Vec<_>>(), [number]);
    }
}

#[test]
fn second_and_third_bitmaps_are_written_and_read() {
    let frame = written(&PACKED, 0x0820, &[(11, "000001"), (70, "301"), (130, "ok")]);
    let expected =
        concat!("0820", "8020000000000000", "8400000000000000", "4000000000000000", "000001", "0301", "6F6B");
    assert_eq!(hex::encode_upper(&frame), expected);
    let message = decode(&PACKED, &frame, 0).expect("reads");
    assert_eq!(message.values().map(|value| value.text()).collect::<Vec<_>>(), ["000001", "301", "ok"]);
    assert!(message.get(65).is_none() && message.get(1).is_none() && message.get(64).is_none());
}

#[test]
fn ibm_code_is_read_and_written_throughout() {
    let frame = written(&EBCDIC, 0x2200, &[(2, "12345"), (28, "D00000100"), (41, "TERM-001"), (48, "a~")]);
    let head = "F2F2F0F0".to_owned() + "F4F0F0F0F0F0F1F0F0F0F8F1F0F0F0F0";
    let fields = "F0F5F1F2F3F4F5".to_owned() + "C4F0F0F0F0F0F1F0F0" + "E3C5D9D460F0F0F1" + "F0F0F281A1";
    assert_eq!(hex::encode_upper(&frame), head + &fields);
    let message = decode(&EBCDIC, &frame, 0).expect("reads");
    assert_eq!(message.message_type(), 0x2200);
    assert_eq!(message.need(41).expect("present").text(), "TERM-001");
}

#[test]
fn a_frame_one_can_read_has_a_bitmap_one_can_read() {
    let frame = written(&neutral::V1987_TEXT, 0x0800, &[(3, "990000"), (11, "000123"), (41, "29110001")]);
    assert_eq!(core::str::from_utf8(&frame), Ok("0800202000000080000099000000012329110001"));
    let bits = &hex::decode("2020000000800000").expect("hex");
    let binary = written(&neutral::V1987_ASCII, 0x0800, &[(3, "990000"), (11, "000123"), (41, "29110001")]);
    assert_eq!(&binary[4..12], bits);
}

const fn digits(units: u16) -> Part {
    Part { name: "digits", content: Content::Digits, units }
}

#[test]
fn parts_are_read_by_position_and_may_be_left_out_at_the_end() {
    let mut message = Encoder::<NoHole>::new(&PACKED, 0x0500);
    message.set_parts(60, &["00", "000007", "201"]).expect("fits");
    let frame = message.to_bytes().expect("no holes");
    assert_eq!(hex::encode_upper(&frame[10..]), "0011000000072010");
    let message = decode(&PACKED, &frame, 0).expect("reads");
    let parts = message.need(60).expect("present");
    let text =
        |index| parts.part(index).map(|(part, characters)| (part.name, characters.map(char::from).collect::<String>()));
    assert_eq!(text(1), Some(("batch", "000007".to_owned())));
    assert_eq!(text(2), Some(("code", "201".to_owned())));
    assert_eq!(text(3), None);
    // A layout the table does not know: DE60 of another message.
    const HALVES: &[Part] = &[digits(4), digits(7)];
    let (_, second) = parts.part_of(HALVES, 1).expect("there");
    assert!(second.eq(*b"0007201"));
    let mut same = Encoder::<NoHole>::new(&PACKED, 0x0500);
    same.set_parts_of(60, HALVES, &["0000", "0007201"]).expect("fits");
    assert_eq!(same.to_bytes().expect("no holes"), frame);
    let mut wrong = Encoder::<NoHole>::new(&PACKED, 0x0500);
    assert_eq!(wrong.set_parts(60, &["0", "000007"]).map(drop), Err(EncodeError::Parts(60)));
    assert_eq!(wrong.set_parts(11, &["000007"]).map(drop), Err(EncodeError::Parts(11)));
    let original = written(&neutral::V1987_ASCII, 0x0400, &[(90, "020000012311220102030000000123400000012345")]);
    let original = decode(&neutral::V1987_ASCII, &original, 0).expect("reads").need(90).expect("present");
    let (part, trace) = original.part(1).expect("there");
    assert_eq!((part.name, trace.map(char::from).collect::<String>()), ("trace", "000123".to_owned()));
}

#[test]
fn data_objects_are_found_by_tag() {
    let frame =
        written(&PACKED, 0x0210, &[(55, "9F3602001D910A000102030405060708307102860 0".replace(' ', "").as_str())]);
    let message = decode(&PACKED, &frame, 0).expect("reads");
    let chip = message.need(55).expect("present");
    assert_eq!(chip.object(0x9F36).expect("there").value, [0, 0x1D]);
    let template = chip.object(0x71).expect("there");
    assert_eq!(template.objects().flatten().next().expect("inside").tag, 0x86);
    assert!(chip.object(0x86).is_none(), "not looked for inside others");
}

#[test]
fn numbers_are_led_by_zeros_where_the_field_is_fixed() {
    let mut message = Encoder::<NoHole>::new(&PACKED, 0x0200);
    message.set_number(11, 42).expect("fits").set_number(2, 0).expect("fits");
    assert_eq!(message.set_number(11, 1_000_000).map(drop), Err(EncodeError::Length { number: 11, units: 7 }));
    let frame = message.to_bytes().expect("no holes");
    let message = decode(&PACKED, &frame, 0).expect("reads");
    assert_eq!(message.need(11).expect("present").to_number(), Ok(42));
    assert_eq!(message.need(2).expect("present").text(), "0");
    let track = written(&PACKED, 0x0200, &[(35, "1=2")]);
    assert!(decode(&PACKED, &track, 0).expect("reads").need(35).expect("present").to_number().is_err());
}

#[test]
fn what_does_not_fit_its_field_cannot_be_written() {
    let mut message = Encoder::<NoHole>::new(&PACKED, 0x0200);
    let cases = [
        (11, "12345", EncodeError::Length { number: 11, units: 5 }),
        (2, "12345678901234567890", EncodeError::Length { number: 2, units: 20 }),
        (64, "00", EncodeError::Length { number: 64, units: 1 }),
        (11, "12345A", EncodeError::Character(11)),
        (35, "12D34", EncodeError::Character(35)),
        (44, "\n", EncodeError::Character(44)),
        (62, "0", EncodeError::Character(62)),
        (62, "0G", EncodeError::Character(62)),
        (3, "000000", EncodeError::UnknownField(3)),
    ];
    for (number, text, expected) in cases {
        assert_eq!(message.set(number, text).map(drop), Err(expected), "DE{number} = {text:?}");
    }
    assert_eq!(message.set_bytes(11, &[0, 0, 1]).map(drop), Err(EncodeError::Character(11)));
    assert_eq!(message.to_bytes().expect("no holes"), hex::decode("02000000000000000000").expect("hex"));
}

#[test]
fn a_hole_is_a_value_whose_length_is_known() {
    let mut message = Encoder::<&str>::new(&PACKED, 0x0200);
    message.set(11, "000001").expect("fits");
    message.hole(35, 37, "track 2").expect("fits").measured(62, "chip").expect("counts bytes");
    assert_eq!(message.hole(64, 4, "MAC").map(drop), Err(EncodeError::Length { number: 64, units: 4 }));
    assert_eq!(message.measured(2, "number").map(drop), Err(EncodeError::Length { number: 2, units: 0 }));
    assert_eq!(message.to_bytes(), Err(EncodeError::Hole(35)));
    assert_eq!(hex::encode_upper(message.head()), "02000020000020000004");
    let pieces: Vec<_> = message.pieces().map(|(field, piece)| (field.number, piece)).collect();
    let expected = [
        (11, Piece::Known { prefix: &[][..], value: &[0, 0, 1] }),
        (35, Piece::Hole { prefix: &[0x37], hole: &"track 2" }),
        (62, Piece::Measured { prefix: Prefix::BINARY_2, hole: &"chip" }),
    ];
    assert_eq!(pieces, expected);
    message.unset(35).unset(62);
    assert_eq!(hex::encode_upper(message.to_bytes().expect("no holes")), "02000020000000000000000001");
}

#[test]
fn fields_may_be_set_in_any_order_and_again() {
    let mut message = Encoder::<NoHole>::new(&PACKED, 0x0200);
    message.set(64, "0000000000000000").expect("fits").set(2, "99").expect("fits").set(2, "12345").expect("fits");
    assert_eq!(hex::encode_upper(&message.to_bytes().expect("no holes")[10..]), "051234500000000000000000");
}
