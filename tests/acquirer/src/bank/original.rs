//! What a transaction does to the one it names, and how that is undone.

use crate::codec::Message;
use crate::config::Code;

use super::operation::Operation;
use super::transaction::{State, Transaction, TransactionKey};
use super::{Bank, format_error};

/// A batch number that names none.
const NO_BATCH: &str = "000000";

/// What DE61 says: original batch, original trace and, if there, original date.
pub(super) struct Named<'a> {
    pub(super) batch: &'a str,
    pub(super) trace: &'a str,
    pub(super) date: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// DE61 of a message, if there.
    pub(super) fn in_message(message: &'a Message) -> Result<Option<Self>, Code> {
        let Some(digits) = message.digits(61) else { return Ok(None) };
        let date = digits.get(12..16);
        match (digits.get(..6), digits.get(6..12)) {
            (Some(batch), Some(trace)) if digits.len() == 12 || date.is_some() => Ok(Some(Self { batch, trace, date })),
            _ => Err(format_error()),
        }
    }

    /// Whether a transaction is the one named; batch `000000` is any.
    pub(super) fn fits(&self, key: &TransactionKey, original: &Transaction) -> bool {
        self.trace == key.trace
            && (self.batch == NO_BATCH || self.batch == key.batch)
            && self.date.is_none_or(|date| original.is_dated(date))
    }
}

impl Bank {
    /// Writes down on the original that an operation was approved.
    pub(super) fn mark(&mut self, key: &TransactionKey, by: &Transaction) {
        let Some(original) = self.transactions.get_mut(key) else { return };
        let operation = by.operation;
        match operation {
            Operation::Refund => original.refunded_minor += by.amount_minor,
            Operation::Adjustment => original.adjusted_minor += by.added_minor(),
            Operation::Completion | Operation::CompletionAdvice => original.state = State::Completed,
            _ => original.state = State::Voided,
        }
        if operation == Operation::CompletionVoid
            && let Some(held) = original.original.clone()
            && let Some(held) = self.transactions.get_mut(&held)
        {
            held.state = State::Approved;
        }
    }

    /// Whether the reversal of a transaction can be undone at its original: nothing else has happened to it since.
    pub(super) fn can_unmark(&self, reversed: &Transaction) -> bool {
        let Some(key) = &reversed.original else { return true };
        let Some(original) = self.transactions.get(key) else { return false };
        let held = original.original.as_ref().and_then(|held| self.transactions.get(held));
        match reversed.operation {
            Operation::CompletionVoid => {
                original.state == State::Voided && held.is_some_and(|held| held.state == State::Approved)
            }
            Operation::Completion | Operation::CompletionAdvice => original.state == State::Completed,
            Operation::Refund => original.refunded_minor >= reversed.amount_minor,
            Operation::Adjustment => original.state == State::Approved && original.refunded_minor == 0,
            _ => original.state == State::Voided,
        }
    }

    /// Takes off the original what [`Self::mark`] wrote.
    pub(super) fn unmark(&mut self, reversed: &Transaction) {
        let Some(original) = reversed.original.as_ref().and_then(|key| self.transactions.get_mut(key)) else { return };
        if reversed.operation == Operation::Refund {
            original.refunded_minor -= reversed.amount_minor;
            return;
        }
        if reversed.operation == Operation::Adjustment {
            original.adjusted_minor -= reversed.added_minor();
            return;
        }
        original.state = State::Approved;
        if reversed.operation == Operation::CompletionVoid
            && let Some(held) = original.original.clone()
            && let Some(held) = self.transactions.get_mut(&held)
        {
            held.state = State::Completed;
        }
    }
}
