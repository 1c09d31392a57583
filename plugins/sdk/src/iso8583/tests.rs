//! What binds the codec to the contract: templates, faults and extents, over a table with one field of every shape.

use super::{
    Bitmap, Composer, Content, DecodeError, EncodeError, Encoding, Field, Format, MessageType, Path, Prefix, Reason,
    Version, decode,
};
use crate::prelude::{
    ChipDataHole, Encoding as Written, Extent, Fault, LengthEncoding, LengthHole, MacAlgorithm, MacHole, Malformed,
    Node, Secret, SecretHole,
};

const TABLE: Format = Format {
    version: Version::V1987,
    message_type: MessageType::Bcd,
    bitmap: Bitmap::Binary,
    fields: &[
        Field::variable(2, "number", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 19),
        Field::fixed(11, "trace", Content::Digits, Encoding::BCD_PAD_LEFT, 6),
        Field::fixed(22, "left-aligned", Content::Digits, Encoding::BCD_PAD_RIGHT, 3),
        Field::variable(35, "track", Content::Track, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 37),
        Field::fixed(41, "printable", Content::Printable, Encoding::Ascii, 4),
        Field::variable(44, "text", Content::Text, Encoding::Ascii, Prefix::BCD_2, 25),
        Field::variable(46, "counted in characters", Content::Text, Encoding::Ascii, Prefix::ASCII_3, 25),
        Field::variable(48, "digits counted in bytes", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_3, 300)
            .counting_bytes(),
        Field::variable(62, "bytes", Content::Bytes, Encoding::Binary, Prefix::BCD_3, 999),
        Field::fixed(64, "MAC", Content::Bytes, Encoding::Binary, 8),
    ],
};

const _: () = TABLE.check();

#[test]
fn a_value_says_where_it_stands() {
    let mut message = Composer::new(&TABLE, 0x0200);
    message.set(2, "12345").and_then(|message| message.set(41, "TERM")).expect("fits");
    let frame = [b"head".to_vec(), message.to_bytes().expect("no holes")].concat();
    let read = decode(&TABLE, &frame, 4).expect("reads");
    let stands = Extent::from(read.need(41).expect("present"));
    assert_eq!((stands.start, stands.end, &frame[18..22]), (18, 22, &b"TERM"[..]));
}

#[test]
fn each_error_is_a_fault_of_the_one_who_made_it() {
    let unreadable = Fault::from(DecodeError::new(Path::Part(60, 2), &[0; 12], 10, Reason::BadPadding));
    let Fault::Malformed(Malformed { path, offset, reason }) = unreadable else { panic!("{unreadable:?}") };
    assert_eq!((path.as_str(), offset), ("DE60.2", 10));
    assert_eq!(reason, Reason::BadPadding.to_string());
    assert_eq!(Fault::from(EncodeError::Hole(2)), Fault::Internal("DE2 is a hole".to_owned()));
}

#[test]
fn a_template_has_a_node_for_each_mark_and_a_mac_over_the_message() {
    let mut message = Composer::new(&TABLE, 0x0200);
    let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Written::BcdRightZero, of_item: None });
    message.set(11, "000042").and_then(|m| m.hole(2, 16, pan.clone())).and_then(|m| m.set(41, "TERM")).expect("fits");
    message.seal(MacAlgorithm::X919, "mak").expect("has DE64").mark(&[11, 44]);
    assert_eq!(message.to_bytes(), Err(EncodeError::Hole(2)));
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
    // A fixed field, a prefix that counts digits, and a prefix the terminal does not write.
    let mut message = Composer::new(&TABLE, 0x0200);
    for number in [11, 35, 46] {
        assert_eq!(message.measured(number, chip.clone()).map(drop), Err(EncodeError::Length { number, units: 0 }));
    }
    assert_eq!(message.to_bytes().expect("nothing was left in it").len(), 10);
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
