//! A terminal on disk: its configuration, its data, and the program that works on them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquirer::crypto::Key;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::host::Host;
use crate::process::{Process, Transcript};
use crate::programs;

/// Bytes of a check value that are compared when a key is loaded by hand.
const CHECK_VALUE_BYTES: usize = 3;

/// What a terminal is made from. The defaults of [`Setup::new`] fit the acquirer's example.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the acquirer, or the wire to it, listens.
    pub address: SocketAddr,
    /// The certificate to pin, PEM.
    pub ca_pem: String,
    /// The terminal master key, hexadecimal.
    pub master_key: String,
    /// The virtual card: a built-in profile, or a file.
    pub card: String,
    /// `zh` or `en`.
    pub language: String,
    /// How messages are authenticated: `unionpay-ecb` or `x919`.
    pub mac: String,
    /// Parameters of the plugin, over those every terminal needs.
    pub parameters: Vec<(String, String)>,
    /// The longest wait for an answer, milliseconds.
    pub exchange_timeout_ms: u32,
    /// The longest wait between two tries of a debt, milliseconds.
    pub wait_ms: u32,
    /// The most that is taken at once, minor units.
    pub amount_minor: u64,
    /// More sections of the configuration.
    pub sections: String,
    /// What a development build is to suffer, in its environment.
    pub suffers: Vec<(&'static str, String)>,
}

/// What a command answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether its exit code was zero.
    pub ok: bool,
    /// Its lines of JSON; the last one is the answer.
    pub lines: Vec<Value>,
    /// What it said on standard error.
    pub errors: String,
}

/// A terminal's folder, and the commands that work on it.
pub struct Terminal {
    folder: PathBuf,
    program: PathBuf,
    artefact: PathBuf,
    language: String,
    suffers: Vec<(&'static str, String)>,
    transcript: Transcript,
}

impl Setup {
    /// A terminal of the acquirer at this address, with the demonstration's card.
    pub fn new(address: SocketAddr, ca_pem: impl Into<String>, master_key: impl Into<String>) -> Setup {
        Setup {
            address,
            ca_pem: ca_pem.into(),
            master_key: master_key.into(),
            card: "unionpay-stripe".into(),
            language: "en".into(),
            mac: "unionpay-ecb".into(),
            parameters: Vec::new(),
            exchange_timeout_ms: 60_000,
            wait_ms: 60_000,
            amount_minor: 5_000_000,
            sections: String::new(),
            suffers: Vec::new(),
        }
    }

    fn configuration(&self) -> String {
        let Setup { address, card, language, mac, exchange_timeout_ms, wait_ms, amount_minor, sections, .. } = self;
        let parameters: String = self.parameters.iter().map(|(name, value)| format!("{name} = {value:?}\n")).collect();
        format!(
            r#"profile = "development"
data = "data"
language = "{language}"

[terminal]
serial = "T0001"
model = "desk"
merchant = "Acquit Test Shop"
currency = "CNY"

[[acquirer]]
name = "unionpay"
plugin = "unionpay.cwasm"
first = true

[acquirer.parameters]
terminal = "50080001"
merchant = "309310083985008"
tpdu = "6000000000"
mac = "{mac}"
header = "602200000000"
{parameters}
[acquirer.keys]
tmk = {{ algorithm = "tdes", use = "transport" }}
pik = {{ algorithm = "tdes", use = "pin:iso-0" }}
mak = {{ algorithm = ["des", "tdes"], use = "mac:{mac}" }}

[acquirer.routes.host]
address = "{address}"
server-name = "acquirer.test"
roots = "ca.pem"
secrets = ["pan", "expiry", "track-two", "pin"]

[acquirer.proofs]
sale = ["trace", "terminal", "amount"]
reverse = ["trace", "terminal", "amount"]
sign-in = ["trace", "terminal"]

[acquirer.ceilings]
attempts = 3
wait-ms = {wait_ms}
exchange-timeout-ms = {exchange_timeout_ms}
refused-debts = 10
amount-minor = {amount_minor}

[devices.virtual]
card = {card:?}
receipts = "receipts"

{sections}
"#
        )
    }
}

impl Terminal {
    /// Writes the configuration, copies the plugin beside it, makes journal and key store, and loads the master key.
    pub fn create(folder: &Path, setup: &Setup, transcript: &Transcript) -> Result<Terminal> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("terminal.toml"), setup.configuration())?;
        fs::write(folder.join("ca.pem"), &setup.ca_pem)?;
        let terminal = Terminal {
            folder: folder.to_owned(),
            program: programs::acquit()?,
            artefact: programs::plugin("unionpay")?,
            language: setup.language.clone(),
            suffers: setup.suffers.clone(),
            transcript: transcript.clone(),
        };
        terminal.mend_plugin()?;
        terminal.run(&["init"])?.done()?;
        let key = hex::decode(&setup.master_key).context("the master key")?;
        let key = Key::from_bytes(&key).context("the master key has another length")?;
        let check_value = hex::encode(key.check_value().get(..CHECK_VALUE_BYTES).unwrap_or_default());
        let components = tempfile::NamedTempFile::new()?;
        writeln!(&components, "{}", setup.master_key)?;
        let from = components.path().to_string_lossy().into_owned();
        terminal.run(&["keys", "load", "--from", &from, "--check-value", &check_value])?.done()?;
        Ok(terminal)
    }

    /// Adds sections to the configuration; a host that runs has read it before.
    pub fn configure(&self, sections: &str) -> Result<()> {
        let file = self.folder.join("terminal.toml");
        let text = fs::read_to_string(&file)?;
        Ok(fs::write(&file, format!("{text}\n{sections}"))?)
    }

    /// Its folder, with the configuration in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder its receipts are printed to.
    pub fn receipts(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Starts the host.
    pub fn start(&self) -> Result<Host> {
        match self.start_host(&[], &[])? {
            Ok(host) => Ok(host),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }

    /// Starts a host that writes every call of a plugin to this file.
    pub fn start_recording(&self, calls: &Path) -> Result<Host> {
        match self.start_host(&["--record-calls", &calls.to_string_lossy()], &[])? {
            Ok(host) => Ok(host),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }

    /// Starts a host whose clock is this many days ahead.
    pub fn start_later(&self, days: u32) -> Result<Host> {
        match self.start_host(&[], &[("ACQUIT_DAYS_LATER", days.to_string())])? {
            Ok(host) => Ok(host),
            Err(errors) => bail!("the host did not start:\n{errors}"),
        }
    }

    /// Starts a host that kills itself at the n-th named step of journal or network. One that does so before it is
    /// ready is given back as the name of the step.
    pub fn start_stopping_at(&self, step: u64) -> Result<Result<Host, String>> {
        match self.start_host(&[], &[("ACQUIT_STOP_AT", step.to_string())])? {
            Ok(host) => Ok(Ok(host)),
            Err(errors) => match crate::host::stopped_at(&errors) {
                Some(name) => Ok(Err(name)),
                None => bail!("the host did not start:\n{errors}"),
            },
        }
    }

    fn start_host(&self, how: &[&str], suffers: &[(&str, String)]) -> Result<Result<Host, String>> {
        let mut command = self.command(&[&["--json", "run"], how].concat());
        for (name, value) in suffers {
            command.env(name, value);
        }
        Host::ready(Process::spawn("the host", &mut command, &self.transcript)?)
    }

    /// Runs a command to its end and reads its lines of JSON.
    pub fn run(&self, arguments: &[&str]) -> Result<Answer> {
        Terminal::answer(self.begin(arguments)?)
    }

    /// Runs a command that reads these lines from a pipe.
    pub fn run_fed(&self, arguments: &[&str], input: &str) -> Result<Answer> {
        let name = format!("acquit {}", arguments.join(" "));
        let mut command = self.command(&[&["--json"], arguments].concat());
        Terminal::answer(Process::spawn_fed(&name, &mut command, &self.transcript, Some(input.as_bytes()))?)
    }

    /// Starts a command and does not wait for it.
    pub fn begin(&self, arguments: &[&str]) -> Result<Process> {
        let arguments = [&["--json"], arguments].concat();
        Process::spawn(&format!("acquit {}", arguments.join(" ")), &mut self.command(&arguments), &self.transcript)
    }

    /// The answer of a command that was begun.
    pub fn answer(process: Process) -> Result<Answer> {
        let (status, lines, errors) = process.finish()?;
        let lines = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>();
        Ok(Answer { ok: status.success(), lines: lines.context("a line that is no JSON")?, errors })
    }

    /// Runs a command as people do, in their language, and gives the lines it shows.
    pub fn show(&self, language: &str, arguments: &[&str]) -> Result<Vec<String>> {
        let arguments = [&["--lang", language], arguments].concat();
        let name = format!("acquit {}", arguments.join(" "));
        let (_, lines, _) = Process::spawn(&name, &mut self.command(&arguments), &self.transcript)?.finish()?;
        Ok(lines)
    }

    /// Sends one order to the socket of the running host, as the other commands do, and gives its answer whole.
    pub fn ask(&self, ask: &Value) -> Result<Value> {
        let stream = UnixStream::connect(self.data().join("socket")).context("no host runs")?;
        writeln!(&stream, "{}", json!({ "language": self.language, "ask": ask }))?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        self.transcript.note(line.as_bytes());
        serde_json::from_str(&line).context("the host's answer")
    }

    /// Signs in.
    pub fn sign_in(&self) -> Result<Answer> {
        self.run(&["sign-in"])
    }

    /// Takes a payment with the configured card.
    pub fn sale(&self, amount: &str) -> Result<Answer> {
        self.run(&["sale", amount])
    }

    /// How many debts there are.
    pub fn owed(&self) -> Result<u64> {
        self.run(&["owed"])?.done()?["owed"].as_u64().context("no count of debts")
    }

    /// What the acquirer owes the shop by the terminal's books, minor units.
    pub fn total_minor(&self) -> Result<i64> {
        self.run(&["totals"])?.done()?["totals"][0]["taken-minor"].as_i64().context("no total")
    }

    /// Every record of the journal, decoded, oldest first.
    pub fn journal(&self) -> Result<Vec<Value>> {
        let answer = self.run(&["journal", "show"])?;
        answer.done()?;
        Ok(answer.lines)
    }

    /// Breaks the plugin: the file the configuration names and every kept copy become something that is none.
    pub fn break_plugin(&self) -> Result<()> {
        let kept = fs::read_dir(self.data().join("plugins"))?.flatten().map(|file| file.path());
        for file in kept.chain([self.plugin()]) {
            fs::write(file, "this was a plugin once")?;
        }
        Ok(())
    }

    /// Puts the plugin back beside the configuration; the kept copies are the host's to restore.
    pub fn mend_plugin(&self) -> Result<()> {
        fs::copy(&self.artefact, self.plugin())?;
        Ok(())
    }

    fn plugin(&self) -> PathBuf {
        self.folder.join("unionpay.cwasm")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.folder.join("terminal.toml")).args(arguments);
        command.env_remove("ACQUIT_STOP_AT").envs(self.suffers.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Answer {
    /// The last line, of a command that must have done what it was asked.
    pub fn done(&self) -> Result<&Value> {
        if !self.ok {
            bail!("refused: {}\n{}", self.last(), self.errors);
        }
        Ok(self.last())
    }

    /// The last line, whether it was done or not; null where there is none.
    pub fn last(&self) -> &Value {
        self.lines.last().unwrap_or(&Value::Null)
    }

    /// How a payment ended: `approved`, `declined`, `unknown`, `not-sent`; empty for anything else.
    pub fn outcome(&self) -> &str {
        self.last()["outcome"].as_str().unwrap_or_default()
    }
}
