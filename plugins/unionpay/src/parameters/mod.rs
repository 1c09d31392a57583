//! What an acquirer decides, as parameters: one table of them, and readers that check a value against its range.

mod table;

use sdk::lookup::LookupError;
use sdk::prelude::{Context, ContextLookup, MacAlgorithm, Parameter, TrackProtection};

use table::PARAMETERS;
pub(crate) use table::*;

/// A parameter as this plugin declares it.
pub(crate) struct Declared {
    name: &'static str,
    /// What holds where the acquirer sets nothing; `None` where it must.
    default: Option<&'static str>,
    pattern: &'static str,
    meaning: &'static str,
}

impl Declared {
    /// Whether a word is one of those that the pattern lists.
    fn allows_word(&self, word: &str) -> bool {
        self.pattern.trim_matches(['(', ')', '?']).split('|').any(|known| known == word)
    }
}

/// The parameters this plugin declares.
pub(crate) fn declared() -> Vec<Parameter> {
    let declare = |declared: &&Declared| Parameter {
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
pub(crate) fn bad(parameter: &Declared, expected: &str) -> LookupError {
    LookupError::BadParameter { name: parameter.name.to_owned(), expected: expected.to_owned() }
}

/// The parameters of one call.
#[derive(Clone, Copy)]
pub(crate) struct Source<'c>(pub &'c Context);

impl<'c> Source<'c> {
    /// A value as it is set, or its default.
    pub fn value(&self, parameter: &Declared) -> Result<&'c str, LookupError> {
        match parameter.default {
            Some(default) => Ok(self.0.parameter(parameter.name).unwrap_or(default)),
            None => self.0.required(parameter.name),
        }
    }

    /// Text of one length.
    pub fn text(&self, parameter: &Declared, length: usize, allowed: fn(u8) -> bool) -> Result<String, LookupError> {
        let value = self.value(parameter)?;
        let is_right = value.len() == length && value.bytes().all(allowed);
        if is_right { Ok(value.to_owned()) } else { Err(malformed(parameter)) }
    }

    /// Packed digits.
    pub fn bcd(&self, parameter: &Declared, digits: usize) -> Result<Vec<u8>, LookupError> {
        let value = self.text(parameter, digits, is_digit)?;
        bytes_of_hex(&value).ok_or_else(|| malformed(parameter))
    }

    /// How messages are sealed.
    pub fn mac(&self, parameter: &Declared) -> Result<MacAlgorithm, LookupError> {
        match self.value(parameter)? {
            "unionpay-ecb" => Ok(MacAlgorithm::UnionpayEcb),
            "x919" => Ok(MacAlgorithm::X919),
            _ => Err(malformed(parameter)),
        }
    }

    /// How tracks leave the terminal; `None` in clear.
    pub fn track_protection(&self) -> Result<Option<TrackProtection>, LookupError> {
        match self.value(TRACK_PROTECTION)? {
            "none" => Ok(None),
            "last-block" => Ok(Some(TrackProtection::UnionpayLastBlock)),
            "padded-f" => Ok(Some(TrackProtection::PaddedF)),
            "length-prefixed" => Ok(Some(TrackProtection::LengthPrefixed)),
            _ => Err(malformed(TRACK_PROTECTION)),
        }
    }

    /// A span of time, from a second to a quarter of an hour.
    pub fn milliseconds(&self, parameter: &Declared) -> Result<u32, LookupError> {
        self.value(parameter)?
            .parse()
            .ok()
            .filter(|ms| (1_000..1_000_000).contains(ms))
            .ok_or_else(|| malformed(parameter))
    }

    /// A small number.
    pub fn number(&self, parameter: &Declared) -> Result<u8, LookupError> {
        self.value(parameter)?.parse().ok().filter(|number| *number < 100).ok_or_else(|| malformed(parameter))
    }

    /// `yes` or `no`.
    pub fn yes(&self, parameter: &Declared) -> Result<bool, LookupError> {
        self.is(parameter, "yes")
    }

    /// Whether a word is set; any word its pattern does not have is an error.
    pub fn is(&self, parameter: &Declared, word: &str) -> Result<bool, LookupError> {
        let value = self.value(parameter)?;
        if parameter.allows_word(value) { Ok(value == word) } else { Err(malformed(parameter)) }
    }

    /// A field of a message that the pattern names; `None` where none is set.
    pub fn field(&self, parameter: &Declared) -> Result<Option<u8>, LookupError> {
        let value = self.value(parameter)?;
        match value.parse() {
            _ if value.is_empty() && parameter.pattern.ends_with('?') => Ok(None),
            Ok(number) if parameter.allows_word(value) => Ok(Some(number)),
            _ => Err(malformed(parameter)),
        }
    }

    /// Response codes, at least so many.
    pub fn codes(&self, parameter: &Declared, at_least: usize) -> Result<Vec<String>, LookupError> {
        let codes: Vec<_> = self.list(parameter)?.collect();
        let right = codes.len() >= at_least && codes.iter().all(|code| code.len() == 2 && code.bytes().all(is_code));
        if right { Ok(codes.into_iter().map(str::to_owned).collect()) } else { Err(malformed(parameter)) }
    }

    /// EMV tags in hexadecimal.
    pub fn tags(&self, parameter: &Declared) -> Result<Vec<u32>, LookupError> {
        let tag = |hex: &str| u32::from_str_radix(hex, 16).ok().filter(|_| (2..=6).contains(&hex.len()));
        self.list(parameter)?.map(tag).collect::<Option<_>>().ok_or_else(|| malformed(parameter))
    }

    /// Bitmaps, field 1 in the highest bit.
    pub fn bitmaps(&self, parameter: &Declared) -> Result<Vec<u64>, LookupError> {
        let bitmap = |hex: &str| Some(u64::from_be_bytes(bytes_of_hex(hex)?.try_into().ok()?));
        self.list(parameter)?.map(bitmap).collect::<Option<_>>().ok_or_else(|| malformed(parameter))
    }

    /// Lengths of DE32.
    pub fn acquirer_id_digits(&self) -> Result<Vec<usize>, LookupError> {
        let length = |digits: &str| digits.parse().ok().filter(|digits| *digits <= 11);
        self.list(ACQUIRER_ID_DIGITS)?.map(length).collect::<Option<_>>().ok_or_else(|| malformed(ACQUIRER_ID_DIGITS))
    }

    fn list(&self, parameter: &Declared) -> Result<impl Iterator<Item = &'c str>, LookupError> {
        Ok(self.value(parameter)?.split(',').filter(|item| !item.is_empty()))
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

fn malformed(parameter: &Declared) -> LookupError {
    bad(parameter, &format!("like {}", parameter.pattern))
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok()).collect()
}
