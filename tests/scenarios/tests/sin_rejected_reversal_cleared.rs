//! "It was answered, so it is done." A terminal cleared a reversal when any answer to it came, and the answer was a
//! refusal. The customer stayed charged for a payment the terminal had shown as failed, and no list had it any more.
//!
//! Here the acquirer refuses a reversal again and again. After each refusal it is still owed, still shown, still told
//! by `explain`, and so it is after a restart; it ends only when the acquirer takes it.

mod common;

use acquirer::Stage;
use acquit_scenarios::PATIENCE;
use anyhow::Result;
use common::Shop;

/// How often the acquirer says no.
const REFUSALS: u64 = 4;
const ID: &str = "REFUSED1";

/// Still owed, by every account.
fn assert_owed(shop: &Shop, code: &str) -> Result<()> {
    let debts = shop.debts()?;
    assert_eq!(debts.len(), 1, "{debts:?}");
    assert_eq!((&debts[0]["of"], &debts[0]["standing"]), (&ID.into(), &"refused".into()));
    assert_eq!(shop.house.terminal.owed()?, 1);
    let shown = shop.house.terminal.show("en", &["owed"])?.join("\n");
    assert!(shown.contains(&format!("refused by the acquirer ({code}), still owed")), "{shown}");
    let story = shop.story(ID)?;
    let sentence = format!("it refused the reversal of CNY 12.34 ({code}). It stays owed.");
    assert!(story.contains(&sentence) && !story.contains("Nothing is owed any more"), "{story}");
    assert_eq!(shop.house.merchant_total_minor()?, 1234, "the customer is still charged");
    assert_eq!(shop.house.terminal.total_minor()?, 0, "the terminal does not count it as taken");
    Ok(())
}

#[test]
fn a_reversal_refused_again_and_again_stays_owed() -> Result<()> {
    let mut shop = Shop::open()?;
    let codes = ["58", "96", "30", "05"];
    for (nth, code) in (1..).zip(codes) {
        shop.refuse_reversal(nth, code)?;
    }
    shop.fault("0200", "close-after")?;
    assert_eq!(shop.sale_as(ID, "12.34")?.outcome(), "unknown");
    let reversal = || "0400".parse().map_err(anyhow::Error::msg);
    for (count, code) in (1..=REFUSALS).zip(codes) {
        // The first is sent by itself; each later one at a sign-in.
        if count > 1 {
            shop.house.terminal.sign_in()?.done()?;
        }
        shop.house.acquirer.await_stage(Stage::Answered, reversal()?, count, PATIENCE)?;
        shop.until_debt(|debt| debt["standing"] == "refused" && debt["tries"] == count)?;
        assert_owed(&shop, code)?;
        shop = shop.restart()?;
        assert_owed(&shop, code)?;
        assert_eq!(shop.received("0400").len() as u64, count, "a start alone sends it no more often");
    }
    shop.house.terminal.sign_in()?.done()?;
    shop.wait_screen("owed: 0")?;
    let story = shop.story(ID)?;
    assert!(story.contains("unionpay took the reversal (00). Nothing is owed any more."), "{story}");
    shop.close(0)
}
