//! How a payment ends: written down with all that is owed because of it, and only then told.

use super::closing::Closing;
use super::deal::Deal;
use super::errand::Granted;
use super::world::World;
use crate::contract::acquirer::Reply;
use crate::contract::transaction::OperationKind;
use crate::effect::{Effect, Purpose};
use crate::record::{Doubt, Duty, Fact, NotSent, Outcome, Sealed};
use crate::rules::Judgement;

/// What comes true once it is durable.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub outcome: Outcome,
    granted: Granted,
    /// An answer that came after somebody stopped waiting.
    pub late: Option<Reply>,
}

impl Deal {
    /// Writes down how it ended; nobody is told before that is durable.
    pub fn conclude(mut self, judgement: Judgement, world: &World<'_>) -> (Deal, Ending, Vec<Effect>) {
        let granted = self.errand.granted();
        let mut facts = std::mem::take(&mut self.errand.pending);
        if !granted.drop.is_empty() {
            facts.push(Fact::KeysDropped { slots: granted.drop.clone() });
        }
        if let Some(incident) = judgement.incident {
            let party = incident.party();
            facts.push(self.errand.incident(party, incident));
        }
        facts.push(Fact::Concluded {
            transaction: self.errand.transaction.clone(),
            operation: Box::new(self.errand.subject.clone()),
            outcome: judgement.outcome.clone(),
            reference: self.errand.reference.clone(),
        });
        facts.extend(self.owed(judgement.owed, world));
        let records = facts.into_iter().map(|fact| world.record(fact)).collect();
        let is_nothing = !self.errand.has_begun() && granted.drop.is_empty() && !self.stands_in;
        let purpose = if is_nothing { Purpose::Payment } else { Purpose::Obligation };
        let effect = Effect::Commit { operation: self.errand.operation, purpose, records };
        (self, Ending { outcome: judgement.outcome, granted, late: None }, vec![effect])
    }

    /// What is owed, and before it the card data it will be rendered from: as the card left it, where it finished.
    fn owed(&self, duty: Option<Duty>, world: &World<'_>) -> Vec<Fact> {
        let of = self.errand.transaction.clone();
        let finish = self.finish.as_ref();
        let sealed = Sealed::from(finish.and_then(|finish| finish.sealed.clone()));
        let mut facts = Vec::new();
        if sealed != Sealed::None {
            facts.push(Fact::Resealed { transaction: of.clone(), sealed: sealed.clone() });
        }
        let bare = |debt, duty| Fact::Due { debt, of: of.clone(), duty, amount: None, sealed: Sealed::None };
        facts.extend(duty.map(|duty| match duty {
            Duty::Reverse(reason) => Fact::Owed { debt: of.reversal(), of: of.clone(), reason },
            Duty::Repeat => bare(of.repetition(), duty),
            Duty::Inquire => bare(of.inquiry(), duty),
            Duty::Advise => bare(of.advice(), duty),
            Duty::ReportScripts => bare(of.report(), duty),
        }));
        if let Some((sale, sealed)) = &self.tip_on {
            let (debt, amount, sealed) = (sale.advice(), Some(self.amount), sealed.clone());
            facts.push(Fact::Due { debt, of: sale.clone(), duty: Duty::Advise, amount, sealed });
        }
        if self.stands_in {
            let (debt, amount) = (of.advice(), Some(self.amount));
            facts.push(Fact::Due { debt, of: of.clone(), duty: Duty::Advise, amount, sealed: sealed.clone() });
        }
        let ran_scripts = finish.is_some_and(|finish| finish.scripts);
        if ran_scripts && world.deployment.offers(OperationKind::ReportScripts) {
            let debt = of.report();
            facts.push(Fact::Due { debt, of, duty: Duty::ReportScripts, amount: None, sealed });
        }
        facts
    }

    /// Nothing could be written down, or the rest of it could not.
    pub fn unwritten(&self, why: String) -> Closing {
        self.close(Ending::of(Outcome::NotSent(NotSent::Storage(why.clone()))), Err(why))
    }

    /// The journal keeps its last space for debts. Where nothing was ever written, nothing need be; else its word that
    /// there is no room is as good as a failure.
    pub fn no_room(&self, why: String, nothing_is_written: bool) -> Closing {
        let outcome = Outcome::NotSent(NotSent::Storage(why.clone()));
        if nothing_is_written { Closing::of(outcome) } else { self.unwritten(why) }
    }

    /// What the cashier is told: what is durable, or that it is unknown.
    pub fn close(&self, ending: Ending, durable: Result<(), String>) -> Closing {
        let Ending { outcome, granted, .. } = ending;
        let storage_failed = durable.is_err();
        let about = self.tip_on.as_ref().map(|(sale, _)| sale.clone());
        let outcome = match durable {
            Ok(()) => outcome,
            // It may be on the disk all the same: what recovery reads decides.
            Err(_) if self.errand.money_may_have_moved() || self.is_approved_here() => Outcome::Unknown(Doubt::Storage),
            Err(why) => Outcome::NotSent(NotSent::Storage(why)),
        };
        Closing { drop_keys: granted.drop, then: granted.then, about, storage_failed, ..Closing::of(outcome) }
    }
}

impl Ending {
    fn of(outcome: Outcome) -> Ending {
        Ending { outcome, granted: Granted::default(), late: None }
    }
}
