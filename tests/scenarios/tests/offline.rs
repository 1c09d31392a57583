//! The acquirer cannot be reached and the shop goes on: chip cards that approve it themselves pay offline, within what the
//! operator is ready to lose. When the line is back, the terminal delivers them.

mod common;

use acquit_scenarios::{Answer, Mood};
use anyhow::{Result, ensure};
use common::{Key, Shop, edit_configuration, until};

/// At most two payments, 50.00 together, 30.00 each.
const BOUNDS: &str = "first = true\noffline = { count = 2, sum-minor = 5000, payment-minor = 3000, age-hours = 24 }";
const CARD: &str = "unionpay-offline";

/// A shop that may approve a little by itself, and whose line is down.
fn cut_off() -> Result<Shop> {
    let shop = Shop::with(|_| {}, |setup| setup.wait_ms = 100)?;
    edit_configuration(&shop.house, "first = true", BOUNDS)?;
    let shop = shop.restart()?;
    shop.house.wire.set_mood(Mood::Refuses);
    Ok(shop)
}

fn offline(shop: &Shop, id: &str, amount: &str) -> Result<Answer> {
    shop.house.terminal.run(&["sale", amount, "--id", id, "--card", CARD])
}

fn approved_offline(shop: &Shop, id: &str, amount: &str) -> Result<()> {
    let sale = offline(shop, id, amount)?;
    ensure!(sale.outcome() == "approved" && sale.last()["offline"] == true, "{}", sale.last());
    Ok(())
}

/// It comes to nothing, and nothing is owed for it.
fn not_taken(shop: &Shop, id: &str, amount: &str) -> Result<()> {
    let owed = shop.house.terminal.owed()?;
    let sale = offline(shop, id, amount)?;
    ensure!(sale.outcome() == "not-sent", "{}", sale.last());
    ensure!(shop.house.terminal.owed()? == owed);
    Ok(())
}

/// Three customers pay while the line is down; the third is one too many. The screen says all the time what the shop
/// risks. When the line is back, the acquirer is told of the two, and both sums are equal.
#[test]
fn payments_are_taken_within_bounds_and_delivered() -> Result<()> {
    let shop = cut_off()?;
    not_taken(&shop, "O0", "30.01")?;
    approved_offline(&shop, "O1", "20.00")?;
    approved_offline(&shop, "O2", "10.00")?;
    not_taken(&shop, "O3", "1.00")?;
    let swiped = shop.sale("1.00")?;
    ensure!(swiped.outcome() == "not-sent", "a stripe cannot approve anything: {}", swiped.last());
    let owed = shop.house.terminal.run(&["owed"])?;
    let exposure = &owed.done()?["exposure"][0];
    ensure!(exposure["count"] == 2 && exposure["amount"]["minor"] == 3000, "{}", owed.last());
    ensure!(shop.story("O1")?.contains("Until then it is the shop's risk"), "{}", shop.story("O1")?);
    ensure!(shop.house.merchant_total_minor()? == 0);

    // The risk is not forgotten with the power.
    let shop = shop.restart()?;
    not_taken(&shop, "O4", "1.00")?;
    shop.house.wire.set_mood(Mood::Relays);
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(shop.received("0220").len() == 2, "each is told once: {}", shop.received("0220").len());
    ensure!(shop.received("0200").is_empty() && shop.received("0400").is_empty());
    ensure!(shop.story("O1")?.contains("Yes, CNY 20.00, with the next settlement"), "{}", shop.story("O1")?);
    let settled = shop.house.terminal.run(&["settle"])?;
    ensure!(settled.done()?["settlement"]["balanced"] == true, "{}", settled.last());
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(3501)
}

/// Two payments that are each small enough and together too much: the second is not taken.
#[test]
fn the_sum_is_bounded_too() -> Result<()> {
    let shop = cut_off()?;
    approved_offline(&shop, "O1", "30.00")?;
    not_taken(&shop, "O2", "20.01")?;
    approved_offline(&shop, "O3", "20.00")?;
    shop.house.wire.set_mood(Mood::Relays);
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(5501)
}

/// The acquirer does not accept a payment that was approved offline. It is no mystery and no debt that pays itself one
/// day: it is shown as the shop's loss until somebody signs that it was seen.
#[test]
fn a_refused_delivery_is_a_loss_that_somebody_must_see() -> Result<()> {
    let shop = cut_off()?;
    let key = Key::new(&shop.house, "operator.pem")?;
    shop.house.terminal.configure(&format!("[operator]\nkeys = [\"{}\"]\n", key.public))?;
    let shop = shop.restart()?;
    approved_offline(&shop, "O1", "20.00")?;
    shop.house.acquirer.refuse_advices(Some("05".parse()?));
    shop.house.wire.set_mood(Mood::Relays);
    shop.until_debt(|debt| debt["standing"] == "refused")?;
    let story = shop.story("O1")?;
    ensure!(story.contains("does not accept CNY 20.00, which was approved offline"), "{story}");
    let shown = shop.house.terminal.show("en", &["owed"])?.join("\n");
    ensure!(shown.contains("Advice, CNY 20.00") && shown.contains("refused by the acquirer (05)"), "{shown}");
    ensure!(shop.sale("5.01")?.outcome() == "approved", "the shop trades on");
    ensure!(shop.house.merchant_total_minor()? == 501);

    let waived = key.waive(&shop.house.terminal, "O1", "written off, letter 4712")?;
    ensure!(waived.done()?["standing"] == "waived", "{}", waived.last());
    let story = shop.story("O1")?;
    ensure!(story.contains("letter 4712"), "{story}");
    ensure!(!story.contains("Yes, CNY 20.00, with the next settlement"), "{story}");
    // The terminal's sum still has what was sold; the loss is in the list of what was waived.
    ensure!(shop.house.merchant_total_minor()? == 501);
    shop.close_owing(0, 2501)
}
