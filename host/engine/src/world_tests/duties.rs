//! Every kind of debt: what becomes of it by every answer and by none, with its plugin and without, through power cuts,
//! and in which order debts are tried.

use super::acquirer::Line;
use super::asked_later::unknown;
use super::last_word::cut_off;
use super::teller::{Silence, approved_minor, follow, pay};
use super::{ACQUIRER, House};
use crate::books::Standing;
use crate::contract::transaction::{FollowUpKind, PaymentKind};
use crate::{CardFinish, Duty, DutyKind, Fact, NotSent, OfflineCeilings, Outcome, Request, TransactionId};

fn a1() -> TransactionId {
    TransactionId::parse("A1").unwrap()
}

fn outcome(house: &House) -> Outcome {
    house.books().transaction(&a1()).unwrap().outcome().cloned().unwrap()
}

fn standing(house: &House, debt: &TransactionId) -> Standing {
    house.books().debt(debt).unwrap().standing
}

/// A sale that the card approved by itself, and whose acquirer has not been told of it.
pub(super) fn stood_in() -> House {
    let ceilings = OfflineCeilings { count: 2, sum_minor: 900, payment_minor: 500, age_seconds: 3_600 };
    let mut house = cut_off(Some(ceilings));
    house.begin("A1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.ended.is_empty());
    house.acquirer.line.clear();
    house
}

/// A sale whose card ran the issuer's scripts.
pub(super) fn scripted() -> House {
    let mut house = House::open(Silence::Undo);
    house.presented.entry = crate::contract::card::Entry::ContactChip;
    house.finish = Ok(CardFinish { accepted: true, scripts: true, sealed: Some(b"sealed".to_vec()) });
    house.begin("A1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.ended.is_empty());
    house
}

#[test]
fn a_repetition_finds_out_that_it_was_approved_or_declined() {
    for (first, code) in [(Line::LostReply, "00"), (Line::LostRequest, "00"), (Line::LostReply, "51")] {
        for gone in [false, true] {
            let mut house = unknown(Silence::Repeat, first);
            house.acquirer.sale_code = code;
            if gone {
                house.break_plugin();
                house.start();
            }
            house.rest();
            let is_approved = approved_minor(&outcome(&house)) == Some(500);
            let expected = first == Line::LostReply || code == "00";
            assert_eq!(is_approved, expected, "{first:?} {code} gone: {gone}: {:?}", outcome(&house));
            assert_eq!(standing(&house, &a1().repetition()), Standing::Paid);
            house.assert_balanced();
        }
    }
}

#[test]
fn a_repetition_that_is_declined_is_declined() {
    for gone in [false, true] {
        let mut house = unknown(Silence::Repeat, Line::LostRequest);
        house.acquirer.sale_code = "58";
        if gone {
            house.break_plugin();
            house.start();
        }
        house.rest();
        assert!(matches!(outcome(&house), Outcome::Declined(_)), "{:?}", outcome(&house));
        house.assert_balanced();
    }
}

#[test]
fn an_inquiry_finds_it_or_it_is_taken_back() {
    for (first, found) in [(Line::LostReply, true), (Line::LostRequest, false)] {
        let mut house = unknown(Silence::Inquire, first);
        house.rest();
        assert_eq!(approved_minor(&outcome(&house)).is_some(), found);
        let expected = if found { Standing::Paid } else { Standing::Replaced };
        assert_eq!(standing(&house, &a1().inquiry()), expected);
        assert_eq!(house.acquirer.count("reversal"), usize::from(!found));
        house.assert_balanced();
    }
}

#[test]
fn what_nobody_can_ask_about_any_more_is_taken_back() {
    let mut house = unknown(Silence::Inquire, Line::LostReply);
    house.break_plugin();
    house.start();
    house.rest();
    assert_eq!(standing(&house, &a1().inquiry()), Standing::Replaced);
    assert_eq!(house.acquirer.count("inquire"), 0);
    house.assert_balanced();
}

/// Without the plugin and without a message there is nothing to send: it stays owed, and shown.
#[test]
fn an_inquiry_without_anything_stored_stays_owed() {
    let mut house = unknown(Silence::InquireBare, Line::LostReply);
    house.break_plugin();
    house.start();
    house.rest();
    let debt = house.books().debt(&a1().inquiry()).unwrap();
    assert_eq!(debt.standing, Standing::Unheard);
    assert!(debt.escalated() && debt.called_for_help);
}

#[test]
fn an_advice_is_sent_with_the_same_numbers_until_it_is_taken() {
    for gone in [false, true] {
        let mut house = stood_in();
        house.acquirer.line = [Line::LostReply, Line::LostRequest, Line::WrongMac].into();
        house.run_while(|house| house.acquirer.count("advise") == 0);
        if gone {
            house.break_plugin();
            house.start();
        }
        house.rest();
        assert_eq!(standing(&house, &a1().advice()), Standing::Paid);
        let traces: Vec<_> = house.acquirer.arrived.iter().filter(|wire| wire.word() == "advise").collect();
        assert!(traces.len() >= 2 && traces.iter().all(|wire| wire.trace == traces[0].trace), "{traces:?}");
        house.assert_balanced();
    }
}

/// A sale approved offline was delivered, and then a tip added. The tip's advice had the name of the delivery's, which
/// was paid: the cashier read "approved", nothing was owed, and the acquirer never heard of it.
#[test]
fn a_sale_that_was_delivered_by_an_advice_gets_no_tip() {
    let mut house = stood_in();
    house.rest();
    assert_eq!(standing(&house, &a1().advice()), Standing::Paid);
    let tip = follow(FollowUpKind::Advise, "A1", Some(50));
    assert_eq!(house.does("T1", tip), Outcome::NotSent(NotSent::AlreadyDone));
    house.assert_balanced();
}

#[test]
fn a_refused_advice_is_a_shown_loss_that_is_tried_at_a_sign_in_and_closed_by_waiver() {
    let mut house = stood_in();
    house.acquirer.refuses_advices = Some("58");
    house.rest();
    assert_eq!(standing(&house, &a1().advice()), Standing::Refused);
    let tries = house.acquirer.count("advise");
    house.run_for(10_000_000);
    assert_eq!(house.acquirer.count("advise"), tries, "tried by the clock");
    house.sign_in("S1");
    assert_eq!(house.acquirer.count("advise"), tries + 1);
    assert!(house.books().debt(&a1().advice()).unwrap().escalated());
    assert!(house.does("A2", pay(PaymentKind::Sale, 5)) != outcome(&house), "a loss does not stop sales");
}

#[test]
fn a_script_report_is_sent_and_changes_nothing_about_the_sale() {
    let mut house = scripted();
    house.acquirer.line = [Line::LostReply].into();
    house.rest();
    assert_eq!(standing(&house, &a1().report()), Standing::Paid);
    assert_eq!(approved_minor(&outcome(&house)), Some(500));
    assert_eq!(house.acquirer.count("report"), 2);
    house.assert_balanced();
}

/// Reports, then what is in doubt, then the payment.
#[test]
fn before_a_payment_reports_are_tried_and_then_what_is_in_doubt() {
    let mut house = scripted();
    house.finish = Ok(CardFinish { accepted: true, scripts: false, sealed: Some(b"sealed".to_vec()) });
    house.acquirer.line = [Line::NotSent, Line::NotSent, Line::LostRequest, Line::NotSent].into();
    house.begin("A2", pay(PaymentKind::Sale, 700));
    house.run_while(|house| !house.acquirer.line.is_empty());
    house.begin("A3", pay(PaymentKind::Sale, 900));
    house.rest();
    let words: Vec<_> = house.acquirer.arrived.iter().skip(1).map(|wire| wire.word().to_owned()).collect();
    assert_eq!(words, ["report", "reversal", "sale"]);
    house.assert_balanced();
}

/// What was approved without the acquirer waits for no payment, and is told once one got through.
#[test]
fn advices_go_out_after_the_next_payment_that_is_answered() {
    let mut house = stood_in();
    house.acquirer.line = vec![Line::NotSent; 8].into();
    house.run_while(|house| !house.acquirer.line.is_empty());
    house.run_for(1);
    house.begin("A2", pay(PaymentKind::Sale, 700));
    house.run_while(|house| house.acquirer.count("advise") == 0);
    let words: Vec<_> = house.acquirer.arrived.iter().map(|wire| wire.word().to_owned()).collect();
    assert_eq!(words, ["sale", "advise"]);
    house.rest();
    house.assert_balanced();
}

#[test]
fn a_report_that_nobody_hears_does_not_stop_sales() {
    let mut house = scripted();
    house.acquirer.line = vec![Line::LostRequest; 3].into();
    house.run_for(1_000);
    house.acquirer.line = [Line::LostRequest].into();
    house.begin("A2", pay(PaymentKind::Sale, 700));
    house.run_while(|house| house.ended.len() < 2);
    assert!(matches!(house.outcome("A2"), Outcome::Approved(_)));
}

/// An acquirer may demand to be told of everything first, or of nothing: then the payment is begun all the same.
#[test]
fn which_debts_stop_a_payment_is_what_the_deployment_says() {
    let undone = || unknown(Silence::Undo, Line::LostReply);
    let repeated = || unknown(Silence::Repeat, Line::LostReply);
    let asked = || unknown(Silence::Inquire, Line::LostReply);
    let houses: [(DutyKind, fn() -> House); 5] = [
        (DutyKind::Reverse, undone),
        (DutyKind::Repeat, repeated),
        (DutyKind::Inquire, asked),
        (DutyKind::Advise, stood_in),
        (DutyKind::ReportScripts, scripted),
    ];
    for (kind, house) in houses {
        for blocks in [true, false] {
            let mut house = house();
            let blocking = DutyKind::ALL.into_iter().filter(|other| (*other == kind) == blocks);
            house.deployment.blocking = blocking.collect();
            house.start();
            house.acquirer.line = vec![Line::NotSent; 2].into();
            house.begin("A2", pay(PaymentKind::Sale, 5));
            house.run_while(|house| house.ended.len() < 2);
            let refused = matches!(house.outcome("A2"), Outcome::NotSent(NotSent::DebtsOwed { unheard: 1, .. }));
            assert_eq!(refused, blocks, "{kind:?}: {:?}", house.outcome("A2"));
            house.rest();
            house.assert_balanced();
        }
    }
}

/// The plug is pulled at every effect of every kind of debt.
#[test]
fn one_cut_anywhere_in_every_debt() {
    let houses: [fn() -> House; 5] = [
        || unknown(Silence::Repeat, Line::LostReply),
        || unknown(Silence::Inquire, Line::LostReply),
        || unknown(Silence::Inquire, Line::LostRequest),
        stood_in,
        scripted,
    ];
    for (number, house) in houses.iter().enumerate() {
        for cut in 1.. {
            let mut house = house();
            house.points = 0;
            house.cuts = [cut].into();
            house.rest();
            let was_cut = house.cuts.is_empty();
            house.cuts.clear();
            house.rest();
            house.assert_balanced();
            if !was_cut {
                assert!(cut > 8, "{number}: {cut}");
                break;
            }
        }
    }
}

/// Somebody is told once, after as many tries as the ceiling says or when the plugin asks for it.
#[test]
fn a_debt_that_fails_for_long_is_called_for_help_once() {
    for tries in [1, 3, 6] {
        let mut house = stood_in();
        house.deployment.ceilings.escalate_after_tries = tries;
        house.start();
        house.acquirer.line = vec![Line::LostRequest; 12].into();
        house.rest();
        let facts = house.facts();
        let told = |fact: &Fact| matches!(fact, Fact::Escalated { asked: false, .. });
        let before = facts.iter().take_while(|fact| !told(fact));
        let tried = before.filter(|fact| matches!(fact, Fact::Tried { .. })).count();
        assert_eq!((facts.iter().filter(|fact| told(fact)).count(), tried), (1, tries as usize));
        assert_eq!(standing(&house, &a1().advice()), Standing::Paid);
        assert!(!house.books().debt(&a1().advice()).unwrap().escalated());
    }
}

/// Everything that can happen to a try, for the table.
pub(super) fn every_way() {
    for fails in 0..6 {
        for mut house in [stood_in(), scripted(), unknown(Silence::Inquire, Line::LostReply)] {
            house.failing_commits = std::iter::repeat_n(false, fails).chain([true]).collect();
            house.rest();
        }
    }
    let mut house = unknown(Silence::InquireBare, Line::LostReply);
    house.break_plugin();
    house.start();
    house.ask(Request::PayDebts { acquirer: ACQUIRER.into() });
    house.rest();
    let is_owed = |debt: &&crate::books::Debt| debt.duty == Duty::Inquire;
    assert_eq!(house.books().open_debts().filter(is_owed).count(), 1);
}
