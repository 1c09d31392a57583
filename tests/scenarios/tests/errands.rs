//! What a cash register's program does by the command line and reads as JSON: signs of life, balances, downloads, codes
//! that customers hold up, and questions about what was unknown.

mod common;

use acquit_scenarios::{House, TERMINAL, Terminal};
use anyhow::{Context, Result, ensure};
use common::{Shop, edit_configuration, until};

/// What a wallet's code pays for, and the acquirer leaves open until the customer has answered on the telephone.
const ASKED_AT_THE_TELEPHONE: i64 = 800;
const CODE: &str = "unionpay-code";

fn shop() -> Result<Shop> {
    let parameters = [("scan-poll-ms", "1000"), ("scan-polls", "2")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let Shop { house, host } = Shop::with(|_| {}, |setup| setup.parameters = parameters)?;
    edit_configuration(&house, "\"track-two\", \"pin\"]", "\"track-two\", \"pin\", \"scanned-code\"]")?;
    Shop { house, host }.restart()
}

/// The customer presses a button on the telephone.
fn answer_on_the_telephone(house: &House, code: &str) -> Result<()> {
    let listed = house.acquirer.transactions(Some(TERMINAL), None);
    let waiting = listed.iter().rev().find(|listed| listed.state == acquirer::State::Pending);
    let waiting = waiting.context("no scanned payment waits")?;
    let ended = house.acquirer.finish_scan(TERMINAL, &waiting.batch, &waiting.trace, code.parse()?);
    ensure!(ended.is_some(), "it did not wait");
    Ok(())
}

/// The books are equal after a card too was swiped; only then is there a card number to search for.
fn close(shop: Shop, total_minor: i64) -> Result<()> {
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(total_minor + 501)
}

/// One JSON object a command, an exit code of zero, and no money moved.
#[test]
fn signs_of_life_balance_and_downloads_move_no_money() -> Result<()> {
    let shop = shop()?;
    let terminal = &shop.house.terminal;
    for errand in
        [&["echo"][..], &["download", "parameters"], &["download", "public-keys"], &["download", "applications"]]
    {
        let answer = terminal.run(errand)?;
        ensure!(answer.done()?["outcome"] == "done", "{errand:?}: {}", answer.last());
    }
    let nothing = terminal.run(&["download", "weather"])?;
    ensure!(!nothing.ok, "{}", nothing.last());
    let balance = terminal.run(&["balance", "--id", "B1"])?;
    ensure!(balance.done()?["balance"]["amount"]["minor"] == 100_000_000, "{}", balance.last());
    ensure!(balance.last()["charged"] == "no", "{}", balance.last());
    ensure!(shop.story("B1")?.contains("No. This only asks."), "{}", shop.story("B1")?);
    terminal.run(&["sign-off"])?.done()?;
    ensure!(shop.house.acquirer.ledger().is_empty());
    // A sale after it signs in by itself.
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.close(501)
}

/// A customer holds up a telephone, and it is paid at once.
#[test]
fn a_scanned_code_is_paid_at_once() -> Result<()> {
    let shop = shop()?;
    let scan = shop.house.terminal.run(&["scan", "7.00", "--id", "W1", "--card", CODE])?;
    ensure!(scan.outcome() == "approved" && scan.done()?["approved"]["minor"] == 700, "{}", scan.last());
    let again = shop.house.terminal.run(&["scan", "7.00", "--id", "W1", "--card", CODE])?;
    ensure!(again.outcome() == "approved", "{}", again.last());
    ensure!(shop.house.merchant_total_minor()? == 700, "the same identity pays once");
    ensure!(shop.house.terminal.run(&["void", "--of", "W1", "--id", "V1"])?.outcome() == "approved");
    close(shop, 0)
}

/// The customer has to confirm on the telephone and does so while the terminal asks.
#[test]
fn a_scanned_code_is_paid_while_the_terminal_asks() -> Result<()> {
    let shop = shop()?;
    shop.house.acquirer.set_decision(ASKED_AT_THE_TELEPHONE, "09".parse()?);
    let scan = shop.house.terminal.begin(&["scan", "8.00", "--id", "W1", "--card", CODE])?;
    until(|| Ok(answer_on_the_telephone(&shop.house, "00").is_ok()))?;
    let scan = Terminal::answer(scan)?;
    ensure!(scan.outcome() == "approved", "{}", scan.last());
    close(shop, 800)
}

/// The customer looks at the telephone for so long that the cashier is told "unknown", never "declined". What it came to
/// is found out by the terminal itself, or asked with `acquit inquire`; the answer is the same.
#[test]
fn a_scanned_code_that_stays_open_is_unknown_and_comes_to_an_end() -> Result<()> {
    let shop = shop()?;
    shop.house.acquirer.set_decision(ASKED_AT_THE_TELEPHONE, "09".parse()?);
    let scan = shop.house.terminal.run(&["scan", "8.00", "--id", "W1", "--card", CODE])?;
    ensure!(scan.outcome() == "unknown", "{}", scan.last());
    // The customer confirms just now, or the terminal has closed the order before: one of the two, and both ends know.
    let paid = answer_on_the_telephone(&shop.house, "00").is_ok();
    until(|| Ok(shop.house.terminal.owed()? == 0))?;
    let inquiry = shop.house.terminal.run(&["inquire", "--of", "W1"])?;
    let total = shop.house.assert_books_balance()?;
    ensure!(paid || total == 0, "what was closed is not paid: {total}");
    ensure!(!shop.story("W1")?.contains("Not known"), "{}\n{}", inquiry.last(), shop.story("W1")?);
    close(shop, total)
}

/// "Ask them what became of it": the cashier asks about a sale that is in doubt, over a line that lost its answer.
#[test]
fn an_inquiry_finds_out_what_became_of_a_sale() -> Result<()> {
    let shop = shop()?;
    ensure!(shop.sale_as("A1", "12.34")?.outcome() == "approved");
    let known = shop.house.terminal.run(&["inquire", "--of", "A1"])?;
    let never = shop.house.terminal.run(&["inquire", "--of", "NEVER"])?;
    ensure!(!never.ok && never.last()["why"] == "OriginalUnknown", "{}", never.last());
    ensure!(known.outcome() != "declined" && known.outcome() != "unknown", "{}", known.last());
    shop.close(1234)
}
