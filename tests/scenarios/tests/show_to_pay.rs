//! A code on the screen that the customer scans: paid while the till waits, paid while the terminal is off, and never
//! paid. The real program, the real plugin, and a customer at the acquirer.

use std::thread;
use std::time::{Duration, Instant};

use acquirer::{Listed, State};
use acquit_scenarios::{House, PATIENCE, TERMINAL};
use anyhow::{Context, Result, ensure};

/// The wallet of the acquirer's example.
const WALLET: &str = "134567890123456789";

fn house(polls: &str) -> Result<House> {
    let parameters = [("show-processing-code", "510000"), ("scan-poll-ms", "1000"), ("show-polls", polls)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let house = House::with(|_| {}, |setup| setup.parameters = parameters.to_vec())?;
    let host = house.terminal.start()?;
    house.terminal.sign_in()?.done()?;
    host.kill()?;
    Ok(house)
}

/// Waits until there is an order at the acquirer for which this holds.
fn order(house: &House, holds: impl Fn(&Listed) -> bool) -> Result<Listed> {
    let since = Instant::now();
    loop {
        let found = house.acquirer.transactions(Some(TERMINAL), None).into_iter().find(&holds);
        if let Some(order) = found {
            return Ok(order);
        }
        ensure!(since.elapsed() < PATIENCE, "the acquirer has no such order");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What the terminal shows for an order.
fn code(order: &Listed) -> String {
    format!("https://pay.example/{}", order.reference)
}

fn pay(house: &House, order: &Listed) -> Result<String> {
    let ended = house.acquirer.pay_code(&code(order), WALLET).context("the acquirer does not know its code")?;
    Ok(ended.as_str().to_owned())
}

fn wait_paid(house: &House) -> Result<()> {
    let since = Instant::now();
    while house.terminal.owed()? > 0 {
        ensure!(since.elapsed() < PATIENCE, "the debt is not paid");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[test]
fn a_code_is_shown_and_paid() -> Result<()> {
    let house = house("20")?;
    let host = house.terminal.start()?;
    let showing = house.terminal.begin(&["show", "7.00", "--id", "W1"])?;
    let order = order(&house, |order| order.state == State::Pending)?;
    let since = Instant::now();
    while !String::from_utf8_lossy(&house.transcript.bytes()).contains(&code(&order)) {
        ensure!(since.elapsed() < PATIENCE, "the code is on no screen");
        thread::sleep(Duration::from_millis(20));
    }
    ensure!(pay(&house, &order)? == "00");
    let answer = acquit_scenarios::Terminal::answer(showing)?;
    ensure!(answer.outcome() == "approved", "{}", answer.last());
    ensure!(house.assert_books_balance()? == 700);
    let refunded = house.terminal.run(&["refund", "2.00", "--of", "W1", "--id", "R1"])?;
    ensure!(refunded.outcome() == "approved", "{}", refunded.last());
    ensure!(house.assert_books_balance()? == 500);
    let settled = house.terminal.run(&["settle"])?;
    ensure!(settled.done()?["settlement"]["balanced"] == true, "{}", settled.last());
    host.kill()?;
    Ok(())
}

/// The power fails while the code is on the screen, and the customer pays all the same. The terminal finds it when it is
/// back: the sale is paid, and nothing is taken back.
#[test]
fn a_code_paid_while_the_terminal_was_off_is_found() -> Result<()> {
    let house = house("20")?;
    let host = house.terminal.start()?;
    let showing = house.terminal.begin(&["show", "7.00", "--id", "W1"])?;
    let order = order(&house, |order| order.state == State::Pending)?;
    host.kill()?;
    drop(acquit_scenarios::Terminal::answer(showing));
    ensure!(pay(&house, &order)? == "00");
    let _host = house.terminal.start()?;
    wait_paid(&house)?;
    ensure!(house.assert_books_balance()? == 700);
    let story = house.terminal.run(&["explain", "W1"])?;
    ensure!(story.ok, "{}", story.last());
    Ok(())
}

/// Nobody pays. The cashier is told that the outcome is unknown, the terminal closes the order, and who scans the code
/// from a photograph afterwards pays nothing.
#[test]
fn a_code_nobody_paid_is_closed() -> Result<()> {
    let house = house("1")?;
    let _host = house.terminal.start()?;
    let answer = house.terminal.run(&["show", "7.00", "--id", "W1"])?;
    ensure!(answer.outcome() == "unknown", "{}", answer.last());
    wait_paid(&house)?;
    let closed = order(&house, |order| order.state == State::Reversed)?;
    ensure!(pay(&house, &closed)? == "12");
    ensure!(house.assert_books_balance()? == 0);
    Ok(())
}
