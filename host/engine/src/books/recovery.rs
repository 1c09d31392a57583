//! What a start makes of transactions a power cut left open: each is concluded or becomes a debt, never nothing.

use super::{Books, Debt, Transaction};
use crate::contract::template::UndoReason;
use crate::contract::transaction::Operation;
use crate::record::{Doubt, Fact, Incident, NotSent, Outcome, Record};
use crate::story::{Moment, StoryEvent};
use crate::time::Timestamp;

impl Books {
    /// The records that close every transaction the journal leaves open. Empty when nothing was interrupted.
    ///
    /// An intent without a word on how much was sent counts as sent: the record of sending is not synced by itself.
    pub fn recover(&self, now: Timestamp) -> Vec<Record> {
        self.transactions()
            .flat_map(|transaction| {
                let debt = transaction.debt.as_ref().and_then(|id| self.debt(id));
                close(transaction, debt).into_iter().map(move |fact| (transaction, fact))
            })
            .map(|(transaction, fact)| Record { at: now, acquirer: transaction.acquirer.clone(), fact })
            .collect()
    }
}

/// What closes a transaction; and, once, that what it owes can never be sent.
fn close(transaction: &Transaction, debt: Option<&Debt>) -> Vec<Fact> {
    let mut facts = conclude(transaction);
    let is_open = debt.is_some_and(Debt::is_open) || facts.iter().any(|fact| matches!(fact, Fact::Owed { .. }));
    let gone = |moment: &Moment| matches!(moment.event, StoryEvent::Incident { what: Incident::CardDataGone, .. });
    if is_open && transaction.card_data_is_gone() && !transaction.timeline.iter().any(gone) {
        let (what, party) = (Incident::CardDataGone, Incident::CardDataGone.party());
        facts.push(Fact::Incident { transaction: Some(transaction.id.clone()), party, what });
    }
    facts
}

fn conclude(transaction: &Transaction) -> Vec<Fact> {
    let owed =
        || Fact::Owed { debt: transaction.id.reversal(), of: transaction.id.clone(), reason: UndoReason::NoAnswer };
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
