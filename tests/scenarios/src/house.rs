//! A terminal and an acquirer in one temporary folder, joined by TLS over a wire that keeps what it saw.

use std::fs;
use std::path::Path;

use acquirer::{Acquirer, AcquirerConfig, Options, Running};
use anyhow::{Context, Result, bail};
use kit::Secrets;
use serde_json::json;
use tempfile::TempDir;

use crate::process::Transcript;
use crate::secrets::learn;
use crate::terminal::{Setup, Terminal};
use crate::wire::Wire;

/// The terminal master key of these tests: like no other bytes, so that finding it means something.
const MASTER_KEY: &str = "CB6E9D1F3A2C58E07F4513B8A6D92E64";
/// The terminal's number at the acquirer, DE41.
pub const TERMINAL: &str = "50080001";

/// The card these tests present, with a PIN and a track that nothing else holds by chance.
#[derive(Clone, Copy, Debug)]
pub struct Cardholder;

/// Terminal, wire and acquirer. The acquirer dereferences to its control: faults, messages, ledger.
pub struct House {
    /// The acquirer, in this process.
    pub acquirer: Running,
    /// The terminal, a program on disk.
    pub terminal: Terminal,
    /// What is between them.
    pub wire: Wire,
    /// What every process of the terminal printed and answered.
    pub transcript: Transcript,
    setup: Setup,
    folder: TempDir,
}

impl Cardholder {
    /// The number on the card.
    pub const NUMBER: &str = "6200000123456787";
    /// Its second track.
    pub const TRACK_TWO: &str = "6200000123456787=30121018273645901";
    /// Twelve digits, the most there are.
    pub const PIN: &str = "739182640517";

    fn profile() -> String {
        let (track, pin) = (Cardholder::TRACK_TWO, Cardholder::PIN);
        format!("[card]\nlabel = \"Test debit\"\nentry = \"stripe\"\ntrack-two = \"{track}\"\npin = \"{pin}\"\n")
    }
}

impl House {
    /// An acquirer and a terminal that has never signed in.
    pub fn new() -> Result<House> {
        House::with(|_| {}, |_| {})
    }

    /// The same, with changes to what the acquirer and the terminal are made from.
    pub fn with(change: impl FnOnce(&mut AcquirerConfig), adjust: impl FnOnce(&mut Setup)) -> Result<House> {
        let folder = TempDir::new()?;
        let mut config = AcquirerConfig::example();
        config.seed = None;
        config.terminals.iter_mut().for_each(|terminal| {
            if let Ok(key) = MASTER_KEY.parse() {
                terminal.tmk = key;
            }
        });
        let holder = config.cards.iter_mut().find(|card| card.pan.digits() == Cardholder::NUMBER);
        holder.context("the acquirer does not know the test card")?.pin = Some(Cardholder::PIN.parse()?);
        change(&mut config);
        let acquirer = Acquirer::start(config, Options::default())?;
        let wire = Wire::to(acquirer.address())?;
        let card = folder.path().join("card.toml");
        fs::write(&card, Cardholder::profile())?;
        let mut setup = Setup::new(wire.address(), acquirer.ca_pem(), MASTER_KEY);
        setup.card = card.to_string_lossy().into_owned();
        adjust(&mut setup);
        let transcript = Transcript::default();
        let terminal = Terminal::create(&folder.path().join("terminal"), &setup, &transcript)?;
        Ok(House { acquirer, terminal, wire, transcript, setup, folder })
    }

    /// A house whose terminal has signed in and is stopped.
    pub fn signed_in() -> Result<House> {
        let house = House::new()?;
        let host = house.terminal.start()?;
        house.terminal.sign_in()?.done()?;
        host.kill()?;
        Ok(house)
    }

    /// What this house's terminal was made from, for another with more sections in its configuration.
    pub fn setup_with(&self, sections: &str) -> Setup {
        Setup { sections: sections.to_owned(), ..self.setup.clone() }
    }

    /// The folder everything is in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the merchant got by the acquirer's ledger, minor units; the ledger must balance.
    pub fn merchant_total_minor(&self) -> Result<i64> {
        self.acquirer.check()?;
        Ok(self.acquirer.merchant_total(TERMINAL)?)
    }

    /// The terminal's books and the acquirer's ledger must be equal to the cent, and nothing may be owed.
    pub fn assert_books_balance(&self) -> Result<i64> {
        let (terminal, acquirer) = (self.terminal.total_minor()?, self.merchant_total_minor()?);
        let owed = self.terminal.owed()?;
        if terminal != acquirer || owed != 0 {
            bail!("the terminal says {terminal}, the acquirer {acquirer}; owed: {owed}");
        }
        Ok(terminal)
    }

    /// What must be found nowhere: the test card, the master key, every work key handed out and every PIN block sent.
    pub fn secrets(&self) -> Secrets {
        let secrets = Secrets::new().card(Cardholder::TRACK_TWO, Cardholder::PIN).key("master key", MASTER_KEY);
        learn(secrets, &self.acquirer.raw_frames(), MASTER_KEY)
    }

    /// Searches everything the terminal left anywhere: the files of its folder (journal, spare segments, snapshot, keys,
    /// kept plugins, receipts), what its processes printed, its answers on the control socket, the decoded journal, an
    /// export and evidence made from it, and the bytes on the network.
    ///
    /// Plugin memory is not read here. A plugin is handed the answers that the journal keeps as *heard*, the steps that
    /// it keeps as *intent*, and the few facts of a presented card; all of it is in the decoded journal.
    pub fn assert_no_secrets(&self) -> Result<()> {
        let secrets = self.secrets();
        self.ask_everything()?;
        let inside: Vec<u8> = self.acquirer.raw_frames().into_iter().flat_map(|frame| frame.bytes).collect();
        if secrets.find(&inside).is_none() {
            bail!("the acquirer was never sent a card number: this search would find nothing anywhere");
        }
        let mut places = vec![
            ("what was printed and answered".to_owned(), self.transcript.bytes()),
            ("the network".to_owned(), self.wire.seen()),
        ];
        for file in files(self.terminal.folder())? {
            let bytes = fs::read(&file)?;
            places.push((file.strip_prefix(self.folder.path()).unwrap_or(&file).display().to_string(), bytes));
        }
        for (place, bytes) in &places {
            if let Some(found) = secrets.find(bytes) {
                bail!("in {place}: {found}");
            }
        }
        Ok(())
    }

    /// Makes the terminal say all it knows, into the transcript: to machines, to people in both languages, and on its
    /// socket where a host runs.
    fn ask_everything(&self) -> Result<()> {
        let commands: [&[&str]; 10] = [
            &["owed"],
            &["totals"],
            &["batch"],
            &["reprint"],
            &["explain"],
            &["journal", "show"],
            &["journal", "tail", "--no-follow"],
            &["journal", "stats"],
            &["journal", "verify"],
            &["journal", "key"],
        ];
        for command in commands {
            self.terminal.run(command)?;
            for language in ["zh", "en"] {
                self.terminal.show(language, command)?;
            }
        }
        self.terminal.show("en", &["journal", "export"])?;
        if let Some(newest) = self.terminal.run(&["explain"])?.last()["transaction"].as_str() {
            self.terminal.show("en", &["evidence", "export", newest])?;
        }
        if self.terminal.ask(&json!({ "do": "owed" })).is_ok() {
            self.terminal.ask(&json!({ "do": "totals" }))?;
            self.terminal.ask(&json!({ "do": "explain", "transaction": null }))?;
        }
        Ok(())
    }
}

/// Every file under a folder; sockets have nothing to read.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
