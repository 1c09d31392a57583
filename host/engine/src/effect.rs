//! What goes into the engine and what comes out of it: everything it knows of the world, and all it does to it.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

use std::sync::Arc;

use crate::contract::acquirer::{Event, KernelRows, NewKey, Proof, Reply, Standby, Step};
use crate::contract::card::Presented;
use crate::contract::retry_policy::{Debt, Decision, Delivery, Failure, Patience, Situation};
use crate::contract::template::{Message, UndoReason};
use crate::contract::transaction::{Context, Operation, OperationKind};
use crate::contract::types::{Amount, Milliseconds, Name};
use crate::contract::{Digest, PluginError};
use crate::identity::TransactionId;
use crate::order::Order;
use crate::record::{CardProblem, Outcome, Record};
use crate::time::Timestamp;
use crate::waiver::{NotWaived, SignedWaiver};

/// One running operation; answers find their way back by it. Means nothing after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u64);

/// When something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// For people and for records; may jump.
    pub wall: Timestamp,
    /// For waits; never goes back.
    pub monotonic_ms: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants something.
    Request(Request),
    /// An effect came to its end.
    Answer {
        /// The operation whose effect it was.
        operation: OperationId,
        /// How.
        answer: Answer,
    },
    /// The time an acquirer's next debt was waiting for has come.
    Alarm {
        /// Whose.
        acquirer: String,
    },
    /// Nobody waits, and segments could be compacted: write down what plugins keep, as it stands. Answered by
    /// `Effect::Carried`.
    Carry,
    /// Compacted segments have taken the place of old ones.
    Compacted {
        /// The lines that stand in them for transactions.
        lines: Vec<Vec<u8>>,
        /// What was settled before this leaves memory.
        horizon: Timestamp,
    },
    /// The journal was searched for a name that `Books::knows` perhaps; to be given before anything is requested under
    /// that name.
    LookedUp {
        /// Which.
        transaction: TransactionId,
        /// The line the journal holds of it; none when it holds nothing.
        summary: Option<Vec<u8>>,
    },
}

/// What can be asked for.
#[derive(Clone, Debug)]
pub enum Request {
    /// Begin an operation.
    Begin {
        /// At which acquirer.
        acquirer: String,
        /// The cash register's identity for it: the same identity never pays twice.
        transaction: TransactionId,
        /// What is asked for.
        order: Order,
        /// Who asks.
        operator: String,
    },
    /// Try every debt of an acquirer now.
    PayDebts {
        /// Whose.
        acquirer: String,
    },
    /// Stop a payment. Before it is sent, nothing happened; after that it means "stop waiting", and what is owed decides.
    Cancel {
        /// Which.
        transaction: TransactionId,
    },
    /// Take a debt off the books by the operator's word, whose signature has been verified. Answered by
    /// `Effect::Waived`; waits for a running try of that debt.
    Waive(Box<SignedWaiver>),
}

/// Whether a commit may use the space that is kept for debts and settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It begins a payment, or says that none was begun: it may not.
    Payment,
    /// It speaks of what may have been sent, or of what is owed: it may.
    Obligation,
}

/// What the engine wants done. Each effect down to `Wake` is answered by one `Answer`, those after it by none.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask for a card, and the PIN where it needs one.
    AskCard { operation: OperationId, transaction: TransactionId, amount: Amount, kind: OperationKind },
    /// Ask the cashier; no answer is a no.
    AskCashier { operation: OperationId, transaction: TransactionId, question: Question },
    /// Let the chip card that was presented take its second action, now that this is known; then seal to the
    /// transaction its number, its expiry and these tags, as they stand.
    FinishCard { operation: OperationId, transaction: TransactionId, keeps: Vec<u32>, verdict: CardVerdict },
    /// Call a plugin, by the digest of the code that began the transaction.
    Call { operation: OperationId, acquirer: String, plugin: Digest, call: Box<Call> },
    /// Render a message without sending it; check that its standby can be rendered too, and seal what that needs.
    Prepare { operation: OperationId, acquirer: String, draft: Box<Draft> },
    /// Write these down, durably, all or none.
    Commit { operation: OperationId, purpose: Purpose, records: Arc<[Record]> },
    /// Send what was last prepared, and wait for an answer. Needs the token of this operation's last commit.
    Send { operation: OperationId, acquirer: String, route: Name, timeout: Milliseconds },
    /// Wait for another answer on the same connection.
    Listen { operation: OperationId, timeout: Milliseconds },
    /// Check these against what was sent and what came back, on the raw bytes.
    Prove { operation: OperationId, acquirer: String, proofs: Vec<Proof> },
    /// Unwrap downloaded keys and compare their check values, all or none; use none of them yet.
    StageKeys { operation: OperationId, acquirer: String, keys: Vec<NewKey> },
    /// Come back after a while.
    Wake { operation: OperationId, after: Milliseconds },

    /// Show the customer this code to scan, until the operation ends.
    ShowCode { operation: OperationId, code: String },
    /// Use the staged keys from now on.
    ActivateKeys { operation: OperationId, acquirer: String },
    /// Put these rows into the tables of the EMV kernel.
    LoadKernel { acquirer: String, rows: Vec<KernelRows> },
    /// Never use these again.
    DropKeys { acquirer: String, slots: Vec<Name> },
    /// The operation is over: close its connection, wipe its secrets, and tell whoever waits how it ended.
    Ended { operation: OperationId, transaction: TransactionId, outcome: Outcome },
    /// A reversal's try is over: close and wipe. Tells the number of debts left.
    DebtTried { operation: OperationId, debt: TransactionId, owed: u32 },
    /// A waiver is durable and the debt is off the books; or why it is not.
    Waived { debt: TransactionId, result: Result<(), NotWaived> },
    /// What plugins keep is in the journal as it stands, and closed segments may be compacted; or not now.
    Carried { written: bool },
    /// Send `Input::Alarm` after a while; replaces the acquirer's earlier alarm.
    Alarm { acquirer: String, after: Milliseconds },
    /// The journal failed: nothing more is sent until it has been read back past the cache, and the engine begun
    /// anew from what it holds.
    ReopenJournal,
    /// An answer nobody was waiting for. Worth a line in the log; changes nothing.
    Unexpected { operation: OperationId, state: &'static str, event: &'static str },
}

/// What only the cashier, or the cardholder beside them, can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Less than was asked for was approved: is that taken?
    PartialApproval { asked: Amount, approved: Amount },
}

/// What a chip card is told before its second action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardVerdict {
    /// The issuer approved: its authentication data and scripts, in BER-TLV; perhaps none.
    Online { chip_data: Vec<u8> },
    /// The issuer declined: the card closes its transaction and approves nothing (an AAC). Scripts may come with that.
    Declined { chip_data: Vec<u8> },
    /// Nobody could be asked: may the card approve by itself?
    Unreachable,
}

/// What a chip card made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFinish {
    /// It approved (a TC).
    pub accepted: bool,
    /// It was given issuer scripts, whose results are to be reported.
    pub scripts: bool,
    /// Card number, expiry and kept tags as they now stand, sealed to the transaction.
    pub sealed: Option<Vec<u8>>,
}

/// A message on its way to bytes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Seals are bound to this transaction.
    pub transaction: TransactionId,
    /// What to render.
    pub message: Arc<Message>,
    /// What must be renderable later from sealed secrets alone.
    pub standby: Option<Arc<Standby>>,
    /// Where it will go; a route's grant says which secrets may take it.
    pub route: Name,
    /// What fills the holes.
    pub card: CardSource,
    /// Why money is taken back, in a standby message.
    pub reason: Option<UndoReason>,
}

/// Where card data comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardSource {
    /// The message has no holes for it.
    None,
    /// The card presented in this operation.
    Presented,
    /// What was sealed to a transaction: this one, or the original it is about. A standby message of this one needs it
    /// sealed anew, to `Draft.transaction`.
    Sealed { of: TransactionId, sealed: Vec<u8> },
    /// What was sealed to each item of an upload: a hole names its item by its place here.
    Items(Vec<SealedItem>),
}

/// The card of one item of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedItem {
    /// The transaction it was sealed to.
    pub of: TransactionId,
    /// None where it was paid without a card, or its card data is gone.
    pub sealed: Option<Vec<u8>>,
}

/// A call to a plugin.
#[derive(Clone, Debug)]
pub enum Call {
    /// Answered by `Answer::Step`.
    Start(Context, Operation),
    /// Answered by `Answer::Step`.
    Resume(Context, Operation, Vec<u8>, Event),
    /// Answered by `Answer::Decision`.
    Decide(Context, Situation),
    /// Answered by `Answer::Patience`.
    Wait(Context, Debt),
}

/// How an effect ended.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of `AskCard`.
    Card(Result<Presented, CardProblem>),
    /// Of `AskCard`, when somebody pressed cancel.
    Cancelled,
    /// Of `AskCashier`: whether they said yes.
    Chosen(bool),
    /// Of `FinishCard`.
    CardFinished(Result<CardFinish, CardProblem>),
    /// Of `Call`.
    Step(Result<Step, PluginError>),
    /// Of `Call`.
    Decision(Result<Decision, PluginError>),
    /// Of `Call`.
    Patience(Result<Patience, PluginError>),
    /// Of `Prepare`: the seal, where a standby needs one; or why it cannot be rendered.
    Prepared(Result<Option<Vec<u8>>, String>),
    /// Of `Commit`. An error is final for the journal: nothing more is sent until it has been read back.
    Durable(Result<(), String>),
    /// Of `Commit` for a payment: the space left is kept for debts. Nothing was written, and the journal is sound.
    NoRoom(String),
    /// Of `Send` and `Listen`: the answer, scrubbed of card numbers.
    Reply(Result<Reply, ExchangeFailed>),
    /// Of `Prove`.
    Proven(Result<(), BadProof>),
    /// Of `StageKeys`: or which check value was wrong.
    Staged(Result<(), String>),
    /// Of `Wake`.
    Woke,
}

/// An exchange that brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeFailed {
    /// How much of the message may have left.
    pub delivery: Delivery,
    /// What went wrong.
    pub failure: Failure,
}

/// A proof that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadProof {
    /// A MAC or signature.
    Seal(String),
    /// A field that should have come back as it was sent.
    Echo(String),
}

impl Answer {
    /// The event's name in the state tables.
    pub fn name(&self) -> &'static str {
        match self {
            Answer::Card(Ok(_)) => "card",
            Answer::Card(Err(_)) => "no-card",
            Answer::Cancelled => "cancelled",
            Answer::Chosen(_) => "chosen",
            Answer::CardFinished(_) => "finished",
            Answer::Step(Ok(_)) => "step",
            Answer::Step(Err(_)) => "plugin-failed",
            Answer::Decision(_) => "decision",
            Answer::Patience(_) => "patience",
            Answer::Prepared(Ok(_)) => "prepared",
            Answer::Prepared(Err(_)) => "not-prepared",
            Answer::Durable(Ok(())) => "durable",
            Answer::Durable(Err(_)) => "not-durable",
            Answer::NoRoom(_) => "no-room",
            Answer::Reply(Ok(_)) => "reply",
            Answer::Reply(Err(_)) => "no-reply",
            Answer::Proven(Ok(())) => "proven",
            Answer::Proven(Err(_)) => "disproven",
            Answer::Staged(Ok(())) => "staged",
            Answer::Staged(Err(_)) => "bad-keys",
            Answer::Woke => "woke",
        }
    }
}
