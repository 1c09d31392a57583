//! The card of a request: number, expiry and PIN, from the stripe, typed or by a payment code.

use crate::codec::Message;
use crate::config::Code;
use crate::crypto::pin_from_block;

use super::keys::WorkKeys;
use super::payment::Payment;
use super::{Bank, format_error};

/// Wrong PINs in a row after which a card takes no more.
const MOST_WRONG_PINS: u32 = 3;

/// Card number and, where given, expiry.
#[derive(Clone, Copy)]
pub(super) struct Card<'a> {
    pub(super) number: &'a str,
    pub(super) expiry: Option<&'a str>,
}

impl Bank {
    /// Index of the card with this number.
    pub(super) fn card_of_number(&self, number: &str) -> Option<usize> {
        self.config.cards.iter().position(|card| card.pan.digits() == number)
    }

    /// Index of the card a payment names, its expiry and PIN checked; none if it names no card.
    pub(super) fn presented(&mut self, payment: &Payment<'_>, keys: &WorkKeys) -> Result<Option<usize>, Code> {
        let Some(card) = payment.card else { return Ok(None) };
        let at = self.card_of_number(card.number).ok_or(Code::known("14"))?;
        self.check_card(at, card.expiry, payment.pin_block, keys)?;
        Ok(Some(at))
    }

    /// Expiry and PIN.
    pub(super) fn check_card(
        &mut self,
        at: usize,
        expiry: Option<&str>,
        pin_block: Option<&[u8]>,
        keys: &WorkKeys,
    ) -> Result<(), Code> {
        let month = self.clock.business_month();
        let (Some(card), Some(account)) = (self.config.cards.get(at), self.cards.get_mut(at)) else {
            return Err(Code::known("96"));
        };
        let expired = card.expiry.as_str() < month.as_str();
        if expired || expiry.is_some_and(|expiry| expiry != card.expiry.as_str()) {
            return Err(Code::known("54"));
        }
        let Some(block) = pin_block else { return Ok(()) };
        if account.wrong_pins >= MOST_WRONG_PINS {
            return Err(Code::known("75"));
        }
        let entered = pin_from_block(&keys.pin, block, card.pan.digits()).ok_or(Code::known("99"))?;
        let right = card.pin.as_ref().is_none_or(|pin| entered.is(pin.digits()));
        account.wrong_pins = if right { 0 } else { account.wrong_pins + 1 };
        if right { Ok(()) } else { Err(Code::known("55")) }
    }
}

/// Card number and expiry, from the track or from DE2 and DE14; where both are given they must agree.
pub(super) fn card(request: &Message) -> Result<Option<Card<'_>>, Code> {
    let (number, expiry) = (request.digits(2), request.digits(14));
    let Some(track) = request.digits(35) else {
        return Ok(number.map(|number| Card { number, expiry }));
    };
    let (on_track, rest) = track.split_once('D').ok_or_else(format_error)?;
    let expiry_on_track = rest.get(..4).ok_or_else(format_error)?;
    let agree = number.is_none_or(|keyed| keyed == on_track) && expiry.is_none_or(|keyed| keyed == expiry_on_track);
    if agree { Ok(Some(Card { number: on_track, expiry: Some(expiry_on_track) })) } else { Err(format_error()) }
}

/// The PIN block, where entry mode (DE22), capture length (DE26) and security control (DE53) agree that there is one
/// of format 0 with the card number.
pub(super) fn pin_block(request: &Message) -> Result<Option<&[u8]>, Code> {
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
