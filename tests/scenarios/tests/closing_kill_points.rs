//! "It was counting when the lights went out." The terminal is killed with SIGKILL at every named step of journal and
//! network of a settlement whose sums the acquirer calls different, so that the batch is uploaded too. Each time it goes on
//! where it was: the day is closed once, every payment is uploaded, and the books are equal to the cent.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use acquirer::SettlementFault;
use acquit_scenarios::{House, PATIENCE, TERMINAL};
use anyhow::{Context, Result, ensure};

/// A settlement with its upload has a few dozen steps; a run that never completes must end too.
const STEPS_MAX: u64 = 80;

#[test]
fn a_day_whose_closing_is_killed_at_any_step_is_closed_once() -> Result<()> {
    let house = House::signed_in()?;
    let host = house.terminal.start()?;
    let mut before = trade(&house)?;
    host.kill()?;
    let mut killed_at = Vec::new();
    for step in 1..=STEPS_MAX {
        let Some(name) = closing_killed_at(&house, step)? else { break };
        before = recover(&house, &before).with_context(|| format!("killed at step {step}, {name}"))?;
        killed_at.push(name);
    }
    ensure!((killed_at.len() as u64) < STEPS_MAX, "no run completed: {killed_at:?}");
    let hit: BTreeSet<&str> = killed_at.iter().map(String::as_str).collect();
    ensure!(hit.contains("journal.after-sync") && hit.contains("network.reply-read"), "{killed_at:?}");
    // A settlement, a detail and the end of the upload: three exchanges at the least, each killed in every way.
    let replies = killed_at.iter().filter(|name| *name == "network.reply-read").count();
    ensure!(replies >= 3, "{replies} answers were cut off: {killed_at:?}");
    house.assert_no_secrets()
}

/// Which batch is open, by the terminal and by the acquirer.
#[derive(Debug, PartialEq, Eq)]
struct Open {
    terminal: u64,
    acquirer: String,
}

/// One sale, for a batch to be closed.
fn trade(house: &House) -> Result<Open> {
    let sale = house.terminal.sale("12.34")?;
    ensure!(sale.outcome() == "approved", "{}", sale.last());
    open(house)
}

/// A settlement under a host that stops at this step: which step that was, or none if it was over before.
fn closing_killed_at(house: &House, step: u64) -> Result<Option<String>> {
    house.acquirer.answer_settlement(Some(SettlementFault::Unbalanced));
    let host = match house.terminal.start_stopping_at(step)? {
        Ok(host) => host,
        Err(name) => return Ok(Some(name)),
    };
    if house.terminal.run(&["settle"])?.ok {
        host.kill()?;
        return Ok(None);
    }
    host.stopped_at().map(Some)
}

/// Starts the terminal again. One that had begun goes on by itself; one that had not is told again. Then the next day
/// begins.
fn recover(house: &House, before: &Open) -> Result<Open> {
    // The answer that was lost had used up the order to call the sums different.
    house.acquirer.answer_settlement(Some(SettlementFault::Unbalanced));
    let host = house.terminal.start()?;
    let since = Instant::now();
    while open(house)?.terminal == before.terminal {
        ensure!(since.elapsed() < PATIENCE, "the batch stays open");
        // Refused while another settlement runs.
        house.terminal.run(&["settle"])?;
        thread::sleep(Duration::from_millis(20));
    }
    let after = open(house)?;
    ensure!(after.terminal == before.terminal + 1, "closed more than once: {before:?}, {after:?}");
    let closed = house.acquirer.batch(TERMINAL, Some(&before.acquirer)).context("no such batch")?;
    ensure!(closed.net_minor == 1234 && closed.balanced == Some(false), "{closed:?}");
    let rows = serde_json::to_value(&closed.rows)?;
    ensure!(rows.as_array().is_some_and(|rows| rows.len() == 1) && rows[0]["state"] == "matched", "{rows}");
    ensure!(after.acquirer != before.acquirer, "the acquirer is still in {}", after.acquirer);
    house.assert_books_balance()?;
    let next = trade(house)?;
    host.kill()?;
    Ok(next)
}

fn open(house: &House) -> Result<Open> {
    let batch = house.terminal.run(&["batch"])?;
    let terminal = batch.done()?["batches"][0]["batch"].as_u64().context("no number")?;
    let acquirer = house.acquirer.batch(TERMINAL, None).context("no such terminal")?.batch;
    Ok(Open { terminal, acquirer })
}
