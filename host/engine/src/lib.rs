//! Transactions, debts and safety rules; pure, no I/O.
//!
//! `(state, event) -> (state, effects)`: the engine knows no clock, socket, disk or Wasm, so the same code runs in the
//! terminal and in a simulator, where power cuts and lost replies are inputs.

pub mod books;
pub mod contract;
mod deployment;
mod effect;
mod engine;
mod identity;
mod lane;
mod machine;
mod money;
mod order;
mod record;
pub mod rules;
#[cfg(feature = "sabotage")]
pub mod sabotage;
mod start;
pub mod story;
mod time;
mod waiver;
#[cfg(test)]
pub(crate) mod world_tests;

pub use contract::transaction::{FollowUpKind, Maintenance, OperationKind, PaymentKind};
pub use deployment::{Ceilings, Deployment, Loaded, OfflineCeilings};
pub use effect::{
    Answer, BadProof, Call, CardFinish, CardSource, CardVerdict, Draft, Effect, ExchangeFailed, Input, Moment,
    OperationId, Purpose, Question, Request, SealedItem,
};
pub use engine::Engine;
pub use identity::{NotAnIdentity, TRANSACTION_ID_CHARACTERS, TransactionId};
pub use machine::{Row, Table, page as state_machines_page, tables};
pub use money::MoneyError;
pub use order::{Order, Payable, Target};
pub use record::{
    CardProblem, Doubt, Duty, DutyKind, Encoded, Fact, Incident, Intent, NotSent, Outcome, Party, RECORD_VERSION,
    Reader, Record, RecordError, Sealed, Settlement, Unfit, Verdict,
};
pub use start::{Reading, Recovery};
pub use time::Timestamp;
pub use waiver::{NotWaived, REASON_CHARACTERS, SignedWaiver, Waiver};
