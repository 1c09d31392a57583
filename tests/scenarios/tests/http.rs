//! An acquirer that speaks JSON over HTTP: the real program, the real plugin, real TLS.

mod hello;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use acquit_scenarios::{Answer, Cardholder, PATIENCE, Process, Secrets, Terminal, Transcript, programs};
use anyhow::{Context, Result, bail, ensure};
use hello::{HelloPay, Manner, Request, SEAL_CHECK_VALUE, SEAL_KEY, SERVER_NAME};
use serde_json::Value;
use tempfile::TempDir;

/// A terminal of HelloPay's, and HelloPay.
struct Shop {
    folder: TempDir,
    acquirer: HelloPay,
    transcript: Transcript,
    host: Option<Process>,
}

impl Shop {
    fn open(manners: &[Manner]) -> Result<Shop> {
        let (folder, acquirer) = (TempDir::new()?, HelloPay::start(manners)?);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        write("ca.pem", &acquirer.ca_pem)?;
        let track = Cardholder::TRACK_TWO;
        write("card.toml", &format!("[card]\nlabel = \"Test debit\"\nentry = \"stripe\"\ntrack-two = \"{track}\"\n"))?;
        write("terminal.toml", &configuration(&acquirer, &folder.path().join("card.toml").to_string_lossy()))?;
        write("seal", SEAL_KEY)?;
        fs::copy(programs::plugin("http-json")?, folder.path().join("http-json.cwasm"))?;
        let mut shop = Shop { folder, acquirer, transcript: Transcript::default(), host: None };
        shop.run(&["init"])?.done()?;
        let key = shop.folder.path().join("seal");
        let from = key.to_string_lossy().into_owned();
        shop.run(&["keys", "load", "--slot", "seal", "--from", &from, "--check-value", SEAL_CHECK_VALUE])?.done()?;
        fs::remove_file(key)?;
        shop.power_on()?;
        Ok(shop)
    }

    fn power_on(&mut self) -> Result<()> {
        let host = Process::spawn(
            "the host",
            &mut self.command(&["run", "--record-calls", &self.calls()])?,
            &self.transcript,
        )?;
        while let Some(line) = host.next_line()? {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said["ready"] == true {
                self.host = Some(host);
                return Ok(());
            }
        }
        bail!("the host did not start:\n{}", host.errors())
    }

    /// Every call of the plugin, one a line.
    fn calls(&self) -> String {
        self.folder.path().join("calls.jsonl").to_string_lossy().into_owned()
    }

    /// Pulls the plug.
    fn cut(&mut self) -> Result<()> {
        self.host.take().context("it is off")?.kill().map(drop)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(programs::acquit()?);
        command.arg("--config").arg(self.folder.path().join("terminal.toml")).arg("--json").args(arguments);
        Ok(command)
    }

    fn run(&self, arguments: &[&str]) -> Result<Answer> {
        let name = format!("acquit {}", arguments.join(" "));
        Terminal::answer(Process::spawn(&name, &mut self.command(arguments)?, &self.transcript)?)
    }

    fn wait_paid(&self) -> Result<()> {
        let since = Instant::now();
        while self.run(&["owed"])?.done()?["owed"] != 0 {
            ensure!(since.elapsed() < PATIENCE, "the debt is not paid");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Both ends have this total, the acquirer got nothing it does not take, and no card number is anywhere.
    fn close(mut self, total_minor: i64) -> Result<()> {
        ensure!(self.acquirer.complaints().is_empty(), "{:?}", self.acquirer.complaints());
        ensure!(self.acquirer.total_minor() == total_minor, "the acquirer has {}", self.acquirer.total_minor());
        let totals = self.run(&["totals"])?;
        ensure!(totals.done()?["totals"][0]["taken-minor"] == total_minor, "{}", totals.last());
        self.run(&["journal", "show"])?.done()?;
        self.cut()?;
        let secrets = Secrets::new().card(Cardholder::TRACK_TWO, Cardholder::PIN).key("seal", SEAL_KEY);
        let sent =
            self.acquirer.requests("/v1/sales").iter().any(|Request { body, .. }| {
                body.contains(&format!(r#""card":"{}","expiry":"3012""#, Cardholder::NUMBER))
            });
        ensure!(sent, "the acquirer was never sent a card number: this search would find nothing anywhere");
        // The card's own file is not the terminal's.
        fs::remove_file(self.folder.path().join("card.toml"))?;
        let mut places = vec![self.folder.path().to_owned()];
        while let Some(place) = places.pop() {
            if place.is_dir() {
                places.extend(fs::read_dir(place)?.flatten().map(|file| file.path()));
            } else if place.is_file() {
                ensure!(secrets.find(&fs::read(&place)?).is_none(), "a secret in {}", place.display());
            }
        }
        ensure!(secrets.find(&self.transcript.bytes()).is_none(), "a secret was printed");
        Ok(())
    }
}

fn configuration(acquirer: &HelloPay, card: &str) -> String {
    let address = acquirer.address;
    format!(
        r#"profile = "development"
data = "data"
language = "en"

[terminal]
serial = "T0001"
model = "desk"
merchant = "Acquit Test Shop"
currency = "CNY"

[[acquirer]]
name = "hello"
plugin = "http-json.cwasm"
first = true

[acquirer.parameters]
terminal = "T0000001"
timeout-ms = "1500"

[acquirer.keys]
seal = {{ algorithm = "hmac", use = "mac:hmac-sha-256" }}

[acquirer.routes.host]
address = "{address}"
server-name = "{SERVER_NAME}"
framing = "http"
roots = "ca.pem"
secrets = ["pan", "expiry"]

[acquirer.proofs]
echo = ["trace", "terminal"]
sale = ["trace", "terminal", "amount"]
reverse = ["trace", "terminal", "amount"]

[acquirer.ceilings]
attempts = 3
wait-ms = 1000
exchange-timeout-ms = 1500

[devices.virtual]
card = {card:?}
receipts = "receipts"
"#
    )
}

fn order(request: &Request) -> Result<String> {
    let body: Value = serde_json::from_str(&request.body)?;
    Ok(body["order"].as_str().context("no order")?.to_owned())
}

#[test]
fn sales_are_approved_and_declined() -> Result<()> {
    let shop = Shop::open(&[Manner::Approve, Manner::Decline, Manner::ApproveInChunks])?;
    ensure!(shop.run(&["echo"])?.done()?["outcome"] == "done");
    let [approved, declined, chunked] =
        [shop.run(&["sale", "12.34"])?, shop.run(&["sale", "1.00"])?, shop.run(&["sale", "0.66"])?];
    ensure!(
        approved.outcome() == "approved" && chunked.outcome() == "approved",
        "{} {}",
        approved.last(),
        chunked.last()
    );
    ensure!(declined.outcome() == "declined", "{}", declined.last());
    let head = &shop.acquirer.requests("/v1/sales")[0].head;
    ensure!(head.contains(&format!("\r\nhost: {SERVER_NAME}:{}\r\n", shop.acquirer.address.port())), "{head}");
    ensure!(shop.acquirer.requests("/v1/reversals").is_empty());
    shop.close(1300)
}

/// A gateway's 504, a seal of somebody else's, half an answer and silence all say the same of the money: nothing.
#[test]
fn what_proves_nothing_is_unknown_and_taken_back() -> Result<()> {
    for (manner, reason) in
        [(Manner::GatewayTimeout, "98"), (Manner::WrongSeal, "A0"), (Manner::Half, "98"), (Manner::Silence, "98")]
    {
        let shop = Shop::open(&[manner])?;
        let sale = shop.run(&["sale", "12.34"])?;
        ensure!(sale.outcome() == "unknown", "{manner:?}: {}", sale.last());
        shop.wait_paid()?;
        let (sales, reversals) = (shop.acquirer.requests("/v1/sales"), shop.acquirer.requests("/v1/reversals"));
        ensure!(order(&sales[0])? == order(&reversals[0])?, "a reversal names the sale's order");
        let told: Value = serde_json::from_str(&reversals[0].body)?;
        ensure!(told["reason"] == reason && sales.len() == 1, "{manner:?}: {told}");
        // The next one is another order, and is paid.
        ensure!(shop.run(&["sale", "1.00"])?.outcome() == "approved");
        shop.close(100)?;
    }
    Ok(())
}

/// What was traded is what the plugin is judged by: no law is broken.
#[test]
fn the_plugin_keeps_the_laws() -> Result<()> {
    let shop = Shop::open(&[Manner::Approve, Manner::Decline, Manner::GatewayTimeout])?;
    shop.run(&["echo"])?.done()?;
    for amount in ["12.34", "1.00", "0.50"] {
        shop.run(&["sale", amount])?;
    }
    shop.wait_paid()?;
    let (calls, plugin) = (shop.calls(), programs::plugin("http-json")?.to_string_lossy().into_owned());
    let certify = ["plugin", "certify", "--calls", &calls, &plugin, "--set", "terminal=T0000001", "--variations", "20"];
    let judged = shop.run(&certify)?;
    let report: Value = serde_json::from_str(judged.last()["report"].as_str().context("no report")?)?;
    let verdicts = report["verdicts"].as_array().context("no verdicts")?;
    ensure!(judged.ok && verdicts.iter().all(|verdict| verdict["broken"] == 0), "{report:#}");
    shop.close(1234)
}

/// The plug is pulled while the acquirer is silent: the reversal, head and all, is made of what the journal kept.
#[test]
fn a_power_cut_leaves_a_debt_that_is_paid_over_http() -> Result<()> {
    let mut shop = Shop::open(&[Manner::Silence])?;
    let begun = Process::spawn("acquit sale", &mut shop.command(&["sale", "12.34"])?, &shop.transcript)?;
    let since = Instant::now();
    while shop.acquirer.requests("/v1/sales").is_empty() {
        ensure!(since.elapsed() < PATIENCE, "the sale never came");
        thread::sleep(Duration::from_millis(10));
    }
    shop.cut()?;
    begun.kill()?;
    shop.power_on()?;
    shop.wait_paid()?;
    let reversals = shop.acquirer.requests("/v1/reversals");
    ensure!(order(&reversals[0])? == order(&shop.acquirer.requests("/v1/sales")[0])?);
    ensure!(shop.acquirer.total_minor() == 0);
    ensure!(shop.run(&["sale", "1.00"])?.outcome() == "approved");
    shop.close(100)
}
