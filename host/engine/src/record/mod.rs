//! What the journal remembers: facts, each with its moment and the acquirer it concerns.
//!
//! Four facts of an exchange are recorded apart, because each can be the last one before a power cut: *intent* (what
//! will be sent, and what takes it back), *sent* (how much may have left), *heard* (what came back), *concluded*
//! (what the terminal holds to be true).
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

mod encoding;
mod fault;
mod outcome;
#[cfg(test)]
pub(crate) mod samples;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::contract::Digest;
use crate::contract::acquirer::{self, NewKey, Remedy, Reply};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{FollowUp, FollowUpKind, Gravity, Operation, OperationKind, Subject, Totals};
use crate::contract::types::{Amount, Milliseconds, Name};
use crate::identity::TransactionId;
use crate::time::Timestamp;

pub use encoding::{Encoded, RECORD_VERSION, RecordError};
pub use fault::{Incident, Party, Reader, Verdict};
pub use outcome::{CardProblem, Doubt, NotSent, Outcome, Settlement, Unfit};

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
    Intent(Arc<Intent>),
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
    /// Something other than a reversal is owed. What it needs of the card is sealed with it, to its original.
    Due { debt: TransactionId, of: TransactionId, duty: Duty, amount: Option<Amount>, sealed: Sealed },
    /// Card data as it stands after the card finished; what is owed for this transaction is rendered from it now.
    Resealed { transaction: TransactionId, sealed: Sealed },
    /// What was unknown is known after all; `by` is the debt or the operation that found it out.
    Resolved { transaction: TransactionId, by: TransactionId, outcome: Outcome, reference: Vec<(Name, String)> },
    /// A debt has failed for so long that somebody should be told; `asked` when its plugin asked for help.
    Escalated { debt: TransactionId, asked: bool },
    /// A settlement begins, and its figures are frozen: these sums, of so many transactions.
    Totalled { settlement: TransactionId, batch: u32, totals: Vec<Totals>, items: u32 },
    /// The acquirer compared its books with ours.
    Compared {
        settlement: TransactionId,
        balanced: bool,
        groups: Vec<(Name, acquirer::Verdict)>,
        next: Option<OperationKind>,
    },
    /// The first `through` of `of` transactions are delivered.
    Uploaded { settlement: TransactionId, through: u32, of: u32 },
    /// The batch is closed and the next one open. Refused debts are carried over by name; unmatched ones that a
    /// balanced settlement settles are closed by name.
    BatchClosed { settlement: TransactionId, batch: u32, carried: Vec<TransactionId>, closed: Vec<TransactionId> },
    /// The number of the open batch, and the first value of each counter in it, as `Carried`.
    CarriedBatch { batch: u32, firsts: Vec<(Name, u64)> },
}

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Duty {
    /// To take it back.
    Reverse(UndoReason),
    /// To send it again, in the form that may be repeated, until an answer is proven.
    Repeat,
    /// To ask what became of it.
    Inquire,
    /// To tell of money that moved without the acquirer: a stand-in, a tip.
    Advise,
    /// To tell what the card made of the issuer's scripts.
    ReportScripts,
}

/// The sorts of what can be owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DutyKind {
    #[serde(rename = "reversal")]
    Reverse,
    #[serde(rename = "repetition")]
    Repeat,
    #[serde(rename = "inquiry")]
    Inquire,
    #[serde(rename = "advice")]
    Advise,
    #[serde(rename = "script-report")]
    ReportScripts,
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

impl Intent {
    /// Whether it is a message about what is owed, under the name of the debt: an advice, a report, a question.
    pub(crate) fn is_of_a_debt(&self) -> bool {
        let Operation::FollowUp(FollowUp { kind, of: Subject::Known(original), .. }) = &self.operation else {
            return false;
        };
        let Ok(original) = TransactionId::try_from(original.transaction.clone()) else { return false };
        self.transaction
            == match kind {
                FollowUpKind::Reverse => original.reversal(),
                FollowUpKind::Inquire => original.inquiry(),
                FollowUpKind::Advise => original.advice(),
                FollowUpKind::ReportScripts => original.report(),
                _ => return false,
            }
    }
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

impl From<Option<Vec<u8>>> for Sealed {
    fn from(sealed: Option<Vec<u8>>) -> Sealed {
        sealed.map_or(Sealed::None, Sealed::Here)
    }
}

impl Sealed {
    /// Card data that is not needed any more is not kept.
    pub(crate) fn destroy(&mut self) {
        if let Sealed::Here(_) = self {
            *self = Sealed::Destroyed;
        }
    }
}

impl Duty {
    /// The operation a plugin knows it as.
    pub fn kind(self) -> OperationKind {
        match self {
            Duty::Reverse(_) | Duty::Repeat => OperationKind::Reverse,
            Duty::Inquire => OperationKind::Inquire,
            Duty::Advise => OperationKind::Advise,
            Duty::ReportScripts => OperationKind::ReportScripts,
        }
    }

    /// Why money is taken back, if it is.
    pub fn reason(self) -> Option<UndoReason> {
        match self {
            Duty::Reverse(reason) => Some(reason),
            Duty::Repeat | Duty::Inquire | Duty::Advise | Duty::ReportScripts => None,
        }
    }

    /// Which sort of debt it is, whatever its reason.
    pub fn sort(self) -> DutyKind {
        match self {
            Duty::Reverse(_) => DutyKind::Reverse,
            Duty::Repeat => DutyKind::Repeat,
            Duty::Inquire => DutyKind::Inquire,
            Duty::Advise => DutyKind::Advise,
            Duty::ReportScripts => DutyKind::ReportScripts,
        }
    }

    /// The word for it in `--json` and configuration.
    pub fn word(self) -> &'static str {
        self.sort().word()
    }
}

impl DutyKind {
    /// All of them.
    pub const ALL: [DutyKind; 5] =
        [DutyKind::Reverse, DutyKind::Repeat, DutyKind::Inquire, DutyKind::Advise, DutyKind::ReportScripts];

    /// The word for it in `--json` and configuration.
    pub fn word(self) -> &'static str {
        match self {
            DutyKind::Reverse => "reversal",
            DutyKind::Repeat => "repetition",
            DutyKind::Inquire => "inquiry",
            DutyKind::Advise => "advice",
            DutyKind::ReportScripts => "script-report",
        }
    }
}
