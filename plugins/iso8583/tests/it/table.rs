//! A protocol nobody speaks: each shape of field once.

use iso8583::{Bitmap, Content, Encoder, Encoding, Field, Format, Inside, MessageType, NoHole, Part, Prefix, Version};

pub const PACKED: Format = Format {
    version: Version::V1987,
    message_type: MessageType::Bcd,
    bitmap: Bitmap::Binary,
    fields: &[
        Field::variable(2, "number", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 19),
        Field::fixed(11, "trace", Content::Digits, Encoding::BCD_PAD_LEFT, 6),
        Field::fixed(22, "odd, padded right", Content::Digits, Encoding::BCD_PAD_RIGHT, 3),
        Field::fixed(23, "odd, padded left", Content::Digits, Encoding::BCD_PAD_LEFT, 3),
        Field::fixed(24, "odd, padded with F", Content::Digits, Encoding::BCD_PAD_F, 3),
        Field::variable(35, "track", Content::Track, Encoding::BCD_PAD_RIGHT, Prefix::BCD_2, 37),
        Field::fixed(37, "letters", Content::Alphanumeric, Encoding::Ascii, 4),
        Field::variable(44, "national", Content::Text, Encoding::Ascii, Prefix::BINARY_1, 25),
        Field::variable(46, "bytes in hexadecimal", Content::Bytes, Encoding::HexAscii, Prefix::ASCII_3, 100),
        Field::variable(48, "counted in bytes", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_3, 301)
            .counting_bytes(),
        Field::variable(55, "objects", Content::Bytes, Encoding::Binary, Prefix::BCD_3, 255).of(Inside::BerTlv),
        Field::variable(60, "parts", Content::Digits, Encoding::BCD_PAD_RIGHT, Prefix::BCD_3, 13)
            .of(Inside::Parts(PARTS)),
        Field::variable(62, "bytes", Content::Bytes, Encoding::Binary, Prefix::BINARY_2, 999),
        Field::fixed(64, "MAC", Content::Bytes, Encoding::Binary, 8),
        Field::fixed(70, "code", Content::Digits, Encoding::BCD_PAD_LEFT, 3),
        Field::fixed(130, "third", Content::Printable, Encoding::Ascii, 2),
    ],
};
const _: () = PACKED.check();

pub const PARTS: &[Part] = &[
    Part { name: "type", content: Content::Digits, units: 2 },
    Part { name: "batch", content: Content::Digits, units: 6 },
    Part { name: "code", content: Content::Digits, units: 3 },
    Part { name: "ability", content: Content::Digits, units: 2 },
];

pub const EBCDIC: Format = Format {
    version: Version::V2003,
    message_type: MessageType::Ebcdic,
    bitmap: Bitmap::HexEbcdic,
    fields: &[
        Field::variable(2, "number", Content::Digits, Encoding::Ebcdic, Prefix::EBCDIC_2, 19),
        Field::fixed(28, "fee", Content::SignedDigits, Encoding::Ebcdic, 9),
        Field::fixed(41, "terminal", Content::Printable, Encoding::Ebcdic, 8),
        Field::variable(48, "private", Content::Printable, Encoding::Ebcdic, Prefix::EBCDIC_3, 999),
    ],
};
const _: () = EBCDIC.check();

pub fn written(format: &'static Format, message_type: u16, set: &[(u8, &str)]) -> Vec<u8> {
    let mut message = Encoder::<NoHole>::new(format, message_type);
    for (number, text) in set {
        message.set(*number, text).expect("fits");
    }
    message.to_bytes().expect("no holes")
}
