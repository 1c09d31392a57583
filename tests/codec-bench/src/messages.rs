//! The two messages and the two ways to write them.

use iso8583::Content::{Alphanumeric, Bytes, Digits, Printable};
use iso8583::{Bitmap, Encoding, Field, Format, Inside, MessageType, Prefix, Version, neutral};

/// A message as its fields say it. The card number is a test number.
#[derive(Debug)]
pub struct Message {
    /// Its four digits, written as hexadecimal.
    pub message_type: u16,
    /// The fields in ascending order, as text; bytes as capital hexadecimal.
    pub fields: &'static [(u8, &'static str)],
}

/// A payment of thirteen fields.
pub const REQUEST: Message = Message {
    message_type: 0x0200,
    fields: &[
        (2, "6225880137706868"),
        (3, "000000"),
        (4, "000000012345"),
        (11, "000042"),
        (12, "101112"),
        (13, "1123"),
        (14, "3012"),
        (22, "051"),
        (25, "00"),
        (32, "01020000"),
        (41, "29110001"),
        (42, "104290070110001"),
        (49, "156"),
    ],
};

/// Its answer, with what the issuer says to the chip.
pub const ANSWER: Message = Message {
    message_type: 0x0210,
    fields: &[
        (3, "000000"),
        (4, "000000012345"),
        (11, "000042"),
        (12, "101113"),
        (13, "1123"),
        (25, "00"),
        (32, "01020000"),
        (37, "101113000042"),
        (38, "A1B2C3"),
        (39, "00"),
        (41, "29110001"),
        (42, "104290070110001"),
        (49, "156"),
        (55, "9F3602001D910A1A2B3C4D5E6F70813030"),
    ],
};

/// Packed digits and a binary bitmap, as UnionPay's terminals write them.
pub const PACKED: Format = Format {
    version: Version::V1987,
    message_type: MessageType::Bcd,
    bitmap: Bitmap::Binary,
    fields: &[
        Field::variable(2, "card number", Digits, RIGHT, Prefix::BCD_2, 19),
        Field::fixed(3, "processing code", Digits, LEFT, 6),
        Field::fixed(4, "amount", Digits, LEFT, 12),
        Field::fixed(11, "trace", Digits, LEFT, 6),
        Field::fixed(12, "local time", Digits, LEFT, 6),
        Field::fixed(13, "local date", Digits, LEFT, 4),
        Field::fixed(14, "expiry", Digits, LEFT, 4),
        Field::fixed(22, "entry mode", Digits, RIGHT, 3),
        Field::fixed(25, "condition code", Digits, LEFT, 2),
        Field::variable(32, "acquirer identifier", Digits, RIGHT, Prefix::BCD_2, 11),
        Field::fixed(37, "retrieval reference", Alphanumeric, Encoding::Ascii, 12),
        Field::fixed(38, "authorization code", Alphanumeric, Encoding::Ascii, 6),
        Field::fixed(39, "response code", Alphanumeric, Encoding::Ascii, 2),
        Field::fixed(41, "terminal", Printable, Encoding::Ascii, 8),
        Field::fixed(42, "merchant", Printable, Encoding::Ascii, 15),
        Field::fixed(49, "currency", Alphanumeric, Encoding::Ascii, 3),
        Field::variable(55, "chip data", Bytes, Encoding::Binary, Prefix::BCD_3, 512).of(Inside::BerTlv),
    ],
};

const _: () = PACKED.check();

/// A character a digit, the bitmap binary: what the other codecs read too.
pub const CHARACTERS: Format = neutral::V1987_ASCII;

const LEFT: Encoding = Encoding::BCD_PAD_LEFT;
const RIGHT: Encoding = Encoding::BCD_PAD_RIGHT;
