//! The table of fields (UnionPay A.2) and the frame around them (A.1).

use sdk::iso8583::Content::{Alphanumeric, Bytes, Digits, Printable, Text, Track};
use sdk::iso8583::Encoding::{Ascii, Binary};
use sdk::iso8583::{
    Bitmap, Content, DecodeError, Decoded, Encoding, Field, Format, MessageType, Prefix, Version, decode,
};

/// TPDU (five bytes) and header (six) before the message type.
pub const BEFORE_MTI_BYTES: usize = 11;

/// All fields a terminal and its acquirer exchange. DE44 and DE63 may hold GB 18030 text. Encrypted tracks are longer
/// than clear ones.
pub const TABLE: Format = Format {
    version: Version::V1987,
    message_type: MessageType::Bcd,
    bitmap: Bitmap::Binary,
    fields: &[
        ll(2, "card number", Digits, RIGHT, 19),
        Field::fixed(3, "processing code", Digits, LEFT, 6),
        Field::fixed(4, "amount", Digits, LEFT, 12),
        Field::fixed(11, "trace", Digits, LEFT, 6),
        Field::fixed(12, "local time", Digits, LEFT, 6),
        Field::fixed(13, "local date", Digits, LEFT, 4),
        Field::fixed(14, "expiry", Digits, LEFT, 4),
        Field::fixed(15, "settlement date", Digits, LEFT, 4),
        Field::fixed(22, "entry mode", Digits, RIGHT, 3),
        Field::fixed(23, "card sequence number", Digits, LEFT, 3),
        Field::fixed(24, "network identifier", Digits, LEFT, 3),
        Field::fixed(25, "condition code", Digits, LEFT, 2),
        Field::fixed(26, "PIN capture length", Digits, LEFT, 2),
        ll(32, "acquirer identifier", Digits, RIGHT, 11),
        ll(35, "track 2", Track, RIGHT, 48),
        lll(36, "track 3", Track, RIGHT, 120),
        Field::fixed(37, "retrieval reference", Alphanumeric, Ascii, 12),
        Field::fixed(38, "authorization code", Alphanumeric, Ascii, 6),
        Field::fixed(39, "response code", Alphanumeric, Ascii, 2),
        Field::fixed(41, "terminal", Printable, Ascii, 8),
        Field::fixed(42, "merchant", Printable, Ascii, 15),
        ll(44, "additional response", Text, Ascii, 25),
        lll(48, "settlement and batch data", Digits, RIGHT, 322),
        Field::fixed(49, "currency", Alphanumeric, Ascii, 3),
        Field::fixed(52, "PIN block", Bytes, Binary, 8),
        Field::fixed(53, "security control", Digits, LEFT, 16),
        lll(54, "balance", Alphanumeric, Ascii, 20),
        lll(55, "chip data", Bytes, Binary, 512),
        lll(57, "private 57", Bytes, Binary, 999),
        lll(58, "private 58", Bytes, Binary, 999),
        lll(59, "private 59", Bytes, Binary, 999),
        lll(60, "custom", Digits, RIGHT, 17),
        lll(61, "original message", Digits, RIGHT, 29),
        lll(62, "private 62", Bytes, Binary, 999),
        lll(63, "private 63", Text, Ascii, 163),
        Field::fixed(64, "MAC", Bytes, Binary, 8),
    ],
};

const _: () = TABLE.check();

/// Two digits a byte: an odd number of them is led by 0, or followed by it.
const LEFT: Encoding = Encoding::BCD_PAD_LEFT;
const RIGHT: Encoding = Encoding::BCD_PAD_RIGHT;

/// Takes a frame without its length prefix apart.
///
/// # Errors
/// What the strict decoder finds first.
pub fn read(frame: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    decode(&TABLE, frame, BEFORE_MTI_BYTES)
}

/// A field with one byte of length in packed digits, counting characters.
const fn ll(number: u8, name: &'static str, content: Content, encoding: Encoding, max: u16) -> Field {
    Field::variable(number, name, content, encoding, Prefix::BCD_2, max)
}

/// A field with two bytes of length in packed digits, counting characters.
const fn lll(number: u8, name: &'static str, content: Content, encoding: Encoding, max: u16) -> Field {
    Field::variable(number, name, content, encoding, Prefix::BCD_3, max)
}
