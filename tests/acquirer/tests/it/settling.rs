//! Settlement, balanced and not, and the upload that follows.

use acquit_test_acquirer::bank::RowState::{Differs, Matched, OnlyAtAcquirer, OnlyAtTerminal};
use acquit_test_acquirer::codec::MAC_FIELD;
use acquit_test_acquirer::config::Voids;

use crate::day::Day;
use crate::requests::{FOREIGN_CARD, details, totals};
use crate::support::TERMINAL;

/// A day with three sales, a void, a refund, a reversed sale, a declined one, a pre-authorisation.
fn busy(day: &mut Day) {
    let first = day.approved(&day.terminal.plain_sale(2, 1000));
    let second = day.approved(&day.terminal.plain_sale(3, 200));
    day.approved(&day.terminal.plain_sale(4, 30));
    day.approved(&day.terminal.void(5, &second));
    day.approved(&day.terminal.refund(6, &first, 400));
    let reversed = day.terminal.plain_sale(7, 77);
    day.approved(&reversed);
    assert_eq!(day.code(&day.terminal.reversal_of(&reversed)), "00");
    assert_eq!(day.code(&day.terminal.plain_sale(8, 5100)), "51");
    day.approved(&day.terminal.pre_authorisation(9, 550));
}

#[test]
fn a_balanced_batch_is_closed_and_the_next_one_begins() {
    let mut day = Day::open(|_| {});
    busy(&mut day);
    let settlement = day.terminal.settlement(20, &totals(1230, 3, 600, 2));
    let answer = day.ask(&settlement);
    let balanced = "0000000012300030000000006000021";
    assert_eq!((answer.text(39), answer.get(MAC_FIELD)), (Some("00"), None));
    assert_eq!(answer.digits(48), Some(format!("{balanced}{:030}1", 0).as_str()));
    assert_eq!(day.ask(&settlement).digits(48), answer.digits(48), "the same again");
    let report = day.acquirer.batch(TERMINAL, Some("000042")).unwrap();
    assert_eq!((report.balanced, report.closed, report.net_minor), (Some(true), true, 630));

    assert_eq!(day.code(&day.terminal.plain_sale(21, 100)), "77", "the old batch");
    let chips = details(&[(2, 1000), (3, 200), (4, 30)]);
    assert_eq!(day.code(&day.terminal.upload(21, "203", &chips)), "00");
    assert_eq!(day.code(&day.terminal.upload(22, "202", "0003")), "95", "the end of an unbalanced batch");
    assert_eq!(day.code(&day.terminal.upload(22, "207", "0003")), "00");
    day.sign_in();
    assert_eq!(day.terminal.batch, "000043");
    assert_eq!(day.code(&day.terminal.plain_sale(2, 100)), "00", "traces are good again");
    assert_eq!(day.acquirer.batch(TERMINAL, None).unwrap().totals.domestic.debit_minor, 100);
}

#[test]
fn an_unbalanced_batch_waits_for_its_details_and_takes_a_repeated_frame_once() {
    let mut day = Day::open(|_| {});
    busy(&mut day);
    assert_eq!(day.code(&day.terminal.upload(20, "201", &details(&[(2, 1000)]))), "95", "no totals yet");
    let answer = day.ask(&day.terminal.settlement(20, &totals(1330, 4, 600, 2)));
    assert!(answer.digits(48).unwrap().starts_with("0000000012300030000000006000022"));
    assert_eq!(day.code(&day.terminal.plain_sale(21, 100)), "90", "about to close");

    let first = day.terminal.upload(22, "201", &details(&[(2, 1000), (3, 201)]));
    assert_eq!([day.code(&first), day.code(&first)], ["00", "00"]);
    let resumed = day.terminal.upload(23, "201", &details(&[(2, 1000), (3, 201)]));
    assert_eq!(day.code(&resumed), "00", "after a power cut under another trace");
    assert_eq!(day.code(&day.terminal.upload(24, "201", &details(&[(2, 999)]))), "79", "contradicts itself");
    for broken in ["00", "0200", "0102000002"] {
        assert_eq!(day.code(&day.terminal.upload(24, "201", broken)), "30", "{broken}");
    }
    assert_eq!(day.code(&day.terminal.upload(25, "201", &details(&[(90, 100)]))), "00");
    assert_eq!(day.code(&day.terminal.upload(26, "202", "0004")), "79", "three rows came");
    assert_eq!(day.code(&day.terminal.upload(26, "207", "0003")), "95", "it is not balanced");
    let end = day.terminal.upload(26, "202", "0003");
    assert_eq!([day.code(&end), day.code(&end)], ["00", "00"]);
    assert_eq!(day.code(&first), "00", "a row that is known");
    assert_eq!(day.code(&day.terminal.upload(27, "201", &details(&[(91, 100)]))), "95", "a new one after the end");

    let rows = day.acquirer.batch(TERMINAL, Some("000042")).unwrap().rows;
    let states: Vec<_> = rows.iter().map(|row| (row.trace.as_str(), row.state)).collect();
    let expected = [
        ("000002", Matched),
        ("000003", Differs),
        ("000004", OnlyAtAcquirer),
        ("000005", OnlyAtAcquirer),
        ("000006", OnlyAtAcquirer),
        ("000090", OnlyAtTerminal),
    ];
    assert_eq!(states, expected);
    day.sign_in();
    assert_eq!(day.terminal.batch, "000043");
}

#[test]
fn totals_may_be_sent_anew_before_the_end_and_wrong_ones_are_named() {
    let mut day = Day::open(|_| {});
    busy(&mut day);
    for broken in ["", "1", &totals(1230, 3, 600, 2)[1..], &totals(1230, 3, 600, 2).replacen("0020", "0021", 1)] {
        assert_eq!(day.code(&day.terminal.settlement(20, broken)), "30", "{broken}");
    }
    assert!(day.ask(&day.terminal.settlement(20, &totals(0, 0, 0, 0))).digits(48).unwrap().ends_with('2'));
    assert!(day.ask(&day.terminal.settlement(21, &totals(1230, 3, 600, 2))).digits(48).unwrap().ends_with('1'));
    let mut other = day.terminal.settlement(22, &totals(0, 0, 0, 0));
    other.set_digits(60, "00000050201");
    assert_eq!(day.code(&other), "77");
}

#[test]
fn voids_can_cancel_out_and_foreign_cards_have_totals_of_their_own() {
    let mut day = Day::open(|config| config.settlement.voids = Voids::CancelledOut);
    busy(&mut day);
    let mut foreign = day.terminal.plain_sale(10, 90);
    foreign.set_digits(2, FOREIGN_CARD);
    day.approved(&foreign);
    let claimed = format!("{}000000000090001{:015}0", &totals(1030, 2, 400, 1)[..31], 0);
    let answer = day.ask(&day.terminal.settlement(20, &claimed));
    assert!(answer.digits(48).unwrap().ends_with('1'), "{answer:?}");
}

#[test]
fn a_settlement_has_a_mac_where_it_must_or_where_the_terminal_gives_one() {
    let mut day = Day::open(|config| config.settlement.mac = true);
    let bare = day.terminal.settlement(2, &totals(0, 0, 0, 0));
    assert_eq!(day.code(&bare), "A0");
    let mut proved = bare.clone();
    proved.set_binary(MAC_FIELD, [0; 8]);
    assert!(day.ask(&proved).get(MAC_FIELD).is_some());

    let mut day = Day::open(|_| {});
    assert_eq!(day.ask(&proved).text(39), Some("00"), "the client puts the right MAC in");
    day.acquirer.clear_keys();
    assert_eq!(day.code(&bare), "99");
}
