//! What a payment is called, everywhere and for ever.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Letters and digits a transaction's name may have: what `context.transaction` carries to a plugin.
pub const TRANSACTION_ID_CHARACTERS: usize = 32;

/// Characters kept free at the end, so that a debt can be named after its original.
const SUFFIX_CHARACTERS: usize = 4;

/// Names one attempt at one thing: a payment, a sign-in, a debt.
///
/// A payment's is the cash register's own identity for it: the same identity never pays twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TransactionId(String);

/// Why a text is not an identity; the operator's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an identity: 1 to {limit} letters and digits", limit = TRANSACTION_ID_CHARACTERS - SUFFIX_CHARACTERS)]
pub struct NotAnIdentity(pub String);

impl TransactionId {
    /// Reads an identity given from outside: 1 to 28 ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, NotAnIdentity> {
        let length_fits = (1..=TRANSACTION_ID_CHARACTERS - SUFFIX_CHARACTERS).contains(&text.len());
        if length_fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnIdentity(text.chars().take(TRANSACTION_ID_CHARACTERS).collect()))
        }
    }

    /// The name of the reversal owed for this payment.
    #[must_use]
    pub fn reversal(&self) -> Self {
        Self(format!("{}R", self.0))
    }

    /// The name of the repetition owed for it.
    #[must_use]
    pub fn repetition(&self) -> Self {
        Self(format!("{}P", self.0))
    }

    /// The name of the inquiry owed for it.
    #[must_use]
    pub fn inquiry(&self) -> Self {
        Self(format!("{}Q", self.0))
    }

    /// The name of the advice owed for it.
    #[must_use]
    pub fn advice(&self) -> Self {
        Self(format!("{}V", self.0))
    }

    /// The name of the script report owed for it.
    #[must_use]
    pub fn report(&self) -> Self {
        Self(format!("{}T", self.0))
    }

    /// The name as it is written and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TransactionId {
    type Error = NotAnIdentity;

    /// As stored: a debt's name uses the characters `parse` keeps free.
    fn try_from(text: String) -> Result<Self, NotAnIdentity> {
        let fits = (1..=TRANSACTION_ID_CHARACTERS).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text))
        } else {
            Err(NotAnIdentity(text))
        }
    }
}

impl From<TransactionId> for String {
    fn from(id: TransactionId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_and_digits_name_a_payment() {
        assert!(TransactionId::parse("A1").is_ok());
        assert!(TransactionId::parse(&"x".repeat(28)).is_ok());
        for bad in ["", "a b", "a-b", "付款", &"x".repeat(29)] {
            assert!(TransactionId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_payment_can_still_name_its_debt() {
        let longest = TransactionId::parse(&"x".repeat(28)).unwrap();
        let stored = String::from(longest.reversal());
        assert!(TransactionId::try_from(stored).is_ok());
    }
}
