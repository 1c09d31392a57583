//! What is sent for each kind of debt, and what counts as its answer.

use std::sync::Arc;

use super::errand::Errand;
use super::world::World;
use crate::books::{Books, Debt, Transaction};
use crate::contract::acquirer::{
    Approved, Declined, Meaning, Outcome as Claimed, Owed, Reason, Remedy, Standby, Unknown,
};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{FollowUp, FollowUpKind, Operation, OperationKind, Subject};
use crate::contract::types::Amount;
use crate::effect::{CardSource, OperationId};
use crate::identity::TransactionId;
use crate::record::{Duty, Fact, Incident, Intent, Outcome, Sealed};
use crate::rules::{self, Evidence, ProvenBy, Weighed};

/// A message that is stored and sent as it is, whatever became of its plugin.
pub(crate) struct Stored<'a> {
    pub standby: &'a Arc<Standby>,
    /// The exchange it is stored with.
    pub intent: &'a Intent,
    pub card: CardSource,
    /// It, or what it repeats, has left before.
    pub is_repeated: bool,
}

impl Duty {
    /// Whose proofs an answer must bring.
    pub(crate) fn answered_as(self, original: &Transaction) -> OperationKind {
        match self {
            Duty::Repeat => original.kind(),
            Duty::Reverse(_) | Duty::Inquire | Duty::Advise | Duty::ReportScripts => self.kind(),
        }
    }

    /// Whether it finds out what became of its original, instead of being taken or not.
    pub(crate) fn finds_out(self) -> bool {
        matches!(self, Duty::Repeat | Duty::Inquire)
    }

    fn follow_up(self) -> FollowUpKind {
        match self {
            Duty::Reverse(_) | Duty::Repeat => FollowUpKind::Reverse,
            Duty::Inquire => FollowUpKind::Inquire,
            Duty::Advise => FollowUpKind::Advise,
            Duty::ReportScripts => FollowUpKind::ReportScripts,
        }
    }
}

impl Debt {
    /// What is stored to be sent; none where its plugin has to write it first, or to write it anew.
    pub(crate) fn stored<'a>(&'a self, original: &'a Transaction) -> Option<Stored<'a>> {
        let (intent, standby, of) = match self.duty {
            Duty::Reverse(_) | Duty::Repeat => (&original.grave_exchange()?.intent, original.standby()?, &original.id),
            Duty::Advise | Duty::ReportScripts => {
                let intent = &self.exchange.as_ref()?.intent;
                let Some(Remedy::Repeat(standby)) = &intent.remedy else { return None };
                (intent, standby, &self.id)
            }
            Duty::Inquire => return None,
        };
        let sealed = if of == &original.id { original.sealed() } else { Some(&intent.sealed) };
        let card = match sealed {
            Some(Sealed::Here(sealed)) => CardSource::Sealed { of: of.clone(), sealed: sealed.clone() },
            Some(Sealed::Destroyed) => return None,
            Some(Sealed::None) | None => CardSource::None,
        };
        let is_repeated = self.tries > 0 || self.duty == Duty::Repeat;
        Some(Stored { standby, intent, card, is_repeated })
    }

    /// Whether its message is written, under numbers that were taken long ago.
    pub(crate) fn is_written(&self, books: &Books) -> bool {
        books.transaction(&self.of).is_some_and(|original| self.stored(original).is_some())
    }

    /// Whether card data it cannot do without is gone.
    pub(crate) fn is_bereft(&self, original: &Transaction) -> bool {
        match self.duty {
            Duty::Reverse(_) | Duty::Repeat => original.card_data_is_gone(),
            Duty::Inquire => false,
            Duty::Advise | Duty::ReportScripts => match &self.exchange {
                Some(exchange) => exchange.intent.sealed == Sealed::Destroyed,
                None => self.sealed == Sealed::Destroyed,
            },
        }
    }

    /// What its plugin is asked to write: about the original, under the debt's own name.
    pub(crate) fn errand(
        &self,
        operation: OperationId,
        original: &Transaction,
        world: &World<'_>,
    ) -> Option<(Errand, CardSource)> {
        let subject = self.subject(world)?;
        let plugin = original.plugin().or(world.deployment.plugin.as_ref().map(|loaded| loaded.digest))?;
        let errand = Errand::new(operation, self.id.clone(), self.duty.kind(), subject, plugin, String::new());
        let sealed = if self.sealed == Sealed::None { original.sealed() } else { Some(&self.sealed) };
        let card = match sealed {
            Some(Sealed::Here(sealed)) => CardSource::Sealed { of: self.of.clone(), sealed: sealed.clone() },
            Some(Sealed::None | Sealed::Destroyed) | None => CardSource::None,
        };
        Some((errand, card))
    }

    /// What a plugin is told that the message is about.
    pub(crate) fn subject(&self, world: &World<'_>) -> Option<Operation> {
        if self.duty == Duty::Repeat {
            return Some(world.books.transaction(&self.of)?.operation.clone());
        }
        let original = world.original(&self.of)?;
        Some(Operation::FollowUp(FollowUp {
            kind: self.duty.follow_up(),
            amount: self.amount.unwrap_or(original.amount),
            of: Subject::Known(original),
            card: None,
            reason: self.reason(),
        }))
    }
}

/// An answer that may say what became of a payment nobody knew.
pub(crate) struct Word<'a> {
    pub claimed: Claimed,
    /// Whether an answer came at all.
    pub heard: bool,
    pub proven: &'a ProvenBy,
    pub demands_seal: bool,
    /// Whose proofs it must bring.
    pub kind: OperationKind,
}

impl World<'_> {
    /// What is written down of it: what it was found to be, or that it is taken back, since it was not found and may
    /// still arrive. Else nobody knows more than before, perhaps for what was wrong with the answer.
    pub fn found(
        &self,
        of: &TransactionId,
        by: &TransactionId,
        asked: Amount,
        word: Word<'_>,
        reference: Vec<(String, String)>,
    ) -> Result<Fact, Option<Incident>> {
        let known = self.books.transaction(of);
        let remedy = known.and_then(|known| known.grave_exchange()?.intent.remedy.clone());
        let evidence = Evidence {
            asked,
            moves_money: true,
            money_may_have_moved: true,
            remedy: remedy.as_ref(),
            heard: word.heard,
            proven: word.proven,
            demands_seal: word.demands_seal,
            demands_echoes: self.deployment.demanded_echoes(word.kind),
        };
        let is_repeated = matches!(remedy, Some(Remedy::Repeat(_)));
        let reversal = |reason| Fact::Owed { debt: of.reversal(), of: of.clone(), reason };
        match rules::judge_payment(word.claimed, &evidence) {
            Weighed::Ends(judgement) => match (judgement.outcome, judgement.owed, judgement.incident) {
                (outcome @ (Outcome::Approved(_) | Outcome::Declined(_)), ..) => {
                    Ok(Fact::Resolved { transaction: of.clone(), by: by.clone(), outcome, reference })
                }
                (_, Some(Duty::Reverse(reason)), None) => Ok(reversal(reason)),
                (_, _, incident) => Err(incident),
            },
            // Nobody who could take less is asked any more.
            Weighed::Less(_) if !is_repeated => Ok(reversal(UndoReason::Cancelled)),
            Weighed::Less(_) => Err(None),
        }
    }
}

/// What a reading of the stored message says of the payment that it repeats.
pub(crate) fn repeated(means: Meaning, asked: Amount) -> Claimed {
    let nothing = String::new;
    match means {
        Meaning::Paid => Claimed::Approved(Approved {
            amount: asked,
            authorization: nothing(),
            retrieval_reference: nothing(),
            chip_data: Vec::new(),
            balance: None,
            settlement_group: nothing(),
            receipt: Vec::new(),
        }),
        Meaning::Refused => Claimed::Declined(Declined {
            code: nothing(),
            reason: Reason::Other,
            message: nothing(),
            capture_card: false,
            chip_data: Vec::new(),
        }),
        Meaning::Unmatched => Claimed::Unknown(Unknown { code: nothing(), owed: Owed::Repetition }),
    }
}
