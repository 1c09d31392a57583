//! Published frames, keys and MACs. Card numbers in them were replaced by made-up ones of the same length; DE52 and
//! DE64 of U5 and U6 belong to no known key.

use acquit_test_acquirer::codec::{CodecFault, Frame, MAC_FIELD, Place, mac_data};
use acquit_test_acquirer::crypto::{Key, MacKind, pin_block, pin_from_block};
use proptest::prelude::*;

const U1: &str = "0041600000000060220000000008000038000000C00012000172170510051035303038303030313330393331303038333938353030\
                  3800110000017200300003435550";
const U2: &str = "007960000000006022000000000810003800010AC000140001721701410510080309998830353130303030303032303330303530303\
                  83030303133303933313030383339383530303800110000004200300040";
const U2_KEYS: &str = "51DBA323AF60599287F61C7E5A9484AEEF8DE29BD3E614FCB51122D4E9B84E2A608CD9C2A4DAABF2";
const U4: &str = "0066601012000060220000000004007038048002C080191612345678901234560000000000000005006811862335210529021065393861\
                  7874657374332D33303635383130353439393030303331353600082216052900162334156811860529284C79DC9A2E50FC";
const U5: &str = "007060000400006022000000000200302004C020C0981100000000000008880010017502100012356200000123456787D301210100\
                  00000000003130343231363935383734333530333537323232343731313536F421C8F4FFE584DC20000000000000000008220000013\
                  246394433453536";
const U6: &str = "0053600004000060220000000004003020048002C0801300000000000100200030020302100039383130343331323538383734343\
                  4303334353131323531303135360008220007050003303120\
                  3342463735343838";
const U13: &str = "007B600016000060220000000002007020048020C08811166200000123456787000000000000014959555556022000376200000123456\
                   787D301210100000000000000333333333333333332323232323232323232323232323231353610000000000000000008220000010\
                   01500000100100000103133394343433842";
const K2_MAK: &str = "73FE29329283FDF12540B6F80437C107";
const K4S_DATA: &str = "0200302004C020C0981100000000000000005100183402100006326200000123456787D301210100000039313636383830313\
                        4303030303030303030303030303030313536ACF46E73838A82F92600000000000000000822000001";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal).unwrap()
}

fn key(hexadecimal: &str) -> Key {
    Key::from_bytes(&bytes(hexadecimal)).unwrap()
}

/// Frame, message type, some of its fields.
type Reading = (&'static str, &'static str, &'static [(u8, &'static str)]);

const READINGS: [Reading; 4] = [
    (U1, "0800", &[(11, "000172"), (12, "170510"), (13, "0510"), (60, "00000172003"), (63, "CUP")]),
    (
        U4,
        "0400",
        &[
            (2, "1234567890123456"),
            (4, "000000000500"),
            (11, "681186"),
            (22, "021"),
            (25, "65"),
            (39, "98"),
            (41, "axtest3-"),
            (42, "306581054990003"),
            (60, "22160529"),
            (61, "2334156811860529"),
        ],
    ),
    (
        U5,
        "0200",
        &[
            (4, "000000088800"),
            (26, "12"),
            (35, "6200000123456787D301210100000000000"),
            (49, "156"),
            (53, "2000000000000000"),
            (60, "22000001"),
        ],
    ),
    (U6, "0400", &[(4, "000001002000"), (39, "98"), (42, "874440345112510"), (60, "22000705"), (63, "01 ")]),
];

#[test]
fn published_frames_read_and_write_back_byte_for_byte() {
    for (hexadecimal, mti, fields) in READINGS {
        let frame = Frame::decode_prefixed(&bytes(hexadecimal)).unwrap();
        assert_eq!(frame.message.mti.to_string(), mti);
        for (field, content) in fields {
            let read = frame.message.digits(*field).or(frame.message.text(*field));
            assert_eq!(read, Some(*content), "{mti} DE{field}");
        }
        assert_eq!(frame.encode_prefixed().unwrap(), bytes(hexadecimal), "{mti}");
    }
}

#[test]
fn the_published_sign_in_answer_holds_batch_and_keys() {
    let whole = bytes(&format!("{U2}{U2_KEYS}"));
    let frame = Frame::decode_prefixed(&whole).unwrap();
    assert_eq!(frame.message.digits(32), Some("03099988"));
    assert_eq!(frame.message.text(37), Some("051000000203"));
    assert_eq!(frame.message.digits(60), Some("00000042003"));
    assert_eq!(frame.message.binary(62), Some(bytes(U2_KEYS).as_slice()));
    assert_eq!(frame.encode_prefixed().unwrap(), whole);
}

#[test]
fn u13_whose_bitmap_hides_a_field_is_refused() {
    let error = Frame::decode_prefixed(&bytes(U13)).unwrap_err();
    assert_eq!(error.fault, CodecFault::Leftover { bytes: 10 });
    assert_eq!((error.place, error.offset), (Place::End, 113));
}

#[test]
fn every_kind_of_broken_frame_is_named_with_its_place() {
    let body = bytes(U5)[2..].to_vec();
    let changed = |at: usize, to: u8| {
        let mut body = body.clone();
        body[at] = to;
        Frame::decode(&body).unwrap_err()
    };
    let at_field = |number| Place::Field(number);
    for (error, place, offset, fault) in [
        (changed(11, 0x0a), Place::Mti, 11, CodecFault::NotDigits),
        (changed(13, 0xb0), Place::Bitmap, 13, CodecFault::SecondBitmap),
        (changed(13, 0x34), at_field(6), 30, CodecFault::UnknownField),
        (changed(24, 0xa0), at_field(4), 24, CodecFault::NotDigits),
        (changed(34, 0x11), at_field(22), 33, CodecFault::Padding),
        (changed(37, 0x49), at_field(35), 37, CodecFault::FieldLength { length: 49, limit: 48 }),
        (changed(46, 0xc3), at_field(35), 37, CodecFault::NotDigits),
        (changed(55, 0x01), at_field(35), 37, CodecFault::Padding),
        (changed(56, 0x07), at_field(41), 56, CodecFault::NotText),
        (Frame::decode(&body[..8]).unwrap_err(), Place::Header, 5, CodecFault::Short { wanted: 6, left: 3 }),
        (Frame::decode(&body[..111]).unwrap_err(), at_field(64), 104, CodecFault::Short { wanted: 8, left: 7 }),
    ] {
        assert_eq!((error.place, error.offset, error.fault), (place, offset, fault));
    }
    let mut lying = bytes(U5);
    lying[1] += 1;
    let error = Frame::decode_prefixed(&lying).unwrap_err();
    assert_eq!(error.fault, CodecFault::LengthLies { announced: 113, present: 112 });
}

#[test]
fn debug_output_shows_no_card_number_track_or_pin_block() {
    for hexadecimal in [U4, U5] {
        let frame = Frame::decode_prefixed(&bytes(hexadecimal)).unwrap();
        let shown = format!("{frame:?}").to_uppercase();
        for secret in ["1234567890123456", "6200000123456787", "D3012", "F421C8F4FFE584DC"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    let shown = format!("{:?}", Frame::decode_prefixed(&bytes(U5)).unwrap());
    assert!(shown.contains("620000******6787"));
}

#[test]
fn work_keys_come_out_of_their_wrapping_with_their_check_values() {
    let k1 = key("CA5D92598DCA48CE8A4C76361A9269E9");
    let k2 = key("4DDB4BCC88C66F47D21D4E096F12F6A0");
    for (master, cipher, clear, check_value) in [
        (k1, "6701EAD6A9AD51E51AA406E2C27FCFA9", "807A23AD32B36D457AE91FDF927570EA", "8D0A74B8"),
        (k1, "B651F9E9BACE9AE1", "5BB5C72CD00B7338", "AB7153CA"),
        (k2, "B31C3B99B94E0543B5C13084D47580B7", "6BABB0BFD9544AF7D50DEAEA7A23E38F", "CF9C35EA"),
        (k2, "AC61F7F11833AEAD03503D29085C0470", K2_MAK, "21DD874E"),
    ] {
        assert_eq!(hex::encode_upper(master.decipher(&bytes(cipher))), clear);
        assert_eq!(hex::encode_upper(master.encipher(&bytes(clear))), cipher);
        assert_eq!(hex::encode_upper(key(clear).check_value()), check_value);
    }
}

#[test]
fn the_published_pin_block_opens_only_with_its_card_and_key() {
    let (card, other) = ("1234567890123456", "1234567890123446");
    let pin_key = key("6BABB0BFD9544AF7D50DEAEA7A23E38F");
    let clear = pin_block("123456", card).unwrap();
    assert_eq!(hex::encode_upper(clear), "0612713176FEDCBA");
    let cipher = pin_key.encipher(&clear);
    assert_eq!(hex::encode_upper(&cipher), "0A766E5460EED5FA");
    assert!(pin_from_block(&pin_key, &cipher, card).unwrap().is("123456"));
    assert!(!pin_from_block(&pin_key, &cipher, card).unwrap().is("123457"));
    assert!(pin_from_block(&pin_key, &cipher, other).is_none_or(|pin| !pin.is("123456")));
    assert!(pin_from_block(&key(K2_MAK), &cipher, card).is_none());
    assert!(pin_from_block(&pin_key, &cipher[..7], card).is_none());
    assert!(pin_from_block(&pin_key, &[], card).is_none());
}

#[test]
fn published_macs_hold() {
    let body = bytes(U4)[2..].to_vec();
    let data = mac_data(&body).unwrap();
    let frame = Frame::decode(&body).unwrap();
    let mac = frame.message.binary(MAC_FIELD).unwrap();
    assert!(MacKind::X919.verify(&key(K2_MAK), data, mac));
    assert_eq!(&MacKind::UnionPayEcb.compute(&key(K2_MAK), data), b"46415DC3");
    assert_eq!(&MacKind::UnionPayEcb.compute(&key(&K2_MAK[..16]), data), b"E6086F29");
    assert!(!MacKind::UnionPayEcb.verify(&key(K2_MAK), data, mac));
    assert!(!MacKind::X919.verify(&key(K2_MAK), data, &mac[..7]));
    let data = bytes(K4S_DATA);
    assert_eq!(&MacKind::UnionPayEcb.compute(&key("C24A8FB57AA20123"), &data), b"A35D2B3F");
    assert_eq!(&MacKind::UnionPayEcb.compute(&key(K2_MAK), &data), b"D2B23093");
}

proptest! {
    /// Whatever arrives, reading it ends in a frame or an error; and a frame that was read writes back the same bytes.
    #[test]
    fn reading_never_panics_and_loses_nothing(start in 0_usize..4, at in 0_usize..120, change: u8, cut in 0_usize..125) {
        let mut body = bytes(READINGS[start].0)[2..].to_vec();
        if let Some(byte) = body.get_mut(at) {
            *byte ^= change;
        }
        body.truncate(cut);
        if let Ok(frame) = Frame::decode(&body) {
            prop_assert_eq!(frame.encode().unwrap(), body);
        }
    }

    /// The same for noise.
    #[test]
    fn noise_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Frame::decode(&body);
    }
}
