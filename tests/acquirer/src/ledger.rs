//! Double-entry books: every movement debits and credits the same sum, and nothing is ever taken out again.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// From the cardholder to the merchant.
    Sale,
    /// A sale paid by a code shown on a telephone.
    ScanToPay,
    /// The customer scanned a code that the terminal showed.
    ShowToPay,
    /// A sale the terminal approved by itself, booked afterwards.
    OfflineSale,
    /// A sale taken back by the shop on the same day.
    Void,
    /// Back to the cardholder, whole or in part.
    Refund,
    /// Set aside on the cardholder's account.
    PreAuthorisation,
    /// What was set aside is free again.
    PreAuthorisationVoid,
    /// What was set aside is free again, and the final amount goes to the merchant.
    Completion,
    /// A completion taken back: the amount is set aside again.
    CompletionVoid,
    /// A sale comes to another total: a tip, or a correction.
    Adjustment,
    /// Whatever its original moved, moved back.
    Reversal,
}

/// The kinds of account money moves between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// What the cardholder can spend.
    Cardholder,
    /// What is set aside on the cardholder's account.
    Held,
    /// The merchant.
    Merchant,
}

/// Money from one account to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who gives.
    pub from: Party,
    /// Who gets.
    pub to: Party,
    /// Minor units, above zero.
    pub amount_minor: i64,
}

impl Transfer {
    /// From one to the other.
    pub fn new(from: Party, to: Party, amount_minor: i64) -> Self {
        Self { from, to, amount_minor }
    }

    /// The same money the other way.
    pub fn back(self) -> Self {
        Self { from: self.to, to: self.from, amount_minor: self.amount_minor }
    }
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
    /// `cardholder:` or `held:` and the masked card number, `clearing`, or `merchant:` and the merchant number.
    pub account: String,
    /// Debit or credit.
    pub side: Side,
    /// Minor units, above zero.
    pub amount_minor: i64,
}

/// What is to be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posting {
    /// What kind of movement.
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
    /// The money that moves, one after the other; at least one.
    #[serde(skip)]
    pub transfers: Vec<Transfer>,
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
    accounts: BTreeMap<String, i64>,
}

impl Ledger {
    /// Books a movement. Money between cardholder and merchant goes through clearing, four legs each; what is set aside
    /// stays with the issuer, two legs each.
    pub fn post(&mut self, posting: Posting) -> Result<&Entry, LedgerError> {
        if let Some(wrong) = posting.transfers.iter().find(|transfer| transfer.amount_minor <= 0) {
            return Err(LedgerError::Amount(wrong.amount_minor));
        }
        if posting.transfers.is_empty() {
            return Err(LedgerError::Amount(0));
        }
        let legs: Vec<Leg> = posting.transfers.iter().flat_map(|transfer| posting.legs(transfer)).collect();
        let entry = Entry { number: self.entries.len() as u64 + 1, posting, legs };
        let sums = totals(self.sums, &entry.legs)?;
        for leg in &entry.legs {
            // The sum of one side fits, so no account can overflow.
            *self.accounts.entry(leg.account.clone()).or_default() += leg.signed();
        }
        let at = self.entries.len();
        self.entries.push(entry);
        self.sums = sums;
        self.entries.get(at).ok_or(LedgerError::Overflow)
    }

    /// Every account that was ever touched and its balance, credits less debits, minor units. They add up to zero.
    pub fn accounts(&self) -> &BTreeMap<String, i64> {
        &self.accounts
    }

    /// Everything booked, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the merchant got through one terminal, less what went back, minor units.
    pub fn merchant_total(&self, terminal: &str) -> Result<i64, LedgerError> {
        self.merchant_total_where(|posting| posting.terminal == terminal)
    }

    /// The same for one batch of the terminal.
    pub fn merchant_total_of_batch(&self, terminal: &str, batch: &str) -> Result<i64, LedgerError> {
        self.merchant_total_where(|posting| posting.terminal == terminal && posting.batch == batch)
    }

    fn merchant_total_where(&self, wanted: impl Fn(&Posting) -> bool) -> Result<i64, LedgerError> {
        let entries = self.entries.iter().filter(|entry| wanted(&entry.posting));
        let legs = entries.flat_map(|entry| &entry.legs).filter(|leg| leg.account.starts_with("merchant:"));
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

impl Posting {
    fn legs(&self, transfer: &Transfer) -> Vec<Leg> {
        let amount_minor = transfer.amount_minor;
        let account = |party| match party {
            Party::Cardholder => format!("cardholder:{}", self.card),
            Party::Held => format!("held:{}", self.card),
            Party::Merchant => format!("merchant:{}", self.merchant),
        };
        let leg = |account, side| Leg { account, side, amount_minor };
        let (from, to) = (leg(account(transfer.from), Side::Debit), leg(account(transfer.to), Side::Credit));
        if ![transfer.from, transfer.to].contains(&Party::Merchant) {
            return vec![from, to];
        }
        vec![from, leg("clearing".into(), Side::Credit), leg("clearing".into(), Side::Debit), to]
    }
}

impl Leg {
    /// Above zero for a credit, below for a debit.
    fn signed(&self) -> i64 {
        match self.side {
            Side::Debit => -self.amount_minor,
            Side::Credit => self.amount_minor,
        }
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
            transfers: vec![Transfer::new(Party::Cardholder, Party::Merchant, amount_minor)],
        }
    }

    fn back(posting: Posting) -> Posting {
        let transfers = posting.transfers.iter().map(|transfer| transfer.back()).collect();
        Posting { what: Movement::Reversal, transfers, ..posting }
    }

    #[test]
    fn a_sale_and_its_reversal_leave_nothing_with_the_merchant() {
        let mut ledger = Ledger::default();
        ledger.post(sale(1234)).unwrap();
        assert_eq!(ledger.merchant_total("50080001"), Ok(1234));
        ledger.post(back(sale(1234))).unwrap();
        assert_eq!(ledger.merchant_total("50080001"), Ok(0));
        assert_eq!(ledger.check(), Ok(Totals { debits: 4936, credits: 4936 }));
        assert!(ledger.accounts().values().all(|balance| *balance == 0));
    }

    #[test]
    fn what_is_set_aside_is_an_account_of_its_own_and_all_accounts_add_up_to_zero() {
        let mut ledger = Ledger::default();
        let hold = Transfer::new(Party::Cardholder, Party::Held, 500);
        ledger.post(Posting { what: Movement::PreAuthorisation, transfers: vec![hold], ..sale(500) }).unwrap();
        assert_eq!(ledger.accounts()["held:620000******6787"], 500);
        assert_eq!(ledger.merchant_total("50080001"), Ok(0));
        let transfers = vec![hold.back(), Transfer::new(Party::Cardholder, Party::Merchant, 300)];
        ledger.post(Posting { what: Movement::Completion, transfers, ..sale(300) }).unwrap();
        assert_eq!(ledger.accounts()["held:620000******6787"], 0);
        assert_eq!(ledger.accounts()["cardholder:620000******6787"], -300);
        assert_eq!(ledger.accounts().values().sum::<i64>(), 0);
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
