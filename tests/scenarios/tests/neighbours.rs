//! Several acquirers in one terminal. One takes connections and never answers, one answers with bytes that never end, one
//! has a plugin that fails at every call. Whoever pays through the healthy one notices none of it, and each has books,
//! debts, counters and keys of its own.

mod common;

use std::fs;
use std::path::Path;

use acquirer::crypto::Key;
use acquirer::{Acquirer, AcquirerConfig, Direction, Fault, FaultOrder, Mti, On, Options, Running};
use acquit_scenarios::{Answer, Cardholder, House, Mood, Process, TERMINAL, Terminal, Wire, programs};
use anyhow::{Context, Result, ensure};
use common::{Shop, received, until};
use serde_json::Value;

/// A second acquirer, with a wire of its own and a master key that is no other's.
struct Neighbour {
    name: &'static str,
    master_key: &'static str,
    acquirer: Running,
    wire: Wire,
}

const SLOW_KEY: &str = "4F8A02D5B31C97E66D29A4F0587BC31E";
const LOUD_KEY: &str = "A7135EC8902FD46B1BE6704D8C3A95F2";

impl Neighbour {
    fn new(name: &'static str, master_key: &'static str) -> Result<Neighbour> {
        let mut config = AcquirerConfig::example();
        config.seed = None;
        for terminal in &mut config.terminals {
            terminal.tmk = master_key.parse().map_err(anyhow::Error::msg)?;
        }
        for card in config.cards.iter_mut().filter(|card| card.pan.digits() == Cardholder::NUMBER) {
            card.pin = Some(Cardholder::PIN.parse().map_err(anyhow::Error::msg)?);
        }
        let acquirer = Acquirer::start(config, Options::default())?;
        let wire = Wire::to(acquirer.address())?;
        Ok(Neighbour { name, master_key, acquirer, wire })
    }

    /// What the terminal's configuration says of it.
    fn section(&self) -> String {
        let (name, address) = (self.name, self.wire.address());
        format!(
            r#"
[[acquirer]]
name = "{name}"
plugin = "unionpay.cwasm"

[acquirer.parameters]
terminal = "50080001"
merchant = "309310083985008"
tpdu = "6000000000"
mac = "unionpay-ecb"
header = "602200000000"

[acquirer.keys]
tmk = {{ algorithm = "tdes", use = "transport" }}
pik = {{ algorithm = "tdes", use = "pin:iso-0" }}
mak = {{ algorithm = ["des", "tdes"], use = "mac:unionpay-ecb" }}

[acquirer.routes.host]
address = "{address}"
server-name = "acquirer.test"
roots = "{name}.pem"
secrets = ["pan", "expiry", "track-two", "pin"]

[acquirer.proofs]
sale = ["trace", "terminal", "amount"]
reverse = ["trace", "terminal", "amount"]
sign-in = ["trace", "terminal"]

[acquirer.ceilings]
wait-ms = 200
"#
        )
    }

    fn load_key(&self, terminal: &Terminal, folder: &Path) -> Result<()> {
        let key = Key::from_bytes(&hex::decode(self.master_key)?).context("no key")?;
        let check_value = hex::encode(&key.check_value()[..3]);
        let file = folder.join(format!("{}.components", self.name));
        fs::write(&file, self.master_key)?;
        let from = file.to_string_lossy().into_owned();
        let load = ["keys", "load", "--acquirer", self.name, "--from", &from, "--check-value", &check_value];
        terminal.run(&load)?.done()?;
        Ok(fs::remove_file(file)?)
    }

    fn total_minor(&self) -> Result<i64> {
        self.acquirer.check()?;
        Ok(self.acquirer.merchant_total(TERMINAL)?)
    }

    /// It takes the money of a sale and says nothing; then its line becomes a bad one, and the cashier stops waiting.
    fn doubt(&self, house: &House, id: &str, then: Mood) -> Result<()> {
        let sales = self.sent("0200").len();
        let fault = FaultOrder { on: On::Message(Mti::SALE), nth: 1, fault: Fault::DropReply };
        self.acquirer.order_fault(fault)?;
        let sale = house.terminal.begin(&["sale", "30.00", "--acquirer", self.name, "--id", id])?;
        until(|| Ok(self.sent("0200").len() > sales && self.total_minor()? >= 3000))?;
        self.wire.set_mood(then);
        house.terminal.run(&["cancel", id])?.done()?;
        let told = Terminal::answer(sale)?;
        ensure!(told.outcome() == "unknown", "{}", told.last());
        Ok(())
    }

    fn sent(&self, kind: &str) -> Vec<acquirer::Exchanged> {
        let messages = self.acquirer.messages().into_iter();
        messages.filter(|message| message.direction == Direction::Received && message.kind == kind).collect()
    }
}

/// A stopped terminal that is signed in to a healthy acquirer and to these.
fn street(neighbours: &[&Neighbour]) -> Result<House> {
    let Shop { house, host } = Shop::open()?;
    host.kill()?;
    for neighbour in neighbours {
        house.terminal.configure(&neighbour.section())?;
        let roots = house.terminal.folder().join(format!("{}.pem", neighbour.name));
        fs::write(roots, neighbour.acquirer.ca_pem())?;
        neighbour.load_key(&house.terminal, house.folder())?;
    }
    let host = house.terminal.start()?;
    for neighbour in neighbours {
        house.terminal.run(&["sign-in", "--acquirer", neighbour.name])?.done()?;
    }
    host.kill()?;
    Ok(house)
}

fn sale(house: &House, acquirer: &str, id: &str, amount: &str) -> Result<Answer> {
    house.terminal.run(&["sale", amount, "--acquirer", acquirer, "--id", id])
}

/// What the terminal's books say of one acquirer, minor units.
fn total(house: &House, acquirer: &str) -> Result<i64> {
    let totals = house.terminal.run(&["totals"])?;
    let all = totals.done()?["totals"].as_array().cloned().unwrap_or_default();
    let its = all.iter().filter(|total| total["acquirer"] == acquirer);
    Ok(its.filter_map(|total| total["taken-minor"].as_i64()).sum())
}

/// Whose debts are open, in order.
fn debtors(house: &House) -> Result<Vec<String>> {
    let mut names: Vec<_> = common::debts(house)?
        .iter()
        .map(|debt: &Value| debt["acquirer"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The trace numbers of the sales the healthy acquirer got.
fn traces(messages: &[acquirer::Exchanged]) -> Vec<u64> {
    messages.iter().filter_map(|message| message.fields.get(&11)?.parse().ok()).collect()
}

/// A sale at an acquirer that hangs: begun, and on the line.
fn stuck(house: &House, neighbour: &Neighbour, id: &str) -> Result<Process> {
    let before = neighbour.wire.hanging();
    let process = house.terminal.begin(&["sale", "9.00", "--acquirer", neighbour.name, "--id", id])?;
    until(|| Ok(neighbour.wire.hanging() > before))?;
    Ok(process)
}

/// The merchant sees one card machine with two acquirers. One stopped answering in the middle of a payment, with money
/// in doubt; the queue at the counter pays through the other without a pause, also after a power cut. When the silent
/// one is back, it gets its reversal, and both sums are right.
#[test]
fn an_acquirer_that_hangs_keeps_nobody_waiting() -> Result<()> {
    let slow = Neighbour::new("slow", SLOW_KEY)?;
    let house = street(&[&slow])?;
    let host = house.terminal.start()?;
    ensure!(sale(&house, "slow", "S1", "20.00")?.outcome() == "approved");
    slow.doubt(&house, "S2", Mood::Hangs)?;
    until(|| Ok(slow.wire.hanging() > 0))?;

    // Its reversal hangs on the line all the while.
    for id in ["H1", "H2", "H3"] {
        ensure!(sale(&house, "unionpay", id, "1.00")?.outcome() == "approved");
    }
    ensure!(debtors(&house)? == ["slow"], "{:?}", debtors(&house)?);
    host.kill()?;

    let host = house.terminal.start()?;
    ensure!(host.owed_at_start() == 1, "it is owed after a power cut too");
    ensure!(sale(&house, "unionpay", "H4", "1.00")?.outcome() == "approved");
    house.terminal.run(&["settle", "--acquirer", "unionpay"])?.done()?;
    ensure!(debtors(&house)? == ["slow"]);
    ensure!(total(&house, "slow")? == 2000 && total(&house, "unionpay")? == 400);

    slow.wire.set_mood(Mood::Relays);
    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(slow.total_minor()? == 2000, "{}", slow.total_minor()?);
    ensure!(house.merchant_total_minor()? == 400);
    ensure!(slow.sent("0400").len() == 1, "one reversal reached it");
    ensure!(received(&house, "0400").is_empty(), "and none its neighbour");
    let traces = traces(&received(&house, "0200"));
    ensure!(traces.windows(2).all(|pair| pair[1] == pair[0] + 1), "a counter of its own: {traces:?}");
    let next = sale(&house, "slow", "S3", "5.01")?;
    ensure!(next.outcome() == "approved", "its keys are what they were: {}", next.last());
    house.assert_no_secrets()
}

/// A payment stands on the line of the acquirer that hangs, and the cashier takes the next one through the other. Then
/// the cashier stops waiting for the first: it counts as unknown, and is taken back when the line is there again.
#[test]
fn two_cashiers_and_one_line_that_hangs() -> Result<()> {
    let slow = Neighbour::new("slow", SLOW_KEY)?;
    let house = street(&[&slow])?;
    let _host = house.terminal.start()?;
    slow.wire.set_mood(Mood::Hangs);
    let waiting = stuck(&house, &slow, "S1")?;
    ensure!(sale(&house, "unionpay", "H1", "1.00")?.outcome() == "approved");
    ensure!(house.terminal.run(&["refund", "0.40", "--of", "H1"])?.outcome() == "approved");
    ensure!(house.terminal.run(&["echo", "--acquirer", "unionpay"])?.ok);
    // It still stands there: it can be cancelled.
    house.terminal.run(&["cancel", "S1"])?.done()?;
    let answer = Terminal::answer(waiting)?;
    ensure!(answer.outcome() == "unknown", "{}", answer.last());
    ensure!(debtors(&house)? == ["slow"]);
    slow.wire.set_mood(Mood::Relays);
    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(slow.sent("0200").is_empty() && slow.sent("0400").len() == 1);
    ensure!(total(&house, "unionpay")? == 60 && house.merchant_total_minor()? == 60);
    ensure!(slow.total_minor()? == 0 && total(&house, "slow")? == 0);
    Ok(())
}

/// The other acquirer's line brings endless bytes. A payment there is not sent, one in doubt stays in doubt; the healthy
/// acquirer's payments are taken meanwhile.
#[test]
fn an_acquirer_that_floods_drowns_nobody() -> Result<()> {
    let loud = Neighbour::new("loud", LOUD_KEY)?;
    let house = street(&[&loud])?;
    let _host = house.terminal.start()?;
    loud.doubt(&house, "L1", Mood::Floods)?;
    let drowned = house.terminal.begin(&["echo", "--acquirer", "loud"])?;
    for id in ["H1", "H2"] {
        ensure!(sale(&house, "unionpay", id, "1.00")?.outcome() == "approved");
    }
    ensure!(!Terminal::answer(drowned)?.ok, "nobody is there");
    ensure!(debtors(&house)? == ["loud"]);
    ensure!(total(&house, "loud")? == 0 && total(&house, "unionpay")? == 200);
    loud.wire.set_mood(Mood::Relays);
    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(loud.total_minor()? == 0 && house.merchant_total_minor()? == 200);
    house.assert_no_secrets()
}

/// Three acquirers: one hangs with a debt, one has a plugin that traps or loops at every call, one is healthy. The healthy
/// one's day is opened, traded and closed.
#[test]
fn a_day_is_traded_between_one_that_hangs_and_one_whose_plugin_fails() -> Result<()> {
    let slow = Neighbour::new("slow", SLOW_KEY)?;
    let loud = Neighbour::new("loud", LOUD_KEY)?;
    let house = street(&[&slow, &loud])?;
    let terminal = house.terminal.folder();
    let configuration = fs::read_to_string(terminal.join("terminal.toml"))?;
    let (before, after) = configuration.split_once("name = \"loud\"").context("no such acquirer")?;
    let after = after.replacen("unionpay.cwasm", "broken.cwasm", 1);
    fs::write(terminal.join("terminal.toml"), format!("{before}name = \"loud\"{after}"))?;
    for hostile in ["trap", "endless-loop"] {
        fs::copy(programs::plugin(&format!("hostile/{hostile}"))?, terminal.join("broken.cwasm"))?;
        let host = house.terminal.start()?;
        slow.wire.set_mood(Mood::Hangs);
        let waiting = stuck(&house, &slow, &format!("S{hostile}"))?;
        let broken = house.terminal.run(&["sale", "1.00", "--acquirer", "loud"])?;
        ensure!(broken.outcome() == "not-sent", "{}", broken.last());
        house.terminal.run(&["sign-in"])?.done()?;
        ensure!(house.terminal.sale("1.00")?.outcome() == "approved");
        let settled = house.terminal.run(&["settle"])?;
        ensure!(settled.done()?["settlement"]["balanced"] == true, "{}", settled.last());
        ensure!(!house.terminal.run(&["sign-in", "--acquirer", "loud"])?.ok);
        ensure!(house.terminal.sale("1.00")?.outcome() == "approved");
        host.kill()?;
        drop(waiting);
        slow.wire.set_mood(Mood::Relays);
    }
    let _host = house.terminal.start()?;
    until(|| Ok(house.terminal.owed()? == 0))?;
    ensure!(house.assert_books_balance()? == 400);
    ensure!(slow.total_minor()? == 0 && loud.total_minor()? == 0);
    house.assert_no_secrets()
}
