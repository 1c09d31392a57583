//! Numbers a message carries: taken when it is journalled, never given twice to what is owed, never moved back.

use super::acquirer::Line;
use super::guest::{self, TRACE, honest, is_sale};
use super::{ACQUIRER, House};
use crate::contract::acquirer::{Action, Counter, Effect as Wish};
use crate::record::{Incident, NotSent};
use crate::{Answer, Call, Fact, Outcome};

fn used(house: &House) -> Vec<u64> {
    let uses = |fact| if let Fact::Intent(intent) = fact { intent.uses.clone() } else { Vec::new() };
    house.facts().into_iter().flat_map(uses).map(|(_, value)| value).collect()
}

fn counter(house: &mut House) -> &mut Counter {
    &mut house.deployment.plugin.as_mut().unwrap().descriptor.counters[0]
}

#[test]
fn a_number_is_taken_when_it_is_journalled_and_no_sooner() {
    let mut house = House::new();
    house.preparing = Err("no".into());
    house.sale("A1", 5);
    house.preparing = Ok(());
    house.failing_commits = [true].into();
    house.sale("A2", 5);
    house.sale("A3", 5);
    house.sale("A4", 5);
    assert_eq!(used(&house), [1, 2]);
}

#[test]
fn no_number_is_used_again_after_a_crash() {
    let mut house = House::new();
    let points = {
        house.points = 0;
        house.sale("A1", 5);
        house.points
    };
    for cut in 1..points {
        let mut house = House::new();
        house.points = 0;
        house.cuts = [cut].into();
        house.ask_sale("A1", 5);
        house.rest();
        house.sale("A2", 5);
        let mut numbers = used(&house);
        let all = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "cut {cut}");
        house.assert_balanced();
    }
}

#[test]
fn a_counter_starts_over_and_passes_over_what_is_still_owed() {
    let mut house = House::new();
    counter(&mut house).last = 3;
    house.start();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("A1", 5);
    // The model acquirer knows a number for ever, and the house watches that no sale leaves under one twice.
    let numbers: Vec<_> = (0..5)
        .map(|_| {
            let counter = &house.deployment.plugin.as_ref().unwrap().descriptor.counters[0];
            let next = house.books().free_count_without_batches(ACQUIRER, counter).unwrap();
            house.journal.push(super::record(Fact::CounterSet { name: TRACE.into(), value: next }).encode().unwrap());
            house.start();
            next
        })
        .collect();
    assert_eq!(numbers, [2, 3, 2, 3, 2]);
}

#[test]
fn a_counter_with_no_free_number_stops_the_sale_and_sends_nothing() {
    let mut house = House::new();
    counter(&mut house).last = 1;
    house.start();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("A1", 5);
    assert_eq!(
        house.sale("A2", 5),
        Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep("no number of trace is free".into())))
    );
    assert_eq!(house.acquirer.count("sale"), 1);
}

#[test]
fn an_acquirer_moves_a_counter_forwards_only_and_within_its_bounds() {
    for (value, next) in [(500, 501), (1, 12), (10, 12), (0, 12), (1_000_000, 12), (999_999, 1)] {
        let mut house = House::new();
        for number in 0..10 {
            house.sale(&format!("A{number}"), 5);
        }
        house.guest = Box::new(move |call| match call {
            Call::Resume(_, operation, state, event) if !is_sale(operation) => {
                let mut step = guest::resume(operation, state, event).unwrap();
                step.effects = vec![Wish::SetCounter((TRACE.into(), value)), Wish::SetCounter(("other".into(), 5))];
                Answer::Step(Ok(step))
            }
            call => honest(call),
        });
        assert_eq!(house.sign_in("S1"), Outcome::Done);
        assert_eq!(house.books().next_count(ACQUIRER, &guest::descriptor().counters[0]), next, "set to {value}");
    }
}

/// A regression: a counter moved on in the very step that sends was moved back by the number the message carries.
#[test]
fn a_counter_set_by_the_step_that_sends_stays_set() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Start(context, operation) if !is_sale(operation) => {
            let mut step = guest::start(context, operation);
            step.effects = vec![Wish::SetCounter((TRACE.into(), 100))];
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    assert_eq!(house.sign_in("S1"), Outcome::Done);
    assert_eq!(used(&house), [1]);
    assert_eq!(house.books().next_count(ACQUIRER, &guest::descriptor().counters[0]), 101);
}

#[test]
fn a_payment_moves_no_counter() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Start(context, operation) if is_sale(operation) => {
            let mut step = guest::start(context, operation);
            assert!(matches!(step.action, Action::Send(_)));
            step.effects = vec![Wish::SetCounter((TRACE.into(), 100))];
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)));
    assert!(house.facts().iter().any(|fact| matches!(fact, Fact::Incident { .. })));
    assert_eq!(house.books().next_count(ACQUIRER, &guest::descriptor().counters[0]), 2);
}
