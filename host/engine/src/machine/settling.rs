//! What a settlement makes of each thing that happens to it.

use super::closing::{Closing, Turn};
use super::errand::{Errand, Granted};
use super::exchange::{End, Exchange, Plan};
use super::parts::{Items, acknowledged, delivered, errand, uploads};
use super::settlement::State;
use super::world::World;
use crate::books::{Compared, ExchangeFacts, Settling, Standing};
use crate::contract::PluginError;
use crate::contract::acquirer::{Action, Outcome as Claimed, Settled, Step, Verdict};
use crate::contract::retry_policy::{Decision, Delivery};
use crate::contract::transaction::{Gravity, Operation, Upload};
use crate::contract::types::Milliseconds;
use crate::effect::{CardSource, Effect, OperationId, Purpose};
use crate::identity::TransactionId;
use crate::record::{self, Doubt, Fact, Incident, NotSent, Outcome, Party};
use crate::rules::{self, ProvenBy, Ruling};

/// The shortest wait before a message of a settlement is sent again: one that waits for no time at all would keep the
/// acquirer busy.
const AGAIN_AT_LEAST_MS: Milliseconds = 1_000;

/// A settlement, and the call it is at.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    pub errand: Errand,
    /// What the steps of earlier calls asked for, to come true when the batch is closed.
    granted: Granted,
}

/// One call to the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Compare,
    /// From this item; at the end the message that ends the upload.
    Upload(u32),
    /// Nothing is left but to close.
    Close,
}

impl Settlement {
    /// Freezes the figures. Whoever asks is told that it was not begun when there is nothing to settle, or when the
    /// running sums and an independent count of the batch differ.
    pub fn begin(
        operation: OperationId,
        transaction: TransactionId,
        operator: String,
        world: &World<'_>,
    ) -> Result<(State, Vec<Effect>), (NotSent, Option<Incident>)> {
        let acquirer = &world.deployment.acquirer;
        let (batch, totals) = (world.books.batch(acquirer), world.books.totals(acquirer));
        let items = u32::try_from(batch.members.len()).unwrap_or(u32::MAX);
        if items == 0 {
            return Err((NotSent::NothingToSettle, None));
        }
        match world.books.counted(acquirer) {
            Ok(counted) if counted == totals => {}
            Ok(counted) => {
                let what = format!("kept {totals:?}; counted {counted:?}").chars().take(1_000).collect();
                return Err((NotSent::BooksDiffer, Some(Incident::BooksDiffer(what))));
            }
            Err(error) => return Err((NotSent::BooksDiffer, Some(Incident::BooksDiffer(error.to_string())))),
        }
        let totalled = Fact::Totalled { settlement: transaction.clone(), batch: batch.number, totals, items };
        let errand = errand(operation, transaction, operator, Operation::Settle(Vec::new()), world);
        let settlement = Settlement { errand, granted: Granted::default() };
        let effect = settlement.commit(vec![totalled], world);
        Ok((State::Recording(settlement), vec![effect]))
    }

    /// Goes on with the settlement under way, at the call it was at.
    pub fn resume(operation: OperationId, world: &World<'_>) -> Option<(TransactionId, State, Vec<Effect>)> {
        let settling = world.books.settling(&world.deployment.acquirer)?;
        let id = settling.settlement.clone();
        let errand = errand(operation, id.clone(), String::new(), Operation::Settle(Vec::new()), world);
        match (Settlement { errand, granted: Granted::default() }).go_on(world) {
            Turn::Going(state, effects) => Some((id, state, effects)),
            Turn::Over(_) => None,
        }
    }

    /// Makes the next call, by what is durably known.
    pub fn go_on(self, world: &World<'_>) -> Turn<State> {
        let acquirer = &world.deployment.acquirer;
        let Some(settling) = world.books.settling(acquirer) else {
            return self.stay_open(Doubt::Interrupted, Vec::new(), world);
        };
        let subject = match self.part(settling, world) {
            Part::Compare => Operation::Settle(settling.totals.clone()),
            Part::Upload(first) => {
                let part = Items::from(first, world);
                let originals = part.items.iter().filter_map(|id| world.item(id)).collect();
                let first = if part.items.is_empty() { settling.items } else { first };
                let balanced = settling.compared.as_ref().is_some_and(|compared| compared.balanced);
                Operation::Upload(Upload { balanced, first, total: settling.items, items: originals })
            }
            Part::Close => return self.close(Vec::new(), settling.compared.clone(), settling.uploaded, world),
        };
        let Errand { operation, transaction, operator, .. } = self.errand;
        let errand = errand(operation, transaction, operator, subject, world);
        let effect = errand.start(world);
        Turn::Going(State::Starting(Settlement { errand, ..self }), vec![effect])
    }

    fn part(&self, settling: &Settling, world: &World<'_>) -> Part {
        match &settling.compared {
            None => Part::Compare,
            Some(compared) if !uploads(compared, world) => Part::Close,
            Some(_) => Part::Upload(settling.uploaded),
        }
    }

    /// What an exchange's end means.
    pub fn after(mut self, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
        match end {
            End::NotPrepared(why) => {
                let incident = Incident::IllegalStep(format!("a message could not be rendered: {why}"));
                self.stay_open(Doubt::Plugin(incident.clone()), vec![incident], world)
            }
            End::NotRecorded(_) | End::NoRoom(_) => Turn::Over(self.not_durable()),
            End::Withdrawn => {
                self.errand.withdraw(plan);
                self.stay_open(Doubt::StoppedWaiting, Vec::new(), world)
            }
            End::Stopped(delivery) => {
                self.errand.stopped(delivery);
                self.stay_open(Doubt::StoppedWaiting, Vec::new(), world)
            }
            End::Failed(failed) => {
                self.errand.failed(&plan, failed, world);
                self.ask_policy(plan, Doubt::Unheard(failed.failure), world)
            }
            End::PluginFailed(reply, error) => {
                self.errand.heard(reply, false);
                self.plugin_failed(&error, world)
            }
            End::Disproven(reply, bad) => {
                let incident = self.errand.disproven(&plan, reply, &bad, world);
                let fact = self.errand.incident(incident.party(), incident);
                self.errand.pending.push(fact);
                self.ask_policy(plan, Doubt::Unproven, world)
            }
            End::Answered(reply, step, proven) => {
                let kind = self.errand.kind;
                let (seal, echoes) = (world.deployment.demands_seal(kind), world.deployment.demanded_echoes(kind));
                self.errand.heard(reply, proven.meets(seal, echoes));
                self.take(*step, true, &proven, world)
            }
        }
    }

    /// Does what a step says, as far as it may.
    pub fn take(mut self, step: Step, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        self.errand.grant(step.effects, world);
        self.errand.state = step.state;
        self.errand.reference = step.reference;
        match step.action {
            Action::Send(exchange) if exchange.gravity == Gravity::MovesMoney => {
                self.illegal("a settlement that moves money", world)
            }
            Action::Send(exchange) => match self.errand.plan(exchange, self.cards(world), world) {
                Ok(plan) => {
                    let (exchange, effects) = Exchange::begin(plan, world);
                    Turn::Going(State::Exchanging(self, exchange), effects)
                }
                Err(incident) => self.stay_open(Doubt::Plugin(incident.clone()), vec![incident], world),
            },
            Action::Pause(wait) => {
                if let Err(incident) = self.errand.pause() {
                    return self.stay_open(Doubt::Plugin(incident.clone()), vec![incident], world);
                }
                let after = wait.min(world.deployment.ceilings.wait_ms);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, None), vec![effect])
            }
            Action::Listen(_) => self.illegal("listens without having sent", world),
            Action::Finish(_) if !heard => self.illegal("a settlement that ends without an answer", world),
            Action::Finish(claimed) => self.finish(claimed, proven, world),
        }
    }

    /// The sealed cards of the items this call is about; the vault unseals each under its own transaction.
    fn cards(&self, world: &World<'_>) -> CardSource {
        let Operation::Upload(upload) = &self.errand.subject else { return CardSource::None };
        let items = Items::from(upload.first, world).items;
        CardSource::Items(items.into_iter().map(|id| world.sealed_item(id)).collect())
    }

    /// A comparison ends settled, a part of an upload acknowledged; both only with what they must prove.
    fn finish(mut self, claimed: Claimed, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        let kind = self.errand.kind;
        let (seal, echoes) = (world.deployment.demands_seal(kind), world.deployment.demanded_echoes(kind));
        let counts = matches!(claimed, Claimed::Settled(_) | Claimed::Acknowledged(_));
        if let Some(incident) = proven.missing(seal, echoes, None).filter(|_| counts) {
            return self.stay_open(Doubt::Unproven, vec![incident], world);
        }
        let settling = world.books.settling(&world.deployment.acquirer).cloned();
        match (claimed, self.errand.subject.clone(), settling) {
            (Claimed::Settled(settled), Operation::Settle(_), Some(_)) => self.compared(settled, world),
            (Claimed::Acknowledged(_), Operation::Upload(upload), Some(settling)) => {
                let facts = acknowledged(&self.errand.transaction, &upload, &settling, world);
                if upload.first >= upload.total {
                    return self.close(facts, settling.compared, upload.total, world);
                }
                self.keep_grants();
                self.record(facts, world)
            }
            (Claimed::Declined(declined), ..) => {
                self.stay_open(Doubt::Acquirer { code: declined.code }, Vec::new(), world)
            }
            (Claimed::Unknown(unknown), ..) => {
                self.stay_open(Doubt::Acquirer { code: unknown.code }, Vec::new(), world)
            }
            (Claimed::Refused(code) | Claimed::Unmatched(code), ..) => {
                self.stay_open(Doubt::Acquirer { code }, Vec::new(), world)
            }
            _ => self.illegal("a settlement ends settled, an upload acknowledged", world),
        }
    }

    fn compared(mut self, settled: Settled, world: &World<'_>) -> Turn<State> {
        let Settled { groups, next } = settled;
        let balanced = groups.iter().all(|(_, verdict)| *verdict == Verdict::Balanced);
        let compared = Compared { balanced, groups: groups.clone(), next };
        let fact = Fact::Compared { settlement: self.errand.transaction.clone(), balanced, groups, next };
        if uploads(&compared, world) {
            self.keep_grants();
            self.record(vec![fact], world)
        } else {
            self.close(vec![fact], Some(compared), 0, world)
        }
    }

    fn keep_grants(&mut self) {
        let Granted { drop, then, .. } = self.errand.granted();
        self.granted.drop.extend(drop);
        self.granted.then.extend(then);
    }

    fn ask_policy(self, plan: Plan, doubt: Doubt, world: &World<'_>) -> Turn<State> {
        let effect = self.errand.decide(false, world);
        Turn::Going(State::Deciding(self, plan, doubt), vec![effect])
    }

    /// The same message again while the ceiling allows it, whatever the policy says of giving up: a settlement is owed.
    /// After that it stays open, and is gone on with later.
    pub fn decided(
        mut self,
        plan: Plan,
        doubt: Doubt,
        decision: Result<Decision, PluginError>,
        world: &World<'_>,
    ) -> Turn<State> {
        let proposed = match decision {
            Ok(decision) => Some(decision),
            Err(error) => {
                let what = Incident::PluginFailed(error.to_string());
                self.errand.pending.push(self.errand.incident(Party::Plugin, what));
                None
            }
        };
        let ruling = rules::after_failure(&self.errand.standing(false, false, world), proposed);
        let (Ruling::AsProposed(decision) | Ruling::Instead(decision)) = ruling;
        match decision {
            Decision::Resend(resend) if self.errand.may_try_again(world) => {
                let after = resend.wait.min(world.deployment.ceilings.wait_ms).max(AGAIN_AT_LEAST_MS);
                let effect = Effect::Wake { operation: self.errand.operation, after };
                Turn::Going(State::Pausing(self, Some((Box::new(plan), resend.route))), vec![effect])
            }
            _ => self.stay_open(doubt, Vec::new(), world),
        }
    }

    pub fn plugin_failed(self, error: &PluginError, world: &World<'_>) -> Turn<State> {
        let incident = Incident::PluginFailed(error.to_string());
        self.stay_open(Doubt::Plugin(incident.clone()), vec![incident], world)
    }

    fn illegal(self, what: &str, world: &World<'_>) -> Turn<State> {
        let incident = Incident::IllegalStep(what.into());
        self.stay_open(Doubt::Plugin(incident.clone()), vec![incident], world)
    }

    /// Nothing is given up that may have left: it is gone on with at a start, at the next wish to settle or to pay, and
    /// after a while. Where nothing ever left, the batch goes on as if nobody had asked.
    fn stay_open(mut self, doubt: Doubt, incidents: Vec<Incident>, world: &World<'_>) -> Turn<State> {
        self.keep_grants();
        let incidents: Vec<_> = incidents.into_iter().map(|what| self.errand.incident(what.party(), what)).collect();
        // What a step asked to be remembered belongs to a step that did not count.
        self.errand.pending.retain(|fact| !matches!(fact, Fact::Remembered { .. } | Fact::CounterSet { .. }));
        self.errand.pending.extend(incidents);
        if self.nothing_left(world) {
            return self.give_up(doubt, world);
        }
        if self.errand.pending.is_empty() {
            return self.left(doubt);
        }
        let effect = self.commit(Vec::new(), world);
        Turn::Going(State::Leaving(self, doubt), vec![effect])
    }

    /// Whether no message of this settlement can ever have left.
    fn nothing_left(&self, world: &World<'_>) -> bool {
        let said = |exchange: &ExchangeFacts| -> Vec<Delivery> {
            let pending = self.errand.pending.iter().filter_map(|fact| match fact {
                Fact::Sent { exchange: number, delivery, .. } if *number == exchange.intent.exchange => Some(*delivery),
                _ => None,
            });
            exchange.sent.map(|(delivery, _)| delivery).into_iter().chain(pending).collect()
        };
        let stayed = |said: &[Delivery]| !said.is_empty() && said.iter().all(|said| *said == Delivery::NotSent);
        let known = world.books.transaction(&self.errand.transaction);
        known.is_some_and(|known| known.exchanges.iter().all(|exchange| stayed(&said(exchange))))
    }

    fn give_up(self, doubt: Doubt, world: &World<'_>) -> Turn<State> {
        let outcome = Outcome::Failed(match doubt {
            Doubt::Unheard(failure) => NotSent::Unreachable(failure),
            Doubt::Plugin(incident) => NotSent::Plugin(incident),
            Doubt::StoppedWaiting => NotSent::Cancelled,
            _ => NotSent::Interrupted,
        });
        let concluded = Fact::Concluded {
            transaction: self.errand.transaction.clone(),
            operation: Box::new(Operation::Settle(world.books.totals(&world.deployment.acquirer))),
            outcome: outcome.clone(),
            reference: self.errand.reference.clone(),
        };
        let effect = self.commit(vec![concluded], world);
        Turn::Going(State::Closing(self, outcome), vec![effect])
    }

    pub fn left(self, doubt: Doubt) -> Turn<State> {
        Turn::Over(self.ending(Outcome::Unknown(doubt)))
    }

    fn record(mut self, facts: Vec<Fact>, world: &World<'_>) -> Turn<State> {
        let effect = self.commit(facts, world);
        self.errand.pending.clear();
        Turn::Going(State::Recording(self), vec![effect])
    }

    /// Closes the batch: refused debts go on by name; unmatched ones are settled where the acquirer's books agreed.
    fn close(
        mut self,
        mut facts: Vec<Fact>,
        compared: Option<Compared>,
        uploaded: u32,
        world: &World<'_>,
    ) -> Turn<State> {
        self.keep_grants();
        let acquirer = &world.deployment.acquirer;
        let Some(settling) = world.books.settling(acquirer) else {
            return self.stay_open(Doubt::Interrupted, Vec::new(), world);
        };
        let compared = compared.unwrap_or(Compared { balanced: false, groups: Vec::new(), next: None });
        let (mut carried, mut closed) = (Vec::new(), Vec::new());
        for debt in world.books.open_debts_of(acquirer) {
            let is_settled = compared.balanced && debt.standing == Standing::Unmatched && debt.since <= settling.since;
            if is_settled { closed.push(debt.id.clone()) } else { carried.push(debt.id.clone()) }
        }
        let (settlement, batch) = (self.errand.transaction.clone(), world.books.batch(acquirer).number);
        let outcome = Outcome::Settled(record::Settlement {
            batch,
            balanced: compared.balanced,
            totals: settling.totals.clone(),
            groups: compared.groups,
            uploaded: delivered(uploaded, world),
            carried: carried.clone(),
            closed: closed.clone(),
        });
        facts.push(Fact::BatchClosed { settlement: settlement.clone(), batch, carried, closed });
        facts.push(Fact::Concluded {
            transaction: settlement,
            operation: Box::new(Operation::Settle(settling.totals.clone())),
            outcome: outcome.clone(),
            reference: self.errand.reference.clone(),
        });
        let effect = self.commit(facts, world);
        Turn::Going(State::Closing(self, outcome), vec![effect])
    }

    pub fn closed(self, outcome: Outcome) -> Turn<State> {
        Turn::Over(self.ending(outcome))
    }

    /// How it ends, for now or for good, and what follows.
    pub fn ending(self, outcome: Outcome) -> Closing {
        let Granted { drop, then, .. } = self.granted;
        Closing { drop_keys: drop, then, ..Closing::of(outcome) }
    }

    fn commit(&self, facts: Vec<Fact>, world: &World<'_>) -> Effect {
        let records = self.errand.pending.iter().cloned().chain(facts).map(|fact| world.record(fact)).collect();
        Effect::Commit { operation: self.errand.operation, purpose: Purpose::Obligation, records }
    }
}
