//! The reversal (冲正) and its matching rules (UnionPay server-side matching).

use crate::codec::Message;
use crate::config::Code;
use crate::ledger::Movement;

use super::original::Named;
use super::payment::Funds;
use super::transaction::{State, TransactionKey};
use super::{Bank, Handling, Verdict, amount_minor, format_error, private};

impl Bank {
    pub(super) fn reverse(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        self.authenticated(request, body)?;
        let (key, own) = self.original_named(request)?;
        let amount_minor = amount_minor(request)?;
        if request.text(49).ok_or_else(format_error)? != self.config.currency.as_str() {
            return Err(Code::known("A1"));
        }
        if let Handling::Refuse(code) = handling {
            return Err(code.clone());
        }
        self.match_and_book(key, own, amount_minor, request.digits(2)).map(Verdict::of)
    }

    fn match_and_book(
        &mut self,
        key: TransactionKey,
        own: TransactionKey,
        amount_minor: i64,
        card: Option<&str>,
    ) -> Result<Code, Code> {
        let codes = &self.config.reversal;
        let or = |code: &Option<Code>, default: &'static str| code.clone().unwrap_or(Code::known(default));
        let Some(original) = self.transactions.get(&key) else {
            if self.transactions.is_buried(&key) {
                return Ok(or(&codes.not_found, "00"));
            }
            if !self.config.tombstones {
                return Err(or(&codes.not_found, "25"));
            }
            let code = or(&codes.not_found, "00");
            self.transactions.bury(key);
            self.transactions.bury(own);
            return Ok(code);
        };
        if original.state == State::Declined {
            return Err(or(&codes.failed, "01"));
        }
        // A terminal may reverse a partial approval by what it asked for or by what it got.
        if ![original.asked_minor, original.amount_minor].contains(&amount_minor) {
            return Err(or(&codes.amount_differs, "64"));
        }
        // An order that nobody has paid has no card yet.
        let listed = original.card.and_then(|at| Some((at, self.config.cards.get(at)?)));
        if card.is_some_and(|card| listed.is_some_and(|(_, listed)| card != listed.pan.digits())) {
            return Err(Code::known("14"));
        }
        if original.state == State::Reversed {
            return Ok(or(&codes.already_reversed, "00"));
        }
        if original.state == State::Pending {
            self.close_scan(&key);
            return Ok(Code::approved());
        }
        if original.day != self.clock.day() {
            return Err(or(&codes.earlier_day, "25"));
        }
        // Voided, completed or refunded since: what the matching table calls an abnormal state.
        if original.state != State::Approved || !original.is_untouched() || !self.can_unmark(original) {
            return Err(Code::known("25"));
        }
        let (at, listed) = listed.ok_or(Code::known("96"))?;
        let original = original.clone();
        let back = original.transfers.iter().rev().map(|transfer| transfer.back()).collect();
        let posting = key.posting(Movement::Reversal, original.amount_minor, listed.pan.masked(), back);
        self.post(at, posting, Funds::Granted)?;
        self.unmark(&original);
        if let Some(reversed) = self.transactions.get_mut(&key) {
            reversed.state = State::Reversed;
        }
        Ok(Code::approved())
    }

    /// The original a reversal names: by DE61 where it is there (batch, trace, and a date that is not needed), else by its
    /// own trace and batch, which equal the original's and come second here. The reversal of a void may also carry the DE61 of that void, which
    /// names the sale and not the void; then its own trace counts.
    fn original_named(&self, request: &Message) -> Result<(TransactionKey, TransactionKey), Code> {
        let digits = |field| request.digits(field).ok_or_else(format_error);
        let text = |field| request.text(field).ok_or_else(format_error);
        let private = private(request)?;
        let own = (private.batch, digits(11)?);
        digits(3)?;
        digits(22)?;
        digits(25)?;
        if !matches!(text(39)?, "98" | "A0" | "96" | "06" | "08" | "17") {
            return Err(format_error());
        }
        let key = |(batch, trace)| Ok(TransactionKey::new(text(42)?, text(41)?, private.kind, batch, trace));
        let own = key(own)?;
        let Some(named) = Named::in_message(request)? else { return Ok((own.clone(), own)) };
        let named = key((named.batch, named.trace))?;
        let known = |key| self.transactions.get(key).is_some();
        Ok(if known(&own) && !known(&named) { (own.clone(), own) } else { (named, own) })
    }
}
