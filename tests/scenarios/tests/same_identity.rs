//! The same identity never pays twice: whoever asks again, whenever and however often, is told what became of the
//! first, and the acquirer never sees a second request.

mod common;

use acquit_scenarios::{Answer, Terminal};
use anyhow::Result;
use common::{Shop, received};

/// The amount and identity of every sale here.
const AMOUNT: &str = "12.34";
const AMOUNT_MINOR: i64 = 1234;
const ID: &str = "ORDER77";

/// The acquirer saw this many sales.
fn assert_sales(shop: &Shop, count: usize) {
    assert_eq!(received(&shop.house, "0200").len(), count, "requests at the acquirer");
}

#[test]
fn after_an_approval() -> Result<()> {
    let shop = Shop::open()?;
    let first = shop.sale_as(ID, AMOUNT)?;
    assert_eq!(first.outcome(), "approved");
    for _ in 0..2 {
        let again = shop.sale_as(ID, AMOUNT)?;
        assert_eq!(
            (again.outcome(), again.last()),
            ("approved", first.last()),
            "the same answer, authorisation and all"
        );
    }
    assert_sales(&shop, 1);
    shop.close(AMOUNT_MINOR)
}

#[test]
fn after_a_decline() -> Result<()> {
    let shop = Shop::open()?;
    // 51.00 is an amount the acquirer answers with 51, not enough money.
    let first = shop.sale_as(ID, "51.00")?;
    assert_eq!((first.outcome(), first.ok), ("declined", false));
    let again = shop.sale_as(ID, "51.00")?;
    assert_eq!(again.last(), first.last());
    assert_sales(&shop, 1);
    shop.close(0)
}

#[test]
fn after_an_unknown_outcome_and_its_reversal() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    assert_eq!(shop.sale_as(ID, AMOUNT)?.outcome(), "unknown");
    shop.wait_paid()?;
    let again = shop.sale_as(ID, AMOUNT)?;
    assert_eq!(again.outcome(), "unknown", "never declined, and never tried again under this name");
    assert_eq!(again.last()["charged"], "taken-back");
    let told = shop.house.terminal.show("en", &["sale", AMOUNT, "--id", ID])?.join("\n");
    assert!(told.contains("The earlier try is undone. The customer may pay again."), "{told}");
    assert_sales(&shop, 1);
    shop.close(0)
}

#[test]
fn twice_at_once() -> Result<()> {
    let shop = Shop::open()?;
    let arguments = ["sale", AMOUNT, "--id", ID];
    let both = [shop.house.terminal.begin(&arguments)?, shop.house.terminal.begin(&arguments)?];
    let both: Vec<Answer> = both.into_iter().map(Terminal::answer).collect::<Result<_>>()?;
    for answer in &both {
        assert_eq!(answer.outcome(), "approved", "{:?}", answer.last());
    }
    assert_eq!(both[0].last(), both[1].last());
    assert_sales(&shop, 1);
    shop.close(AMOUNT_MINOR)
}

#[test]
fn another_amount_is_refused() -> Result<()> {
    let shop = Shop::open()?;
    assert_eq!(shop.sale_as(ID, AMOUNT)?.outcome(), "approved");
    let other = shop.sale_as(ID, "99.99")?;
    assert!(!other.ok);
    let sentence = "Transaction ORDER77 is known with another amount, CNY 12.34. Use a new identity for a new payment.";
    assert_eq!(other.last()["error"], sentence);
    let told = shop.house.terminal.show("zh", &["sale", "99.99", "--id", ID])?.join("\n");
    assert!(told.contains(ID) && told.contains("12.34") && !told.contains("Transaction"), "{told}");
    assert_sales(&shop, 1);
    shop.close(AMOUNT_MINOR)
}

#[test]
fn after_a_restart() -> Result<()> {
    let shop = Shop::open()?;
    let first = shop.sale_as(ID, AMOUNT)?;
    assert_eq!(first.outcome(), "approved");
    let shop = shop.restart()?;
    let again = shop.sale_as(ID, AMOUNT)?;
    assert_eq!((again.outcome(), &again.last()["authorization"]), ("approved", &first.last()["authorization"]));
    assert_sales(&shop, 1);
    shop.close(AMOUNT_MINOR)
}

#[test]
fn after_the_host_was_killed_in_the_middle() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "drop-reply")?;
    let asked = shop.house.terminal.begin(&["sale", AMOUNT, "--id", ID])?;
    let sale = "0200".parse().map_err(anyhow::Error::msg)?;
    shop.house.acquirer.await_processed(sale, 1, acquit_scenarios::PATIENCE)?;
    let shop = shop.restart()?;
    assert!(!Terminal::answer(asked)?.ok, "whoever waited is told of no success");
    let again = shop.sale_as(ID, AMOUNT)?;
    assert_eq!(again.outcome(), "unknown", "{:?}", again.last());
    shop.host.wait_owed(0)?;
    assert_sales(&shop, 1);
    shop.close(0)
}
