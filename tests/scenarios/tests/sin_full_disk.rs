//! "The disk was full, so it made room." A terminal whose log had grown over its limit deleted the log, debts and all, and
//! went on selling.
//!
//! Here the journal lies on a file system that is too small for another segment. Sales end while there is still space
//! for what is owed: nothing of the refused sale is sent, debts are paid all the same, and no file is deleted.

mod common;

use acquit_scenarios::House;
use anyhow::{Result, ensure};
use common::{Shop, received};

/// Small segments, so that one is full after a few dozen sales. Bytes.
const SEGMENT_BYTES: u64 = 256 << 10;
/// Space for one segment and a half. Bytes.
const DISK_BYTES: u64 = SEGMENT_BYTES / 2 * 3;
/// More sales than a segment can hold.
const SALES_MAX: usize = 64;

#[test]
fn sales_end_before_the_space_for_debts_does() -> Result<()> {
    let house = House::with(|_| {}, |setup| setup.suffers = vec![("ACQUIT_SEGMENT_BYTES", SEGMENT_BYTES.to_string())])?;
    for spare in ["spare-1", "spare-2"] {
        std::fs::remove_file(house.terminal.data().join("journal").join(spare))?;
    }
    let Some(host) = house.start_with_journal_of(DISK_BYTES)? else {
        eprintln!("this system lets nobody mount a file system of his own: not tested");
        return Ok(());
    };
    house.terminal.sign_in()?.done()?;
    let shop = Shop { house, host };
    shop.refuse_reversal(1, "58")?;
    shop.fault("0200", "close-after")?;
    ensure!(shop.sale_as("OWED1", "12.34")?.outcome() == "unknown");
    shop.until_debt(|debt| debt["standing"] == "refused")?;

    let mut sold = 0;
    let refused = loop {
        let answer = shop.sale("1.00")?;
        match answer.outcome() {
            "approved" => sold += 1,
            _ => break answer,
        }
        ensure!(sold < SALES_MAX, "a full disk refused nothing");
    };
    assert_eq!(refused.outcome(), "not-sent", "{}", refused.last());
    assert!(sold > 5, "only {sold} were sold");
    assert_eq!(received(&shop.house, "0200").len(), sold + 1, "nothing of the refused sale was sent");
    let told = shop.house.terminal.show("en", &["sale", "1.00"])?.join("\n");
    assert!(told.contains("nearly full. Nothing was sent.") && told.contains("debts, which are still paid"), "{told}");
    let told = shop.house.terminal.show("zh", &["sale", "1.00"])?.join("\n");
    assert!(told.contains("交易未发出"), "{told}");

    // What is owed is paid, and a sign-in is written down: that is what the space was kept for.
    shop.house.terminal.sign_in()?.done()?;
    shop.wait_screen("owed: 0")?;
    assert_eq!(shop.house.merchant_total_minor()?, 100 * i64::try_from(sold)?);
    assert_eq!(shop.house.terminal.total_minor()?, 100 * i64::try_from(sold)?);
    assert_eq!(shop.sale("1.00")?.outcome(), "not-sent", "there is no more space than before");
    shop.host.kill()?;
    Ok(())
}
