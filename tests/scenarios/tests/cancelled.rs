//! A cashier presses "cancel" at every moment there is, over the real socket. Before anything has left, nothing happens;
//! after that nobody waits any more, and what was taken is taken back; when it is over, it stays what it is.

mod common;

use acquirer::{Fault, FaultOrder, On, SettlementFault};
use acquit_scenarios::{Answer, House, Mood, Terminal};
use anyhow::{Result, ensure};
use common::{Shop, received, until};

fn cancel(shop: &Shop, id: &str) -> Result<Answer> {
    shop.house.terminal.run(&["cancel", id])
}

fn fault(house: &House, on: &str, fault: Fault) -> Result<()> {
    let on: On = on.parse().map_err(anyhow::Error::msg)?;
    Ok(house.acquirer.order_fault(FaultOrder { on, nth: 1, fault })?)
}

/// The line is dead, the terminal waits before it connects again, and the customer walks away: nothing was sent, nothing
/// is owed.
#[test]
fn before_anything_was_sent_nothing_happens() -> Result<()> {
    let shop = Shop::open()?;
    shop.house.wire.set_mood(Mood::Refuses);
    let sale = shop.house.terminal.begin(&["sale", "12.34", "--id", "A1"])?;
    shop.wait_screen("Please wait")?;
    until(|| Ok(cancel(&shop, "A1")?.ok))?;
    let told = Terminal::answer(sale)?;
    ensure!(["not-sent", "unknown"].contains(&told.outcome()), "{}", told.last());
    shop.house.wire.set_mood(Mood::Relays);
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(received(&shop.house, "0200").is_empty());
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(501)
}

/// The line hangs before TLS stands, and the customer walks away. That not a byte has left is more than the terminal can
/// know of a send under way: the slip says "unknown", and what never arrived is taken back.
#[test]
fn while_the_line_hangs_the_outcome_is_unknown_and_taken_back() -> Result<()> {
    let shop = Shop::open()?;
    shop.house.wire.set_mood(Mood::Hangs);
    let sale = shop.house.terminal.begin(&["sale", "12.34", "--id", "A1"])?;
    until(|| Ok(shop.house.wire.hanging() > 0))?;
    cancel(&shop, "A1")?.done()?;
    let told = Terminal::answer(sale)?;
    ensure!(told.outcome() == "unknown", "{}", told.last());
    shop.house.wire.set_mood(Mood::Relays);
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(received(&shop.house, "0200").is_empty() && received(&shop.house, "0400").len() == 1);
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(501)
}

/// The part of a payment that was approved is being asked about when the cashier cancels: it is given back.
#[test]
fn at_the_question_about_a_part_the_part_is_given_back() -> Result<()> {
    let shop = Shop::open()?;
    fault(&shop.house, "0200", Fault::ApprovePartly { amount_minor: 2000 })?;
    let sale = shop.house.terminal.begin(&["sale", "50.00", "--id", "A1"])?;
    until(|| Ok(shop.house.merchant_total_minor()? == 2000))?;
    until(|| Ok(cancel(&shop, "A1")?.ok))?;
    let told = Terminal::answer(sale)?;
    ensure!(told.outcome() == "unknown", "{}", told.last());
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(shop.received("0400").len() == 1);
    shop.close(0)
}

/// A sale, a void, a refund and a pre-authorisation are on the way when the cashier stops waiting. Each comes to one end
/// at both sides, whichever that is.
#[test]
fn after_the_send_both_ends_come_to_the_same() -> Result<()> {
    let shop = Shop::open()?;
    for id in ["A1", "A2"] {
        ensure!(shop.sale_as(id, "10.00")?.outcome() == "approved");
    }
    for (number, (on, order)) in [
        ("0200/22", &["sale", "3.00", "--id", "C0"][..]),
        ("0200/23", &["void", "--of", "A1", "--id", "C1"]),
        ("0220/25", &["refund", "4.00", "--of", "A2", "--id", "C2"]),
        ("0100/10", &["preauth", "6.00", "--id", "C3"]),
    ]
    .into_iter()
    .enumerate()
    {
        let kind = on.split('/').next().unwrap_or_default();
        let before = received(&shop.house, kind).len();
        fault(&shop.house, on, Fault::DropReply)?;
        let begun = shop.house.terminal.begin(order)?;
        until(|| Ok(received(&shop.house, kind).len() > before))?;
        cancel(&shop, &format!("C{number}"))?.done()?;
        let told = Terminal::answer(begun)?;
        ensure!(told.outcome() == "unknown", "{order:?}: {}", told.last());
        until(|| Ok(shop.house.terminal.owed()? == 0))?;
        shop.house.assert_books_balance()?;
    }
    let held: i64 = shop
        .house
        .acquirer
        .accounts()
        .iter()
        .filter(|(name, _)| name.starts_with("held:"))
        .map(|(_, minor)| minor)
        .sum();
    ensure!(held == 0, "nothing is held on any card: {held}");
    let settled = shop.house.terminal.run(&["settle"])?;
    ensure!(settled.done()?["settlement"]["balanced"] == true, "{}", settled.last());
    let total = shop.house.assert_books_balance()?;
    shop.close(total)
}

/// The customer has the receipt in hand when the cashier presses "cancel": it is too late, and the terminal says so.
#[test]
fn what_is_over_stays_what_it_is() -> Result<()> {
    let shop = Shop::open()?;
    ensure!(shop.sale_as("A1", "12.34")?.outcome() == "approved");
    for id in ["A1", "NEVER"] {
        let late = cancel(&shop, id)?;
        ensure!(!late.ok && !late.last()["error"].is_null(), "{id}: {}", late.last());
    }
    ensure!(shop.received("0400").is_empty());
    shop.close(1234)
}

/// The cashier stops waiting for a settlement that is being uploaded. The day stays open, and is closed once.
#[test]
fn a_settlement_nobody_waits_for_goes_on() -> Result<()> {
    let shop = Shop::open()?;
    ensure!(shop.sale("12.34")?.outcome() == "approved");
    shop.house.acquirer.answer_settlement(Some(SettlementFault::Unbalanced));
    fault(&shop.house, "0320/201", Fault::DropReply)?;
    let settling = shop.house.terminal.begin(&["settle", "--id", "DAY1"])?;
    until(|| Ok(!received(&shop.house, "0320").is_empty()))?;
    let cancelled = cancel(&shop, "DAY1")?;
    let told = Terminal::answer(settling)?;
    ensure!(cancelled.ok && !told.ok, "{} {}", cancelled.last(), told.last());
    until(|| {
        // Refused while it goes on by itself.
        shop.house.terminal.run(&["settle"])?;
        Ok(shop.house.terminal.run(&["batch"])?.done()?["batches"][0]["batch"] == 2)
    })?;
    ensure!(shop.sale("5.01")?.outcome() == "approved", "the next day begins");
    shop.close(1735)
}
