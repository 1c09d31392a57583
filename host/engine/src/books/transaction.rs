//! One payment or errand, as its records tell it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::contract::Digest;
use crate::contract::acquirer::{Remedy, Standby};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::transaction::{FollowUp, Gravity, Operation, OperationKind, Subject};
use crate::contract::types::Name;
use crate::identity::TransactionId;
use crate::record::{Intent, Outcome, Sealed};
use crate::story::Moment;
use crate::time::Timestamp;

/// One payment or errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: TransactionId,
    pub acquirer: String,
    pub operation: Operation,
    pub exchanges: Vec<ExchangeFacts>,
    pub conclusion: Option<Conclusion>,
    /// What became known after it had ended unknown.
    pub resolution: Option<Box<Resolution>>,
    /// Card data as it stood once the card had finished.
    pub resealed: Option<Sealed>,
    /// The terminal's number of the batch it counts in, once it was approved.
    pub batch: Option<u32>,
    /// What is owed for it, or was, oldest first.
    pub debts: Vec<TransactionId>,
    pub reference: Vec<(Name, String)>,
    /// When its first record was written.
    pub begun: Timestamp,
    /// Every record about it or its debt, in order, as its story tells it.
    pub timeline: Vec<Moment>,
    /// The journal holds one line about it instead of its records, or as well.
    pub summarised: bool,
}

/// What is known of one exchange. Once the transaction is settled, what takes it back is not kept any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeFacts {
    pub intent: Arc<Intent>,
    pub at: Timestamp,
    pub sent: Option<(Delivery, Option<Failure>)>,
    pub heard: bool,
}

/// How and when it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// What became known of an unknown, when, and by which debt or operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub at: Timestamp,
    pub by: TransactionId,
    pub outcome: Outcome,
}

/// Which way money went, once it was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Taken,
    Given,
    /// Only reserved, or asked.
    None,
}

impl OperationKind {
    /// Which way money goes.
    pub(super) fn flow(self) -> Flow {
        match self {
            OperationKind::Void | OperationKind::Refund | OperationKind::CancelCompletion => Flow::Given,
            kind if kind.is_settled() => Flow::Taken,
            _ => Flow::None,
        }
    }
}

impl ExchangeFacts {
    /// What may once have left is never taken for unsent.
    pub(super) fn sent(&mut self, delivery: Delivery, failure: Option<Failure>) {
        let most = self.sent.map_or(delivery, |(before, _)| before.max(delivery));
        self.sent = Some((most, failure));
    }

    /// Sent again, and so far nobody knows how much of it has left.
    pub(super) fn sent_again(&mut self) {
        if matches!(self.sent, Some((Delivery::NotSent, _))) {
            self.sent = None;
        }
    }

    /// Forgets what takes it back, and with it the card data.
    pub(super) fn slim(&mut self) {
        let intent = Arc::make_mut(&mut self.intent);
        intent.sealed.destroy();
        intent.remedy = None;
        intent.state = Vec::new();
    }
}

impl Transaction {
    /// How it ended, by what is known now: an unknown that was found out is what it was found to be.
    pub fn outcome(&self) -> Option<&Outcome> {
        let resolved = self.resolution.as_ref().map(|resolution| &resolution.outcome);
        resolved.or_else(|| self.conclusion.as_ref().map(|conclusion| &conclusion.outcome))
    }

    /// Card data for what is owed of it: as the card left it, or as it was when the message was sent.
    pub fn sealed(&self) -> Option<&Sealed> {
        self.resealed.as_ref().or_else(|| self.grave_exchange().map(|exchange| &exchange.intent.sealed))
    }

    /// The transaction of this terminal that it follows: the original of a void, a refund, a completion.
    pub fn follows(&self) -> Option<TransactionId> {
        let Operation::FollowUp(FollowUp { of: Subject::Known(original), .. }) = &self.operation else { return None };
        TransactionId::try_from(original.transaction.clone()).ok()
    }

    /// The code that began it.
    pub fn plugin(&self) -> Option<Digest> {
        self.exchanges.last().map(|exchange| exchange.intent.plugin)
    }

    /// Whether something that moves money may have left the terminal: the gravest exchange decides.
    pub fn may_have_moved_money(&self) -> bool {
        self.exchanges.iter().any(|exchange| {
            exchange.intent.gravity == Gravity::MovesMoney && !matches!(exchange.sent, Some((Delivery::NotSent, _)))
        })
    }

    /// The exchange whose remedy takes this transaction back: the newest that moves money.
    pub fn grave_exchange(&self) -> Option<&ExchangeFacts> {
        self.exchanges.iter().rev().find(|exchange| exchange.intent.gravity == Gravity::MovesMoney)
    }

    /// Whether its acquirer answered it.
    pub(crate) fn was_answered(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.heard)
    }

    /// Whether an exchange of this number is known.
    pub(super) fn has(&self, number: u32) -> bool {
        self.exchanges.iter().any(|exchange| exchange.intent.exchange == number)
    }

    /// Whether what takes it back needs card data that is not there any more. After it is settled none is kept.
    pub fn card_data_is_gone(&self) -> bool {
        self.sealed() == Some(&Sealed::Destroyed)
    }

    /// The stored standby message.
    pub fn standby(&self) -> Option<&Arc<Standby>> {
        match self.grave_exchange()?.intent.remedy.as_ref()? {
            Remedy::Undo(standby) | Remedy::Repeat(standby) | Remedy::Inquire(Some(standby)) => Some(standby),
            Remedy::Inquire(None) => None,
        }
    }

    /// A debt is written together with the conclusion it follows from. Where a damaged journal holds one without the
    /// other, what may have been sent counts, not what is missing. A line is written of what is settled, and of nothing
    /// else.
    pub(super) fn lacks_a_debt(&self) -> bool {
        if self.summarised {
            return false;
        }
        let is_proven = |outcome: &Outcome| matches!(outcome, Outcome::Approved(_) | Outcome::Declined(_));
        let doubtful = self.conclusion.as_ref().is_some_and(|conclusion| !is_proven(&conclusion.outcome));
        doubtful && self.resolution.is_none() && self.debts.is_empty() && self.may_have_moved_money()
    }

    /// Nothing will be sent for it any more: what would be needed for that is not kept.
    pub(super) fn slim(&mut self) {
        self.exchanges.iter_mut().for_each(ExchangeFacts::slim);
        self.resealed.iter_mut().for_each(Sealed::destroy);
        self.exchanges.shrink_to_fit();
        self.timeline.shrink_to_fit();
    }
}
