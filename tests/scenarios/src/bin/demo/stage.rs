//! The set: an acquirer and a terminal in a temporary folder, each its own process.

use acquirer::AcquirerConfig;
use acquirer::crypto::Key;
use acquit_scenarios::{AcquirerProcess, Host, Setup, Terminal, Transcript};
use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::page::Page;

/// The longest wait between two tries of a debt, milliseconds: a spectator waits with the terminal.
const WAIT_MS: u32 = 500;

/// Everything that acts.
pub struct Stage {
    /// The acquirer's process.
    pub acquirer: AcquirerProcess,
    /// The terminal on disk, and its commands.
    pub terminal: Terminal,
    /// The terminal's process; none after the plug was pulled.
    pub host: Option<Host>,
    /// The terminal master key, for checking what the terminal says about the keys under it.
    pub master_key: Key,
    /// Goes last: everything is in it.
    _folder: TempDir,
}

impl Stage {
    /// Starts the acquirer, makes a new terminal, loads its master key, and starts the host.
    pub fn set(page: &Page) -> Result<Stage> {
        let folder = TempDir::new().context("no temporary folder")?;
        let transcript = Transcript::default();
        page.progress("the acquirer starts as its own process");
        let mut config = AcquirerConfig::example();
        // Work keys from the system's generator, as in life.
        config.seed = None;
        let master_key = config.terminals.first().context("the acquirer knows no terminal")?.tmk.digits().to_owned();
        let acquirer = AcquirerProcess::start(&folder.path().join("acquirer"), &config, &transcript)?;
        let key = Key::from_bytes(&hex::decode(&master_key)?).context("the master key has another length")?;
        page.progress(&format!("a new terminal: empty journal, empty key store; acquirer at {}", acquirer.address()));
        let ca_pem = std::fs::read_to_string(acquirer.ca())?;
        let mut setup = Setup::new(acquirer.address(), ca_pem, master_key);
        setup.language = page.first_language().word().into();
        setup.wait_ms = WAIT_MS;
        let terminal = Terminal::create(&folder.path().join("terminal"), &setup, &transcript)?;
        page.progress("its master key is loaded; the host starts as its own process");
        let host = Some(terminal.start()?);
        Ok(Stage { acquirer, terminal, host, master_key: key, _folder: folder })
    }
}
