//! The reversal (冲正) and its matching rules (UnionPay server-side matching).

use crate::codec::Message;
use crate::config::Code;
use crate::ledger::{Movement, Posting};

use super::{Bank, Handling, Verdict, amount_minor, format_error, private};

/// What a reversal must name to be matched: merchant, terminal, transaction type (60.1), batch and trace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OriginalKey {
    merchant: String,
    terminal: String,
    kind: String,
    batch: String,
    trace: String,
}

/// What became of a transaction, as far as reversals care.
pub(super) enum Original {
    /// Money moved.
    Approved(Paid),
    /// No money moved, and none will.
    Declined,
    /// Money moved and came back; a repetition is answered as before.
    Reversed(Paid),
    /// Never seen, but reversed: declined when it arrives.
    Tombstone,
}

/// What moved.
#[derive(Clone, Copy)]
pub(super) struct Paid {
    /// Minor units.
    pub(super) amount_minor: i64,
    /// Index of the card.
    pub(super) card: usize,
    /// Business day.
    pub(super) day: u32,
}

impl OriginalKey {
    pub(super) fn new(merchant: &str, terminal: &str, kind: &str, batch: &str, trace: &str) -> Self {
        let [merchant, terminal, kind, batch, trace] = [merchant, terminal, kind, batch, trace].map(Into::into);
        Self { merchant, terminal, kind, batch, trace }
    }
}

impl Bank {
    pub(super) fn reverse(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        self.authenticated(request, body)?;
        let key = original_named(request)?;
        let amount_minor = amount_minor(request)?;
        if request.text(49).ok_or_else(format_error)? != self.config.currency.as_str() {
            return Err(Code::known("A1"));
        }
        if let Handling::Refuse(code) = handling {
            return Err(code.clone());
        }
        let code = self.match_and_book(key, amount_minor, request.digits(2))?;
        Ok(Verdict { code, authorisation: None })
    }

    fn match_and_book(&mut self, key: OriginalKey, amount_minor: i64, card: Option<&str>) -> Result<Code, Code> {
        let codes = &self.config.reversal;
        let or = |code: &Option<Code>, default: &'static str| code.clone().unwrap_or(Code::known(default));
        let paid = match self.originals.get(&key) {
            None if self.config.tombstones => {
                let code = or(&codes.not_found, "00");
                self.originals.insert(key, Original::Tombstone);
                return Ok(code);
            }
            None => return Err(or(&codes.not_found, "25")),
            Some(Original::Tombstone) => return Ok(or(&codes.not_found, "00")),
            Some(Original::Declined) => return Err(or(&codes.failed, "01")),
            Some(Original::Reversed(paid) | Original::Approved(paid)) => *paid,
        };
        if paid.amount_minor != amount_minor {
            return Err(or(&codes.amount_differs, "64"));
        }
        let listed = self.config.cards.get(paid.card).ok_or(Code::known("96"))?;
        if card.is_some_and(|card| card != listed.pan.digits()) {
            return Err(Code::known("14"));
        }
        if matches!(self.originals.get(&key), Some(Original::Reversed(_))) {
            return Ok(or(&codes.already_reversed, "00"));
        }
        if paid.day != self.clock.day() {
            return Err(or(&codes.earlier_day, "25"));
        }
        let posting = key.posting(amount_minor, listed.pan.masked());
        self.book_back(posting, paid)?;
        self.originals.insert(key, Original::Reversed(paid));
        Ok(Code::approved())
    }

    fn book_back(&mut self, posting: Posting, paid: Paid) -> Result<(), Code> {
        let system_error = || Code::known("96");
        let account = self.cards.get_mut(paid.card).ok_or_else(system_error)?;
        let restored = account.available_minor.checked_add(paid.amount_minor).ok_or_else(system_error)?;
        self.ledger.post(posting).map_err(|_| system_error())?;
        account.available_minor = restored;
        Ok(())
    }
}

impl OriginalKey {
    fn posting(&self, amount_minor: i64, card: String) -> Posting {
        Posting {
            what: Movement::Reversal,
            terminal: self.terminal.clone(),
            merchant: self.merchant.clone(),
            batch: self.batch.clone(),
            trace: self.trace.clone(),
            amount_minor,
            card,
        }
    }
}

/// The original a reversal names: by DE61 where it is there (batch, trace, and a date that is not needed), else by its
/// own trace and batch, which equal the original's.
fn original_named(request: &Message) -> Result<OriginalKey, Code> {
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
    let (batch, trace) = match request.digits(61) {
        None => own,
        Some(original) => match (original.get(..6), original.get(6..12)) {
            (Some(batch), Some(trace)) => (batch, trace),
            _ => return Err(format_error()),
        },
    };
    Ok(OriginalKey::new(text(42)?, text(41)?, private.kind, batch, trace))
}
