//! A neutral protocol of the 1987 edition, in ASCII, for tests and first steps. No acquirer speaks just this.
//!
//! Lengths as in protocols B.1: moov-io/iso8583 `specs/spec87ascii.go`.

use crate::format::Encoding::Ascii;
use crate::format::{Bitmap, Content, Encoding, Field, Format, MessageType, Prefix, Version};
use Content::{Alphanumeric, Bytes, Digits, Printable, SignedDigits, Track};

/// ISO 8583:1987 in characters: message type and lengths in ASCII, a binary bitmap.
pub const V1987_ASCII: Format =
    Format { version: Version::V1987, message_type: MessageType::Ascii, bitmap: Bitmap::Binary, fields: FIELDS };
/// The same with the bitmap as hexadecimal characters: a frame one can read.
pub const V1987_TEXT: Format = Format { bitmap: Bitmap::HexAscii, ..V1987_ASCII };

const _: () = V1987_ASCII.check();

const FIELDS: &[Field] = &[
    Field::variable(2, "card number", Digits, Ascii, Prefix::ASCII_2, 19),
    Field::fixed(3, "processing code", Digits, Ascii, 6),
    Field::fixed(4, "amount", Digits, Ascii, 12),
    Field::fixed(5, "settlement amount", Digits, Ascii, 12),
    Field::fixed(6, "billing amount", Digits, Ascii, 12),
    Field::fixed(7, "transmission time", Digits, Ascii, 10),
    Field::fixed(11, "trace", Digits, Ascii, 6),
    Field::fixed(12, "local time", Digits, Ascii, 6),
    Field::fixed(13, "local date", Digits, Ascii, 4),
    Field::fixed(14, "expiry", Digits, Ascii, 4),
    Field::fixed(15, "settlement date", Digits, Ascii, 4),
    Field::fixed(18, "merchant type", Digits, Ascii, 4),
    Field::fixed(22, "entry mode", Digits, Ascii, 3),
    Field::fixed(23, "card sequence number", Digits, Ascii, 3),
    Field::fixed(24, "network identifier", Digits, Ascii, 3),
    Field::fixed(25, "condition code", Digits, Ascii, 2),
    Field::fixed(26, "PIN capture length", Digits, Ascii, 2),
    Field::fixed(28, "transaction fee", SignedDigits, Ascii, 9),
    Field::variable(32, "acquirer identifier", Digits, Ascii, Prefix::ASCII_2, 11),
    Field::variable(33, "forwarder identifier", Digits, Ascii, Prefix::ASCII_2, 11),
    Field::variable(34, "extended card number", Printable, Ascii, Prefix::ASCII_2, 28),
    Field::variable(35, "track 2", Track, Ascii, Prefix::ASCII_2, 37),
    Field::variable(36, "track 3", Track, Ascii, Prefix::ASCII_3, 104),
    Field::fixed(37, "retrieval reference", Alphanumeric, Ascii, 12),
    Field::fixed(38, "authorization code", Alphanumeric, Ascii, 6),
    Field::fixed(39, "response code", Alphanumeric, Ascii, 2),
    Field::fixed(41, "terminal", Printable, Ascii, 8),
    Field::fixed(42, "merchant", Printable, Ascii, 15),
    Field::fixed(43, "merchant name and place", Printable, Ascii, 40),
    Field::variable(44, "additional response", Printable, Ascii, Prefix::ASCII_2, 99),
    Field::variable(45, "track 1", Printable, Ascii, Prefix::ASCII_2, 76),
    Field::variable(46, "private 46", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::variable(47, "private 47", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::variable(48, "private 48", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::fixed(49, "currency", Alphanumeric, Ascii, 3),
    Field::fixed(52, "PIN block", Bytes, Encoding::Binary, 8),
    Field::fixed(53, "security control", Digits, Ascii, 16),
    Field::variable(54, "additional amounts", Printable, Ascii, Prefix::ASCII_3, 120),
    Field::variable(55, "chip data", Bytes, Encoding::Binary, Prefix::ASCII_3, 999).of(crate::Inside::BerTlv),
    Field::variable(60, "private 60", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::variable(61, "private 61", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::variable(62, "private 62", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::variable(63, "private 63", Printable, Ascii, Prefix::ASCII_3, 999),
    Field::fixed(64, "MAC", Bytes, Encoding::Binary, 8),
    Field::fixed(70, "network management code", Digits, Ascii, 3),
    Field::fixed(90, "original data", Digits, Ascii, 42).of(crate::Inside::Parts(ORIGINAL)),
    Field::fixed(95, "replacement amounts", Printable, Ascii, 42),
    Field::variable(102, "account 1", Printable, Ascii, Prefix::ASCII_2, 28),
    Field::variable(103, "account 2", Printable, Ascii, Prefix::ASCII_2, 28),
    Field::fixed(128, "second MAC", Bytes, Encoding::Binary, 8),
];

/// DE90 (protocols B.1): which message is meant.
const ORIGINAL: &[crate::Part] = &[
    crate::Part { name: "message type", content: Digits, units: 4 },
    crate::Part { name: "trace", content: Digits, units: 6 },
    crate::Part { name: "transmission time", content: Digits, units: 10 },
    crate::Part { name: "acquirer", content: Digits, units: 11 },
    crate::Part { name: "forwarder", content: Digits, units: 11 },
];
