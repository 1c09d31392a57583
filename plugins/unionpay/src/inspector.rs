//! Names for the bytes of a frame, for people who look at them. Frames come masked: wherever digits may have been a
//! card number there are zero bytes, in any field and even in lengths. So this reads structure and shows what it finds;
//! what decides anything goes through the strict decoder.
//!
//! The rows are bounded by the fields of a bitmap, and their text by the frame.

use sdk::iso8583::{Content, Outline, Value, outline};
use sdk::prelude::{Fault, Field};

use crate::codes;
use crate::fields::{BEFORE_MTI_BYTES, TABLE};

const TPDU_BYTES: usize = 5;
/// Bytes of a length prefix before the TPDU.
const LENGTH_BYTES: usize = 2;
/// What is said of bytes that do not fit their format.
const NOT_WELL_FORMED: &str = "not as the table says; perhaps masked";
/// What is said of a field whose length is told as none.
const EMPTY: &str = "empty; perhaps its length was masked";
const REVERSAL: u16 = 0x0400;

/// Sub-fields of DE60 (A.4): name, digits.
const CUSTOM: &[(&str, usize)] = &[
    ("message type", 2),
    ("batch", 6),
    ("network management code", 3),
    ("terminal read ability", 1),
    ("chip condition", 1),
    ("partial approval", 1),
    ("account type", 3),
];
/// Sub-fields of DE61 (A.6).
const ORIGINAL: &[(&str, usize)] = &[("original batch", 6), ("original trace", 6), ("original date", 4)];

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
    named.push(field("MTI", "message type", hex(&outline.mti), message_type(outline.mti).unwrap_or_default()));
    for value in &outline.values {
        name(value, outline.mti, &mut named);
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
        named.push(field(&path, value.format().name, hex(value.bytes()), NOT_WELL_FORMED));
        return;
    }
    let text = shown(value);
    named.push(field(&path, value.format().name, text.clone(), &note(mti, value, &text)));
    let layout = match value.number() {
        60 => CUSTOM,
        61 => ORIGINAL,
        _ => return,
    };
    let mut rest = text.as_str();
    for (index, (name, digits)) in layout.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let (part, after) = rest.split_at_checked(*digits).unwrap_or((rest, ""));
        let note = if part.len() == *digits { part_note(name, part) } else { "cut short" };
        named.push(field(&format!("{path}.{}", index + 1), name, part.to_owned(), note));
        rest = after;
    }
}

/// What follows the last field that could be told apart.
fn unread(outline: &Outline<'_>, frame_bytes: usize) -> Option<Field> {
    let trouble = outline.trouble.as_ref()?;
    let left = frame_bytes.saturating_sub(outline.end);
    Some(field("rest", "not read", format!("{left} bytes from byte {}", outline.end), &trouble.to_string()))
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
    match value.format().content {
        Content::Bytes if is_text => String::from_utf8_lossy(value.bytes()).into_owned(),
        _ => value.text(),
    }
}

fn message_type(mti: [u8; 2]) -> Option<&'static str> {
    Some(match u16::from_be_bytes(mti) {
        0x0200 => "financial request",
        0x0210 => "financial answer",
        REVERSAL => "reversal",
        0x0410 => "reversal answer",
        0x0800 => "sign-in",
        0x0810 => "sign-in answer",
        _ => return None,
    })
}

fn note(mti: [u8; 2], value: &Value<'_>, text: &str) -> String {
    match value.number() {
        _ if value.bytes().is_empty() => EMPTY.to_owned(),
        22 => entry_mode(text),
        39 if u16::from_be_bytes(mti) == REVERSAL => undo_reason(text).to_owned(),
        39 => codes::find(text).map_or("not in the table of codes", |code| code.meaning).to_owned(),
        53 => security_control(text),
        _ => String::new(),
    }
}

/// Why a reversal is sent (A.7).
fn undo_reason(text: &str) -> &'static str {
    match text {
        "98" => "no answer, or a late one",
        "A0" => "the answer's MAC was wrong",
        "96" => "the terminal could not go on",
        "06" => "the card refused after the approval, or another error",
        "17" => "cancelled",
        _ => "a reason of the acquirer's own",
    }
}

/// A.5.
fn entry_mode(text: &str) -> String {
    let entry = match text.get(..2) {
        Some("01") => "keyed",
        Some("02") => "stripe",
        Some("03") => "code",
        Some("05") => "contact chip",
        Some("07") => "contactless chip",
        Some("91") => "contactless stripe",
        _ => "other entry",
    };
    let pin = match text.get(2..) {
        Some("1") => "PIN entered",
        Some("2") => "no PIN",
        _ => "PIN not told",
    };
    format!("{entry}, {pin}")
}

/// A.5.
fn security_control(text: &str) -> String {
    let digit = |index: usize| text.get(index..=index);
    let block = match digit(0) {
        Some("0") => "no PIN block",
        Some("1") => "PIN block without card number",
        Some("2") => "PIN block with card number",
        _ => "other PIN block",
    };
    let keys = match digit(1) {
        Some("0") => "single DES",
        Some("3") => "SM4",
        Some("6") => "double-length TDES",
        _ => "other cipher",
    };
    let tracks = if digit(2) == Some("1") { "tracks encrypted" } else { "tracks clear" };
    format!("{block}, {keys}, {tracks}")
}

fn part_note(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("message type", "00") => "management",
        ("message type", "22") => "sale",
        ("network management code", "003") => "sign-in, double-length keys",
        ("terminal read ability", "2") => "stripe only",
        ("terminal read ability", "5") => "contact chip",
        ("terminal read ability", "6") => "contactless",
        ("chip condition", "2") => "the chip failed, stripe used instead",
        _ => "",
    }
}
