//! What a thief of the terminal's disk, its logs, its receipts or its network traffic finds: no card number, no track, no
//! PIN, no PIN block and no key.

use std::fs;

use acquirer::{Direction, Fault, FaultOrder, Mti, On};
use acquit_scenarios::{Cardholder, House, Seen};
use anyhow::{Result, ensure};
use serde_json::json;

#[test]
fn a_day_of_trade_leaves_no_secret_anywhere() -> Result<()> {
    // Answers carry the card number, as many acquirers' do: it must be scrubbed before anything is kept.
    let house = House::with(|config| config.echo_card_number = true, |_| {})?;
    let host = house.terminal.start()?;
    house.terminal.sign_in()?.done()?;
    ensure!(house.terminal.sale("12.34")?.outcome() == "approved");
    ensure!(house.terminal.sale("51.00")?.outcome() == "declined");
    // An order straight to the socket, so that its answer is searched whole.
    let amount = json!({ "minor": 2100, "currency": 156, "exponent": 2 });
    let order = json!({ "pay": { "kind": "Sale", "amount": amount, "tip": null, "cash": null } });
    let ask = json!({ "do": "begin", "transaction": "SOCKET1", "order": order, "acquirer": null, "card": null,
        "operator": "01" });
    let answer = house.terminal.ask(&ask)?;
    ensure!(answer["ok"] == true, "{answer}");
    for fault in [Fault::WrongMac, Fault::Garbage, Fault::CloseAfter] {
        house.acquirer.order_fault(FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault: fault.clone() })?;
        let outcome = house.terminal.sale("88.00")?.outcome().to_owned();
        ensure!(outcome == "unknown", "{fault:?} ended {outcome}");
    }
    ensure!(house.terminal.sale("0.50")?.outcome() == "approved", "the debts before it were not paid");
    let sent = house.acquirer.raw_frames().into_iter().filter(|frame| frame.direction == Direction::Sent);
    let sent: Vec<u8> = sent.flat_map(|frame| frame.bytes).collect();
    ensure!(house.secrets().find(&sent).is_some_and(|found| found.what == "card number"), "no answer carries one");
    house.assert_no_secrets()?;
    house.assert_books_balance()?;
    host.kill()?;
    // Once more from the disk alone, after a start that read it.
    let host = house.terminal.start()?;
    ensure!(host.wait_owed(0)? == Seen::Shown);
    house.assert_no_secrets()
}

#[test]
fn the_search_finds_what_is_planted() -> Result<()> {
    let house = House::signed_in()?;
    let host = house.terminal.start()?;
    ensure!(house.terminal.sale("12.34")?.outcome() == "approved");
    host.kill()?;
    house.assert_no_secrets()?;
    let planted = house.terminal.folder().join("planted");
    for (secret, named) in [
        (Cardholder::NUMBER.as_bytes().to_vec(), "card number"),
        (hex::decode(Cardholder::NUMBER)?, "card number"),
        (Cardholder::PIN.as_bytes().to_vec(), "PIN"),
        (hex::decode(format!("0{}f", Cardholder::PIN))?, "PIN"),
        (Cardholder::TRACK_TWO.as_bytes()[17..].to_vec(), "track"),
    ] {
        fs::write(&planted, [b"before ".as_slice(), &secret, b" after"].concat())?;
        let found = house.assert_no_secrets().expect_err(named).to_string();
        ensure!(found.contains("planted") && found.contains(named), "{found}");
    }
    Ok(())
}
