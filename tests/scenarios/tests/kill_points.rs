//! "The lights went out while it was connecting." A terminal whose plug is pulled between any two of its steps must know,
//! when the power is back, what it owes.
//!
//! The real host process is killed with SIGKILL at every named step of journal and network: of a sale, and of a
//! reversal. One terminal lives through all of it in a row, so that each kill meets the journal that the ones before
//! have left. It is started again each time, with its plugin and with the plugin broken; then nothing may be owed, and
//! its books and the acquirer's ledger must be equal to the cent.

use std::collections::BTreeSet;

use acquirer::{Fault, FaultOrder, Mti, On};
use acquit_scenarios::{House, PATIENCE, Seen, Terminal};
use anyhow::{Context, Result, ensure};

/// Every step at which a development host can be stopped.
const STEPS: [&str; 9] = [
    "journal.before-write",
    "journal.after-write",
    "journal.after-sync",
    "network.before-connect",
    "network.connected",
    "network.before-write",
    "network.half-written",
    "network.after-write",
    "network.reply-read",
];
/// A sale and a reversal each have a dozen and a few; a run that never completes must end too.
const STEPS_MAX: u64 = 60;

/// How the terminal finds its plugin when it is started again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plugin {
    Whole,
    /// The file the configuration names and the kept copy are garbage.
    Broken,
}

#[test]
fn a_sale_killed_at_any_step_leaves_books_that_balance() -> Result<()> {
    at_every_step(sale_killed_at, Plugin::Whole)
}

#[test]
fn a_sale_killed_at_any_step_is_taken_back_without_its_plugin() -> Result<()> {
    at_every_step(sale_killed_at, Plugin::Broken)
}

#[test]
fn a_reversal_killed_at_any_step_leaves_books_that_balance() -> Result<()> {
    at_every_step(reversal_killed_at, Plugin::Whole)
}

#[test]
fn a_reversal_killed_at_any_step_is_finished_without_its_plugin() -> Result<()> {
    at_every_step(reversal_killed_at, Plugin::Broken)
}

/// Kills at the first step, the second, and so on, until a run completes without being killed.
fn at_every_step(kill: fn(&House, u64) -> Result<Option<String>>, plugin: Plugin) -> Result<()> {
    let house = House::signed_in()?;
    let mut killed_at = Vec::new();
    for step in 1..=STEPS_MAX {
        let Some(name) = kill(&house, step)? else { break };
        recover(&house, plugin).with_context(|| format!("killed at step {step}, {name}"))?;
        killed_at.push(name);
    }
    ensure!((killed_at.len() as u64) < STEPS_MAX, "no run completed: {killed_at:?}");
    let hit: BTreeSet<&str> = killed_at.iter().map(String::as_str).collect();
    assert_eq!(hit, BTreeSet::from(STEPS), "in this order: {killed_at:?}");
    house.assert_books_balance()?;
    house.assert_no_secrets()
}

/// A sale under a host that stops at this step: which step that was, or none if the sale was over before.
fn sale_killed_at(house: &House, step: u64) -> Result<Option<String>> {
    let host = match house.terminal.start_stopping_at(step)? {
        Ok(host) => host,
        Err(name) => return Ok(Some(name)),
    };
    let answer = house.terminal.sale("12.34")?;
    if answer.ok {
        ensure!(answer.outcome() == "approved", "{}", answer.last());
        host.kill()?;
        return Ok(None);
    }
    ensure!(answer.outcome().is_empty(), "a sale that was to be killed ended {}: {}", answer.outcome(), answer.last());
    host.stopped_at().map(Some)
}

/// A reversal that is owed, under a host that stops at this step: which step that was, or none if it was paid before.
fn reversal_killed_at(house: &House, step: u64) -> Result<Option<String>> {
    owe_a_reversal(house)?;
    let host = match house.terminal.start_stopping_at(step)? {
        Ok(host) => host,
        Err(name) => return Ok(Some(name)),
    };
    match host.wait_owed(0)? {
        Seen::Shown => host.kill().map(|_| None),
        Seen::Gone => host.stopped_at().map(Some),
    }
}

/// A sale that the acquirer has booked and whose answer is lost with the host.
fn owe_a_reversal(house: &House) -> Result<()> {
    let sales = house.acquirer.await_processed(Mti::SALE, 0, PATIENCE)?;
    house.acquirer.order_fault(FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault: Fault::DropReply })?;
    let host = house.terminal.start()?;
    let sale = house.terminal.begin(&["sale", "88.00"])?;
    house.acquirer.await_processed(Mti::SALE, sales + 1, PATIENCE)?;
    host.kill()?;
    ensure!(!Terminal::answer(sale)?.ok, "a sale without an answer was answered");
    ensure!(house.terminal.owed()? == 1, "a sale whose answer was lost is not owed");
    Ok(())
}

/// Starts the terminal again: what is owed is paid, and the books balance. Without its plugin it takes no payment, and
/// the stored message's own readings say what the acquirer answered.
fn recover(house: &House, plugin: Plugin) -> Result<()> {
    if plugin == Plugin::Broken {
        house.terminal.break_plugin()?;
    }
    let host = house.terminal.start()?;
    if plugin == Plugin::Broken {
        let refused = house.terminal.sale("1.00")?;
        ensure!(refused.outcome() == "not-sent", "a payment without a plugin ended: {}", refused.last());
    }
    ensure!(host.wait_owed(0)? == Seen::Shown, "the host ended before its debts were paid");
    house.assert_books_balance()?;
    if host.owed_at_start() > 0 {
        let reader = match plugin {
            Plugin::Whole => "Plugin",
            Plugin::Broken => "Standby",
        };
        let journal = house.terminal.journal()?;
        let answered = journal.iter().rfind(|record| record["fact"] == "answered").context("nothing was answered")?;
        let answered = &answered["record"]["fact"]["Answered"];
        ensure!(answered["verdict"] == "Paid" && answered["read_by"] == reader, "{answered}");
    }
    host.kill()?;
    house.terminal.mend_plugin()
}
