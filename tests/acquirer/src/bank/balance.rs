//! The balance inquiry (余额查询).

use crate::codec::Message;
use crate::config::Code;

use super::card::{card, pin_block};
use super::{Bank, Handling, Verdict, format_error};

/// DE54: a current account's available balance.
const CURRENT_ACCOUNT_AVAILABLE: &str = "1002";

impl Bank {
    pub(super) fn balance(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        let keys = self.authenticated(request, body)?;
        request.digits(25).ok_or_else(format_error)?;
        if request.text(49).ok_or_else(format_error)? != self.config.currency.as_str() {
            return Err(Code::known("A1"));
        }
        let card = card(request)?.ok_or_else(format_error)?;
        handling.obey()?;
        let at = self.card_of_number(card.number).ok_or(Code::known("14"))?;
        self.check_card(at, card.expiry, pin_block(request)?, &keys)?;
        let available = self.cards.get(at).ok_or(Code::known("96"))?.available_minor;
        let sign = if available < 0 { 'D' } else { 'C' };
        let currency = self.config.currency.as_str();
        let mut verdict = Verdict::of(Code::approved());
        let amount = available.unsigned_abs();
        verdict.text(54, format!("{CURRENT_ACCOUNT_AVAILABLE}{currency}{sign}{amount:012}"));
        Ok(verdict)
    }
}
