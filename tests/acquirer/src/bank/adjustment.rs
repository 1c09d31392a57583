//! Tips and adjustments (结算调整): a sale of this batch comes to another total, told and not asked.

use crate::config::{AdjustedAmount, Code};
use crate::ledger::Party::{Cardholder, Merchant};
use crate::ledger::Transfer;

use super::operation::Operation;
use super::original::Named;
use super::payment::{Deal, Payment};
use super::transaction::{State, Transaction, TransactionKey};
use super::{Bank, format_error};

/// 60.1 of a tip, which only adds.
const TIP: &str = "34";

impl Bank {
    /// The difference between what the sale was and what it is to be.
    pub(super) fn decide_adjustment(&self, payment: &Payment<'_>) -> Result<Deal, Code> {
        let (key, original) = self.adjusted(payment)?;
        let card = original.card.ok_or(Code::known("12"))?;
        if payment.card.is_some_and(|presented| self.card_of_number(presented.number) != Some(card)) {
            return Err(Code::known("14"));
        }
        if original.state != State::Approved || original.refunded_minor > 0 {
            return Err(Code::known("12"));
        }
        let rules = &self.config.adjustments;
        let difference = match rules.amount {
            AdjustedAmount::NewTotal => payment.amount_minor - original.total_minor(),
            AdjustedAmount::Difference => payment.amount_minor,
        };
        let limit = i128::from(original.amount_minor) * i128::from(rules.limit_percent) / 100;
        let is_too_much = i128::from(original.adjusted_minor) + i128::from(difference) > limit;
        if difference == 0 || is_too_much || (difference < 0 && payment.key.kind == TIP) {
            return Err(Code::known("64"));
        }
        let amount_minor = difference.abs();
        let (from, to) = if difference > 0 { (Cardholder, Merchant) } else { (Merchant, Cardholder) };
        let transfers = vec![Transfer::new(from, to, amount_minor)];
        Ok(Deal { card, amount_minor, transfers, original: Some(key.clone()) })
    }

    /// The sale that batch and trace of DE61 name, with its DE37 where that is there.
    fn adjusted(&self, payment: &Payment<'_>) -> Result<(&TransactionKey, &Transaction), Code> {
        let named = Named::in_message(payment.message)?.ok_or_else(format_error)?;
        let TransactionKey { merchant, terminal, batch, .. } = &payment.key;
        let found = self.transactions.of_trace(&TransactionKey::new(merchant, terminal, "", batch, named.trace));
        let found = found.filter(|(key, original)| {
            use Operation::{OfflineSale, Sale, ScanToPay};
            named.fits(key, original)
                && matches!(original.operation, Sale | OfflineSale | ScanToPay)
                && payment.message.text(37).is_none_or(|reference| reference == original.reference)
        });
        found.ok_or(Code::known("25"))
    }
}

impl Transaction {
    /// What it comes to with tips and adjustments, minor units.
    pub(super) fn total_minor(&self) -> i64 {
        self.amount_minor.saturating_add(self.adjusted_minor)
    }

    /// What its own money adds to its original, minor units: less than nothing where it gives back.
    pub(super) fn added_minor(&self) -> i64 {
        let added =
            |transfer: &Transfer| if transfer.to == Merchant { transfer.amount_minor } else { -transfer.amount_minor };
        self.transfers.iter().map(added).sum()
    }
}
