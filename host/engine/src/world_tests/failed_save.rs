//! The first sin of naive terminals: a failed save ignored, and the message sent anyway.
//!
//! A terminal's flash was full. Its program called `write`, got "no space left", logged the error and went on: the
//! sale left for the acquirer, the answer was lost on the way back, and the terminal knew of no payment at all. The
//! customer was charged; nothing on the terminal could say so, and nothing was ever reversed.
//!
//! Here a message leaves only after its intent, with what takes it back, has been said to be durable; and nobody is
//! told "approved" before that is durable too.

use super::acquirer::Line;
use super::{House, guest};
use crate::contract::retry_policy::Decision;
use crate::record::{Doubt, NotSent};
use crate::{
    Answer, Call, Deployment, Effect, Fact, Input, Moment, Order, Outcome, Record, Recovery, Request, Timestamp,
    TransactionId,
};

#[test]
fn a_full_disk_before_the_intent_lets_no_byte_leave() {
    let mut house = House::new();
    house.failing_commits = [true].into();
    let outcome = house.sale("A1", 1234);
    assert!(matches!(outcome, Outcome::NotSent(NotSent::Storage(_))), "{outcome:?}");
    assert!(house.acquirer.arrived.is_empty());
    assert!(!house.facts().iter().any(|fact| matches!(fact, Fact::Intent(_))));
    house.assert_balanced();
}

#[test]
fn an_approval_that_cannot_be_written_down_is_unknown_and_what_recovery_reads_decides() {
    let mut house = House::new();
    house.failing_commits = [false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| house.ended.is_empty());
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::Storage));
    assert_eq!(house.acquirer.count("reversal"), 0);
    house.rest();
    assert!(house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!(house.acquirer.count("reversal"), 1, "taken back once the journal could be read again");
    house.assert_balanced();
}

#[test]
fn nothing_is_begun_and_nobody_waits_in_vain_once_the_journal_has_failed() {
    let mut house = House::new();
    house.failing_commits = [true].into();
    house.ask_sale("A1", 1234);
    house.ask_sale("A2", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    house.ask_sale("A3", 1234);
    while house.advance(0).unwrap() {}
    for id in ["A1", "A2", "A3"] {
        assert!(matches!(house.outcome(id), Outcome::NotSent(NotSent::Storage(_))), "{id}");
    }
    assert!(house.acquirer.arrived.is_empty());
}

/// The journal fails under one acquirer while the intent of another's sale, already durable, is about to be answered.
#[test]
fn a_journal_that_fails_under_one_acquirer_stops_the_others_sending_too() {
    let now = Moment { wall: Timestamp { unix_ms: 0, utc_offset_minutes: 0 }, monotonic_ms: 0 };
    let keys = |acquirer: &str| {
        let fact = Fact::KeysInstalled { keys: vec![guest::key()] };
        Record { acquirer: acquirer.into(), ..super::record(fact) }
    };
    let deployment = |acquirer: &str| Deployment { acquirer: acquirer.into(), ..super::deployment() };
    let recovery = Recovery::read(&[keys("one"), keys("two")], now);
    let (mut engine, _) = recovery.begin(vec![deployment("one"), deployment("two")], None, &[], now);
    let mut until_commit = |acquirer: &str, id: &str| {
        let transaction = TransactionId::parse(id).unwrap();
        let (acquirer, operator) = (acquirer.to_owned(), String::new());
        let sale = Request::Begin { acquirer, transaction, order: Order::sale(guest::yuan(5)), operator };
        let mut effects = engine.handle(Input::Request(sale), now);
        loop {
            let (operation, answer) = match effects.pop() {
                Some(Effect::AskCard { operation, .. }) => (operation, Answer::Card(Ok(super::card()))),
                Some(Effect::Call { operation, call, .. }) => (operation, guest::honest(&call)),
                Some(Effect::Prepare { operation, .. }) => (operation, Answer::Prepared(Ok(None))),
                Some(Effect::Commit { operation, .. }) => return operation,
                other => panic!("{other:?}"),
            };
            effects = engine.handle(Input::Answer { operation, answer }, now);
        }
    };
    let (one, two) = (until_commit("one", "A1"), until_commit("two", "B1"));
    let mut answer = |operation, answer| engine.handle(Input::Answer { operation, answer }, now);
    let effects = answer(one, Answer::Durable(Err("no space left".into())));
    assert!(matches!(effects[..], [Effect::Ended { .. }, Effect::ReopenJournal]), "{effects:?}");
    let effects = answer(two, Answer::Durable(Ok(())));
    let [Effect::Call { call, .. }] = &effects[..] else { panic!("{effects:?}") };
    let effects = answer(two, Answer::Decision(Ok(Decision::Fail)));
    assert!(matches!(**call, Call::Decide(..)));
    assert!(matches!(effects[..], [Effect::Commit { .. }]), "{effects:?}");
    let effects = answer(two, Answer::Durable(Err("no space left".into())));
    assert!(
        matches!(&effects[..], [Effect::Ended { outcome: Outcome::NotSent(NotSent::Storage(_)), .. }]),
        "told once, and no second ReopenJournal: {effects:?}"
    );
}

#[test]
fn a_reversal_whose_try_cannot_be_written_down_is_not_sent() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.failing_commits = [false, false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!(house.acquirer.count("reversal"), 0);
    assert_eq!(house.books().owed(), 1);
    house.rest();
    house.assert_balanced();
}

#[test]
fn a_reversals_answer_that_cannot_be_written_down_leaves_it_owed() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.failing_commits = [false, false, false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!((house.acquirer.count("reversal"), house.books().owed()), (1, 1));
    house.rest();
    assert_eq!(house.acquirer.count("reversal"), 2);
    house.assert_balanced();
}
