//! Less than was asked for: what is approved, what follows it, and how it is taken back.

use acquirer::Fault as Bad;
use acquirer::config::Code;
use sdk::prelude::*;

use crate::plastic::{Plastic, follow_up, pay, plastic};
use crate::support::cny;
use crate::till::{Ended, Till};

fn chip() -> Plastic {
    plastic("6200000123456787", "123456", Entry::ContactChip)
}

/// A sale of 1000 of which 400 are approved.
fn in_part(till: &mut Till) -> Ended {
    till.fault = Some(Bad::ApprovePartly { amount_minor: 400 });
    let ended = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    assert!(matches!(&ended.outcome, Outcome::Approved(approved) if approved.amount == cny(400)), "{ended:?}");
    assert_eq!(till.merchant_total(), 400);
    ended
}

#[test]
fn a_part_that_is_refused_at_the_till_is_taken_back() {
    let mut till = Till::open(&[("partial-approvals", "yes")], |_| {});
    let ended = in_part(&mut till);
    assert_eq!(ended.field(60), "22000042000501", "60.6 says that a part is taken");
    assert_eq!(till.undo(&ended, Some(&chip())), Meaning::Paid);
    assert_eq!(till.merchant_total(), 0);
}

#[test]
fn a_part_that_is_taken_is_voided_or_refunded_by_what_was_taken() {
    for kind in [FollowUpKind::Void, FollowUpKind::Refund] {
        let mut till = Till::open(&[], |_| {});
        let ended = in_part(&mut till);
        let wrong = till.run(&follow_up(kind, &ended.original, cny(1000)), Some(&chip()));
        assert_eq!((wrong.code(), till.merchant_total()), ("64", 400), "{kind:?}");
        let right = till.run(&follow_up(kind, &ended.original, cny(400)), Some(&chip()));
        assert_eq!((right.code(), till.merchant_total()), ("00", 0), "{kind:?}");
    }
}

#[test]
fn a_part_that_is_taken_is_tipped_and_uploaded_by_what_was_taken() {
    let mut till = Till::open(&[], |_| {});
    let ended = in_part(&mut till);
    till.items = vec![chip()];
    let items = vec![ended.original.clone()];
    let details = till.run(&Operation::Upload(Upload { balanced: false, first: 0, total: 1, items }), None);
    assert!(details.field(48).ends_with("000000000400"), "{}", details.field(48));
    let tip = till.run(&follow_up(FollowUpKind::Advise, &ended.original, cny(50)), Some(&chip()));
    assert_eq!((tip.field(4).as_str(), till.merchant_total()), ("000000000450", 450));
}

/// The money moved, and the acquirer says it does not know.
#[test]
fn a_sale_answered_as_in_doubt_is_taken_back_whatever_became_of_it() {
    for code in ["09", "68", "94", "96", "98"] {
        let mut till = Till::open(&[], |_| {});
        till.fault = Some(Bad::AnswerCode { code: code.parse::<Code>().expect("a code") });
        let ended = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
        assert_eq!(ended.outcome, Outcome::Unknown(Unknown { code: code.to_owned(), owed: Owed::Reversal }));
        assert_eq!(till.merchant_total(), 1000);
        assert_eq!((till.undo(&ended, Some(&chip())), till.merchant_total()), (Meaning::Paid, 0), "{code}");
    }
}

#[test]
fn a_card_of_another_country_settles_apart_and_so_does_what_follows() {
    let mut till = Till::open(&[], |_| {});
    let foreign = plastic("6200007418529630", "", Entry::Stripe);
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &foreign), Some(&foreign));
    assert_eq!((sale.code(), sale.kept("group"), sale.kept("scheme")), ("00", "foreign", "VIS"));
    let refund = till.run(&follow_up(FollowUpKind::Refund, &sale.original, cny(100)), Some(&foreign));
    assert_eq!((refund.code(), refund.kept("group"), refund.field(63)), ("00", "foreign", "VIS".to_owned()));
    let domestic = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    assert_eq!(domestic.kept("group"), "domestic");
}
