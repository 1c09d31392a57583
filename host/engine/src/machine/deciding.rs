//! What a payment does about an exchange that failed: the retry policy proposes, the safety rules dispose.

use super::closing::Turn;
use super::deal::{Deal, Trouble};
use super::inquiring::Inquiry;
use super::payment::{Afterwards, Finishing, State};
use super::world::World;
use crate::contract::PluginError;
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::template::UndoReason;
use crate::contract::transaction::{Operation, OperationKind};
use crate::contract::types::Amount;
use crate::effect::{CardFinish, CardVerdict, Effect};
use crate::record::{CardProblem, Doubt, Duty, Incident, NotSent, Outcome, Party};
use crate::rules::{self, Judgement, Ruling};

impl Deal {
    /// Asks the policy what now.
    pub fn ask_policy(self, trouble: Trouble, world: &World<'_>) -> Turn<State> {
        let effect = self.errand.decide(self.may_stand_in(world), world);
        Turn::Going(State::Deciding(self, trouble), vec![effect])
    }

    /// Lets the safety rules look at what the policy proposes.
    pub fn decided(
        mut self,
        trouble: Trouble,
        decision: Result<Decision, PluginError>,
        world: &World<'_>,
    ) -> Turn<State> {
        if let Err(error) = &decision {
            let what = Incident::PluginFailed(error.to_string());
            self.errand.pending.push(self.errand.incident(Party::Plugin, what));
        }
        let proposed = decision.ok();
        let inquiries_left = self.inquiries < world.deployment.ceilings.inquiries;
        let standing = self.errand.standing(inquiries_left, self.may_stand_in(world), world);
        let decision = match rules::after_failure(&standing, proposed.clone()) {
            Ruling::AsProposed(decision) => decision,
            Ruling::Instead(decision) => {
                if let Some(proposed) = proposed {
                    let what = Incident::IllegalDecision(format!("{proposed:?}"));
                    self.errand.pending.push(self.errand.incident(Party::Plugin, what));
                }
                decision
            }
        };
        self.does(decision, trouble, inquiries_left, world)
    }

    fn does(mut self, decision: Decision, trouble: Trouble, inquiries_left: bool, world: &World<'_>) -> Turn<State> {
        let Trouble { failure, ref doubt, reason, ref incident, .. } = trouble;
        let money_may_have_moved = self.errand.money_may_have_moved();
        let wake = |deal: &Deal, wait: u32| {
            vec![Effect::Wake { operation: deal.errand.operation, after: wait.min(world.deployment.ceilings.wait_ms) }]
        };
        match decision {
            Decision::Resend(resend) if !money_may_have_moved => {
                let effects = wake(&self, resend.wait);
                Turn::Going(State::Pausing(self, Afterwards::Resend(Box::new(trouble.plan), resend.route)), effects)
            }
            Decision::Inquire(wait) if inquiries_left && money_may_have_moved => {
                self.inquiries += 1;
                let effects = wake(&self, wait);
                Turn::Going(State::Pausing(self, Afterwards::Inquire(Box::new(trouble))), effects)
            }
            Decision::StandIn => {
                let effect = self.finish_card(CardVerdict::Unreachable, world);
                Turn::Going(State::Finishing(self, Finishing::StandingIn(failure)), vec![effect])
            }
            Decision::Fail if !money_may_have_moved => match incident.clone() {
                // An answer came, and did not prove itself: that is written down also where nothing moved.
                Some(incident) => self.failed_unmoved(failure, incident, world),
                None => self.not_sent(NotSent::Unreachable(failure), world),
            },
            Decision::Reverse => self.take_back_after(doubt.clone(), reason, incident.clone(), world),
            // The repetition, or an inquiry that may not be made any more here, is owed.
            Decision::Resend(_) | Decision::Inquire(_) | Decision::Fail => {
                self.in_doubt(doubt.clone(), reason, incident.clone(), world)
            }
        }
    }

    fn failed_unmoved(mut self, failure: Failure, incident: Incident, world: &World<'_>) -> Turn<State> {
        let party = incident.party();
        self.errand.pending.push(self.errand.incident(party, incident));
        self.not_sent(NotSent::Unreachable(failure), world)
    }

    fn take_back_after(
        self,
        doubt: Doubt,
        reason: UndoReason,
        incident: Option<Incident>,
        world: &World<'_>,
    ) -> Turn<State> {
        let mut deal = self;
        if let Some(incident) = incident {
            let party = incident.party();
            deal.errand.pending.push(deal.errand.incident(party, incident));
        }
        deal.take_back(doubt, reason, world)
    }

    /// Asks what became of its own message, in this very operation.
    pub fn inquire(self, trouble: Trouble, world: &World<'_>) -> Turn<State> {
        match Inquiry::begin(&self, world) {
            Some((inquiry, effects)) => Turn::Going(State::Inquiring(self, Box::new(trouble), inquiry), effects),
            None => self.in_doubt(trouble.doubt, trouble.reason, trouble.incident, world),
        }
    }

    /// What the card made of its second action.
    pub fn finished(
        mut self,
        finishing: Finishing,
        finish: Result<CardFinish, CardProblem>,
        world: &World<'_>,
    ) -> Turn<State> {
        let accepted = finish.as_ref().is_ok_and(|finish| finish.accepted);
        let is_sealed = finish.as_ref().is_ok_and(|finish| finish.sealed.is_some());
        self.finish = finish.ok();
        match finishing {
            Finishing::Online(approved) if accepted => {
                let judgement = Judgement { outcome: Outcome::Approved(approved), owed: None, incident: None };
                let (deal, ending, effects) = self.conclude(judgement, world);
                Turn::Going(State::Concluding(deal, ending), effects)
            }
            Finishing::Declined(judgement) => {
                // What the card says of itself counts only where scripts of the issuer are to be reported.
                self.finish = self.finish.filter(|finish| finish.scripts);
                let (deal, ending, effects) = self.conclude(*judgement, world);
                Turn::Going(State::Concluding(deal, ending), effects)
            }
            Finishing::Online(_) => self.take_back(Doubt::CardRefused, UndoReason::CardRefused, world),
            // Its acquirer could never be told of it without the card data.
            Finishing::StandingIn(_) if accepted && is_sealed => {
                self.stands_in = true;
                let approved = self.approved_here();
                let judgement = Judgement { outcome: Outcome::Approved(approved), owed: None, incident: None };
                let (deal, ending, effects) = self.conclude(judgement, world);
                Turn::Going(State::Concluding(deal, ending), effects)
            }
            Finishing::StandingIn(failure) => {
                self.finish = None;
                self.not_sent(NotSent::Unreachable(failure), world)
            }
        }
    }

    /// Whether the terminal's own ceilings let it approve this by itself: a chip card's sale, within all of them.
    fn may_stand_in(&self, world: &World<'_>) -> bool {
        let Some(ceilings) = world.deployment.offline else { return false };
        let Operation::Pay(payment) = &self.errand.subject else { return false };
        if self.errand.kind != OperationKind::Sale
            || !self.has_chip()
            || payment.cash.is_some_and(|cash| cash.minor > 0)
            || !world.deployment.offers(OperationKind::Advise)
            || self.amount.minor > ceilings.payment_minor
        {
            return false;
        }
        let undelivered = world
            .books
            .open_debts()
            .filter(|debt| debt.acquirer == world.deployment.acquirer && debt.duty == Duty::Advise);
        let (mut count, mut sum_minor) = (1_u32, self.amount.minor);
        for debt in undelivered {
            count = count.saturating_add(1);
            sum_minor = sum_minor.saturating_add(debt.amount.map_or(0, |Amount { minor, .. }| minor));
            if world.now.wall.seconds_since(debt.since) > ceilings.age_seconds {
                return false;
            }
        }
        count <= ceilings.count && sum_minor <= ceilings.sum_minor
    }

    /// Approved by the terminal alone: there is no number of anybody else's yet.
    pub fn approved_here(&self) -> crate::contract::acquirer::Approved {
        crate::contract::acquirer::Approved {
            amount: self.amount,
            authorization: String::new(),
            retrieval_reference: String::new(),
            chip_data: Vec::new(),
            balance: None,
            settlement_group: String::new(),
            receipt: Vec::new(),
        }
    }
}
