//! Scripts that are right, scripts that are wrong, and what the desk does with a message.

use std::path::Path;
use std::sync::Arc;

use iso8583::{Encoder, NoHole, decode};

use super::desk::{Desk, End, Plan};
use super::script::Script;

const SCRIPT: &str = include_str!("../../../plugins/starter/scenarios/acquirer.toml");

fn script(text: &str) -> Result<Script, String> {
    Script::parse(Path::new("acquirer.toml"), text).map_err(|mistake| mistake.to_string())
}

fn desk() -> Desk {
    Desk::new(Arc::new(script(SCRIPT).unwrap()), Vec::new())
}

/// A request of the script's format, sealed by its key where it carries a MAC.
fn request(desk: &Desk, kind: u16, fields: &[(u8, &str)]) -> Vec<u8> {
    let mut message = Encoder::<NoHole>::new(desk.script.format, kind);
    for (number, text) in fields {
        message.set(*number, text).unwrap();
    }
    let Some(seal) = desk.script.seal.as_ref().filter(|seal| seal.types.contains(&kind)) else {
        return message.to_bytes().unwrap();
    };
    message.set_bytes(64, &[0; 8]).unwrap();
    let mut bytes = message.to_bytes().unwrap();
    let before = bytes.len() - 8;
    let mac = seal.over(&bytes, before, 8);
    bytes.truncate(before);
    [bytes, mac].concat()
}

const SALE: [(u8, &str); 5] =
    [(3, "000000"), (4, "000000001234"), (11, "000042"), (41, "TERM0001"), (42, "MERCHANT0000001")];

fn code(desk: &Desk, plan: &Plan) -> String {
    decode(desk.script.format, &plan.frames[0], 0).unwrap().need(39).unwrap().text()
}

#[test]
fn a_sale_is_booked_and_undone_and_only_what_was_booked_can_be() {
    let desk = desk();
    let sale = request(&desk, 0x0200, &SALE);
    let reversal = request(&desk, 0x0400, &SALE);
    assert_eq!(code(&desk, &desk.receive(&reversal)), "25");
    let plan = desk.receive(&sale);
    assert_eq!((code(&desk, &plan), plan.end), ("00".to_owned(), End::Next));
    assert_eq!(desk.ledger().total_minor(), Some(1234));
    assert_eq!(code(&desk, &desk.receive(&reversal)), "00");
    assert_eq!((desk.ledger().total_minor(), desk.ledger().undone()), (Some(0), 1));
    assert_eq!(desk.complaints(), [""; 0]);
}

#[test]
fn what_is_wrong_with_a_request_is_said_and_never_answered() {
    let desk = desk();
    let mut flipped = request(&desk, 0x0200, &SALE);
    *flipped.last_mut().unwrap() ^= 1;
    let other = request(&desk, 0x0100, &SALE);
    for frame in [flipped, other, b"0200".to_vec()] {
        let plan = desk.receive(&frame);
        assert!(plan.frames.is_empty() && plan.end == End::Silence);
    }
    let said = desk.complaints();
    assert_eq!(said[0], "a 0200 came with a wrong MAC");
    assert_eq!(said[1], "no [[rule]] is for a 0100 with the fields 3 4 11 41 42");
    assert!(said[2].starts_with("the acquirer cannot read a message: "), "{}", said[2]);
    assert_eq!(desk.ledger().booked(), 0);
}

/// A terminal that sends a sale again under its old numbers would charge the customer twice.
#[test]
fn the_same_sale_is_not_booked_twice() {
    let desk = desk();
    let sale = request(&desk, 0x0200, &SALE);
    desk.receive(&sale);
    assert!(desk.receive(&sale).frames.is_empty());
    assert_eq!(desk.complaints(), ["000042/TERM0001 was booked a second time"]);
}

#[test]
fn mistakes_are_told_with_their_place_and_what_is_right() {
    let line = |text: &str| SCRIPT.lines().position(|line| line.contains(text)).unwrap() + 1;
    let cases = [
        (
            "do = \"answer\"\nanswer = \"0810\"",
            "do = \"anser\"\nanswer = \"0810\"",
            line("\"0810\"") - 1,
            "expected one of `answer`",
        ),
        ("answer = \"0810\"", "answer = \"81\"", line("\"0810\""), "write four digits"),
        ("field = 64", "field = 63", line("field = 64"), "the last field of the table"),
        ("key = \"mak\"", "key = \"mac\"", line("key = \"mak\""), "[test-keys] has no mac"),
        ("framing =", "framming =", 4, "unknown field `framming`"),
        (
            "prefix = \"ascii-2\", max = 19",
            "max = 19",
            line("\"card number\""),
            "either `length`, or `prefix` and `max`",
        ),
        ("number = 3,", "number = 2,", line("\"processing code\""), "ascending order"),
        ("identity = [11, 41]", "identity = [11, 99]", line("[ledger]"), "DE99 is not in [format] fields"),
        ("mak = \"89B0", "mak = \"9B0", line("mak = \"89B0"), "a transport key is 32, 48 or 64 hex digits"),
    ];
    for (right, wrong, at, says) in cases {
        assert!(SCRIPT.contains(right), "{right}");
        let Err(said) = script(&SCRIPT.replacen(right, wrong, 1)) else { panic!("taken: {wrong}") };
        assert!(said.contains(says), "{said}");
        assert!(said.starts_with(&format!("acquirer.toml:{at}:")), "{said}, not in line {at}");
    }
}
