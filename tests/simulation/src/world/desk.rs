//! An acquirer as the network sees it: its ledger behind it, now and then down.

use std::time::Instant;

use acquirer::Bank;
use anyhow::Result;

use super::queue::{Damage, Event, Then};
use super::{Around, timeline};
use crate::ground;
use crate::script::Shape;
use crate::spent::Room;

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
}

impl Desk {
    /// With empty books.
    pub fn new(shape: &Shape, index: usize) -> Result<Desk> {
        Ok(Desk { bank: ground::bank(shape, index)?, up: Up::Yes })
    }
}

impl Around {
    /// A request reaches its acquirer, whether or not anybody still waits for the answer.
    pub fn request_arrives(&mut self, line: u64, acquirer: usize, frame: &[u8], then: Then) {
        let at_ms = self.now_ms + self.shape.latency_ms + then.late_ms;
        let desk = &mut self.desks[acquirer];
        if desk.up != Up::Yes {
            return;
        }
        let began = Instant::now();
        let answer = desk.bank.answer_under(frame, then.fault.as_ref());
        self.spent.add(Room::Acquirer, began);
        timeline!(self, "       {} {}", ground::ACQUIRERS[acquirer].0, told(frame, &answer));
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
