//! Every message field by field, as the inspector reads it, for a reviewer to hold beside the specification. What is
//! sent is what the acquirer of the tests approved; its MAC and PIN block differ with the keys and are not shown.

use std::fmt::Write;

use acquit_plugin_unionpay::UnionPay;
use sdk::prelude::*;

use crate::support::cny;
use crate::till::{Ended, Plastic, Till, follow_up, pay, plastic};

const RICH: &str = "6200000123456787";
const WALLET: &str = "134567890123456789";

/// A message and what waits for the day it is in doubt.
fn shown(till: &Till, ended: &Ended, card: &Plastic) -> String {
    let mut text = String::new();
    let mut frames = vec![("sent", ended.sent[0].clone())];
    match ended.exchange.as_ref().and_then(|exchange| exchange.remedy.as_ref()) {
        Some(Remedy::Undo(standby) | Remedy::Inquire(Some(standby))) => {
            frames.push(("taken back by", rendered(till, standby, card)));
        }
        Some(Remedy::Repeat(standby)) => frames.push(("repeated as", rendered(till, standby, card))),
        Some(Remedy::Inquire(None)) | None => {}
    }
    for (title, frame) in frames {
        writeln!(text, "{title}").expect("a string");
        for Field { path, name, value, note } in UnionPay::read(&frame).expect("reads") {
            let value = if matches!(path.as_str(), "DE52" | "DE64") { "(differs)".to_owned() } else { value };
            let note = if note.is_empty() { note } else { format!(" | {note}") };
            if !matches!(path.as_str(), "TPDU" | "header") {
                writeln!(text, "  {path} {name} = {value}{note}").expect("a string");
            }
        }
    }
    text
}

fn rendered(till: &Till, standby: &Standby, card: &Plastic) -> Vec<u8> {
    till.render(&standby.message, Some(card), UndoReason::NoAnswer)[standby.message.whole as usize].clone()
}

fn approved(till: &mut Till, operation: &Operation, card: &Plastic) -> Ended {
    let ended = till.run(operation, Some(card));
    assert_eq!(ended.code(), "00", "{operation:?}");
    ended
}

#[test]
fn payments_field_by_field() {
    let mut till = Till::open(&[], |_| {});
    let fallback = {
        let mut card = plastic(RICH, "123456", Entry::Stripe);
        card.presented.fell_back = true;
        card
    };
    let cards = [
        ("sale-fallback", PaymentKind::Sale, fallback),
        ("sale-typed", PaymentKind::Sale, plastic(RICH, "123456", Entry::Manual)),
        ("sale-chip", PaymentKind::Sale, plastic(RICH, "123456", Entry::ContactChip)),
        ("sale-tapped", PaymentKind::Sale, plastic(RICH, "", Entry::ContactlessChip)),
        ("preauthorize", PaymentKind::Preauthorize, plastic(RICH, "123456", Entry::ContactChip)),
        ("balance", PaymentKind::Balance, plastic(RICH, "123456", Entry::ContactChip)),
        ("scan-to-pay", PaymentKind::ScanToPay, plastic(WALLET, "", Entry::CodeScan)),
    ];
    for (name, kind, card) in cards {
        let minor = if kind == PaymentKind::Balance { 0 } else { 1234 };
        let ended = approved(&mut till, &pay(kind, minor, &card), &card);
        insta::assert_snapshot!(name, shown(&till, &ended, &card));
    }
}

#[test]
fn an_order_of_a_code_field_by_field() {
    let (mut till, wallet) =
        (Till::open(&[("show-processing-code", "510000")], |_| {}), plastic(WALLET, "", Entry::CodeScan));
    till.customer = Some((1, WALLET));
    let kind = PaymentKind::ShowToPay;
    let order = Operation::Pay(Payment { kind, amount: cny(1234), tip: None, cash: None, card: None });
    let ended = approved(&mut till, &order, &wallet);
    insta::assert_snapshot!("show-to-pay", shown(&till, &ended, &wallet));
}

#[test]
fn what_follows_field_by_field() {
    let (mut till, card) = (Till::open(&[], |_| {}), plastic(RICH, "123456", Entry::ContactChip));
    let cases: [(&str, PaymentKind, &[FollowUpKind]); 4] = [
        ("void", PaymentKind::Sale, &[FollowUpKind::Void]),
        ("refund", PaymentKind::Sale, &[FollowUpKind::Refund]),
        ("cancel-preauthorization", PaymentKind::Preauthorize, &[FollowUpKind::CancelPreauthorization]),
        ("cancel-completion", PaymentKind::Preauthorize, &[FollowUpKind::Complete, FollowUpKind::CancelCompletion]),
    ];
    for (name, kind, follows) in cases {
        let mut ended = approved(&mut till, &pay(kind, 1234, &card), &card);
        for follow in follows {
            ended = approved(&mut till, &follow_up(*follow, &ended.original, cny(1234)), &card);
            if *follow == FollowUpKind::Complete {
                insta::assert_snapshot!("complete", shown(&till, &ended, &card));
            }
        }
        insta::assert_snapshot!(name, shown(&till, &ended, &card));
    }
    let wallet = plastic(WALLET, "", Entry::CodeScan);
    let paid = approved(&mut till, &pay(PaymentKind::ScanToPay, 700, &wallet), &wallet);
    let asked = approved(&mut till, &follow_up(FollowUpKind::Inquire, &paid.original, cny(700)), &wallet);
    insta::assert_snapshot!("inquire", shown(&till, &asked, &wallet));
}

/// What is told, what manages the terminal, and the end of the day.
#[test]
fn a_day_field_by_field() {
    let (mut till, card) = (Till::open(&[], |_| {}), plastic(RICH, "123456", Entry::ContactChip));
    let sale = approved(&mut till, &pay(PaymentKind::Sale, 1234, &card), &card);
    let unseen = Original { reference: Vec::new(), ..sale.original.clone() };
    let told = [
        ("tip", follow_up(FollowUpKind::Advise, &sale.original, cny(100))),
        ("offline-sale", follow_up(FollowUpKind::Advise, &unseen, cny(1234))),
        ("report-scripts", follow_up(FollowUpKind::ReportScripts, &sale.original, cny(1234))),
        ("echo", Operation::Maintain(Maintenance::Echo)),
        ("download", Operation::Download("applications".to_owned())),
    ];
    for (name, operation) in told {
        let ended = till.run(&operation, Some(&card));
        assert!(matches!(ended.outcome, Outcome::Acknowledged(_) | Outcome::Done), "{name}: {ended:?}");
        insta::assert_snapshot!(name, shown(&till, &ended, &card));
    }
    till.items = vec![card.clone()];
    let total = |operation, minor| Totals { group: String::new(), operation, count: 1, amount: cny(minor) };
    let totals = vec![total(OperationKind::Sale, 1234), total(OperationKind::Refund, 1)];
    let items = vec![sale.original];
    let call = |first, items| Operation::Upload(Upload { balanced: false, first, total: 1, items });
    let closing = [("settle", Operation::Settle(totals)), ("upload", call(0, items)), ("upload-end", call(1, vec![]))];
    for (name, operation) in closing {
        let ended = till.run(&operation, None);
        assert!(matches!(ended.outcome, Outcome::Settled(_) | Outcome::Acknowledged(_)), "{name}: {ended:?}");
        insta::assert_snapshot!(name, shown(&till, &ended, &card));
    }
}

/// The order number where the acquirer wants one, in the payment and in the question about it.
#[test]
fn an_order_number_goes_where_the_acquirer_wants_it() {
    let wallet = plastic(WALLET, "", Entry::CodeScan);
    let mut till = Till::open(&[("scan-order-field", "63")], |_| {});
    let paid = approved(&mut till, &pay(PaymentKind::ScanToPay, 700, &wallet), &wallet);
    let asked = approved(&mut till, &follow_up(FollowUpKind::Inquire, &paid.original, cny(700)), &wallet);
    assert_eq!((paid.field(63), asked.field(63)), (paid.kept("order").to_owned(), paid.kept("order").to_owned()));
}
