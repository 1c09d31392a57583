//! The third sin of naive terminals: a rejected reversal, cleared.
//!
//! A terminal sent the reversal of a lost sale and got "58, not permitted". Its program saw an answer, took the
//! reversal for done and deleted it. The customer stayed charged, the shop was never paid, and both were told that
//! everything was in order.
//!
//! Here only "the acquirer took it" removes a debt. Refused stays owed, is shown, counts, and is tried again at
//! sign-in; unmatched stays on record until a settlement or a statement closes it.

use super::House;
use super::acquirer::Line;
use crate::books::Standing;
use crate::record::NotSent;
use crate::{Fact, Input, Outcome, Request, Verdict};

fn refused() -> House {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.sale("A1", 1234);
    house
}

fn standing(house: &House) -> Standing {
    house.books().open_debts().next().unwrap().standing
}

#[test]
fn a_refused_reversal_stays_owed_and_is_not_tried_by_the_clock() {
    let house = refused();
    assert_eq!(house.books().owed(), 1);
    assert_eq!(standing(&house), Standing::Refused);
    assert_eq!(house.acquirer.count("reversal"), 1);
    assert_eq!(house.books().open_debts().next().unwrap().refusals, ["58"]);
}

#[test]
fn it_does_not_block_the_next_sale_and_is_tried_again_at_sign_in() {
    let mut house = refused();
    assert!(matches!(house.sale("A2", 100), Outcome::Approved(_)));
    assert_eq!(house.acquirer.count("reversal"), 1);
    house.acquirer.refuses_reversals = None;
    assert_eq!(house.sign_in("S1"), Outcome::Done);
    assert_eq!(house.acquirer.count("reversal"), 2);
    house.assert_balanced();
}

/// A regression: a refused reversal tried again and not heard was from then on tried by the clock, for ever.
#[test]
fn refused_then_unheard_neither_blocks_nor_spins() {
    let mut house = refused();
    house.acquirer.line = [Line::Good, Line::LostRequest].into();
    house.sign_in("S1");
    house.run_for(3_600_000);
    assert_eq!(standing(&house), Standing::Refused);
    assert_eq!(house.acquirer.count("reversal"), 1, "the one of the sign-in never arrived, and none was sent after it");
    assert!(matches!(house.sale("A2", 100), Outcome::Approved(_)));
}

#[test]
fn too_many_refused_ones_stop_new_sales() {
    let mut house = House::new();
    house.acquirer.refuses_reversals = Some("58");
    house.deployment.ceilings.refused_debts = 2;
    house.start();
    for id in ["A1", "A2"] {
        house.acquirer.line = [Line::LostReply].into();
        assert!(matches!(house.sale(id, 5), Outcome::Unknown(_)));
    }
    assert_eq!(house.sale("A3", 5), Outcome::NotSent(NotSent::DebtsOwed { unheard: 0, refused: 2 }));
    house.acquirer.refuses_reversals = None;
    house.ask(Request::PayDebts { acquirer: super::ACQUIRER.into() });
    house.rest();
    assert!(matches!(house.sale("A4", 5), Outcome::Approved(_)));
    house.assert_balanced();
}

#[test]
fn unmatched_is_not_sent_again_and_does_not_block() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostRequest].into();
    house.sale("A1", 1234);
    assert_eq!(standing(&house), Standing::Unmatched);
    assert_eq!(house.books().owed(), 0);
    assert!(house.facts().iter().any(|fact| matches!(fact, Fact::Answered { verdict: Verdict::Unmatched, .. })));
    house.ask(Request::PayDebts { acquirer: super::ACQUIRER.into() });
    house.rest();
    house.sign_in("S1");
    assert!(matches!(house.sale("A2", 100), Outcome::Approved(_)));
    house.start();
    house.rest();
    assert_eq!(house.acquirer.count("reversal"), 1);
    assert_eq!(house.books().open_debts().count(), 1, "it stays on record");
}

#[test]
fn an_answer_that_is_not_final_leaves_it_unheard() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("09");
    house.sale("A1", 1234);
    assert_eq!(standing(&house), Standing::Unheard);
    house.acquirer.refuses_reversals = None;
    house.rest();
    house.assert_balanced();
}

#[test]
fn an_alarm_for_nobody_does_nothing() {
    let mut house = refused();
    let now = house.now();
    assert!(house.engine.as_mut().unwrap().handle(Input::Alarm { acquirer: "nobody".into() }, now).is_empty());
}
