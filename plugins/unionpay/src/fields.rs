//! The table of fields (UnionPay A.2) and the frame around them (A.1).

use sdk::iso8583::Content::{Alphanumeric, Bytes, Digits, Printable, Text, Track};
use sdk::iso8583::Encoding::{Ascii, BcdPadLeft, BcdPadRight, Binary};
use sdk::iso8583::{DecodeError, FieldFormat, Fields, Table, decode};

/// TPDU (five bytes) and header (six) before the message type.
pub const BEFORE_MTI_BYTES: usize = 11;

/// All fields a terminal and its acquirer exchange. DE44 and DE63 may hold GB 18030 text. Encrypted tracks are longer
/// than clear ones.
pub const TABLE: Table = Table {
    fields: &[
        FieldFormat::ll(2, "card number", Digits, BcdPadRight, 19),
        FieldFormat::fixed(3, "processing code", Digits, BcdPadLeft, 6),
        FieldFormat::fixed(4, "amount", Digits, BcdPadLeft, 12),
        FieldFormat::fixed(11, "trace", Digits, BcdPadLeft, 6),
        FieldFormat::fixed(12, "local time", Digits, BcdPadLeft, 6),
        FieldFormat::fixed(13, "local date", Digits, BcdPadLeft, 4),
        FieldFormat::fixed(14, "expiry", Digits, BcdPadLeft, 4),
        FieldFormat::fixed(15, "settlement date", Digits, BcdPadLeft, 4),
        FieldFormat::fixed(22, "entry mode", Digits, BcdPadRight, 3),
        FieldFormat::fixed(23, "card sequence number", Digits, BcdPadLeft, 3),
        FieldFormat::fixed(24, "network identifier", Digits, BcdPadLeft, 3),
        FieldFormat::fixed(25, "condition code", Digits, BcdPadLeft, 2),
        FieldFormat::fixed(26, "PIN capture length", Digits, BcdPadLeft, 2),
        FieldFormat::ll(32, "acquirer identifier", Digits, BcdPadRight, 11),
        FieldFormat::ll(35, "track 2", Track, BcdPadRight, 48),
        FieldFormat::lll(36, "track 3", Track, BcdPadRight, 120),
        FieldFormat::fixed(37, "retrieval reference", Alphanumeric, Ascii, 12),
        FieldFormat::fixed(38, "authorization code", Alphanumeric, Ascii, 6),
        FieldFormat::fixed(39, "response code", Alphanumeric, Ascii, 2),
        FieldFormat::fixed(41, "terminal", Printable, Ascii, 8),
        FieldFormat::fixed(42, "merchant", Printable, Ascii, 15),
        FieldFormat::ll(44, "additional response", Text, Ascii, 25),
        FieldFormat::lll(48, "settlement and batch data", Digits, BcdPadRight, 322),
        FieldFormat::fixed(49, "currency", Alphanumeric, Ascii, 3),
        FieldFormat::fixed(52, "PIN block", Bytes, Binary, 8),
        FieldFormat::fixed(53, "security control", Digits, BcdPadLeft, 16),
        FieldFormat::lll(54, "balance", Alphanumeric, Ascii, 20),
        FieldFormat::lll(55, "chip data", Bytes, Binary, 512),
        FieldFormat::lll(57, "private 57", Bytes, Binary, 999),
        FieldFormat::lll(58, "private 58", Bytes, Binary, 999),
        FieldFormat::lll(59, "private 59", Bytes, Binary, 999),
        FieldFormat::lll(60, "custom", Digits, BcdPadRight, 17),
        FieldFormat::lll(61, "original message", Digits, BcdPadRight, 29),
        FieldFormat::lll(62, "private 62", Bytes, Binary, 999),
        FieldFormat::lll(63, "private 63", Text, Ascii, 163),
        FieldFormat::fixed(64, "MAC", Bytes, Binary, 8),
    ],
};

/// Takes a frame without its length prefix apart.
///
/// # Errors
/// What the strict decoder finds first.
pub fn read(frame: &[u8]) -> Result<Fields<'_>, DecodeError> {
    decode(&TABLE, frame, BEFORE_MTI_BYTES)
}
