//! The inspector names every field of every frame, and its sub-fields.

use acquit_plugin_unionpay::UnionPay;
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

#[test]
fn a_length_prefix_is_recognised() {
    let frame = bytes(U6);
    let with_length = [&u16::try_from(frame.len()).expect("short").to_be_bytes()[..], &frame].concat();
    let fields = UnionPay::read(&with_length).expect("reads");
    assert_eq!((fields[0].path.as_str(), fields[0].value.as_str()), ("length", "83"));
    assert_eq!(fields.len(), UnionPay::read(&frame).expect("reads").len() + 1);
}

#[test]
fn what_cannot_be_read_is_a_fault_that_says_where() {
    let fault = UnionPay::read(&bytes(U13)).expect_err("U13");
    assert!(matches!(fault, Fault::Malformed(Malformed { path, offset: 113, .. }) if path == "end"));
    let cut = bytes(&U6.replace("000822000705", "000722000700"));
    let fault = UnionPay::read(&cut).expect_err("a cut batch number");
    assert!(matches!(fault, Fault::Malformed(Malformed { path, .. }) if path == "DE60"));
}
