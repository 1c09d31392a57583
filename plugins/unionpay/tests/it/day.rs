//! Every operation against the acquirer of the tests: what it sends, how it ends, what is done in doubt, and whose
//! money moved. The acquirer shares no code with this plugin.

use acquirer::config::Code;
use sdk::prelude::*;

use crate::support::cny;
use crate::till::{Ended, Plastic, TERMINAL, Till, follow_up, pay, plastic};

/// With PIN and without.
const RICH: &str = "6200000123456787";
const PLAIN: &str = "6200009876543212";
const WALLET: &str = "134567890123456789";

fn chip() -> Plastic {
    plastic(RICH, "123456", Entry::ContactChip)
}

fn till() -> Till {
    Till::open(&[], |_| {})
}

fn code(text: &str) -> Code {
    text.parse().expect("a response code")
}

fn follow(till: &mut Till, kind: FollowUpKind, original: &Ended, minor: u64) -> Ended {
    let operation = follow_up(kind, &original.original, cny(minor));
    till.run(&operation, Some(&chip()))
}

#[test]
fn a_sale_is_paid_however_the_card_is_read() {
    let cards = [
        (plastic(RICH, "123456", Entry::Stripe), "021"),
        (plastic(PLAIN, "", Entry::Stripe), "022"),
        (plastic(PLAIN, "", Entry::Manual), "012"),
        (chip(), "051"),
        (plastic(PLAIN, "", Entry::ContactlessChip), "072"),
        (plastic(PLAIN, "", Entry::ContactlessStripe), "912"),
    ];
    let mut till = till();
    for (sold, (card, entry_mode)) in (1..).zip(&cards) {
        let ended = till.run(&pay(PaymentKind::Sale, 1234, card), Some(card));
        assert!(matches!(&ended.outcome, Outcome::Approved(approved) if approved.amount == cny(1234)), "{ended:?}");
        assert_eq!((ended.field(22), till.merchant_total()), ((*entry_mode).to_owned(), 1234 * sold), "{entry_mode}");
        assert_eq!(!ended.field(55).is_empty(), matches!(*entry_mode, "051" | "072"), "{entry_mode}");
        assert_eq!(ended.field(23), if ended.field(55).is_empty() { "" } else { "001" });
        assert_eq!(ended.field(60).len(), if ended.field(55).is_empty() { 8 } else { 13 });
    }
}

#[test]
fn a_tip_is_within_the_amount_and_on_the_receipt() {
    let mut till = till();
    for (tip, shown) in [(134, "1.34"), (5, "0.05"), (20, "0.20")] {
        let Operation::Pay(payment) = pay(PaymentKind::Sale, 1234, &chip()) else { panic!("a payment") };
        let ended = till.run(&Operation::Pay(Payment { tip: Some(cny(tip)), ..payment }), Some(&chip()));
        let Outcome::Approved(approved) = &ended.outcome else { panic!("{ended:?}") };
        assert_eq!((approved.amount, ended.field(4)), (cny(1234), "000000001234".to_owned()));
        assert!(approved.receipt.contains(&("tip".to_owned(), shown.to_owned())), "{approved:?}");
    }
    assert_eq!(till.merchant_total(), 3 * 1234);
}

#[test]
fn a_wrong_pin_and_a_lack_of_money_are_declines() {
    let mut till = till();
    let wrong = plastic(RICH, "654321", Entry::ContactChip);
    let ended = till.run(&pay(PaymentKind::Sale, 100, &wrong), Some(&wrong));
    assert!(matches!(&ended.outcome, Outcome::Declined(declined) if declined.reason == Reason::WrongPin), "{ended:?}");
    let ended = till.run(&pay(PaymentKind::Sale, 5100, &chip()), Some(&chip()));
    assert!(matches!(&ended.outcome, Outcome::Declined(declined) if declined.code == "51"), "{ended:?}");
    assert_eq!(till.merchant_total(), 0);
}

#[test]
fn a_void_takes_the_whole_sale_back_with_the_card_or_without() {
    let mut till = till();
    for presented in [None, Some(chip().presented)] {
        let sale = till.run(&pay(PaymentKind::Sale, 1234, &chip()), Some(&chip()));
        let (of, amount) = (Subject::Known(sale.original.clone()), cny(1234));
        let kind = FollowUpKind::Void;
        let void = Operation::FollowUp(FollowUp { kind, of, amount, card: presented.clone(), reason: None });
        let ended = till.run(&void, Some(&chip()));
        assert_eq!((ended.code(), till.merchant_total()), ("00", 0));
        assert_eq!(ended.field(22), if presented.is_some() { "051" } else { "012" });
        assert_eq!(ended.field(37), sale.kept("rrn"));
        assert_eq!(ended.field(38), sale.kept("authorization"));
        assert_eq!(ended.field(61), format!("{}{}", sale.kept("batch"), sale.kept("trace")));
        assert_eq!(follow(&mut till, kind, &sale, 1234).code(), "12", "once");
    }
}

/// Where the card is not there again, some acquirers want it told as typed, others as it was read.
#[test]
fn a_card_that_is_not_there_is_told_as_the_acquirer_wants() {
    for (told, entry_mode) in [("typed", "012"), ("as-read", "052")] {
        let mut till = Till::open(&[("absent-card", told)], |_| {});
        let sale = till.run(&pay(PaymentKind::Sale, 1234, &chip()), Some(&chip()));
        let ended = follow(&mut till, FollowUpKind::Void, &sale, 1234);
        assert_eq!((ended.code(), ended.field(22), till.merchant_total()), ("00", entry_mode.to_owned(), 0));
    }
}

#[test]
fn refunds_may_be_partial_and_repeated_but_never_exceed_the_sale() {
    let mut till = till();
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    for (minor, code, left) in [(400, "00", 600), (601, "64", 600), (600, "00", 0), (1, "64", 0)] {
        let ended = follow(&mut till, FollowUpKind::Refund, &sale, minor);
        assert_eq!((ended.code(), till.merchant_total()), (code, left), "{minor}");
        assert_eq!(ended.field(61), format!("000000000000{}", sale.kept("date")));
        assert_eq!(ended.field(63), "CUP");
    }
}

#[test]
fn a_refund_typed_from_a_receipt_or_without_any_original() {
    let mut till = Till::open(&[], |config| config.unreferenced_refunds = true);
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    let typed = ["date", "rrn", "authorization"].map(|name| (name.to_owned(), sale.kept(name).to_owned()));
    for (of, left) in [(Subject::Typed(typed.to_vec()), 900), (Subject::None, 800)] {
        let card = Some(chip().presented);
        let refund =
            Operation::FollowUp(FollowUp { kind: FollowUpKind::Refund, of, amount: cny(100), card, reason: None });
        let ended = till.run(&refund, Some(&chip()));
        assert_eq!((ended.code(), till.merchant_total()), ("00", left), "{ended:?}");
    }
}

/// A refund that was lost on the way is decided when it comes again; one that arrived is answered as before, and money
/// moves once.
#[test]
fn a_refund_in_doubt_is_repeated_and_moves_money_once() {
    for loses_request in [true, false] {
        let mut till = till();
        let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
        (till.loses_request, till.loses_answer) = (loses_request, !loses_request);
        let of = Subject::Known(sale.original.clone());
        let card = Some(chip().presented);
        let refund =
            Operation::FollowUp(FollowUp { kind: FollowUpKind::Refund, of, amount: cny(300), card, reason: None });
        let doubtful = till.run(&refund, Some(&chip()));
        assert_eq!((doubtful.code(), doubtful.field(22)), ("silence", "051".to_owned()));
        for _ in 0..2 {
            let (meaning, outcome) = till.repeat(&refund, &doubtful, Some(&chip()));
            assert_eq!((meaning, till.merchant_total()), (Meaning::Paid, 700));
            assert!(matches!(outcome, Outcome::Approved(approved) if approved.amount == cny(300)));
        }
    }
}

#[test]
fn what_a_repeated_refund_is_refused_for_is_a_decline() {
    let mut till = till();
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    till.loses_answer = true;
    let refund = follow_up(FollowUpKind::Refund, &sale.original, cny(1001));
    let doubtful = till.run(&refund, Some(&chip()));
    let (meaning, outcome) = till.repeat(&refund, &doubtful, Some(&chip()));
    assert_eq!((meaning, till.merchant_total()), (Meaning::Refused, 1000));
    assert!(matches!(outcome, Outcome::Declined(declined) if declined.code == "64"));
}

#[test]
fn a_pre_authorisation_is_completed_and_the_completion_cancelled() {
    for parameters in [&[][..], &[("completion-original", "batch")], &[("completion", "advice")]] {
        let mut till = Till::open(parameters, |_| {});
        let held = till.run(&pay(PaymentKind::Preauthorize, 1000, &chip()), Some(&chip()));
        assert_eq!((held.code(), held.field(25), till.merchant_total()), ("00", "06".to_owned(), 0));
        let done = follow(&mut till, FollowUpKind::Complete, &held, 1150);
        assert_eq!((done.code(), till.merchant_total()), ("00", 1150), "{parameters:?}");
        let batch = if parameters == [("completion-original", "batch")] { held.kept("batch") } else { "000000" };
        assert_eq!(done.field(61), format!("{batch}{}{}", held.kept("trace"), held.kept("date")));
        let undone = follow(&mut till, FollowUpKind::CancelCompletion, &done, 1150);
        assert_eq!((undone.code(), till.merchant_total()), ("00", 0), "{parameters:?}");
        let freed = follow(&mut till, FollowUpKind::CancelPreauthorization, &held, 1000);
        assert_eq!((freed.code(), till.merchant_total()), ("00", 0), "{parameters:?}");
    }
}

#[test]
fn a_completion_typed_from_the_slip_of_another_terminal() {
    let mut till = till();
    let held = till.run(&pay(PaymentKind::Preauthorize, 1000, &chip()), Some(&chip()));
    let typed = ["date", "trace", "authorization"].map(|name| (name.to_owned(), held.kept(name).to_owned()));
    let (of, card) = (Subject::Typed(typed.to_vec()), Some(chip().presented));
    let complete =
        Operation::FollowUp(FollowUp { kind: FollowUpKind::Complete, of, amount: cny(900), card, reason: None });
    let ended = till.run(&complete, Some(&chip()));
    assert_eq!((ended.code(), till.merchant_total()), ("00", 900));
}

/// Each row of the matrix that is reversed: the answer lost, and the request lost. The books end where they began.
#[test]
fn whatever_is_in_doubt_is_taken_back() {
    for loses_request in [true, false] {
        for kind in [PaymentKind::Sale, PaymentKind::Preauthorize] {
            let mut till = till();
            (till.loses_request, till.loses_answer) = (loses_request, !loses_request);
            let doubtful = till.run(&pay(kind, 1000, &chip()), Some(&chip()));
            assert_eq!(doubtful.code(), "silence");
            assert_eq!(till.undo(&doubtful, Some(&chip())), Meaning::Paid, "{kind:?} {loses_request}");
            assert_eq!((till.merchant_total(), till.bank.charged("620000******6787").held_minor), (0, 0));
        }
        let followed = [
            (PaymentKind::Sale, None, FollowUpKind::Void, 1000),
            (PaymentKind::Preauthorize, None, FollowUpKind::CancelPreauthorization, 0),
            (PaymentKind::Preauthorize, None, FollowUpKind::Complete, 0),
            (PaymentKind::Preauthorize, Some(FollowUpKind::Complete), FollowUpKind::CancelCompletion, 1000),
        ];
        for (kind, between, last, total) in followed {
            let mut till = till();
            let mut original = till.run(&pay(kind, 1000, &chip()), Some(&chip()));
            if let Some(between) = between {
                original = follow(&mut till, between, &original, 1000);
            }
            (till.loses_request, till.loses_answer) = (loses_request, !loses_request);
            let doubtful = follow(&mut till, last, &original, 1000);
            assert_eq!(doubtful.code(), "silence");
            assert_eq!(till.undo(&doubtful, Some(&chip())), Meaning::Paid, "{last:?} {loses_request}");
            assert_eq!(till.merchant_total(), total, "{last:?} {loses_request}");
        }
    }
}

#[test]
fn a_reversal_begun_by_the_plugin_is_taken_too() {
    let mut till = till();
    let sale = till.run(&pay(PaymentKind::Sale, 1000, &chip()), Some(&chip()));
    let Operation::FollowUp(mut asked) = follow_up(FollowUpKind::Reverse, &sale.original, cny(1000)) else {
        panic!("a follow-up")
    };
    asked.reason = Some(UndoReason::CardRefused);
    let ended = till.run(&Operation::FollowUp(asked), Some(&chip()));
    assert_eq!(ended.outcome, Outcome::Acknowledged("00".to_owned()));
    assert_eq!((ended.field(39), ended.field(38)), ("06".to_owned(), sale.kept("authorization").to_owned()));
    assert_eq!(ended.field(11), sale.field(11), "the trace is not a new one");
    assert_eq!(till.merchant_total(), 0);
}

#[test]
fn a_balance_is_told_and_moves_nothing() {
    for (parameters, processing) in [(&[][..], "310000"), (&[("balance-processing-code", "300000")], "300000")] {
        let mut till = Till::open(parameters, |config| {
            config.balance_processing_code = processing.parse().expect("six digits");
        });
        let ended = till.run(&pay(PaymentKind::Balance, 0, &chip()), Some(&chip()));
        let Outcome::Approved(approved) = &ended.outcome else { panic!("{ended:?}") };
        assert_eq!(approved.balance, Some(Balance { amount: cny(100_000_000), negative: false }));
        assert_eq!((ended.field(3), ended.field(4), ended.exchange.is_none()), (processing.into(), "".into(), true));
        assert_eq!(till.merchant_total(), 0);
    }
}

#[test]
fn a_scanned_code_is_paid_voided_and_refunded() {
    for field in [59, 62, 63] {
        let number = field.to_string();
        let mut till = Till::open(&[("scan-field", &number)], |config| config.scan_to_pay.field = field);
        let wallet = plastic(WALLET, "", Entry::CodeScan);
        let paid = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
        assert_eq!((paid.code(), till.merchant_total()), ("00", 700), "DE{field}");
        assert_eq!((paid.field(22), paid.field(2)), ("032".to_owned(), String::new()));
        assert!(paid.kept("order").ends_with(&format!("{}{}", paid.kept("batch"), paid.kept("trace"))));
        let refund = follow_up(FollowUpKind::Refund, &paid.original, cny(200));
        assert_eq!((till.run(&refund, None).code(), till.merchant_total()), ("00", 500));
        let other = till.run(&pay(PaymentKind::ScanToPay, 300, &wallet), Some(&wallet));
        let void = follow_up(FollowUpKind::Void, &other.original, cny(300));
        assert_eq!((till.run(&void, None).code(), till.merchant_total()), ("00", 500));
    }
}

/// The cardholder is asked on the telephone: the till waits, asks, and ends as the telephone says. Where nobody
/// answers there, it is unknown, and the reversal closes the payment.
#[test]
fn a_scanned_payment_that_waits_is_asked_about_until_it_is_final() {
    let wallet = plastic(WALLET, "", Entry::CodeScan);
    let waiting = || {
        let mut till = Till::open(&[], |_| {});
        till.bank.set_decision(700, code("09"));
        till
    };
    let mut till = waiting();
    let ended = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
    let expected = Outcome::Unknown(Unknown { code: "09".to_owned(), owed: Owed::Inquiry });
    assert_eq!((&ended.outcome, ended.pauses, ended.sent.len()), (&expected, 6, 7));
    let inquiry = follow_up(FollowUpKind::Inquire, &ended.original, cny(700));
    assert_eq!(till.run(&inquiry, None).outcome, expected, "asked once more, by a person");
    let trace = ended.kept("trace").to_owned();
    for (said, total) in [("00", 700), ("51", 0)] {
        let mut till = waiting();
        let ended = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
        assert!(till.bank.finish_scan(TERMINAL, "000042", &trace, code(said)).is_some());
        let asked = till.run(&inquiry, None);
        assert_eq!((asked.code(), till.merchant_total()), (said, total));
        if said == "00" {
            assert_eq!(asked.kept("trace"), trace, "kept is what names the payment, not the question");
            assert!(!asked.kept("rrn").is_empty() && !asked.kept("order").is_empty());
            let void = follow_up(
                FollowUpKind::Void,
                &Original { reference: asked.original.reference, ..ended.original },
                cny(700),
            );
            assert_eq!((till.run(&void, None).code(), till.merchant_total()), ("00", 0));
        }
    }
    assert_eq!(till.undo(&ended, None), Meaning::Paid);
    assert_eq!(till.bank.finish_scan(TERMINAL, "000042", &trace, code("00")), None, "it waits no longer");
    let asked = till.run(&inquiry, None);
    assert_eq!(asked.outcome, Outcome::Unknown(Unknown { code: "12".to_owned(), owed: Owed::Inquiry }));
}

#[test]
fn a_scanned_payment_that_never_arrived_is_not_found_and_never_declined() {
    let wallet = plastic(WALLET, "", Entry::CodeScan);
    let mut till = till();
    till.loses_request = true;
    let ended = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
    let remedy = ended.exchange.as_ref().and_then(|exchange| exchange.remedy.as_ref());
    assert!(matches!(remedy, Some(Remedy::Inquire(Some(_)))));
    let asked = till.run(&follow_up(FollowUpKind::Inquire, &ended.original, cny(700)), None);
    assert_eq!(asked.outcome, Outcome::Unknown(Unknown { code: "25".to_owned(), owed: Owed::Reversal }));
    assert_eq!(till.undo(&ended, None), Meaning::Paid);
}

#[test]
fn an_acquirer_that_wants_it_has_scanned_payments_reversed() {
    let wallet = plastic(WALLET, "", Entry::CodeScan);
    let mut till = Till::open(&[("scan-doubt", "reverse"), ("scan-polls", "1")], |_| {});
    till.loses_answer = true;
    let ended = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
    assert!(matches!(ended.exchange.as_ref().and_then(|e| e.remedy.as_ref()), Some(Remedy::Undo(_))));
    assert_eq!((till.merchant_total(), till.undo(&ended, None), till.merchant_total()), (700, Meaning::Paid, 0));
    till.bank.set_decision(700, code("09"));
    let ended = till.run(&pay(PaymentKind::ScanToPay, 700, &wallet), Some(&wallet));
    assert_eq!(ended.outcome, Outcome::Unknown(Unknown { code: "09".to_owned(), owed: Owed::Reversal }));
    assert_eq!(ended.pauses, 1);
}
