//! Plugins, readers and vaults that do what they may not, one named test each.

use std::sync::Arc;

use super::House;
use super::acquirer::Line;
use super::guest::{self, approved, declined, failed, honest, is_sale, step};
use crate::contract::PluginFault;
use crate::contract::acquirer::{Action, Effect as Wish, Remedy, Stray};
use crate::contract::retry_policy::{Decision, Failure, Resend};
use crate::contract::template::{Node, UndoReason};
use crate::contract::transaction::Gravity;
use crate::machine::errand::{EXCHANGES, PAUSES};
use crate::record::{CardProblem, Doubt, Incident, NotSent};
use crate::{Answer, Call, Fact, Order, Outcome, Request, TransactionId};

/// A house whose plugin starts a sale with what `change` makes of the honest step.
fn starting(change: impl Fn(&mut crate::contract::acquirer::Step) + 'static) -> House {
    let mut house = House::new();
    house.guest = Box::new(move |call| match call {
        Call::Start(context, operation) if is_sale(operation) => {
            let mut step = guest::start(context, operation);
            change(&mut step);
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    house
}

/// A house whose plugin answers a sale's reply with this.
fn resuming(make: impl Fn() -> Action + 'static) -> House {
    let mut house = House::new();
    house.guest = Box::new(move |call| match call {
        Call::Resume(_, operation, state, event) if is_sale(operation) => {
            let mut step = guest::resume(operation, state, event).unwrap();
            step.action = make();
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    house
}

fn exchange_of(step: &mut crate::contract::acquirer::Step) -> &mut crate::contract::acquirer::Exchange {
    let Action::Send(exchange) = &mut step.action else { panic!("the honest plugin sends") };
    exchange
}

pub(super) fn incidents(house: &House) -> Vec<Incident> {
    house
        .facts()
        .into_iter()
        .filter_map(|fact| if let Fact::Incident { what, .. } = fact { Some(what) } else { None })
        .collect()
}

pub(super) fn reasons(house: &House) -> Vec<UndoReason> {
    house
        .facts()
        .iter()
        .filter_map(|fact| if let Fact::Owed { reason, .. } = fact { Some(*reason) } else { None })
        .collect()
}

#[track_caller]
fn assert_nothing_left(house: &House) {
    assert!(house.acquirer.arrived.is_empty());
    assert_eq!(house.books().open_debts().count(), 0);
}

#[test]
fn a_missing_remedy_is_refused_before_sending() {
    let mut house = starting(|step| exchange_of(step).remedy = None);
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::MissingRemedy)));
    assert_eq!(incidents(&house), [Incident::MissingRemedy]);
    assert_nothing_left(&house);
}

#[test]
fn a_sale_labelled_asks_still_moves_money() {
    let mut house = starting(|step| exchange_of(step).gravity = Gravity::Asks);
    house.acquirer.line = [Line::LostReply].into();
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(_)));
    house.assert_balanced();

    let mut house = starting(|step| {
        let exchange = exchange_of(step);
        (exchange.gravity, exchange.remedy) = (Gravity::Asks, None);
    });
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::MissingRemedy)));
    assert_nothing_left(&house);
}

#[test]
fn remedies_that_could_never_be_used_are_refused_before_sending() {
    let changes: [fn(&mut Remedy); 6] = [
        |remedy| *remedy = Remedy::Inquire(Some(unprovable(remedy))),
        |remedy| *remedy = Remedy::Repeat(unprovable(remedy)),
        |remedy| standby(remedy).answers.clear(),
        |remedy| standby(remedy).answers.iter_mut().for_each(|reading| reading.proofs.clear()),
        |remedy| standby(remedy).route = "elsewhere".into(),
        |remedy| standby(remedy).message.nodes.push(Node::PinBlock("pin".into())),
    ];
    for change in changes {
        let mut house = starting(move |step| change(exchange_of(step).remedy.as_mut().unwrap()));
        let outcome = house.sale("A1", 5);
        assert!(matches!(outcome, Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))), "{outcome:?}");
        assert_nothing_left(&house);
    }
}

fn unprovable(remedy: &mut Remedy) -> Arc<crate::contract::acquirer::Standby> {
    let mut standby = standby(remedy).clone();
    standby.answers.clear();
    Arc::new(standby)
}

fn standby(remedy: &mut Remedy) -> &mut crate::contract::acquirer::Standby {
    let Remedy::Undo(standby) = remedy else { panic!("the honest plugin takes back") };
    Arc::make_mut(standby)
}

#[test]
fn an_approval_without_an_exchange_is_no_approval() {
    let mut house = starting(|step| step.action = Action::Finish(approved(5)));
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))));
    assert_nothing_left(&house);
}

#[test]
fn an_approval_after_a_pause_stands_on_no_answer() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, _, crate::contract::acquirer::Event::Received(_)) if is_sale(operation) => {
            Answer::Step(Ok(step(Action::Pause(0))))
        }
        Call::Resume(_, operation, ..) if is_sale(operation) => Answer::Step(Ok(step(Action::Finish(approved(5))))),
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Plugin(_))));
    house.assert_balanced();
}

#[test]
fn a_decline_from_the_start_says_that_nothing_was_sent() {
    let mut house = starting(|step| step.action = Action::Finish(declined("14")));
    let outcome = house.sale("A1", 5);
    assert!(matches!(&outcome, Outcome::NotSent(NotSent::Refused(declined)) if declined.code == "14"), "{outcome:?}");
    assert_nothing_left(&house);
}

#[test]
fn a_decline_without_its_seal_is_unknown() {
    let mut house = House::new();
    house.acquirer.sale_code = "51";
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, state, event) if is_sale(operation) => {
            let mut step = guest::resume(operation, state, event).unwrap();
            step.proofs.remove(0);
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    assert_eq!(house.sale("A1", 5), Outcome::Unknown(Doubt::Unproven));
    assert_eq!(incidents(&house), [Incident::MissingProof("seal".into())]);
}

#[test]
fn a_trap_after_sending_is_unknown_and_reversed() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, ..) if is_sale(operation) => {
            failed(call, PluginFault::Trapped("unreachable".into()))
        }
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Plugin(Incident::PluginFailed(_)))));
    assert_eq!(reasons(&house), [UndoReason::Malfunction]);
    house.assert_balanced();
}

#[test]
fn a_trap_before_sending_sends_nothing() {
    let mut house = House::new();
    house.guest = Box::new(|call| failed(call, PluginFault::OutOfFuel));
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(_))));
    assert_nothing_left(&house);
}

#[test]
fn a_retry_policy_that_traps_or_lies_is_replaced_by_the_safe_answer() {
    let proposals = [
        None,
        Some(Decision::Resend(Resend { route: "host".into(), wait: 0 })),
        Some(Decision::Fail),
        Some(Decision::StandIn),
        Some(Decision::Inquire(0)),
    ];
    for proposal in proposals {
        let mut house = House::new();
        house.acquirer.line = [Line::LostReply].into();
        let proposed = proposal.clone();
        house.guest = Box::new(move |call| match (call, &proposed) {
            (Call::Decide(..), Some(decision)) => Answer::Decision(Ok(decision.clone())),
            (Call::Decide(..), None) => failed(call, PluginFault::Deadline),
            (call, _) => honest(call),
        });
        assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Unheard(_))), "{proposal:?}");
        assert_eq!(incidents(&house).len(), 1, "{proposal:?}");
        house.assert_balanced();
    }
}

#[test]
fn an_acquirer_that_cannot_be_reached_is_given_up_after_as_many_tries_as_the_ceiling_allows() {
    let mut house = House::new();
    house.acquirer.line = vec![Line::NotSent; 20].into();
    house.guest = Box::new(|call| match call {
        Call::Decide(..) => Answer::Decision(Ok(Decision::Resend(Resend { route: "other".into(), wait: 0 }))),
        call => honest(call),
    });
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::Unreachable(Failure::Connect)));
    assert_eq!(house.log.iter().filter(|word| *word == "Send").count(), 3);
    assert_nothing_left(&house);
}

#[test]
fn a_cancel_before_sending_is_free_and_after_it_leaves_a_debt() {
    let id = TransactionId::parse("A1").unwrap();
    let cancel = || Request::Cancel { transaction: id.clone() };

    let mut house = House::new();
    house.ask_sale("A1", 5);
    house.ask(cancel());
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::NotSent(NotSent::Cancelled));
    assert_nothing_left(&house);

    let mut house = House::new();
    house.acquirer.line = [Line::NotSent].into();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.log.last().is_none_or(|word| word != "Wake"));
    house.ask(cancel());
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::NotSent(NotSent::Cancelled));
    assert_nothing_left(&house);

    let mut house = resuming(|| Action::Pause(50));
    house.ask_sale("A1", 5);
    house.run_while(|house| house.log.last().is_none_or(|word| word != "Wake"));
    house.ask(cancel());
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::StoppedWaiting));
    assert_eq!(reasons(&house), [UndoReason::Cancelled]);
    house.assert_balanced();

    let mut house = House::new();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    house.ask(cancel());
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::StoppedWaiting), "what was sent is taken back");
    assert_eq!(reasons(&house), [UndoReason::Cancelled]);
    house.assert_balanced();
}

#[test]
fn cards_that_cannot_be_read_and_messages_that_cannot_be_rendered_send_nothing() {
    let mut house = House::new();
    house.card = Err(CardProblem::Unreadable);
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::Card(CardProblem::Unreadable)));
    let mut house = House::new();
    house.preparing = Err("a hole with no card".into());
    assert_eq!(house.sale("A1", 5), Outcome::NotSent(NotSent::Template("a hole with no card".into())));
    assert_nothing_left(&house);
}

#[test]
fn a_second_message_that_moves_money_is_refused_and_the_first_taken_back() {
    let mut house = resuming(|| Action::Send(guest::sale(77, 500)));
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Plugin(Incident::IllegalStep(_)))));
    assert_eq!(house.acquirer.count("sale"), 1);
    house.assert_balanced();
}

#[test]
fn exchanges_and_pauses_are_bounded_even_when_they_take_no_time() {
    let ask = || guest::exchange(guest::message("ask", 0, 0, false), Gravity::Asks, None);
    let mut house = resuming(move || Action::Send(ask()));
    assert!(matches!(house.sale("A1", 5), Outcome::Unknown(Doubt::Plugin(Incident::IllegalStep(_)))));
    let intents = house.facts().iter().filter(|fact| matches!(fact, Fact::Intent(_))).count();
    assert_eq!(intents as u32, EXCHANGES);
    house.assert_balanced();

    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Start(_, operation) | Call::Resume(_, operation, ..) if is_sale(operation) => {
            Answer::Step(Ok(step(Action::Pause(0))))
        }
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))));
    assert_eq!(house.log.iter().filter(|word| *word == "Wake").count() as u32, PAUSES);
    assert_nothing_left(&house);
}

#[test]
fn steps_that_may_not_stand_where_they_stand() {
    let mut house = starting(|step| step.action = Action::Listen(Stray::Late));
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))));
    let mut house = starting(|step| {
        let exchange = exchange_of(step);
        exchange.uses = vec!["undeclared".into()];
    });
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))));
    let mut house = starting(|step| exchange_of(step).route = "undeclared".into());
    assert!(matches!(house.sale("A1", 5), Outcome::NotSent(NotSent::Plugin(Incident::IllegalStep(_)))));
    assert_nothing_left(&house);
    let mut house = starting(|step| step.effects = vec![Wish::InstallKey(guest::key())]);
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)));
    assert!(matches!(incidents(&house)[..], [Incident::IllegalStep(_)]), "a sale installs no key");
}

#[test]
fn an_errand_may_only_ask() {
    for gravity in [Gravity::MovesMoney, Gravity::Owes] {
        let mut house = House::new();
        house.guest = Box::new(move |call| match call {
            Call::Start(..) => {
                let message = guest::message("sign-in", 1, 0, false);
                let remedy = Some(Remedy::Undo(guest::standby(1, 1).into()));
                Answer::Step(Ok(step(Action::Send(guest::exchange(message, gravity, remedy)))))
            }
            call => honest(call),
        });
        assert!(matches!(house.sign_in("S1"), Outcome::Failed(NotSent::Plugin(Incident::IllegalStep(_)))));
        assert_nothing_left(&house);
    }
}

#[test]
fn amounts_and_acquirers_that_cannot_be() {
    let mut house = House::new();
    assert_eq!(house.sale("A1", 0), Outcome::NotSent(NotSent::Amount));
    assert_eq!(house.sale("A2", u64::MAX), Outcome::NotSent(NotSent::Amount));
    let transaction = TransactionId::parse("A3").unwrap();
    let (acquirer, operator) = ("nobody".to_owned(), String::new());
    house.ask(Request::Begin { acquirer, transaction, order: Order::sale(guest::yuan(1)), operator });
    house.rest();
    assert_eq!(house.outcome("A3"), Outcome::NotSent(NotSent::Unsupported));
    house.break_plugin();
    house.start();
    assert!(matches!(house.sale("A4", 5), Outcome::NotSent(NotSent::Plugin(_))));
    assert!(matches!(house.sign_in("S1"), Outcome::Failed(NotSent::Unsupported)));
}
