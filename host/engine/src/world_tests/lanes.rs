//! What runs when: debts before sales, one identity one payment, suspension, and no loop without a wait.

use super::acquirer::Line;
use super::guest::{self, failed, honest, is_sale, step};
use super::{ACQUIRER, House};
use crate::contract::PluginFault;
use crate::contract::acquirer::{Action, Effect as Wish, Outcome as Claimed};
use crate::contract::retry_policy::Patience;
use crate::contract::transaction::OperationKind;
use crate::record::NotSent;
use crate::{Answer, Call, Outcome, Request, TransactionId};

/// A house that owes a reversal nobody answers.
fn owing() -> House {
    let mut house = House::new();
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 40]).collect();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.ended.is_empty() || house.books().open_debts().all(|debt| debt.attempts.is_empty()));
    house
}

#[test]
fn a_debt_is_drained_before_the_next_sale() {
    let mut house = owing();
    house.acquirer.line.clear();
    assert!(matches!(house.sale("A2", 7), Outcome::Approved(_)));
    let order: Vec<_> = house.acquirer.arrived.iter().map(|wire| wire.what.as_str()).collect();
    assert_eq!(order, ["sale", "reversal", "sale"]);
    house.assert_balanced();
}

#[test]
fn a_debt_that_cannot_be_drained_blocks_the_next_sale() {
    let mut house = owing();
    house.ask_sale("A2", 7);
    house.run_while(|house| house.ended.len() < 2);
    assert_eq!(house.outcome("A2"), Outcome::NotSent(NotSent::DebtsOwed { unheard: 1, refused: 0 }));
    assert_eq!(house.acquirer.count("sale"), 1);
    assert_eq!(house.books().owed(), 1);
}

#[test]
fn the_same_identity_never_pays_twice() {
    let mut house = House::new();
    // Queued and running.
    house.ask_sale("A1", 5);
    house.ask_sale("A2", 7);
    house.ask_sale("A1", 5);
    house.ask_sale("A2", 7);
    house.rest();
    assert_eq!(house.ended.len(), 2);
    // Concluded; and after a restart.
    let first = house.outcome("A1");
    assert_eq!(house.sale("A1", 5), first);
    house.start();
    assert_eq!(house.sale("A1", 99), first);
    assert_eq!(house.acquirer.count("sale"), 2);
    house.assert_balanced();
}

/// A regression: a payment whose name is that of another's debt was taken for the debt, and never answered.
#[test]
fn a_payment_may_be_called_like_the_debt_of_another() {
    let mut house = owing();
    house.acquirer.line.clear();
    assert!(matches!(house.sale("A1R", 7), Outcome::Approved(_)));
    let books = house.books();
    let story = |id: &str| {
        let transaction = books.transaction(&TransactionId::parse(id).unwrap()).unwrap();
        crate::story::Story::tell(books, transaction)
    };
    assert_eq!(story("A1R").charged, crate::story::Charged::Yes);
    assert_eq!(story("A1").charged, crate::story::Charged::TakenBack);
    assert!(story("A1").timeline.len() > story("A1R").timeline.len());
    house.assert_balanced();
}

/// A sign-in nobody asked for gets a name that no payment has, be it written down or still waiting.
#[test]
fn a_name_the_terminal_makes_up_is_unlike_any_it_knows() {
    let mut house = House::without_keys();
    house.start();
    let id = format!("S{:x}N0", house.now().wall.unix_ms);
    assert!(matches!(house.sale(&id, 5), Outcome::Approved(_)));
    assert_eq!((house.acquirer.count("sign-in"), house.acquirer.count("sale")), (1, 1));
    house.assert_balanced();
}

#[test]
fn a_waiting_sale_can_be_withdrawn() {
    let mut house = House::new();
    house.ask_sale("A1", 5);
    house.ask_sale("A2", 5);
    house.ask(Request::Cancel { transaction: TransactionId::parse("A2").unwrap() });
    house.ask(Request::Cancel { transaction: TransactionId::parse("Z9").unwrap() });
    house.rest();
    assert_eq!(house.outcome("A2"), Outcome::NotSent(NotSent::Cancelled));
    assert!(matches!(house.outcome("A1"), Outcome::Approved(_)));
}

#[test]
fn three_failed_proofs_in_a_row_suspend_sales_until_a_sign_in() {
    let mut house = House::new();
    for id in ["A1", "A2", "A3", "A4"] {
        house.acquirer.line = [Line::WrongMac].into();
        assert!(matches!(house.sale(id, 5), Outcome::Unknown(_)), "the reversal's proven answer broke the row");
    }

    let mut house = House::new();
    house.acquirer.line = [Line::WrongMac, Line::WrongMac, Line::WrongMac].into();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.books().kept(ACQUIRER).unwrap().failed_proofs < 3);
    house.ask_sale("A2", 5);
    house.run_while(|house| house.ended.len() < 2);
    assert_eq!(house.outcome("A2"), Outcome::NotSent(NotSent::Suspended));
    house.rest();
    assert_eq!(house.books().owed(), 0, "its debts stay open to be paid");
    assert!(matches!(house.sale("A3", 5), Outcome::Approved(_)), "and a proven answer ends the row");
    house.assert_balanced();
}

/// A regression: an answer that named no proof at all was counted as one that held, and broke the row.
#[test]
fn an_answer_without_a_proof_does_not_break_a_row_of_failed_ones() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, state, event) if is_sale(operation) => {
            let mut step = guest::resume(operation, state, event).unwrap();
            step.proofs.clear();
            Answer::Step(Ok(step))
        }
        Call::Resume(..) => failed(call, PluginFault::Gone),
        call => honest(call),
    });
    house.acquirer.line = vec![Line::Good, Line::NotSent, Line::NotSent].into();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.ended.is_empty());
    assert_eq!(house.books().kept(ACQUIRER).unwrap().failed_proofs, 1);
}

/// A regression: a policy that answered "wait no time" for a debt that fails at once kept the terminal in a loop that
/// wrote and sent without a pause.
#[test]
fn a_debt_that_fails_at_once_is_tried_at_growing_intervals_whatever_its_policy_says() {
    let mut house = owing();
    house.guest = Box::new(|call| match call {
        Call::Wait(..) => Answer::Patience(Ok(Patience { wait: 0, route: "host".into(), call_for_help: false })),
        call => honest(call),
    });
    house.acquirer.line = vec![Line::NotSent; 10_000].into();
    let before = house.log.iter().filter(|word| *word == "Send").count();
    house.run_for(600_000);
    let sends = house.log.iter().filter(|word| *word == "Send").count() - before;
    assert!((10..30).contains(&sends), "{sends} tries in ten minutes");
    assert_eq!(house.books().owed(), 1);
    house.acquirer.line.clear();
    house.rest();
    house.assert_balanced();
}

#[test]
fn a_debt_that_cannot_be_rendered_waits_and_stays() {
    let mut house = owing();
    house.preparing = Err("no key in slot mac".into());
    house.acquirer.line.clear();
    house.run_for(600_000);
    let prepared = house.log.iter().filter(|word| *word == "Prepare").count();
    assert!(prepared < 40, "{prepared}");
    assert_eq!(house.books().owed(), 1);
    house.preparing = Ok(());
    house.rest();
    house.assert_balanced();
}

/// A regression: a sign-in that said "done" without bringing a key was begun again at once, for ever.
#[test]
fn a_sign_in_that_brings_no_key_is_not_begun_again_at_once() {
    let mut house = owing();
    house.acquirer.line = vec![Line::NotSent; 10_000].into();
    let dropped = crate::Fact::KeysDropped { slots: vec!["mac".into()] };
    house.journal.push(super::record(dropped).encode().unwrap());
    house.guest = Box::new(|call| match call {
        Call::Start(_, operation) if !is_sale(operation) => Answer::Step(Ok(step(Action::Finish(Claimed::Done)))),
        call => honest(call),
    });
    house.start();
    house.run_for(300_000);
    let sign_ins = house
        .facts()
        .iter()
        .filter(|fact| matches!(fact, crate::Fact::Concluded { outcome: Outcome::Done, .. }))
        .count();
    assert!((2..=11).contains(&sign_ins), "{sign_ins} sign-ins in five minutes");
    assert_eq!(house.sale("A2", 5), Outcome::NotSent(NotSent::NotSignedIn));
    // The debt is tried all the same: what it needs may be there.
    house.acquirer.line.clear();
    house.rest();
    assert_eq!(house.books().owed(), 0);
}

#[test]
fn keys_that_did_not_survive_the_restart_are_downloaded_before_a_debt_is_tried() {
    let mut house = House::without_keys();
    house.start();
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)), "the first sale signs in");
    let order: Vec<_> = house.acquirer.arrived.iter().map(|wire| wire.what.as_str()).collect();
    assert_eq!(order, ["sign-in", "sale"]);
    house.assert_balanced();
}

#[test]
fn a_plugin_may_ask_for_a_sign_in_after_a_sale() {
    let mut house = House::new();
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, state, event) if is_sale(operation) => {
            let mut step = guest::resume(operation, state, event).unwrap();
            step.effects = vec![Wish::Request((OperationKind::SignIn, None)), Wish::DropKeys(vec!["mac".into()])];
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)));
    assert_eq!(house.acquirer.count("sign-in"), 1);
    assert_eq!(house.books().kept(ACQUIRER).unwrap().keys.len(), 1);
}

#[test]
fn a_sign_in_that_cannot_be_reached_fails_and_owes_nothing() {
    let mut house = House::new();
    house.acquirer.line = vec![Line::LostRequest; 3].into();
    assert!(matches!(house.sign_in("S1"), Outcome::Failed(NotSent::Unreachable(_))));
    house.assert_balanced();
}

/// A regression: the demand for a seal came from the newest build, so an update could lower it for an old debt.
#[test]
fn a_later_build_cannot_lower_what_an_old_debt_must_prove() {
    let mut house = owing();
    let loaded = house.deployment.plugin.as_mut().unwrap();
    loaded.descriptor.operations.iter_mut().for_each(|spec| spec.proved = false);
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, state, event) => {
            let mut step = guest::resume(operation, state, event).unwrap();
            step.proofs.clear();
            Answer::Step(Ok(step))
        }
        call => honest(call),
    });
    house.acquirer.line.clear();
    house.start();
    house.run_for(60_000);
    assert_eq!(house.books().owed(), 1, "answers without a seal do not pay it");
}
