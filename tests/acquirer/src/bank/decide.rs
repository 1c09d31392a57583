//! Whether an operation is approved, and whose money it moves.

use crate::config::Code;
use crate::ledger::Party::{Cardholder, Held, Merchant};
use crate::ledger::Transfer;

use super::keys::WorkKeys;
use super::operation::Operation;
use super::original::Named;
use super::payment::{Deal, Payment};
use super::transaction::{State, Transaction, TransactionKey};
use super::{Bank, Handling, format_error};

/// Days after which a pre-authorisation can no longer be completed (UnionPay server-side matching).
const MOST_DAYS_TO_COMPLETE: u32 = 29;

impl Bank {
    pub(super) fn decide(&mut self, payment: &Payment<'_>, keys: &WorkKeys, handling: &Handling) -> Result<Deal, Code> {
        if let (true, Some(code)) = (payment.is_advice(), &self.advice_refusal) {
            return Err(code.clone());
        }
        match payment.operation {
            Operation::Sale | Operation::PreAuthorisation | Operation::ScanToPay => {
                self.decide_charge(payment, keys, handling)
            }
            Operation::OfflineSale => self.decide_offline(payment),
            Operation::Adjustment => self.decide_adjustment(payment),
            Operation::Void | Operation::PreAuthorisationVoid | Operation::CompletionVoid => {
                self.decide_void(payment, keys)
            }
            Operation::Completion | Operation::CompletionAdvice => self.decide_completion(payment, keys),
            Operation::Refund => self.decide_refund(payment, keys),
            _ => Err(Code::known("40")),
        }
    }

    /// A card is charged, or money on it set aside.
    fn decide_charge(&mut self, payment: &Payment<'_>, keys: &WorkKeys, handling: &Handling) -> Result<Deal, Code> {
        let scanned = payment.operation == Operation::ScanToPay;
        let presented = if scanned { self.scanned(payment.message)? } else { self.presented(payment, keys)? };
        let card = presented.ok_or_else(format_error)?;
        if let Some(decision) = self.config.decisions.iter().find(|d| d.amount_minor == payment.amount_minor) {
            return Err(decision.code.clone());
        }
        let amount_minor = match handling {
            Handling::ApprovePartly(part) => payment.amount_minor.min(*part),
            _ => payment.amount_minor,
        };
        let to = if payment.operation == Operation::PreAuthorisation { Held } else { Merchant };
        let transfers = vec![Transfer::new(Cardholder, to, amount_minor)];
        Ok(Deal { card, amount_minor, transfers, original: None })
    }

    /// The terminal has approved it; only an unknown card or an order can refuse it.
    fn decide_offline(&self, payment: &Payment<'_>) -> Result<Deal, Code> {
        let number = payment.card.ok_or_else(format_error)?.number;
        let card = self.card_of_number(number).ok_or(Code::known("14"))?;
        let transfers = vec![Transfer::new(Cardholder, Merchant, payment.amount_minor)];
        Ok(Deal { card, amount_minor: payment.amount_minor, transfers, original: None })
    }

    /// The whole original goes back. Voids of sales and completions are for the same batch and day; a pre-authorisation
    /// is named by its DE38 and can be voided later.
    fn decide_void(&mut self, payment: &Payment<'_>, keys: &WorkKeys) -> Result<Deal, Code> {
        let presented = self.presented(payment, keys)?;
        let held = payment.operation == Operation::PreAuthorisationVoid;
        let (key, original) = if held { self.pre_authorisation(payment)? } else { self.original_of_void(payment)? };
        let card = same_card(original, presented)?;
        if !held && (original.day != self.clock.day() || key.batch != payment.key.batch) {
            return Err(Code::known("25"));
        }
        if original.amount_minor != payment.amount_minor {
            return Err(Code::known("64"));
        }
        if original.state != State::Approved || !original.is_untouched() {
            return Err(Code::known("12"));
        }
        let transfers = original.transfers.iter().rev().map(|transfer| transfer.back()).collect();
        Ok(Deal { card, amount_minor: payment.amount_minor, transfers, original: Some(key.clone()) })
    }

    /// What was set aside is freed and the final amount taken.
    fn decide_completion(&mut self, payment: &Payment<'_>, keys: &WorkKeys) -> Result<Deal, Code> {
        let presented = self.presented(payment, keys)?;
        let (key, original) = self.pre_authorisation(payment)?;
        let card = same_card(original, presented)?;
        if self.clock.day().saturating_sub(original.day) > MOST_DAYS_TO_COMPLETE {
            return Err(Code::known("22"));
        }
        if original.state != State::Approved {
            return Err(Code::known("12"));
        }
        let most = i128::from(original.amount_minor) * i128::from(self.config.completion_limit_percent) / 100;
        if i128::from(payment.amount_minor) > most {
            return Err(Code::known("64"));
        }
        let transfers = vec![
            Transfer::new(Held, Cardholder, original.amount_minor),
            Transfer::new(Cardholder, Merchant, payment.amount_minor),
        ];
        Ok(Deal { card, amount_minor: payment.amount_minor, transfers, original: Some(key.clone()) })
    }

    /// Part or all of an original goes back, never more than it was; without an original only where that is configured.
    fn decide_refund(&mut self, payment: &Payment<'_>, keys: &WorkKeys) -> Result<Deal, Code> {
        let presented = self.presented(payment, keys)?;
        let amount_minor = payment.amount_minor;
        let transfers = vec![Transfer::new(Merchant, Cardholder, amount_minor)];
        if payment.message.text(37).is_none() {
            let card = presented.ok_or_else(format_error)?;
            let allowed = self.config.unreferenced_refunds;
            let deal = Deal { card, amount_minor, transfers, original: None };
            return if allowed { Ok(deal) } else { Err(Code::known("58")) };
        }
        let (key, original) = self.original_of_refund(payment)?;
        let card = same_card(original, presented)?;
        if original.state != State::Approved {
            return Err(Code::known("12"));
        }
        if original.refunded_minor.checked_add(amount_minor).is_none_or(|sum| sum > original.total_minor()) {
            return Err(Code::known("64"));
        }
        Ok(Deal { card, amount_minor, transfers, original: Some(key.clone()) })
    }

    /// The sale or completion a void names by batch and trace of DE61, DE37 and, if there, DE38.
    fn original_of_void(&self, payment: &Payment<'_>) -> Result<(&TransactionKey, &Transaction), Code> {
        let named = Named::in_message(payment.message)?.ok_or_else(format_error)?;
        let reference = payment.message.text(37).ok_or_else(format_error)?;
        let not_found = || Code::known("25");
        let kinds: &[&str] = match payment.operation {
            Operation::CompletionVoid => &["20", "24"],
            _ => &["22"],
        };
        let batch = if named.batch == "000000" { payment.key.batch.as_str() } else { named.batch };
        let TransactionKey { merchant, terminal, .. } = &payment.key;
        let keys = kinds.iter().map(|kind| TransactionKey::new(merchant, terminal, kind, batch, named.trace));
        let key = keys.into_iter().find(|key| self.transactions.get(key).is_some()).ok_or_else(not_found)?;
        let (key, original) = self.transactions.of_trace(&key).ok_or_else(not_found)?;
        let authorised = payment.message.text(38).is_none_or(|code| Some(code) == original.authorisation.as_deref());
        let dated = named.date.is_none_or(|date| original.is_dated(date));
        if original.reference == reference && authorised && dated { Ok((key, original)) } else { Err(not_found()) }
    }

    /// The pre-authorisation of this merchant named by DE38, and by DE61 and DE37 as far as they are there.
    fn pre_authorisation(&self, payment: &Payment<'_>) -> Result<(&TransactionKey, &Transaction), Code> {
        let authorisation = payment.message.text(38).ok_or_else(format_error)?;
        let named = Named::in_message(payment.message)?;
        let found = self.transactions.by_authorisation(authorisation).filter(|(key, original)| {
            original.operation == Operation::PreAuthorisation
                && key.merchant == payment.key.merchant
                && payment.message.text(37).is_none_or(|reference| reference == original.reference)
                && named.as_ref().is_none_or(|named| named.fits(key, original))
        });
        found.ok_or(Code::known("25"))
    }

    /// The sale or completion of this merchant with the DE37 and the date in DE61 that a refund names.
    fn original_of_refund(&self, payment: &Payment<'_>) -> Result<(&TransactionKey, &Transaction), Code> {
        let reference = payment.message.text(37).ok_or_else(format_error)?;
        let named = Named::in_message(payment.message)?.ok_or_else(format_error)?;
        let date = named.date.ok_or_else(format_error)?;
        let found = self.transactions.by_reference(reference).filter(|(key, original)| {
            use Operation::{Completion, CompletionAdvice, OfflineSale, Sale, ScanToPay, ShowToPay};
            key.merchant == payment.key.merchant
                && original.is_dated(date)
                && matches!(
                    original.operation,
                    Sale | ScanToPay | ShowToPay | OfflineSale | Completion | CompletionAdvice
                )
        });
        found.ok_or(Code::known("25"))
    }
}

/// The card of the original; code 14 if another one was presented.
fn same_card(original: &Transaction, presented: Option<usize>) -> Result<usize, Code> {
    let card = original.card.ok_or(Code::known("12"))?;
    if presented.is_none_or(|presented| presented == card) { Ok(card) } else { Err(Code::known("14")) }
}
