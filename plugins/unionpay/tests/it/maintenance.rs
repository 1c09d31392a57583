//! Sign-in by each layout with tracks under each protection, sign-off, echo, downloads.

use acquirer::config::TrackScheme;
use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::{answer, context, start};
use crate::till::{Till, pay, plastic, track};

const RICH: &str = "6200000123456787";

#[test]
fn keys_of_layout_001_make_pin_blocks_and_macs() {
    let mut till = Till::open(&[("sign-in-layout", "001"), ("security-control", "2000000000000000")], |_| {});
    let card = plastic(RICH, "123456", Entry::Stripe);
    assert_eq!(till.run(&pay(PaymentKind::Sale, 100, &card), Some(&card)).code(), "00");
    let signed_in = till.run(&Operation::Maintain(Maintenance::SignIn), None);
    assert_eq!(signed_in.field(60), "00000042001");
}

#[test]
fn tracks_under_the_key_of_layout_004_are_the_cards_own() {
    let schemes = [
        ("last-block", TrackScheme::LastBlock),
        ("padded-f", TrackScheme::PaddedF),
        ("length-prefixed", TrackScheme::LengthPrefixed),
    ];
    let card = plastic(RICH, "123456", Entry::Stripe);
    for (word, scheme) in schemes {
        let own = track(&card);
        let mut till = Till::open(&[("sign-in-layout", "004"), ("track-protection", word)], |config| {
            config.tracks.encryption = scheme;
            config.tracks.required = true;
            config.cards[0].track_two = Some(own.parse().expect("a track"));
        });
        let sold = till.run(&pay(PaymentKind::Sale, 100, &card), Some(&card));
        let frame = hex::encode_upper(&sold.sent[0]);
        assert_eq!((sold.code(), frame.contains("2610000000000000")), ("00", true), "{word}");
        assert!(!frame.contains(&own), "{word}");
        let other = crate::till::Plastic { expiry: "3011", ..card.clone() };
        assert_eq!(till.run(&pay(PaymentKind::Sale, 100, &other), Some(&other)).code(), "A7", "{word}");
    }
}

#[test]
fn a_layout_that_does_not_exist_is_a_mistake_of_the_configuration() {
    let fault = UnionPay::start(&context(&[("sign-in-layout", "005")]), &Operation::Maintain(Maintenance::SignIn));
    assert!(matches!(fault, Err(Fault::Configuration(text)) if text.contains("sign-in-layout")));
}

#[test]
fn after_a_sign_off_the_keys_are_gone_on_both_sides() {
    let mut till = Till::open(&[], |_| {});
    let echo = till.run(&Operation::Maintain(Maintenance::Echo), None);
    assert_eq!((&echo.outcome, echo.field(60).as_str()), (&Outcome::Done, "00000042301"));
    let off = till.run(&Operation::Maintain(Maintenance::SignOff), None);
    assert_eq!((&off.outcome, off.field(60).as_str()), (&Outcome::Done, "00000042002"));
    assert!(off.sent.iter().all(|frame| frame[11..13] == [0x08, 0x20]));
    let signed_in = till.run(&Operation::Maintain(Maintenance::SignIn), None);
    assert_eq!((&signed_in.outcome, signed_in.field(11).as_str()), (&Outcome::Done, "000004"), "a trace each");
}

#[test]
fn a_refused_sign_off_drops_nothing() {
    let context = context(&[]);
    let operation = Operation::Maintain(Maintenance::SignOff);
    let state = start(&context, &operation).state;
    let refused = answer(0x0830, &[(11, "100175"), (39, "96"), (41, "10421695"), (42, "874350357222471")], None);
    let step = UnionPay::resume(&context, &operation, &state, &Event::Received(refused)).expect("reads");
    assert!(step.effects.is_empty());
    assert!(matches!(step.action, Action::Finish(Outcome::Declined(declined)) if declined.code == "96"));
    assert_eq!(step.proofs.len(), 3, "trace, terminal and merchant came back");
}

fn download(till: &mut Till, name: &str) -> crate::till::Ended {
    till.run(&Operation::Download(name.to_owned()), None)
}

#[test]
fn every_row_is_loaded_and_parameters_are_remembered() {
    let mut till = Till::open(&[], |_| {});
    assert_eq!(download(&mut till, "parameters").outcome, Outcome::Done);
    let kept = till.context.memory.iter().find(|(name, _)| name == "parameters").expect("remembered");
    assert_eq!(kept.1, b"1260133014021503");

    let keys = download(&mut till, "public-keys");
    assert_eq!((&keys.outcome, keys.sent.len()), (&Outcome::Done, 3), "list, row, end");
    let applications = download(&mut till, "applications");
    assert_eq!((&applications.outcome, applications.sent.len()), (&Outcome::Done, 4));
    let loaded: Vec<_> = till.loaded.iter().map(|(table, row)| (*table, hex::encode_upper(row))).collect();
    let row = |row: &str| row.to_owned();
    let expected = [
        (KernelTable::PublicKeys, row("9F0605A0000003339F220101DF05083230333031323331DF040103")),
        (KernelTable::Applications, row("9F0607A0000003330101DF0101009F08020030")),
        (KernelTable::Applications, row("9F0608A000000333010102DF0101009F08020030")),
    ];
    assert_eq!(loaded, expected);
}

#[test]
fn a_long_list_is_asked_for_in_parts() {
    let row = |n: usize| format!("9F0605A00000{n:04X}DF0100").parse().expect("hex");
    let mut till = Till::open(&[], |config| config.downloads.applications = (0..40).map(row).collect());
    let ended = download(&mut till, "applications");
    assert_eq!((&ended.outcome, ended.sent.len(), till.loaded.len()), (&Outcome::Done, 2 + 40 + 1, 40));
    let mut empty = Till::open(&[], |config| config.downloads.public_keys.clear());
    let ended = download(&mut empty, "public-keys");
    assert_eq!((&ended.outcome, ended.sent.len(), empty.loaded.len()), (&Outcome::Done, 2, 0));
}

#[test]
fn an_unknown_name_and_a_row_of_another_name_are_errors() {
    assert!(matches!(
        UnionPay::start(&context(&[]), &Operation::Download("hymns".to_owned())),
        Err(Fault::Unsupported(_))
    ));
    let operation = Operation::Download("applications".to_owned());
    let context = context(&[]);
    let own = [(11, "100175"), (39, "00"), (41, "10421695"), (42, "874350357222471")];
    let hear = |mti: u16, state: &[u8], data: &[u8]| {
        let mut message = sdk::iso8583::Composer::new(&acquit_plugin_unionpay::fields::TABLE, mti);
        own.iter().for_each(|(number, text)| _ = message.set(*number, text).expect("fits"));
        message.set_bytes(62, data).expect("fits");
        let body = [&[0; 11][..], &message.to_bytes().expect("no holes")].concat();
        let reply = Reply { status: 0, headers: Vec::new(), body };
        UnionPay::resume(&context, &operation, state, &Event::Received(reply))
    };
    let asked = start(&context, &operation).state;
    for broken in [&b"4"[..], b"1\x9f\x06", b"1\x9f\x06\x05abc", b"1\x9f\x22\x01a", b"1\x9f\x06\xffa"] {
        assert!(matches!(hear(0x0830, &asked, broken), Err(Fault::Malformed(_))), "{broken:?}");
    }
    let listed = hear(0x0830, &asked, b"1\x9f\x06\x02ab").expect("one name");
    for broken in [&b"0"[..], b"1", b"1\x9f\x06\x02ac", b"2\x9f\x06\x02ab"] {
        assert!(matches!(hear(0x0810, &listed.state, broken), Err(Fault::Malformed(_))), "{broken:?}");
    }
    assert!(hear(0x0810, &listed.state, b"1\x9f\x06\x02ab").is_ok());
}
