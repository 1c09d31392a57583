//! The rule as examples, and its laws as properties.

use engine::contract::card::{Entry, Presented, Verification};
use proptest::prelude::*;

use super::*;
use crate::crypto::base64;

const PAN: &str = "6200000123456787";

fn presented(pan: &str) -> Presented {
    Presented {
        entry: Entry::Stripe,
        bin: pan[..6].to_owned(),
        last_four: pan[pan.len() - 4..].to_owned(),
        pan_length: u8::try_from(pan.len()).unwrap(),
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 0,
        track_three_length: 0,
        sequence_number: None,
        service_code: None,
        verification: Verification::None,
        pin_length: 0,
        fell_back: false,
        tags: Vec::new(),
    }
}

fn scrubbed(bytes: &[u8]) -> Vec<u8> {
    scrub(bytes, &[&presented(PAN)]).bytes
}

fn scrubbed_text(text: &str) -> String {
    String::from_utf8(scrubbed(text.as_bytes())).unwrap()
}

#[test]
fn card_numbers_in_text() {
    for (text, expected) in [
        ("card 6200000123456787.", "card 0000000000000000."),
        ("6200 0001 2345 6787", "0000 0000 0000 0000"),
        ("6200-0001-2345-6787", "0000-0000-0000-0000"),
        ("whatever the middle 6200009999996787", "whatever the middle 0000000000000000"),
        ("other bin 6210000123456787", "other bin 6210000123456787"),
        ("other end 6200000123456788", "other end 6200000123456788"),
        ("inside 9962000001234567871299", "inside 9900000000000000001299"),
        (r#"{"pan":"\u0036\u0032000001234567\u00387"}"#, r#"{"pan":"\u0030\u0030000000000000\u00300"}"#),
        ("pan=%36%3200000123456787", "pan=%30%3000000000000000"),
        ("6200000123456787=301210112345", "0000000000000000=000000000000"),
        ("6200000123456787D3012;rest 12", "0000000000000000D0000;rest 12"),
        ("6200000123456787%3D3012&x=12", "0000000000000000%3D0000&x=12"),
        ("B6200000123456787^DOE/JOHN^3012101\n77", "B0000000000000000^00000000^0000000\n77"),
        ("36323030303030313233343536373837", "30303030303030303030303030303030"),
        ("f6f2f0f0f0f0f0f1f2f3f4f5f6f7f8f7", "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"),
    ] {
        assert_eq!(scrubbed_text(text), expected);
    }
}

#[test]
fn card_numbers_in_bcd() {
    for (before, after) in [
        ("166200000123456787000000", "160000000000000000000000"),
        ("F6200000123456787FFF", "F0000000000000000FFF"),
        ("356200000123456787D30121010000000000000A", "350000000000000000D00000000000000000000A"),
    ] {
        assert_eq!(hex::encode_upper(scrubbed(&hex::decode(before).unwrap())), after);
    }
}

/// A message whose length prefix ends in the digit the BIN begins with lost its prefix: the window was widened to the
/// left by one masked digit at a time.
#[test]
fn neighbours_of_a_card_number_stay() {
    let frame = hex::decode("0210166200000123456787870000").unwrap();
    assert_eq!(hex::encode(scrubbed(&frame)), "0210160000000000000000870000");
}

/// A percent sign in front of a card number was read as an escape that swallowed its first digits, and the number went
/// through: a plugin could have put the sign into a field that the acquirer sends back.
#[test]
fn what_looks_like_an_escape_hides_no_card_number() {
    assert_eq!(scrubbed_text("%6200000123456787"), "%0000000000000000");
    assert_eq!(scrubbed_text("%6200000123456787%3D3012"), "%0000000000000000%3D0000");
    assert_eq!(scrubbed_text(r"\u006200000123456787\u003D3012"), r"\u000000000000000000\u003D0000");
}

#[test]
fn track_two_ends_where_the_card_says() {
    let mut card = presented(PAN);
    card.track_two_length = 16 + 1 + 7;
    let reply = scrub(b"6200000123456787=3012101999", &[&card]);
    assert_eq!(reply.bytes, b"0000000000000000=0000000999");
    assert!(reply.mask.touches(&(0..1)) && reply.mask.touches(&(23..24)));
    assert!(!reply.mask.touches(&(24..27)));
    assert!(reply.mask.touches(&(26..28)), "beyond the end counts as card data");
}

#[test]
fn every_card_of_the_operation_is_scrubbed() {
    let (one, two) = (presented(PAN), presented("5500001234561234567"));
    let reply = scrub(b"6200000123456787,5500001234561234567", &[&one, &two]);
    assert_eq!(reply.bytes, b"0000000000000000,0000000000000000000");
    assert!(!reply.mask.touches(&(16..17)));
    assert!(scrub(b"6200000123456787", &[]).mask.is_clear());
}

/// A description without usable digits matched no window, and the card number went through.
#[test]
fn a_card_that_is_not_described_is_looked_for_by_luhn() {
    let mut card = presented(PAN);
    card.bin = String::new();
    assert_eq!(scrub(PAN.as_bytes(), &[&card]).bytes, [b'0'; 16]);
}

#[test]
fn headers_are_scrubbed_by_name_and_value() {
    let headers = [("X-6200000123456787".to_owned(), "6200000123456787=3012".to_owned())];
    let scrubbed = scrub_headers(&headers, &[&presented(PAN)]);
    assert_eq!(scrubbed, [("X-0000000000000000".to_owned(), "0000000000000000=0000".to_owned())]);
}

#[test]
fn unknown_cards_are_masked_by_luhn() {
    for (text, expected) in [
        ("6200000123456787", "0000000000000000"),
        ("6200000123456788", "6200000123456788"),
        ("681186", "681186"),
        ("6200000123456787=3012101", "0000000000000000=0000000"),
    ] {
        assert_eq!(mask_by_luhn(text.as_bytes()).bytes, expected.as_bytes());
    }
    // The nibbles of text are no number, unless others stand among them.
    assert_eq!(mask_by_luhn(b"3".repeat(40).as_slice()).bytes, b"3".repeat(40));
    let bcd = hex::decode("FF6200000123456787FF").unwrap();
    assert_eq!(hex::encode_upper(mask_by_luhn(&bcd).bytes), "FF0000000000000000FF");
    // Digits of the text itself may be taken for BCD and zeroed; none of the number may be left.
    let masked = mask_by_luhn(&base64::encode(PAN.as_bytes())).bytes;
    let left = base64::decode(&masked).unwrap_or_default();
    assert!(!PAN.as_bytes().windows(6).any(|piece| left.windows(6).any(|window| window == piece)));
}

/// How a card number, and digits beside it, may come back.
#[derive(Clone, Copy, Debug)]
enum Form {
    Ascii,
    Dashes,
    JsonEscapes,
    PercentEscapes,
    Ebcdic,
    Bcd,
    HexUpper,
    HexLower,
    HexOfEbcdic,
    Base64,
    Base64OfEbcdic,
    Base64OfBcd,
}

impl Form {
    const ALL: [Self; 12] = [
        Self::Ascii,
        Self::Dashes,
        Self::JsonEscapes,
        Self::PercentEscapes,
        Self::Ebcdic,
        Self::Bcd,
        Self::HexUpper,
        Self::HexLower,
        Self::HexOfEbcdic,
        Self::Base64,
        Self::Base64OfEbcdic,
        Self::Base64OfBcd,
    ];

    /// `digits` may hold `=`.
    fn write(self, digits: &str) -> Vec<u8> {
        let each = |write: &dyn Fn(u8) -> String| digits.bytes().map(write).collect::<String>().into_bytes();
        let ebcdic = || digits.bytes().map(|byte| if byte == b'=' { 0x7E } else { byte | 0xF0 }).collect::<Vec<u8>>();
        let bcd = || {
            let nibbles: Vec<u8> = digits.bytes().map(|byte| if byte == b'=' { 0xD } else { byte & 15 }).collect();
            nibbles.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0xF)).collect::<Vec<u8>>()
        };
        match self {
            Self::Ascii => digits.as_bytes().to_vec(),
            Self::Dashes => each(&|byte| format!("{}-", char::from(byte))),
            Self::JsonEscapes => each(&|byte| format!("\\u{byte:04x}")),
            Self::PercentEscapes => each(&|byte| format!("%{byte:02X}")),
            Self::Ebcdic => ebcdic(),
            Self::Bcd => bcd(),
            Self::HexUpper => hex::encode_upper(digits).into_bytes(),
            Self::HexLower => hex::encode(digits).into_bytes(),
            Self::HexOfEbcdic => hex::encode_upper(ebcdic()).into_bytes(),
            Self::Base64 => base64::encode(digits.as_bytes()),
            Self::Base64OfEbcdic => base64::encode(&ebcdic()),
            Self::Base64OfBcd => base64::encode(&bcd()),
        }
    }
}

/// Two cards that differ only in the middle, among digits and bytes an enemy might choose.
#[derive(Clone, Debug)]
struct Twins {
    card: Presented,
    first: Vec<u8>,
    second: Vec<u8>,
}

/// Digits beside the number: random ones, and pieces that could make another window with its middle.
fn neighbours() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![Just("b"), Just("l"), Just("0"), Just("7"), Just("=")], 0..8)
        .prop_map(|pieces| pieces.concat())
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![any::<u8>(), b'0'..=b'9', Just(b'A'), Just(b'%')], 0..40)
}

prop_compose! {
    fn twins()(
        form in proptest::sample::select(&Form::ALL[..]),
        length in 12_usize..=19,
        ends in ("[1-9][0-9]{5}", "[0-9]{4}"),
        middles in ("[0-9]{9}", "[0-9]{9}"),
        track in "(=[0-9]{0,25})?",
        beside in (neighbours(), neighbours()),
        around in (noise(), noise()),
    ) -> Twins {
        let (bin, last) = ends;
        let beside = [beside.0, beside.1].map(|text| text.replace('b', &bin).replace('l', &last));
        let whole = |middle: &str| {
            let digits = format!("{}{bin}{}{last}{track}{}", beside[0], &middle[..length - 10], beside[1]);
            [&around.0[..], &form.write(&digits), &around.1].concat()
        };
        let card = presented(&format!("{bin}{}{last}", &middles.0[..length - 10]));
        Twins { card, first: whole(&middles.0), second: whole(&middles.1) }
    }
}

/// Some window of the card is left in plain digits; written apart from the code under test.
fn has_window(bytes: &[u8], card: &Presented) -> bool {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let bcd: String = nibbles.map(|nibble| char::from_digit(u32::from(nibble), 16).unwrap()).collect();
    let ascii: String = bytes.iter().map(|byte| if byte.is_ascii_digit() { char::from(*byte) } else { ' ' }).collect();
    let fold = |byte: &u8| if (0xF0..=0xF9).contains(byte) { char::from(byte & 0x3F) } else { ' ' };
    let ebcdic: String = bytes.iter().map(fold).collect();
    [bcd, ascii, ebcdic].iter().any(|text| {
        text.as_bytes().windows(usize::from(card.pan_length)).any(|window| {
            let is_digits = window.iter().all(u8::is_ascii_digit);
            is_digits && window.starts_with(card.bin.as_bytes()) && window.ends_with(card.last_four.as_bytes())
        })
    })
}

fn scanned(code: &str) -> Presented {
    let pan_length = u8::try_from(code.len()).unwrap();
    Presented { entry: Entry::CodeScan, last_four: String::new(), pan_length, ..presented(code) }
}

/// Of a code a plugin knows its beginning and its length; so does the scrubber, and nothing more.
#[test]
fn a_scanned_code_is_any_window_of_its_length_with_its_beginning() {
    let code = scanned("134567890123456789");
    for (text, expected) in [
        ("code 134567890123456789, at 20260510101141", "code 000000000000000000, at 20260510101141"),
        ("another's 134567000000000001", "another's 000000000000000000"),
        ("shorter 13456789012345678", "shorter 13456789012345678"),
        ("of another wallet 284567890123456789", "of another wallet 284567890123456789"),
    ] {
        let scrubbed = scrub(text.as_bytes(), &[&code]).bytes;
        assert_eq!(String::from_utf8(scrubbed).unwrap(), expected);
    }
    // Any digit of its unknown rest may begin another code: in packed digits, what follows goes with it.
    let packed = scrub(&hex::decode("0018134567890123456789200102").unwrap(), &[&code]).bytes;
    assert_eq!(hex::encode(packed), "0018000000000000000000000000");
}

proptest! {
    #[test]
    fn the_rest_of_a_scanned_code_makes_no_difference(
        before in "[ -~]{0,20}", first in "[0-9]{12}", second in "[0-9]{12}", after in "[ -~]{0,20}",
    ) {
        let code = scanned("134567890123456789");
        let [first, second] = [first, second].map(|rest| scrub(format!("{before}134567{rest}{after}").as_bytes(), &[&code]));
        prop_assert_eq!(first, second);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// A look before the search saves it, and nothing else.
    #[test]
    fn where_a_look_finds_nothing_a_search_finds_nothing(twins in twins(), changed in any::<prop::sample::Index>()) {
        let target = Target::cards(&[&twins.card]);
        let mut near = twins.first.clone();
        if !near.is_empty() {
            near[changed.index(twins.first.len())] ^= 1;
        }
        for (bytes, view) in [twins.first, twins.second, near].iter().flat_map(|bytes| View::ALL.map(|view| (bytes, view))) {
            let mut searched = Buffer::new(bytes);
            let found = search::zero_what_is_found(view, &mut searched, &target) || searched.mask.contains(&true);
            prop_assert_eq!(target.is_in(view, bytes, &mut Vec::new()), found);
        }
    }

    #[test]
    fn the_middle_of_a_card_number_makes_no_difference(twins in twins()) {
        let [first, second] = [&twins.first, &twins.second].map(|bytes| scrub(bytes, &[&twins.card]));
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(first.bytes.len(), twins.first.len());
        prop_assert!(!first.mask.is_clear());
    }

    #[test]
    fn what_is_scrubbed_holds_no_window_and_stays_as_it_is(twins in twins()) {
        let once = scrub(&twins.first, &[&twins.card]);
        prop_assert!(!has_window(&once.bytes, &twins.card));
        prop_assert_eq!(&scrub(&once.bytes, &[&twins.card]).bytes, &once.bytes);
    }

    #[test]
    fn only_masked_bytes_change(twins in twins()) {
        let once = scrub(&twins.first, &[&twins.card]);
        for (place, (before, after)) in twins.first.iter().zip(&once.bytes).enumerate() {
            prop_assert!(before == after || once.mask.touches(&(place..place + 1)));
        }
    }
}

/// The largest frame made of nothing but beginnings of card numbers: the work stays bounded.
#[test]
fn a_frame_full_of_bins_ends() {
    let card = presented("1111110000001111");
    let frame = vec![0x11; 65_535];
    assert_eq!(scrub(&frame, &[&card]).bytes, vec![0; 65_535]);
}
