//! The sale (消费): card, PIN, decision table, balance, then the books.

use crate::codec::Message;
use crate::config::{CardConfig, Code};
use crate::crypto::pin_from_block;
use crate::ledger::{Movement, Posting};

use super::keys::WorkKeys;
use super::reversal::{Original, OriginalKey, Paid};
use super::{Bank, Handling, Verdict, amount_minor, format_error, private};

/// Wrong PINs in a row after which a card takes no more.
const MOST_WRONG_PINS: u32 = 3;
/// 60.1 of a sale.
const SALE_KIND: &str = "22";
/// DE3 of a sale.
const SALE_PROCESSING_CODE: &str = "000000";

/// What a sale asks for.
struct Sale<'a> {
    terminal: &'a str,
    merchant: &'a str,
    batch: &'a str,
    trace: &'a str,
    amount_minor: i64,
    card_number: &'a str,
    expiry: Option<&'a str>,
    pin_block: Option<&'a [u8]>,
}

impl Bank {
    pub(super) fn sale(&mut self, request: &Message, body: &[u8], handling: &Handling) -> Result<Verdict, Code> {
        let keys = self.authenticated(request, body)?;
        let sale = Sale::parse(request, self.config.currency.as_str())?;
        if self.known_terminal(request)?.batch != sale.batch {
            return Err(Code::known("77"));
        }
        let key = OriginalKey::new(sale.merchant, sale.terminal, SALE_KIND, sale.batch, sale.trace);
        match self.originals.get(&key) {
            Some(Original::Tombstone) => return Err(Code::known("12")),
            Some(_) => return Err(Code::known("94")),
            None => {}
        }
        let decided = match handling {
            Handling::Refuse(code) => Err(code.clone()),
            Handling::Decide | Handling::AnswerWith(_) => self.decide_and_book(&sale, &keys),
        };
        match decided {
            Ok(paid) => {
                self.originals.insert(key, Original::Approved(paid));
                Ok(Verdict {
                    code: Code::approved(),
                    authorisation: Some(format!("{:06}", self.references % 1_000_000)),
                })
            }
            Err(code) => {
                if !code.leaves_open() {
                    self.originals.insert(key, Original::Declined);
                }
                Err(code)
            }
        }
    }

    fn decide_and_book(&mut self, sale: &Sale<'_>, keys: &WorkKeys) -> Result<Paid, Code> {
        let found = self.config.cards.iter().position(|card| card.pan.digits() == sale.card_number);
        let at = found.ok_or(Code::known("14"))?;
        self.check_card(at, sale, keys)?;
        if let Some(decision) = self.config.decisions.iter().find(|d| d.amount_minor == sale.amount_minor) {
            return Err(decision.code.clone());
        }
        let system_error = || Code::known("96");
        let card = self.config.cards.get(at).ok_or_else(system_error)?;
        let account = self.cards.get_mut(at).ok_or_else(system_error)?;
        let left = account.available_minor.checked_sub(sale.amount_minor).filter(|left| *left >= 0);
        let left = left.ok_or(Code::known("51"))?;
        self.ledger.post(sale.posting(card)).map_err(|_| system_error())?;
        account.available_minor = left;
        Ok(Paid { amount_minor: sale.amount_minor, card: at, day: self.clock.day() })
    }

    /// Expiry and PIN.
    fn check_card(&mut self, at: usize, sale: &Sale<'_>, keys: &WorkKeys) -> Result<(), Code> {
        let month = self.clock.business_month();
        let (Some(card), Some(account)) = (self.config.cards.get(at), self.cards.get_mut(at)) else {
            return Err(Code::known("96"));
        };
        let expired = card.expiry.as_str() < month.as_str();
        if expired || sale.expiry.is_some_and(|expiry| expiry != card.expiry.as_str()) {
            return Err(Code::known("54"));
        }
        let Some(block) = sale.pin_block else { return Ok(()) };
        if account.wrong_pins >= MOST_WRONG_PINS {
            return Err(Code::known("75"));
        }
        let entered = pin_from_block(&keys.pin, block, card.pan.digits()).ok_or(Code::known("99"))?;
        let right = card.pin.as_ref().is_none_or(|pin| entered.is(pin.digits()));
        account.wrong_pins = if right { 0 } else { account.wrong_pins + 1 };
        if right { Ok(()) } else { Err(Code::known("55")) }
    }
}

impl<'a> Sale<'a> {
    fn parse(request: &'a Message, currency: &str) -> Result<Self, Code> {
        let digits = |field| request.digits(field).ok_or_else(format_error);
        let text = |field| request.text(field).ok_or_else(format_error);
        let private = private(request)?;
        if digits(3)? != SALE_PROCESSING_CODE || private.kind != SALE_KIND {
            return Err(Code::known("40"));
        }
        digits(25)?;
        if text(49)? != currency {
            return Err(Code::known("A1"));
        }
        let amount_minor = amount_minor(request)?;
        if amount_minor == 0 {
            return Err(Code::known("13"));
        }
        let (card_number, expiry) = card(request)?;
        Ok(Self {
            terminal: text(41)?,
            merchant: text(42)?,
            batch: private.batch,
            trace: digits(11)?,
            amount_minor,
            card_number,
            expiry,
            pin_block: pin_block(request)?,
        })
    }

    fn posting(&self, card: &CardConfig) -> Posting {
        Posting {
            what: Movement::Sale,
            terminal: self.terminal.into(),
            merchant: self.merchant.into(),
            batch: self.batch.into(),
            trace: self.trace.into(),
            amount_minor: self.amount_minor,
            card: card.pan.masked(),
        }
    }
}

/// Card number and expiry, from the track or from DE2 and DE14; where both are given they must agree.
fn card(request: &Message) -> Result<(&str, Option<&str>), Code> {
    let keyed = (request.digits(2), request.digits(14));
    let Some(track) = request.digits(35) else {
        return Ok((keyed.0.ok_or_else(format_error)?, keyed.1));
    };
    let (number, rest) = track.split_once('D').ok_or_else(format_error)?;
    let expiry = rest.get(..4).ok_or_else(format_error)?;
    let agree = keyed.0.is_none_or(|keyed| keyed == number) && keyed.1.is_none_or(|keyed| keyed == expiry);
    if agree { Ok((number, Some(expiry))) } else { Err(format_error()) }
}

/// The PIN block, where entry mode (DE22), capture length (DE26) and security control (DE53) agree that there is one
/// of format 0 with the card number.
fn pin_block(request: &Message) -> Result<Option<&[u8]>, Code> {
    let entry_mode = request.digits(22).ok_or_else(format_error)?;
    let block = request.binary(52);
    let with_card_number = request.digits(53).is_some_and(|control| control.starts_with('2'));
    match (block, entry_mode.ends_with('1')) {
        (None, false) => Ok(None),
        (Some(block), true) if with_card_number && request.get(26).is_some() => Ok(Some(block)),
        (Some(_), true) => Err(Code::known("99")),
        (None, true) | (Some(_), false) => Err(format_error()),
    }
}
