//! Published keys, and the counters they go with.

use engine::contract::template::PinFormat;
use proptest::prelude::*;

use super::*;
use crate::crypto::pin_block;
use crate::crypto::tdes::key;
use crate::crypto::wide::wide;

fn tdes() -> TdesInitial {
    let serial = hex::decode("FFFF9876543210E00000").unwrap().try_into().unwrap();
    TdesInitial::new(key("6AC292FAA1315B4D858AB3A3D7D5933A"), serial).unwrap()
}

fn aes() -> AesInitial {
    let id: [u8; 8] = hex::decode("1234567890123456").unwrap().try_into().unwrap();
    let base = wide(WideCipher::Aes, "FEDCBA9876543210F1F1F1F1F1F1F1F1");
    let initial = derived(&base, 0x8001, 16, id).unwrap();
    assert_eq!(hex::encode_upper(initial.reveal()), "1273671EA26AC29AFA4D1084127652A1");
    AesInitial::new(initial, id).unwrap()
}

/// protocols: E.1.
#[test]
fn keys_of_x924_part_1() {
    let initial = tdes();
    for (counter, purpose, expected) in [
        (1, Purpose::Pin, "042666B49184CF5C68DE9628D0397B36"),
        (2, Purpose::Pin, "C46551CEF9FD244FAA9AD834130D3B38"),
        (3, Purpose::Pin, "0DF3D9422ACA561A47676D07AD6BAD05"),
        (8, Purpose::Pin, "27F66D5244FF621EAA6F6120EDEB427F"),
        (0xFF800, Purpose::Pin, "F9CDFEBF4F5B1D61B3EC12454527E189"),
        (1, Purpose::MacRequest, "042666B4918430A368DE9628D03984C9"),
        (1, Purpose::MacResponse, "042666B46E84CFA368DE96282F397BC9"),
        (1, Purpose::DataRequest, "448D3F076D8304036A55A3D7E0055A78"),
    ] {
        let made = initial.key(counter, purpose).unwrap();
        assert_eq!(hex::encode_upper(made.reveal()), expected, "{counter}, {purpose:?}");
    }
    assert_eq!(hex::encode_upper(initial.serial(0xFF800)), "FFFF9876543210EFF800");
    for refused in [0, 0x7FF, 1 << 21] {
        assert!(initial.key(refused, Purpose::Pin).is_none(), "{refused:X}");
    }
}

/// protocols: E.2.
#[test]
fn keys_of_x924_part_3() {
    let initial = aes();
    for (counter, pin, mac, data) in [
        (1, "AF8CB133A78F8DC2D1359F18527593FB", "A2DC23DE6FDE0824A2BC321E08E4B8B7", "A35C412EFD41FDB98B69797C02DCD08F"),
        (3, "7D69F01F3B45449F62C7816ECE723268", "A5DF7D9D800CA769766F0C77CA4E6E6C", "EF17F6AB45B4820C93A3DCB21BC491AD"),
        (
            8_675_309,
            "D1DDA386AA4A556AF0119FDCB5D132C6",
            "89365C7970950CAC0A6261FFC7DB26C6",
            "B1E4D9006A87DD08D87F11A124D35517",
        ),
    ] {
        let made = |purpose| hex::encode_upper(initial.key(counter, purpose).unwrap().reveal());
        assert_eq!([made(Purpose::Pin), made(Purpose::MacRequest), made(Purpose::DataRequest)], [pin, mac, data]);
    }
    assert_eq!(hex::encode(initial.serial(1)), "123456789012345600000001");
    assert!(initial.key(0x1_FFFF, Purpose::Pin).is_none());
}

/// protocols: E.2, the counters in between; E.3, format 4 under the first of these keys.
#[test]
fn more_keys_of_x924_part_3_and_a_pin_block_under_one() {
    let initial = aes();
    for (counter, pin, mac, data) in [
        (2, "D30BDC73EC9714B000BEC66BDB7B6D09", "484C3B06E8562704528CD5B46FB12FB6", "D639514AA33AC43AD9229E433D6D4E5B"),
        (4, "91A0588318EC2673214271F70137896E", "E6E4679647D8A9057C1FC15537CB4C4E", "B3BD44C08BB6BA27C3BB4711D7D70387"),
    ] {
        let made = |purpose| hex::encode_upper(initial.key(counter, purpose).unwrap().reveal());
        assert_eq!([made(Purpose::Pin), made(Purpose::MacRequest), made(Purpose::DataRequest)], [pin, mac, data]);
    }
    let key = Key::Wide(initial.key(1, Purpose::Pin).unwrap());
    let (pin, pan) = (crate::Pin::parse("1234").unwrap(), crate::Pan::parse("4111111111111111").unwrap());
    let mut filling = pin_block::Filling::default();
    hex::decode_to_slice("2F69ADDE2E9E7ACE", &mut filling[..8]).unwrap();
    let block = pin_block::make(PinFormat::Iso4, &key, &pin, &pan, &filling).unwrap();
    assert_eq!(hex::encode_upper(block), "A912150391AB65A67E52883D81CE2D15");
}

/// protocols: E.2, the initial key under a longer base key, and a key of sixteen bytes under it.
#[test]
fn a_longer_initial_key() {
    let bytes = "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F";
    let id = *b"\x12\x34\x56\x78\x90\x12\x34\x56";
    let initial = AesInitial::new(wide(WideCipher::Aes, bytes), id).unwrap();
    let made = initial.key(1, Purpose::Pin).unwrap();
    assert_eq!(made.reveal().len(), 16);
    assert_ne!(made.reveal(), aes().key(1, Purpose::Pin).unwrap().reveal());
}

proptest! {
    /// Any bytes are a serial number or none; what is one is read from what it writes.
    #[test]
    fn any_bytes_are_a_serial_number_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..16),
        whole in prop_oneof![Just(8_usize), Just(10), Just(12)],
    ) {
        let keys = [Key::Des(tdes().key), Key::Wide(aes().key)];
        let padded: Vec<u8> = bytes.iter().copied().chain(std::iter::repeat(0xFF)).take(whole).collect();
        for key in &keys {
            for serial in [&bytes, &padded] {
                let fits = match key {
                    Key::Des(_) => serial.len() == 10,
                    _ => matches!(serial.len(), 8 | 12),
                };
                let parsed = InitialKey::parse(key, serial);
                prop_assert_eq!(parsed.is_some(), fits);
                if let Some((initial, counter)) = parsed {
                    let written = initial.serial(counter);
                    prop_assert!(written.starts_with(serial));
                    prop_assert!(initial.next(counter).is_ok_and(|next| next > counter) || counter > 0x1F_F000);
                }
            }
        }
    }
}

/// The whole life of a triple DES key: as many counters as the standard counts, then none.
#[test]
fn counters_pass_over_too_many_ones_and_end() {
    assert_eq!(next_tdes_counter(0), Ok(1));
    assert_eq!(next_tdes_counter(0x7FE), Ok(0x800), "eleven ones are passed over");
    let (mut counter, mut used) = (0, 0);
    while let Ok(next) = next_tdes_counter(counter) {
        assert!(next > counter && next.count_ones() <= 10);
        (counter, used) = (next, used + 1);
    }
    assert_eq!((counter, used), (0x1F_F800, (1 << 20) - 1));
    assert_eq!(next_aes_counter(0xFFFE), Ok(0xFFFF));
    assert_eq!(next_aes_counter(0x1_FFFE), Ok(0x2_0000));
    assert_eq!(next_aes_counter(0xFFFF_0000), Err(Exhausted));
    assert_eq!(next_aes_counter(u32::MAX), Err(Exhausted));
}
