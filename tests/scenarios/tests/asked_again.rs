//! A cashier who stops waiting, over a real socket: the outcome is unknown, the customer gets a slip that says not to pay
//! again, and the debt decides what is true.

use std::thread;
use std::time::{Duration, Instant};

use acquirer::{Fault, FaultOrder, Mti, On};
use acquit_scenarios::{House, PATIENCE};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The exit code of an outcome nobody knows yet.
const UNKNOWN: i32 = 4;

fn until(mut happened: impl FnMut() -> Result<bool>) -> Result<()> {
    let since = Instant::now();
    while !happened()? {
        ensure!(since.elapsed() < PATIENCE, "it did not happen in time");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn a_cashier_stops_waiting_and_the_debt_decides() -> Result<()> {
    let house = House::signed_in()?;
    let _host = house.terminal.start()?;
    house.terminal.run(&["sale", "12.34", "--id", "A1"])?.done()?;
    let tip = house.terminal.run(&["tip", "2.00", "--of", "A1", "--id", "T1"])?;
    ensure!(tip.outcome() == "approved", "{}", tip.last());
    until(|| Ok(house.terminal.run(&["pay"])?.ok && house.terminal.owed()? == 0))?;

    // The acquirer takes the money and never answers; the terminal would wait for a minute.
    let fault = FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault: Fault::DropReply };
    house.acquirer.order_fault(fault)?;
    let sale = house.terminal.begin(&["sale", "88.00", "--id", "B1"])?;
    until(|| Ok(house.merchant_total_minor()? == 1234 + 200 + 8800))?;
    house.terminal.run(&["cancel", "B1"])?.done()?;
    let (status, lines, errors) = sale.finish()?;
    ensure!(status.code() == Some(UNKNOWN), "{status}: {lines:?}\n{errors}");
    let told: Value = serde_json::from_str(lines.last().context("the sale said nothing")?)?;
    ensure!(told["outcome"] == "unknown", "{told}");

    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(house.assert_books_balance()? == 1434);
    let slip = house.terminal.show("en", &["reprint", "B1"])?.join("\n");
    for said in ["COPY", "B1", "88.00"] {
        ensure!(slip.contains(said), "{said}: {slip}");
    }
    let papers = std::fs::read_dir(house.terminal.receipts())?.map(|file| Ok(std::fs::read_to_string(file?.path())?));
    let papers = papers.collect::<Result<Vec<_>>>()?;
    let warned =
        papers.iter().any(|paper| paper.replace('\n', " ").contains("Do not pay again until this has been checked."));
    ensure!(warned, "the customer was given no slip that says so: {papers:?}");
    let settled = house.terminal.run(&["settle"])?;
    ensure!(settled.done()?["settlement"]["balanced"] == true, "{}", settled.last());
    house.assert_no_secrets()
}
