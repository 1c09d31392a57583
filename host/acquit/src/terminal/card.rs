//! A card asked for: the reader's events, turned into one answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use devices::{
    Answer, CardEvent, CardReader, CardRequest, DeviceError, Display, Ending, Finished, Notice, PinPolicy, Screen,
    Wanted,
};
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
            allow_fallback: matches!(&self.configuration.devices, Devices::Virtual(devices) if devices.allow_fallback),
            patience: PATIENCE,
        };
        let profile = self.cards.remove(&transaction);
        self.runtime.spawn_blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(profile) = profile {
                reader.present(profile);
            }
            let asked = ask(&mut *reader, &*display, &messages, &request, &cancel);
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

/// Asks for a card and, where it has one, for the PIN. Blocks until there is an answer.
fn ask(
    reader: &mut dyn CardReader,
    display: &Mutex<dyn Display>,
    messages: &Messages,
    request: &CardRequest,
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
    let asked = converse(reader, request, &mut show, cancel).unwrap_or_else(|error| {
        tracing::error!(%error, "the card reader failed");
        Asked::Problem(CardProblem::Reader)
    });
    match asked {
        Asked::Card(_) => show("screen-processing"),
        Asked::Problem(_) | Asked::Cancelled => {}
    }
    asked
}

fn converse(
    reader: &mut dyn CardReader,
    request: &CardRequest,
    show: &mut dyn FnMut(&str),
    cancel: &AtomicBool,
) -> Result<Asked, DeviceError> {
    let mut must_use_chip = false;
    reader.start(request)?;
    loop {
        if cancel.swap(false, Ordering::SeqCst) {
            reader.answer(Answer::Cancel)?;
        }
        match reader.next(LOOK_EVERY)? {
            None | Some(CardEvent::Detected(_) | CardEvent::PinKeys(_)) => {}
            Some(CardEvent::Notice(Notice::UseChip)) => {
                must_use_chip = true;
                show("screen-use-chip");
            }
            Some(CardEvent::Notice(Notice::TryAgain)) => show("screen-try-again"),
            Some(CardEvent::Notice(Notice::RemoveCard)) => show("screen-remove-card"),
            Some(CardEvent::PinWanted { .. }) => {
                show("screen-enter-pin");
                reader.answer(Answer::Pin)?;
            }
            Some(CardEvent::Online(card)) => return Ok(Asked::Card(card)),
            Some(CardEvent::Ended(Ending::Cancelled)) => return Ok(Asked::Cancelled),
            Some(CardEvent::Ended(_)) if must_use_chip => return Ok(Asked::Problem(CardProblem::UseChip)),
            Some(CardEvent::Ended(Ending::Removed)) => return Ok(Asked::Problem(CardProblem::Removed)),
            Some(CardEvent::Ended(Ending::TimedOut)) => return Ok(Asked::Problem(CardProblem::TimedOut)),
            Some(CardEvent::Ended(Ending::Unreadable)) => return Ok(Asked::Problem(CardProblem::Unreadable)),
        }
    }
}
