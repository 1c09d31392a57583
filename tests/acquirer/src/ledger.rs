//! Double-entry books: every movement debits and credits the same sum, and nothing is ever taken out again.

use std::fmt;

use serde::Serialize;

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// From the cardholder to the merchant.
    Sale,
    /// Back from the merchant to the cardholder.
    Reversal,
}

/// Which side of an account a leg is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Taken from the account.
    Debit,
    /// Given to the account.
    Credit,
}

/// One side of one movement on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// `cardholder:` and the masked card number, `clearing`, or `merchant:` and the merchant number.
    pub account: String,
    /// Debit or credit.
    pub side: Side,
    /// Minor units, above zero.
    pub amount_minor: i64,
}

/// What is to be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posting {
    /// Sale or reversal.
    pub what: Movement,
    /// The terminal, DE41.
    pub terminal: String,
    /// The merchant, DE42.
    pub merchant: String,
    /// Six digits.
    pub batch: String,
    /// Six digits, DE11.
    pub trace: String,
    /// Minor units, above zero.
    pub amount_minor: i64,
    /// The masked card number.
    pub card: String,
}

/// What was booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Counts from 1.
    pub number: u64,
    /// What it is about.
    #[serde(flatten)]
    pub posting: Posting,
    /// Its legs, which balance.
    pub legs: Vec<Leg>,
}

/// Why something cannot be booked, or the books do not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Zero or below.
    #[error("an amount of {0} minor units cannot be booked; it must be above zero")]
    Amount(i64),
    /// The sums no longer fit.
    #[error("the sums of the ledger exceed 64 bits; nothing was booked")]
    Overflow,
    /// Debits and credits differ.
    #[error("the ledger does not balance{}: debits {debits}, credits {credits}", .entry.map(|n| format!(" in entry {n}")).unwrap_or_default())]
    Unbalanced {
        /// The entry, or none for the whole.
        entry: Option<u64>,
        /// Minor units.
        debits: i64,
        /// Minor units.
        credits: i64,
    },
}

/// Sums of both sides, equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All debits, minor units.
    pub debits: i64,
    /// All credits, minor units.
    pub credits: i64,
}

/// The books.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Kept so that a posting that would not fit is refused before it is made.
    sums: Totals,
}

impl Ledger {
    /// Books a movement: through clearing, so that each entry has four legs.
    pub fn post(&mut self, posting: Posting) -> Result<&Entry, LedgerError> {
        if posting.amount_minor <= 0 {
            return Err(LedgerError::Amount(posting.amount_minor));
        }
        let cardholder = format!("cardholder:{}", posting.card);
        let merchant = format!("merchant:{}", posting.merchant);
        let clearing = || "clearing".to_owned();
        let [from, to] = match posting.what {
            Movement::Sale => [cardholder, merchant],
            Movement::Reversal => [merchant, cardholder],
        };
        let amount_minor = posting.amount_minor;
        let legs = [(from, Side::Debit), (clearing(), Side::Credit), (clearing(), Side::Debit), (to, Side::Credit)]
            .map(|(account, side)| Leg { account, side, amount_minor })
            .to_vec();
        let entry = Entry { number: self.entries.len() as u64 + 1, posting, legs };
        let sums = totals(self.sums, &entry.legs)?;
        let at = self.entries.len();
        self.entries.push(entry);
        self.sums = sums;
        self.entries.get(at).ok_or(LedgerError::Overflow)
    }

    /// Everything booked, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the merchant got through one terminal: sales less reversals, minor units.
    pub fn merchant_total(&self, terminal: &str) -> Result<i64, LedgerError> {
        let of_terminal = self.entries.iter().filter(|entry| entry.posting.terminal == terminal);
        let legs = of_terminal.flat_map(|entry| &entry.legs).filter(|leg| leg.account.starts_with("merchant:"));
        let Totals { debits, credits } = totals(Totals::default(), legs)?;
        credits.checked_sub(debits).ok_or(LedgerError::Overflow)
    }

    /// Adds everything up again, entry by entry and as a whole; both sides must be equal each time.
    pub fn check(&self) -> Result<Totals, LedgerError> {
        for entry in &self.entries {
            let Totals { debits, credits } = totals(Totals::default(), &entry.legs)?;
            if debits != credits {
                return Err(LedgerError::Unbalanced { entry: Some(entry.number), debits, credits });
            }
        }
        let sums = totals(Totals::default(), self.entries.iter().flat_map(|entry| &entry.legs))?;
        match sums {
            Totals { debits, credits } if debits != credits => {
                Err(LedgerError::Unbalanced { entry: None, debits, credits })
            }
            _ => Ok(sums),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Posting { what, terminal, batch, trace, amount_minor, card, .. } = &self.posting;
        write!(f, "{} {what:?} {amount_minor} terminal {terminal} batch {batch} trace {trace} card {card}", self.number)
    }
}

fn totals<'a>(start: Totals, legs: impl IntoIterator<Item = &'a Leg>) -> Result<Totals, LedgerError> {
    legs.into_iter().try_fold(start, |mut sums, leg| {
        let side = match leg.side {
            Side::Debit => &mut sums.debits,
            Side::Credit => &mut sums.credits,
        };
        *side = side.checked_add(leg.amount_minor).ok_or(LedgerError::Overflow)?;
        Ok(sums)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(amount_minor: i64) -> Posting {
        Posting {
            what: Movement::Sale,
            terminal: "50080001".into(),
            merchant: "309310083985008".into(),
            batch: "000042".into(),
            trace: "000001".into(),
            amount_minor,
            card: "620000******6787".into(),
        }
    }

    #[test]
    fn a_sale_and_its_reversal_leave_nothing_with_the_merchant() {
        let mut ledger = Ledger::default();
        ledger.post(sale(1234)).unwrap();
        assert_eq!(ledger.merchant_total("50080001"), Ok(1234));
        ledger.post(Posting { what: Movement::Reversal, ..sale(1234) }).unwrap();
        assert_eq!(ledger.merchant_total("50080001"), Ok(0));
        assert_eq!(ledger.check(), Ok(Totals { debits: 4936, credits: 4936 }));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.post(sale(0)), Err(LedgerError::Amount(0)));
        assert_eq!(ledger.post(sale(-1)), Err(LedgerError::Amount(-1)));
        assert_eq!(ledger.post(sale(i64::MAX)), Err(LedgerError::Overflow));
        assert!(ledger.entries().is_empty());
    }

    #[test]
    fn a_leg_changed_behind_its_back_is_found() {
        let mut ledger = Ledger::default();
        ledger.post(sale(100)).unwrap();
        ledger.entries[0].legs[3].amount_minor = 99;
        assert_eq!(ledger.check(), Err(LedgerError::Unbalanced { entry: Some(1), debits: 200, credits: 199 }));
    }
}
