//! Paying by a scanned code over ISO 8583 (扫码), and asking what became of it.

use crate::codec::{Message, Value};
use crate::config::Code;

use super::original::Named;
use super::transaction::{State, TransactionKey};
use super::{Bank, Handling, Verdict, format_error, private};

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
            State::Approved | State::Declined => Ok(original.verdict()),
            State::Reversed | State::Voided | State::Completed => Err(Code::known("12")),
        }
    }
}
