//! What is told and not asked: tips, adjustments, offline sales; each counted once however often it comes.

use acquit_test_acquirer::bank::SettlementFault;
use acquit_test_acquirer::codec::Mti;
use acquit_test_acquirer::config::AdjustedAmount;

use crate::day::Day;
use crate::requests::{WALLET_CARD, details, totals};
use crate::support::TERMINAL;

#[test]
fn a_tip_brings_a_sale_to_its_new_total_once() {
    let mut day = Day::open(|_| {});
    let sale = day.approved(&day.terminal.plain_sale(2, 1000));
    let of = sale.clone();
    day.refused(
        |terminal, trace| terminal.adjustment("34", trace, &of, 1150),
        &[
            ("unknown trace", "25", |tip| _ = tip.set_digits(61, "0000420000090510")),
            ("another date", "25", |tip| _ = tip.set_digits(61, "0000420000020509")),
            ("another DE37", "25", |tip| _ = tip.set_text(37, "000000009999")),
            ("no DE61", "30", |tip| _ = tip.remove(61)),
            ("another card", "14", |tip| _ = tip.set_digits(2, WALLET_CARD)),
            ("nothing added", "64", |tip| _ = tip.set_digits(4, "000000001000")),
            ("less than it was", "64", |tip| _ = tip.set_digits(4, "000000000900")),
            ("more than doubled", "64", |tip| _ = tip.set_digits(4, "000000002001")),
        ],
    );
    let tip = day.terminal.adjustment("34", 3, &sale, 1150);
    let first = day.ask(&tip);
    let mut again = tip.clone();
    assert_eq!(day.ask(&again).text(37), first.text(37), "answered as before");
    again.mti = "0221".parse().unwrap();
    assert_eq!((day.code(&again).as_str(), day.merchant()), ("00", 1150));

    assert_eq!(day.code(&day.terminal.void(4, &sale)), "12", "what was changed is given back by refund");
    assert_eq!(day.code(&day.terminal.reversal_of(&day.terminal.plain_sale(2, 1000))), "25");
    day.approved(&day.terminal.adjustment("32", 5, &sale, 900));
    assert_eq!(day.merchant(), 900);
    assert_eq!(day.code(&day.terminal.refund(6, &sale, 901)), "64");
    day.approved(&day.terminal.refund(7, &sale, 900));
    assert_eq!(day.merchant(), 0);
    let answer = day.ask(&day.terminal.settlement(20, &totals(1150, 2, 1150, 2)));
    assert!(answer.digits(48).unwrap().ends_with('1'), "sale and tip, correction and refund");
}

#[test]
fn a_tip_can_be_told_as_the_difference() {
    let mut day = Day::open(|config| config.adjustments.amount = AdjustedAmount::Difference);
    let sale = day.approved(&day.terminal.plain_sale(2, 1000));
    day.approved(&day.terminal.adjustment("34", 3, &sale, 150));
    assert_eq!(day.merchant(), 1150);
}

#[test]
fn an_offline_sale_counts_once_by_request_or_advice() {
    let mut day = Day::open(|_| {});
    for (trace, kind, mti, repeat) in
        [(2, "30", Mti::ADVICE, "0221"), (3, "36", Mti::ADVICE, "0221"), (4, "36", Mti::SALE, "0201")]
    {
        let mut sale = day.terminal.payment(mti, kind, "000000", trace, 500);
        sale.set_binary(55, [0x9f, 0x26, 0x01, 0xaa]);
        let first = day.ask(&sale);
        assert_eq!(first.text(39), Some("00"), "{kind}");
        assert_eq!(day.ask(&sale).text(37), first.text(37), "{kind}");
        sale.mti = repeat.parse().unwrap();
        assert_eq!(day.ask(&sale).text(38), first.text(38), "{kind}");
        sale.set_digits(4, "000000000501");
        assert_eq!(day.code(&sale), "94", "another amount under the same trace");
    }
    assert_eq!(day.merchant(), 1500);
}

#[test]
fn during_a_cut_over_what_touches_the_day_is_answered_90() {
    let mut day = Day::open(|_| {});
    let sale = day.terminal.plain_sale(2, 100);
    day.approved(&sale);
    day.acquirer.cut_over(true);
    assert_eq!(day.code(&day.terminal.plain_sale(3, 100)), "90");
    assert_eq!(day.code(&day.terminal.reversal_of(&sale)), "90");
    assert_eq!(day.code(&day.terminal.settlement(4, &totals(100, 1, 0, 0))), "90");
    day.sign_in();
    day.acquirer.cut_over(false);
    day.approved(&day.terminal.plain_sale(3, 100));
    assert_eq!(day.merchant(), 200, "what was answered 90 left no trace behind");
}

#[test]
fn an_equal_settlement_can_be_answered_as_unequal_and_then_wants_its_details() {
    for (fault, digit) in [(SettlementFault::Unbalanced, '2'), (SettlementFault::Failed, '3')] {
        let mut day = Day::open(|_| {});
        day.approved(&day.terminal.plain_sale(2, 100));
        day.acquirer.answer_settlement(Some(fault));
        let answer = day.ask(&day.terminal.settlement(3, &totals(100, 1, 0, 0)));
        assert!(answer.digits(48).unwrap().ends_with(digit), "{fault:?}");
        assert_eq!(day.code(&day.terminal.upload(4, "201", &details(&[(2, 100)]))), "00");
        assert_eq!(day.code(&day.terminal.upload(5, "202", "0001")), "00");
        let report = day.acquirer.batch(TERMINAL, Some("000042")).unwrap();
        assert_eq!((report.balanced, report.closed), (Some(false), true));
        day.sign_in();
        let answer = day.ask(&day.terminal.settlement(6, &totals(0, 0, 0, 0)));
        assert!(answer.digits(48).unwrap().ends_with('1'), "only the next one was ordered");
    }
}

#[test]
fn cut_over_and_settlement_are_ordered_by_command_too() {
    let mut day = Day::open(|_| {});
    let order = |day: &Day, line: &str| day.acquirer.execute(serde_json::from_str(line).unwrap()).unwrap();
    order(&day, r#"{"do":"cut-over","begins":true}"#);
    assert_eq!(day.code(&day.terminal.plain_sale(2, 100)), "90");
    order(&day, r#"{"do":"cut-over","begins":false}"#);
    for (line, digit) in [
        (r#"{"do":"answer-settlement","result":"unbalanced"}"#, '2'),
        (r#"{"do":"answer-settlement","result":"failed"}"#, '3'),
        (r#"{"do":"answer-settlement"}"#, '1'),
    ] {
        order(&day, line);
        let trace = 3 + u32::from(digit as u8);
        let answer = day.ask(&day.terminal.settlement(trace, &totals(0, 0, 0, 0)));
        assert!(answer.digits(48).unwrap().ends_with(digit), "{line}");
    }
}
