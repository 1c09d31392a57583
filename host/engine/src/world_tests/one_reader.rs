//! One reader, several acquirers. A second question for a card once ended the session of a chip that waited for its last
//! word at another acquirer, and that payment was taken back although everybody had done right.

use super::{card, deployment, guest, record};
use crate::contract::card::{Entry, Presented};
use crate::effect::Request;
use crate::record::CardProblem;
use crate::{
    Answer, Deployment, Effect, Engine, Fact, Input, Moment, NotSent, Order, Outcome, Record, Recovery, Timestamp,
    TransactionId,
};

/// Two acquirers on one terminal, driven by hand.
struct Desk {
    engine: Engine,
    ended: Vec<(TransactionId, Outcome)>,
}

const NOW: Moment = Moment { wall: Timestamp { unix_ms: 0, utc_offset_minutes: 0 }, monotonic_ms: 0 };

fn presented(entry: Entry) -> Answer {
    Answer::Card(Ok(Presented { entry, ..card() }))
}

impl Desk {
    fn new() -> Desk {
        let keys = |acquirer: &str| {
            let fact = Fact::KeysInstalled { keys: vec![guest::key()] };
            Record { acquirer: acquirer.into(), ..record(fact) }
        };
        let deployment = |acquirer: &str| Deployment { acquirer: acquirer.into(), ..deployment() };
        let recovery = Recovery::read(&[keys("one"), keys("two")], NOW);
        let (engine, _) = recovery.begin(vec![deployment("one"), deployment("two")], None, &[], NOW);
        Desk { engine, ended: Vec::new() }
    }

    /// Begins a sale and goes on until it asks for a card, sends, or is over.
    fn sale(&mut self, acquirer: &str, id: &str) -> Option<Effect> {
        let transaction = TransactionId::parse(id).unwrap();
        let (acquirer, order, operator) = (acquirer.to_owned(), Order::sale(guest::yuan(5)), String::new());
        self.give(Input::Request(Request::Begin { acquirer, transaction, order, operator }))
    }

    fn answer(&mut self, effect: &Effect, answer: Answer) -> Option<Effect> {
        let (Effect::AskCard { operation, .. } | Effect::Send { operation, .. }) = effect else { panic!("{effect:?}") };
        self.give(Input::Answer { operation: *operation, answer })
    }

    fn give(&mut self, input: Input) -> Option<Effect> {
        let mut effects = self.engine.handle(input, NOW);
        while !effects.is_empty() {
            let (operation, answer) = match effects.remove(0) {
                Effect::Call { operation, call, .. } => (operation, guest::honest(&call)),
                Effect::Prepare { operation, .. } => (operation, Answer::Prepared(Ok(None))),
                Effect::Commit { operation, .. } => (operation, Answer::Durable(Ok(()))),
                Effect::Ended { transaction, outcome, .. } => {
                    self.ended.push((transaction, outcome));
                    continue;
                }
                effect @ (Effect::AskCard { .. } | Effect::Send { .. }) => return Some(effect),
                _ => continue,
            };
            let more = self.engine.handle(Input::Answer { operation, answer }, NOW);
            effects.splice(0..0, more);
        }
        None
    }

    fn is_busy(&self, id: &str) -> bool {
        let busy = Outcome::NotSent(NotSent::Card(CardProblem::Busy));
        self.ended.iter().any(|(known, outcome)| known.as_str() == id && *outcome == busy)
    }
}

#[test]
fn nobody_else_is_asked_for_a_card_while_one_is_asked_for_or_a_chip_waits() {
    let mut desk = Desk::new();
    let asked = desk.sale("one", "A1").unwrap();
    assert!(desk.sale("two", "B1").is_none() && desk.is_busy("B1"), "one is being asked for a card");
    let sent = desk.answer(&asked, presented(Entry::ContactChip)).unwrap();
    assert!(matches!(sent, Effect::Send { .. }), "{sent:?}");
    assert!(desk.sale("two", "B2").is_none() && desk.is_busy("B2"), "a chip waits for the issuer's word");
    // It is over without one: the reader is free.
    let Effect::Send { operation, .. } = sent else { panic!() };
    let _ = desk.give(Input::Answer { operation, answer: Answer::Cancelled });
    assert!(matches!(desk.ended.last(), Some((id, Outcome::Unknown(_))) if id.as_str() == "A1"), "{:?}", desk.ended);
    assert!(matches!(desk.sale("two", "B3"), Some(Effect::AskCard { .. })));
}

#[test]
fn a_stripe_leaves_the_reader_free_as_soon_as_it_is_read() {
    let mut desk = Desk::new();
    let asked = desk.sale("one", "A1").unwrap();
    let sent = desk.answer(&asked, presented(Entry::Stripe)).unwrap();
    assert!(matches!(sent, Effect::Send { .. }));
    assert!(matches!(desk.sale("two", "B1"), Some(Effect::AskCard { .. })));
    assert!(desk.ended.is_empty());
}
