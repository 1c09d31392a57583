//! How a transaction can end, and why nothing was sent or nobody knows.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

use serde::{Deserialize, Serialize};

use super::Incident;
use crate::contract::acquirer::{Approved, Declined, Verdict};
use crate::contract::retry_policy::Failure;
use crate::contract::transaction::Totals;
use crate::contract::types::Name;
use crate::identity::TransactionId;

/// How a transaction ended, as far as the terminal knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Approved(Approved),
    /// The acquirer said no, and proved it.
    Declined(Declined),
    /// Nothing that moves money can have left the terminal.
    NotSent(NotSent),
    /// Money may have moved. Never shown as declined.
    Unknown(Doubt),
    /// A sign-in or another errand was done.
    Done,
    /// An errand came to nothing; no money was concerned.
    Failed(NotSent),
    /// A batch was closed with the acquirer.
    Settled(Settlement),
}

/// A batch that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The terminal's own number of it; the acquirer's is the plugin's to keep.
    pub batch: u32,
    /// Whether the acquirer's books agreed before anything was uploaded.
    pub balanced: bool,
    /// What the terminal's books said, frozen when the settlement began.
    pub totals: Vec<Totals>,
    /// The acquirer's verdict on each group.
    pub groups: Vec<(Name, Verdict)>,
    /// Transactions that were uploaded.
    pub uploaded: u32,
    /// Refused debts that go on into the next batch, by name.
    pub carried: Vec<TransactionId>,
    /// Unmatched debts that a balanced settlement closed, by name.
    pub closed: Vec<TransactionId>,
}

/// Why nothing was sent, or an errand failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotSent {
    /// The card was not read.
    Card(CardProblem),
    /// The cashier or the cardholder stopped in time.
    Cancelled,
    /// Earlier debts of this acquirer could not be delivered first.
    DebtsOwed { unheard: u32, refused: u32 },
    /// The acquirer cannot be reached.
    Unreachable(Failure),
    /// The plugin failed, or asked for what is not allowed.
    Plugin(Incident),
    /// The vault would not render the message.
    Template(String),
    /// The journal cannot be written, or cannot be read.
    Storage(String),
    /// There are no checked work keys.
    NotSignedIn,
    /// The acquirer refused the errand.
    Refused(Declined),
    /// A downloaded key did not match its check value; all keys of that download were dropped.
    BadCheckValue(String),
    /// Too many answers in a row could not prove themselves.
    Suspended,
    /// The amount is zero or above the ceiling.
    Amount,
    /// The terminal stopped before it was done.
    Interrupted,
    /// This acquirer does not do that.
    Unsupported,
    /// Nobody knows the transaction it refers to.
    OriginalUnknown,
    /// That transaction cannot be followed like this.
    OriginalNotFit(Unfit),
    /// It has been done already.
    AlreadyDone,
    /// Another card than the one that paid.
    OtherCard,
    /// More than is left of the original, or than its ceiling allows.
    TooMuch,
    /// A batch is being closed, and that comes first.
    Settling,
    /// The running sums and an independent count of the batch differ: nothing is settled before somebody has looked.
    BooksDiffer,
    /// There is nothing in the batch to settle.
    NothingToSettle,
}

/// Why a transaction cannot be followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unfit {
    /// Nothing like this may follow that kind.
    Kind,
    /// It was not approved.
    NotApproved,
    /// Its batch is closed.
    OtherBatch,
    /// What became of it, or of what followed it, is not known yet.
    Unresolved,
    /// It was made at another acquirer.
    OtherAcquirer,
    /// What was typed is not what this acquirer needs.
    Typed,
}

/// What a card reader reports when there is no card to pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardProblem {
    /// Nobody presented one in time.
    TimedOut,
    /// It could not be read.
    Unreadable,
    /// It was taken away.
    Removed,
    /// It has a chip, and the chip must be used.
    UseChip,
    /// The reader does not work.
    Reader,
    /// The card data that was kept is not there any more.
    Gone,
    /// The reader is busy with the card of another payment.
    Busy,
}

/// Why the outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// No answer, or a broken one.
    Unheard(Failure),
    /// An answer came and did not prove itself.
    Unproven,
    /// The acquirer itself does not know.
    Acquirer { code: String },
    /// The plugin failed after the message left, or said what it may not say.
    Plugin(Incident),
    /// Approved for another amount than was asked.
    OtherAmount { approved_minor: u64 },
    /// The terminal stopped between sending and concluding.
    Interrupted,
    /// What the acquirer answered could not be written down.
    Storage,
    /// The acquirer approved and the card refused.
    CardRefused,
    /// The cashier stopped waiting.
    StoppedWaiting,
}

impl Outcome {
    /// Whether the terminal stopped in the middle of it.
    pub fn was_interrupted(&self) -> bool {
        matches!(
            self,
            Outcome::Unknown(Doubt::Interrupted)
                | Outcome::NotSent(NotSent::Interrupted)
                | Outcome::Failed(NotSent::Interrupted)
        )
    }
}
