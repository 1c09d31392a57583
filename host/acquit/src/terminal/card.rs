//! A card asked for: the reader's events, turned into one answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use devices::{
    Answer, CardEvent, CardReader, CardRequest, DeviceError, Display, Ending, Finished, Notice, PinPolicy, Screen,
    Wanted,
};
use engine::contract::card::Entry;
use engine::contract::transaction::OperationKind;
use engine::contract::types::Amount;
use engine::{CardFinish, CardProblem, CardVerdict, Input, OperationId, TransactionId};
use vault::{CardSession, EmvTags};

use super::{Event, Service, Terminal};
use crate::config::Devices;
use crate::messages::{Messages, format_amount};

/// How long a cardholder may take between two steps.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a waiting reader looks whether somebody cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How a request for a card ended.
pub enum Asked {
    Card(Box<CardSession>),
    Problem(CardProblem),
    Cancelled,
}

/// Whose last word a card is asked for.
pub struct Finishing {
    /// What its data is sealed to.
    pub transaction: TransactionId,
    /// Tags that later messages may need.
    pub keeps: Vec<u32>,
}

impl Terminal {
    pub(super) fn ask_card(
        &mut self,
        operation: OperationId,
        transaction: TransactionId,
        amount: Amount,
        kind: OperationKind,
    ) {
        let (reader, display) = (Arc::clone(&self.reader), Arc::clone(&self.display));
        let (messages, inbox, epoch) = (Arc::clone(&self.messages), self.inbox.clone(), self.epoch);
        let cancel = Arc::new(AtomicBool::new(false));
        self.at_reader = Some((transaction.clone(), Arc::clone(&cancel)));
        let request = CardRequest {
            amount,
            wanted: if kind == OperationKind::ScanToPay { Wanted::Code } else { Wanted::Card },
            at: self.clock.now().wall.local(),
            pin: PinPolicy::Optional,
            allow_fallback: false,
            patience: PATIENCE,
        };
        let fallback = matches!(&self.configuration.devices, Devices::Virtual(devices) if devices.allow_fallback);
        let profile = self.cards.remove(&transaction);
        self.runtime.spawn_blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(profile) = profile {
                reader.present(profile);
            }
            let asked = ask(&mut *reader, &*display, &messages, &request, fallback, &cancel);
            let _ = inbox.send(Event::Card(epoch, operation, asked));
        });
    }

    pub(super) fn card_asked(&mut self, operation: OperationId, asked: Asked) {
        let answer = match asked {
            // Cancelled meanwhile: the card is wiped.
            Asked::Card(_) if !self.runs(operation) => return,
            Asked::Card(card) => {
                let presented = card.presented();
                let Some(session) = self.session(operation) else { return };
                session.known_cards = vec![presented.clone()];
                session.card = Some(*card);
                engine::Answer::Card(Ok(presented))
            }
            Asked::Problem(problem) => engine::Answer::Card(Err(problem)),
            Asked::Cancelled => engine::Answer::Cancelled,
        };
        self.feed(Input::Answer { operation, answer });
    }

    /// Lets the inserted chip speak, beside the loop: it may take a second.
    pub(super) fn finish_card(&mut self, operation: OperationId, finishing: Finishing, verdict: CardVerdict) {
        let (reader, inbox, epoch) = (Arc::clone(&self.reader), self.inbox.clone(), self.epoch);
        self.runtime.spawn_blocking(move || {
            let finished = reader.lock().unwrap_or_else(PoisonError::into_inner).finish(&verdict);
            let _ = inbox.send(Event::Finished(epoch, operation, finishing, finished));
        });
    }

    /// Takes in what the chip made of it, and seals what later messages may need before anybody can owe them.
    pub(super) fn card_finished(
        &mut self,
        operation: OperationId,
        finishing: &Finishing,
        finished: Result<Finished, DeviceError>,
    ) {
        let result = match finished {
            Ok(Finished::Done { accepted, scripts, tags }) => {
                self.seal_finished(operation, finishing, tags).map(|sealed| CardFinish { accepted, scripts, sealed })
            }
            Ok(Finished::Gone) => Err(CardProblem::Removed),
            Err(error) => {
                tracing::error!(%error, "the card had no last word");
                Err(CardProblem::Reader)
            }
        };
        self.feed(Input::Answer { operation, answer: engine::Answer::CardFinished(result) });
    }

    fn seal_finished(
        &mut self,
        operation: OperationId,
        finishing: &Finishing,
        tags: EmvTags,
    ) -> Result<Option<Vec<u8>>, CardProblem> {
        let Service::In(running) = &mut self.service else { return Err(CardProblem::Reader) };
        let card = running.sessions.get_mut(&operation).and_then(|session| session.card.as_mut());
        let Some(card) = card else { return Ok(None) };
        card.update_chip(tags);
        let sealed = self.vault.reseal(card, &finishing.keeps, finishing.transaction.as_str().as_bytes());
        sealed.map(|sealed| Some(sealed.into())).map_err(|error| {
            tracing::error!(%error, "the card could not be sealed as it stands");
            CardProblem::Reader
        })
    }
}

/// Asks for a card and, where it has one, for the PIN; where `fallback` allows it, for the stripe of a card whose chip
/// cannot be read. Blocks until there is an answer.
fn ask(
    reader: &mut dyn CardReader,
    display: &Mutex<dyn Display>,
    messages: &Messages,
    request: &CardRequest,
    fallback: bool,
    cancel: &AtomicBool,
) -> Asked {
    let shown = format_amount(&request.amount, messages.language());
    let mut show = |id: &str| {
        let line = messages.text(id, &[("amount", shown.clone().into())]);
        let mut display = display.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = display.show(&Screen { lines: vec![line] }) {
            tracing::warn!(%error, "the display does not show");
        }
    };
    show(if request.wanted == Wanted::Code { "screen-present-code" } else { "screen-present-card" });
    let asked = present(reader, request, fallback, &mut show, cancel).unwrap_or_else(|error| {
        tracing::error!(%error, "the card reader failed");
        Asked::Problem(CardProblem::Reader)
    });
    match asked {
        Asked::Card(_) => show("screen-processing"),
        Asked::Problem(_) | Asked::Cancelled => {}
    }
    asked
}

/// One session of the reader, and a second one for the stripe where the chip failed in the first: a stripe is taken of
/// a chip card only after that, never because somebody swiped it first.
fn present(
    reader: &mut dyn CardReader,
    request: &CardRequest,
    fallback: bool,
    show: &mut dyn FnMut(&str),
    cancel: &AtomicBool,
) -> Result<Asked, DeviceError> {
    match converse(reader, request, show, cancel)? {
        Conversed::ChipFailed if fallback => {
            tracing::warn!("a chip could not be read; its stripe is asked for");
            show("screen-swipe-instead");
            let request = CardRequest { allow_fallback: true, ..request.clone() };
            Ok(converse(reader, &request, show, cancel)?.into())
        }
        conversed => Ok(conversed.into()),
    }
}

/// How one session of the reader ended.
enum Conversed {
    Asked(Asked),
    /// An inserted chip could not be read, however often.
    ChipFailed,
}

impl From<Conversed> for Asked {
    fn from(conversed: Conversed) -> Self {
        match conversed {
            Conversed::Asked(asked) => asked,
            Conversed::ChipFailed => Asked::Problem(CardProblem::Unreadable),
        }
    }
}

fn converse(
    reader: &mut dyn CardReader,
    request: &CardRequest,
    show: &mut dyn FnMut(&str),
    cancel: &AtomicBool,
) -> Result<Conversed, DeviceError> {
    let mut must_use_chip = false;
    let mut inserted = false;
    reader.start(request)?;
    loop {
        if cancel.swap(false, Ordering::SeqCst) {
            reader.answer(Answer::Cancel)?;
        }
        let asked = match reader.next(LOOK_EVERY)? {
            None | Some(CardEvent::PinKeys(_)) => continue,
            Some(CardEvent::Detected(entry)) => {
                inserted = entry == Entry::ContactChip;
                // Who was sent to the chip has gone there.
                must_use_chip &= !inserted;
                continue;
            }
            Some(CardEvent::Notice(notice)) => {
                must_use_chip |= notice == Notice::UseChip;
                show(text_of(notice));
                continue;
            }
            Some(CardEvent::PinWanted { .. }) => {
                show("screen-enter-pin");
                reader.answer(Answer::Pin)?;
                continue;
            }
            Some(CardEvent::Online(card)) => Asked::Card(card),
            Some(CardEvent::Ended(Ending::Cancelled)) => Asked::Cancelled,
            Some(CardEvent::Ended(Ending::Unreadable)) if inserted => return Ok(Conversed::ChipFailed),
            Some(CardEvent::Ended(_)) if must_use_chip => Asked::Problem(CardProblem::UseChip),
            Some(CardEvent::Ended(Ending::Removed)) => Asked::Problem(CardProblem::Removed),
            Some(CardEvent::Ended(Ending::TimedOut)) => Asked::Problem(CardProblem::TimedOut),
            Some(CardEvent::Ended(Ending::Unreadable)) => Asked::Problem(CardProblem::Unreadable),
        };
        return Ok(Conversed::Asked(asked));
    }
}

fn text_of(notice: Notice) -> &'static str {
    match notice {
        Notice::UseChip => "screen-use-chip",
        Notice::TryAgain => "screen-try-again",
        Notice::RemoveCard => "screen-remove-card",
    }
}

#[cfg(test)]
mod tests;
