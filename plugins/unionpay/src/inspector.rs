//! Names for the bytes of a frame, for people who look at them. Frames come masked.

use sdk::iso8583::{Content, DecodeError, Reason, Value};
use sdk::prelude::{Fault, Field};

use crate::codes;
use crate::fields::{self, BEFORE_MTI_BYTES};

const TPDU_BYTES: usize = 5;

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

/// Every field of a frame; a length prefix before it is recognised and named.
pub(crate) fn read(frame: &[u8]) -> Result<Vec<Field>, Fault> {
    let (mut named, frame) = without_length(frame);
    let message = fields::read(frame)?;
    let (tpdu, header) = frame.split_at_checked(TPDU_BYTES).unwrap_or((frame, &[]));
    let header = header.get(..BEFORE_MTI_BYTES - TPDU_BYTES).unwrap_or(header);
    named.push(field("TPDU", "transport address", hex(tpdu), String::new()));
    named.push(field("header", "message header", hex(header), String::new()));
    named.push(field("MTI", "message type", format!("{:04x}", message.mti()), message_type(message.mti()).to_owned()));
    for value in message.iter() {
        let path = format!("DE{}", value.number());
        named.push(field(&path, value.format().name, shown(&value), note(message.mti(), &value)));
        named.extend(parts(&path, &value)?);
    }
    Ok(named)
}

fn without_length(frame: &[u8]) -> (Vec<Field>, &[u8]) {
    match frame.split_first_chunk::<2>() {
        Some((length, rest)) if usize::from(u16::from_be_bytes(*length)) == rest.len() => {
            (vec![field("length", "frame length", rest.len().to_string(), String::new())], rest)
        }
        _ => (Vec::new(), frame),
    }
}

fn field(path: &str, name: &str, value: String, note: String) -> Field {
    Field { path: path.to_owned(), name: name.to_owned(), value, note }
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

fn parts(path: &str, value: &Value<'_>) -> Result<Vec<Field>, DecodeError> {
    let layout = match value.number() {
        60 => CUSTOM,
        61 => ORIGINAL,
        _ => return Ok(Vec::new()),
    };
    let text = value.text();
    let (mut rest, mut named) = (text.as_str(), Vec::new());
    for (index, (name, digits)) in layout.iter().enumerate().take_while(|_| !text.is_empty()) {
        if rest.is_empty() {
            break;
        }
        let cut = || value.error(Reason::Unexpected(format!("whole sub-fields; {name} is cut")));
        let (part, after) = rest.split_at_checked(*digits).ok_or_else(cut)?;
        named.push(field(&format!("{path}.{}", index + 1), name, part.to_owned(), part_note(name, part).to_owned()));
        rest = after;
    }
    Ok(named)
}

fn message_type(mti: u16) -> &'static str {
    match mti {
        0x0200 => "financial request",
        0x0210 => "financial answer",
        0x0400 => "reversal",
        0x0410 => "reversal answer",
        0x0800 => "sign-in",
        0x0810 => "sign-in answer",
        _ => "",
    }
}

fn note(mti: u16, value: &Value<'_>) -> String {
    let text = value.text();
    match value.number() {
        22 => entry_mode(&text),
        39 if mti == 0x0400 => undo_reason(&text).to_owned(),
        39 => codes::find(&text).map_or("not in the table of codes", |code| code.meaning).to_owned(),
        53 => security_control(&text),
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
