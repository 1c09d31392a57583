//! Names for the bytes of a frame, for people who look at them. Frames come masked: wherever digits may have been a
//! card number there are zero bytes, in any field and even in lengths. So this reads structure and shows what it finds;
//! what decides anything goes through the strict decoder.
//!
//! The rows are bounded by the fields of a bitmap, and their text by the frame.

use sdk::iso8583::{Content, DecodeError, Outline, Part, Tlv, TlvReader, Value, outline};
use sdk::prelude::{Fault, Field};

use crate::fields::{BEFORE_MTI_BYTES, TABLE};
use crate::layouts::{BALANCE, CUSTOM, END, ORIGINAL, ROW, ROWS, TOTALS};
use crate::words::{message_type, note, part_note, tag_name};

const TPDU_BYTES: usize = 5;
/// Bytes of a length prefix before the TPDU.
const LENGTH_BYTES: usize = 2;
/// What is said of bytes that do not fit their format.
const NOT_WELL_FORMED: &str = "not as the table says; perhaps masked";
/// What is said of a field whose length is told as none.
const EMPTY: &str = "empty; perhaps its length was masked";
/// The message type of an upload.
const UPLOAD: u16 = 0x0320;

/// Every field of a frame, as far as its structure can be followed; a length prefix before it is recognised. Where the
/// structure ends before the bytes do, the last row says where and why.
pub(crate) fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
    let tpdu_at = length_bytes(frame);
    let mti_at = tpdu_at + BEFORE_MTI_BYTES;
    let outline = outline(&TABLE, frame, mti_at)?;
    let (length, rest) = frame.split_at_checked(tpdu_at).unwrap_or_default();
    let (tpdu, rest) = rest.split_at_checked(TPDU_BYTES).unwrap_or_default();
    let header = rest.get(..BEFORE_MTI_BYTES - TPDU_BYTES).unwrap_or_default();
    let mut named = Vec::new();
    if let Ok(length) = <[u8; LENGTH_BYTES]>::try_from(length) {
        named.push(frame_length(u16::from_be_bytes(length), frame.len() - tpdu_at));
    }
    named.push(field("TPDU", "transport address", hex(tpdu), ""));
    named.push(field("header", "message header", hex(header), ""));
    let mti = frame.get(mti_at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    named.push(field("MTI", "message type", hex(&mti), message_type(mti).unwrap_or_default()));
    for value in outline.values() {
        name(&value, mti, &mut named);
    }
    named.extend(unread(&outline, frame.len()));
    Ok(named)
}

/// Two, where a length prefix stands before the TPDU: it is right, or it was masked and a message type this protocol
/// has stands two bytes later than without one.
fn length_bytes(frame: &[u8]) -> usize {
    let is_right =
        frame.split_first_chunk().is_some_and(|(length, rest)| usize::from(u16::from_be_bytes(*length)) == rest.len());
    let is_message_at = |start: usize| {
        let mti = frame.get(start + BEFORE_MTI_BYTES..).and_then(|rest| rest.first_chunk());
        mti.is_some_and(|mti| message_type(*mti).is_some())
    };
    if is_right || (!is_message_at(0) && is_message_at(LENGTH_BYTES)) { LENGTH_BYTES } else { 0 }
}

fn frame_length(told: u16, true_length: usize) -> Field {
    let note = if usize::from(told) == true_length { "" } else { "not the length of what follows; perhaps masked" };
    field("length", "frame length", told.to_string(), note)
}

/// A field and its sub-fields.
fn name(value: &Value<'_>, mti: [u8; 2], named: &mut Vec<Field>) {
    let path = format!("DE{}", value.number());
    if !value.is_well_formed() {
        named.push(field(&path, value.field().name, hex(value.bytes()), NOT_WELL_FORMED));
        return;
    }
    let text = shown(value);
    let note = if value.bytes().is_empty() { EMPTY.to_owned() } else { note(mti, value.number(), &text) };
    named.push(field(&path, value.field().name, text.clone(), &note));
    let uploads = u16::from_be_bytes(mti) == UPLOAD;
    let layout = match value.number() {
        48 if uploads && text.len() == 4 => END,
        48 if uploads => ROWS,
        48 => TOTALS,
        54 => BALANCE,
        55 => return named.extend(chip_data(&path, value.bytes())),
        60 => CUSTOM,
        61 => ORIGINAL,
        _ => return,
    };
    let rows = if layout == ROWS { ROW.iter().cycle() } else { [].iter().cycle() };
    let mut rest = text.as_str();
    for (index, Part { name, units, .. }) in layout.iter().chain(rows).enumerate() {
        if rest.is_empty() {
            break;
        }
        let units = usize::from(*units);
        let (part, after) = rest.split_at_checked(units).unwrap_or((rest, ""));
        let note = if part.len() == units { part_note(name, part) } else { "cut short" };
        named.push(field(&format!("{path}.{}", index + 1), name, part.to_owned(), note));
        rest = after;
    }
}

/// The data objects of DE55, as far as their structure can be followed.
fn chip_data(path: &str, bytes: &[u8]) -> Vec<Field> {
    let mut objects = Vec::new();
    let mut reader = TlvReader::new(bytes);
    let mut left = bytes.len();
    // Padding is no data object.
    while let Some(Ok(object)) = reader.next().filter(|read| !matches!(read, Ok(Tlv { tag: 0, .. }))) {
        let tag = format!("{:02X}", object.tag);
        objects.push(field(&format!("{path}.{tag}"), tag_name(&tag), hex(object.value), ""));
        left = reader.rest().len();
    }
    if left > 0 {
        let note = "no data object; perhaps masked";
        objects.push(field(&format!("{path}.rest"), "not read", format!("{left} bytes"), note));
    }
    objects
}

/// What follows the last field that could be told apart.
fn unread(outline: &Outline<'_>, frame_bytes: usize) -> Option<Field> {
    // Without the bytes around: the frame itself is on the screen.
    let DecodeError { path, offset, reason, .. } = outline.trouble()?;
    let note = format!("{path} at byte {offset}: {reason}");
    let left = frame_bytes.saturating_sub(outline.end());
    Some(field("rest", "not read", format!("{left} bytes from byte {}", outline.end()), &note))
}

fn field(path: &str, name: &str, value: String, note: &str) -> Field {
    Field { path: path.to_owned(), name: name.to_owned(), value, note: note.to_owned() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The value as text; a MAC of eight hexadecimal characters as these characters.
fn shown(value: &Value<'_>) -> String {
    let is_text = value.number() == 64 && value.bytes().iter().all(u8::is_ascii_hexdigit);
    match value.field().content {
        Content::Bytes if is_text => String::from_utf8_lossy(value.bytes()).into_owned(),
        _ => value.text(),
    }
}
