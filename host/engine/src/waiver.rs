//! Waivers: how a debt leaves the books without the acquirer's acknowledgement. The operator signs a statement of
//! what is given up and why; the statement and its signature stay in the journal.
//!
//! What is signed is text that a person can read before signing. Whether a signature holds is the program's to find
//! out; the engine says what must have been signed, and takes the debt off only once that is durable.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

use std::fmt::Write;

use crate::books::{Books, Debt, Standing};
use crate::contract::types::Amount;
use crate::identity::TransactionId;
use crate::time::Timestamp;

/// Characters a reason may have: a sentence or two, and no room to hide in.
pub const REASON_CHARACTERS: usize = 200;

/// Characters the journal's own name may have: 32 hex digits, and room for another kind of name.
const JOURNAL_CHARACTERS: usize = 64;

/// What is given up, by which terminal, why and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The debt's own name.
    pub debt: TransactionId,
    /// The journal it stands in, so that a waiver for one terminal is worth nothing on another.
    pub journal: String,
    /// One line, for whoever asks in a year.
    pub reason: String,
    pub at: Timestamp,
}

/// A waiver whose signature has been verified over `Waiver::statement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedWaiver {
    pub waiver: Waiver,
    /// The verifying key, as text.
    pub signed_by: String,
    pub signature: Vec<u8>,
}

/// Why a debt was not waived; the operator's to mend, except for the last.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWaived {
    #[error("no debt is called {0}; `acquit owed` names those there are")]
    Unknown(TransactionId),
    #[error("{0} was acknowledged by the acquirer: nothing is owed any more")]
    Paid(TransactionId),
    #[error("{0} has been waived already")]
    Waived(TransactionId),
    #[error("a reason is one line of 1 to {REASON_CHARACTERS} printable characters")]
    Reason,
    #[error("a journal's name is one word of 1 to {JOURNAL_CHARACTERS} characters")]
    Journal,
    /// It could not be written down, so nothing is waived.
    #[error("the journal could not be written: {0}")]
    Storage(String),
}

impl Waiver {
    /// The text that is signed: the same from the same books, to the byte, whoever asks.
    ///
    /// # Errors
    /// There is no such debt, it is settled, or a text has more than one line.
    pub fn statement(&self, books: &Books) -> Result<String, NotWaived> {
        let debt = self.debt(books)?;
        let amount = debt.amount.or_else(|| books.transaction(&debt.of)?.amount()).map_or("none".into(), money);
        let Timestamp { unix_ms, .. } = self.at;
        let mut text = String::from("acquit waiver 1\n");
        for (word, value) in [
            ("journal", self.journal.as_str()),
            ("debt", self.debt.as_str()),
            ("original", debt.of.as_str()),
            ("acquirer", &debt.acquirer),
            ("amount", &amount),
            ("time", &format!("{} unix-ms {unix_ms}", self.at.local())),
            ("reason", &self.reason),
        ] {
            let _ = writeln!(text, "{word} {value}");
        }
        Ok(text)
    }

    /// The debt, where it can be waived: unheard, refused or unmatched.
    pub(crate) fn debt<'a>(&self, books: &'a Books) -> Result<&'a Debt, NotWaived> {
        let name_fits = (1..=JOURNAL_CHARACTERS).contains(&self.journal.len());
        if !name_fits || !self.journal.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotWaived::Journal);
        }
        let length_fits = (1..=REASON_CHARACTERS).contains(&self.reason.chars().count());
        if !length_fits || !is_one_line(&self.reason) {
            return Err(NotWaived::Reason);
        }
        let debt = books.debt(&self.debt).ok_or_else(|| NotWaived::Unknown(self.debt.clone()))?;
        match debt.standing {
            Standing::Unheard | Standing::Refused | Standing::Unmatched => Ok(debt),
            Standing::Paid | Standing::Settled | Standing::Replaced => Err(NotWaived::Paid(self.debt.clone())),
            Standing::Waived => Err(NotWaived::Waived(self.debt.clone())),
        }
    }
}

/// No character that begins a line, moves the cursor or hides or reorders what is read.
fn is_one_line(text: &str) -> bool {
    let hides = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.trim() == text && !text.chars().any(hides)
}

/// 12.34 of currency 156 is "12.34 156".
fn money(amount: Amount) -> String {
    let Amount { minor, currency, exponent } = amount;
    let digits = format!("{minor:0width$}", width = usize::from(exponent) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(exponent));
    let point = if part.is_empty() { "" } else { "." };
    format!("{whole}{point}{part} {currency:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_decimals() {
        let written = |minor, currency, exponent| money(Amount { minor, currency, exponent });
        assert_eq!(written(1234, 156, 2), "12.34 156");
        assert_eq!(written(5, 156, 2), "0.05 156");
        assert_eq!(written(5, 392, 0), "5 392");
        assert_eq!(written(1, 48, 3), "0.001 048");
    }

    #[test]
    fn a_reason_cannot_forge_a_line_or_hide_a_word() {
        assert!(is_one_line("柜台与银联核对, 已手工退款"));
        for bad in ["a\nreason b", "a\r", "\u{202e}b", "a\u{2028}b", " a", "a\u{200b}b", "\u{1b}[2K"] {
            assert!(!is_one_line(bad), "{bad:?}");
        }
    }
}
