//! Paying by a scanned code over ISO 8583 (扫码), and asking what became of that or of a shown one.

use crate::codec::{Message, Value};
use crate::config::Code;
use crate::ledger::Party::{Cardholder, Merchant};
use crate::ledger::Transfer;

use super::original::Named;
use super::payment::{Funds, Payment};
use super::transaction::{State, Transaction, TransactionKey};
use super::{Bank, Handling, Operation, Verdict, format_error, private};

/// The cardholder is being asked, or has not scanned yet.
pub(super) const IN_PROGRESS: &str = "09";

impl Bank {
    /// Index of the card behind the payment code in the field where this acquirer has it; code 14 if there is none.
    pub(super) fn scanned(&self, request: &Message) -> Result<Option<usize>, Code> {
        let field = self.config.scan_to_pay.field;
        let code = match request.get(field).ok_or_else(format_error)? {
            Value::Text(text) => text.as_str(),
            Value::Binary(bytes) => std::str::from_utf8(bytes).map_err(|_| format_error())?,
            Value::Digits(_) => return Err(format_error()),
        };
        let wallets = &self.config.wallets;
        let wallet = wallets.iter().find(|wallet| wallet.code.digits() == code).ok_or(Code::known("14"))?;
        Ok(self.card_of_number(wallet.card.digits()))
    }

    /// The code the payment named in DE61 was answered with, with its DE37 and DE38; 12 once it was taken back, 25 if it
    /// is not known.
    pub(super) fn scan_inquiry(
        &mut self,
        request: &Message,
        body: &[u8],
        handling: &Handling,
    ) -> Result<Verdict, Code> {
        self.authenticated(request, body)?;
        let named = Named::in_message(request)?.ok_or_else(format_error)?;
        let text = |field| request.text(field).ok_or_else(format_error);
        let kind = private(request)?.kind;
        let key = TransactionKey::new(text(42)?, text(41)?, kind, named.batch, named.trace);
        handling.obey()?;
        let original = self.transactions.get(&key).ok_or(Code::known("25"))?;
        match original.state {
            State::Approved | State::Declined | State::Pending => Ok(original.verdict()),
            State::Reversed | State::Voided | State::Completed => Err(Code::known("12")),
        }
    }

    /// What is remembered of a scanned payment decided by code 09: it waits for the cardholder.
    pub(super) fn pending_scan(&self, payment: &Payment<'_>, code: &Code) -> Result<Option<Transaction>, Code> {
        if payment.operation != Operation::ScanToPay || *code != Code::known(IN_PROGRESS) {
            return Ok(None);
        }
        let amount_minor = payment.amount_minor;
        Ok(Some(Transaction {
            state: State::Pending,
            amount_minor,
            card: self.scanned(payment.message)?,
            transfers: vec![Transfer::new(Cardholder, Merchant, amount_minor)],
            ..self.declined(payment, code.clone())
        }))
    }

    /// What the cardholder answers to a payment that waits, scanned or ordered: it is paid with code 00, and refused with any other. None if
    /// no such payment waits; otherwise the code it ends with, which is 51 if the card has not enough.
    pub fn finish_scan(&mut self, terminal: &str, batch: &str, trace: &str, code: Code) -> Option<Code> {
        let merchant = &self.terminals.get(terminal)?.merchant;
        let kind = self.config.scan_to_pay.kind.as_str();
        let key = TransactionKey::new(merchant, terminal, kind, batch, trace);
        let waiting = self.transactions.get(&key).filter(|waiting| waiting.state == State::Pending)?.clone();
        let paid = if code == Code::approved() {
            let (card, what) = (waiting.card?, waiting.operation.movement()?);
            let masked = self.config.cards.get(card)?.pan.masked();
            let posting = key.posting(what, waiting.amount_minor, masked, waiting.transfers.clone());
            self.post(card, posting, Funds::Needed)
        } else {
            Err(code)
        };
        let finished = match paid {
            Ok(()) => {
                let authorisation = waiting.reference.get(6..).map(str::to_owned);
                Transaction { state: State::Approved, code: Code::approved(), authorisation, ..waiting }
            }
            Err(code) => {
                Transaction { state: State::Declined, code, amount_minor: 0, transfers: Vec::new(), ..waiting }
            }
        };
        let code = finished.code.clone();
        self.transactions.insert(key, finished);
        Some(code)
    }

    /// A payment that waits will not be paid any more.
    pub(super) fn close_scan(&mut self, key: &TransactionKey) {
        if let Some(waiting) = self.transactions.get_mut(key) {
            waiting.state = State::Reversed;
        }
    }
}
