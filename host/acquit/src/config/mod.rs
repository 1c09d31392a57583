//! The terminal's configuration, `terminal.toml`: parsed once, and from then on only things that are right.
//!
//! A mistake is told with file, line, column and key, and with what would be right. Paths in the file are relative to
//! the folder the file stands in.

mod error;
mod read;
mod section;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::contract::acquirer::{Echoed, KeyAlgorithm, KeyUse};
use engine::contract::transaction::OperationKind;
use engine::contract::types::Name;
use journal::keys::Cipher;

pub use error::{ConfigurationError, Mistake, Problem};
pub(crate) use words::words;
pub use words::{RouteSecret, Word};

use crate::messages::{Currency, Language};
use crate::operator::PublicKey;

/// Everything the operator decides about one terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What is allowed here.
    pub profile: Profile,
    /// The folder for journal, keys and socket.
    pub data: PathBuf,
    /// Of screens and receipts, unless a command asks for another.
    pub language: Language,
    /// This machine.
    pub terminal: Terminal,
    /// Who takes the payments; never empty.
    pub acquirers: Acquirers,
    /// What the terminal reads and prints with.
    pub devices: Devices,
    /// How the journal is kept.
    pub journal: JournalSettings,
    /// Whose signatures waive debts: public keys. Nobody's where the list is empty.
    pub operators: Vec<PublicKey>,
}

/// What a terminal is used for, and so what is allowed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Self-made keys and cards; every screen and receipt says TEST.
    Development,
    /// Real money: nothing that is only for tests is let in.
    Production,
}

/// This machine, as it names itself to acquirers and on receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its serial number, up to 32 letters, digits and dashes.
    pub serial: String,
    /// Its model.
    pub model: String,
    /// The shop's name, for the head of the receipt.
    pub merchant: Option<String>,
    /// What amounts are entered in; CNY where nothing is said.
    pub currency: Currency,
}

/// The acquirers of this terminal: at least one, each with its own name, one of them the first choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquirers {
    all: Vec<Acquirer>,
    first: usize,
}

/// One acquirer: its plugin, and what that plugin is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquirer {
    /// The operator's name for it; fit for a file name.
    pub name: Name,
    /// The precompiled component.
    pub plugin: PathBuf,
    /// What the acquirer gave the shop (terminal number, merchant number), as the plugin declares them.
    pub parameters: Vec<(Name, String)>,
    /// The key slots, each with the one thing its key may do.
    pub keys: BTreeMap<Name, KeyGrant>,
    /// Where messages may go; never empty.
    pub routes: BTreeMap<Name, Route>,
    /// The echoes each operation needs besides its seal before its outcome counts.
    pub proofs: BTreeMap<OperationKind, Vec<Echoed>>,
    /// What the plugin can only undercut.
    pub ceilings: Ceilings,
}

/// What a key slot is and may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    /// What a key in it may be: several where the acquirer hands out keys of several lengths. Never empty.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Its one use.
    pub use_: KeyUse,
}

/// A way to an acquirer, over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Host and port.
    pub address: Address,
    /// The name its certificate must carry; the host of the address where nothing is said.
    pub server_name: String,
    /// The certificates, in PEM, that may have signed it.
    pub roots: PathBuf,
    /// What may leave here beside the plugin's own bytes.
    pub secrets: BTreeSet<RouteSecret>,
    /// How long to wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// How long to wait until a request has left.
    pub write_timeout: Duration,
}

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address; an IPv6 address stands without its brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

/// Limits a plugin can undercut and never exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// Tries of one exchange, the first included.
    pub attempts: u32,
    /// The longest pause between two tries.
    pub wait: Duration,
    /// The longest wait for a reply.
    pub exchange_timeout: Duration,
    /// Debts the acquirer has refused before new payments stop.
    pub refused_debts: u32,
    /// The largest payment, in the minor unit of the terminal's currency.
    pub amount_minor: u64,
}

/// What the terminal reads and prints with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// Nothing: the terminal can pay its debts and explain itself, and take no payment.
    None,
    /// Profiles in place of cards, files in place of paper. Development only.
    Virtual(VirtualDevices),
}

/// The virtual set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualDevices {
    /// The card profile presented where a command names none.
    pub card: String,
    /// The folder receipts are written to.
    pub receipts: PathBuf,
    /// Whether the stripe of a chip card may be used.
    pub allow_fallback: bool,
}

/// How the journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// Where the key is that wraps the keys of the segments.
    pub key: JournalKey,
    /// What new segments are encrypted with.
    pub cipher: Cipher,
    /// How long whole records are kept. Of older payments the journal keeps a line and all proofs; what is owed is kept
    /// whole however old it is.
    pub retention_days: u32,
    /// A file outside the data folder that remembers the newest checkpoint, so that an older image of the journal put
    /// back is noticed.
    pub anchor: Option<PathBuf>,
    /// Entries between two signed checkpoints.
    pub checkpoint_every: u64,
}

/// Where the journal's key-encryption key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalKey {
    /// In a file of the data folder, 0600.
    File,
    /// In the kernel's keyring: gone with the power, so whoever boots the terminal puts it there.
    Keyring,
}

impl Configuration {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or something in it is wrong: see [`Problem`].
    pub fn load(file: &Path) -> Result<Self, ConfigurationError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigurationError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(file, &text)
    }

    /// Reads the text of a configuration file. `file` is where it stands: for mistakes, and as the root of its paths.
    ///
    /// # Errors
    ///
    /// Something in it is wrong: see [`Problem`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigurationError> {
        read::configuration(file, text).map_err(ConfigurationError::Wrong)
    }
}

impl Default for JournalSettings {
    fn default() -> Self {
        JournalSettings {
            key: JournalKey::File,
            cipher: Cipher::ChaCha20Poly1305,
            // Card schemes let a cardholder dispute a payment for 120 days; two months more to answer.
            retention_days: 180,
            anchor: None,
            checkpoint_every: journal::CHECKPOINT_EVERY,
        }
    }
}

impl Acquirers {
    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Acquirer> {
        self.all.iter()
    }

    /// The one that takes a payment when nobody says which: marked `first`, else the first in the file.
    pub fn first(&self) -> &Acquirer {
        &self.all[self.first]
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<&Acquirer> {
        self.all.iter().find(|acquirer| acquirer.name == name)
    }
}

impl Acquirer {
    /// Slots whose keys are downloaded at a sign-in, and without which nothing is sent.
    pub fn work_keys(&self) -> impl Iterator<Item = &Name> {
        self.keys.iter().filter(|(_, grant)| grant.use_ != KeyUse::Transport).map(|(slot, _)| slot)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Default for Ceilings {
    /// For a file that says nothing: three tries, a minute for each wait, ten refused debts, 50,000.00.
    fn default() -> Self {
        Ceilings {
            attempts: 3,
            wait: Duration::from_secs(60),
            exchange_timeout: Duration::from_secs(60),
            refused_debts: 10,
            amount_minor: 5_000_000,
        }
    }
}

#[cfg(test)]
mod tests;
