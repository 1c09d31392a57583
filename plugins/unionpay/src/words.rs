//! Words for what stands in a message, for people who look at one.

use crate::codes;

const REVERSAL: u16 = 0x0400;

/// What a message of this type is; `None` where this protocol has none such.
pub(crate) fn message_type(mti: [u8; 2]) -> Option<&'static str> {
    Some(match u16::from_be_bytes(mti) {
        0x0100 => "authorisation request",
        0x0110 => "authorisation answer",
        0x0200 => "financial request",
        0x0210 => "financial answer",
        0x0220 => "financial advice",
        0x0230 => "financial advice answer",
        0x0320 => "batch upload",
        0x0330 => "batch upload answer",
        REVERSAL => "reversal",
        0x0410 => "reversal answer",
        0x0500 => "settlement",
        0x0510 => "settlement answer",
        0x0620 => "script report",
        0x0630 => "script report answer",
        0x0800 => "sign-in",
        0x0810 => "sign-in answer",
        0x0820 => "network management",
        0x0830 => "network management answer",
        _ => return None,
    })
}

/// What a field of this message says.
pub(crate) fn note(mti: [u8; 2], number: u8, text: &str) -> String {
    match number {
        22 => entry_mode(text),
        39 if u16::from_be_bytes(mti) == REVERSAL => undo_reason(text).to_owned(),
        39 => codes::find(text).map_or("not in the table of codes", |code| code.meaning).to_owned(),
        53 => security_control(text),
        _ => String::new(),
    }
}

/// What a sub-field says.
pub(crate) fn part_note(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("message type", "00") => "management",
        ("message type", "01") => "balance",
        ("message type", "10") => "pre-authorisation",
        ("message type", "11") => "cancellation of a pre-authorisation",
        ("message type", "20") => "completion",
        ("message type", "21") => "cancellation of a completion",
        ("message type", "22") => "sale",
        ("message type", "23") => "void",
        ("message type", "24") => "completion, told",
        ("message type", "25") => "refund",
        ("message type", "30") => "offline sale",
        ("message type", "32") => "adjustment",
        ("message type", "34") => "tip",
        ("message type", "36") => "offline sale, electronic cash",
        ("network management code", "001") => "sign-in, single-length keys",
        ("network management code", "002") => "sign-off",
        ("network management code", "003") => "sign-in, double-length keys",
        ("network management code", "004") => "sign-in, double-length keys and one for tracks",
        ("network management code", "201") => "settlement, or details",
        ("network management code", "202") => "end of details, not balanced",
        ("network management code", "203") => "details of chips, balanced",
        ("network management code", "205") => "details of chips, not balanced",
        ("network management code", "207") => "end of details, balanced",
        ("network management code", "360") => "parameters",
        ("network management code", "370") => "public key",
        ("network management code", "372") => "list of public keys",
        ("network management code", "380") => "application",
        ("network management code", "382") => "list of applications",
        ("domestic result" | "foreign result", "1") => "balanced",
        ("domestic result" | "foreign result", "2") => "not balanced",
        ("domestic result" | "foreign result", "3") => "could not be compared",
        ("card class", "00") => "domestic",
        ("card class", "01") => "foreign",
        ("network management code", "301") => "echo test",
        ("network management code", "951") => "script report",
        ("terminal read ability", "2") => "stripe only",
        ("terminal read ability", "5") => "contact chip",
        ("terminal read ability", "6") => "contactless",
        ("chip condition", "2") => "the chip failed, stripe used instead",
        ("partial approval", "1") => "less than the whole amount is taken",
        ("amount type", "01") => "ledger balance",
        ("amount type", "02") => "available balance",
        ("credit or debit", "C") => "credit",
        ("credit or debit", "D") => "debit",
        _ => "",
    }
}

/// What a data object of a chip is (EMV Book 3, Annex A).
pub(crate) fn tag_name(tag: &str) -> &'static str {
    match tag {
        "4F" => "application identifier",
        "5F2A" => "transaction currency",
        "5F34" => "card sequence number",
        "71" | "72" => "issuer script",
        "82" => "application interchange profile",
        "84" => "dedicated file name",
        "8A" => "authorisation response code",
        "91" => "issuer authentication data",
        "95" => "terminal verification results",
        "9A" => "transaction date",
        "9C" => "transaction type",
        "9F02" => "amount",
        "9F03" => "other amount",
        "9F09" => "application version",
        "9F10" => "issuer application data",
        "9F1A" => "terminal country",
        "9F1E" => "terminal serial number",
        "9F26" => "application cryptogram",
        "9F27" => "cryptogram information data",
        "9F33" => "terminal capabilities",
        "9F34" => "cardholder verification results",
        "9F35" => "terminal type",
        "9F36" => "application transaction counter",
        "9F37" => "unpredictable number",
        "9F41" => "transaction sequence counter",
        "9F63" => "card product identification",
        "9F74" => "electronic cash authorisation code",
        "DF31" => "issuer script results",
        _ => "data object",
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
