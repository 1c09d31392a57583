//! A shop that trades: a house whose terminal runs, and what these tests ask of both ends.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::time::Instant;

use acquirer::{AcquirerConfig, Direction, Fault, FaultOrder};
use acquit_scenarios::{Answer, Host, House, PATIENCE, Setup};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The longest wait for an answer where the other end stays silent, milliseconds: long enough for an honest answer on
/// a loaded machine, short enough to wait for.
pub const SHORT_PATIENCE_MS: u32 = 1_500;

/// A house and its running terminal.
pub struct Shop {
    pub house: House,
    pub host: Host,
}

impl Shop {
    /// Signed in and ready.
    pub fn open() -> Result<Shop> {
        Shop::with(|_| {}, |_| {})
    }

    /// The same, with a short patience for an acquirer that stays silent.
    pub fn impatient() -> Result<Shop> {
        Shop::with(|_| {}, |setup| setup.exchange_timeout_ms = SHORT_PATIENCE_MS)
    }

    /// The same, with changes to either end. Debts are tried again after a second.
    pub fn with(change: impl FnOnce(&mut AcquirerConfig), adjust: impl FnOnce(&mut Setup)) -> Result<Shop> {
        let house = House::with(change, |setup| {
            setup.wait_ms = 1_000;
            adjust(setup);
        })?;
        let host = house.terminal.start()?;
        house.terminal.sign_in()?.done()?;
        Ok(Shop { house, host })
    }

    /// Orders a fault at the next occasion: `connect`, or a message type.
    pub fn fault(&self, on: &str, name: &str) -> Result<()> {
        self.fault_at(on, 1, Fault::named(name, None, None)?)
    }

    /// Orders a fault at the n-th occasion from now.
    pub fn fault_at(&self, on: &str, nth: u32, fault: Fault) -> Result<()> {
        let on = on.parse().map_err(anyhow::Error::msg)?;
        Ok(self.house.acquirer.order_fault(FaultOrder { on, nth, fault })?)
    }

    /// The next reversal is understood and not accepted.
    pub fn refuse_reversal(&self, nth: u32, code: &str) -> Result<()> {
        self.fault_at("0400", nth, Fault::named("refuse-code", None, Some(code.parse()?))?)
    }

    pub fn sale(&self, amount: &str) -> Result<Answer> {
        self.house.terminal.sale(amount)
    }

    /// A sale under the cash register's own identity.
    pub fn sale_as(&self, id: &str, amount: &str) -> Result<Answer> {
        self.house.terminal.run(&["sale", amount, "--id", id])
    }

    /// Watches the terminal's screen until it says this.
    pub fn wait_screen(&self, text: &str) -> Result<()> {
        while let Some(screen) = self.host.next_screen()? {
            if screen == text {
                return Ok(());
            }
        }
        bail!("the terminal ended and never showed: {text}")
    }

    /// Waits until a debt that arose has been paid.
    pub fn wait_paid(&self) -> Result<()> {
        self.wait_screen("owed: 1")?;
        self.wait_screen("owed: 0")
    }

    /// How the acquirer's requests of this type looked, masked, oldest first.
    pub fn received(&self, kind: &str) -> Vec<acquirer::Exchanged> {
        received(&self.house, kind)
    }

    /// The reasons the terminal gave in its reversals, DE39.
    pub fn reversal_reasons(&self) -> Vec<String> {
        self.received("0400").iter().filter_map(|message| message.fields.get(&39).cloned()).collect()
    }

    /// What `acquit owed` says of each debt.
    pub fn debts(&self) -> Result<Vec<Value>> {
        debts(&self.house)
    }

    /// Asks the running terminal again and again until its one debt is as told.
    pub fn until_debt(&self, is: impl Fn(&Value) -> bool) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let owed = self.house.terminal.ask(&json!({ "do": "owed" }))?;
            if is(&owed["facts"]["debts"][0]) {
                return Ok(());
            }
        }
        bail!("the debt never became so: {:?}", self.debts()?)
    }

    /// The whole story of a payment, as lines in English.
    pub fn story(&self, id: &str) -> Result<String> {
        Ok(self.house.terminal.show("en", &["explain", id])?.join("\n"))
    }

    /// Nothing is owed, both ends have this total, and no secret is anywhere.
    pub fn close(self, total_minor: i64) -> Result<()> {
        assert_eq!(self.house.assert_books_balance()?, total_minor, "what the shop gets");
        self.house.assert_no_secrets()?;
        self.host.kill()?;
        Ok(())
    }

    /// The same, where a debt stays open.
    pub fn close_owing(self, owed: u64, total_minor: i64) -> Result<()> {
        assert_eq!(self.house.terminal.total_minor()?, total_minor, "what the shop gets, by the terminal");
        assert_eq!(self.house.terminal.owed()?, owed, "what is owed");
        self.house.assert_no_secrets()?;
        self.host.kill()?;
        Ok(())
    }

    /// Pulls the plug and starts the terminal again.
    pub fn restart(self) -> Result<Shop> {
        self.host.kill()?;
        let host = self.house.terminal.start()?;
        Ok(Shop { house: self.house, host })
    }
}

/// The acquirer's requests of this type, masked, oldest first.
pub fn received(house: &House, kind: &str) -> Vec<acquirer::Exchanged> {
    let messages = house.acquirer.messages().into_iter();
    messages.filter(|message| message.direction == Direction::Received && message.kind == kind).collect()
}

/// What `acquit owed` says of each debt.
pub fn debts(house: &House) -> Result<Vec<Value>> {
    let owed = house.terminal.run(&["owed"])?;
    owed.done()?["debts"].as_array().cloned().context("no list of debts")
}

/// Which payment an answer is about.
pub fn transaction(answer: &Answer) -> Result<String> {
    answer.last()["transaction"].as_str().map(str::to_owned).context("no transaction")
}

/// Changes the terminal's configuration.
pub fn edit_configuration(house: &House, from: &str, to: &str) -> Result<()> {
    let file = house.terminal.folder().join("terminal.toml");
    let text = fs::read_to_string(&file)?;
    if !text.contains(from) {
        bail!("the configuration does not say {from}");
    }
    Ok(fs::write(&file, text.replacen(from, to, 1))?)
}
