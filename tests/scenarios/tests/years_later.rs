//! "The old ones are gone." A terminal made room by deleting its oldest file. In it was a payment whose reversal was
//! still owed, and another that a cash register asked for once more, half a year later: it was paid twice.
//!
//! Here a terminal wakes up 400 days later. What is settled has become one line a payment, without card data; what is
//! owed is kept whole and can still be taken back; no name ever pays twice, and what was proven stays proven.

mod common;

use std::time::Instant;

use acquit_scenarios::{House, PATIENCE};
use anyhow::{Result, ensure};
use common::{Shop, received};
use serde_json::Value;

const DAYS: u32 = 400;

/// A stopped terminal whose first segment is closed. In it: a payment that was taken, and one that is owed, refused.
fn long_ago() -> Result<House> {
    let shop = Shop::open()?;
    ensure!(shop.sale_as("TAKEN1", "5.01")?.outcome() == "approved");
    shop.refuse_reversal(1, "58")?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as("OWED1", "12.34")?.outcome() == "unknown");
    shop.until_debt(|debt| debt["standing"] == "refused")?;
    let Shop { house, host } = shop;
    host.kill()?;
    // A write that fails is final for its segment: the next one is begun.
    let host = house.start_with_files_up_to(house.journal_end()?)?;
    ensure!(!house.terminal.sign_in()?.ok);
    host.limit_files(None)?;
    house.terminal.sign_in()?.done()?;
    host.kill()?;
    Ok(house)
}

/// Waits until the terminal has found the quiet moment it waits for.
fn until_summarised(house: &House) -> Result<Vec<Value>> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let records = house.terminal.journal()?;
        if records.iter().any(|record| record["fact"] == "summary")
            && house.terminal.data().join("journal/snapshot").exists()
        {
            return Ok(records);
        }
    }
    anyhow::bail!("no record was ever summarised")
}

#[test]
fn what_is_settled_becomes_a_line_and_what_is_owed_stays() -> Result<()> {
    let house = long_ago()?;
    let before = house.terminal.run(&["journal", "verify"])?;
    let before = before.done()?.clone();
    let host = house.terminal.start_later(DAYS)?;
    let records = until_summarised(&house)?;

    let about = |id: &str| records.iter().filter(|record| record["transaction"] == id).collect::<Vec<_>>();
    let taken = about("TAKEN1");
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0]["fact"], "summary", "{taken:?}");
    let owed = about("OWED1");
    assert!(owed.iter().any(|record| record["fact"] == "intent" && record["card-data"] == "sealed"), "{owed:?}");
    let sealed = records.iter().filter(|record| record["card-data"] == "sealed").count();
    assert_eq!(sealed, 1, "card data is kept for what is owed alone");

    // Every proof is what it was, and there are more entries.
    let after = house.terminal.run(&["journal", "verify"])?;
    let after = after.done()?;
    assert_eq!((&after["whole"], &after["journal-key"]), (&true.into(), &before["journal-key"]));
    assert!(after["entries"].as_u64() > before["entries"].as_u64());
    let file = house.folder().join("evidence");
    let out = file.to_string_lossy().into_owned();
    house.terminal.run(&["evidence", "export", "TAKEN1", "--out", &out])?.done()?;
    let key = after["journal-key"].as_str().unwrap_or_default();
    house.terminal.run(&["evidence", "verify", &out, "--key", key])?.done()?;

    // Nothing is forgotten: neither sums nor names nor debts; by this host, and by the next, from its snapshot.
    host.kill()?;
    let shop = Shop { host: house.terminal.start_later(DAYS)?, house };
    let sales = received(&shop.house, "0200").len();
    let again = shop.sale_as("TAKEN1", "5.01")?;
    assert_eq!(again.outcome(), "approved", "{:?}", again.last());
    assert_eq!(received(&shop.house, "0200").len(), sales, "it was not paid twice");
    assert_eq!(shop.house.terminal.total_minor()?, 501);
    let story = shop.story("TAKEN1")?;
    assert!(story.contains("CNY 5.01") && story.contains("Was the customer charged?"), "{story}");
    assert_eq!(shop.house.terminal.owed()?, 1);
    shop.house.terminal.sign_in()?.done()?;
    shop.wait_screen("owed: 0")?;
    assert_eq!(shop.house.merchant_total_minor()?, 501, "the reversal was sent with what the journal had kept");
    shop.close(501)
}
