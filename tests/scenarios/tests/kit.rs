//! What an acquirer's engineer does with a plugin and no source of the host: looks at it, lets it trade, asks it again,
//! and has it judged.

mod common;

use std::fs;
use std::path::PathBuf;

use acquit_scenarios::House;
use acquit_scenarios::programs::plugin;
use anyhow::{Context, Result, ensure};
use common::Shop;
use serde_json::Value;

/// A shop whose terminal writes down what its plugin is asked.
fn recorded() -> Result<(Shop, PathBuf)> {
    let Shop { house, host } = Shop::impatient()?;
    host.kill()?;
    let calls = house.terminal.folder().join("calls.jsonl");
    let host = house.terminal.start_recording(&calls)?;
    Ok((Shop { house, host }, calls))
}

/// Every list of numbers in a line of JSON, as bytes; and every text.
fn bytes_in(value: &Value, found: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            let bytes: Option<Vec<u8>> = items.iter().map(|item| u8::try_from(item.as_u64()?).ok()).collect();
            match bytes {
                Some(bytes) => found.extend(bytes),
                None => items.iter().for_each(|item| bytes_in(item, found)),
            }
            found.push(0);
        }
        Value::Object(fields) => fields.values().for_each(|field| bytes_in(field, found)),
        Value::String(text) => found.extend(text.as_bytes()),
        _ => {}
    }
}

fn assert_holds_no_secret(house: &House, calls: &str) -> Result<()> {
    for line in calls.lines() {
        let mut bytes = line.as_bytes().to_vec();
        bytes_in(&serde_json::from_str(line)?, &mut bytes);
        let found = house.secrets().find(&bytes);
        ensure!(found.is_none(), "in a recorded call: {}", found.context("nothing")?);
    }
    Ok(())
}

/// A day with an approval, a decline, a lost answer, a void and a settlement: what was recorded holds no card number, is
/// answered again alike, and breaks no law.
#[test]
fn a_plugin_that_traded_is_asked_again_and_judged() -> Result<()> {
    let (shop, calls) = recorded()?;
    let terminal = &shop.house.terminal;
    let first = shop.sale_as("A1", "5.01")?;
    ensure!(first.outcome() == "approved", "{} {}", first.last(), first.errors);
    shop.fault_at("0200", 1, acquirer::Fault::named("refuse-code", None, Some("51".parse()?))?)?;
    ensure!(shop.sale_as("A2", "6.01")?.outcome() == "declined");
    shop.fault("0200", "drop-reply")?;
    ensure!(shop.sale_as("A3", "7.01")?.outcome() == "unknown");
    shop.wait_screen("owed: 0")?;
    terminal.run(&["void", "--of", "A1"])?.done()?;
    ensure!(shop.sale_as("A4", "8.02")?.outcome() == "approved");
    terminal.run(&["settle"])?.done()?;

    let text = fs::read_to_string(&calls)?;
    ensure!(text.lines().count() > 12, "{} calls", text.lines().count());
    assert_holds_no_secret(&shop.house, &text)?;

    let artefact = plugin("unionpay")?.to_string_lossy().into_owned();
    let calls = calls.to_string_lossy().into_owned();
    let again = terminal.run(&["plugin", "replay", &calls, "--plugin", &artefact])?;
    ensure!(again.done()?["difference"].is_null(), "{}", again.last());

    // The journal alone, without the recording: all that went out, and each end that was the plugin's word.
    let journal = terminal.run(&["plugin", "replay", "--plugin", &artefact])?;
    let facts = journal.done()?;
    ensure!(facts["difference"].is_null() && facts["calls"].as_u64() >= Some(8), "{}", journal.last());
    let other = plugin("starter")?.to_string_lossy().into_owned();
    let other = terminal.run(&["plugin", "replay", "--plugin", &other])?;
    let difference = &other.last()["difference"];
    ensure!(difference["asked"] == "start SignIn" && difference["is"].is_string(), "{}", other.last());

    // A terminal of another merchant would have sent another message.
    let file = terminal.folder().join("terminal.toml");
    let configuration = fs::read_to_string(&file)?;
    fs::write(&file, configuration.replace("309310083985008", "309310083985009"))?;
    let moved = terminal.run(&["plugin", "replay", "--plugin", &artefact])?;
    ensure!(
        moved.last()["difference"]["place"].as_str().is_some_and(|at| at.starts_with("send.remedy")),
        "{}",
        moved.last()
    );
    fs::write(&file, configuration)?;

    let arguments = ["plugin", "certify", &artefact, "--calls", &calls, "--variations", "20"];
    let set = ["--set", "terminal=50080001", "--set", "merchant=309310083985008", "--set", "tpdu=6000000000"];
    // Every code of class A.
    let approves = ["--approves", "00,10,11,A2,A4,A5,A6"];
    let judged = terminal.run(&[&arguments[..], &set[..], &approves[..]].concat())?;
    let report: Value = serde_json::from_str(judged.last()["report"].as_str().context("no report")?)?;
    // Whoever reads the report sees each message, and no card number in it.
    let told = report["transcript"].as_array().context("no transcript")?;
    let sale = told.iter().find(|call| call["asked"] == "start Sale").context("no sale")?;
    ensure!(sale["sent"].as_str().is_some_and(|sent| sent.contains("<PIN block under")), "{sale}");
    ensure!(sale["fuel"].as_u64() > Some(10_000), "{sale}");
    let heard = |call: &Value| call["heard"]["fields"].as_array().is_some_and(|fields| fields.len() > 8);
    ensure!(told.iter().any(|call| call["asked"] == "resume Sale" && heard(call)), "{told:?}");
    assert_holds_no_secret(&shop.house, &report.to_string())?;
    for verdict in report["verdicts"].as_array().context("no verdicts")? {
        ensure!(verdict["broken"] == 0, "{verdict}");
        let is_tried = verdict["tried"].as_u64() > Some(0);
        let marks_nothing = verdict["law"] == "repeats-the-same";
        ensure!(is_tried || marks_nothing, "{verdict}");
    }
    judged.done()?;
    shop.close(802)
}

/// What a plugin is, by its artefact alone; an operation that would not begin says why.
#[test]
fn an_artefact_says_what_it_is_and_what_it_costs() -> Result<()> {
    let shop = Shop::open()?;
    let terminal = &shop.house.terminal;
    let artefact = plugin("unionpay")?.to_string_lossy().into_owned();
    let bare = terminal.run(&["plugin", "inspect", &artefact])?;
    let cost = |facts: &Value, name: &str| -> Result<Value> {
        let operations = facts["operations"].as_array().context("no operations")?;
        let found = operations.iter().find(|operation| operation["operation"] == name);
        Ok(found.with_context(|| format!("no {name}"))?["cost"].clone())
    };
    ensure!(cost(bare.done()?, "Sale")?["refused"].is_string(), "{}", bare.last());
    let set = ["--set", "terminal=50080001", "--set", "merchant=309310083985008", "--set", "tpdu=6000000000"];
    let whole = terminal.run(&[&["plugin", "inspect", artefact.as_str()][..], &set[..]].concat())?;
    ensure!(cost(whole.done()?, "Sale")?["measured"]["fuel"].as_u64() > Some(1_000), "{}", whole.last());
    let lines = terminal.show("en", &["plugin", "inspect", &artefact])?;
    ensure!(lines[0].starts_with("unionpay ") && lines[0].ends_with("imports nothing"), "{lines:?}");
    ensure!(lines[1].starts_with("exports ") && lines[1].contains("acquit:terminal/retry-policy@0.1.0"), "{lines:?}");
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(501)
}
