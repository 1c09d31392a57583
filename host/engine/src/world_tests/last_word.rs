//! Who has the last word after the acquirer approved: the cashier about less, a chip card about everything; and what a
//! chip card may approve while nobody can be reached.

use super::House;
use super::acquirer::Line;
use super::guest;
use super::teller::{Silence, approved_minor, pay};
use crate::contract::card::Entry;
use crate::contract::template::UndoReason;
use crate::contract::transaction::{OperationKind, PaymentKind};
use crate::{
    CardFinish, CardProblem, CardVerdict, Doubt, Duty, Fact, OfflineCeilings, Outcome, Request, Sealed, TransactionId,
};

pub(super) fn chip(silence: Silence) -> House {
    let mut house = House::open(silence);
    house.presented.entry = Entry::ContactChip;
    house
}

fn finish(accepted: bool, scripts: bool) -> Result<CardFinish, CardProblem> {
    Ok(CardFinish { accepted, scripts, sealed: Some(b"as it left".to_vec()) })
}

fn dues(house: &House) -> Vec<Duty> {
    let due = |fact: Fact| match fact {
        Fact::Due { duty, .. } => Some(duty),
        Fact::Owed { reason, .. } => Some(Duty::Reverse(reason)),
        _ => None,
    };
    house.facts().into_iter().filter_map(due).collect()
}

#[test]
fn less_is_taken_if_the_cashier_takes_it_and_given_back_if_not() {
    for (takes_less, entry) in [(true, Entry::Stripe), (true, Entry::ContactChip), (false, Entry::Stripe)] {
        let mut house = House::open(Silence::Undo);
        house.acquirer.approves = Some(400);
        (house.takes_less, house.presented.entry) = (takes_less, entry);
        let outcome = house.does("A1", pay(PaymentKind::Sale, 500));
        if takes_less {
            assert_eq!(approved_minor(&outcome), Some(400));
        } else {
            assert_eq!(outcome, Outcome::Unknown(Doubt::OtherAmount { approved_minor: 400 }));
            assert_eq!(dues(&house), [Duty::Reverse(UndoReason::Cancelled)]);
        }
        house.assert_balanced();
    }
}

/// Pressing cancel at the question is a no; nobody is asked about more, nothing or what follows a payment.
#[test]
fn only_a_smaller_payment_is_asked_about() {
    let mut house = House::open(Silence::Undo);
    house.acquirer.approves = Some(400);
    house.takes_less = true;
    house.begin("A1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.log.last().is_none_or(|word| word != "Prove"));
    assert!(house.next_is("AskCashier"));
    house.ask(Request::Cancel { transaction: TransactionId::parse("A1").unwrap() });
    house.rest();
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::OtherAmount { approved_minor: 400 }));
    house.assert_balanced();
    for approves in [501, 0] {
        let mut house = House::open(Silence::Undo);
        house.acquirer.approves = Some(approves);
        house.takes_less = true;
        let outcome = house.does("A1", pay(PaymentKind::Sale, 500));
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert!(!house.log.contains(&"AskCashier".to_owned()));
        house.assert_balanced();
    }
}

#[test]
fn a_card_that_refuses_after_the_acquirer_approved_leaves_a_debt_and_no_approval() {
    for refused in [finish(false, false), Err(CardProblem::Removed)] {
        let mut house = chip(Silence::Undo);
        house.finish = refused.clone();
        assert_eq!(house.does("A1", pay(PaymentKind::Sale, 500)), Outcome::Unknown(Doubt::CardRefused));
        assert_eq!(dues(&house), [Duty::Reverse(UndoReason::CardRefused)]);
        house.assert_balanced();
        let facts = house.facts();
        let owed = facts.iter().position(|fact| matches!(fact, Fact::Owed { .. })).unwrap();
        let resealed = facts.iter().position(|fact| matches!(fact, Fact::Resealed { .. }));
        assert_eq!(resealed.is_some(), refused.is_ok(), "sealed again as the card left it");
        assert!(resealed.is_none_or(|resealed| resealed < owed));
    }
}

/// A chip that was never told of the decline kept its session open: the next payment found a card in the middle of
/// another one.
#[test]
fn a_chip_is_told_of_a_decline_and_changes_nothing_about_it() {
    for entry in [Entry::ContactChip, Entry::Stripe] {
        for finish in [finish(false, false), finish(true, false), Err(CardProblem::Removed), finish(false, true)] {
            let mut house = chip(Silence::Undo);
            (house.presented.entry, house.acquirer.sale_code, house.finish) = (entry, "51", finish.clone());
            house.begin("A1", pay(PaymentKind::Sale, 500));
            house.rest();
            assert!(matches!(house.outcome("A1"), Outcome::Declined(_)), "{:?}", house.outcome("A1"));
            let is_chip = entry == Entry::ContactChip;
            assert_eq!(house.log.iter().filter(|word| *word == "FinishCard").count(), usize::from(is_chip));
            let blocked = CardVerdict::Declined { chip_data: guest::BLOCKED.to_vec() };
            assert_eq!(house.verdict, is_chip.then_some(blocked), "scripts may come with a decline");
            let reports = is_chip && finish.is_ok_and(|finish| finish.scripts);
            assert_eq!(dues(&house), if reports { vec![Duty::ReportScripts] } else { vec![] });
            assert_eq!(house.acquirer.count("report"), usize::from(reports));
            house.assert_balanced();
        }
    }
}

/// The acquirer's answer is written down with the end alone: a cut in between leaves a doubt, and no approval.
#[test]
fn a_cut_while_the_chip_hears_of_a_decline_is_undone() {
    let mut house = chip(Silence::Undo);
    house.acquirer.sale_code = "51";
    house.begin("A1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.log.last().is_none_or(|word| word != "FinishCard"));
    house.start();
    house.rest();
    let known = house.books().transaction(&TransactionId::parse("A1").unwrap()).unwrap().outcome().cloned();
    assert!(matches!(known, Some(Outcome::Unknown(_))), "{known:?}");
    house.assert_balanced();
}

#[test]
fn scripts_are_reported_where_the_plugin_can() {
    for offers in [true, false] {
        let mut house = chip(Silence::Undo);
        if !offers {
            let operations = &mut house.deployment.plugin.as_mut().unwrap().descriptor.operations;
            operations.retain(|spec| spec.kind != OperationKind::ReportScripts);
            house.start();
        }
        house.finish = finish(true, true);
        house.begin("A1", pay(PaymentKind::Sale, 500));
        house.run_for(200_000);
        assert_eq!(approved_minor(&house.outcome("A1")), Some(500));
        assert_eq!(dues(&house), if offers { vec![Duty::ReportScripts] } else { vec![] });
        let sealed =
            |fact: &Fact| matches!(fact, Fact::Due { sealed: Sealed::Here(sealed), .. } if sealed == b"as it left");
        assert_eq!(house.facts().iter().any(sealed), offers);
    }
}

fn ceilings() -> OfflineCeilings {
    OfflineCeilings { count: 2, sum_minor: 900, payment_minor: 500, age_seconds: 3_600 }
}

/// A chip card, an acquirer that cannot be reached, and ceilings.
pub(super) fn cut_off(ceilings: Option<OfflineCeilings>) -> House {
    let mut house = chip(Silence::Undo);
    house.deployment.offline = ceilings;
    house.acquirer.line = vec![Line::NotSent; 200].into();
    house.start();
    house
}

#[test]
fn a_chip_card_may_approve_by_itself_within_every_ceiling() {
    let mut house = cut_off(Some(ceilings()));
    let sale = |house: &mut House, id: &str, minor| {
        house.begin(id, pay(PaymentKind::Sale, minor));
        house.run_for(200_000);
        house.outcome(id)
    };
    assert!(matches!(sale(&mut house, "N1", 501), Outcome::NotSent(_)), "more than one payment may be");
    assert_eq!(approved_minor(&sale(&mut house, "A1", 500)), Some(500));
    assert!(matches!(sale(&mut house, "N2", 401), Outcome::NotSent(_)), "more than all may be");
    assert_eq!(approved_minor(&sale(&mut house, "A2", 300)), Some(300));
    assert!(matches!(sale(&mut house, "N3", 1), Outcome::NotSent(_)), "more than may wait");
    assert_eq!(dues(&house), [Duty::Advise, Duty::Advise]);
    let told = |fact: &Fact| matches!(fact, Fact::Due { amount: Some(amount), .. } if *amount == guest::yuan(500));
    assert!(house.facts().iter().any(told));
    assert_eq!(house.acquirer.arrived.len(), 0);
}

#[test]
fn nothing_is_approved_offline_otherwise() {
    let stripe = |house: &mut House| house.presented.entry = Entry::Stripe;
    let refused = |house: &mut House| house.finish = finish(false, false);
    let unsealed = |house: &mut House| {
        house.finish = Ok(CardFinish { accepted: true, scripts: false, sealed: None });
    };
    let left = |house: &mut House| house.acquirer.line = vec![Line::LostRequest; 3].into();
    let changes: [fn(&mut House); 4] = [stripe, refused, unsealed, left];
    for (place, change) in changes.into_iter().enumerate() {
        let mut house = cut_off(Some(ceilings()));
        change(&mut house);
        house.begin("A1", pay(PaymentKind::Sale, 100));
        house.run_for(200_000);
        assert!(matches!(house.outcome("A1"), Outcome::NotSent(_) | Outcome::Unknown(_)), "{place}");
        assert!(!dues(&house).contains(&Duty::Advise), "{place}");
    }
    let mut house = cut_off(None);
    assert!(matches!(house.does("A1", pay(PaymentKind::Sale, 100)), Outcome::NotSent(_)));
    let mut house = cut_off(Some(ceilings()));
    assert!(matches!(house.does("P1", pay(PaymentKind::Preauthorize, 100)), Outcome::NotSent(_)), "sales only");
    let mut house = cut_off(Some(OfflineCeilings { age_seconds: 10, ..ceilings() }));
    house.begin("A1", pay(PaymentKind::Sale, 100));
    house.run_for(200_000);
    house.begin("A2", pay(PaymentKind::Sale, 100));
    house.run_for(200_000);
    assert!(matches!(house.outcome("A2"), Outcome::NotSent(_)), "the oldest has waited too long");
}
