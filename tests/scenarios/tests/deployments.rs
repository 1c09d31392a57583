//! One plugin, several deployments: both MACs, both shapes of a downloaded MAK, and an acquirer without tombstones, each
//! with a sale approved, a sale in doubt taken back, and books that balance.

use acquirer::crypto::MacKind;
use acquirer::{AcquirerConfig, Fault, FaultOrder, Mti, On};
use acquit_scenarios::{House, Seen};
use anyhow::{Result, ensure};

#[test]
fn unionpay_mac_under_a_double_length_key() -> Result<()> {
    trade("unionpay-ecb", |config| config.single_length_mak = false)
}

#[test]
fn unionpay_mac_under_a_single_length_key() -> Result<()> {
    trade("unionpay-ecb", |config| config.single_length_mak = true)
}

#[test]
fn retail_mac() -> Result<()> {
    trade("x919", |config| config.mac = MacKind::X919)
}

#[test]
fn an_acquirer_that_keeps_no_tombstones() -> Result<()> {
    trade("unionpay-ecb", |config| config.tombstones = false)
}

fn trade(mac: &str, change: fn(&mut AcquirerConfig)) -> Result<()> {
    let house = House::with(change, |setup| setup.mac = mac.to_owned())?;
    let host = house.terminal.start()?;
    house.terminal.sign_in()?.done()?;
    ensure!(house.terminal.sale("12.34")?.outcome() == "approved");
    house.acquirer.order_fault(FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault: Fault::CloseAfter })?;
    let in_doubt = house.terminal.sale("88.00")?;
    ensure!(in_doubt.outcome() == "unknown", "{in_doubt:?}");
    ensure!(host.wait_owed(1)? == Seen::Shown && host.wait_owed(0)? == Seen::Shown);
    ensure!(house.assert_books_balance()? == 1234);
    house.assert_no_secrets()
}
