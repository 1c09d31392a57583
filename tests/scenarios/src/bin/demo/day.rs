//! The rest of the day: what is set aside and taken, an outage that is ridden out, and the evening.

use acquit_scenarios::{Answer, Seen};
use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::acts::{APPROVED, Payment};
use crate::page::{Page, money};
use crate::stage::Stage;
use crate::words::{Language, words};

/// Set aside in the morning.
pub const HELD: Payment = Payment { identity: "DEMO4", amount: "100.00", minor: 10_000 };
/// What is taken of it.
pub const COMPLETED: Payment = Payment { identity: "DEMO5", amount: "80.00", minor: 8_000 };
/// The last one the acquirer takes as it goes down; its answer is lost.
pub const IN_DOUBT: Payment = Payment { identity: "DEMO7", amount: "66.00", minor: 6_600 };
/// A tip for the first sale, added while the acquirer is down.
pub const TIP: Payment = Payment { identity: "DEMO6", amount: "2.00", minor: 200 };
/// Asked for while the acquirer is down and a payment is in doubt.
pub const NOT_SENT: Payment = Payment { identity: "DEMO8", amount: "9.00", minor: 900 };
/// The settlement.
const CLOSING: &str = "DAY1";

/// Answers of a type that an outage swallows, and connections it refuses: far more than the terminal tries in it.
const SWALLOWED: u32 = 200;

/// A pre-authorisation and its completion, of less than was set aside.
pub fn preauthorization(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("a pre-authorisation and its completion");
    page.heading(words("预授权，预授权完成", "A pre-authorisation, completed"));
    let held = stage.terminal.run(&["preauth", HELD.amount, "--id", HELD.identity])?;
    ended(&held, "approved")?;
    let before = taken_minor(stage)?;
    let order = ["complete", COMPLETED.amount, "--of", HELD.identity, "--id", COMPLETED.identity];
    let completed = stage.terminal.run(&order)?;
    ended(&completed, "approved")?;
    let taken = taken_minor(stage)? - before;
    ensure!(taken == COMPLETED.minor, "the completion moved {taken}");
    page.fact(words("预授权", "set aside"), &money(HELD.minor));
    page.fact(words("预授权完成", "taken of it"), &money(taken));
    page.gap();
    let receipt = |language: &Language| stage.terminal.show(language.word(), &["reprint", COMPLETED.identity]);
    page.beside(&page.languages().iter().map(receipt).collect::<Result<Vec<_>>>()?);
    page.facts(
        "pre-authorisation",
        json!({ "held": held.last(), "completed": completed.last(), "taken_minor": taken }),
    );
    Ok(())
}

/// The acquirer goes down: a tip is queued, a sale is taken and its answer lost, another sale is held back; the acquirer
/// comes back, and the terminal pays all it owes without being told.
pub fn outage(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("the acquirer goes down");
    page.heading(words("收单机构中断", "The acquirer goes down"));
    // First the answers stop coming: the request arrives, and the connection breaks.
    for on in ["0200", "0220", "0400"] {
        lose(stage, on, "close-after")?;
    }
    let tip = stage.terminal.run(&["tip", TIP.amount, "--of", APPROVED.identity, "--id", TIP.identity])?;
    ended(&tip, "approved")?;
    let doubt = stage.terminal.run(&["sale", IN_DOUBT.amount, "--id", IN_DOUBT.identity])?;
    ended(&doubt, "unknown")?;
    // Then nothing connects any more.
    lose(stage, "connect", "close")?;
    let refused = stage.terminal.run(&["sale", NOT_SENT.amount, "--id", NOT_SENT.identity])?;
    ended(&refused, "not-sent")?;
    let owed = stage.terminal.owed()?;
    ensure!(owed == 2, "{owed} owed while the acquirer is down, not a reversal and a tip");
    for language in page.languages() {
        page.block(&stage.terminal.show(language.word(), &["owed"])?);
        page.gap();
    }

    page.progress("the acquirer is back");
    stage.acquirer.order(&json!({ "do": "clear-faults" }))?;
    let host = stage.host.as_ref().context("no host runs")?;
    if host.wait_owed(2)? == Seen::Gone || host.wait_owed(0)? == Seen::Gone {
        bail!("the host ended before its debts were paid");
    }
    let after = stage.terminal.owed()?;
    ensure!(after == 0, "{after} still owed");
    page.fact(words("收单机构恢复", "the acquirer is back"), &format!("owed: {owed} -> {after}"));
    let facts = json!({
        "in_doubt": doubt.last(), "tip": tip.last(), "not_sent": refused.last(), "owed": owed, "owed_after": after,
    });
    page.facts("outage", facts);
    Ok(())
}

/// The day is closed against an acquirer that says the sums differ: every payment is uploaded, then the batch closes.
pub fn closing(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("the day is closed; the acquirer says the sums differ");
    page.heading(words("批结算，对账不平，批上送", "The day is closed, the sums differ, the batch is uploaded"));
    stage.acquirer.order(&json!({ "do": "answer-settlement", "result": "unbalanced" }))?;
    let settled = stage.terminal.run(&["settle", "--id", CLOSING])?;
    let settlement = &settled.done()?["settlement"];
    ensure!(settlement["balanced"] == false, "the sums were to differ: {settlement}");
    let uploaded = settlement["uploaded"].as_u64().unwrap_or_default();
    ensure!(uploaded == 3, "{uploaded} payments were uploaded, not sale, completion and tip");
    let slip = |language: &Language| stage.terminal.show(language.word(), &["reprint", "settlement"]);
    page.beside(&page.languages().iter().map(slip).collect::<Result<Vec<_>>>()?);
    page.facts("closing", settled.last().clone());
    Ok(())
}

/// One fault at every occasion of the outage.
fn lose(stage: &mut Stage, on: &str, fault: &str) -> Result<()> {
    for nth in 1..=SWALLOWED {
        stage.acquirer.order(&json!({ "do": "fault", "on": on, "nth": nth, "fault": fault }))?;
    }
    Ok(())
}

fn ended(answer: &Answer, outcome: &str) -> Result<()> {
    ensure!(answer.outcome() == outcome, "it ended {}, not {outcome}: {}", answer.outcome(), answer.last());
    Ok(())
}

/// What the shop has by the acquirer's ledger.
fn taken_minor(stage: &mut Stage) -> Result<i64> {
    let sum = stage.acquirer.order(&json!({ "do": "sum", "terminal": acquit_scenarios::TERMINAL }))?;
    sum["merchant_total_minor"].as_i64().context("no sum")
}
