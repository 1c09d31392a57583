//! A card asked for: the reader's events, turned into one answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use devices::{Answer, CardEvent, CardReader, CardRequest, DeviceError, Display, Ending, Notice, PinPolicy, Screen};
use engine::CardProblem;
use engine::contract::types::Amount;
use vault::CardSession;

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

/// Asks for a card and, where it has one, for the PIN. Blocks until there is an answer.
pub(super) fn ask(
    reader: &mut dyn CardReader,
    display: &Mutex<dyn Display>,
    messages: &Messages,
    amount: Amount,
    allow_fallback: bool,
    cancel: &AtomicBool,
) -> Asked {
    let request = CardRequest { amount, pin: PinPolicy::Optional, allow_fallback, patience: PATIENCE };
    let shown = format_amount(&amount, messages.language());
    let mut show = |id: &str| {
        let line = messages.text(id, &[("amount", shown.clone().into())]);
        let mut display = display.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = display.show(&Screen { lines: vec![line] }) {
            tracing::warn!(%error, "the display does not show");
        }
    };
    show("screen-present-card");
    let asked = converse(reader, &request, &mut show, cancel).unwrap_or_else(|error| {
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
