//! A payment that asks what became of its own message before anything is owed for it.

use super::House;
use super::acquirer::Line;
use super::teller::{Silence, answer, approved_minor, pay};
use crate::contract::acquirer::{Action, Echoed, Effect};
use crate::contract::card::Entry;
use crate::contract::retry_policy::{Decision, Failure};
use crate::contract::transaction::{FollowUpKind, OperationKind, PaymentKind};
use crate::contract::{PluginFault, acquirer::Outcome as Claimed};
use crate::{Answer, Call, Doubt, Duty, Fact, Incident, Order, Outcome, Target, TransactionId};

/// A scanned code whose answer never comes.
pub(super) fn unheard(silence: Silence) -> House {
    let mut house = House::open(silence);
    house.acquirer.line = [Line::LostReply].into();
    house
}

fn scan(house: &mut House) -> Outcome {
    house.begin("A1", pay(PaymentKind::ScanToPay, 500));
    house.run_for(200_000);
    house.outcome("A1")
}

fn open_duties(house: &House) -> Vec<Duty> {
    house.books().open_debts().map(|debt| debt.duty).collect()
}

/// What was owed, paid or not.
fn duties(house: &House) -> Vec<Duty> {
    let books = house.books();
    books.transactions().flat_map(|known| books.debts_of(known)).map(|debt| debt.duty).collect()
}

#[test]
fn what_the_inquiry_proves_is_so() {
    let mut house = unheard(Silence::Inquire);
    assert_eq!(approved_minor(&scan(&mut house)), Some(500));
    house.assert_balanced();
    assert_eq!(house.acquirer.count("inquire"), 1);

    let mut house = House::open(Silence::Inquire);
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.sale_code = "51";
    assert!(matches!(scan(&mut house), Outcome::Declined(_)));
    house.assert_balanced();

    // It took less; the cashier says whether that will do.
    for takes_less in [true, false] {
        let mut house = unheard(Silence::Inquire);
        (house.acquirer.approves, house.takes_less) = (Some(400), takes_less);
        let outcome = scan(&mut house);
        assert_eq!(approved_minor(&outcome), takes_less.then_some(400), "{outcome:?}");
        house.assert_balanced();
    }
}

#[test]
fn not_found_is_taken_back_since_it_may_still_arrive() {
    let mut house = House::open(Silence::Inquire);
    house.acquirer.line = [Line::LostRequest].into();
    assert_eq!(scan(&mut house), Outcome::Unknown(Doubt::Acquirer { code: "25".into() }));
    assert!(house.facts().iter().any(|fact| matches!(fact, Fact::Owed { .. })));
    assert_eq!(house.acquirer.count("reversal"), 1);
}

#[test]
fn after_so_many_questions_the_inquiry_is_owed() {
    for silence in [Silence::Inquire, Silence::InquireBare] {
        let mut house = unheard(silence);
        house.acquirer.line.extend([Line::LostReply, Line::WrongMac]);
        assert_eq!(scan(&mut house), Outcome::Unknown(Doubt::Unheard(Failure::Timeout)));
        assert_eq!(duties(&house).first(), Some(&Duty::Inquire));
        let mut house = unheard(silence);
        house.acquirer.inquiry_codes = ["09", "09", "00"].into();
        scan(&mut house);
        assert_eq!(house.acquirer.count("inquire"), 3, "the ceiling, and the debt");
        assert_eq!(duties(&house).first(), Some(&Duty::Inquire));
    }
}

/// A second payment in the clothes of a question.
#[test]
fn an_inquiry_holds_no_card_data() {
    let mut house = unheard(Silence::Inquire);
    house.guest = Box::new(|call| {
        let mut answered = answer(Silence::Inquire, call);
        if let (Call::Start(context, operation), Answer::Step(Ok(step))) = (call, &mut answered)
            && operation.kind() == OperationKind::Inquire
            && let Action::Send(exchange) = &mut step.action
        {
            exchange.message = super::guest::message("sale", context.counters[0].1, 500, true);
        }
        answered
    });
    assert!(matches!(scan(&mut house), Outcome::Unknown(Doubt::Plugin(_))));
    assert_eq!(house.acquirer.count("sale"), 0);
}

#[test]
fn an_inquiry_moves_no_money_and_proves_itself_by_its_own_proofs() {
    let mut house = unheard(Silence::Inquire);
    house.guest = Box::new(|call| {
        let mut answered = answer(Silence::Inquire, call);
        if let (Call::Start(_, operation), Answer::Step(Ok(step))) = (call, &mut answered)
            && operation.kind() == OperationKind::Inquire
            && let Action::Send(exchange) = &mut step.action
        {
            exchange.gravity = crate::contract::transaction::Gravity::MovesMoney;
        }
        answered
    });
    assert!(matches!(scan(&mut house), Outcome::Unknown(Doubt::Plugin(_))));
    assert_eq!(house.acquirer.count("inquire"), 0);

    let mut house = unheard(Silence::Inquire);
    house.guest = Box::new(|call| {
        let mut answered = answer(Silence::Inquire, call);
        if let (Call::Resume(_, operation, ..), Answer::Step(Ok(step))) = (call, &mut answered)
            && operation.kind() == OperationKind::Inquire
        {
            step.proofs.clear();
        }
        answered
    });
    assert_eq!(scan(&mut house), Outcome::Unknown(Doubt::Unproven));
    assert_eq!(open_duties(&house), [Duty::Inquire]);
}

/// What a debt goes on from is the payment's own state, not the question's.
#[test]
fn the_payments_own_state_is_what_is_kept() {
    let mut house = unheard(Silence::Inquire);
    scan(&mut house);
    let states: Vec<_> = house
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Intent(intent) => Some((intent.exchange, intent.state.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(states, [(0, b"scan".to_vec()), (1, b"scan".to_vec())]);
}

/// Plugins that make something else of the question.
pub(super) fn odd_inquiries() -> Vec<fn(&Call) -> Option<Answer>> {
    fn of_inquiry(call: &Call) -> bool {
        matches!(call, Call::Start(_, operation) | Call::Resume(_, operation, ..) if operation.kind() == OperationKind::Inquire)
    }
    fn does(call: &Call, action: Action) -> Option<Answer> {
        (of_inquiry(call) && matches!(call, Call::Start(..))).then(|| Answer::Step(Ok(super::guest::step(action))))
    }
    vec![
        |call| of_inquiry(call).then(|| super::guest::failed(call, PluginFault::Memory)),
        |call| does(call, Action::Pause(5)),
        |call| does(call, Action::Listen(crate::contract::acquirer::Stray::Late)),
        |call| does(call, Action::Finish(super::guest::approved(500))),
        |call| {
            does(
                call,
                Action::Finish(Claimed::Unknown(crate::contract::acquirer::Unknown {
                    code: String::new(),
                    owed: crate::contract::acquirer::Owed::Inquiry,
                })),
            )
        },
        |call| matches!(call, Call::Decide(..)).then(|| Answer::Decision(Ok(Decision::Reverse))),
    ]
}

#[test]
fn whatever_a_plugin_makes_of_the_question_nothing_is_lost() {
    for odd in odd_inquiries() {
        let mut house = unheard(Silence::Inquire);
        house.guest = Box::new(move |call| odd(call).unwrap_or_else(|| answer(Silence::Inquire, call)));
        let outcome = scan(&mut house);
        assert!(matches!(outcome, Outcome::Unknown(_) | Outcome::Approved(_)), "{outcome:?}");
        let unknown = matches!(outcome, Outcome::Unknown(_));
        let known = house.books().transactions().find(|known| known.id.as_str() == "A1").unwrap();
        assert_eq!(!known.debts.is_empty(), unknown);
    }
}

/// A message that may be repeated is never sent again as it was: the repetition is owed, whatever the policy says.
#[test]
fn what_may_be_repeated_is_owed_as_a_repetition() {
    for decision in [None, Some(Decision::Reverse), Some(Decision::Inquire(0)), Some(Decision::Fail)] {
        let mut house = unheard(Silence::Repeat);
        house.guest = Box::new(move |call| match (call, decision.clone()) {
            (Call::Decide(..), Some(decision)) => Answer::Decision(Ok(decision)),
            (call, _) => answer(Silence::Repeat, call),
        });
        house.begin("A1", pay(PaymentKind::Sale, 500));
        house.run_while(|house| house.ended.is_empty());
        assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::Unheard(Failure::Timeout)));
        assert_eq!(open_duties(&house), [Duty::Repeat]);
        assert_eq!(house.acquirer.count("sale"), 1);
    }
}

/// Whoever made the answer would be paid.
#[test]
fn a_code_from_an_answer_that_is_not_proven_is_never_shown() {
    for proofs in [vec![], vec![super::guest::seal()], vec![super::guest::echo(Echoed::Trace)]] {
        let proves = proofs.len() + 1;
        let mut house = House::open(Silence::Inquire);
        house.guest = Box::new(move |call| {
            let mut answered = answer(Silence::Inquire, call);
            let Answer::Step(Ok(step)) = &mut answered else { return answered };
            match call {
                Call::Start(_, operation) if operation.kind() == OperationKind::ShowToPay => step.effects.clear(),
                Call::Resume(_, operation, ..) if operation.kind() == OperationKind::ShowToPay => {
                    step.effects = vec![Effect::ShowCode("pay me instead".into())];
                    step.proofs.clone_from(&proofs);
                }
                _ => {}
            }
            answered
        });
        let outcome = house.does("A1", pay(PaymentKind::ShowToPay, 500));
        assert!(!house.log.contains(&"ShowCode".to_owned()), "{proves}: {outcome:?}");
        let lacks = |fact: &Fact| {
            let Fact::Incident { what, .. } = fact else { return false };
            matches!(what, Incident::MissingProof(_))
        };
        assert!(house.facts().iter().any(lacks), "{proves}");
    }
}

/// The code of a telephone is good for one payment: the cashier was asked for a card that was never there.
#[test]
fn a_scanned_payment_is_refunded_without_a_card() {
    let mut house = House::open(Silence::Inquire);
    house.presented.entry = Entry::CodeScan;
    house.does("A1", pay(PaymentKind::ScanToPay, 500));
    assert_eq!(house.log.iter().filter(|word| *word == "AskCard").count(), 1);
    let refund = Order::FollowUp {
        kind: FollowUpKind::Refund,
        of: Target::Known(TransactionId::parse("A1").unwrap()),
        amount: Some(super::guest::yuan(200)),
    };
    assert!(house.deployment.presents.contains(&OperationKind::Refund));
    assert_eq!(approved_minor(&house.does("R1", refund)), Some(200));
    assert_eq!(house.log.iter().filter(|word| *word == "AskCard").count(), 1);
    house.assert_balanced();
}
