//! ISO 8583: any bytes are a message or an error that names a place in them, and a message that was read can be written
//! and reads as the same again.

use iso8583::{
    Bitmap, Content, Decoded, Encoder, Encoding, Field, Format, Inside, MessageType, NoHole, Part, Prefix, Value,
    Version, decode, neutral, outline,
};

/// What the first byte of an input chooses from.
const FORMATS: [&Format; 3] = [&neutral::V1987_ASCII, &neutral::V1987_TEXT, &HOST];

/// What the two neutral formats do not have: IBM's code, hexadecimal, every padding, every prefix, three bitmaps.
const HOST: Format = Format {
    version: Version::V1993,
    message_type: MessageType::Ebcdic,
    bitmap: Bitmap::HexEbcdic,
    fields: &[
        Field::variable(2, "card number", Content::Digits, Encoding::BCD_PAD_F, Prefix::BINARY_1, 19),
        Field::fixed(3, "processing code", Content::Digits, Encoding::Ebcdic, 6),
        Field::fixed(23, "card sequence number", Content::Digits, Encoding::BCD_PAD_LEFT, 3),
        Field::variable(35, "track 2", Content::Track, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 38).counting_bytes(),
        Field::variable(48, "national text", Content::Text, Encoding::Ascii, Prefix::BINARY_2, 999),
        Field::fixed(52, "PIN block", Content::Bytes, Encoding::HexAscii, 8),
        Field::variable(55, "chip data", Content::Bytes, Encoding::Binary, Prefix::EBCDIC_3, 255).of(Inside::BerTlv),
        Field::variable(60, "custom", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_3, 17)
            .of(Inside::Parts(CUSTOM)),
        Field::fixed(70, "fee", Content::SignedDigits, Encoding::Ebcdic, 9),
        Field::variable(130, "third bitmap", Content::Alphanumeric, Encoding::Ebcdic, Prefix::EBCDIC_2, 20),
    ],
};

const _: () = HOST.check();

const CUSTOM: &[Part] = &[
    Part { name: "message type", content: Content::Digits, units: 2 },
    Part { name: "batch", content: Content::Digits, units: 6 },
    Part { name: "network management code", content: Content::Digits, units: 3 },
    Part { name: "the rest", content: Content::Digits, units: 6 },
];

/// Reads an input.
pub fn check(input: &[u8]) {
    let Some((format, frame)) = chosen(input) else { return };
    if let Ok(outline) = outline(format, frame, 0) {
        assert!(outline.end() <= frame.len());
        outline.values().for_each(|value| look(&value));
        let _ = outline.trouble().map(|error| error.to_string());
    }
    match decode(format, frame, 0) {
        Err(error) => assert!(error.offset <= frame.len() && !error.to_string().is_empty()),
        Ok(read) => {
            let written = written(format, &read);
            let again = decode(format, &written, 0).expect("what was written can be read");
            assert_eq!(again.message_type(), read.message_type());
            assert_eq!(again.values().count(), read.values().count());
            for (before, after) in read.values().zip(again.values()) {
                let is_same = before.text().eq_ignore_ascii_case(&after.text());
                assert!(is_same && before.number() == after.number(), "{before:?} became {after:?}");
            }
        }
    }
}

/// Whether an input is a message.
pub fn is_message(input: &[u8]) -> bool {
    chosen(input).is_some_and(|(format, frame)| decode(format, frame, 0).is_ok())
}

/// A message in each format.
///
/// # Panics
/// Where one of them does not fit its format.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let neutral: &[(u8, &str)] = &[
        (2, "6200000123456787"),
        (4, "000000000100"),
        (28, "C00000100"),
        (35, "6200000123456787=30122010000"),
        (55, "9F260801020304050607085F3401019F3602001D"),
        (90, "020000004211231200000000123456700000000000"),
    ];
    let host: &[(u8, &str)] = &[
        (2, "620000012345678"),
        (23, "001"),
        (35, "6200000123456787=301220100000"),
        (48, "text"),
        (52, "F421C8F4FFE584DC"),
        (55, "7004820258009F3602001D"),
        (60, "00000172003"),
        (70, "D00000100"),
        (130, "LAST"),
    ];
    let message = |which: u8, message_type: u16, set: &[(u8, &str)]| {
        let mut message = Encoder::<NoHole>::new(FORMATS[usize::from(which)], message_type);
        for (number, text) in set {
            message.set(*number, text).expect("a seed fits its format");
        }
        [vec![which], message.to_bytes().expect("a seed has no holes")].concat()
    };
    vec![
        ("ascii", message(0, 0x0200, neutral)),
        ("text", message(1, 0x0210, neutral)),
        ("host", message(2, 0x1200, host)),
    ]
}

fn chosen(input: &[u8]) -> Option<(&'static Format, &[u8])> {
    let (which, frame) = input.split_first()?;
    Some((FORMATS[usize::from(*which) % FORMATS.len()], frame))
}

/// Everything that can be asked of a value, sound or not.
fn look(value: &Value<'_>) {
    let _ = (value.is_well_formed(), value.to_number(), value.text());
    assert!(value.objects().count() <= value.bytes().len());
    for part in 0..CUSTOM.len() {
        let _ = value.part(part).map(|(part, characters)| (part.name, characters.count()));
    }
}

fn written(format: &'static Format, read: &Decoded<'_>) -> Vec<u8> {
    let mut message = Encoder::<NoHole>::new(format, read.message_type());
    for value in read.values() {
        let fits = match value.field().encoding {
            Encoding::Ascii | Encoding::Binary => message.set_bytes(value.number(), value.bytes()).map(drop),
            Encoding::Ebcdic | Encoding::Bcd(_) | Encoding::HexAscii => {
                message.set(value.number(), &value.text()).map(drop)
            }
        };
        fits.expect("what was read can be written");
    }
    message.to_bytes().expect("nothing is a hole")
}
