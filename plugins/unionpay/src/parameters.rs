//! What an acquirer decides, as parameters: one table of them, and readers that check a value against its range.
//!
//! Whatever the sources of the protocol disagree about, or only one of them says, stands here with a default.

use sdk::lookup::LookupError;
use sdk::prelude::{Context, ContextLookup, MacAlgorithm, Parameter, TrackProtection};

/// A parameter as this plugin declares it.
struct Declared {
    name: &'static str,
    /// What holds where the acquirer sets nothing; `None` where it must.
    default: Option<&'static str>,
    pattern: &'static str,
    meaning: &'static str,
}

/// Bitmaps of the answer to a reversal.
pub(crate) const REVERSAL_BITMAPS: &str = "reversal-answer-bitmaps";
/// Bitmaps of the answer to what is repeated: a refund, an advice, a report.
pub(crate) const REPEATED_BITMAPS: &str = "repeated-answer-bitmaps";
/// Lengths of DE32 in either.
pub(crate) const LENGTHS: &str = "acquirer-id-digits";

const CODES: &str = "[0-9A-Z]{2}(,[0-9A-Z]{2})*";
const CODES_OR_NONE: &str = "([0-9A-Z]{2}(,[0-9A-Z]{2})*)?";
const BITMAPS: &str = "[0-9A-F]{16}(,[0-9A-F]{16})*";
const MILLISECONDS: &str = "[1-9][0-9]{3,5}";
const DOWNLOAD_CODES: &str = "[0-9]{3},[0-9]{3},[0-9]{3}";
const TAGS: &str = "([0-9A-F]{2,6}(,[0-9A-F]{2,6})*)?";

const PARAMETERS: &[Declared] = &[
    required("terminal", "[ -~]{8}", "Terminal number, DE41."),
    required("merchant", "[ -~]{15}", "Merchant number, DE42."),
    required("tpdu", "[0-9]{10}", "TPDU: 60, destination, source."),
    optional(
        "header",
        "602200000000",
        "[0-9]{12}",
        "Message header: application class, software version, status, requirement, reserved.",
    ),
    optional("currency", "156", "[0-9]{3}", "The one currency of this contract, ISO 4217 numeric, DE49."),
    optional("operator", "001", "[0-9A-Za-z ]{3}", "Operator or organisation sent at sign-in, DE63.1."),
    optional(
        "mac",
        "unionpay-ecb",
        "unionpay-ecb|x919",
        "How messages are sealed: MAC-1 (unionpay-ecb) or MAC-2 (x919).",
    ),
    optional(
        "security-control",
        "2600000000000000",
        "[0-9]{16}",
        "DE53 of a message with a PIN: block format with card number (2), double-length keys (6). The digit for \
         tracks is set where they are encrypted.",
    ),
    optional(
        "track-protection",
        "none",
        "none|last-block|padded-f|length-prefixed",
        "How tracks leave the terminal: clear (none), T-a (last-block), T-b (padded-f) or T-c (length-prefixed).",
    ),
    optional("track-three", "no", "yes|no", "Whether track 3, DE36, is sent where the stripe has one."),
    optional("timeout-ms", "60000", MILLISECONDS, "How long an answer may take, in milliseconds."),
    optional(
        "reversal-timeout-ms",
        "60000",
        MILLISECONDS,
        "How long an answer to a reversal may take, in milliseconds.",
    ),
    optional("reversal-paid", "00", CODES, "DE39 of a reversal the acquirer took."),
    optional(
        "reversal-unmatched",
        "12,25",
        CODES_OR_NONE,
        "DE39 of a reversal whose original the acquirer does not know. Any other code is refused.",
    ),
    optional(
        "reversal-reasons",
        "98,A0,96,06",
        "[0-9A-Z]{2}(,[0-9A-Z]{2}){3}",
        "DE39 in a reversal: no answer, wrong MAC, malfunction, card refused.",
    ),
    optional(
        "reversal-cancelled",
        "98",
        "[0-9A-Z]{2}",
        "DE39 of a reversal because the cashier stopped waiting. 98, no answer, is known to every acquirer; \
         17 is a vendor's.",
    ),
    optional("original-data", "yes", "yes|no", "Whether a reversal carries batch and trace of the original in DE61."),
    optional(
        REVERSAL_BITMAPS,
        // 3 4 11 12 13 15 25 32 37 39 41 42 49 60 64, with and without DE2.
        "303A00810AC08011,703A00810AC08011",
        BITMAPS,
        "Bitmaps of the answers to a reversal, so that the terminal reads one without this plugin. An answer with \
         other fields up to 42 leaves the reversal owed; those after 42 make no difference.",
    ),
    optional(
        REPEATED_BITMAPS,
        // As above; with and without DE38.
        "303A00810EC08011,303A00810AC08011,703A00810EC08011,703A00810AC08011",
        BITMAPS,
        "Bitmaps of the answers to a refund, an advice or a report, so that the terminal reads one without this \
         plugin.",
    ),
    optional(
        "repeated-refused",
        "12,14,25,64",
        CODES_OR_NONE,
        "DE39 by which a repeated refund or advice is refused for certain where this plugin is gone. Any other code \
         but 00 leaves it owed.",
    ),
    optional(LENGTHS, "8", "[0-9]{1,2}(,[0-9]{1,2})*", "Lengths of DE32 that such an answer may have."),
    optional(
        "repeat-mark",
        "none",
        "none|message-type",
        "Whether the message type of a repeated refund, advice or report says so (0221 for 0220).",
    ),
    optional("balance-processing-code", "310000", "[0-9]{6}", "DE3 of a balance inquiry."),
    optional(
        "completion",
        "request",
        "request|advice",
        "Whether a pre-authorisation is completed by a request (0200, reversed in doubt) or an advice (0220, repeated).",
    ),
    optional(
        "completion-original",
        "date",
        "date|batch",
        "What DE61 of a completion and the cancellations begins with: 000000 (date) or the original's batch (batch).",
    ),
    optional("card-scheme", "CUP", "([0-9A-Za-z ]{3})?", "DE63.1 of a refund whose original named no card scheme."),
    optional(
        "absent-card",
        "typed",
        "typed|as-read",
        "DE22 of what follows a payment while the card is not there: as a typed number, or as it was read then.",
    ),
    optional(
        "foreign-schemes",
        "AMX,DCC,JCB,MAE,MCC,VIS",
        "([0-9A-Z]{3}(,[0-9A-Z]{3})*)?",
        "DE63.1 of answers about cards that settle as foreign ones.",
    ),
    optional("partial-approvals", "no", "yes|no", "Whether 60.6 says that less than the whole amount is taken."),
    optional("chip-tags-more", "", TAGS, "Tags at the end of DE55, such as 4F, 5F34 or 9F74."),
    optional("contactless-tags-more", "9F63", TAGS, "Tags after those, for a tapped card."),
    optional("scan-field", "59", "59|62|63", "The field that carries the customer's code."),
    optional("scan-order-field", "", "(57|58|59|62|63)?", "The field that carries the terminal's order number."),
    optional("scan-processing-code", "000000", "[0-9]{6}", "DE3 of a scanned payment."),
    optional("scan-inquiry-processing-code", "310000", "[0-9]{6}", "DE3 of the question what became of one."),
    optional("scan-type", "22", "[0-9]{2}", "60.1 of both."),
    optional(
        "scan-doubt",
        "inquire",
        "inquire|reverse",
        "What is done about a payment by a code in doubt: asked about until it is final, or reversed at once.",
    ),
    optional("scan-poll-ms", "5000", MILLISECONDS, "The wait before each such question, in milliseconds."),
    optional("scan-polls", "6", "[0-9]{1,2}", "How often is asked while the customer stands there."),
    optional(
        "show-processing-code",
        "",
        "([0-9]{6})?",
        "DE3 of an order whose code the terminal shows; without it, this acquirer gives no such codes.",
    ),
    optional(
        "show-field",
        "59",
        "57|58|59|62|63",
        "The field of the answer to an order that carries the code to show.",
    ),
    optional(
        "show-polls",
        "12",
        "[0-9]|[12][0-9]|30",
        "How often is asked whether it was paid, while the customer stands there; at most 30.",
    ),
    optional(
        "show-unpaid",
        "09",
        CODES,
        "DE39 of the question about an order that nobody has paid yet. Once the customer has gone, it is closed then.",
    ),
    optional(
        "show-closed",
        "",
        CODES_OR_NONE,
        "DE39 of the question about an order that was never paid and can be paid no more.",
    ),
    optional("inquiry-not-found", "25", CODES, "DE39 of an inquiry whose original the acquirer does not know."),
    optional("sign-in-layout", "003", "001|003|004", "60.3 of sign-in: short keys, long keys, a key for tracks too."),
    optional("tip-amount", "total", "total|difference", "What DE4 of a tip says: the new total, or the tip alone."),
    optional("settlement-mac", "yes", "yes|no", "Whether settlement, upload and their answers have a MAC."),
    optional(
        "settle-voids",
        "both-sides",
        "both-sides|cancelled-out",
        "How a void counts in the totals: its sale as a debit and itself as a credit, or neither.",
    ),
    optional("upload-balanced", "no", "yes|no", "Whether the details are uploaded after a balanced settlement too."),
    optional(
        "upload-details",
        "together",
        "together|by-entry",
        "Whether all details go under 60.3 201, or those of chips apart under 203 and 205.",
    ),
    optional(
        "batch-after-settlement",
        "next",
        "next|same",
        "The batch after a closed one: the next number, or what the next sign-in says.",
    ),
    optional("after-settlement", "sign-in", "nothing|sign-in|sign-off", "What follows a closed batch."),
    optional("parameter-codes", "362,360,361", DOWNLOAD_CODES, "60.3 of parameters: status, download, end."),
    optional("public-key-codes", "372,370,371", DOWNLOAD_CODES, "60.3 of public keys: list, download, end."),
    optional("application-codes", "382,380,381", DOWNLOAD_CODES, "60.3 of applications: list, download, end."),
    optional(
        "stand-in",
        "yes",
        "yes|no",
        "Whether a sale that never left may be approved offline, within what the terminal allows.",
    ),
    optional("offline-type", "30", "30|36", "60.1 of a payment the card approved offline."),
    optional("tip-type", "34", "32|34", "60.1 of a tip added later."),
];

impl Declared {
    /// Whether a word is one of those that the pattern lists.
    fn allows_word(&self, word: &str) -> bool {
        self.pattern.trim_matches(['(', ')', '?']).split('|').any(|known| known == word)
    }
}

/// The parameters this plugin declares.
pub(crate) fn declared() -> Vec<Parameter> {
    let declare = |declared: &Declared| Parameter {
        name: declared.name.to_owned(),
        required: declared.default.is_none(),
        pattern: declared.pattern.to_owned(),
        meaning: match declared.default {
            Some("") => format!("{} Default: none.", declared.meaning),
            Some(default) => format!("{} Default: {default}.", declared.meaning),
            None => declared.meaning.to_owned(),
        },
    };
    PARAMETERS.iter().map(declare).collect()
}

/// The error of a parameter out of its range; `expected` says what would be right.
pub(crate) fn bad(name: &str, expected: &str) -> LookupError {
    LookupError::BadParameter { name: name.to_owned(), expected: expected.to_owned() }
}

/// The parameters of one call.
#[derive(Clone, Copy)]
pub(crate) struct Source<'c>(pub &'c Context);

impl<'c> Source<'c> {
    /// A value as it is set, or its default.
    pub fn value(&self, name: &str) -> Result<&'c str, LookupError> {
        self.set(name, known(name))
    }

    /// Text of one length.
    pub fn text(&self, name: &str, length: usize, allowed: fn(u8) -> bool) -> Result<String, LookupError> {
        let value = self.value(name)?;
        let is_right = value.len() == length && value.bytes().all(allowed);
        if is_right { Ok(value.to_owned()) } else { Err(malformed(name)) }
    }

    /// Packed digits.
    pub fn bcd(&self, name: &str, digits: usize) -> Result<Vec<u8>, LookupError> {
        let value = self.text(name, digits, is_digit)?;
        bytes_of_hex(&value).ok_or_else(|| malformed(name))
    }

    /// How messages are sealed.
    pub fn mac(&self, name: &str) -> Result<MacAlgorithm, LookupError> {
        match self.value(name)? {
            "unionpay-ecb" => Ok(MacAlgorithm::UnionpayEcb),
            "x919" => Ok(MacAlgorithm::X919),
            _ => Err(malformed(name)),
        }
    }

    /// How tracks leave the terminal; `None` in clear.
    pub fn track_protection(&self) -> Result<Option<TrackProtection>, LookupError> {
        let name = "track-protection";
        match self.value(name)? {
            "none" => Ok(None),
            "last-block" => Ok(Some(TrackProtection::UnionpayLastBlock)),
            "padded-f" => Ok(Some(TrackProtection::PaddedF)),
            "length-prefixed" => Ok(Some(TrackProtection::LengthPrefixed)),
            _ => Err(malformed(name)),
        }
    }

    /// A span of time, from a second to a quarter of an hour.
    pub fn milliseconds(&self, name: &str) -> Result<u32, LookupError> {
        self.value(name)?.parse().ok().filter(|ms| (1_000..1_000_000).contains(ms)).ok_or_else(|| malformed(name))
    }

    /// A small number.
    pub fn number(&self, name: &str) -> Result<u8, LookupError> {
        self.value(name)?.parse().ok().filter(|number| *number < 100).ok_or_else(|| malformed(name))
    }

    /// `yes` or `no`.
    pub fn yes(&self, name: &str) -> Result<bool, LookupError> {
        self.is(name, "yes")
    }

    /// Whether a word is set; any word its pattern does not have is an error.
    pub fn is(&self, name: &str, word: &str) -> Result<bool, LookupError> {
        let declared = known(name);
        let value = self.set(name, declared)?;
        if declared.allows_word(value) { Ok(value == word) } else { Err(malformed(name)) }
    }

    /// A field of a message that the pattern names; `None` where none is set.
    pub fn field(&self, name: &str) -> Result<Option<u8>, LookupError> {
        let declared = known(name);
        let value = self.set(name, declared)?;
        match value.parse() {
            _ if value.is_empty() && declared.pattern.ends_with('?') => Ok(None),
            Ok(number) if declared.allows_word(value) => Ok(Some(number)),
            _ => Err(malformed(name)),
        }
    }

    /// Response codes, at least so many.
    pub fn codes(&self, name: &str, at_least: usize) -> Result<Vec<String>, LookupError> {
        let codes: Vec<_> = self.list(name)?.collect();
        let right = codes.len() >= at_least && codes.iter().all(|code| code.len() == 2 && code.bytes().all(is_code));
        if right { Ok(codes.into_iter().map(str::to_owned).collect()) } else { Err(malformed(name)) }
    }

    /// EMV tags in hexadecimal.
    pub fn tags(&self, name: &str) -> Result<Vec<u32>, LookupError> {
        let tag = |hex: &str| u32::from_str_radix(hex, 16).ok().filter(|_| (2..=6).contains(&hex.len()));
        self.list(name)?.map(tag).collect::<Option<_>>().ok_or_else(|| malformed(name))
    }

    /// Bitmaps, field 1 in the highest bit.
    pub fn bitmaps(&self, name: &str) -> Result<Vec<u64>, LookupError> {
        let bitmap = |hex: &str| Some(u64::from_be_bytes(bytes_of_hex(hex)?.try_into().ok()?));
        self.list(name)?.map(bitmap).collect::<Option<_>>().ok_or_else(|| malformed(name))
    }

    /// Lengths of DE32.
    pub fn acquirer_id_digits(&self) -> Result<Vec<usize>, LookupError> {
        let length = |digits: &str| digits.parse().ok().filter(|digits| *digits <= 11);
        self.list(LENGTHS)?.map(length).collect::<Option<_>>().ok_or_else(|| malformed(LENGTHS))
    }

    fn set(&self, name: &str, declared: &'static Declared) -> Result<&'c str, LookupError> {
        match declared.default {
            Some(default) => Ok(self.0.parameter(name).unwrap_or(default)),
            None => self.0.required(name),
        }
    }

    fn list(&self, name: &str) -> Result<impl Iterator<Item = &'c str>, LookupError> {
        Ok(self.value(name)?.split(',').filter(|item| !item.is_empty()))
    }
}

pub(crate) fn is_digit(character: u8) -> bool {
    character.is_ascii_digit()
}

pub(crate) fn is_printable(character: u8) -> bool {
    (0x20..=0x7E).contains(&character)
}

pub(crate) fn is_code(character: u8) -> bool {
    character.is_ascii_digit() || character.is_ascii_uppercase()
}

fn malformed(name: &str) -> LookupError {
    bad(name, &format!("like {}", known(name).pattern))
}

/// The row of the table; one that nobody declared has no default, and is missing then.
fn known(name: &str) -> &'static Declared {
    const NOT_DECLARED: &Declared = &required("", "", "");
    PARAMETERS.iter().find(|declared| declared.name == name).unwrap_or(NOT_DECLARED)
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok()).collect()
}

const fn required(name: &'static str, pattern: &'static str, meaning: &'static str) -> Declared {
    Declared { name, default: None, pattern, meaning }
}

const fn optional(name: &'static str, default: &'static str, pattern: &'static str, meaning: &'static str) -> Declared {
    Declared { name, default: Some(default), pattern, meaning }
}
