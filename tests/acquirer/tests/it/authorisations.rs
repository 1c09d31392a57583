//! Pre-authorisation, its void, completion by request and by advice, and their cancellations.

use crate::day::Day;
use crate::requests::{Receipt, WALLET_CARD};

const MASKED: &str = "620000******6787";

/// What is set aside and what was charged.
fn card(day: &Day) -> (i64, i64) {
    let charged = day.acquirer.charged(MASKED);
    (charged.held_minor, charged.charged_minor)
}

fn hold(day: &mut Day, trace: u32, amount_minor: i64) -> Receipt {
    day.approved(&day.terminal.pre_authorisation(trace, amount_minor))
}

#[test]
fn money_is_set_aside_and_freed_by_the_void_even_a_day_later() {
    let mut day = Day::open(|_| {});
    let held = hold(&mut day, 2, 1000);
    assert_eq!((card(&day), day.merchant()), ((1000, 0), 0));
    day.acquirer.next_day();
    let of = held.clone();
    day.refused(
        |terminal, trace| terminal.pre_authorisation_void(trace, &of),
        &[
            ("another DE38", "25", |void| _ = void.set_text(38, "999999")),
            ("another date", "25", |void| _ = void.set_digits(61, "0000000000020511")),
            ("no DE38", "30", |void| _ = void.remove(38)),
            ("part", "64", |void| _ = void.set_digits(4, "000000000999")),
            ("another card", "14", |void| _ = void.set_digits(2, WALLET_CARD)),
            ("condition code of a sale", "30", |void| _ = void.set_digits(25, "00")),
        ],
    );
    let void = day.terminal.pre_authorisation_void(3, &held);
    day.approved(&void);
    assert_eq!(card(&day), (0, 0));
    assert_eq!(day.code(&day.terminal.pre_authorisation_void(4, &held)), "12");
    assert_eq!(day.code(&day.terminal.reversal_of(&void)), "00");
    assert_eq!(card(&day), (1000, 0), "set aside again");
}

#[test]
fn a_completion_charges_the_final_amount_and_frees_the_rest() {
    let mut day = Day::open(|_| {});
    let held = hold(&mut day, 2, 1000);
    let of = held.clone();
    day.refused(
        |terminal, trace| terminal.completion(trace, &of, 1000),
        &[
            ("over the limit", "64", |completion| _ = completion.set_digits(4, "000000001151")),
            ("unknown DE38", "25", |completion| _ = completion.set_text(38, "999999")),
            ("another trace in DE61", "25", |completion| _ = completion.set_digits(61, "0000000000090510")),
            ("another card", "14", |completion| _ = completion.set_digits(2, WALLET_CARD)),
            ("nothing", "13", |completion| _ = completion.set_digits(4, "000000000000")),
        ],
    );
    let completion = day.terminal.completion(3, &held, 1150);
    let completed = day.approved(&completion);
    assert_eq!((card(&day), day.merchant()), ((0, 1150), 1150));
    assert_eq!(day.code(&day.terminal.completion(4, &held, 1000)), "12", "completed already");
    assert_eq!(day.code(&day.terminal.pre_authorisation_void(5, &held)), "12");
    let reversal = day.terminal.reversal_of(&day.terminal.pre_authorisation(2, 1000));
    assert_eq!(day.code(&reversal), "25", "a completed pre-authorisation is no longer as it was");

    let void = day.terminal.completion_void(6, &completed);
    day.approved(&void);
    assert_eq!((card(&day), day.merchant()), ((1000, 0), 0));
    let again = day.approved(&day.terminal.completion(7, &held, 800));
    assert_eq!(day.code(&day.terminal.reversal_of(&void)), "25", "completed anew since");
    day.approved(&day.terminal.completion_void(8, &again));
    day.approved(&day.terminal.pre_authorisation_void(9, &held));
    assert_eq!((card(&day), day.merchant()), ((0, 0), 0));
}

#[test]
fn the_reversals_of_completion_and_its_void_undo_exactly_one_step() {
    let mut day = Day::open(|_| {});
    let held = hold(&mut day, 2, 1000);
    let completion = day.terminal.completion(3, &held, 600);
    day.approved(&completion);
    assert_eq!(day.code(&day.terminal.reversal_of(&completion)), "00");
    assert_eq!(card(&day), (1000, 0));
    let second = day.terminal.completion(4, &held, 700);
    let completed = day.approved(&second);
    let void = day.terminal.completion_void(5, &completed);
    day.approved(&void);
    assert_eq!(day.code(&day.terminal.reversal_of(&void)), "00");
    assert_eq!((card(&day), day.merchant()), ((0, 700), 700));
    assert_eq!(day.code(&day.terminal.completion(6, &held, 100)), "12");
}

#[test]
fn a_completion_by_advice_is_taken_once_and_within_twenty_nine_days() {
    let mut day = Day::open(|_| {});
    let (first, second) = (hold(&mut day, 2, 1000), hold(&mut day, 3, 550));
    for _ in 0..29 {
        day.acquirer.next_day();
    }
    let advice = day.terminal.completion_advice(4, &first, 900);
    let taken = day.approved(&advice);
    assert_eq!(day.approved(&advice).reference, taken.reference);
    assert_eq!((card(&day), day.merchant()), ((550, 900), 900));
    day.approved(&day.terminal.completion_void(5, &taken));
    day.acquirer.next_day();
    assert_eq!(day.code(&day.terminal.completion_advice(6, &second, 550)), "22");
    assert_eq!(day.code(&day.terminal.completion(7, &second, 550)), "22");
}
