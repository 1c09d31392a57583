//! An acquirer as the network sees it: its ledger behind it, now and then down.

use std::time::Instant;

use acquirer::Bank;
use acquirer::bank::{Listed, State};
use anyhow::Result;

use super::queue::{Damage, Event, Then};
use super::{Around, timeline};
use crate::cards;
use crate::ground;
use crate::script::Shape;
use crate::spent::Room;

/// DE3 of a payment, and of the question what became of a scanned one.
const PAYS: &str = "000000";
const ASKS: &str = "310000";
/// How DE22 begins where a code was scanned.
const SCANNED: &str = "03";
/// How long a customer takes: while the terminal asks, and when it has long stopped. Milliseconds.
const CUSTOMER_MS: [u64; 3] = [3_000, 20_000, 200_000];

/// What an acquirer that is down does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// It is not down.
    Yes,
    /// It takes no connection.
    Refuses,
    /// It takes connections and nothing more.
    Silent,
}

/// An acquirer.
pub struct Desk {
    /// Its books.
    pub bank: Bank,
    /// Whether it is there.
    pub up: Up,
    /// Whether its first route leads to it.
    pub first_route: Up,
}

impl Desk {
    /// With empty books.
    pub fn new(shape: &Shape, index: usize) -> Result<Desk> {
        Ok(Desk { bank: ground::bank(shape, index)?, up: Up::Yes, first_route: Up::Yes })
    }

    /// Whether it is there at the end of this route.
    pub fn up_on(&self, route: usize) -> Up {
        if self.up == Up::Yes && route == 0 { self.first_route } else { self.up }
    }
}

impl Around {
    /// A request reaches its acquirer, whether or not anybody still waits for the answer.
    pub fn request_arrives(&mut self, line: u64, (acquirer, route): (usize, usize), frame: &[u8], then: Then) {
        let at_ms = self.now_ms + self.shape.latency_ms + then.late_ms;
        let desk = &mut self.desks[acquirer];
        if desk.up_on(route) != Up::Yes {
            return;
        }
        let fault = then.fault.as_ref().filter(|fault| !is_lie(frame, fault));
        let began = Instant::now();
        let answer = desk.bank.answer_under(frame, fault);
        self.spent.add(Room::Acquirer, began);
        timeline!(self, "       {} {}", ground::ACQUIRERS[acquirer].0, told(frame, &answer));
        self.asks_customer(acquirer, frame);
        let Ok(Some(mut answer)) = answer else {
            return self.queue.at(at_ms, Event::Closed { line });
        };
        match then.damage {
            Damage::Lost => return,
            Damage::Half => return self.queue.at(at_ms, Event::Closed { line }),
            Damage::Garbled(byte) => garble(&mut answer, byte),
            Damage::Forged => answer = forged(&answer).unwrap_or(answer),
            Damage::None | Damage::Twice => {}
        }
        let heard = if then.damage == Damage::Twice { Vec::new() } else { answer };
        self.queue.at(at_ms, Event::Reply { line, frame: heard });
    }
}

impl Around {
    /// Of a scanned payment that waits, the customer decides after a while.
    fn asks_customer(&mut self, acquirer: usize, frame: &[u8]) {
        let Ok(frame) = acquirer::codec::Frame::decode(frame) else { return };
        let message = &frame.message;
        let (Some(terminal), Some(trace), Some(private)) = (message.text(41), message.digits(11), message.digits(60))
        else {
            return;
        };
        let Some(batch) = private.get(2..8).filter(|_| is_scanned(message)) else { return };
        let waits = |listed: &Listed| listed.trace == trace && listed.state == State::Pending;
        if !self.desks[acquirer].bank.transactions(Some(terminal), Some(batch)).iter().any(waits) {
            return;
        }
        let mut dice = self.source.dice_at(acquirer, "customer", trace.parse().unwrap_or_default());
        let after_ms = CUSTOMER_MS[dice.below(CUSTOMER_MS.len())];
        let pays = !dice.one_in(4);
        let payment = [terminal, batch, trace].map(str::to_owned);
        self.queue.at(self.now_ms + after_ms, Event::CustomerAnswers { acquirer, payment, pays });
    }

    /// A customer scans the code a terminal shows, and pays; what is paid or closed already is not paid again.
    pub fn customer_scans(&mut self, acquirer: usize, code: &str) {
        let (telephone, _) = cards::wallet();
        let ended = self.desks[acquirer].bank.pay_code(code, telephone);
        timeline!(self, "       the customer scans {code}: {ended:?}");
    }

    /// A customer pays by telephone, or does not.
    pub fn customer_answers(&mut self, acquirer: usize, payment: &[String; 3], pays: bool) -> Result<()> {
        let [terminal, batch, trace] = payment;
        let code = if pays { "00" } else { "51" }.parse()?;
        let ended = self.desks[acquirer].bank.finish_scan(terminal, batch, trace, code);
        timeline!(self, "       the customer answers about trace {trace}: {ended:?}");
        Ok(())
    }
}

fn is_scanned(message: &acquirer::codec::Message) -> bool {
    message.digits(3) == Some(PAYS) && message.digits(22).is_some_and(|entry| entry.starts_with(SCANNED))
}

/// An acquirer that declines to say what became of a payment does not say that it declined the payment: that would be
/// no refusal but a lie, and nothing could be held against it.
fn is_lie(frame: &[u8], fault: &acquirer::Fault) -> bool {
    let Ok(frame) = acquirer::codec::Frame::decode(frame) else { return false };
    let asks = frame.message.digits(3) == Some(ASKS) && frame.message.mti.first() == acquirer::Mti::SALE;
    asks && matches!(fault, acquirer::Fault::RefuseCode { code } | acquirer::Fault::AnswerCode { code } if !code.leaves_open() && code.as_str() != "25")
}

/// The same answer with code 00, under the MAC it had.
fn forged(answer: &[u8]) -> Option<Vec<u8>> {
    let mut frame = acquirer::codec::Frame::decode(answer).ok()?;
    frame.message.set_text(39, "00");
    frame.encode().ok()
}

/// Changes one byte.
pub fn garble(frame: &mut [u8], byte: u32) {
    let length = frame.len().max(1);
    if let Some(byte) = frame.get_mut(byte as usize % length) {
        *byte ^= 0x11;
    }
}

fn told(frame: &[u8], answer: &Result<Option<Vec<u8>>, acquirer::bank::Unanswerable>) -> String {
    let asked = shown(frame);
    match answer {
        Ok(Some(answer)) => format!("{asked} -> {}", shown(answer)),
        Ok(None) => format!("{asked} -> dropped"),
        Err(error) => format!("{asked} -> {error}"),
    }
}

/// A frame in a few words.
pub fn shown(frame: &[u8]) -> String {
    match acquirer::codec::Frame::decode(frame) {
        Ok(frame) => {
            let message = &frame.message;
            let field = |number| message.digits(number).unwrap_or("-").to_owned();
            let code = message.text(39).map(|code| format!(" code {code}")).unwrap_or_default();
            format!("{} trace {} amount {}{code}", message.mti, field(11), field(4))
        }
        Err(error) => format!("unreadable ({error})"),
    }
}
