//! A payment: card, plan, exchange, judgement, card again; approved, declined or unknown.

use super::closing::{Closing, Turn};
use super::concluding::Ending;
use super::deal::{Deal, Trouble};
use super::exchange::{Exchange, Plan, Progress};
use super::inquiring::Inquiry;
use super::table::Table;
use super::world::World;
use crate::contract::acquirer::{Approved, Event};
use crate::contract::retry_policy::Failure;
use crate::contract::types::Name;
use crate::effect::{Answer, Effect, OperationId, Purpose};
use crate::record::{Incident, NotSent, Outcome};
use crate::rules::{Judgement, ProvenBy};

pub(crate) static TABLE: Table = Table {
    name: "payment",
    states: &[
        "card",
        "starting",
        "exchanging",
        "deciding",
        "pausing",
        "inquiring",
        "asking",
        "finishing",
        "concluding",
        "noting",
        "over",
    ],
    events: &[
        "card",
        "no-card",
        "cancelled",
        "step",
        "plugin-failed",
        "exchange",
        "decision",
        "woke",
        "chosen",
        "finished",
        "durable",
        "not-durable",
        "no-room",
        "reply",
    ],
    rows: &[
        ("card", "card", &["starting", "concluding"]),
        ("card", "no-card", &["concluding"]),
        ("card", "cancelled", &["concluding"]),
        ("starting", "step", &["exchanging", "pausing", "concluding"]),
        ("starting", "plugin-failed", &["concluding"]),
        ("starting", "cancelled", &["concluding"]),
        ("exchanging", "exchange", &["exchanging", "deciding", "pausing", "asking", "finishing", "concluding", "over"]),
        ("exchanging", "cancelled", &["exchanging", "concluding"]),
        ("deciding", "decision", &["pausing", "finishing", "concluding"]),
        ("deciding", "cancelled", &["concluding"]),
        ("pausing", "woke", &["starting", "exchanging", "inquiring"]),
        ("pausing", "cancelled", &["concluding"]),
        ("inquiring", "step", &["inquiring", "deciding", "concluding"]),
        ("inquiring", "plugin-failed", &["concluding"]),
        ("inquiring", "exchange", &["inquiring", "deciding", "asking", "finishing", "concluding", "over"]),
        ("inquiring", "woke", &["inquiring"]),
        ("inquiring", "cancelled", &["inquiring", "concluding"]),
        ("asking", "chosen", &["finishing", "concluding"]),
        ("asking", "cancelled", &["concluding"]),
        ("finishing", "finished", &["concluding"]),
        ("concluding", "durable", &["over", "noting"]),
        ("concluding", "not-durable", &["over"]),
        ("concluding", "no-room", &["over"]),
        ("concluding", "reply", &["concluding"]),
        ("noting", "durable", &["over"]),
        ("noting", "not-durable", &["over"]),
    ],
};

/// A payment under way.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Card(Deal),
    /// The plugin is thinking: about the beginning, or about a pause that is over.
    Starting(Deal),
    Exchanging(Deal, Exchange),
    /// The retry policy is asked.
    Deciding(Deal, Trouble),
    Pausing(Deal, Afterwards),
    /// It asks what became of its own message.
    Inquiring(Deal, Box<Trouble>, Inquiry),
    /// The cashier is asked whether less is taken.
    Asking(Deal, Approved),
    /// The card takes its second action.
    Finishing(Deal, Finishing),
    Concluding(Deal, Ending),
    /// It is concluded; an answer that came too late is written down before anybody is told.
    Noting(OperationId, Closing),
}

/// What a pause was for.
#[derive(Clone, Debug)]
pub(crate) enum Afterwards {
    Resume,
    Resend(Box<Plan>, Name),
    Inquire(Box<Trouble>),
}

/// What the card was told.
#[derive(Clone, Debug)]
pub(crate) enum Finishing {
    /// The acquirer approved.
    Online(Approved),
    /// The acquirer declined, and nothing the card says changes that.
    Declined(Box<Judgement>),
    /// Nobody could be asked, for this reason.
    StandingIn(Failure),
}

impl State {
    /// Begins by asking for a card, where one is presented.
    pub fn begin(deal: Deal, world: &World<'_>) -> (State, Vec<Effect>) {
        if !deal.asks_for_card {
            let effect = deal.errand.start(world);
            return (State::Starting(deal), vec![effect]);
        }
        let effect = Effect::AskCard {
            operation: deal.errand.operation,
            transaction: deal.errand.transaction.clone(),
            amount: deal.amount,
            kind: deal.errand.kind,
        };
        (State::Card(deal), vec![effect])
    }

    /// A tip: nothing is asked of anybody, it is written down and told later.
    pub fn tip(deal: Deal, world: &World<'_>) -> (State, Vec<Effect>) {
        let outcome = Outcome::Approved(deal.approved_here());
        let (deal, ending, effects) = deal.conclude(Judgement { outcome, owed: None, incident: None }, world);
        (State::Concluding(deal, ending), effects)
    }

    /// A payment refused before a card was asked for; written down all the same.
    pub fn refuse(deal: Deal, why: NotSent, world: &World<'_>) -> (State, Vec<Effect>) {
        let (deal, ending, effects) = deal.conclude(Judgement::not_sent(why), world);
        (State::Concluding(deal, ending), effects)
    }

    pub fn name(&self) -> &'static str {
        match self {
            State::Card(_) => "card",
            State::Starting(_) => "starting",
            State::Exchanging(..) => "exchanging",
            State::Deciding(..) => "deciding",
            State::Pausing(..) => "pausing",
            State::Inquiring(..) => "inquiring",
            State::Asking(..) => "asking",
            State::Finishing(..) => "finishing",
            State::Concluding(..) => "concluding",
            State::Noting(..) => "noting",
        }
    }

    /// Whether the card reader is its own for now: it asks for a card, or its chip waits there for the issuer's word.
    pub fn holds_reader(&self) -> bool {
        match self {
            State::Card(_) => true,
            State::Starting(deal)
            | State::Exchanging(deal, _)
            | State::Deciding(deal, ..)
            | State::Pausing(deal, _)
            | State::Inquiring(deal, ..)
            | State::Asking(deal, _)
            | State::Finishing(deal, _) => deal.is_finished_by_card(),
            State::Concluding(..) | State::Noting(..) => false,
        }
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        let (from, event) = (self.name(), self.event(&answer));
        let turn = self.turn(answer, world);
        let (to, effects) = turn.place(State::name);
        TABLE.hold(from, event, to, effects);
        turn
    }

    fn event(&self, answer: &Answer) -> &'static str {
        match (self, answer) {
            (State::Inquiring(_, _, inquiry), answer) => inquiry.event(answer),
            (State::Exchanging(..), answer) if !matches!(answer, Answer::Cancelled) => "exchange",
            (_, answer) => answer.name(),
        }
    }

    fn turn(self, answer: Answer, world: &World<'_>) -> Turn<State> {
        match (self, answer) {
            (State::Card(deal), Answer::Card(Ok(presented))) => match deal.with_card(presented) {
                Ok(deal) => {
                    let effect = deal.errand.start(world);
                    Turn::Going(State::Starting(deal), vec![effect])
                }
                Err(deal) => deal.not_sent(NotSent::OtherCard, world),
            },
            (State::Card(deal), Answer::Card(Err(problem))) => deal.not_sent(NotSent::Card(problem), world),
            (State::Starting(deal), Answer::Step(Ok(step))) => deal.take(step, false, &ProvenBy::default(), world),
            (State::Starting(deal), Answer::Step(Err(error))) => {
                deal.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            (State::Exchanging(deal, exchange), answer) => match exchange.on(answer, world) {
                Progress::Going(exchange, effects) => Turn::Going(State::Exchanging(deal, exchange), effects),
                Progress::Over(plan, end) => deal.after(plan, end, world),
            },
            (State::Deciding(deal, trouble), Answer::Decision(decision)) => deal.decided(trouble, decision, world),
            (State::Pausing(deal, afterwards), Answer::Woke) => woke(deal, afterwards, world),
            (State::Inquiring(deal, trouble, inquiry), answer) => deal.inquiring(trouble, inquiry, answer, world),
            (State::Asking(deal, approved), Answer::Chosen(takes_it)) => deal.chosen(approved, takes_it, world),
            (State::Asking(deal, approved), Answer::Cancelled) => deal.chosen(approved, false, world),
            (State::Finishing(deal, finishing), Answer::CardFinished(finish)) => {
                deal.finished(finishing, finish, world)
            }
            (State::Card(deal) | State::Starting(deal), Answer::Cancelled)
            | (State::Deciding(deal, _) | State::Pausing(deal, _), Answer::Cancelled) => deal.cancelled(world),
            (State::Noting(_, closing), Answer::Durable(result)) => {
                Turn::Over(Closing { storage_failed: result.is_err(), ..closing })
            }
            (State::Concluding(deal, ending), answer) => concluding(deal, ending, answer, world),
            (state, answer) => state.unexpected(&answer),
        }
    }

    fn unexpected(self, answer: &Answer) -> Turn<State> {
        let effect = Effect::Unexpected { operation: self.operation(), state: self.name(), event: answer.name() };
        Turn::Going(self, vec![effect])
    }

    fn operation(&self) -> OperationId {
        match self {
            State::Card(deal)
            | State::Starting(deal)
            | State::Exchanging(deal, _)
            | State::Deciding(deal, ..)
            | State::Pausing(deal, _)
            | State::Inquiring(deal, ..)
            | State::Asking(deal, _)
            | State::Finishing(deal, _)
            | State::Concluding(deal, ..) => deal.errand.operation,
            State::Noting(operation, _) => *operation,
        }
    }
}

fn woke(mut deal: Deal, afterwards: Afterwards, world: &World<'_>) -> Turn<State> {
    match afterwards {
        Afterwards::Resume => {
            let effect = deal.errand.resume(Event::Woke, world);
            Turn::Going(State::Starting(deal), vec![effect])
        }
        Afterwards::Resend(plan, route) => {
            let plan = deal.errand.plan_again(*plan, route, world);
            let (exchange, effects) = Exchange::again(plan, world);
            Turn::Going(State::Exchanging(deal, exchange), effects)
        }
        Afterwards::Inquire(trouble) => deal.inquire(*trouble, world),
    }
}

/// An answer that comes after somebody stopped waiting is written down, and changes nothing.
fn concluding(deal: Deal, mut ending: Ending, answer: Answer, world: &World<'_>) -> Turn<State> {
    match answer {
        Answer::Durable(Ok(())) => {
            let late = ending.late.take().map(|reply| deal.errand.late(reply));
            let operation = deal.errand.operation;
            let closing = deal.close(ending, Ok(()));
            let Some(fact) = late else { return Turn::Over(closing) };
            let records = [world.record(fact)].into();
            let effect = Effect::Commit { operation, purpose: Purpose::Obligation, records };
            Turn::Going(State::Noting(operation, closing), vec![effect])
        }
        Answer::Durable(Err(why)) => Turn::Over(deal.close(ending, Err(why))),
        Answer::NoRoom(why) => Turn::Over(deal.no_room(why, !deal.errand.has_begun())),
        Answer::Reply(Ok(reply)) if deal.stopped && deal.errand.has_begun() => {
            ending.late = Some(reply);
            Turn::Going(State::Concluding(deal, ending), Vec::new())
        }
        answer => State::Concluding(deal, ending).unexpected(&answer),
    }
}
