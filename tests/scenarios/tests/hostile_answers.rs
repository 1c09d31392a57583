//! A plugin that answers within its types and means harm, at an acquirer that is honest, beside another acquirer in the
//! same terminal. Whatever it does is named and comes to nothing, or is taken back; the other acquirer trades on; the
//! books of all three agree to the cent, and no card number is anywhere.

mod common;

use std::fs;
use std::path::Path;

use acquit_scenarios::{Answer, programs};
use anyhow::{Context, Result, ensure};
use common::{Shop, edit_configuration, transaction};
use kit::scripted::{SERVER_NAME, Script, ScriptedAcquirer};

/// The plugin's keys, as its acquirer's script has them: slot, key, check value.
const KEYS: [(&str, &str, &str); 2] =
    [("pik", "807A23AD32B36D457AE91FDF927570EA", "8D0A74"), ("mak", "89B07B35A1B3F47E89B07B35A1B3F488", "C3F11D")];
/// What the configuration says of the attack before there is one.
const HARMLESS: &str = "attack = \"none\"";

/// Attacks by a message that is about to leave, and what is said of each.
const ASKING: [(&str, &str); 16] = [
    ("template-bomb", "the nodes together have more than 262144 bytes"),
    ("forward-reference", "it refers to node 13, which is not before it"),
    ("node-of-itself", "it refers to node 12, which is not before it"),
    ("card-digest", "a digest over card data is refused"),
    ("card-twice-encoded", "card data that is already encoded cannot be encoded again"),
    ("pin-key-as-mac", "key slot pik is granted Pin(Iso0) and was asked for Mac(X919)"),
    ("key-of-another", "plugin hostile has no key slot tmk"),
    ("no-way-back", "MissingRemedy"),
    ("called-a-question", "MissingRemedy"),
    ("way-back-without-proof", "a standby message with no provable answer that pays it"),
    ("way-back-that-pays-itself", "a standby message with no provable answer that pays it"),
    ("undeclared-counter", "uses a counter it never declared: batch"),
    ("undeclared-route", "a route it never declared: elsewhere"),
    ("hoard", "its answer is larger than the host takes"),
    ("approval-from-nowhere", "approved without an answered exchange that moves money"),
    ("pause-for-ever", "more than 32 pauses"),
];

/// Attacks beside an honest message: the payment goes on, the rest does not happen, and is written down.
const BESIDE: [(&str, &str); 2] = [
    ("counter-rewind", "an effect that this operation may not have"),
    ("key-in-a-sale", "an effect that this operation may not have"),
];

/// Attacks by what is made of an approval, and what is said of each.
const ANSWERING: [(&str, &str); 10] = [
    ("no-proof", r#"{"MissingProof":"seal"}"#),
    ("no-seal", r#"{"MissingProof":"seal"}"#),
    ("seal-of-nothing", "it covers no byte of the reply, so it proves nothing of it"),
    ("empty-claim", r#"{"BadSeal":"mak"}"#),
    ("empty-echoes", "the reply does not repeat the Amount that was sent"),
    ("echoes-of-another-node", "the request has no node 9999"),
    ("more-than-asked", "approved another amount than was asked"),
    ("other-currency", "approved another amount than was asked"),
    ("listen-for-ever", "Unheard(Timeout)"),
    ("second-payment", "moves money a second time"),
];

/// A shop with two acquirers: an honest one with an honest plugin, and an honest one with a hostile plugin.
struct Market {
    shop: Shop,
    script: ScriptedAcquirer,
    total_minor: i64,
    attack: String,
}

impl Market {
    fn open() -> Result<Market> {
        let shop = Shop::with(|_| {}, |setup| setup.exchange_timeout_ms = common::SHORT_PATIENCE_MS)?;
        let Shop { house, host } = shop;
        host.kill()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/starter/scenarios/acquirer.toml");
        let script = ScriptedAcquirer::following(Script::load(&script)?)?;
        let folder = house.terminal.folder();
        fs::write(folder.join("hostile-ca.pem"), script.ca_pem())?;
        fs::copy(programs::plugin("hostile/answers")?, folder.join("hostile.cwasm"))?;
        house.terminal.configure(&acquirer(&script))?;
        for (slot, key, check_value) in KEYS {
            let file = folder.join("key");
            fs::write(&file, key)?;
            let from = file.to_string_lossy().into_owned();
            let words = ["keys", "load", "--acquirer", "hostile", "--slot", slot, "--from", &from];
            house.terminal.run(&[&words[..], &["--check-value", check_value]].concat())?.done()?;
            fs::remove_file(file)?;
        }
        let host = house.terminal.start()?;
        Ok(Market { shop: Shop { house, host }, script, total_minor: 0, attack: HARMLESS.to_owned() })
    }

    /// The plugin does this from now on.
    fn turn(self, name: &str) -> Result<Market> {
        let Shop { house, host } = self.shop;
        host.kill()?;
        let attack = format!("attack = {name:?}");
        edit_configuration(&house, &self.attack, &attack)?;
        let host = house.terminal.start()?;
        Ok(Market { shop: Shop { house, host }, attack, ..self })
    }

    /// A sale at the acquirer whose plugin is hostile, then one at the other, which must be approved.
    fn trade(&mut self) -> Result<Answer> {
        let answer = self.shop.house.terminal.run(&["sale", "1.00", "--acquirer", "hostile"])?;
        let honest = self.shop.sale("1.00")?;
        ensure!(honest.outcome() == "approved", "the other acquirer does not trade: {}", honest.last());
        self.total_minor += 100;
        Ok(answer)
    }

    /// One attack after the other: each sale ends so, with this said of it, and nothing stays owed.
    fn suffer(mut self, attacks: &[(&str, &str)], outcome: &str) -> Result<Market> {
        let mut wrong = Vec::new();
        for (name, said) in attacks {
            self = self.turn(name)?;
            let answer = self.trade()?;
            self.shop.host.wait_owed(0)?;
            let told = self.told(&answer)?;
            if answer.outcome() != outcome || !told.contains(said) {
                wrong.push(format!("{name}: {} without {said:?}: {told}", answer.outcome()));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(self)
    }

    /// What is said of a sale: why it came to nothing, and what the journal holds against the plugin.
    fn told(&self, answer: &Answer) -> Result<String> {
        let id = transaction(answer)?;
        let records = self.shop.house.terminal.journal()?;
        let incidents = records.iter().filter(|record| record["fact"] == "incident" && record["transaction"] == id);
        let incidents: Vec<String> =
            incidents.map(|record| record["record"]["fact"]["Incident"]["what"].to_string()).collect();
        Ok(format!("{} {}", answer.last()["why"], incidents.join(" ")))
    }

    fn close(self) -> Result<()> {
        let Market { shop, script, total_minor, .. } = self;
        ensure!(script.complaints().is_empty(), "{:?}", script.complaints());
        let charged = script.ledger().total_minor().context("a sum")?;
        ensure!(shop.house.merchant_total_minor()? == total_minor, "the honest acquirer's books");
        let totals = shop.house.terminal.run(&["totals"])?;
        let taken = |at: usize| totals.last()["totals"][at]["taken-minor"].as_i64();
        ensure!((taken(0), taken(1)) == (Some(total_minor), Some(charged)), "{charged} at its own: {}", totals.last());
        ensure!(shop.house.terminal.owed()? == 0, "nothing is owed");
        shop.house.assert_no_secrets()?;
        shop.host.kill()?;
        Ok(())
    }
}

fn acquirer(script: &ScriptedAcquirer) -> String {
    format!(
        r#"
[[acquirer]]
name = "hostile"
plugin = "hostile.cwasm"

[acquirer.parameters]
terminal = "TERM0001"
merchant = "MERCHANT0000001"
timeout-ms = "1500"
{HARMLESS}

[acquirer.keys]
pik = {{ algorithm = "tdes", use = "pin:iso-0" }}
mak = {{ algorithm = "tdes", use = "mac:x919" }}

[acquirer.routes.host]
address = "{}"
server-name = "{SERVER_NAME}"
roots = "hostile-ca.pem"
secrets = ["pan", "expiry", "track-two", "pin"]

[acquirer.proofs]
sale = ["trace", "terminal", "merchant", "amount"]
reverse = ["trace", "terminal", "merchant", "amount"]

[acquirer.ceilings]
wait-ms = 1000
exchange-timeout-ms = {}
"#,
        script.address(),
        common::SHORT_PATIENCE_MS
    )
}

#[test]
fn no_message_of_a_hostile_plugin_leaves_by_which_it_would_win() -> Result<()> {
    let mut market = Market::open()?;
    let harmless = market.trade()?;
    ensure!(harmless.outcome() == "approved", "it trades where it means no harm: {}", harmless.last());
    let sent = market.script.exchanged().len();
    let market = market.suffer(&ASKING, "not-sent")?;
    ensure!(market.script.exchanged().len() == sent, "a message left");
    market.close()
}

#[test]
fn what_a_hostile_plugin_wishes_beside_a_payment_does_not_happen() -> Result<()> {
    Market::open()?.suffer(&BESIDE, "approved")?.close()
}

#[test]
fn no_approval_of_a_hostile_plugin_counts_that_its_acquirer_did_not_prove() -> Result<()> {
    let market = Market::open()?.suffer(&ANSWERING, "unknown")?;
    let ledger = market.script.ledger();
    ensure!((ledger.booked(), ledger.undone()) == (ANSWERING.len(), ANSWERING.len()), "{ledger:?}");
    market.close()
}

/// A plugin's receipt line held the commands by which a printer cuts and opens its drawer, and they were printed as they
/// came.
#[test]
fn no_receipt_line_of_a_hostile_plugin_commands_the_printer() -> Result<()> {
    let market = Market::open()?.suffer(&[("printer-commands", "null")], "approved")?;
    let mut receipts = Vec::new();
    for receipt in fs::read_dir(market.shop.house.terminal.receipts())? {
        receipts.push(fs::read_to_string(receipt?.path())?);
    }
    ensure!(receipts.iter().any(|receipt| receipt.contains("paid 0.01")), "{receipts:?}");
    let steers = |letter: char| letter.is_control() && letter != '\n';
    ensure!(!receipts.iter().any(|receipt| receipt.contains(steers)), "{receipts:?}");
    market.close()
}
