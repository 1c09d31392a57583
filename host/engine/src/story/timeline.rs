//! How it came to that: what happened to a payment, one moment after the other.

use serde::{Deserialize, Serialize};

use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::UndoReason;
use crate::contract::types::Name;
use crate::record::{Duty, DutyKind, Fact, Incident, Party, Reader, Verdict};
use crate::time::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Timestamp,
    pub event: StoryEvent,
}

/// What can happen to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoryEvent {
    Intended {
        exchange: u32,
        with_standby: bool,
    },
    SentAgain,
    NotSent(Option<Failure>),
    Sent,
    NoAnswer(Failure),
    Heard {
        proven: bool,
    },
    /// The terminal stopped before it was concluded, and found it so when it started again.
    Interrupted,
    Concluded,
    ReversalOwed(UndoReason),
    /// Something else is owed for it.
    Due(Duty),
    /// It became known what had become of it.
    Resolved,
    /// Somebody should be told of a debt that is not taken.
    Escalated,
    ReversalTried {
        number: u32,
        route: Name,
    },
    ReversalUnheard {
        number: u32,
        failure: Failure,
    },
    ReversalAnswered {
        verdict: Verdict,
        code: String,
        read_by: Reader,
    },
    Incident {
        party: Party,
        what: Incident,
    },
    /// A reversal was taken off the books.
    Waived {
        reason: String,
        signed_by: String,
    },
    /// Another debt than a reversal was tried.
    DebtTried {
        duty: DutyKind,
        number: u32,
        route: Name,
    },
    DebtUnheard {
        duty: DutyKind,
        number: u32,
        failure: Failure,
    },
    DebtAnswered {
        duty: DutyKind,
        verdict: Verdict,
        code: String,
        read_by: Reader,
    },
    DebtWaived {
        duty: DutyKind,
        reason: String,
        signed_by: String,
    },
}

impl Moment {
    /// What a fact tells of a payment; none when it is about something else. The duty is that of the debt it is about,
    /// where it is about one.
    pub(crate) fn of(at: Timestamp, fact: &Fact, duty: Option<Duty>) -> Option<Moment> {
        let event = match fact {
            Fact::Tried { .. } | Fact::Unheard { .. } | Fact::Answered { .. } | Fact::Waived { .. } => {
                StoryEvent::of_debt(fact, duty.map_or(DutyKind::Reverse, Duty::sort))?
            }
            Fact::Intent(intent) => {
                StoryEvent::Intended { exchange: intent.exchange, with_standby: intent.remedy.is_some() }
            }
            Fact::Resent { .. } => StoryEvent::SentAgain,
            Fact::Sent { delivery: Delivery::NotSent, failure, .. } => StoryEvent::NotSent(*failure),
            Fact::Sent { failure: Some(failure), .. } => StoryEvent::NoAnswer(*failure),
            Fact::Sent { failure: None, .. } => StoryEvent::Sent,
            Fact::Heard { proven, .. } => StoryEvent::Heard { proven: *proven },
            Fact::Concluded { outcome, .. } if outcome.was_interrupted() => StoryEvent::Interrupted,
            Fact::Concluded { .. } => StoryEvent::Concluded,
            Fact::Owed { reason, .. } => StoryEvent::ReversalOwed(*reason),
            Fact::Due { duty, .. } => StoryEvent::Due(*duty),
            Fact::Resolved { .. } => StoryEvent::Resolved,
            Fact::Escalated { .. } => StoryEvent::Escalated,
            Fact::Incident { party, what, .. } => StoryEvent::Incident { party: *party, what: what.clone() },
            Fact::CarriedBatch { .. }
            | Fact::KeysInstalled { .. }
            | Fact::KeysDropped { .. }
            | Fact::Remembered { .. }
            | Fact::CounterSet { .. }
            | Fact::Resealed { .. }
            | Fact::Totalled { .. }
            | Fact::Compared { .. }
            | Fact::Uploaded { .. }
            | Fact::BatchClosed { .. }
            | Fact::Carried { .. } => return None,
        };
        Some(Moment { at, event })
    }
}

impl StoryEvent {
    /// What became of a try at a debt, or of the debt.
    fn of_debt(fact: &Fact, duty: DutyKind) -> Option<StoryEvent> {
        let is_reversal = duty == DutyKind::Reverse;
        Some(match fact.clone() {
            Fact::Tried { number, route, .. } if is_reversal => StoryEvent::ReversalTried { number, route },
            Fact::Tried { number, route, .. } => StoryEvent::DebtTried { duty, number, route },
            Fact::Unheard { number, failure, .. } if is_reversal => StoryEvent::ReversalUnheard { number, failure },
            Fact::Unheard { number, failure, .. } => StoryEvent::DebtUnheard { duty, number, failure },
            Fact::Answered { verdict, code, read_by, .. } if is_reversal => {
                StoryEvent::ReversalAnswered { verdict, code, read_by }
            }
            Fact::Answered { verdict, code, read_by, .. } => StoryEvent::DebtAnswered { duty, verdict, code, read_by },
            Fact::Waived { reason, signed_by, .. } if is_reversal => StoryEvent::Waived { reason, signed_by },
            Fact::Waived { reason, signed_by, .. } => StoryEvent::DebtWaived { duty, reason, signed_by },
            _ => return None,
        })
    }
}
