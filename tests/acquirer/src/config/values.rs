//! The values of the configuration, each checked when it is read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::codec::masked_card_number;
use crate::crypto::Key;

/// A value that is not what its key wants; says what would be right and repeats nothing secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(&'static str);

/// Declares a checked string: its check, what is right, and how it is shown.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $shown:expr, $right:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.into())) } else { Err(ValueError($right)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, ValueError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown: fn(&str) -> String = $shown;
                f.write_str(&shown(&self.0))
            }
        }
    };
}

/// Gives a checked string that is no secret its text.
macro_rules! open_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

/// Gives a checked string that is a secret its digits, under a name that shows in the code.
macro_rules! secret_digits {
    ($($name:ident),*) => {$(
        impl $name {
            /// The digits in clear.
            pub fn digits(&self) -> &str {
                &self.0
            }
        }
    )*};
}

checked_text!(
    /// A terminal number, DE41.
    TerminalId, |text| text.into(), "a terminal number is 8 printable ASCII characters", |text| printable(text, 8)
);
checked_text!(
    /// A merchant number, DE42.
    MerchantId, |text| text.into(), "a merchant number is 15 printable ASCII characters", |text| printable(text, 15)
);
checked_text!(
    /// A response code, DE39.
    Code, |text| text.into(), "a response code is two digits or upper-case letters, for example 51 or A0",
    |text| text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
);
checked_text!(
    /// A currency, three digits of ISO 4217, DE49.
    Currency, |text| text.into(), "a currency is three digits of ISO 4217, for example 156", |text| decimal(text, 3..=3)
);
checked_text!(
    /// A card number; shown masked.
    CardNumber, masked_card_number, "a card number is 13 to 19 digits", |text| decimal(text, 13..=19)
);
checked_text!(
    /// Year and month of a card's end, YYMM.
    Expiry, |text| text.into(), "an expiry is four digits, YYMM, with a month of 01 to 12",
    |text| decimal(text, 4..=4) && matches!(text.get(2..).and_then(|month| month.parse().ok()), Some(1..=12_u8))
);
checked_text!(
    /// A PIN; never shown.
    PinDigits, |_| "[redacted]".into(), "a PIN is 4 to 12 digits", |text| decimal(text, 4..=12)
);
checked_text!(
    /// A terminal master key of 16 bytes, in hexadecimal; never shown.
    MasterKey, |_| "[redacted]".into(), "a terminal master key is 32 hexadecimal characters",
    |text| text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit())
);
checked_text!(
    /// A processing code, DE3.
    ProcessingCode, |text| text.into(), "a processing code is six digits, for example 310000", |text| decimal(text, 6..=6)
);
checked_text!(
    /// A transaction type code, 60.1.
    TypeCode, |text| text.into(), "a transaction type code is two digits, for example 22", |text| decimal(text, 2..=2)
);
checked_text!(
    /// The code a telephone shows to pay; never shown.
    PaymentCode, |_| "[redacted]".into(), "a payment code is 10 to 32 digits", |text| decimal(text, 10..=32)
);
checked_text!(
    /// A local date and time, `2026-05-10T10:01:41`.
    StartTime, |text| text.into(), "a time is written like 2026-05-10T10:01:41",
    |text| text.parse::<jiff::civil::DateTime>().is_ok()
);
checked_text!(
    /// Track two as DE35 holds it, `D` between number and expiry; never shown.
    TrackTwo, |_| "[redacted]".into(), "track two is 20 to 37 digits with one D after the card number",
    |text| {
        let parts = text.split_once('D');
        (20..=37).contains(&text.len())
            && parts.is_some_and(|(number, rest)| decimal(number, 13..=19) && decimal(rest, 4..=23))
    }
);
checked_text!(
    /// A card scheme as DE63.1 names it.
    Scheme, |text| text.into(), "a scheme is three capital letters, for example VIS",
    |text| text.len() == 3 && text.bytes().all(|c| c.is_ascii_uppercase())
);
checked_text!(
    /// Bytes in hexadecimal.
    HexBytes, |text| text.into(), "bytes are written as pairs of hexadecimal characters, at most 990 bytes",
    |text| text.len() <= 1980 && hex::decode(text).is_ok()
);
open_text!(TerminalId, MerchantId, Code, Currency, Expiry, ProcessingCode, TypeCode, StartTime, Scheme);
secret_digits!(CardNumber, PinDigits, PaymentCode, MasterKey, TrackTwo);

impl Default for Currency {
    /// The yuan.
    fn default() -> Self {
        Self("156".into())
    }
}

impl ProcessingCode {
    /// A code written in this program.
    pub(super) fn known(code: &'static str) -> Self {
        Self(code.into())
    }
}

impl TypeCode {
    /// A code written in this program.
    pub(super) fn known(code: &'static str) -> Self {
        Self(code.into())
    }
}

impl MasterKey {
    /// The key itself; `None` cannot happen for a checked text.
    pub(crate) fn key(&self) -> Option<Key> {
        Key::from_bytes(&hex::decode(&self.0).ok()?)
    }
}

impl Scheme {
    /// A scheme written in this program.
    pub(super) fn known(scheme: &'static str) -> Self {
        Self(scheme.into())
    }
}

impl HexBytes {
    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.0).unwrap_or_default()
    }
}

impl CardNumber {
    /// First six and last four digits.
    pub fn masked(&self) -> String {
        masked_card_number(&self.0)
    }
}

impl Code {
    /// Approved, or acknowledged.
    pub(crate) fn approved() -> Self {
        Self::known("00")
    }

    /// A code written in this program.
    pub(crate) fn known(code: &'static str) -> Self {
        Self(code.into())
    }

    /// Whether the code leaves open what became of the transaction (in progress, time-out, duplicate, system error).
    pub fn leaves_open(&self) -> bool {
        matches!(self.0.as_str(), "09" | "68" | "94" | "96" | "98")
    }
}

fn printable(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|c| (0x20..0x7f).contains(&c))
}

fn decimal(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit())
}
