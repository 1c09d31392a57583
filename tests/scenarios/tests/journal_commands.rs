//! What `acquit journal` shows of a terminal that has traded, and that it finds the one thing that was changed.

mod common;

use std::collections::BTreeSet;
use std::fs;

use acquit_scenarios::{Answer, House};
use anyhow::{Context, Result, ensure};
use common::Shop;
use serde_json::Value;

/// A stopped terminal: a sale that was taken, one that was declined, and one that is owed, known as OWED1.
fn traded() -> Result<House> {
    let shop = Shop::open()?;
    ensure!(shop.sale_as("TAKEN1", "5.01")?.outcome() == "approved");
    ensure!(shop.sale_as("NO1", "51.00")?.outcome() == "declined");
    shop.refuse_reversal(1, "58")?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as("OWED1", "12.34")?.outcome() == "unknown");
    shop.until_debt(|debt| debt["standing"] == "refused")?;
    let Shop { house, host } = shop;
    host.kill()?;
    Ok(house)
}

/// What the records of an answer are about.
fn subjects(answer: &Answer) -> BTreeSet<String> {
    answer.lines.iter().filter_map(|line| line["transaction"].as_str().map(str::to_owned)).collect()
}

fn journal(house: &House, arguments: &[&str]) -> Result<Answer> {
    house.terminal.run(&[&["journal"], arguments].concat())
}

/// The last segment's file.
fn segment(house: &House) -> Result<std::path::PathBuf> {
    let files = fs::read_dir(house.terminal.data().join("journal"))?.flatten().map(|entry| entry.path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.max().context("no segment")
}

#[test]
fn records_are_found_by_transaction_state_batch_and_time() -> Result<()> {
    let house = traded()?;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let all = journal(&house, &["show"])?;
    all.done()?;
    for (filter, found) in [
        (["--transaction", "OWED1"], names(&["OWED1", "OWED1R"])),
        (["--transaction", "OWED1R"], names(&["OWED1", "OWED1R"])),
        (["--state", "owed"], names(&["OWED1", "OWED1R"])),
        (["--state", "refused"], names(&["OWED1", "OWED1R"])),
        (["--state", "declined"], names(&["NO1"])),
        (["--state", "approved"], names(&["TAKEN1"])),
        (["--state", "waived"], names(&[])),
        (["--batch", "000042"], names(&["TAKEN1", "NO1", "OWED1", "OWED1R"])),
        (["--batch", "000043"], names(&[])),
        (["--acquirer", "nobody"], names(&[])),
        (["--until", "2020-01-01"], names(&[])),
        (["--since", "2020-01-01 00:00:00 +08:00"], subjects(&all)),
    ] {
        let shown = journal(&house, &[&["show"], filter.as_slice()].concat())?;
        assert!(shown.ok, "{filter:?}: {}", shown.errors);
        assert_eq!(subjects(&shown), found, "{filter:?}");
        let file = house.folder().join("export.jsonl");
        let out = file.to_string_lossy().into_owned();
        journal(&house, &[&["export", "--out", &out], filter.as_slice()].concat())?.done()?;
        let exported = fs::read_to_string(&file)?;
        let lines = exported.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        assert_eq!(lines, shown.lines, "{filter:?} exported");
        ensure!(house.secrets().find(exported.as_bytes()).is_none());
        fs::remove_file(&file)?;
    }
    let wrong = journal(&house, &["show", "--since", "yesterday"])?;
    assert!(!wrong.ok && wrong.errors.contains("write 2026-11-22"), "{}", wrong.errors);
    Ok(())
}

#[test]
fn the_newest_records_are_shown_and_those_to_come() -> Result<()> {
    let house = traded()?;
    let all = journal(&house, &["show"])?.lines;
    let newest = journal(&house, &["tail", "--no-follow", "-n", "3"])?;
    assert_eq!(newest.done().map(|_| newest.lines.clone())?, all[all.len() - 3..]);

    let host = house.terminal.start()?;
    let tail = house.terminal.begin(&["journal", "tail", "-n", "1"])?;
    tail.next_line()?.context("the newest record")?;
    house.terminal.sign_in()?.done()?;
    loop {
        let line: Value = serde_json::from_str(&tail.next_line()?.context("the tail ended")?)?;
        if line["record"]["fact"]["Concluded"]["outcome"] == "Done" {
            break;
        }
    }
    tail.kill()?;
    host.kill()?;
    Ok(())
}

#[test]
fn a_whole_journal_is_called_whole_and_a_changed_one_is_not() -> Result<()> {
    let house = traded()?;
    let verified = journal(&house, &["verify"])?;
    let facts = verified.done()?.clone();
    assert_eq!((&facts["whole"], &facts["contents-read"]), (&true.into(), &true.into()));
    assert!(facts["entries"].as_u64() > Some(10), "{facts}");

    // Without its key the structure, the chain and the tree are checked all the same.
    let key = house.terminal.data().join("journal-key");
    let aside = house.folder().join("aside");
    fs::rename(&key, &aside)?;
    let without = journal(&house, &["verify"])?;
    assert_eq!(
        (without.done()?["root"].clone(), &without.done()?["contents-read"]),
        (facts["root"].clone(), &false.into())
    );
    let told = house.terminal.show("en", &["journal", "verify"])?.join("\n");
    assert!(told.contains("The journal's key is missing"), "{told}");
    let refused = house.terminal.run(&["run"])?;
    assert!(!refused.ok && refused.errors.contains("is missing"), "{}", refused.errors);
    assert!(!key.exists(), "no new key was made for what another has encrypted");
    fs::rename(&aside, &key)?;

    // One bit, anywhere in what was written.
    let file = segment(&house)?;
    let bytes = fs::read(&file)?;
    let end = bytes.iter().rposition(|byte| *byte != 0).context("an empty segment")?;
    for from in [2 * 4096 + 100, (2 * 4096 + end) / 2, end - 100] {
        // Between groups there are zeros that say nothing.
        let place = (from..end).find(|place| bytes.get(*place).is_some_and(|byte| *byte != 0)).context("zeros")?;
        let mut changed = bytes.clone();
        *changed.get_mut(place).context("outside")? ^= 0x10;
        fs::write(&file, &changed)?;
        let found = journal(&house, &["verify"])?;
        let facts = found.last();
        assert!(!found.ok && facts["whole"] == false, "at {place}: {facts}");
        assert_eq!(facts["segment"], 1, "at {place}: {facts}");
        let offset = facts["offset"].as_u64().context("no offset")?;
        assert!(offset <= place as u64 && facts["sequence"].is_u64(), "at {place}: {facts}");
    }
    fs::write(&file, &bytes)?;
    journal(&house, &["verify"])?.done()?;
    Ok(())
}

#[test]
fn how_large_it_is_is_counted() -> Result<()> {
    let house = traded()?;
    let answer = journal(&house, &["stats", "--payments-a-day", "1000"])?;
    let facts = answer.done()?;
    assert_eq!((&facts["segments"], &facts["spares"], &facts["payments"]), (&1.into(), &2.into(), &3.into()));
    assert_eq!((&facts["owed"], &facts["open-debts"]), (&1.into(), &1.into()));
    assert_eq!(facts["disk-bytes"].as_u64().map(|bytes| bytes >= 3 * (4 << 20)), Some(true), "{facts}");
    assert!(facts["bytes-a-payment"].as_u64() >= Some(8192) && facts["days-left"].is_u64(), "{facts}");
    Ok(())
}

#[test]
fn an_anchor_knows_an_older_state_of_the_whole_data_folder() -> Result<()> {
    let house = House::new()?;
    // The anchor is configured before the journal is made: so it is made with it.
    let anchor = house.folder().join("anchor");
    let fresh = acquit_scenarios::Terminal::create(
        &house.folder().join("second"),
        &house.setup_with(&format!("[journal]\nanchor = {anchor:?}\ncheckpoint-every = 1\n")),
        &house.transcript,
    )?;
    let host = fresh.start()?;
    fresh.sign_in()?.done()?;
    host.kill()?;
    let old = house.folder().join("old");
    copy(&fresh.data().join("journal"), &old)?;
    let host = fresh.start()?;
    ensure!(fresh.sale("5.01")?.outcome() == "approved");
    let evidence = house.folder().join("evidence");
    fresh.run(&["evidence", "export", "--out", &evidence.to_string_lossy(), &newest(&fresh)?])?.done()?;
    host.kill()?;
    fresh.run(&["journal", "verify"])?.done()?;

    fs::remove_dir_all(fresh.data().join("journal"))?;
    copy(&old, &fresh.data().join("journal"))?;
    let found = fresh.run(&["journal", "verify"])?;
    let why = found.last()["error"].as_str().unwrap_or_default();
    assert!(!found.ok && why.contains("anchor"), "{}", found.last());
    Ok(())
}

#[test]
fn an_anchor_is_made_for_a_journal_that_had_none() -> Result<()> {
    let house = traded()?;
    let anchor = house.folder().join("anchor");
    let none = journal(&house, &["anchor"])?;
    assert!(!none.ok && none.errors.contains("no anchor is configured"), "{}", none.errors);
    house.terminal.configure(&format!("[journal]\nanchor = {anchor:?}\n"))?;
    let refused = house.terminal.run(&["run"])?;
    assert!(!refused.ok && !anchor.exists(), "an anchor that was taken away is not made anew: {}", refused.errors);
    let made = journal(&house, &["anchor"])?;
    assert!(made.done()?["entries"].as_u64() > Some(10), "{}", made.last());
    let again = journal(&house, &["anchor"])?;
    assert!(!again.ok, "it was replaced");
    house.terminal.start()?.kill()?;
    assert_eq!(journal(&house, &["verify"])?.done()?["anchors"], 1);
    Ok(())
}

/// The newest payment's name.
fn newest(terminal: &acquit_scenarios::Terminal) -> Result<String> {
    let told = terminal.run(&["explain"])?;
    told.done()?["transaction"].as_str().map(str::to_owned).context("no transaction")
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
