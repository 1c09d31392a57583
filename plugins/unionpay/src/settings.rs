//! The parameters every message needs, read and checked in one place. What only some need is read where it is needed.

use sdk::lookup::LookupError;
use sdk::prelude::{Context, MacAlgorithm};

use crate::parameters::{self, Source, is_code, is_digit, is_printable};

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
    /// How long an answer may take, in milliseconds.
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
    /// Reads and checks them.
    ///
    /// # Errors
    /// [`LookupError`] with the parameter's name and what would be right.
    pub fn read(context: &Context) -> Result<Self, LookupError> {
        let source = Source(context);
        Ok(Settings {
            terminal: source.text(parameters::TERMINAL, 8, is_printable)?,
            merchant: source.text(parameters::MERCHANT, 15, is_printable)?,
            before: [source.bcd(parameters::TPDU, 10)?, source.bcd(parameters::HEADER, 12)?].concat(),
            currency: source.text(parameters::CURRENCY, 3, is_digit)?,
            operator: source.text(parameters::OPERATOR, 3, |c| c.is_ascii_alphanumeric() || c == b' ')?,
            mac: source.mac(parameters::MAC)?,
            security_control: source.text(parameters::SECURITY_CONTROL, 16, is_digit)?,
            timeout_ms: source.milliseconds(parameters::TIMEOUT_MS)?,
            reversal_timeout_ms: source.milliseconds(parameters::REVERSAL_TIMEOUT_MS)?,
            reversal_paid: source.codes(parameters::REVERSAL_PAID, 1)?,
            reversal_unmatched: source.codes(parameters::REVERSAL_UNMATCHED, 0)?,
            reversal_cancelled: source.text(parameters::REVERSAL_CANCELLED, 2, is_code)?,
            original_data: source.yes(parameters::ORIGINAL_DATA)?,
        })
    }
}
