//! Money, time and the words every other part of the contract uses.

use serde::{Deserialize, Serialize};

/// Milliseconds.
pub type Milliseconds = u32;

/// A name the plugin declared in `describe`: a route, a key slot, a counter or a parameter.
pub type Name = String;

/// An amount in the minor unit of its currency: 12.34 CNY is { minor: 1234, currency: 156, exponent: 2 }.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Amount {
    pub minor: u64,
    /// ISO 4217 numeric code.
    pub currency: u16,
    /// Digits after the decimal point.
    pub exponent: u8,
}

/// Local time at the terminal, as the terminal will print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LocalTime {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Minutes east of UTC.
    pub utc_offset: i16,
}

/// Who is at fault when a call cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The terminal asked for what this plugin does not do.
    Unsupported(String),
    /// A parameter the acquirer set is missing or out of range.
    Configuration(String),
    /// The acquirer's message cannot be read: where, and why.
    Malformed(Malformed),
    /// The plugin's own state does not fit the event.
    Internal(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Malformed {
    pub path: String,
    pub offset: u32,
    pub reason: String,
}
