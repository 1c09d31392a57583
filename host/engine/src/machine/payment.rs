//! A sale: card, plan, exchange, judgement; approved, declined or unknown.

use super::closing::Turn;
use super::errand::Granted;
use super::exchange::{Exchange, Plan, Progress};
use super::sale::{Sale, Trouble};
use super::table::Table;
use super::world::World;
use crate::contract::acquirer::Event;
use crate::contract::types::Name;
use crate::effect::{Answer, Effect, OperationId};
use crate::record::{Incident, NotSent, Outcome};
use crate::rules::{Judgement, ProvenBy};

pub(crate) static TABLE: Table = Table {
    name: "payment",
    states: &["card", "starting", "exchanging", "deciding", "pausing", "concluding", "over"],
    events: &[
        "card",
        "no-card",
        "cancelled",
        "step",
        "plugin-failed",
        "exchange",
        "decision",
        "woke",
        "durable",
        "not-durable",
        "no-room",
    ],
    rows: &[
        ("card", "card", &["starting"]),
        ("card", "no-card", &["concluding"]),
        ("card", "cancelled", &["concluding"]),
        ("starting", "step", &["exchanging", "pausing", "concluding"]),
        ("starting", "plugin-failed", &["concluding"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "concluding", "over"]),
        ("deciding", "decision", &["pausing", "concluding"]),
        ("pausing", "woke", &["starting", "exchanging"]),
        ("pausing", "cancelled", &["concluding"]),
        ("concluding", "durable", &["over"]),
        ("concluding", "not-durable", &["over"]),
        ("concluding", "no-room", &["over"]),
    ],
};

/// A payment under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Card(Sale),
    /// The plugin is thinking: about the beginning, or about a pause that is over.
    Starting(Sale),
    Exchanging(Sale, Exchange),
    /// The retry policy is asked.
    Deciding(Sale, Plan, Trouble),
    Pausing(Sale, Afterwards),
    Concluding(Sale, Outcome, Granted),
}

/// What a pause was for.
#[derive(Clone, Debug)]
pub(crate) enum Afterwards {
    Resume,
    Resend(Box<Plan>, Name),
}

impl State {
    /// Begins by asking for a card.
    pub fn begin(sale: Sale) -> (State, Vec<Effect>) {
        let effect = Effect::AskCard {
            operation: sale.errand.operation,
            transaction: sale.errand.transaction.clone(),
            amount: sale.amount,
            kind: sale.errand.kind,
        };
        (State::Card(sale), vec![effect])
    }

    /// A payment refused before a card was asked for; written down all the same.
    pub fn refuse(sale: Sale, why: NotSent, world: &World<'_>) -> (State, Vec<Effect>) {
        sale.conclude(Judgement::not_sent(why), world)
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Card(_) => "card",
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
            State::Concluding(..) => "concluding",
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
            (State::Card(sale), Answer::Card(Ok(presented))) => {
                let sale = sale.with_card(presented);
                let effect = sale.errand.start(world);
                Turn::Going(State::Starting(sale), vec![effect])
            }
            (State::Card(sale), Answer::Card(Err(problem))) => sale.not_sent(NotSent::Card(problem), world),
            (State::Card(sale), Answer::Cancelled) => sale.not_sent(NotSent::Cancelled, world),
            (State::Starting(sale), Answer::Step(Ok(step))) => sale.take(step, false, &ProvenBy::default(), world),
            (State::Starting(sale), Answer::Step(Err(error))) => {
                sale.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            (State::Exchanging(sale, exchange), answer) => {
                let plan = exchange.plan().clone();
                match exchange.on(answer, world) {
                    Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(sale, exchange), effects),
                    Progress::Over(end) => sale.after(plan, end, world),
                }
            }
            (State::Deciding(sale, plan, trouble), Answer::Decision(decision)) => {
                sale.decided(plan, trouble, decision, world)
            }
            (State::Pausing(sale, Afterwards::Resume), Answer::Woke) => {
                let effect = sale.errand.resume(Event::Woke, world);
                Turn::Going(State::Starting(sale), vec![effect])
            }
            (State::Pausing(mut sale, Afterwards::Resend(plan, route)), Answer::Woke) => {
                let plan = sale.errand.plan_again(*plan, route, world);
                let (exchange, effects) = Exchange::again(plan, world);
                Turn::Going(State::Exchanging(sale, exchange), effects)
            }
            (State::Pausing(sale, _), Answer::Cancelled) => sale.cancelled(world),
            (State::Concluding(sale, outcome, granted), Answer::Durable(result)) => {
                Turn::Over(sale.close(outcome, granted, result))
            }
            (State::Concluding(sale, ..), Answer::NoRoom(why)) => {
                let nothing_is_written = !sale.errand.has_begun();
                Turn::Over(sale.no_room(why, nothing_is_written))
            }
            (state, answer) => {
                let effect =
                    Effect::Unexpected { operation: state.operation(), state: state.name(), event: answer.name() };
                Turn::Going(state, vec![effect])
            }
        }
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Card(sale)
            | State::Starting(sale)
            | State::Exchanging(sale, _)
            | State::Deciding(sale, ..)
            | State::Pausing(sale, _)
            | State::Concluding(sale, ..) => sale.errand.operation,
        }
    }
}
