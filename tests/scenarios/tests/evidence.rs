//! "The terminal says so, but who says it was not written yesterday?" A shop showed its terminal's list to the acquirer,
//! and the acquirer did not believe it.
//!
//! Here the journal's holder exports one payment: a file that holds its records, proves that they are in a journal that
//! only grew, and is verified without the terminal, by this program and by another that shares nothing with it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquit_scenarios::{Answer, House, programs};
use anyhow::{Context, Result, ensure};
use common::Shop;

/// The verifier in Python, and whether it says of a file that it holds.
fn python_holds(key: &str, file: &Path) -> Result<bool> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../evidence/verify.py");
    let output = Command::new("python3").args([script, key]).arg(file).output().context("python3 is not installed")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(said.contains("holds") && output.status.success())
}

/// This program, as somebody runs it who has no terminal.
fn verify(key: &str, file: &Path) -> Result<(bool, serde_json::Value)> {
    let mut command = Command::new(programs::acquit()?);
    command.args(["--json", "--config", "/nowhere", "evidence", "verify"]).arg(file).args(["--key", key]);
    let output = command.output()?;
    Ok((output.status.success(), serde_json::from_slice(&output.stdout).context("no line of JSON")?))
}

/// Exports a payment; gives the file and the journal's public key.
fn export(house: &House, id: &str, name: &str) -> Result<(PathBuf, String)> {
    let file = house.folder().join(name);
    let answer = house.terminal.run(&["evidence", "export", id, "--out", &file.to_string_lossy()])?;
    let key = answer.done()?["journal-key"].as_str().context("no key")?.to_owned();
    let printed = house.terminal.run(&["journal", "key"])?;
    ensure!(printed.done()?["journal-key"] == key.as_str());
    Ok((file, key))
}

fn refused(answer: &Answer) -> String {
    format!("{} {}", answer.last(), answer.errors)
}

#[test]
fn a_payment_is_proven_to_others_without_a_secret() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as("A1", "12.34")?.outcome() == "unknown");
    shop.wait_paid()?;
    ensure!(shop.sale_as("A2", "5.01")?.outcome() == "approved");

    // Of a terminal that runs, twice, so that the second has an earlier state to grow from; and of one that does not.
    let (first, key) = export(&shop.house, "A1", "first")?;
    let (second, _) = export(&shop.house, "A1R", "second")?;
    let Shop { house, host } = shop;
    host.kill()?;
    let (third, again) = export(&house, "A2", "third")?;
    assert_eq!(again, key, "a journal keeps its key");

    for (file, id, story) in [
        (&first, "A1", "took the reversal (00)"),
        (&second, "A1", "took the reversal (00)"),
        (&third, "A2", "Concluded: approved, CNY 5.01"),
    ] {
        let (holds, facts) = verify(&key, file)?;
        assert!(holds && facts["holds"] == true, "{facts}");
        assert_eq!((&facts["transaction"], &facts["story-follows"]), (&id.into(), &true.into()), "{facts}");
        assert!(facts["story"]["en"].to_string().contains(story), "{facts}");
        assert!(facts["story"]["zh"].to_string().contains("交易标识"), "{facts}");
        assert!(facts["entries"].as_array().is_some_and(|entries| entries.len() >= 4), "{facts}");
        assert!(python_holds(&key, file)?, "Python does not agree");
        ensure!(house.secrets().find(&fs::read(file)?).is_none(), "a secret is in {}", file.display());
    }
    let (_, facts) = verify(&key, &second)?;
    assert!(facts["earlier"].as_array().is_some_and(|earlier| !earlier.is_empty()), "{facts}");
    assert_eq!(house.terminal.owed()?, 0);
    Ok(())
}

#[test]
fn a_file_that_was_touched_and_a_key_of_another_are_refused() -> Result<()> {
    let shop = Shop::open()?;
    ensure!(shop.sale_as("A1", "5.01")?.outcome() == "approved");
    let (file, key) = export(&shop.house, "A1", "evidence")?;
    let text = fs::read_to_string(&file)?;
    let touched = house_file(&shop.house, "touched");
    for (from, to) in
        [("5.01", "9.01"), ("\"record\": \"03", "\"record\": \"02"), ("\"sequence\": ", "\"sequence\": 1")]
    {
        ensure!(text.contains(from), "{from} is not in it");
        fs::write(&touched, text.replacen(from, to, 1))?;
        let (holds, facts) = verify(&key, &touched)?;
        assert!(!holds && facts["holds"] == false && facts["error"].is_string(), "{from}: {facts}");
        assert!(!python_holds(&key, &touched)?, "{from}");
    }
    let other = House::new()?;
    let foreign = other.terminal.run(&["journal", "key"])?;
    let foreign = foreign.done()?["journal-key"].as_str().context("no key")?.to_owned();
    let (holds, facts) = verify(&foreign, &file)?;
    assert!(!holds && facts["check"] == "checkpoint", "{facts}");
    assert!(!python_holds(&foreign, &file)?);

    let again = shop.house.terminal.run(&["evidence", "export", "A1", "--out", &file.to_string_lossy()])?;
    assert!(!again.ok && again.errors.contains("cannot make"), "{}", refused(&again));
    assert_eq!(fs::read_to_string(&file)?, text, "it was not overwritten");
    let nobody = shop.house.terminal.run(&["evidence", "export", "NOBODY"])?;
    assert!(!nobody.ok && refused(&nobody).contains("There is no transaction NOBODY"), "{}", refused(&nobody));
    shop.close(501)
}

fn house_file(house: &House, name: &str) -> PathBuf {
    house.folder().join(name)
}
