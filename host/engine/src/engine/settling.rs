//! Settlements in the engine: begun, gone on with, and what follows when one is over.

use super::Engine;
use crate::contract::Digest;
use crate::contract::transaction::{Operation, OperationKind};
use crate::effect::{Effect, Moment, OperationId};
use crate::identity::TransactionId;
use crate::lane::{Current, Job, Machine};
use crate::machine::errand::Errand;
use crate::machine::maintenance;
use crate::machine::settlement::Settlement;
use crate::machine::world::World;
use crate::order::Order;
use crate::record::{NotSent, Outcome};

impl Engine {
    /// Freezes the figures and begins; or refuses, which is written down all the same.
    pub(super) fn begin_settlement(
        &mut self,
        acquirer: &str,
        operation: OperationId,
        transaction: TransactionId,
        operator: String,
        refused: Option<NotSent>,
        now: Moment,
    ) -> Vec<Effect> {
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let begun = match refused {
            Some(why) => Err((why, None)),
            None => Settlement::begin(operation, transaction.clone(), operator.clone(), &world),
        };
        let (machine, effects) = match begun {
            Ok((state, effects)) => (Machine::Settlement(state), effects),
            Err((why, incident)) => {
                let plugin = lane.deployment.plugin.as_ref().map_or(Digest([0; 32]), |loaded| loaded.digest);
                let (kind, subject) = (OperationKind::Settle, Operation::Settle(world.books.totals(acquirer)));
                let mut errand = Errand::new(operation, transaction.clone(), kind, subject, plugin, operator);
                errand.pending.extend(incident.map(|what| errand.incident(what.party(), what)));
                let (state, effects) = maintenance::State::refuse(errand, why, &world);
                (Machine::Maintenance(state), effects)
            }
        };
        lane.current = Some(Current { operation, transaction, machine });
        effects
    }

    /// Goes on with the settlement that stayed open.
    pub(super) fn go_on_settling(&mut self, acquirer: &str, now: Moment) -> Vec<Effect> {
        let operation = self.next_operation();
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let world = World { now, books: &self.books, deployment: &lane.deployment };
        let Some((transaction, state, effects)) = Settlement::resume(operation, &world) else {
            // Nothing can be called for it: it stays open, and is not tried at once again.
            lane.settled(&Outcome::Failed(NotSent::Unsupported), now.monotonic_ms);
            return Vec::new();
        };
        lane.current = Some(Current { operation, transaction, machine: Machine::Settlement(state) });
        effects
    }

    /// A settlement is over, or stays open: others who asked for one are told the same, and the next try is set.
    pub(super) fn settlement_over(&mut self, acquirer: &str, outcome: &Outcome, now: Moment) -> Vec<Effect> {
        let Some(lane) = self.lanes.get_mut(acquirer) else { return Vec::new() };
        let told = |transaction| Effect::Ended { operation: OperationId(0), transaction, outcome: outcome.clone() };
        lane.settled(outcome, now.monotonic_ms).into_iter().map(told).collect()
    }

    /// Whether somebody asks again for the settlement that stayed open, under its own name.
    pub(super) fn asks_to_go_on(&self, acquirer: &str, job: &Job) -> bool {
        let is_open = self.books.settling(acquirer).is_some_and(|open| open.settlement == job.transaction);
        is_open && job.order == Order::Settle && !self.lanes.values().any(|lane| lane.knows(&job.transaction))
    }
}
