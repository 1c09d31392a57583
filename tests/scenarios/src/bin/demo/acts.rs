//! The steps up to the books, each checked as it is shown.

use acquirer::crypto::Key;
use acquit_scenarios::{Answer, Seen, Terminal};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::page::{Page, money};
use crate::stage::Stage;
use crate::words::{Language, words};

/// A payment the cash register asks for.
pub struct Payment {
    /// The register's identity for it.
    pub identity: &'static str,
    /// As a cashier types it.
    pub amount: &'static str,
    /// The same in minor units.
    pub minor: i64,
}

/// Goes well.
pub const APPROVED: Payment = Payment { identity: "DEMO1", amount: "12.34", minor: 1234 };
/// The acquirer's table answers this amount with 51, insufficient funds.
pub const DECLINED: Payment = Payment { identity: "DEMO2", amount: "51.00", minor: 5100 };
/// Its reply is lost.
pub const LOST: Payment = Payment { identity: "DEMO3", amount: "88.00", minor: 8800 };

/// DE60 of a message that manages the terminal: type 2, batch 6.
const BATCH: std::ops::Range<usize> = 2..8;

/// Work keys downloaded under the terminal master key, check values verified, the acquirer's batch adopted.
pub fn sign_in(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("sign-in");
    page.heading(words("签到", "Sign-in"));
    let answer = stage.terminal.sign_in()?;
    answer.done()?;
    let journal = stage.terminal.journal()?;
    let fact = |name: &str| journal.iter().find(|record| record["fact"] == name).context("the journal lacks a record");
    let installed = &fact("keys-installed")?["record"]["fact"]["KeysInstalled"]["keys"];
    let keys = installed.as_array().into_iter().flatten().map(|key| verified(key, &stage.master_key));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    ensure!(keys.len() == 2, "{} work keys were installed, not two", keys.len());
    let adopted = &fact("remembered")?["record"]["fact"]["Remembered"]["value"];
    let adopted = String::from_utf8_lossy(&bytes(adopted)).into_owned();
    let messages = stage.acquirer.order(&json!({ "do": "messages" }))?;
    let asked = messages["messages"][0]["fields"]["60"].as_str().and_then(|field| field.get(BATCH));
    let asked = asked.context("the sign-in names no batch")?.to_owned();
    ensure!(asked != adopted, "the batch did not change");

    for (name, check_value) in &keys {
        let name = match name.as_str() {
            "pik" => words("密码密钥", "PIN key"),
            _ => words("MAC 密钥", "MAC key"),
        };
        let held = words("校验值一致", "check value verified").all(page.languages());
        page.fact(name, &format!("{check_value}  {held}"));
    }
    page.fact(words("批次号", "batch"), &format!("{asked} -> {adopted}"));
    let keys: Vec<Value> =
        keys.iter().map(|(name, check)| json!({ "key": name, "check_value": check, "verified": true })).collect();
    page.facts("sign-in", json!({ "keys": keys, "batch_before": asked, "batch_after": adopted }));
    Ok(())
}

/// A sale approved, and its receipt.
pub fn sale(stage: &Stage, page: &mut Page) -> Result<()> {
    page.progress("a sale");
    page.heading(words("消费，成功", "A sale, approved"));
    let answer = pay(&stage.terminal, &APPROVED)?;
    ensure!(answer.outcome() == "approved", "the sale ended {}: {}", answer.outcome(), answer.last());
    page.beside(&in_each_language(stage, page, &APPROVED)?);
    page.facts("sale", answer.last().clone());
    Ok(())
}

/// A decline: the reason, the sentence for the customer, the next step for the cashier.
pub fn decline(stage: &Stage, page: &mut Page) -> Result<()> {
    page.progress("a decline");
    page.heading(words("消费，被拒绝", "A sale, declined"));
    let answer = pay(&stage.terminal, &DECLINED)?;
    ensure!(answer.outcome() == "declined", "the sale ended {}: {}", answer.outcome(), answer.last());
    for said in in_each_language(stage, page, &DECLINED)? {
        page.block(&said);
    }
    let mut facts = answer.last().clone();
    for language in page.languages() {
        facts[language.word()] = reason(stage, *language)?;
    }
    page.facts("decline", facts);
    Ok(())
}

/// A sale whose reply is lost, and the host killed after the acquirer took the money.
pub fn lost_reply(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("a sale whose reply is lost; the host is killed");
    page.heading(words("应答丢失，主机断电", "A reply is lost, the plug is pulled"));
    stage.acquirer.order(&json!({ "do": "fault", "on": "0200", "fault": "drop-reply" }))?;
    let sale = stage.terminal.begin(&["sale", LOST.amount, "--id", LOST.identity])?;
    stage.acquirer.wait_for("0200", 3)?;
    let host = stage.host.take().context("no host runs")?;
    let killed = host.id();
    host.kill()?;
    let answer = Terminal::answer(sale)?;
    ensure!(!answer.ok, "a sale without a reply was answered: {}", answer.last());
    let sum = stage.acquirer.order(&json!({ "do": "sum", "terminal": acquit_scenarios::TERMINAL }))?;
    let taken = sum["merchant_total_minor"].as_i64().context("no sum")?;
    ensure!(taken == APPROVED.minor + LOST.minor, "the acquirer did not take the money: {taken}");
    let owed = stage.terminal.owed()?;
    ensure!(owed == 1, "{owed} owed after the kill, not one");

    page.fact(words("主机", "host"), &format!("SIGKILL, {killed}"));
    page.fact(words("收单机构已扣款", "the acquirer took"), &money(taken - APPROVED.minor));
    page.gap();
    for language in page.languages() {
        page.block(&stage.terminal.show(language.word(), &["owed"])?);
    }
    page.facts(
        "lost-reply",
        json!({ "transaction": LOST.identity, "killed": killed, "acquirer_minor": taken, "owed": owed, "sale": answer.last() }),
    );
    Ok(())
}

/// The host starts again: owed 1, the reversal sent and acknowledged, owed 0, and the story of it.
pub fn recovery(stage: &mut Stage, page: &mut Page) -> Result<()> {
    page.progress("the host starts again and pays what it owes");
    page.heading(words("重新启动，冲正", "The host starts again and reverses"));
    let host = stage.terminal.start()?;
    let owed_at_start = host.owed_at_start();
    ensure!(owed_at_start == 1, "the host starts with {owed_at_start} owed, not one");
    page.fact(words("启动时", "at the start"), &format!("owed: {owed_at_start}"));
    stage.acquirer.wait_for("0400", 1)?;
    page.fact(words("冲正", "reversal"), "0400, 0410");
    if host.wait_owed(0)? == Seen::Gone {
        bail!("the host ended before its debt was paid");
    }
    stage.host = Some(host);
    let owed = stage.terminal.owed()?;
    ensure!(owed == 0, "{owed} still owed");
    page.fact(words("现在", "now"), &format!("owed: {owed}"));
    for language in page.languages() {
        page.gap();
        page.block(&stage.terminal.show(language.word(), &["explain", LOST.identity])?);
    }
    let story = stage.terminal.run(&["explain", LOST.identity])?;
    page.facts("recovery", json!({ "owed_at_start": owed_at_start, "owed": owed, "story": story.done()? }));
    Ok(())
}

fn pay(terminal: &Terminal, payment: &Payment) -> Result<Answer> {
    terminal.run(&["sale", payment.amount, "--id", payment.identity])
}

/// What the cashier is told, in every language of the page: the same identity asked again pays nothing again and is
/// told the same.
fn in_each_language(stage: &Stage, page: &Page, payment: &Payment) -> Result<Vec<Vec<String>>> {
    let order = ["sale", payment.amount, "--id", payment.identity];
    let say = |language: &Language| stage.terminal.show(language.word(), &order);
    page.languages().iter().map(say).collect()
}

/// Why the decline, in one language.
fn reason(stage: &Stage, language: Language) -> Result<Value> {
    let order = ["--lang", language.word(), "sale", DECLINED.amount, "--id", DECLINED.identity];
    let answer = stage.terminal.run(&order)?;
    let fact = |name: &str| answer.last()[name].clone();
    Ok(json!({ "reason": fact("reason-text"), "customer": fact("customer"), "cashier": fact("cashier") }))
}

/// A work key's name and check value, computed again from the block that was downloaded.
fn verified(installed: &Value, master: &Key) -> Result<(String, String)> {
    let name = installed["name"].as_str().unwrap_or_default().to_owned();
    let clear = Key::from_bytes(&master.decipher(&bytes(&installed["block"]))).context("a key of another length")?;
    let said = bytes(&installed["check_value"]);
    ensure!(clear.check_value().as_slice() == said, "{name}: its check value does not hold");
    Ok((name, hex::encode_upper(said)))
}

fn bytes(numbers: &Value) -> Vec<u8> {
    let numbers = numbers.as_array().into_iter().flatten();
    numbers.filter_map(|number| u8::try_from(number.as_u64()?).ok()).collect()
}
