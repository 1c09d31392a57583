//! Everything a day needs besides sales: reservations, codes, questions, and what follows an earlier payment.

use super::House;
use super::acquirer::Line;
use super::guest::yuan;
use super::teller::{Silence, approved_minor, follow, pay};
use crate::contract::transaction::{FollowUpKind, Maintenance, OperationKind, PaymentKind};
use crate::record::{CardProblem, NotSent, Unfit};
use crate::{Doubt, Fact, Order, Outcome, Target};

fn open() -> House {
    House::open(Silence::Undo)
}

#[test]
fn a_day_of_everything_balances() {
    let mut house = open();
    for (id, order, minor) in [
        ("A1", pay(PaymentKind::Sale, 500), 500),
        ("V1", follow(FollowUpKind::Void, "A1", None), 500),
        ("A2", pay(PaymentKind::ScanToPay, 700), 700),
        ("R1", follow(FollowUpKind::Refund, "A2", Some(300)), 300),
        ("R2", follow(FollowUpKind::Refund, "A2", None), 400),
        ("P1", pay(PaymentKind::Preauthorize, 1_000), 1_000),
        ("C1", follow(FollowUpKind::Complete, "P1", Some(1_100)), 1_100),
        ("X1", follow(FollowUpKind::CancelCompletion, "C1", None), 1_100),
        ("C2", follow(FollowUpKind::Complete, "P1", Some(900)), 900),
        ("P2", pay(PaymentKind::Preauthorize, 50), 50),
        ("X2", follow(FollowUpKind::CancelPreauthorization, "P2", None), 50),
        ("S1", pay(PaymentKind::ShowToPay, 250), 250),
        ("R3", follow(FollowUpKind::Refund, "S1", Some(100)), 100),
        ("S2", pay(PaymentKind::ShowToPay, 70), 70),
        ("V2", follow(FollowUpKind::Void, "S2", None), 70),
        ("B1", pay(PaymentKind::Balance, 0), 0),
    ] {
        let outcome = house.does(id, order);
        assert_eq!(approved_minor(&outcome), Some(minor), "{id}: {outcome:?}");
    }
    house.assert_balanced();
    assert_eq!(house.acquirer.sum(), 900 + 150);
    let asked = house.log.iter().filter(|word| *word == "AskCard").count();
    assert_eq!(asked, 12, "for all but the codes that the customer scans, and what follows them");
    assert!(house.log.contains(&"ShowCode".to_owned()));
}

#[test]
fn what_may_not_follow_is_refused_before_a_card_is_asked_for() {
    let mut house = open();
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.does("V1", follow(FollowUpKind::Void, "A1", None));
    house.does("A2", pay(PaymentKind::Sale, 500));
    house.does("R2", follow(FollowUpKind::Refund, "A2", Some(200)));
    house.acquirer.sale_code = "51";
    house.does("D1", pay(PaymentKind::Sale, 500));
    house.acquirer.sale_code = "00";
    let asked = house.log.iter().filter(|word| *word == "AskCard").count();
    for (id, order, why) in [
        ("N1", follow(FollowUpKind::Void, "A1", None), NotSent::AlreadyDone),
        ("N2", follow(FollowUpKind::Refund, "A1", None), NotSent::AlreadyDone),
        ("N3", follow(FollowUpKind::Void, "A2", None), NotSent::AlreadyDone),
        ("N4", follow(FollowUpKind::Refund, "A2", Some(301)), NotSent::TooMuch),
        ("N5", follow(FollowUpKind::Refund, "Z9", None), NotSent::OriginalUnknown),
        ("N6", follow(FollowUpKind::Complete, "A2", None), NotSent::OriginalNotFit(Unfit::Kind)),
        ("N7", follow(FollowUpKind::Void, "D1", None), NotSent::OriginalNotFit(Unfit::NotApproved)),
    ] {
        assert_eq!(house.does(id, order), Outcome::NotSent(why), "{id}");
        assert!(
            house
                .facts()
                .iter()
                .any(|fact| matches!(fact, Fact::Concluded { transaction, .. } if transaction.as_str() == id))
        );
    }
    assert_eq!(house.log.iter().filter(|word| *word == "AskCard").count(), asked);
    house.assert_balanced();
}

#[test]
fn another_card_than_the_one_that_paid_gets_nothing_back() {
    let mut house = open();
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.presented.last_four = "9999".into();
    let sent = house.sent.len();
    assert_eq!(house.does("R1", follow(FollowUpKind::Refund, "A1", None)), Outcome::NotSent(NotSent::OtherCard));
    assert_eq!(house.sent.len(), sent);
    house.presented.last_four = "1234".into();
    assert!(matches!(house.does("R2", follow(FollowUpKind::Refund, "A1", None)), Outcome::Approved(_)));
    house.assert_balanced();
}

#[test]
fn nothing_follows_what_nobody_knows_until_it_is_known() {
    let mut house = open();
    house.does("A1", pay(PaymentKind::Sale, 500));
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 40]).collect();
    house.begin("V1", follow(FollowUpKind::Void, "A1", None));
    house.run_for(40_000);
    assert_eq!(house.outcome("V1"), Outcome::Unknown(Doubt::Unheard(crate::contract::retry_policy::Failure::Timeout)));
    house.acquirer.line.clear();
    // The reversal of the void comes first; then the sale stands as it did, and may be voided after all.
    assert!(matches!(house.does("V2", follow(FollowUpKind::Void, "A1", None)), Outcome::Approved(_)));
    assert_eq!(house.acquirer.sum(), 0);
    house.assert_balanced();
    // A void whose reversal is refused stays in doubt, and with it the sale.
    house.does("A2", pay(PaymentKind::Sale, 500));
    house.acquirer.line = [Line::LostReply].into();
    house.acquirer.refuses_reversals = Some("58");
    house.does("V3", follow(FollowUpKind::Void, "A2", None));
    let refused = house.does("V4", follow(FollowUpKind::Void, "A2", None));
    assert_eq!(refused, Outcome::NotSent(NotSent::OriginalNotFit(Unfit::Unresolved)));
}

#[test]
fn the_originals_card_is_used_where_none_is_presented_and_while_it_is_kept() {
    let mut house = open();
    house.deployment.presents.clear();
    house.start();
    house.does("A1", pay(PaymentKind::Sale, 500));
    for entry in &mut house.journal {
        entry.card = None;
    }
    house.start();
    let outcome = house.does("V1", follow(FollowUpKind::Void, "A1", None));
    assert_eq!(outcome, Outcome::NotSent(NotSent::Card(CardProblem::Gone)));
    assert_eq!(house.acquirer.count("void"), 0);
}

#[test]
fn typed_originals_and_refunds_of_nothing_need_the_owners_leave() {
    let typed = |names: &[&str]| {
        let fields = names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
        Order::FollowUp { kind: FollowUpKind::Refund, of: Target::Typed(fields), amount: Some(yuan(70)) }
    };
    let nothing = || Order::FollowUp { kind: FollowUpKind::Refund, of: Target::Nothing, amount: Some(yuan(60)) };
    let mut house = open();
    assert_eq!(house.does("N1", typed(&["rrn"])), Outcome::NotSent(NotSent::Unsupported));
    assert_eq!(house.does("N2", nothing()), Outcome::NotSent(NotSent::Unsupported));
    house.deployment.typed.insert(OperationKind::Refund);
    house.deployment.unreferenced_refunds = true;
    let operations = &mut house.deployment.plugin.as_mut().unwrap().descriptor.operations;
    let refund = operations.iter_mut().find(|spec| spec.kind == OperationKind::Refund).unwrap();
    refund.typed = vec![crate::contract::acquirer::Parameter {
        name: "rrn".into(),
        required: true,
        pattern: String::new(),
        meaning: String::new(),
    }];
    house.start();
    let unfit = Outcome::NotSent(NotSent::OriginalNotFit(Unfit::Typed));
    assert_eq!(house.does("N3", typed(&[])), unfit);
    assert_eq!(house.does("N4", typed(&["rrn", "colour"])), unfit);
    assert_eq!(approved_minor(&house.does("R1", typed(&["rrn"]))), Some(70));
    assert_eq!(approved_minor(&house.does("R2", nothing())), Some(60));
    let Order::FollowUp { kind, of, .. } = nothing() else { unreachable!() };
    let no_amount = Order::FollowUp { kind, of, amount: None };
    assert_eq!(house.does("N5", no_amount), Outcome::NotSent(NotSent::Amount));
    house.assert_balanced();
    assert_eq!(house.acquirer.sum(), -130);
}

/// A question about a card moves nothing: silence leaves no debt and is never unknown.
#[test]
fn a_balance_that_brings_no_answer_owes_nothing() {
    for line in [Line::LostReply, Line::LostRequest, Line::NotSent, Line::WrongMac, Line::Garbage] {
        let mut house = open();
        house.acquirer.line = vec![line; 3].into();
        let outcome = house.does("B1", pay(PaymentKind::Balance, 0));
        assert!(matches!(outcome, Outcome::NotSent(_)), "{line:?}: {outcome:?}");
        assert_eq!(house.books().owed(), 0);
        house.assert_balanced();
    }
    let mut house = open();
    assert_eq!(house.does("B1", pay(PaymentKind::Balance, 1)), Outcome::NotSent(NotSent::Amount));
}

#[test]
fn amounts_that_cannot_be_meant_are_refused() {
    let mut house = open();
    let sale = |minor, tip: Option<u64>, cash: Option<u64>| {
        let (amount, tip, cash) = (yuan(minor), tip.map(yuan), cash.map(yuan));
        Order::Pay(crate::Payable { kind: PaymentKind::Sale, amount, tip, cash })
    };
    for (id, order) in [
        ("N1", sale(0, None, None)),
        ("N2", sale(5_000_001, None, None)),
        ("N3", sale(100, Some(60), Some(41))),
        ("N4", sale(100, Some(u64::MAX), Some(1))),
    ] {
        assert_eq!(house.does(id, order), Outcome::NotSent(NotSent::Amount), "{id}");
    }
    assert_eq!(approved_minor(&house.does("A1", sale(100, Some(60), Some(40)))), Some(100));
}

#[test]
fn errands_run_whatever_is_owed() {
    let mut house = open();
    house.acquirer.line = std::iter::once(Line::LostReply).chain(vec![Line::NotSent; 3]).collect();
    house.begin("A1", pay(PaymentKind::Sale, 500));
    house.run_while(|house| house.ended.is_empty());
    assert_eq!(house.books().owed(), 1);
    house.acquirer.refuses_reversals = Some("58");
    house.acquirer.line.clear();
    for (id, order) in [
        ("E1", Order::Maintain(Maintenance::Echo)),
        ("E2", Order::Maintain(Maintenance::SignOff)),
        ("E3", Order::Download("tables".into())),
        ("E4", Order::Maintain(Maintenance::SignIn)),
    ] {
        assert_eq!(house.does(id, order), Outcome::Done, "{id}");
    }
    assert_eq!(house.books().owed(), 1);
}
