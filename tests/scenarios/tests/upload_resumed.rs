//! The shop's lights go out while the terminal uploads its day, eight payments in three messages. When the power is back
//! the terminal goes on with the message that was cut, and the acquirer has each payment once.

mod common;

use acquirer::{Fault, FaultOrder, On, SettlementFault};
use acquit_scenarios::{House, TERMINAL};
use anyhow::{Context, Result, ensure};
use common::{edit_configuration, received, until};

/// Rows a message takes in this shop, so that a short day has several.
const ROWS: &str = "attempts = 3\nupload-items = 3";
const SALES: u64 = 8;
/// What all of them come to: 1.01, 1.02 and so on.
const TOTAL_MINOR: i64 = 836;

/// Where in the second message the power fails.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The acquirer never got it.
    Lost,
    /// The acquirer has taken it, and its answer is on the way.
    Taken,
}

fn frames(house: &House, code: &str) -> usize {
    let is_this = |message: &&acquirer::Exchanged| message.fields.get(&60).is_some_and(|field| field.ends_with(code));
    received(house, "0320").iter().filter(is_this).count()
}

fn cut_in_the_middle(cut: Cut) -> Result<()> {
    let house = House::signed_in()?;
    edit_configuration(&house, "attempts = 3", ROWS)?;
    let host = house.terminal.start()?;
    for number in 1..=SALES {
        let sale = house.terminal.sale(&format!("1.0{number}"))?;
        ensure!(sale.outcome() == "approved", "{}", sale.last());
    }
    let before = house.acquirer.batch(TERMINAL, None).context("no such terminal")?.batch;
    house.acquirer.answer_settlement(Some(SettlementFault::Unbalanced));
    let on = On::Operation("0320".parse().map_err(anyhow::Error::msg)?, "201".into());
    let fault = match cut {
        Cut::Lost => Fault::DropRequest,
        Cut::Taken => Fault::LateReply,
    };
    house.acquirer.order_fault(FaultOrder { on, nth: 2, fault })?;
    let settling = house.terminal.begin(&["settle", "--id", "DAY1"])?;
    until(|| Ok(frames(&house, "201") == 2))?;
    host.kill()?;
    drop(settling);

    // Nobody tells it to: an open settlement goes on by itself.
    let _host = house.terminal.start()?;
    until(|| Ok(frames(&house, "202") == 1 && house.terminal.run(&["batch"])?.done()?["batches"][0]["batch"] == 2))?;
    ensure!(frames(&house, "201") == 4, "{cut:?}: three messages, one of them twice: {}", frames(&house, "201"));
    let closed = house.acquirer.batch(TERMINAL, Some(&before)).context("no such batch")?;
    ensure!(closed.closed && closed.balanced == Some(false) && closed.net_minor == TOTAL_MINOR, "{closed:?}");
    let rows = serde_json::to_value(&closed.rows)?;
    let rows = rows.as_array().context("no rows")?;
    ensure!(rows.len() == 8 && rows.iter().all(|row| row["state"] == "matched"), "{rows:?}");
    ensure!(house.assert_books_balance()? == TOTAL_MINOR);
    let slip = house.terminal.show("en", &["reprint", "settlement"])?.join("\n");
    for said in ["DAY1", "Sale (8)", "8 transactions were uploaded"] {
        ensure!(slip.contains(said), "{said}: {slip}");
    }
    ensure!(house.terminal.sale("1.00")?.outcome() == "approved", "the next day begins");
    house.assert_no_secrets()
}

#[test]
fn an_upload_goes_on_with_the_message_that_was_lost() -> Result<()> {
    cut_in_the_middle(Cut::Lost)
}

#[test]
fn an_upload_goes_on_with_the_message_whose_answer_was_lost() -> Result<()> {
    cut_in_the_middle(Cut::Taken)
}
