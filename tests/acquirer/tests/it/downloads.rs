//! Downloads: parameters, public keys, applications.

use acquit_test_acquirer::codec::{Message, Mti};

use crate::support::{Counter, request};

fn ask(counter: &mut Counter, mti: Mti, code: &str, data: &[u8]) -> Message {
    let mut message = request(mti, 9);
    message.set_digits(60, format!("00000042{code}"));
    if !data.is_empty() {
        message.set_binary(62, data);
    }
    let answer = counter.send(message).unwrap().message;
    assert!(answer.get(64).is_none(), "no MAC");
    answer
}

#[test]
fn every_row_that_is_listed_can_be_fetched() {
    let mut counter = Counter::closed(|_| {});
    for (list, fetch, end, names, begins) in [
        ("372", "370", "371", "319F0605A0000003339F220101", "319F0605A0000003339F220101DF05"),
        ("382", "380", "381", "319F0607A00000033301019F0608A000000333010102", "319F0607A0000003330101DF01"),
    ] {
        let listed = ask(&mut counter, Mti::NETWORK, list, b"");
        let listed = hex::encode_upper(listed.binary(62).unwrap());
        assert_eq!(listed, names);
        let name = hex::decode(&begins[2..begins.len() - 4]).unwrap();
        let row = ask(&mut counter, Mti::SIGN_IN, fetch, &name);
        assert!(hex::encode_upper(row.binary(62).unwrap()).starts_with(begins));
        assert_eq!(ask(&mut counter, Mti::SIGN_IN, fetch, &[0x9f, 0x06, 0x01, 0xff]).binary(62), Some(&b"0"[..]));
        assert_eq!(ask(&mut counter, Mti::SIGN_IN, fetch, b"").text(39), Some("30"));
        assert_eq!(ask(&mut counter, Mti::SIGN_IN, end, b"").text(39), Some("00"));
    }
    assert_eq!(ask(&mut counter, Mti::SIGN_IN, "360", b"").binary(62), Some(&b"1260133014021503"[..]));
    assert_eq!(ask(&mut counter, Mti::SIGN_IN, "361", b"").text(39), Some("00"));
}

#[test]
fn a_long_list_comes_in_parts() {
    let row = |n: usize| format!("9F0605A00000{n:04X}DF0100").parse::<HexBytes>().unwrap();
    let mut counter = Counter::closed(|config| config.downloads.applications = (0..40).map(row).collect());
    let list = |counter: &mut Counter, from: &[u8]| {
        ask(counter, Mti::NETWORK, "382", from).binary(62).map(|data| (data[0], data[1..].len() / 8))
    };
    assert_eq!(list(&mut counter, b""), Some((b'2', 32)));
    assert_eq!(list(&mut counter, b"132"), Some((b'3', 8)));
    assert_eq!(list(&mut counter, b"140"), Some((b'0', 0)));
    assert_eq!(ask(&mut counter, Mti::NETWORK, "382", b"1x0").text(39), Some("30"));
}

use acquit_test_acquirer::config::HexBytes;
