//! "It is settled, but the terminal does not know." An acquirer refused a reversal for weeks; then it paid the customer
//! back by hand. The list of debts had to become empty somehow, and somebody deleted the file.
//!
//! Here a debt that no acquirer will acknowledge leaves the books by the operator's signed word alone: with a reason,
//! by a key the configuration names, and never out of the journal.

mod common;

use acquit_scenarios::Answer;
use anyhow::{Context, Result, ensure};
use common::{Key, Shop};
use serde_json::{Value, json};

const ID: &str = "REFUSED1";
const DEBT: &str = "REFUSED1R";
const REASON: &str = "paid back by hand on 22 November, letter 4711";

/// Why it was not waived.
fn refusal(answer: &Answer) -> Result<String> {
    ensure!(!answer.ok, "it was waived: {}", answer.last());
    Ok(answer.last()["error"].as_str().map_or_else(|| answer.errors.clone(), str::to_owned))
}

/// A shop that owes a reversal which the acquirer has refused, and whose terminal knows this operator's key.
fn in_debt(name: &str) -> Result<(Shop, Key)> {
    let shop = Shop::open()?;
    let key = Key::new(&shop.house, name)?;
    shop.refuse_reversal(1, "58")?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as(ID, "12.34")?.outcome() == "unknown");
    shop.until_debt(|debt| debt["standing"] == "refused")?;
    shop.house.terminal.configure(&format!("[operator]\nkeys = [\"{}\"]\n", key.public))?;
    Ok((shop.restart()?, key))
}

/// The record that stays.
fn waived(shop: &Shop) -> Result<Value> {
    let records = shop.house.terminal.journal()?;
    let found = records.into_iter().find(|record| record["fact"] == "waived").context("no waiver in the journal")?;
    Ok(found["record"]["fact"]["Waived"].clone())
}

#[test]
fn a_refused_debt_is_waived_and_stays_visible() -> Result<()> {
    let (shop, key) = in_debt("operator.pem")?;
    let terminal = &shop.house.terminal;

    let stranger = Key::new(&shop.house, "stranger.pem")?;
    let why = refusal(&stranger.waive(terminal, ID, REASON)?)?;
    assert!(why.contains(&stranger.public) && why.contains("not among the operator's keys"), "{why}");
    let why = refusal(&key.waive(terminal, "NOBODY", REASON)?)?;
    assert!(why.contains("There is no debt NOBODY"), "{why}");
    for reason in ["", "two\nlines"] {
        let why = refusal(&key.waive(terminal, ID, reason)?)?;
        assert!(why.contains("A waiver needs a reason: one line"), "{why}");
    }
    assert_eq!(terminal.owed()?, 1, "nothing of this took it off the books");

    let answer = key.waive(terminal, ID, REASON)?;
    let facts = answer.done()?;
    assert_eq!((&facts["debt"], &facts["standing"], &facts["owed"]), (&json!(DEBT), &json!("waived"), &json!(0)));
    shop.wait_screen("owed: 0")?;
    assert!(shop.debts()?.is_empty());

    let shop = shop.restart()?;
    assert_eq!(shop.house.terminal.owed()?, 0, "it stays off the books");
    let story = shop.story(ID)?;
    assert!(story.contains(REASON) && story.contains(&key.public), "{story}");
    assert!(story.contains("The operator waived the reversal of CNY 12.34"), "{story}");
    let record = waived(&shop)?;
    let statement = record["statement"].as_str().context("no statement")?;
    assert!(statement.contains("original REFUSED1\n") && statement.contains("amount 12.34 156\n"), "{statement}");
    assert_eq!(record["signed_by"], key.public.as_str());

    let why = refusal(&key.waive(&shop.house.terminal, ID, REASON)?)?;
    assert!(why.contains("has been waived already"), "{why}");
    let reversals = shop.received("0400").len();
    shop.house.terminal.sign_in()?.done()?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    assert_eq!(shop.received("0400").len(), reversals, "it is not sent any more");
    assert_eq!(shop.house.merchant_total_minor()?, 1234 + 501, "the acquirer never took it back");
    shop.close_owing(0, 501)
}

#[test]
fn a_debt_is_waived_where_no_terminal_runs() -> Result<()> {
    let (shop, key) = in_debt("operator.pem")?;
    let Shop { house, host } = shop;
    host.kill()?;
    let why = refusal(&key.waive(&house.terminal, "NOBODY", REASON)?)?;
    assert!(why.contains("There is no debt NOBODY"), "{why}");
    key.waive(&house.terminal, DEBT, REASON)?.done()?;
    assert_eq!(house.terminal.owed()?, 0);
    let shop = Shop { host: house.terminal.start()?, house };
    assert_eq!(waived(&shop)?["reason"], REASON);
    shop.close_owing(0, 0)
}

#[test]
fn a_signature_that_does_not_hold_waives_nothing() -> Result<()> {
    let (shop, key) = in_debt("operator.pem")?;
    let terminal = &shop.house.terminal;
    let stated = terminal.ask(&json!({ "do": "state-waiver", "debt": ID, "reason": REASON }))?;
    assert_eq!(stated["facts"]["debt"], DEBT, "{stated}");
    for signature in ["", "no hexadecimal", &"00".repeat(64)] {
        let waiver = json!({ "debt": DEBT, "reason": REASON, "at": stated["facts"]["at"] });
        let ask = json!({ "do": "waive", "waiver": waiver, "by": key.public, "signature": signature });
        let answer = terminal.ask(&ask)?;
        let why = answer["facts"]["error"].as_str().unwrap_or_default();
        assert!(answer["ok"] == false && why.contains("The signature does not hold"), "{answer}");
    }
    assert_eq!(terminal.owed()?, 1);
    shop.close_owing(1, 0)
}

#[test]
fn a_debt_that_was_paid_cannot_be_waived() -> Result<()> {
    let shop = Shop::open()?;
    let key = Key::new(&shop.house, "operator.pem")?;
    shop.house.terminal.configure(&format!("[operator]\nkeys = [\"{}\"]\n", key.public))?;
    let shop = shop.restart()?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as(ID, "12.34")?.outcome() == "unknown");
    shop.wait_paid()?;
    let why = refusal(&key.waive(&shop.house.terminal, ID, REASON)?)?;
    assert!(why.contains("was acknowledged by the acquirer"), "{why}");
    shop.close(0)
}

#[test]
fn where_no_key_is_configured_nobody_waives() -> Result<()> {
    let shop = Shop::open()?;
    let key = Key::new(&shop.house, "operator.pem")?;
    let why = refusal(&key.waive(&shop.house.terminal, ID, REASON)?)?;
    assert!(why.contains("acquit operator new-key") && why.contains("[operator] keys"), "{why}");
    let missing = shop.house.terminal.run(&["owed", "waive", ID, "--reason", REASON, "--key", "/nowhere/key"])?;
    assert!(refusal(&missing)?.contains("cannot read /nowhere/key"), "{}", missing.errors);
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}
