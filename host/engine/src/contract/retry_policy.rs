//! When and how to try again.

use serde::{Deserialize, Serialize};

use super::transaction::{Gravity, OperationKind, Original};
use super::types::{Milliseconds, Name};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    pub operation: OperationKind,
    pub attempts: Vec<Attempt>,
    pub routes: Vec<Name>,
    pub offline_allowed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub route: Name,
    pub gravity: Gravity,
    pub delivery: Delivery,
    pub failure: Failure,
    pub elapsed: Milliseconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Delivery {
    /// No byte left the terminal.
    NotSent,
    /// Some may have.
    MaybeSent,
    /// All of it left.
    Sent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Failure {
    NoRoute,
    Connect,
    Tls,
    Timeout,
    Closed,
    Malformed,
    BadProof,
    PluginFault,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// The very bytes first rendered (an `asks` without secrets is rendered anew). Legal when nothing can
    /// have left, or nothing moves money.
    Resend(Resend),
    /// Start `inquire` after a wait.
    Inquire(Milliseconds),
    /// Take it back.
    Reverse,
    /// Approve within the terminal's own offline ceiling and deliver later.
    StandIn,
    /// Give up. Legal only when no exchange of this operation that moves money can have left.
    Fail,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    pub route: Name,
    pub wait: Milliseconds,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub kind: OperationKind,
    pub of: Original,
    pub age_s: u64,
    pub attempts: Vec<Attempt>,
    pub refusals: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    pub wait: Milliseconds,
    pub route: Name,
    pub call_for_help: bool,
}
