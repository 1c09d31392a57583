//! A shop that trades: a house whose terminal runs, and what these tests ask of both ends.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use acquirer::{AcquirerConfig, Direction, Fault, FaultOrder};
use acquit_scenarios::{Answer, Cardholder, Host, House, PATIENCE, Setup, Terminal};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// The longest wait for an answer where the other end stays silent, milliseconds: long enough for an honest answer on
/// a loaded machine, short enough to wait for.
pub const SHORT_PATIENCE_MS: u32 = 1_500;

/// A house and its running terminal.
pub struct Shop {
    pub house: House,
    pub host: Host,
}

/// An operator's key pair, in a file beside the house.
pub struct Key {
    file: PathBuf,
    pub public: String,
}

impl Key {
    pub fn new(house: &House, name: &str) -> Result<Key> {
        let file = house.folder().join(name);
        let path = file.to_string_lossy().into_owned();
        let made = house.terminal.run(&["operator", "new-key", &path])?;
        let public = made.done()?["public-key"].as_str().context("no public key")?.to_owned();
        let again = house.terminal.run(&["operator", "new-key", &path])?;
        ensure!(!again.ok && again.errors.contains("a key is never overwritten"), "{}", again.errors);
        let shown = house.terminal.run(&["operator", "public-key", &path])?;
        ensure!(shown.done()?["public-key"] == public.as_str());
        Ok(Key { file, public })
    }

    pub fn waive(&self, terminal: &Terminal, id: &str, reason: &str) -> Result<Answer> {
        terminal.run(&["owed", "waive", id, "--reason", reason, "--key", &self.file.to_string_lossy()])
    }
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

/// Looks again and again until it has happened.
pub fn until(mut happened: impl FnMut() -> Result<bool>) -> Result<()> {
    let since = Instant::now();
    while !happened()? {
        ensure!(since.elapsed() < PATIENCE, "it did not happen in time");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The test holder's card with a chip, which has these lines in its profile too. Gives the file to name at the counter.
pub fn chip_card(house: &House, name: &str, lines: &str) -> Result<String> {
    let (track, pin) = (Cardholder::TRACK_TWO, Cardholder::PIN);
    let file = house.folder().join(format!("{name}.toml"));
    let card =
        format!("[card]\nlabel = \"Test chip\"\nentry = \"chip\"\ntrack-two = \"{track}\"\npin = \"{pin}\"\n{lines}\n");
    fs::write(&file, card)?;
    Ok(file.to_string_lossy().into_owned())
}
