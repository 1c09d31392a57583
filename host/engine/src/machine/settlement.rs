//! A settlement: totals frozen and compared, the batch uploaded where the acquirer wants it, and closed. Whatever is
//! interrupted goes on at the call it was at, never from the beginning.

use super::closing::{Closing, Turn};
use super::exchange::{Exchange, Plan, Progress};
use super::table::Table;
use super::world::World;
use crate::contract::acquirer::Event;
use crate::contract::types::Name;
use crate::effect::{Answer, Effect, OperationId};
use crate::record::{Doubt, Outcome};
use crate::rules::ProvenBy;

pub(crate) use super::settling::Settlement;

pub(crate) static TABLE: Table = Table {
    name: "settlement",
    states: &["recording", "starting", "exchanging", "deciding", "pausing", "leaving", "closing", "over"],
    events: &["durable", "not-durable", "step", "plugin-failed", "exchange", "decision", "woke"],
    rows: &[
        ("recording", "durable", &["starting"]),
        ("recording", "not-durable", &["over"]),
        ("starting", "step", &["exchanging", "pausing", "leaving", "closing"]),
        ("starting", "plugin-failed", &["leaving", "closing"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "recording", "leaving", "closing", "over"]),
        ("deciding", "decision", &["pausing", "leaving", "closing"]),
        ("pausing", "woke", &["starting", "exchanging"]),
        ("leaving", "durable", &["over"]),
        ("leaving", "not-durable", &["over"]),
        ("closing", "durable", &["over"]),
        ("closing", "not-durable", &["over"]),
    ],
};

/// A settlement under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// The figures, a verdict or a delivered part are being written down.
    Recording(Settlement),
    /// The plugin is thinking: about one call's beginning, or about a pause that is over.
    Starting(Settlement),
    Exchanging(Settlement, Exchange),
    /// The retry policy is asked.
    Deciding(Settlement, Plan, Doubt),
    Pausing(Settlement, Option<(Box<Plan>, Name)>),
    /// It stays open, and this is why; that is being written down.
    Leaving(Settlement, Doubt),
    /// The batch is being closed.
    Closing(Settlement, Outcome),
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            State::Recording(_) => "recording",
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
            State::Leaving(..) => "leaving",
            State::Closing(..) => "closing",
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        let (from, event) = (self.name(), if let State::Exchanging(..) = self { "exchange" } else { answer.name() });
        let turn = self.turn(answer, world);
        let (to, effects) = turn.place(State::name);
        TABLE.hold(from, event, to, effects);
        turn
    }

    fn turn(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        match (self, answer) {
            (State::Recording(settlement), Answer::Durable(Ok(()))) => settlement.go_on(world),
            (State::Starting(settlement), Answer::Step(Ok(step))) => {
                settlement.take(step, false, &ProvenBy::default(), world)
            }
            (State::Starting(settlement), Answer::Step(Err(error))) => settlement.plugin_failed(&error, world),
            (State::Exchanging(settlement, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(settlement, exchange), effects),
                Progress::Over(plan, end) => settlement.after(plan, end, world),
            },
            (State::Deciding(settlement, plan, doubt), Answer::Decision(decision)) => {
                settlement.decided(plan, doubt, decision, world)
            }
            (State::Pausing(settlement, None), Answer::Woke) => {
                let effect = settlement.errand.resume(Event::Woke, world);
                Turn::Going(State::Starting(settlement), vec![effect])
            }
            (State::Pausing(mut settlement, Some((plan, route))), Answer::Woke) => {
                let plan = settlement.errand.plan_again(*plan, route, world);
                let (exchange, effects) = Exchange::again(plan, world);
                Turn::Going(State::Exchanging(settlement, exchange), effects)
            }
            (State::Leaving(settlement, doubt), Answer::Durable(Ok(()))) => settlement.left(doubt),
            (State::Closing(settlement, outcome), Answer::Durable(Ok(()))) => settlement.closed(outcome),
            (
                State::Recording(settlement) | State::Leaving(settlement, _) | State::Closing(settlement, _),
                Answer::Durable(Err(_)),
            ) => Turn::Over(settlement.not_durable()),
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                Turn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Recording(settlement)
            | State::Starting(settlement)
            | State::Exchanging(settlement, _)
            | State::Deciding(settlement, ..)
            | State::Pausing(settlement, _)
            | State::Leaving(settlement, _)
            | State::Closing(settlement, _) => settlement.errand.operation,
        }
    }
}

impl Settlement {
    /// The journal failed: what it holds decides.
    pub fn not_durable(self) -> Closing {
        Closing { storage_failed: true, ..self.ending(Outcome::Unknown(Doubt::Storage)) }
    }
}
