//! "There was nothing in it." A terminal whose file had been damaged read it as empty, greeted the cashier as a new
//! terminal would, and began at trace number 1. What it owed was in the file: nobody was ever paid back, and nobody
//! knew.
//!
//! Here bytes in the middle of the journal are flipped, the journal is taken away, and the key file is cut short. What
//! cannot be read is said; nothing is sold on top of it; and what still can be read is shown and paid.

mod common;

use std::fs;
use std::path::PathBuf;

use acquit_scenarios::House;
use anyhow::{Context, Result};
use common::{Shop, debts, received};

/// The segment every terminal begins with.
fn segment(house: &House) -> PathBuf {
    house.terminal.data().join("journal").join("000001.log")
}

/// Why a start was refused.
fn refused(house: &House) -> Result<String> {
    let answer = house.terminal.run(&["run"])?;
    assert!(!answer.ok, "{:?}", answer.lines);
    Ok(answer.errors)
}

/// A stopped terminal that sold for 5.01 and then owes a reversal of 12.34.
fn in_debt() -> Result<House> {
    let shop = Shop::open()?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.fault("0200", "close-after")?;
    shop.fault("0400", "drop-request")?;
    assert_eq!(shop.sale_as("DEBT1", "12.34")?.outcome(), "unknown");
    shop.house.acquirer.await_stage(
        acquirer::Stage::Received,
        "0400".parse().map_err(anyhow::Error::msg)?,
        1,
        acquit_scenarios::PATIENCE,
    )?;
    let Shop { house, host } = shop;
    host.kill()?;
    assert_eq!(house.terminal.owed()?, 1);
    Ok(house)
}

#[test]
fn a_damaged_journal_sells_nothing_and_pays_what_is_readable() -> Result<()> {
    let house = in_debt()?;
    let sales = received(&house, "0200").len();
    let mut bytes = fs::read(segment(&house))?;
    // Two blocks of header, then the first group: the first sign-in, long before the debt.
    for byte in bytes.iter_mut().skip(2 * 4096 + 40).take(8) {
        *byte ^= 0xff;
    }
    fs::write(segment(&house), &bytes)?;

    assert_eq!(debts(&house)?.len(), 1, "the debt is readable and shown before anything runs");
    let shown = house.terminal.run(&["journal", "show"])?;
    assert!(!shown.ok && shown.last().to_string().contains("the journal is damaged in segment 000001.log"));

    let host = house.terminal.start()?;
    let shop = Shop { house, host };
    let told = shop.house.terminal.show("en", &["sale", "7.00"])?.join("\n");
    let sentence = "The journal cannot be read in full. No new payment is taken; readable debts are still paid.";
    assert!(told.contains(sentence), "{told}");
    shop.host.wait_owed(0)?;
    assert_eq!(received(&shop.house, "0200").len(), sales, "nothing was sold");
    assert_eq!(shop.house.merchant_total_minor()?, 501, "and the debt was paid");
    let shop = shop.restart()?;
    assert!(!shop.sale("7.00")?.ok, "it is damaged after the next start, too");
    shop.close(501)
}

#[test]
fn damage_to_the_very_sale_is_no_reason_to_forget_it() -> Result<()> {
    let house = in_debt()?;
    let mut bytes = fs::read(segment(&house))?;
    let end = usize::try_from(house.journal_end()?)?;
    // The newest group: of the failed reversal.
    let group = bytes.get_mut(end - 4096..end).context("the newest block")?;
    group.iter_mut().skip(40).take(64).for_each(|byte| *byte ^= 0xff);
    fs::write(segment(&house), &bytes)?;

    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    assert_eq!(shop.house.merchant_total_minor()?, 501);
    assert_eq!(shop.house.assert_books_balance()?, 501);
    shop.close(501)
}

#[test]
fn a_journal_that_is_gone_is_not_a_new_one() -> Result<()> {
    let house = in_debt()?;
    let journal = house.terminal.data().join("journal");
    let aside = house.folder().join("aside");
    fs::rename(&journal, &aside)?;

    let why = refused(&house)?;
    assert!(why.contains("there is no journal in") && why.contains("If this terminal is new, create one"), "{why}");
    assert!(!journal.exists(), "and none was made");
    for command in ["owed", "totals", "explain"] {
        let answer = house.terminal.run(&[command])?;
        assert!(!answer.ok, "{command} has nothing to say: {:?}", answer.lines);
    }

    fs::rename(&aside, &journal)?;
    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    shop.close(501)
}

#[test]
fn a_journal_without_its_segment_is_refused() -> Result<()> {
    let house = in_debt()?;
    let aside = house.folder().join("aside");
    fs::rename(segment(&house), &aside)?;
    let why = refused(&house)?;
    assert!(why.contains("there is no journal in"), "{why}");
    fs::rename(&aside, segment(&house))?;
    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    shop.close(501)
}

#[test]
fn a_key_file_cut_short_is_refused() -> Result<()> {
    let house = in_debt()?;
    let keys = house.terminal.data().join("keys");
    let whole = fs::read(&keys)?;
    for length in [0, 7, whole.len() / 2, whole.len() - 1] {
        fs::write(&keys, whole.get(..length).context("a part")?)?;
        let why = refused(&house)?;
        assert!(why.contains("the key store cannot be opened") && why.contains("is damaged"), "{length}: {why}");
        assert_eq!(fs::read(&keys)?.len(), length, "and it was not replaced");
    }
    fs::remove_file(&keys)?;
    assert!(refused(&house)?.contains("is missing; restore it"));
    assert!(!keys.exists());

    fs::write(&keys, whole)?;
    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    shop.close(501)
}
