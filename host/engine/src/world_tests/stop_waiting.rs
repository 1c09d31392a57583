//! The cashier stops waiting, at every single moment: before the message left that is free, after it what is owed
//! decides, and an answer that is already here decides by itself.

use super::House;
use super::acquirer::Line;
use super::guest;
use super::teller::{Silence, follow, pay};
use crate::contract::transaction::{FollowUpKind, Maintenance, PaymentKind};
use crate::{Answer, Doubt, Duty, Fact, Order, Outcome, Request, TransactionId};

fn x1() -> TransactionId {
    TransactionId::parse("X1").unwrap()
}

/// What is being done when somebody stops waiting.
fn orders() -> Vec<(Order, Vec<Line>)> {
    vec![
        (pay(PaymentKind::Sale, 500), vec![]),
        (pay(PaymentKind::Sale, 500), vec![Line::NotSent]),
        (pay(PaymentKind::Sale, 500), vec![Line::LostReply]),
        (pay(PaymentKind::Sale, 500), vec![Line::StrayFirst]),
        (pay(PaymentKind::Balance, 0), vec![]),
        (follow(FollowUpKind::Void, "A1", None), vec![]),
        (Order::Maintain(Maintenance::SignIn), vec![Line::NotSent, Line::StrayFirst]),
    ]
}

/// Begins this, stops waiting after so many steps, and lets it come to rest; none when it was over before that.
fn stopped_after(silence: Silence, order: &Order, lines: &[Line], steps: usize) -> Option<House> {
    let mut house = House::open(silence);
    house.does("A1", pay(PaymentKind::Sale, 300));
    house.acquirer.line = lines.to_vec().into();
    house.begin("X1", order.clone());
    for _ in 0..steps {
        house.advance(u64::MAX).unwrap();
        if house.ended.iter().any(|(id, _)| *id == x1()) {
            return None;
        }
    }
    house.ask(Request::Cancel { transaction: x1() });
    house.run_for(200_000);
    Some(house)
}

/// Stops everything everywhere, and looks at each house that comes of it.
pub(super) fn everywhere(look: impl Fn(&House)) {
    for silence in [Silence::Undo, Silence::Inquire] {
        for (order, lines) in orders() {
            for steps in 0.. {
                let Some(house) = stopped_after(silence, &order, &lines, steps) else { break };
                look(&house);
            }
        }
    }
}

#[test]
fn whenever_somebody_stops_waiting_nothing_is_lost() {
    everywhere(|house| {
        let books = house.books();
        let is_due = |debt: &&crate::books::Debt| debt.standing == crate::books::Standing::Unheard;
        let open: Vec<_> = books.open_debts().filter(is_due).map(|debt| debt.duty).collect();
        assert!(open.iter().all(|duty| *duty == Duty::Inquire), "{open:?}");
        if open.is_empty() {
            house.assert_balanced();
        }
        if let Outcome::Unknown(_) = house.outcome("X1") {
            assert!(!books.transaction(&x1()).unwrap().debts.is_empty());
        }
    });
}

/// The connection that carried the original is closed, by `Ended`, before the first try of what is owed leaves.
#[test]
fn what_is_owed_is_tried_only_after_the_connection_is_closed() {
    let mut house = House::open(Silence::Undo);
    house.begin("X1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.acquirer.count("sale") == 0);
    let before = house.log.len();
    house.ask(Request::Cancel { transaction: x1() });
    house.rest();
    let after = &house.log[before..];
    let place = |word: &str| after.iter().position(|known| known == word).unwrap();
    assert!(place("Commit") < place("Ended") && place("Ended") < place("Prepare"), "{after:?}");
    house.assert_balanced();
}

#[test]
fn an_answer_that_is_here_decides() {
    let mut house = House::open(Silence::Undo);
    house.begin("X1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.log.iter().filter(|word| *word == "Call Resume").count() == 0);
    house.ask(Request::Cancel { transaction: x1() });
    house.rest();
    assert!(matches!(house.outcome("X1"), Outcome::Approved(_)));
    house.assert_balanced();
}

/// A late answer, and one that comes late on a journal that fails.
pub(super) fn late_answer(fails: &[bool]) -> House {
    let mut house = House::open(Silence::Undo);
    house.begin("X1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.acquirer.count("sale") == 0);
    let operation = house.current_operation();
    house.ask(Request::Cancel { transaction: x1() });
    house.failing_commits = fails.iter().copied().collect();
    house.answer(operation, Answer::Reply(Ok(guest::reply(b"sale 1 500 00 good"))));
    house.run_for(200_000);
    house
}

#[test]
fn a_late_answer_is_written_down_and_changes_nothing() {
    let house = late_answer(&[]);
    assert_eq!(house.outcome("X1"), Outcome::Unknown(Doubt::StoppedWaiting));
    let heard = |fact: &Fact| matches!(fact, Fact::Heard { transaction, proven: false, .. } if *transaction == x1());
    assert!(house.facts().iter().any(heard));
    assert_eq!(house.acquirer.sum(), 0, "taken back");
    house.assert_balanced();
    for fails in [&[true][..], &[false, true]] {
        let house = late_answer(fails);
        assert!(matches!(house.outcome("X1"), Outcome::Unknown(_)), "{fails:?}");
        house.assert_balanced();
    }
}
