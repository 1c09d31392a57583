//! What an acquirer or its network can do wrong to an answer, each a test: what cannot be proven is unknown and never
//! declined, what may have been charged is taken back, and both ends are equal to the cent afterwards.

mod common;

use std::net::TcpListener;

use acquirer::{Fault, Stage};
use acquit_scenarios::PATIENCE;
use anyhow::Result;
use common::{Shop, edit_configuration, received, transaction};

/// DE39 of a reversal because no answer came.
const NO_ANSWER: &str = "98";
/// DE39 of a reversal because the answer's MAC was wrong.
const BAD_MAC: &str = "A0";
/// DE39 of a reversal because the terminal could make nothing of the answer.
const MALFUNCTION: &str = "96";

/// The answer to a sale comes with this fault; the sale is unknown, is reversed for this reason, and the next is fine.
fn taken_back(shop: Shop, fault: &str, reason: &str) -> Result<()> {
    shop.fault("0200", fault)?;
    let answer = shop.sale("12.34")?;
    assert_eq!(answer.outcome(), "unknown", "{:?}", answer.last());
    assert!(!answer.ok, "an unknown outcome is no success to a cash register");
    shop.wait_paid()?;
    assert_eq!(shop.reversal_reasons(), [reason]);
    assert_eq!(shop.house.terminal.total_minor()?, 0);
    let story = shop.story(&transaction(&answer)?)?;
    assert!(story.contains("Nothing is owed any more") && !story.contains("declined"), "{story}");
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}

#[test]
fn a_wrong_mac_is_unknown_and_taken_back_for_that_reason() -> Result<()> {
    taken_back(Shop::open()?, "wrong-mac", BAD_MAC)
}

#[test]
fn another_trace_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::impatient()?, "wrong-trace", NO_ANSWER)
}

#[test]
fn half_a_frame_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "half-frame", NO_ANSWER)
}

#[test]
fn garbage_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "garbage", MALFUNCTION)
}

#[test]
fn bytes_behind_an_answer_make_it_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "trailing-bytes", NO_ANSWER)
}

#[test]
fn a_length_over_the_limit_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "oversized-length", NO_ANSWER)
}

#[test]
fn a_connection_closed_after_the_request_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "close-after", NO_ANSWER)
}

#[test]
fn silence_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::impatient()?, "drop-reply", NO_ANSWER)
}

#[test]
fn an_answer_sent_twice_is_unknown_and_taken_back() -> Result<()> {
    taken_back(Shop::open()?, "duplicate-reply", NO_ANSWER)
}

#[test]
fn a_request_that_never_arrived_is_taken_back_all_the_same() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "drop-request")?;
    assert_eq!(shop.sale("12.34")?.outcome(), "unknown");
    shop.wait_paid()?;
    assert!(shop.house.acquirer.ledger().is_empty(), "the acquirer booked neither a sale nor its reversal");
    shop.close(0)
}

#[test]
fn an_answer_after_the_terminal_gave_up_changes_nothing() -> Result<()> {
    let shop = Shop::impatient()?;
    shop.fault("0200", "late-reply")?;
    let answer = shop.sale_as("LATE1", "12.34")?;
    assert_eq!(answer.outcome(), "unknown");
    shop.wait_paid()?;
    assert_eq!(shop.house.acquirer.release(), 1);
    shop.house.acquirer.await_stage(Stage::Answered, "0200".parse().map_err(anyhow::Error::msg)?, 1, PATIENCE)?;
    let again = shop.sale_as("LATE1", "12.34")?;
    assert_eq!((again.outcome(), &again.last()["charged"]), ("unknown", &"taken-back".into()), "{:?}", again.last());
    assert_eq!(received(&shop.house, "0200").len(), 1);
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}

#[test]
fn an_acquirer_that_is_not_there_was_sent_nothing() -> Result<()> {
    let Shop { house, host } = Shop::open()?;
    host.kill()?;
    // A port that was free a moment ago: nobody listens.
    let nowhere = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let somewhere = house.wire.address().to_string();
    edit_configuration(&house, &somewhere, &nowhere)?;
    let shop = Shop { host: house.terminal.start()?, house };
    let answer = shop.sale("12.34")?;
    assert_eq!(answer.outcome(), "not-sent", "{:?}", answer.last());
    assert!(received(&shop.house, "0200").is_empty());
    assert_eq!(shop.house.assert_books_balance()?, 0);
    edit_configuration(&shop.house, &nowhere, &somewhere)?;
    let shop = shop.restart()?;
    assert_eq!(shop.sale("12.34")?.outcome(), "approved");
    shop.close(1234)
}

#[test]
fn a_connection_closed_before_tls_was_sent_nothing() -> Result<()> {
    let shop = Shop::open()?;
    for nth in 1..=3 {
        shop.fault_at("connect", nth, Fault::Close)?;
    }
    let answer = shop.sale("12.34")?;
    assert_eq!(answer.outcome(), "not-sent", "{:?}", answer.last());
    assert!(received(&shop.house, "0200").is_empty());
    assert!(shop.debts()?.is_empty());
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}

#[test]
fn a_reversal_lost_twice_is_sent_a_third_time() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    shop.fault_at("0400", 1, Fault::DropRequest)?;
    shop.fault_at("0400", 2, Fault::CloseAfter)?;
    let answer = shop.sale("12.34")?;
    assert_eq!(answer.outcome(), "unknown");
    shop.wait_paid()?;
    assert_eq!(shop.reversal_reasons(), [NO_ANSWER; 3]);
    let sent = shop.received("0400");
    let trace = shop.received("0200").first().and_then(|sale| sale.fields.get(&11).cloned());
    assert!(sent.iter().all(|reversal| reversal.fields.get(&11) == trace.as_ref()), "the trace of the original");
    let story = shop.story(&transaction(&answer)?)?;
    assert!(story.contains("try 3"), "{story}");
    shop.close(0)
}

#[test]
fn a_refused_reversal_stays_owed_until_it_is_taken_at_the_next_sign_in() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    shop.refuse_reversal(1, "96")?;
    assert_eq!(shop.sale("12.34")?.outcome(), "unknown");
    shop.house.acquirer.await_stage(Stage::Answered, "0400".parse().map_err(anyhow::Error::msg)?, 1, PATIENCE)?;

    // It is no obstacle to the next sale, which waits behind it.
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    let debts = shop.debts()?;
    assert_eq!(debts.len(), 1);
    assert_eq!(debts[0]["standing"], "refused", "{debts:?}");
    let shown = shop.house.terminal.show("en", &["owed"])?.join("\n");
    assert!(shown.contains("owed: 1") && shown.contains("refused by the acquirer (96), still owed"), "{shown}");
    assert_eq!(shop.received("0400").len(), 1, "not sent again by a timer");
    assert_eq!(shop.house.terminal.total_minor()?, 501);

    shop.house.terminal.sign_in()?.done()?;
    shop.wait_paid()?;
    assert_eq!(shop.received("0400").len(), 2);
    shop.close(501)
}

#[test]
fn a_reversal_whose_original_the_acquirer_does_not_know_is_shown_apart() -> Result<()> {
    let shop = Shop::with(|acquirer| acquirer.tombstones = false, |_| {})?;
    shop.fault("0200", "drop-request")?;
    let answer = shop.sale("12.34")?;
    assert_eq!(answer.outcome(), "unknown");
    shop.house.acquirer.await_stage(Stage::Answered, "0400".parse().map_err(anyhow::Error::msg)?, 1, PATIENCE)?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");

    let debts = shop.debts()?;
    assert_eq!(debts[0]["standing"], "unmatched", "{debts:?}");
    let shown = shop.house.terminal.show("en", &["owed"])?.join("\n");
    assert!(shown.contains("unknown to the acquirer (25), open until settlement"), "{shown}");
    let story = shop.story(&transaction(&answer)?)?;
    assert!(story.contains("unionpay does not know the payment of CNY 12.34 (25)"), "{story}");
    shop.house.terminal.run(&["pay"])?.done()?;
    shop.house.terminal.sign_in()?.done()?;
    assert_eq!(shop.sale("1.00")?.outcome(), "approved");
    assert_eq!(shop.received("0400").len(), 1, "it is not sent again");
    let total = shop.house.merchant_total_minor()?;
    assert_eq!(total, 601);
    // Not a debt that trying could pay: it waits for the settlement.
    shop.close(total)
}

#[test]
fn an_acquirer_that_forgot_the_keys_is_signed_in_to_again() -> Result<()> {
    let shop = Shop::open()?;
    assert_eq!(shop.sale("12.34")?.outcome(), "approved");
    shop.house.acquirer.clear_keys();
    let answer = shop.sale("7.00")?;
    assert_eq!(answer.outcome(), "unknown", "its answer carries no proof: {:?}", answer.last());
    shop.wait_paid()?;
    assert_eq!(received(&shop.house, "0800").len(), 2);
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(1735)
}

#[test]
fn a_wrong_check_value_drops_all_keys_until_a_sign_in_brings_good_ones() -> Result<()> {
    let shop = Shop::open()?;
    for nth in 1..=2 {
        shop.fault_at("0800", nth, Fault::WrongCheckValue)?;
    }
    let answer = shop.house.terminal.show("en", &["sign-in"])?.join("\n");
    assert!(
        answer.contains("All its work keys were dropped; no payment is taken until a sign-in succeeds"),
        "{answer}"
    );
    let kept = shop.house.terminal.journal()?;
    let dropped = kept.iter().rev().find(|record| record["fact"] == "keys-dropped").map(|record| record.to_string());
    let dropped = dropped.unwrap_or_default();
    assert!(dropped.contains("pik") && dropped.contains("mak"), "all or none: {dropped}");

    // A sale first tries to sign in, and that download is as bad.
    let refused = shop.house.terminal.show("en", &["sale", "7.00"])?.join("\n");
    assert!(refused.contains("Not signed in to unionpay. Sign in, then try again."), "{refused}");
    assert!(received(&shop.house, "0200").is_empty(), "nothing trades without checked keys");

    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    assert_eq!(received(&shop.house, "0800").len(), 4);
    shop.close(501)
}
