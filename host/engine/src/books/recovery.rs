//! What a start makes of transactions a power cut left open: each is concluded or becomes a debt, never nothing.

use super::{Books, Debt, Transaction};
use crate::contract::acquirer::Remedy;
use crate::contract::template::UndoReason;
use crate::contract::transaction::Operation;
use crate::record::{Doubt, Duty, Fact, Incident, NotSent, Outcome, Record, Sealed};
use crate::story::{Moment, StoryEvent};
use crate::time::Timestamp;

impl Books {
    /// The records that close every transaction the journal leaves open. Empty when nothing was interrupted.
    ///
    /// An intent without a word on how much was sent counts as sent: the record of sending is not synced by itself.
    pub fn recover(&self, now: Timestamp) -> Vec<Record> {
        self.transactions()
            .flat_map(|transaction| {
                let is_owed = self.debts_of(transaction).any(Debt::is_open);
                // A settlement under way goes on where it was.
                let settles =
                    self.settling(&transaction.acquirer).is_some_and(|open| open.settlement == transaction.id);
                let closing = if settles { Vec::new() } else { close(transaction, is_owed) };
                closing.into_iter().map(move |fact| (transaction, fact))
            })
            .map(|(transaction, fact)| Record { at: now, acquirer: transaction.acquirer.clone(), fact })
            .collect()
    }
}

/// What closes a transaction; and, once, that what it owes can never be sent.
fn close(transaction: &Transaction, is_owed: bool) -> Vec<Fact> {
    let mut facts = conclude(transaction);
    let is_open = is_owed || facts.iter().any(|fact| matches!(fact, Fact::Owed { .. } | Fact::Due { .. }));
    let gone = |moment: &Moment| matches!(moment.event, StoryEvent::Incident { what: Incident::CardDataGone, .. });
    if is_open && transaction.card_data_is_gone() && !transaction.timeline.iter().any(gone) {
        let (what, party) = (Incident::CardDataGone, Incident::CardDataGone.party());
        facts.push(Fact::Incident { transaction: Some(transaction.id.clone()), party, what });
    }
    facts
}

fn conclude(transaction: &Transaction) -> Vec<Fact> {
    let owed = || owed(transaction);
    if transaction.conclusion.is_some() {
        return if transaction.lacks_a_debt() { vec![owed()] } else { Vec::new() };
    }
    let concluded = |outcome| Fact::Concluded {
        transaction: transaction.id.clone(),
        operation: Box::new(transaction.operation.clone()),
        outcome,
        reference: transaction.reference.clone(),
    };
    match transaction.operation {
        Operation::Pay(_) | Operation::FollowUp(_) if transaction.may_have_moved_money() => {
            vec![concluded(Outcome::Unknown(Doubt::Interrupted)), owed()]
        }
        Operation::Pay(_) | Operation::FollowUp(_) => vec![concluded(Outcome::NotSent(NotSent::Interrupted))],
        Operation::Maintain(_) | Operation::Download(_) | Operation::Settle(_) | Operation::Upload(_) => {
            vec![concluded(Outcome::Failed(NotSent::Interrupted))]
        }
    }
}

/// What the remedy says is owed for it.
fn owed(transaction: &Transaction) -> Fact {
    let of = transaction.id.clone();
    let due = |debt, duty| Fact::Due { debt, of: of.clone(), duty, amount: None, sealed: Sealed::None };
    let grave = transaction.grave_exchange();
    match grave.and_then(|exchange| exchange.intent.remedy.as_ref()) {
        Some(Remedy::Repeat(_)) => due(of.repetition(), Duty::Repeat),
        Some(Remedy::Inquire(_)) => due(of.inquiry(), Duty::Inquire),
        Some(Remedy::Undo(_)) | None => Fact::Owed { debt: of.reversal(), of, reason: UndoReason::NoAnswer },
    }
}
