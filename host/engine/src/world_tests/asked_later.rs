//! A person asks what became of a payment nobody knows; and a tip that is told of later.

use super::House;
use super::acquirer::Line;
use super::teller::{Silence, answer, approved_minor, follow, pay};
use crate::contract::acquirer::Action;
use crate::contract::transaction::{FollowUpKind, OperationKind, PaymentKind};
use crate::record::{NotSent, Unfit};
use crate::story::{Charged, Story};
use crate::{Answer, Call, Duty, Fact, Outcome, Request, TransactionId};

fn a1() -> TransactionId {
    TransactionId::parse("A1").unwrap()
}

/// A payment that ended unknown with a question owed; the line is good again.
pub(super) fn unknown(silence: Silence, first: Line) -> House {
    let mut house = House::open(silence);
    house.deployment.ceilings.inquiries = 0;
    house.start();
    // What is owed is tried at once, and nobody hears it.
    house.acquirer.line = [first, Line::NotSent].into();
    house.begin("A1", pay(PaymentKind::ScanToPay, 500));
    house.run_while(|house| house.log.last().is_none_or(|word| word != "DebtTried"));
    assert!(matches!(house.outcome("A1"), Outcome::Unknown(_)));
    house
}

fn ask(house: &mut House) -> Outcome {
    house.does("Q1", follow(FollowUpKind::Inquire, "A1", None))
}

fn known(house: &House) -> (Option<Outcome>, usize) {
    let known = house.books().transaction(&a1()).unwrap();
    (known.outcome().cloned(), house.books().debts_of(known).filter(|debt| debt.is_open()).count())
}

#[test]
fn what_is_proven_of_it_is_so_and_nothing_is_owed_any_more() {
    for silence in [Silence::Inquire, Silence::InquireBare, Silence::Repeat] {
        let mut house = unknown(silence, Line::LostReply);
        assert_eq!(ask(&mut house), Outcome::Done, "{silence:?}");
        let (outcome, open) = known(&house);
        assert_eq!((approved_minor(&outcome.unwrap()), open), (Some(500), 0));
        house.assert_balanced();
        let story = Story::tell(house.books(), house.books().transaction(&a1()).unwrap());
        assert_eq!(story.charged, Charged::Yes);
        // It is asked once; what is known is told again, also after a start.
        assert_eq!(house.does("Q2", follow(FollowUpKind::Inquire, "A1", None)), Outcome::Failed(NotSent::AlreadyDone));
        house.start();
        house.rest();
        assert_eq!(known(&house).1, 0);
        assert!(matches!(house.does("R1", follow(FollowUpKind::Refund, "A1", None)), Outcome::Approved(_)));
        house.assert_balanced();
    }
}

#[test]
fn what_was_declined_is_declined() {
    let mut house = House::open(Silence::Inquire);
    house.deployment.ceilings.inquiries = 0;
    house.start();
    house.acquirer.line = [Line::LostReply, Line::NotSent].into();
    house.acquirer.sale_code = "51";
    house.begin("A1", pay(PaymentKind::ScanToPay, 500));
    house.run_while(|house| house.log.last().is_none_or(|word| word != "DebtTried"));
    assert_eq!(ask(&mut house), Outcome::Done);
    assert!(matches!(known(&house), (Some(Outcome::Declined(_)), 0)));
    house.assert_balanced();
}

#[test]
fn not_found_is_taken_back_and_silence_changes_nothing() {
    let mut house = unknown(Silence::Inquire, Line::LostRequest);
    assert_eq!(ask(&mut house), Outcome::Done);
    assert!(house.facts().iter().any(|fact| matches!(fact, Fact::Owed { of, .. } if *of == a1())));
    assert_eq!(house.acquirer.count("reversal"), 1);
    for (line, code) in [(Line::LostReply, None), (Line::WrongMac, None), (Line::Good, Some("09"))] {
        let mut house = unknown(Silence::Inquire, Line::LostReply);
        house.acquirer.line = vec![line; 3].into();
        house.acquirer.inquiry_codes = code.into_iter().collect();
        house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
        house.run_while(|house| house.ended.len() < 2);
        assert!(matches!(house.outcome("Q1"), Outcome::Failed(_)), "{line:?}");
        assert!(matches!(known(&house), (Some(Outcome::Unknown(_)), 1)));
    }
}

#[test]
fn only_what_is_unknown_and_not_being_taken_back_is_asked_about() {
    let mut house = House::open(Silence::Undo);
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 40]).collect();
    house.begin("A2", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.ended.len() < 2);
    house.begin("Q2", follow(FollowUpKind::Inquire, "A2", None));
    house.run_while(|house| house.ended.len() < 3);
    assert_eq!(house.outcome("Q2"), Outcome::Failed(NotSent::OriginalNotFit(Unfit::Unresolved)));
    house.acquirer.line.clear();
    assert_eq!(house.does("Q1", follow(FollowUpKind::Inquire, "A1", None)), Outcome::Failed(NotSent::AlreadyDone));
    assert_eq!(house.does("Q3", follow(FollowUpKind::Inquire, "Z9", None)), Outcome::Failed(NotSent::OriginalUnknown));
    assert_eq!(house.acquirer.count("inquire"), 0);
}

/// The plug is pulled at every effect of the question: it ends once, and nothing is owed twice.
#[test]
fn one_cut_anywhere_in_a_question() {
    for first in [Line::LostReply, Line::LostRequest] {
        for cut in 1.. {
            let mut house = unknown(Silence::Inquire, first);
            house.points = 0;
            house.cuts = [cut].into();
            house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
            house.run_for(200_000);
            let was_cut = house.cuts.is_empty();
            house.cuts.clear();
            // Whoever asks again is told, or asks again.
            house.does("Q9", follow(FollowUpKind::Inquire, "A1", None));
            house.rest();
            house.assert_balanced();
            if !was_cut {
                assert!(cut > 10);
                break;
            }
        }
    }
}

/// Everything that can happen to a question, for the table.
pub(super) fn every_way() {
    for line in [Line::Good, Line::NotSent, Line::LostReply, Line::StrayFirst, Line::WrongMac, Line::Garbage] {
        let begun = |fails: usize| {
            let mut house = unknown(Silence::Inquire, Line::LostReply);
            house.acquirer.line = vec![line; 4].into();
            house.failing_commits = std::iter::repeat_n(false, fails).chain([true]).collect();
            house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
            house
        };
        for fails in 0..4 {
            begun(fails).run_for(200_000);
        }
        for steps in 0..24 {
            let mut house = begun(99);
            for _ in 0..steps {
                let _ = house.advance(u64::MAX);
            }
            house.ask(Request::Cancel { transaction: TransactionId::parse("Q1").unwrap() });
            house.run_for(200_000);
        }
    }
    for odd in super::asking::odd_inquiries() {
        let mut house = unknown(Silence::Inquire, Line::LostReply);
        house.guest = Box::new(move |call| odd(call).unwrap_or_else(|| answer(Silence::Inquire, call)));
        house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
        house.run_for(200_000);
    }
    let mut house = unknown(Silence::Inquire, Line::LostReply);
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, _, crate::contract::acquirer::Event::Received(_))
            if operation.kind() == OperationKind::Inquire =>
        {
            Answer::Step(Ok(super::guest::step(Action::Pause(5))))
        }
        call => answer(Silence::Inquire, call),
    });
    house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
    house.run_for(20_000);
    house.run_for(200_000);
    let mut house = unknown(Silence::Inquire, Line::LostReply);
    house.guest = Box::new(|call| match call {
        Call::Resume(_, operation, ..) if operation.kind() == OperationKind::Inquire => {
            let ask = super::guest::message("ask", 0, 0, false);
            let gravity = crate::contract::transaction::Gravity::Asks;
            Answer::Step(Ok(super::guest::step(Action::Send(super::guest::exchange(ask, gravity, None)))))
        }
        call => answer(Silence::Inquire, call),
    });
    house.begin("Q1", follow(FollowUpKind::Inquire, "A1", None));
    house.run_for(200_000);
}

#[test]
fn a_tip_is_approved_here_and_owed_to_the_acquirer() {
    let mut house = House::open(Silence::InquireBare);
    house.does("A1", pay(PaymentKind::Sale, 500));
    let tip = |minor| follow(FollowUpKind::Advise, "A1", minor);
    assert_eq!(house.does("N1", tip(None)), Outcome::NotSent(NotSent::Amount));
    assert_eq!(house.does("N2", tip(Some(501))), Outcome::NotSent(NotSent::TooMuch));
    let sent = house.sent.len();
    house.begin("T1", tip(Some(50)));
    house.run_while(|house| house.ended.len() < 4);
    assert_eq!(approved_minor(&house.outcome("T1")), Some(50));
    assert_eq!(house.sent.len(), sent, "nobody was asked");
    let due = |fact: &Fact| {
        matches!(fact, Fact::Due { debt, of, duty: Duty::Advise, amount: Some(amount), .. }
            if *debt == a1().advice() && *of == a1() && amount.minor == 50)
    };
    assert!(house.facts().iter().any(due));
}

#[test]
fn what_has_an_untold_tip_is_not_voided_and_gets_no_second_one() {
    let mut house = House::open(Silence::InquireBare);
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.begin("T1", follow(FollowUpKind::Advise, "A1", Some(50)));
    house.begin("V1", follow(FollowUpKind::Void, "A1", None));
    house.begin("T2", follow(FollowUpKind::Advise, "A1", Some(50)));
    house.run_while(|house| house.ended.len() < 4);
    let unresolved = Outcome::NotSent(NotSent::OriginalNotFit(Unfit::Unresolved));
    assert_eq!((house.outcome("V1"), house.outcome("T2")), (unresolved.clone(), unresolved));
}

/// An approval that may or may not be on the disk is unknown until the journal has been read again.
#[test]
fn a_tip_that_could_not_be_written_is_unknown() {
    let mut house = House::open(Silence::InquireBare);
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.failing_commits = [true].into();
    house.begin("T1", follow(FollowUpKind::Advise, "A1", Some(50)));
    house.run_for(1_000);
    assert_eq!(house.outcome("T1"), Outcome::Unknown(crate::Doubt::Storage));
    let mut house = House::open(Silence::InquireBare);
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.disk_is_full = true;
    house.begin("T1", follow(FollowUpKind::Advise, "A1", Some(50)));
    house.run_for(1_000);
    assert!(matches!(house.outcome("T1"), Outcome::NotSent(NotSent::Storage(_))));
}
