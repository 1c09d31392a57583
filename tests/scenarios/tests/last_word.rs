//! The card has the last word. Its chip refuses what the acquirer has approved; or the issuer has it run a script, and
//! wants to hear what came of it.

mod common;

use acquit_scenarios::TERMINAL;
use anyhow::{Context, Result, ensure};
use common::{Shop, chip_card, until};

/// DE39 of a reversal because the card refused.
const CARD_REFUSED: &str = "06";
/// An answer of the issuer with one script, made up: a counter is put to another value.
const SCRIPT: &str = "721d9f180400000042860d841e0000080123456789abcdef8605841600000400";

/// How many reports of scripts the acquirer has for each of the terminal's transactions.
fn reports(shop: &Shop) -> Vec<usize> {
    shop.house.acquirer.transactions(Some(TERMINAL), None).iter().map(|listed| listed.script_results).collect()
}

/// The customer's telephone says "paid", the terminal says "declined by the card", and a minute later the telephone says
/// "taken back". The story tells the shop the same: not charged, nothing owed, the customer may pay again.
#[test]
fn a_chip_that_refuses_an_approved_sale_charges_nobody() -> Result<()> {
    let shop = Shop::open()?;
    let card = chip_card(&shop.house, "refuses", "last-word = \"refuses\"")?;
    let sale = shop.house.terminal.run(&["sale", "12.34", "--id", "C1", "--card", &card])?;
    ensure!(sale.outcome() == "unknown", "{}", sale.last());
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(shop.reversal_reasons() == [CARD_REFUSED], "{:?}", shop.reversal_reasons());
    let again = shop.sale_as("C1", "12.34")?;
    ensure!(again.last()["charged"] == "taken-back", "{}", again.last());
    let story = shop.story("C1")?;
    for said in ["No. The acquirer confirmed that CNY 12.34 was taken back", "the card refused", "may pay again"] {
        ensure!(story.contains(said), "{said}: {story}");
    }
    let chip = chip_card(&shop.house, "accepts", "")?;
    ensure!(shop.house.terminal.run(&["sale", "5.01", "--card", &chip])?.outcome() == "approved");
    shop.close(501)
}

/// Somebody pulls the card out while the acquirer is asked: nobody knows what the chip would have said.
#[test]
fn a_chip_that_is_gone_at_the_end_charges_nobody() -> Result<()> {
    let shop = Shop::open()?;
    let card = chip_card(&shop.house, "gone", "last-word = \"gone\"")?;
    let sale = shop.house.terminal.run(&["sale", "12.34", "--id", "C1", "--card", &card])?;
    ensure!(sale.outcome() == "unknown", "{}", sale.last());
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(shop.received("0400").len() == 1);
    ensure!(!shop.story("C1")?.contains("Hand over the goods"), "{}", shop.story("C1")?);
    shop.close(0)
}

/// The sale is approved and the goods are handed over; that a report is owed, the shop sees with `acquit owed` alone. It
/// is lost once, and paid by itself.
#[test]
fn what_the_chip_made_of_a_script_is_owed_and_reported_once() -> Result<()> {
    let shop = Shop::open()?;
    shop.house.acquirer.set_chip_answer(hex::decode(SCRIPT)?);
    shop.fault("0620", "drop-request")?;
    for (name, lines) in [("runs", ""), ("fails", "scripts-fail = \"yes\"")] {
        let card = chip_card(&shop.house, name, lines)?;
        let sale = shop.house.terminal.run(&["sale", "12.34", "--id", name, "--card", &card])?;
        ensure!(sale.outcome() == "approved", "{}", sale.last());
    }
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(reports(&shop) == [1, 1], "{:?}", reports(&shop));
    ensure!(shop.received("0400").is_empty());
    let story = shop.story("runs")?;
    ensure!(story.contains("Script report") && story.contains("Hand over the goods"), "{story}");
    shop.close(2468)
}

/// A report waits while the line is down and the power fails, and is neither lost nor taken for a debt of money.
#[test]
fn a_script_report_outlives_a_power_cut() -> Result<()> {
    let shop = Shop::open()?;
    shop.house.acquirer.set_chip_answer(hex::decode(SCRIPT)?);
    for nth in 1..=2 {
        shop.fault_at("0620", nth, acquirer::Fault::CloseAfter)?;
    }
    let card = chip_card(&shop.house, "runs", "")?;
    ensure!(shop.house.terminal.run(&["sale", "12.34", "--id", "C1", "--card", &card])?.outcome() == "approved");
    shop.until_debt(|debt| debt["duty"] == "script-report" || debt["tries"].as_u64() >= Some(1))?;
    let shop = shop.restart()?;
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(reports(&shop) == [1], "told again, written down once: {:?}", reports(&shop));
    let listed = shop.house.acquirer.transactions(Some(TERMINAL), None);
    ensure!(listed.first().context("no sale")?.amount_minor == 1234);
    shop.close(1234)
}
