//! "It only counted the tries." A terminal kept each debt in one record and wrote the number of tries into it. The power
//! went while it wrote: the record was neither the old one nor the new, and it was the only one.
//!
//! Here a debt is tried again and again. Nothing that was written before is touched by that, not a byte; and wherever
//! the newest writing is torn, what is owed can still be read.

mod common;

use std::fs;
use std::path::PathBuf;

use acquirer::Stage;
use acquit_scenarios::{House, PATIENCE};
use anyhow::{Result, ensure};
use common::{Shop, debts};

/// What a device writes whole or not at all. Bytes.
const SECTOR_BYTES: usize = 512;
const ID: &str = "TORN1";

fn segment(house: &House) -> PathBuf {
    house.terminal.data().join("journal").join("000001.log")
}

#[test]
fn a_debt_that_is_tried_again_is_never_written_over() -> Result<()> {
    let shop = Shop::open()?;
    shop.refuse_reversal(1, "58")?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as(ID, "12.34")?.outcome() == "unknown");
    shop.until_debt(|debt| debt["standing"] == "refused" && debt["tries"] == 1)?;
    let Shop { house, host } = shop;
    host.kill()?;
    let end = usize::try_from(house.journal_end()?)?;
    let before = fs::read(segment(&house))?;

    let shop = Shop { host: house.terminal.start()?, house };
    for tries in 2..=3 {
        shop.refuse_reversal(1, "58")?;
        shop.house.terminal.sign_in()?.done()?;
        let reversal = "0400".parse().map_err(anyhow::Error::msg)?;
        shop.house.acquirer.await_stage(Stage::Answered, reversal, tries, PATIENCE)?;
        shop.until_debt(|debt| debt["standing"] == "refused" && debt["tries"] == tries)?;
    }
    let Shop { house, host } = shop;
    host.kill()?;
    let after = fs::read(segment(&house))?;
    assert_eq!(after.get(..end), before.get(..end), "what was written before was touched");

    let new_end = usize::try_from(house.journal_end()?)?;
    assert!(new_end > end + 4 * SECTOR_BYTES, "the tries were written behind it");
    for cut in (end..new_end).step_by(3 * SECTOR_BYTES) {
        let mut torn = after.clone();
        torn.iter_mut().skip(cut).for_each(|byte| *byte = 0);
        fs::write(segment(&house), &torn)?;
        let debts = debts(&house)?;
        assert_eq!((debts.len(), &debts[0]["of"]), (1, &ID.into()), "torn at {cut}: {debts:?}");
    }
    // The worst of them goes on, and the debt is paid.
    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    shop.host.wait_owed(0)?;
    assert_eq!(shop.house.merchant_total_minor()?, 0);
    shop.close(0)
}
