//! The inspector names every field of every frame, and its sub-fields.

use acquit_plugin_unionpay::{UnionPay, fields};
use proptest::prelude::*;
use sdk::prelude::*;

use crate::support::{U1, U2, U4, U5, U6, U13, bytes};

fn rendered(hex: &str) -> String {
    let fields = UnionPay::read(&bytes(hex)).expect("reads");
    let line = |field: &Field| format!("{} {} = {} | {}", field.path, field.name, field.value, field.note);
    fields.iter().map(line).map(|line| line.trim_end_matches(" | ").to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_field_of_the_published_frames_has_a_name() {
    for (name, hex) in [("u1", U1), ("u2", U2), ("u4", U4), ("u5", U5), ("u6", U6)] {
        insta::assert_snapshot!(name, rendered(hex));
    }
}

fn read(frame: &[u8]) -> Vec<Field> {
    UnionPay::read(frame).expect("the head can be read")
}

fn row<'f>(fields: &'f [Field], path: &str) -> (&'f str, &'f str) {
    let field = fields.iter().find(|field| field.path == path).unwrap_or_else(|| panic!("no {path} in {fields:?}"));
    (&field.value, &field.note)
}

fn paths(fields: &[Field]) -> Vec<&str> {
    fields.iter().map(|field| field.path.as_str()).collect()
}

/// The frame with one part of it replaced.
fn with(frame: &str, right: &str, wrong: &str) -> Vec<u8> {
    assert_eq!((frame.matches(right).count(), right.len()), (1, wrong.len()), "{right}");
    bytes(&frame.replace(right, wrong))
}

fn prefixed(frame: &[u8]) -> Vec<u8> {
    [&u16::try_from(frame.len()).expect("short").to_be_bytes()[..], frame].concat()
}

#[test]
fn a_length_prefix_is_recognised() {
    let frame = bytes(U6);
    let fields = read(&prefixed(&frame));
    assert_eq!((fields[0].path.as_str(), row(&fields, "length")), ("length", ("83", "")));
    assert_eq!(fields[1..], read(&frame));
}

/// Terminal and merchant are digits as well, and the terminal masks every run of digits that could be a card number
/// before it asks for names. The strict decoder then refused the whole of a sale it had itself composed.
#[test]
fn masked_terminal_and_merchant_hide_nothing_else() {
    let digits = "3130343231363935383734333530333537323232343731";
    let masked = with(U5, digits, &"00".repeat(23));
    assert!(fields::read(&masked).is_err(), "the decoder of answers stays strict");
    let (named, expected) = (read(&masked), read(&bytes(U5)));
    assert_eq!(paths(&named), paths(&expected));
    let note = "not as the table says; perhaps masked";
    assert_eq!(row(&named, "DE41"), ("0000000000000000", note));
    assert_eq!(row(&named, "DE42"), ("000000000000000000000000000000", note));
    let others = |fields: Vec<Field>| fields.into_iter().filter(|field| !["DE41", "DE42"].contains(&&*field.path));
    assert!(others(named).eq(others(expected)));
}

#[test]
fn a_value_that_is_not_of_its_format_is_shown_as_it_is() {
    let note = "not as the table says; perhaps masked";
    let named = read(&with(U6, "3938313034", "0038313034"));
    assert_eq!(row(&named, "DE39"), ("0038", note));
    assert_eq!(row(&named, "DE64"), row(&read(&bytes(U6)), "DE64"));
    let named = read(&with(U5, "000000088800", "00000008880F"));
    assert_eq!(row(&named, "DE4"), ("00000008880F", note));
    let cut = read(&with(U6, "000822000705", "000722000700"));
    assert_eq!((row(&cut, "DE60"), row(&cut, "DE60.2")), (("2200070", ""), ("00070", "cut short")));
}

#[test]
fn where_a_masked_length_breaks_the_structure_the_last_row_says_so() {
    let named = read(&with(U5, "356200000123456787D", "006200000123456787D"));
    assert_eq!(row(&named, "DE35"), ("", "empty; perhaps its length was masked"));
    let note = "DE60 at byte 80: is 3536 long, at most 17 is allowed";
    assert_eq!((paths(&named).last(), row(&named, "rest")), (Some(&"rest"), ("32 bytes from byte 80", note)));
    let named = read(&with(U5, "0012356200", "00123A6200"));
    assert_eq!(paths(&named).last_chunk(), Some(&["DE25", "DE26", "rest"]));
    assert_eq!(row(&named, "rest"), ("75 bytes from byte 37", "DE35 at byte 37: the length prefix is not decimal"));
    let named = read(&with(U6, "0400302004", "0400342004"));
    assert_eq!(paths(&named).last_chunk(), Some(&["DE4", "rest"]));
}

#[test]
fn a_masked_length_before_the_frame_is_recognised_by_the_message_type() {
    let mut frame = prefixed(&bytes(U5));
    frame[..8].fill(0);
    let named = read(&frame);
    assert_eq!(row(&named, "length"), ("0", "not the length of what follows; perhaps masked"));
    assert_eq!((row(&named, "TPDU").0, row(&named, "MTI")), ("0000000000", ("0200", "financial request")));
    assert_eq!(named[3..], read(&bytes(U5))[2..]);
}

#[test]
fn bytes_the_bitmap_does_not_name_are_shown_as_left_over() {
    let named = read(&bytes(U13));
    let note = "end at byte 113: 10 bytes are left over after the last field of the bitmap";
    assert_eq!(
        (named.last().expect("rows").path.as_str(), row(&named, "rest")),
        ("rest", ("10 bytes from byte 113", note))
    );
    assert_eq!(row(&named, "DE2").0, "6200000123456787");
}

#[test]
fn only_a_head_that_is_not_whole_is_a_fault() {
    let frame = bytes(U6);
    for length in 0..=frame.len() {
        match UnionPay::read(&frame[..length]) {
            Ok(_) => assert!(length >= 21, "{length} bytes"),
            Err(Fault::Malformed(Malformed { path, .. })) => {
                assert_eq!((path.as_str(), length < 21), (if length < 13 { "MTI" } else { "bitmap" }, true));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

proptest! {
    /// Rows or a fault; and the rows show no more than the frame holds.
    #[test]
    fn any_bytes_are_rows_or_a_fault(
        frame in proptest::collection::vec(any::<u8>(), 0..300),
        which in 0usize..7,
        zeros in proptest::collection::vec((0usize..200, 1usize..20), 0..4),
    ) {
        let mut frame = [U1, U2, U4, U5, U6, U13].get(which).map_or(frame, |hex| bytes(hex));
        for (at, count) in zeros {
            frame.iter_mut().skip(at).take(count).for_each(|byte| *byte = 0);
        }
        if let Ok(named) = UnionPay::read(&frame) {
            prop_assert!(named.len() <= 64 + 20);
            prop_assert!(named.iter().map(|field| field.value.len()).sum::<usize>() <= 6 * frame.len() + 64);
            let is_whole = fields::read(&frame).is_ok();
            prop_assert!(!is_whole || named.iter().all(|field| field.path != "rest"));
        }
    }
}
