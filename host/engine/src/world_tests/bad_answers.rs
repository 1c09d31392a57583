//! Answers that are wrong, foreign, late, of another amount, or to nobody: one named test each.

use super::acquirer::Line;
use super::bad_input::{incidents, reasons};
use super::guest::{self, approved, honest, is_reversal, is_sale, step};
use super::{ACQUIRER, House};
use crate::contract::acquirer::{Action, Echoed};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::UndoReason;
use crate::record::{Doubt, Incident, NotSent};
use crate::{Answer, Call, Effect, OperationId, Outcome};

#[test]
fn a_wrong_mac_is_unknown_and_reversed_as_such() {
    let mut house = House::new();
    house.acquirer.line = [Line::WrongMac].into();
    assert_eq!(house.sale("A1", 5), Outcome::Unknown(Doubt::Unproven));
    assert_eq!(incidents(&house), [Incident::BadSeal("mac".into())]);
    assert_eq!(reasons(&house), [UndoReason::BadMac]);
    house.assert_balanced();
}

#[test]
fn an_echo_of_another_trace_is_unknown_and_reversed() {
    let mut house = House::new();
    house.acquirer.line = [Line::WrongTrace].into();
    assert_eq!(house.sale("A1", 5), Outcome::Unknown(Doubt::Unproven));
    assert_eq!(incidents(&house), [Incident::BadEcho("Trace".into())]);
    assert_eq!(reasons(&house), [UndoReason::NoAnswer]);
    house.assert_balanced();
}

#[test]
fn an_answer_that_is_no_message_is_unknown_and_reversed() {
    let mut house = House::new();
    house.acquirer.line = [Line::Garbage].into();
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Plugin(Incident::PluginFailed(_)))));
    assert_eq!(reasons(&house), [UndoReason::Malfunction]);
    house.assert_balanced();
}

#[test]
fn an_answer_that_is_not_final_is_unknown_and_reversed() {
    let mut house = House::new();
    house.acquirer.sale_code = "09";
    assert_eq!(house.sale("A1", 5), Outcome::Unknown(Doubt::Acquirer { code: "09".into() }));
    house.assert_balanced();
}

#[test]
fn strays_are_passed_over_but_not_for_ever() {
    let mut house = House::new();
    house.acquirer.line = [Line::StrayFirst].into();
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)));
    house.acquirer.line = [Line::OnlyStrays].into();
    let before = house.log.iter().filter(|word| *word == "Listen").count();
    assert_eq!(house.sale("A2", 5), Outcome::Unknown(Doubt::Unheard(Failure::Timeout)));
    let listened = house.log.iter().filter(|word| *word == "Listen").count() - before;
    assert_eq!(listened as u32, crate::machine::exchange::STRAYS);
    assert_eq!(house.acquirer.sum(), 5);
}

/// A regression: a connection that broke while listening after a stray could be reported as "not sent", and the sale
/// would have been sent twice.
#[test]
fn after_a_stray_nothing_counts_as_unsent() {
    let mut house = House::new();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    let operation = OperationId(1);
    house.answer(operation, Answer::Reply(Ok(guest::reply(b"echo 0 0 00 good"))));
    house.run_while(|house| house.log.last().is_none_or(|word| word != "Listen"));
    let failed = crate::ExchangeFailed { delivery: Delivery::NotSent, failure: Failure::Closed };
    house.answer(operation, Answer::Reply(Err(failed)));
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::Unheard(Failure::Closed)));
    house.assert_balanced();
}

#[test]
fn a_reversal_answered_by_anything_but_its_end_is_read_without_the_plugin() {
    for action in [Action::Pause(0), Action::Send(guest::sale(1, 1)), Action::Finish(approved(5))] {
        let mut house = House::new();
        house.acquirer.line = [Line::LostReply].into();
        house.guest = Box::new(move |call| match call {
            Call::Resume(_, operation, ..) if is_reversal(operation) => Answer::Step(Ok(step(action.clone()))),
            call => honest(call),
        });
        house.sale("A1", 5);
        house.assert_balanced();
    }
}

#[test]
fn a_reversal_with_a_wrong_mac_stays_owed_until_a_proven_answer() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply, Line::WrongMac, Line::WrongTrace].into();
    house.sale("A1", 5);
    assert_eq!(incidents(&house), [Incident::BadSeal("mac".into()), Incident::BadEcho("Trace".into())]);
    assert_eq!(house.acquirer.count("reversal"), 3);
    house.assert_balanced();
}

#[test]
fn bad_check_values_drop_every_key_and_stop_trade() {
    let mut house = House::new();
    house.acquirer.bad_keys = true;
    assert_eq!(house.sign_in("S1"), Outcome::Failed(NotSent::BadCheckValue("mac".into())));
    assert!(house.log.contains(&"DropKeys".to_owned()));
    let kept = house.books().kept(ACQUIRER).unwrap();
    assert!(kept.keys.is_empty());
    assert!(kept.memory.is_empty(), "nor is the batch of that download adopted");
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::NotSignedIn));
    assert_eq!(house.acquirer.count("sale"), 0);
    house.acquirer.bad_keys = false;
    assert!(matches!(house.sale("A2", 5), Outcome::Approved(_)), "the next sale signs in first");
}

#[test]
fn other_amounts_are_never_accepted() {
    for (answered, illegal) in [(3, false), (7, true)] {
        let mut house = House::new();
        house.acquirer.approves = Some(answered);
        house.guest = Box::new(|call| match call {
            Call::Resume(_, operation, state, event) if is_sale(operation) => {
                let mut step = guest::resume(operation, state, event).unwrap();
                // The amount echo would not hold, and a hostile plugin would not ask for it.
                step.proofs.retain(|proof| *proof != guest::echo(Echoed::Amount));
                Answer::Step(Ok(step))
            }
            call => honest(call),
        });
        let outcome = house.sale("A1", 5);
        if illegal {
            assert_eq!(outcome, Outcome::Unknown(Doubt::Unproven));
        } else {
            assert_eq!(outcome, Outcome::Unknown(Doubt::OtherAmount { approved_minor: answered }));
        }
        house.assert_balanced();
    }
}

#[test]
fn answers_nobody_waits_for_change_nothing() {
    let mut house = House::new();
    house.ask_sale("A1", 5);
    for answer in [
        Answer::Woke,
        Answer::Durable(Ok(())),
        Answer::Reply(Ok(guest::reply(b"sale 1 5 00 good"))),
        Answer::Proven(Ok(())),
        Answer::Staged(Ok(())),
        Answer::Prepared(Ok(None)),
        Answer::Step(Ok(step(Action::Finish(approved(5))))),
    ] {
        let now = house.now();
        let input = |operation| crate::Input::Answer { operation, answer: answer.clone() };
        let engine = house.engine.as_mut().unwrap();
        for operation in [OperationId(1), OperationId(99)] {
            let effects = engine.handle(input(operation), now);
            assert!(matches!(effects[..], [Effect::Unexpected { .. }]), "{effects:?}");
        }
    }
    house.rest();
    assert!(matches!(house.outcome("A1"), Outcome::Approved(_)));
    house.assert_balanced();
}
