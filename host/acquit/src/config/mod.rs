//! The terminal's configuration, `terminal.toml`: parsed once, and from then on only things that are right.
//!
//! A mistake is told with file, line, column and key, and with what would be right. Paths in the file are relative to
//! the folder the file stands in.

mod acquirer;
mod error;
mod profile;
mod read;
mod section;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use journal::keys::Cipher;

pub use acquirer::{Acquirer, Acquirers, Address, Ceilings, KeyGrant, Offline, Route, TimeOfDay, Trade};
pub use error::{ConfigurationError, Mistake, Problem};
pub use profile::{AcquirerProfile, Blanks, Known, Question};
pub use words::{RouteSecret, Word};
pub(crate) use words::{key_use_word, words};

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
    /// Whom a customer asks about a payment whose outcome is unknown: a telephone number, an address.
    pub contact: Option<String>,
    /// Which copies of a receipt are printed, in this order.
    pub copies: Vec<ReceiptCopy>,
    /// How long a question to the cashier waits for an answer before it counts as a no.
    pub answer_within: Duration,
}

/// For whom a copy of a receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptCopy {
    /// The shop keeps it, signed where the payer proved themselves in no other way.
    Merchant,
    /// Whoever paid takes it along.
    Cardholder,
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
    /// Whether the stripe of a chip card may be used after its chip could not be read.
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

#[cfg(test)]
mod journal_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trade_tests;
