//! What an acquirer decides, as parameters: declared to the terminal and read from its context in one place.

use sdk::lookup::LookupError;
use sdk::prelude::{Context, ContextLookup, MacAlgorithm, Parameter};

/// A parameter as this plugin declares it.
struct Declared {
    name: &'static str,
    /// What holds where the acquirer sets nothing; `None` where it must.
    default: Option<&'static str>,
    pattern: &'static str,
    meaning: &'static str,
}

const BITMAPS: &str = "reversal-answer-bitmaps";
const LENGTHS: &str = "acquirer-id-digits";
/// 3 4 11 12 13 15 25 32 37 39 41 42 49 60 64, with and without DE2.
const ANSWER_BITMAPS: &str = "303A00810AC08011,703A00810AC08011";

const PARAMETERS: &[Declared] = &[
    Declared { name: "terminal", default: None, pattern: "[ -~]{8}", meaning: "Terminal number, DE41." },
    Declared { name: "merchant", default: None, pattern: "[ -~]{15}", meaning: "Merchant number, DE42." },
    Declared { name: "tpdu", default: None, pattern: "[0-9]{10}", meaning: "TPDU: 60, destination, source." },
    Declared {
        name: "header",
        default: Some("602200000000"),
        pattern: "[0-9]{12}",
        meaning: "Message header: application class, software version, status, requirement, reserved.",
    },
    Declared {
        name: "currency",
        default: Some("156"),
        pattern: "[0-9]{3}",
        meaning: "The one currency of this contract, ISO 4217 numeric, DE49.",
    },
    Declared {
        name: "operator",
        default: Some("001"),
        pattern: "[0-9A-Za-z ]{3}",
        meaning: "Operator or organisation sent at sign-in, DE63.1.",
    },
    Declared {
        name: "mac",
        default: Some("unionpay-ecb"),
        pattern: "unionpay-ecb|x919",
        meaning: "How messages are sealed: MAC-1 (unionpay-ecb) or MAC-2 (x919).",
    },
    Declared {
        name: "security-control",
        default: Some("2600000000000000"),
        pattern: "[0-9]{16}",
        meaning: "DE53 of a message with a PIN: block format with card number (2), double-length keys (6).",
    },
    Declared {
        name: "timeout-ms",
        default: Some("60000"),
        pattern: "[1-9][0-9]{3,5}",
        meaning: "How long an answer to a sale or sign-in may take, in milliseconds.",
    },
    Declared {
        name: "reversal-timeout-ms",
        default: Some("60000"),
        pattern: "[1-9][0-9]{3,5}",
        meaning: "How long an answer to a reversal may take, in milliseconds.",
    },
    Declared {
        name: "reversal-paid",
        default: Some("00"),
        pattern: "[0-9A-Z]{2}(,[0-9A-Z]{2})*",
        meaning: "DE39 of a reversal the acquirer took.",
    },
    Declared {
        name: "reversal-unmatched",
        default: Some("12,25"),
        pattern: "([0-9A-Z]{2}(,[0-9A-Z]{2})*)?",
        meaning: "DE39 of a reversal whose original the acquirer does not know. Any other code is refused.",
    },
    Declared {
        name: "reversal-cancelled",
        default: Some("98"),
        pattern: "[0-9A-Z]{2}",
        meaning: "DE39 of a reversal because the cashier stopped waiting. 98, no answer, is known to every acquirer; \
                  17 is a vendor's.",
    },
    Declared {
        name: "original-data",
        default: Some("yes"),
        pattern: "yes|no",
        meaning: "Whether a reversal carries batch and trace of the original in DE61.",
    },
    Declared {
        name: BITMAPS,
        default: Some(ANSWER_BITMAPS),
        pattern: "[0-9A-F]{16}(,[0-9A-F]{16})*",
        meaning: "Bitmaps of the answers to a reversal, so that the terminal reads one without this plugin. An \
                  answer with other fields up to 42 leaves the reversal owed; those after 42 make no difference.",
    },
    Declared {
        name: LENGTHS,
        default: Some("8"),
        pattern: "[0-9]{1,2}(,[0-9]{1,2})*",
        meaning: "Lengths of DE32 that such an answer may have.",
    },
];

/// The acquirer's parameters, read and in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// DE41, eight characters.
    pub terminal: String,
    /// DE42, fifteen characters.
    pub merchant: String,
    /// TPDU and header, as they stand before the message type.
    pub before: Vec<u8>,
    /// DE49, three digits.
    pub currency: String,
    /// DE63.1.
    pub operator: String,
    /// How messages are sealed.
    pub mac: MacAlgorithm,
    /// DE53 of a message with a PIN.
    pub security_control: String,
    /// For sales and sign-ins, in milliseconds.
    pub timeout_ms: u32,
    /// For reversals, in milliseconds.
    pub reversal_timeout_ms: u32,
    /// DE39 of a reversal the acquirer took.
    pub reversal_paid: Vec<String>,
    /// DE39 of a reversal whose original it does not know.
    pub reversal_unmatched: Vec<String>,
    /// DE39 of a reversal of a cancelled wait.
    pub reversal_cancelled: String,
    /// Whether a reversal carries DE61.
    pub original_data: bool,
}

impl Settings {
    /// The parameters this plugin declares.
    pub fn declared() -> Vec<Parameter> {
        let declare = |declared: &Declared| Parameter {
            name: declared.name.to_owned(),
            required: declared.default.is_none(),
            pattern: declared.pattern.to_owned(),
            meaning: match declared.default {
                Some(default) => format!("{} Default: {default}.", declared.meaning),
                None => declared.meaning.to_owned(),
            },
        };
        PARAMETERS.iter().map(declare).collect()
    }

    /// Reads every parameter but the shapes of a reversal's answer, which only a sale needs.
    ///
    /// # Errors
    /// [`LookupError`] with the parameter's name and what would be right.
    pub fn read(context: &Context) -> Result<Self, LookupError> {
        let source = Source(context);
        Ok(Settings {
            terminal: source.text("terminal", 8, is_printable)?,
            merchant: source.text("merchant", 15, is_printable)?,
            before: [source.bcd("tpdu", 10)?, source.bcd("header", 12)?].concat(),
            currency: source.text("currency", 3, is_digit)?,
            operator: source.text("operator", 3, |c| c.is_ascii_alphanumeric() || c == b' ')?,
            mac: source.mac("mac")?,
            security_control: source.text("security-control", 16, is_digit)?,
            timeout_ms: source.milliseconds("timeout-ms")?,
            reversal_timeout_ms: source.milliseconds("reversal-timeout-ms")?,
            reversal_paid: source.codes("reversal-paid", 1)?,
            reversal_unmatched: source.codes("reversal-unmatched", 0)?,
            reversal_cancelled: source.text("reversal-cancelled", 2, is_code)?,
            original_data: source.yes("original-data")?,
        })
    }

    /// Shapes of the answer to a reversal; only a sale needs them, for its standby message.
    pub(crate) fn answer_shapes(context: &Context) -> Result<AnswerShapes, LookupError> {
        Source(context).answer_shapes()
    }

    /// The error of shapes that are well spelled and cannot be used.
    pub(crate) fn bad_answer_shapes(expected: String) -> LookupError {
        LookupError::BadParameter { name: BITMAPS.to_owned(), expected }
    }
}

/// Shapes of the 0410 that can be read without this plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnswerShapes {
    /// The bitmaps, field 1 in the highest bit.
    pub bitmaps: Vec<u64>,
    /// Lengths of DE32.
    pub acquirer_id_digits: Vec<usize>,
}

struct Source<'c>(&'c Context);

impl<'c> Source<'c> {
    fn value(&self, name: &str) -> Result<&'c str, LookupError> {
        let default = PARAMETERS.iter().find(|declared| declared.name == name).and_then(|declared| declared.default);
        match default {
            Some(default) => Ok(self.0.parameter(name).unwrap_or(default)),
            None => self.0.required(name),
        }
    }

    fn text(&self, name: &str, length: usize, allowed: fn(u8) -> bool) -> Result<String, LookupError> {
        let value = self.value(name)?;
        if value.len() == length && value.bytes().all(allowed) { Ok(value.to_owned()) } else { Err(bad(name)) }
    }

    fn bcd(&self, name: &str, digits: usize) -> Result<Vec<u8>, LookupError> {
        let value = self.text(name, digits, is_digit)?;
        bytes_of_hex(&value).ok_or_else(|| bad(name))
    }

    fn mac(&self, name: &str) -> Result<MacAlgorithm, LookupError> {
        match self.value(name)? {
            "unionpay-ecb" => Ok(MacAlgorithm::UnionpayEcb),
            "x919" => Ok(MacAlgorithm::X919),
            _ => Err(bad(name)),
        }
    }

    fn milliseconds(&self, name: &str) -> Result<u32, LookupError> {
        self.value(name)?.parse().ok().filter(|ms| (1_000..1_000_000).contains(ms)).ok_or_else(|| bad(name))
    }

    fn yes(&self, name: &str) -> Result<bool, LookupError> {
        match self.value(name)? {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(bad(name)),
        }
    }

    fn list(&self, name: &str) -> Result<Vec<&'c str>, LookupError> {
        Ok(self.value(name)?.split(',').filter(|item| !item.is_empty()).collect())
    }

    fn codes(&self, name: &str, at_least: usize) -> Result<Vec<String>, LookupError> {
        let codes = self.list(name)?;
        let right = codes.len() >= at_least && codes.iter().all(|code| code.len() == 2 && code.bytes().all(is_code));
        if right { Ok(codes.into_iter().map(str::to_owned).collect()) } else { Err(bad(name)) }
    }

    fn answer_shapes(&self) -> Result<AnswerShapes, LookupError> {
        let bitmap = |hex: &str| Some(u64::from_be_bytes(bytes_of_hex(hex)?.try_into().ok()?));
        let bitmaps: Option<Vec<_>> = self.list(BITMAPS)?.into_iter().map(bitmap).collect();
        let length = |digits: &str| digits.parse().ok().filter(|digits| *digits <= 11);
        let lengths: Option<Vec<usize>> = self.list(LENGTHS)?.into_iter().map(length).collect();
        Ok(AnswerShapes {
            bitmaps: bitmaps.ok_or_else(|| bad(BITMAPS))?,
            acquirer_id_digits: lengths.ok_or_else(|| bad(LENGTHS))?,
        })
    }
}

fn bad(name: &str) -> LookupError {
    let pattern = PARAMETERS.iter().find(|declared| declared.name == name).map_or("", |declared| declared.pattern);
    LookupError::BadParameter { name: name.to_owned(), expected: format!("like {pattern}") }
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok()).collect()
}

fn is_digit(character: u8) -> bool {
    character.is_ascii_digit()
}

fn is_printable(character: u8) -> bool {
    (0x20..=0x7E).contains(&character)
}

fn is_code(character: u8) -> bool {
    character.is_ascii_digit() || character.is_ascii_uppercase()
}
