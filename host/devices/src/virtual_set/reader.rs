use std::time::Duration;

use engine::CardVerdict;
use engine::contract::card::Entry;
use vault::{CardSession, EmvTags, Pin};

use super::chip::Inserted;
use super::{CardFault, CardProfile};
use crate::stripe::has_chip;
use crate::{Answer, CardEvent, CardReader, CardRequest, DeviceError, Ending, Finished, Notice, PinPolicy, Wanted};

/// Tries of a stripe or a chip that cannot be read before the reader gives up.
const TRIES_MAX: u8 = 3;
/// Keys a holder has pressed before giving up at the PIN pad.
const KEYS_BEFORE_GIVING_UP: u8 = 2;

/// A reader that is handed card profiles. It has no clock: a call that brings no event lets its whole wait pass.
#[derive(Default)]
pub struct VirtualReader {
    presented: Option<CardProfile>,
    /// A card whose chip could not be read in the last session: its holder swipes it where the next one allows that.
    turned: Option<CardProfile>,
    session: Option<Session>,
    /// A chip that has sent its message to the acquirer and waits for the answer.
    inserted: Option<Inserted>,
    /// Chip transactions so far: what a card counts (ATC) and the terminal with it.
    chip_transactions: u16,
}

struct Session {
    request: CardRequest,
    state: State,
    waited: Duration,
}

/// Where a session stands; the next event follows from it.
enum State {
    /// No card yet.
    Open,
    /// A card is being read for the n-th time.
    Reading { card: CardProfile, attempt: u8 },
    /// The cardholder was asked for something they do not do.
    Stranded,
    /// The stripe was read; a PIN is to be asked for.
    Read { card: CardProfile, session: CardSession },
    /// The PIN was asked for; the terminal has not yet answered.
    PinAsked { card: CardProfile, session: CardSession },
    /// The holder is typing.
    Typing { typed: Typed, session: CardSession, keys: u8 },
    /// Only this is left to tell.
    Last(Box<CardEvent>),
}

enum Typed {
    Whole(Pin, u8),
    GivesUp,
}

impl VirtualReader {
    /// A reader with no card near it.
    pub fn new() -> Self {
        VirtualReader::default()
    }

    /// Holds a card ready: the next session, or the one that waits, finds it. One card is good for one session.
    pub fn present(&mut self, card: CardProfile) {
        self.presented = Some(card);
    }
}

impl CardReader for VirtualReader {
    fn start(&mut self, request: &CardRequest) -> Result<(), DeviceError> {
        if self.session.is_some() {
            return Err(DeviceError::Busy);
        }
        self.inserted = None;
        if let Some(turned) = self.turned.take().filter(|_| request.allow_fallback) {
            self.presented.get_or_insert(turned);
        }
        self.session = Some(Session { request: request.clone(), state: State::Open, waited: Duration::ZERO });
        Ok(())
    }

    fn next(&mut self, wait: Duration) -> Result<Option<CardEvent>, DeviceError> {
        let Some(mut session) = self.session.take() else { return Ok(None) };
        let waiting = self.presented.take_if(|card| fits(card, session.request.wanted));
        let mut kernel = Kernel {
            inserted: &mut self.inserted,
            transactions: &mut self.chip_transactions,
            turned: &mut self.turned,
        };
        let (state, event) = session.state.step(&session.request, waiting, &mut kernel);
        session.state = state;
        let event = match event {
            Some(event) => {
                session.waited = Duration::ZERO;
                event
            }
            None => {
                session.waited = session.waited.saturating_add(wait);
                if session.waited < session.request.patience {
                    self.session = Some(session);
                    return Ok(None);
                }
                CardEvent::Ended(Ending::TimedOut)
            }
        };
        if !matches!(event, CardEvent::Online(_) | CardEvent::Ended(_)) {
            self.session = Some(session);
        }
        Ok(Some(event))
    }

    fn answer(&mut self, answer: Answer) -> Result<(), DeviceError> {
        match (answer, self.session.take()) {
            (Answer::Cancel, session) => {
                self.session = session.map(|session| Session { state: State::ended(Ending::Cancelled), ..session });
                Ok(())
            }
            (Answer::Pin, Some(Session { state: State::PinAsked { card, session: read }, request, .. })) => {
                let state = State::pin_pad(&card, read, request.pin);
                self.session = Some(Session { request, state, waited: Duration::ZERO });
                Ok(())
            }
            (Answer::Pin, session) => {
                self.session = session;
                Err(DeviceError::OutOfTurn { answer: "pin" })
            }
        }
    }

    fn finish(&mut self, verdict: &CardVerdict) -> Result<Finished, DeviceError> {
        let inserted = self.inserted.take().ok_or(DeviceError::OutOfTurn { answer: "finish" })?;
        Ok(inserted.finish(verdict))
    }
}

/// Where the virtual kernel keeps what outlives a session.
struct Kernel<'a> {
    inserted: &'a mut Option<Inserted>,
    transactions: &'a mut u16,
    turned: &'a mut Option<CardProfile>,
}

impl Kernel<'_> {
    /// The first GENERATE AC, where there is a chip to ask.
    fn ask(&mut self, card: &CardProfile, request: &CardRequest) -> EmvTags {
        let Some(chip) = card.chip() else { return EmvTags::new() };
        *self.transactions = self.transactions.wrapping_add(1);
        let inserted = Inserted::new(chip.clone(), request, *self.transactions);
        let tags = inserted.request_tags();
        // A card that was tapped is gone before the answer comes.
        *self.inserted = (!chip.contactless).then_some(inserted);
        tags
    }
}

/// Whether this is what was asked for.
fn fits(card: &CardProfile, wanted: Wanted) -> bool {
    (card.entry() == Entry::CodeScan) == (wanted == Wanted::Code)
}

impl State {
    /// What happens next, and where that leads.
    fn step(
        self,
        request: &CardRequest,
        presented: Option<CardProfile>,
        kernel: &mut Kernel<'_>,
    ) -> (State, Option<CardEvent>) {
        match self {
            State::Open => match presented {
                Some(card) => {
                    let detected = CardEvent::Detected(card.entry());
                    (State::Reading { card, attempt: 1 }, Some(detected))
                }
                None => (State::Open, None),
            },
            State::Reading { card, attempt } => State::read(card, attempt, request, kernel),
            State::Stranded => (State::Stranded, None),
            State::Read { card, session } => {
                let optional = request.pin == PinPolicy::Optional;
                (State::PinAsked { card, session }, Some(CardEvent::PinWanted { optional }))
            }
            State::PinAsked { .. } => (self, None),
            State::Typing { typed, session, keys } => State::type_on(typed, session, keys),
            State::Last(event) => (State::Stranded, Some(*event)),
        }
    }

    fn read(
        card: CardProfile,
        attempt: u8,
        request: &CardRequest,
        kernel: &mut Kernel<'_>,
    ) -> (State, Option<CardEvent>) {
        // A chip that cannot be read is not asked for a cryptogram.
        let read = match card.fault {
            Some(CardFault::Removed) => return (State::Stranded, Some(CardEvent::Ended(Ending::Removed))),
            Some(CardFault::Unreadable) => None,
            _ => card.read(kernel.ask(&card, request)).ok(),
        };
        let Some(session) = read else {
            if attempt < TRIES_MAX {
                return (State::Reading { card, attempt: attempt + 1 }, Some(CardEvent::Notice(Notice::TryAgain)));
            }
            *kernel.turned = card.turned();
            return (State::Stranded, Some(CardEvent::Ended(Ending::Unreadable)));
        };
        let swiped_chip = card.entry() == Entry::Stripe && has_chip(&session);
        let session = match (swiped_chip, request.allow_fallback) {
            // The holder has only the stripe to offer, so nothing more will come.
            (true, false) => return (State::Stranded, Some(CardEvent::Notice(Notice::UseChip))),
            (true, true) => session.fallen_back(),
            (false, _) => session,
        };
        match request.pin {
            _ if !card.asks_for_pin() => (State::Stranded, Some(CardEvent::Online(Box::new(session)))),
            PinPolicy::Never => (State::Stranded, Some(CardEvent::Online(Box::new(session)))),
            PinPolicy::Optional | PinPolicy::Required => State::Read { card, session }.step(request, None, kernel),
        }
    }

    /// What the holder does when the PIN pad asks.
    fn pin_pad(card: &CardProfile, session: CardSession, policy: PinPolicy) -> State {
        match (card.fault, card.typed_pin()) {
            (Some(CardFault::CancelledAtPin), _) => State::Typing { typed: Typed::GivesUp, session, keys: 0 },
            (_, Some((pin, keys))) => State::Typing { typed: Typed::Whole(pin, keys), session, keys: 0 },
            (_, None) if policy == PinPolicy::Optional => State::Last(Box::new(CardEvent::Online(Box::new(session)))),
            // Enter does nothing without a PIN, and the holder has none.
            (_, None) => State::Stranded,
        }
    }

    fn type_on(typed: Typed, session: CardSession, keys: u8) -> (State, Option<CardEvent>) {
        match typed {
            Typed::GivesUp if keys >= KEYS_BEFORE_GIVING_UP => {
                (State::Stranded, Some(CardEvent::Ended(Ending::Cancelled)))
            }
            Typed::Whole(pin, length) if keys >= length => {
                (State::Stranded, Some(CardEvent::Online(Box::new(session.with_pin(pin)))))
            }
            typed => {
                let keys = keys + 1;
                (State::Typing { typed, session, keys }, Some(CardEvent::PinKeys(keys)))
            }
        }
    }

    fn ended(ending: Ending) -> State {
        State::Last(Box::new(CardEvent::Ended(ending)))
    }
}

#[cfg(test)]
mod tests;
