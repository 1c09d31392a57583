//! A day at the counter, by the command line alone: what is held and completed, taken back, given back, asked and
//! printed once more.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use acquirer::{Fault, FaultOrder, Mti, On};
use acquit_scenarios::{House, PATIENCE, Terminal};
use anyhow::{Result, ensure};
use common::edit_configuration;

/// A house whose follow-ups all want the card again, as many acquirers do.
fn house() -> Result<House> {
    let house = House::signed_in()?;
    let presents = "first = true\npresents = [\"void\", \"refund\", \"complete\", \"cancel-preauthorization\", \
                    \"cancel-completion\"]";
    edit_configuration(&house, "first = true", presents)?;
    Ok(house)
}

fn approved(house: &House, arguments: &[&str]) -> Result<()> {
    let answer = house.terminal.run(arguments)?;
    ensure!(answer.outcome() == "approved", "{arguments:?} ended {}\n{}", answer.last(), answer.errors);
    Ok(())
}

#[test]
fn a_hold_is_completed_and_a_completion_taken_back() -> Result<()> {
    let house = house()?;
    let _host = house.terminal.start()?;
    approved(&house, &["preauth", "100.00", "--id", "H1"])?;
    approved(&house, &["complete", "80.00", "--of", "H1", "--id", "C1"])?;
    ensure!(house.merchant_total_minor()? == 8000);
    approved(&house, &["cancel-completion", "--of", "C1", "--id", "CC1"])?;
    ensure!(house.merchant_total_minor()? == 0);
    approved(&house, &["preauth", "50.00", "--id", "H2"])?;
    approved(&house, &["cancel-preauth", "--of", "H2", "--id", "CP2"])?;
    let told = house.terminal.show("en", &["explain", "H2"])?.join("\n");
    ensure!(told.contains("Followed by Pre-authorisation cancelled CP2: approved"), "{told}");
    Ok(())
}

#[test]
fn a_sale_is_voided_once_and_a_refund_gives_back_a_part() -> Result<()> {
    let house = house()?;
    let _host = house.terminal.start()?;
    approved(&house, &["sale", "12.34", "--id", "A1"])?;
    approved(&house, &["void", "--of", "A1", "--id", "V1"])?;
    ensure!(house.merchant_total_minor()? == 0);
    let again = house.terminal.run(&["void", "--of", "A1", "--id", "V2"])?;
    ensure!(!again.ok && again.outcome() == "not-sent", "{}", again.last());
    approved(&house, &["sale", "30.00", "--id", "A2"])?;
    approved(&house, &["refund", "10.00", "--of", "A2", "--id", "R2"])?;
    ensure!(house.merchant_total_minor()? == 2000, "{}", house.merchant_total_minor()?);
    let too_much = house.terminal.run(&["refund", "25.00", "--of", "A2", "--id", "R3"])?;
    ensure!(!too_much.ok && too_much.outcome() == "not-sent", "{}", too_much.last());

    let copy = house.terminal.show("en", &["reprint", "V1"])?.join("\n");
    for said in ["VOID", "COPY - NOT A NEW PAYMENT", "Original transaction", "A1"] {
        ensure!(copy.contains(said), "{said}: {copy}");
    }
    let printed = std::fs::read_dir(house.terminal.receipts())?.count();
    ensure!(printed == 10, "{printed} papers, not two for each operation and for what was printed once more");
    house.assert_no_secrets()
}

#[test]
fn nothing_is_charged_by_asking_and_nothing_by_what_was_never_here() -> Result<()> {
    let house = house()?;
    let _host = house.terminal.start()?;
    house.terminal.run(&["echo"])?.done()?;
    approved(&house, &["balance"])?;
    let unknown = house.terminal.run(&["void", "--of", "NEVER"])?;
    ensure!(unknown.outcome() == "not-sent", "{}", unknown.last());
    let text = house.terminal.show("zh", &["void", "--of", "NEVER"])?.join("\n");
    ensure!(text.contains("本终端没有该原交易"), "{text}");
    let nothing = house.terminal.run(&["answer", "yes"])?;
    ensure!(!nothing.ok);
    house.terminal.run(&["sign-off"])?.done()?;
    ensure!(house.merchant_total_minor()? == 0);
    Ok(())
}

/// The next sale is approved for 20.00 and no more.
fn approve_partly(house: &House) -> Result<()> {
    let fault = Fault::ApprovePartly { amount_minor: 2000 };
    Ok(house.acquirer.order_fault(FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault })?)
}

fn until(mut happened: impl FnMut() -> Result<bool>) -> Result<()> {
    let since = Instant::now();
    while !happened()? {
        ensure!(since.elapsed() < PATIENCE, "it did not happen in time");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn a_part_is_taken_given_back_or_asked_about() -> Result<()> {
    let house = house()?;
    let _host = house.terminal.start()?;
    approve_partly(&house)?;
    let taken = house.terminal.run(&["sale", "50.00", "--accept-partial", "yes"])?;
    ensure!(taken.done()?["approved"]["minor"] == 2000, "{}", taken.last());

    approve_partly(&house)?;
    let refused = house.terminal.run(&["sale", "50.00", "--accept-partial", "no"])?;
    ensure!(refused.outcome() == "unknown", "{}", refused.last());
    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(house.merchant_total_minor()? == 2000);

    approve_partly(&house)?;
    let asked = house.terminal.begin(&["sale", "50.00", "--id", "ASKED"])?;
    until(|| Ok(house.terminal.run(&["answer", "yes", "ASKED"])?.ok))?;
    ensure!(Terminal::answer(asked)?.done()?["approved"]["minor"] == 2000);
    ensure!(house.merchant_total_minor()? == 4000);
    ensure!(house.assert_books_balance()? == 4000);
    Ok(())
}
