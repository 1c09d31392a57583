//! The table of fields, and their names for people.

use sdk::iso8583::Content::{Alphanumeric, Bytes, Digits, Printable, Track};
use sdk::iso8583::Encoding::{Ascii, Binary};
use sdk::iso8583::{
    Bitmap, DecodeError, Decoded, Field as Layout, Format, MessageType, Prefix, Version, decode, outline,
};
use sdk::prelude::{Fault, Field};

/// All fields a terminal and its acquirer exchange.
pub const TABLE: Format = Format {
    version: Version::V1987,
    message_type: MessageType::Ascii,
    bitmap: Bitmap::Binary,
    fields: &[
        Layout::variable(2, "card number", Digits, Ascii, Prefix::ASCII_2, 19),
        Layout::fixed(3, "processing code", Digits, Ascii, 6),
        Layout::fixed(4, "amount", Digits, Ascii, 12),
        Layout::fixed(11, "trace", Digits, Ascii, 6),
        Layout::fixed(14, "expiry", Digits, Ascii, 4),
        Layout::variable(35, "track 2", Track, Ascii, Prefix::ASCII_2, 37),
        Layout::fixed(37, "retrieval reference", Alphanumeric, Ascii, 12),
        Layout::fixed(38, "authorization code", Alphanumeric, Ascii, 6),
        Layout::fixed(39, "response code", Alphanumeric, Ascii, 2),
        Layout::fixed(41, "terminal", Printable, Ascii, 8),
        Layout::fixed(42, "merchant", Printable, Ascii, 15),
        Layout::fixed(49, "currency", Digits, Ascii, 3),
        Layout::fixed(52, "PIN block", Bytes, Binary, 8),
        Layout::fixed(64, "MAC", Bytes, Binary, 8),
    ],
};

const _: () = TABLE.check();

/// Takes a frame apart; nothing stands before the message type.
///
/// # Errors
/// What the strict decoder finds first.
pub fn read(frame: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    decode(&TABLE, frame, 0)
}

/// Names for the bytes of a masked frame, as far as its structure can be followed.
///
/// # Errors
/// [`Fault::Malformed`] where message type or bitmap cannot be read.
pub fn name(frame: &[u8]) -> Result<Vec<Field>, Fault> {
    let outline = outline(&TABLE, frame, 0)?;
    let row =
        |path: String, name: &str, value: String, note: String| Field { path, name: name.to_owned(), value, note };
    let mut rows: Vec<Field> = outline
        .message_type()
        .map(|digits| row("MTI".to_owned(), "message type", format!("{digits:04x}"), String::new()))
        .into_iter()
        .collect();
    rows.extend(
        outline
            .values()
            .map(|value| row(format!("DE{}", value.number()), value.field().name, value.text(), String::new())),
    );
    rows.extend(outline.trouble().map(|error| {
        let note = format!("{} at byte {}: {}", error.path, error.offset, error.reason);
        row("rest".to_owned(), "not read", format!("{} bytes", frame.len() - outline.end()), note)
    }));
    Ok(rows)
}
