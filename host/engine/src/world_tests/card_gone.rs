//! A debt whose card data is gone: somebody destroyed a segment's card key while a reversal stood in it. The record says
//! what is owed and to whom; the message itself can never be rendered again.

use super::House;
use super::acquirer::Line;
use crate::books::Standing;
use crate::record::{NotSent, Sealed};
use crate::story::{Advice, Story};
use crate::{Fact, Incident, Outcome, Record, Recovery, Request, TransactionId};

/// A house that owes a reversal, started again after the card key was destroyed.
fn bereft(cut_before_conclusion: bool) -> House {
    let mut house = House::new();
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 40]).collect();
    house.ask_sale("A1", 1234);
    if cut_before_conclusion {
        house.run_while(|house| house.acquirer.count("sale") == 0);
    } else {
        house.run_while(|house| house.ended.is_empty());
    }
    for entry in &mut house.journal {
        entry.card = None;
    }
    house.acquirer.line.clear();
    house.start();
    house
}

fn a1() -> TransactionId {
    TransactionId::parse("A1").unwrap()
}

fn incidents(house: &House) -> usize {
    let gone = |fact: &Fact| matches!(fact, Fact::Incident { what: Incident::CardDataGone, .. });
    house.facts().iter().filter(|fact| gone(fact)).count()
}

#[test]
fn it_stays_owed_is_told_once_and_is_not_sent_without_its_card() {
    for cut_before_conclusion in [false, true] {
        let mut house = bereft(cut_before_conclusion);
        house.rest();
        house.ask(Request::PayDebts { acquirer: super::ACQUIRER.into() });
        house.rest();
        house.sign_in("S1");
        house.start();
        house.rest();
        assert_eq!(house.books().owed(), 1);
        assert_eq!(house.books().debt(&a1().reversal()).unwrap().standing, Standing::Unheard);
        assert_eq!(house.acquirer.count("reversal"), 0);
        assert_eq!(incidents(&house), 1, "written down once, however often the terminal starts");
        let story = Story::tell(house.books(), house.books().transaction(&a1()).unwrap());
        assert_eq!(story.advice, Advice::CallAcquirer);
        assert!(story.owed.is_some());
    }
}

#[test]
fn it_blocks_new_payments_as_any_unheard_debt_does() {
    let mut house = bereft(false);
    assert_eq!(house.sale("A2", 5), Outcome::NotSent(NotSent::DebtsOwed { unheard: 1, refused: 0 }));
    assert_eq!(house.acquirer.count("sale"), 1);
}

#[test]
fn card_data_of_what_is_settled_may_go_unnoticed() {
    let mut house = House::new();
    house.sale("A1", 5);
    house.acquirer.line = [Line::LostReply].into();
    house.sale("A2", 7);
    for entry in &mut house.journal {
        entry.card = None;
    }
    house.start();
    assert_eq!(incidents(&house), 0);
    house.assert_balanced();
}

/// An intent whose standby message needs no card data is not mistaken for one that lost it.
#[test]
fn a_debt_that_never_needed_a_card_is_still_sent() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    let mut records = house.records();
    for record in &mut records {
        if let Fact::Intent(intent) = &mut record.fact {
            std::sync::Arc::make_mut(intent).sealed = Sealed::None;
        }
    }
    let read = Recovery::read(&records, house.now());
    let owed = |record: &Record| matches!(record.fact, Fact::Owed { .. });
    assert!(read.closing().iter().any(owed));
    assert!(!read.books().transaction(&a1()).unwrap().card_data_is_gone());
}
