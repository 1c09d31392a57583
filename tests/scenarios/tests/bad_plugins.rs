//! Plugins that mean harm, or are none, beside an honest one in the same terminal: each is named with what it did, no
//! payment leaves through it, and the honest one trades on.

mod common;

use std::fs;

use acquit_scenarios::{House, programs};
use anyhow::{Context, Result};
use common::{Shop, received, transaction};

/// What a terminal's configuration says of a second acquirer.
fn second_acquirer(house: &House) -> String {
    let address = house.wire.address();
    format!(
        r#"
[[acquirer]]
name = "hostile"
plugin = "hostile.cwasm"

[acquirer.routes.host]
address = "{address}"
server-name = "acquirer.test"
roots = "ca.pem"
secrets = []
"#
    )
}

/// A stopped terminal with a second acquirer, whose plugin is not there yet.
fn with_second_acquirer() -> Result<House> {
    let Shop { house, host } = Shop::open()?;
    host.kill()?;
    let file = house.terminal.folder().join("terminal.toml");
    let text = fs::read_to_string(&file)? + &second_acquirer(&house);
    fs::write(&file, text)?;
    Ok(house)
}

/// The plugin of the second acquirer becomes this one.
fn install(house: &House, name: &str) -> Result<()> {
    fs::copy(programs::plugin(&format!("hostile/{name}"))?, house.terminal.folder().join("hostile.cwasm"))?;
    Ok(())
}

/// Asks the second acquirer for a sale that comes to nothing, then the first for one that is approved. Gives what the
/// terminal told of the failure: the story of the sale, and its log.
fn trade_beside(house: House) -> Result<(House, String)> {
    let shop = Shop { host: house.terminal.start()?, house };
    let sales = received(&shop.house, "0200").len();
    let answer = shop.house.terminal.run(&["sale", "1.00", "--acquirer", "hostile"])?;
    assert_eq!(answer.outcome(), "not-sent", "{:?}", answer.last());
    assert_eq!(shop.sale("1.00")?.outcome(), "approved", "the other acquirer trades on");
    assert_eq!(received(&shop.house, "0200").len(), sales + 1);
    let story = shop.story(&transaction(&answer)?)?;
    let log = shop.host.kill()?;
    Ok((shop.house, format!("{story}\n{log}\n{}", answer.last())))
}

#[test]
fn a_plugin_that_misbehaves_in_a_sale_is_named_and_stops_nobody_else() -> Result<()> {
    let mut house = with_second_acquirer()?;
    let table = [
        ("trap", "unreachable"),
        ("endless-loop", "out of fuel"),
        ("bulk-copy", "out of fuel"),
        ("deep-recursion", "stack overflow"),
        ("memory-bomb", "memory limit reached"),
        ("aliasing-bomb", "its answer is larger than the host takes"),
        ("many-nodes", "a template has 257 nodes"),
        ("large-state", "its state has 4097 bytes"),
        ("many-effects", "its answer is larger than the host takes"),
        ("wild-pointer", "pointer out of bounds"),
        ("wild-text", "utf-8"),
    ];
    let mut total = 0;
    for (name, fault) in table {
        install(&house, name)?;
        let told;
        (house, told) = trade_beside(house)?;
        assert!(told.contains("plugin hostile (") && told.contains("failed in start"), "{name}: {told}");
        assert!(told.contains(fault), "{name}: {told}");
        total += 100;
    }
    let shop = Shop { host: house.terminal.start()?, house };
    assert_eq!(shop.house.merchant_total_minor()?, total);
    shop.close(total)
}

#[test]
fn what_cannot_be_a_plugin_is_refused_by_name_and_stops_nobody_else() -> Result<()> {
    let mut house = with_second_acquirer()?;
    let table = [
        ("wrong-typed", "not of the contract's types"),
        ("empty", "it does not export acquit:terminal/acquirer"),
        ("huge-memory", "memory limit"),
        ("endless-initializer", "out of fuel"),
        ("trap-in-describe", "failed in describe"),
        ("nameless", "its description is unsound"),
    ];
    let mut total = 0;
    for (name, fault) in table {
        install(&house, name)?;
        let told;
        (house, told) = trade_beside(house)?;
        assert!(told.contains("plugin hostile (") && told.contains(fault), "{name}: {told}");
        total += 100;
    }
    let shop = Shop { host: house.terminal.start()?, house };
    shop.close(total)
}

#[test]
fn a_file_that_is_no_plugin_is_refused_by_name_and_stops_nobody_else() -> Result<()> {
    let mut house = with_second_acquirer()?;
    let component = programs::plugin("unionpay")?.with_extension("component.wasm");
    let files = [
        ("missing", None),
        ("garbage", Some(b"this is no plugin".to_vec())),
        ("empty", Some(Vec::new())),
        ("not precompiled", Some(fs::read(component)?)),
        ("cut short", Some(fs::read(programs::plugin("unionpay")?)?.split_at(4096).0.to_vec())),
    ];
    let mut total = 0;
    for (what, bytes) in files {
        if let Some(bytes) = bytes {
            fs::write(house.terminal.folder().join("hostile.cwasm"), bytes)?;
        }
        let told;
        (house, told) = trade_beside(house)?;
        let named = told.lines().find(|line| line.contains("no payments")).context("the log names it")?;
        assert!(named.contains("plugin hostile"), "{what}: {named}");
        total += 100;
    }
    let shop = Shop { host: house.terminal.start()?, house };
    shop.close(total)
}

#[test]
fn a_debt_is_paid_by_the_kept_copy_when_the_plugin_was_replaced_by_a_hostile_one() -> Result<()> {
    let shop = Shop::open()?;
    shop.fault("0200", "close-after")?;
    shop.fault("0400", "drop-request")?;
    assert_eq!(shop.sale_as("KEPT1", "12.34")?.outcome(), "unknown");
    let reversal = "0400".parse().map_err(anyhow::Error::msg)?;
    shop.house.acquirer.await_stage(acquirer::Stage::Received, reversal, 1, acquit_scenarios::PATIENCE)?;
    let Shop { house, host } = shop;
    host.kill()?;
    fs::copy(programs::plugin("hostile/trap")?, house.terminal.folder().join("unionpay.cwasm"))?;

    let shop = Shop { host: house.terminal.start()?, house };
    shop.host.wait_owed(0)?;
    let refused = shop.sale("5.01")?;
    assert_eq!(refused.outcome(), "not-sent", "nothing new is begun with it: {:?}", refused.last());
    let journal = shop.house.terminal.journal()?;
    let answered = journal.iter().find(|record| record["fact"] == "answered").context("the reversal was answered")?;
    assert_eq!(answered["record"]["fact"]["Answered"]["read_by"], "Plugin", "by the copy that was kept: {answered}");
    assert_eq!(shop.house.assert_books_balance()?, 0);

    shop.house.terminal.mend_plugin()?;
    let shop = shop.restart()?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}
