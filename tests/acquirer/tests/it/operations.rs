//! Echo, sign-off, balance, void, refund, offline sale, scanned payment, script result, and faults at each.

use acquit_test_acquirer::Fault;
use acquit_test_acquirer::codec::Mti;

use crate::day::Day;
use crate::line::Line;
use crate::requests::{PAYMENT_CODE, POOR_CARD, WALLET_CARD};
use crate::support::{TERMINAL, request};

const MASKED: &str = "620000******6787";

#[test]
fn echo_and_sign_off_are_answered_and_after_it_nothing_is_sold() {
    let mut day = Day::open(|_| {});
    let mut echo = request(Mti::NETWORK, 2);
    echo.set_digits(60, "00000042301");
    assert_eq!(day.code(&echo), "00");
    day.order("0820/301", Fault::RefuseCode { code: "91".parse().unwrap() });
    assert_eq!(day.code(&echo), "91");
    let sign_off = day.terminal.sign_off(3);
    assert_eq!(day.code(&sign_off), "00");
    assert_eq!(day.code(&sign_off), "00", "a lost answer is asked for again");
    assert_eq!(day.code(&day.terminal.plain_sale(4, 100)), "99");
    echo.set_digits(60, "00000042399");
    assert_eq!(day.code(&echo), "40");
    day.sign_in();
    assert_eq!(day.code(&day.terminal.plain_sale(5, 100)), "00");
}

#[test]
fn the_balance_is_what_can_be_spent() {
    let mut day = Day::open(|_| {});
    let ask = |day: &mut Day, card: &str, trace| {
        let mut message = day.terminal.balance(trace);
        message.set_digits(2, card);
        day.ask(&message).text(54).map(str::to_owned)
    };
    assert_eq!(ask(&mut day, POOR_CARD, 2).as_deref(), Some("1002156C000000001000"));
    let mut hold = day.terminal.pre_authorisation(3, 400);
    hold.set_digits(2, POOR_CARD);
    day.approved(&hold);
    assert_eq!(ask(&mut day, POOR_CARD, 4).as_deref(), Some("1002156C000000000600"));
    assert_eq!(ask(&mut day, "6200005554443337", 5), None);
    assert_eq!(day.merchant(), 0);
}

#[test]
fn a_void_takes_the_whole_sale_back_once() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 1234));
    let of = sale.clone();
    day.refused(
        |terminal, trace| terminal.void(trace, &of),
        &[
            ("unknown trace", "25", |void| _ = void.set_digits(61, "000042000009")),
            ("unknown batch", "25", |void| _ = void.set_digits(61, "000041000002")),
            ("another DE37", "25", |void| _ = void.set_text(37, "000000009999")),
            ("another DE38", "25", |void| _ = void.set_text(38, "999999")),
            ("no DE37", "30", |void| _ = void.remove(37)),
            ("no DE61", "30", |void| _ = void.remove(61)),
            ("short DE61", "30", |void| _ = void.set_digits(61, "0000420000")),
            ("part of the amount", "64", |void| _ = void.set_digits(4, "000000001233")),
            ("another card", "14", |void| _ = void.set_digits(2, WALLET_CARD)),
            ("an unknown card", "14", |void| _ = void.set_digits(2, "6200005554443337")),
            ("another batch", "77", |void| _ = void.set_digits(60, "23000041")),
            ("the trace of the sale", "94", |void| _ = void.set_digits(11, "000002")),
        ],
    );
    let void = day.terminal.void(3, &sale);
    day.approved(&void);
    assert_eq!(day.merchant(), 0);
    assert_eq!(day.code(&void), "94", "the same void under the same trace");
    assert_eq!(day.code(&day.terminal.void(4, &sale)), "12", "a voided sale");
    assert_eq!(day.code(&day.terminal.reversal_of(&day.terminal.plain_sale(2, 1234))), "25");
    assert_eq!(day.acquirer.charged(MASKED).times, 0);

    let declined = day.terminal.plain_sale(5, 5100);
    assert_eq!(day.code(&declined), "51");
    let late = day.approved(&day.terminal.plain_sale(6, 100));
    day.acquirer.next_day();
    assert_eq!(day.code(&day.terminal.void(7, &late)), "25", "a sale of yesterday");
    assert_eq!(day.merchant(), 100);
}

#[test]
fn the_reversal_of_a_void_restores_the_sale_which_can_be_voided_again() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 1234));
    let void = day.terminal.void(3, &sale);
    day.approved(&void);
    let mut reversal = day.terminal.reversal_of(&void);
    reversal.set_digits(61, "000042000002");
    assert_eq!(day.code(&reversal), "00", "DE61 of the void names the sale; the own trace names the void");
    assert_eq!((day.merchant(), day.acquirer.charged(MASKED).times), (1234, 1));
    day.approved(&day.terminal.void(4, &sale));
    assert_eq!(day.merchant(), 0);
    assert_eq!(day.code(&day.terminal.reversal_of(&void)), "00", "as answered before");
    assert_eq!(day.merchant(), 0);
}

#[test]
fn a_void_that_arrives_after_its_reversal_is_refused() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 1234));
    let void = day.terminal.void(3, &sale);
    let mut reversal = day.terminal.reversal_of(&void);
    reversal.set_digits(61, "000042000002");
    assert_eq!([day.code(&reversal), day.code(&reversal)], ["00", "00"]);
    assert_eq!(day.code(&void), "12");
    assert_eq!(day.merchant(), 1234);
}

#[test]
fn refunds_are_never_more_than_the_sale_and_a_repeat_is_answered_the_same() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 1000));
    day.acquirer.next_day();
    let first = day.terminal.refund(3, &sale, 600);
    let receipt = day.approved(&first);
    let mut again = first.clone();
    assert_eq!(day.approved(&again).reference, receipt.reference);
    again.mti = "0221".parse().unwrap();
    assert_eq!(day.approved(&again).reference, receipt.reference);
    assert_eq!(day.merchant(), 400, "three arrivals, one refund");
    again.set_digits(4, "000000000100");
    assert_eq!(day.code(&again), "94", "another refund under a used trace");
    let of = sale.clone();
    day.refused(
        |terminal, trace| terminal.refund(trace, &of, 400),
        &[
            ("more than is left", "64", |refund| _ = refund.set_digits(4, "000000000401")),
            ("another date", "25", |refund| _ = refund.set_digits(61, "0000000000000509")),
            ("unknown DE37", "25", |refund| _ = refund.set_text(37, "000000009999")),
            ("another card", "14", |refund| _ = refund.set_digits(2, WALLET_CARD)),
            ("no date", "30", |refund| _ = refund.set_digits(61, "000000000000")),
            ("without an original", "58", |refund| _ = refund.remove(37).remove(61)),
        ],
    );
    day.approved(&day.terminal.refund(4, &sale, 400));
    assert_eq!(day.merchant(), 0);
    let mut free = Day::open(|config| config.unreferenced_refunds = true);
    let mut refund = free.terminal.refund(2, &sale, 300);
    refund.remove(37).remove(61);
    free.approved(&refund);
    assert_eq!(free.merchant(), -300);
}

#[test]
fn an_offline_sale_is_booked_once_or_refused_as_ordered() {
    let mut day = Day::open(|_| {});
    let mut sale = day.terminal.offline_sale(2, 5000);
    sale.set_digits(2, POOR_CARD);
    day.approved(&sale);
    day.approved(&sale);
    assert_eq!(day.merchant(), 5000, "a fact, even if the card has not enough");
    day.acquirer.refuse_advices("05".parse().ok());
    let refused = day.terminal.offline_sale(3, 700);
    assert_eq!(day.code(&refused), "05");
    day.acquirer.refuse_advices(None);
    assert_eq!(day.code(&refused), "05", "answered as before");
    let electronic_cash = day.terminal.payment(Mti::SALE, "36", "000000", 4, 50);
    day.approved(&electronic_cash);
    day.approved(&electronic_cash);
    assert_eq!(day.merchant(), 5050, "told twice, counted once");
}

#[test]
fn a_scanned_code_pays_from_the_card_behind_it_and_its_outcome_can_be_asked_for() {
    let mut day = Day::open(|_| {});
    assert_eq!(day.code(&day.terminal.scan_inquiry(2, 3)), "25");
    let scan = day.terminal.scan(3, 800);
    let receipt = day.approved(&scan);
    let found = day.ask(&day.terminal.scan_inquiry(4, 3));
    assert_eq!((found.text(39), found.text(37)), (Some("00"), Some(receipt.reference.as_str())));
    assert_eq!(day.acquirer.charged("620000******3212").charged_minor, 800);
    day.refused(
        |terminal, trace| terminal.scan(trace, 100),
        &[
            ("unknown code", "14", |scan| _ = scan.set_text(59, "99999999999")),
            ("no code", "30", |scan| _ = scan.remove(59)),
            ("by amount", "61", |scan| _ = scan.set_digits(4, "000000006100")),
        ],
    );
    assert_eq!(day.code(&day.terminal.scan_inquiry(5, 502)), "61");
    assert_eq!(day.code(&day.terminal.reversal_of(&scan)), "00");
    assert_eq!(day.code(&day.terminal.scan_inquiry(6, 3)), "12");
    assert_eq!(day.merchant(), 0);
    let shown = format!("{:?}", day.acquirer.messages());
    assert!(!shown.contains(PAYMENT_CODE));
}

#[test]
fn a_scanned_payment_that_waits_is_paid_refused_or_closed_but_never_two_of_them() {
    let mut day = Day::open(|_| {});
    day.acquirer.set_decision(800, "09".parse().unwrap());
    let finish = |day: &Day, trace, code: &str| {
        let ended = day.acquirer.finish_scan(TERMINAL, "000042", trace, code.parse().unwrap());
        ended.map(|code| code.as_str().to_owned())
    };
    for trace in 3..6 {
        assert_eq!(day.code(&day.terminal.scan(trace, 800)), "09");
        assert_eq!(day.code(&day.terminal.scan_inquiry(100 + trace, trace)), "09");
    }
    assert_eq!(day.merchant(), 0);
    assert_eq!(finish(&day, "000003", "00").as_deref(), Some("00"));
    let paid = day.ask(&day.terminal.scan_inquiry(110, 3));
    assert!(paid.text(39) == Some("00") && paid.text(38).is_some());
    assert_eq!(finish(&day, "000004", "05").as_deref(), Some("05"));
    assert_eq!(day.code(&day.terminal.scan_inquiry(111, 4)), "05");
    assert_eq!(day.code(&day.terminal.reversal_of(&day.terminal.scan(5, 800))), "00");
    assert_eq!(day.code(&day.terminal.scan_inquiry(112, 5)), "12");
    assert_eq!(finish(&day, "000005", "00"), None, "closed before the cardholder answered");
    assert_eq!(finish(&day, "000003", "00"), None, "paid already");
    assert_eq!(day.merchant(), 800);
    assert_eq!(day.code(&day.terminal.reversal_of(&day.terminal.scan(3, 800))), "00");
    assert_eq!(day.merchant(), 0);
}

#[test]
fn a_script_result_is_written_down_once_at_its_transaction() {
    let mut day = Day::open(|_| {});
    let mut sale = day.terminal.plain_sale(2, 100);
    sale.set_binary(55, [0x95, 0x01, 0x00]);
    day.acquirer.set_chip_answer(vec![0x72, 0x00]);
    let answer = day.ask(&sale);
    assert_eq!(answer.binary(55), Some([0x72, 0x00].as_slice()));
    let receipt = crate::requests::Receipt::of(&sale, &answer);
    let report = day.terminal.script_result(3, &receipt);
    assert_eq!([day.code(&report), day.code(&report)], ["00", "00"]);
    assert_eq!(day.acquirer.transactions(None, None)[0].script_results, 1);
    day.refused(
        |terminal, trace| terminal.script_result(trace, &receipt),
        &[
            ("unknown transaction", "25", |report| _ = report.set_text(37, "000000009999")),
            ("another trace", "25", |report| _ = report.set_digits(61, "000042000009")),
            ("another amount", "64", |report| _ = report.set_digits(4, "000000000101")),
            ("no chip data", "30", |report| _ = report.remove(55)),
        ],
    );
}

#[test]
fn part_of_a_sale_is_approved_when_ordered_and_reversed_by_either_amount() {
    let mut day = Day::open(|_| {});
    for (trace, reversed) in [(2, "000000001000"), (3, "000000000300")] {
        day.order("0200/22", Fault::ApprovePartly { amount_minor: 300 });
        let sale = day.terminal.plain_sale(trace, 1000);
        let answer = day.ask(&sale);
        assert_eq!((answer.text(39), answer.digits(4)), (Some("10"), Some("000000000300")));
        assert!(answer.text(38).is_some());
        assert_eq!(day.merchant(), 300);
        let mut reversal = day.terminal.reversal_of(&sale);
        reversal.set_digits(4, reversed);
        assert_eq!(day.code(&reversal), "00");
        assert_eq!(day.merchant(), 0);
    }
}

#[test]
fn every_fault_strikes_at_every_operation_by_its_name() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 100));
    let hold = day.approved(&day.terminal.pre_authorisation(3, 100));
    let booked = [
        ("0200/23", day.terminal.void(10, &sale)),
        ("0200/20", day.terminal.completion(11, &hold, 100)),
        ("0100/10", day.terminal.pre_authorisation(12, 100)),
        ("0220/30", day.terminal.offline_sale(13, 100)),
    ];
    for (on, request) in booked {
        day.order(on, Fault::DropRequest);
        let before = day.acquirer.accounts();
        day.line.send(&day.terminal, request.clone());
        assert!(day.line.rest().is_empty(), "{on}");
        assert_eq!(day.acquirer.accounts(), before, "{on}: silence before booking");
        day.line = Line::connect(day.acquirer.address(), day.acquirer.ca_pem()).unwrap();

        day.order(on, Fault::WrongMac);
        day.line.send(&day.terminal, request.clone());
        assert!(!day.terminal.proves(&day.line.receive()), "{on}");
        assert_ne!(day.acquirer.accounts(), before, "{on}: booked all the same");
        assert_eq!(day.code(&day.terminal.reversal_of(&request)), "00", "{on}");
        let mut next = request.clone();
        next.set_digits(11, format!("0001{}", &request.digits(11).unwrap()[4..]));
        day.order(on, Fault::WrongAmount);
        day.line.send(&day.terminal, next);
        let answer = acquit_test_acquirer::codec::Frame::decode(&day.line.receive()).unwrap().message;
        assert_eq!((answer.text(39), answer.digits(4)), (Some("00"), Some("000000000101")), "{on}");
    }
}
