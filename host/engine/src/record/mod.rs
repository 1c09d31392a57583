//! What the journal remembers: facts, each with its moment and the acquirer it concerns.
//!
//! Four facts of an exchange are recorded apart, because each can be the last one before a power cut: *intent* (what
//! will be sent, and what takes it back), *sent* (how much may have left), *heard* (what came back), *concluded*
//! (what the terminal holds to be true).
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

mod encoding;
#[cfg(test)]
pub(crate) mod samples;

use serde::{Deserialize, Serialize};

use crate::contract::Digest;
use crate::contract::acquirer::{Approved, Declined, NewKey, Remedy, Reply};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{Gravity, Operation};
use crate::contract::types::{Milliseconds, Name};
use crate::identity::TransactionId;
use crate::time::Timestamp;

pub use encoding::{Encoded, RECORD_VERSION, RecordError};

/// One durable fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written down.
    pub at: Timestamp,
    /// The acquirer whose stream it belongs to.
    pub acquirer: String,
    /// What is so.
    pub fact: Fact,
}

/// What can be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A message will be sent, unless the power fails first.
    Intent(Box<Intent>),
    /// The same bytes will be sent again.
    Resent { transaction: TransactionId, exchange: u32, route: Name },
    /// How much of it may have left.
    Sent { transaction: TransactionId, exchange: u32, delivery: Delivery, failure: Option<Failure> },
    /// What came back, scrubbed of card numbers, and whether it brought every proof its operation demands.
    Heard { transaction: TransactionId, exchange: u32, reply: Reply, proven: bool },
    /// What the terminal holds to be true of it.
    Concluded {
        transaction: TransactionId,
        operation: Box<Operation>,
        outcome: Outcome,
        reference: Vec<(Name, String)>,
    },
    /// A reversal is owed.
    Owed { debt: TransactionId, of: TransactionId, reason: UndoReason },
    /// The reversal will be sent for the `number`th time.
    Tried { debt: TransactionId, number: u32, route: Name },
    /// That try brought no proven answer.
    Unheard { debt: TransactionId, number: u32, delivery: Delivery, failure: Failure },
    /// That try was answered, and the answer proved itself.
    Answered { debt: TransactionId, number: u32, reply: Reply, verdict: Verdict, code: String, read_by: Reader },
    /// Work keys were downloaded and every check value held. The blocks are wrapped under the transport key.
    KeysInstalled { keys: Vec<NewKey> },
    /// Work keys are not to be used any more.
    KeysDropped { slots: Vec<Name> },
    /// A plugin asked for this to be remembered.
    Remembered { name: Name, value: Vec<u8> },
    /// A counter was moved on by its acquirer.
    CounterSet { name: Name, value: u64 },
    /// Something that should not have happened.
    Incident { transaction: Option<TransactionId>, party: Party, what: Incident },
    /// The operator took a debt off the books. What was signed, and the signature over it, stay.
    Waived { debt: TransactionId, reason: String, signed_by: String, statement: String, signature: Vec<u8> },
    /// What an acquirer's plugin keeps, all of it as it stands: what earlier records of its stream said need not be read.
    Carried { counters: Vec<(Name, u64)>, memory: Vec<(Name, Vec<u8>)>, keys: Vec<NewKey>, failed_proofs: u32 },
}

/// What will be sent, everything needed to take it back, and all of the plugin's step that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub transaction: TransactionId,
    pub operation: Operation,
    /// Counts the exchanges of this transaction from 0.
    pub exchange: u32,
    /// The code that began it, and that its debts stay with.
    pub plugin: Digest,
    /// As the terminal judges it, not as the plugin says.
    pub gravity: Gravity,
    pub route: Name,
    /// Counter values this message carries.
    pub uses: Vec<(Name, u64)>,
    pub timeout: Milliseconds,
    /// What is done about silence.
    pub remedy: Option<Remedy>,
    /// Card data the standby message needs, sealed by the vault to this transaction.
    pub sealed: Sealed,
    /// Whether an answer to its reversal must carry a seal, by the word of the build that began it: a later build
    /// cannot lower that.
    pub undo_demands_seal: bool,
    /// The plugin's own state.
    pub state: Vec<u8>,
    pub reference: Vec<(Name, String)>,
}

/// Card data the vault sealed to a transaction. The journal keeps it apart from the record, under a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sealed {
    /// The standby message needs none.
    None,
    Here(Vec<u8>),
    /// There was some, and the journal does not hold it any more: what needs it can never be rendered. In a record's
    /// own bytes it stands for what is kept apart.
    Destroyed,
}

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
    /// There is none: none was asked for, and the original's is not kept any more.
    Gone,
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
}

/// What an answer to a reversal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The acquirer took it: nothing is owed any more.
    Paid,
    /// The acquirer does not know the original. Not sent again; closed by settlement or statement.
    Unmatched,
    /// Understood and not accepted. Stays owed.
    Refused,
}

/// Who read the answer to a reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reader {
    /// The plugin that began the transaction.
    Plugin,
    /// The standby message's own readings, because that plugin is gone or failed.
    Standby,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    Acquirer,
    Plugin,
    Terminal,
    Storage,
    Operator,
}

/// What should not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Incident {
    /// A plugin call failed; the text names plugin, digest and fault.
    PluginFailed(String),
    /// The retry policy answered what is not legal; the safe answer was taken.
    IllegalDecision(String),
    /// A step claimed what is not legal here.
    IllegalStep(String),
    /// A message that moves money came without what takes it back. It was not sent.
    MissingRemedy,
    /// A seal did not hold: the answer was forged or damaged, or the keys differ.
    BadSeal(String),
    /// An echoed field was another than the one sent.
    BadEcho(String),
    /// An answer lacked a proof its operation demands.
    MissingProof(String),
    /// A key did not match its check value.
    BadCheckValue(String),
    /// The clock went back.
    ClockWentBack,
    /// A reversal is owed and the card data it needs is gone: it can never be sent, and stays owed until somebody
    /// settles it with the acquirer and waives it.
    CardDataGone,
}

impl From<Option<Vec<u8>>> for Sealed {
    fn from(sealed: Option<Vec<u8>>) -> Sealed {
        sealed.map_or(Sealed::None, Sealed::Here)
    }
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
