//! The end of a day: the batch compared and closed, uploaded where the acquirer's sums differ, settled by the clock, and
//! printed once more.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use acquirer::SettlementFault;
use acquit_scenarios::{House, PATIENCE};
use anyhow::{Context, Result, ensure};
use common::edit_configuration;

fn approved(house: &House, arguments: &[&str]) -> Result<()> {
    let answer = house.terminal.run(arguments)?;
    ensure!(answer.outcome() == "approved", "{arguments:?} ended {}\n{}", answer.last(), answer.errors);
    Ok(())
}

#[test]
fn a_day_is_closed_and_its_slip_printed_again() -> Result<()> {
    let house = House::signed_in()?;
    let _host = house.terminal.start()?;
    approved(&house, &["sale", "12.34", "--id", "A1"])?;
    approved(&house, &["sale", "30.00", "--id", "A2"])?;
    approved(&house, &["refund", "10.00", "--of", "A2", "--id", "R2"])?;
    let batch = house.terminal.run(&["batch"])?;
    let batch = &batch.done()?["batches"][0];
    ensure!(batch["transactions"].as_array().map(Vec::len) == Some(3), "{batch}");

    let settled = house.terminal.run(&["settle", "--id", "DAY1"])?;
    let settlement = &settled.done()?["settlement"];
    ensure!(settlement["balanced"] == true, "{settlement}");
    let after = house.terminal.run(&["batch"])?;
    let after = &after.done()?["batches"][0];
    ensure!(after["transactions"].as_array().is_some_and(Vec::is_empty), "{after}");
    ensure!(after["batch"] == 2, "{after}");
    ensure!(house.assert_books_balance()? == 3234);

    let slip = house.terminal.show("en", &["reprint", "settlement"])?.join("\n");
    for said in ["SETTLEMENT", "COPY - NOT A NEW PAYMENT", "DAY1", "Sale (2)", "CNY 42.34", "Balanced"] {
        ensure!(slip.contains(said), "{said}: {slip}");
    }
    let nothing = house.terminal.run(&["settle"])?;
    ensure!(!nothing.ok, "an empty batch was settled: {}", nothing.last());
    house.assert_no_secrets()
}

#[test]
fn the_hour_closes_the_day_also_where_it_struck_while_the_terminal_was_off() -> Result<()> {
    let house = House::signed_in()?;
    let host = house.terminal.start()?;
    approved(&house, &["sale", "12.34", "--id", "A1"])?;
    host.kill()?;
    edit_configuration(&house, "first = true", "first = true\nsettle-at = \"00:00\"")?;
    // The batch is not settled yet, so the last midnight is still to be kept.
    let _host = house.terminal.start()?;
    let since = Instant::now();
    loop {
        let batch = house.terminal.run(&["batch"])?;
        if batch.done()?["batches"][0]["batch"].as_u64().context("no number")? == 2 {
            break;
        }
        ensure!(since.elapsed() < PATIENCE, "the terminal did not settle by itself: {}", batch.last());
        thread::sleep(Duration::from_millis(50));
    }
    ensure!(house.assert_books_balance()? == 1234);
    Ok(())
}

#[test]
fn a_batch_that_differs_is_uploaded_and_closed() -> Result<()> {
    let house = House::signed_in()?;
    let _host = house.terminal.start()?;
    approved(&house, &["sale", "12.34", "--id", "A1"])?;
    approved(&house, &["sale", "30.00", "--id", "A2"])?;
    house.acquirer.answer_settlement(Some(SettlementFault::Unbalanced));
    let settled = house.terminal.run(&["settle"])?;
    let settlement = &settled.done()?["settlement"];
    ensure!(settlement["balanced"] == false && settlement["uploaded"] == 2, "{settlement}");
    let slip = house.terminal.show("zh", &["reprint", "settlement"])?.join("\n");
    for said in ["批结算", "重打印 - 非新交易", "对账不平", "已上送 2 笔明细"] {
        ensure!(slip.contains(said), "{said}: {slip}");
    }
    ensure!(house.assert_books_balance()? == 4234);
    house.assert_no_secrets()
}
