use std::time::Duration;

use engine::CardVerdict;
use engine::contract::card::Entry;
use engine::contract::types::{Amount, LocalTime};
use vault::{CardSession, EmvTags};

use crate::DeviceError;

/// A card reader and its PIN pad, as one session: from the first prompt to the card's data, or to why there is none.
pub trait CardReader: Send {
    /// Begins a session.
    ///
    /// # Errors
    ///
    /// Another session is running, or the reader is broken.
    fn start(&mut self, request: &CardRequest) -> Result<(), DeviceError>;

    /// What happened next; none where nothing did within `wait`. Events come in the order in which they happened, and
    /// [`CardEvent::Online`] and [`CardEvent::Ended`] are the last of a session.
    ///
    /// # Errors
    ///
    /// The reader is broken.
    fn next(&mut self, wait: Duration) -> Result<Option<CardEvent>, DeviceError>;

    /// Answers the question asked last. [`Answer::Cancel`] is legal in every state, also where no session runs.
    ///
    /// # Errors
    ///
    /// Nothing was asked that this answers, or the reader is broken. The session goes on as if nothing had been said.
    fn answer(&mut self, answer: Answer) -> Result<(), DeviceError>;

    /// Lets the inserted card have its last word (EMV Book 3, 10.10 and 10.11): EXTERNAL AUTHENTICATE, issuer scripts and
    /// the second GENERATE AC. Ends what [`CardEvent::Online`] left open; there is no second time.
    ///
    /// # Errors
    ///
    /// No chip waits for it, or the reader is broken.
    fn finish(&mut self, verdict: &CardVerdict) -> Result<Finished, DeviceError>;
}

/// A card's last word.
#[derive(Debug)]
pub enum Finished {
    /// It approved or refused.
    Done {
        /// It gave a transaction certificate.
        accepted: bool,
        /// It was given issuer scripts; what came of them is among the tags (DF31).
        scripts: bool,
        /// The kernel's data objects that changed.
        tags: EmvTags,
    },
    /// It was taken away before.
    Gone,
}

/// What may be presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A card, in whatever way it can be read.
    Card,
    /// A code on the customer's telephone.
    Code,
}

/// What a card is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRequest {
    /// A card, or a code.
    pub wanted: Wanted,
    /// The terminal's time, which a chip signs.
    pub at: LocalTime,
    /// What is to be paid, for the PIN pad's own screen and for a chip.
    pub amount: Amount,
    /// Whether a PIN is asked for.
    pub pin: PinPolicy,
    /// Its chip could not be read just now, and the terminal allows it: the stripe of a chip card will do, and the
    /// session of the vault says that it fell back.
    pub allow_fallback: bool,
    /// How long the cardholder may take between two steps; the session then ends by itself.
    pub patience: Duration,
}

/// Whether a PIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinPolicy {
    /// It is not.
    Never,
    /// It is, and the cardholder may go on without one.
    Optional,
    /// It is, and nothing goes on without one.
    Required,
}

/// What a reader tells.
#[derive(Debug)]
pub enum CardEvent {
    /// A card came near.
    Detected(Entry),
    /// Something the cardholder should be shown; the session goes on.
    Notice(Notice),
    /// A PIN is wanted: answer with [`Answer::Pin`].
    PinWanted {
        /// The cardholder may go on without one.
        optional: bool,
    },
    /// The PIN pad now holds so many digits. Which ones, it never tells.
    PinKeys(u8),
    /// Everything a message to the acquirer needs is in this session of the vault. Ends a session with a stripe.
    Online(Box<CardSession>),
    /// There will be no card data.
    Ended(Ending),
}

/// What the cardholder should be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The card has a chip: insert it.
    UseChip,
    /// The card could not be read: once more.
    TryAgain,
    /// Take the card.
    RemoveCard,
}

/// Why there is no card data. None of these is an error, and none of them costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the cashier, or by the cardholder at the PIN pad.
    Cancelled,
    /// The card was taken away too early.
    Removed,
    /// Nobody did anything for too long.
    TimedOut,
    /// No try gave anything that could be read.
    Unreadable,
}

/// What a reader is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The PIN prompt is on the screen: take the PIN.
    Pin,
    /// End the session.
    Cancel,
}
