//! The codec over a table that has one field of every shape.

use proptest::prelude::*;

use super::{
    Composer, Content, Counts, DecodeError, EncodeError, Encoding, FieldFormat, Fields, Length, Reason, Table, decode,
};
use crate::prelude::{
    ChipDataHole, Encoding as Written, Fault, LengthEncoding, LengthHole, MacAlgorithm, MacHole, Malformed, Node,
    Secret, SecretHole,
};

const TABLE: Table = Table {
    fields: &[
        FieldFormat::ll(2, "number", Content::Digits, Encoding::BcdPadRight, 19),
        FieldFormat::fixed(11, "trace", Content::Digits, Encoding::BcdPadLeft, 6),
        FieldFormat::fixed(22, "left-aligned", Content::Digits, Encoding::BcdPadRight, 3),
        FieldFormat::fixed(23, "right-aligned", Content::Digits, Encoding::BcdPadLeft, 3),
        FieldFormat::ll(35, "track", Content::Track, Encoding::BcdPadRight, 37),
        FieldFormat::fixed(37, "letters", Content::Alphanumeric, Encoding::Ascii, 4),
        FieldFormat::fixed(41, "printable", Content::Printable, Encoding::Ascii, 4),
        FieldFormat::ll(44, "text", Content::Text, Encoding::Ascii, 25),
        FieldFormat {
            number: 48,
            name: "digits counted in bytes",
            content: Content::Digits,
            length: Length::LllVar { max: 300, counts: Counts::Bytes },
            encoding: Encoding::BcdPadRight,
        },
        FieldFormat::lll(62, "bytes", Content::Bytes, Encoding::Binary, 999),
        FieldFormat::fixed(64, "MAC", Content::Bytes, Encoding::Binary, 8),
    ],
};

fn composed(set: &[(u8, &str)]) -> Vec<u8> {
    let mut message = Composer::new(&TABLE, 0x0200);
    for (number, text) in set {
        message.set(*number, text).expect("fits");
    }
    message.to_bytes().expect("no holes")
}

fn failed(frame: &[u8]) -> (String, usize, Reason) {
    let DecodeError { path, offset, reason } = decode(&TABLE, frame, 0).expect_err("not a message");
    (path, offset, reason)
}

#[test]
fn each_shape_has_its_bytes() {
    let cases: [(u8, &str, &str); 9] = [
        (2, "12345", "05123450"),
        (11, "000042", "000042"),
        (22, "021", "0210"),
        (23, "001", "0001"),
        (35, "123=45", "06123D45"),
        (37, "A1 b", "41312062"),
        (41, "~!@#", "7E214023"),
        (44, "ok", "026F6B"),
        (48, "1234", "00021234"),
    ];
    for (number, text, expected) in cases {
        let frame = composed(&[(number, text)]);
        assert_eq!(hex::encode_upper(&frame[10..]), expected, "DE{number}");
        assert_eq!(u64::from_be_bytes(frame[2..10].try_into().expect("eight bytes")), 1 << (64 - number));
        let message = decode(&TABLE, &frame, 0).expect("reads");
        assert_eq!(message.get(number).expect("present").text(), text);
    }
}

#[test]
fn a_value_says_where_it_stands() {
    let frame = [b"head".to_vec(), composed(&[(2, "12345"), (41, "TERM")])].concat();
    let message = decode(&TABLE, &frame, 4).expect("reads");
    let terminal = message.need(41).expect("present");
    assert_eq!((terminal.offset(), terminal.extent().start, terminal.extent().end), (18, 18, 22));
    assert_eq!(&frame[18..22], b"TERM");
    let absent = message.need(44).expect_err("absent");
    assert_eq!((absent.path.as_str(), absent.reason), ("DE44", Reason::Absent));
    assert!(message.expect_mti(0x0200).is_ok());
    assert_eq!(message.expect_mti(0x0210).expect_err("0200").to_string(), "MTI at byte 4: must be 0210");
}

#[test]
fn errors_name_the_field_and_its_offset() {
    let number = composed(&[(2, "12345")]);
    let with = |at: usize, byte: u8| {
        let mut frame = number.clone();
        frame[at] = byte;
        frame
    };
    let at = |path: &str, offset, reason| (path.to_owned(), offset, reason);
    assert_eq!(failed(&number[..1]), at("MTI", 0, Reason::Short { needed: 2, left: 1 }));
    assert_eq!(failed(&number[..9]), at("bitmap", 2, Reason::Short { needed: 8, left: 7 }));
    assert_eq!(failed(&number[..12]), at("DE2", 10, Reason::Short { needed: 3, left: 1 }));
    assert_eq!(failed(&with(0, 0x0A)), at("MTI", 0, Reason::BadNibble));
    assert_eq!(failed(&with(2, 0xC0)), at("bitmap", 2, Reason::UnknownField(1)));
    assert_eq!(failed(&with(10, 0x20)), at("DE2", 10, Reason::TooLong { length: 20, max: 19 }));
    assert_eq!(failed(&with(10, 0x0E)), at("DE2", 10, Reason::BadPrefix));
    assert_eq!(failed(&with(12, 0x3D)), at("DE2", 10, Reason::BadNibble));
    assert_eq!(failed(&with(13, 0x5F)), at("DE2", 10, Reason::BadPadding));
    assert_eq!(failed(&[&number[..], &[0]].concat()), at("end", 14, Reason::Leftover(1)));
    let fault = Fault::from(DecodeError::at(2, 10, Reason::BadPadding));
    assert!(matches!(fault, Fault::Malformed(Malformed { path, offset: 10, .. }) if path == "DE2"));
}

#[test]
fn what_does_not_fit_its_field_cannot_be_written() {
    let mut message = Composer::new(&TABLE, 0x0200);
    let cases = [
        (11, "12345", EncodeError::Length { number: 11, units: 5 }),
        (2, "12345678901234567890", EncodeError::Length { number: 2, units: 20 }),
        (11, "12345A", EncodeError::Character(11)),
        (35, "12D34", EncodeError::Character(35)),
        (44, "\n", EncodeError::Character(44)),
        (3, "000000", EncodeError::UnknownField(3)),
    ];
    for (number, text, expected) in cases {
        assert_eq!(message.set(number, text).map(drop), Err(expected), "DE{number} = {text:?}");
    }
    assert_eq!(message.set_bytes(11, &[0, 0, 1]).map(drop), Err(EncodeError::Character(11)));
    let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Written::BcdRightZero, of_item: None });
    message.hole(2, 16, pan).expect("fits");
    assert_eq!(message.to_bytes(), Err(EncodeError::Hole(2)));
}

#[test]
fn a_template_has_a_node_for_each_mark_and_a_mac_over_the_message() {
    let mut message = Composer::new(&TABLE, 0x0200);
    let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Written::BcdRightZero, of_item: None });
    message.set(11, "000042").and_then(|m| m.hole(2, 16, pan.clone())).and_then(|m| m.set(41, "TERM")).expect("fits");
    message.seal(MacAlgorithm::X919, "mak").mark(&[11, 44]);
    let composed = message.into_template(b"head");
    let nodes = &composed.message.nodes;
    let trace = composed.node(11).expect("marked and present");
    assert_eq!(nodes[trace as usize], Node::Literal(vec![0, 0, 0x42]));
    assert_eq!((composed.node(41), composed.node(44)), (None, None), "not marked; not present");
    assert_eq!(nodes.iter().filter(|node| **node == pan).count(), 1);
    let Node::Concat(parts) = &nodes[composed.message.whole as usize] else { panic!("head, message, MAC") };
    let [head, sealed, mac] = parts[..] else { panic!("head, message, MAC") };
    assert_eq!(nodes[head as usize], Node::Literal(b"head".to_vec()));
    let expected = MacHole { over: sealed, algorithm: MacAlgorithm::X919, key: "mak".to_owned() };
    assert_eq!(nodes[mac as usize], Node::Mac(expected));
    for (index, node) in nodes.iter().enumerate() {
        if let Node::Concat(parts) = node {
            assert!(parts.iter().all(|part| (*part as usize) < index), "nodes refer to earlier ones only");
        }
    }
}

#[test]
fn a_hole_of_unknown_length_is_counted_by_the_terminal() {
    let chip = Node::ChipData(ChipDataHole { tags: vec![0x9F26], of_item: None });
    let mut message = Composer::new(&TABLE, 0x0200);
    message.set(11, "000042").and_then(|m| m.measured(62, chip.clone())).expect("fits").mark(&[11]);
    assert_eq!(message.to_bytes(), Err(EncodeError::Hole(62)));
    let composed = message.into_template(&[]);
    let length = Node::LengthOf(LengthHole { of: 1, encoding: LengthEncoding::BcdTwoBytes });
    assert_eq!(composed.message.nodes[..3], [Node::Literal(vec![0, 0, 0x42]), chip.clone(), length]);
    let Node::Concat(parts) = &composed.message.nodes[composed.message.whole as usize] else { panic!("parts") };
    assert_eq!(parts[1..], [0, 2, 1], "the count stands before what it counts");
    let mut message = Composer::new(&TABLE, 0x0200);
    for number in [11, 35, 48] {
        assert_eq!(message.measured(number, chip.clone()).map(drop), Err(EncodeError::Length { number, units: 0 }));
    }
}

/// A state that names nodes must hold for the reversal and the repetition of a message too.
#[test]
fn the_same_marks_have_the_same_nodes_whatever_else_is_in_the_message() {
    let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Written::BcdRightZero, of_item: None });
    let nodes = |set: &[(u8, &str)], hole: bool| {
        let mut message = Composer::new(&TABLE, 0x0200);
        for (number, text) in set {
            message.set(*number, text).expect("fits");
        }
        if hole {
            message.hole(2, 16, pan.clone()).expect("fits");
        }
        message.mark(&[11, 41]);
        let composed = message.into_template(b"head");
        (composed.node(11), composed.node(41))
    };
    let short = nodes(&[(11, "000042"), (41, "TERM")], false);
    assert_eq!(short, (Some(0), Some(1)));
    assert_eq!(nodes(&[(11, "000042"), (22, "021"), (41, "TERM"), (44, "x")], true), short);
}

fn recomposed(message: &Fields<'_>) -> Vec<u8> {
    let mut composer = Composer::new(&TABLE, message.mti());
    for value in message.iter() {
        match value.format().content {
            Content::Digits | Content::Track => composer.set(value.number(), &value.text()).expect("as it was read"),
            _ => composer.set_bytes(value.number(), value.bytes()).expect("as it was read"),
        };
    }
    composer.to_bytes().expect("no holes")
}

proptest! {
    #[test]
    fn any_bytes_read_to_themselves_or_not_at_all(
        bits in proptest::collection::vec(0usize..11, 0..6),
        body in proptest::collection::vec(prop_oneof![3 => Just(0u8), 2 => 0u8..0x21, 1 => any::<u8>()], 0..60),
    ) {
        let bitmap = bits.iter().fold(0u64, |bitmap, index| bitmap | 1 << (64 - TABLE.fields[*index].number));
        let frame = [&[2, 0][..], &bitmap.to_be_bytes(), &body].concat();
        if let Ok(message) = decode(&TABLE, &frame, 0) {
            prop_assert_eq!(recomposed(&message), frame);
        }
    }

    #[test]
    fn what_is_written_is_read_again(number in "[0-9]{0,19}", track in "[0-9]{1,18}=[0-9]{0,18}", text in "[ -~]{0,25}") {
        let frame = composed(&[(2, &number), (35, &track), (44, &text)]);
        let message = decode(&TABLE, &frame, 0).expect("reads");
        let read = [2, 35, 44].map(|field| message.get(field).expect("present").text());
        prop_assert_eq!(read, [number, track, text]);
    }
}

#[test]
fn a_field_of_several_pieces_is_counted_as_one() {
    let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Written::BcdLeftZero, of_item: Some(1) });
    let pieces = vec![Node::Literal(vec![0x01, 0x02]), pan.clone(), Node::Literal(vec![0x03])];
    let mut message = Composer::new(&TABLE, 0x0320);
    message.set(11, "000042").expect("fits").pieces(48, 22, pieces).expect("fits");
    assert_eq!(message.to_bytes(), Err(EncodeError::Hole(48)));
    let template = message.into_template(&[]).message;
    let [Node::Secret(_), Node::Literal(before), Node::Literal(after), Node::Concat(order)] = &template.nodes[..]
    else {
        panic!("{:?}", template.nodes)
    };
    assert_eq!((before.ends_with(&[0, 0x11, 1, 2]), after, order), (true, &vec![3], &vec![1, 0, 2]));
    assert!(Composer::new(&TABLE, 0x0320).pieces(11, 8, vec![pan]).is_err());
}
