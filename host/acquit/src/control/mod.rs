//! How other commands speak to the running terminal: a Unix socket, one line of JSON each way.

mod client;
mod server;

use engine::contract::types::Amount;
use engine::{Timestamp, TransactionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::messages::Language;

pub use client::{Reached, ask};
pub use server::serve;

/// Something asked of the running terminal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// In which language to answer.
    #[serde(with = "language")]
    pub language: Language,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// Take money from a card; answered when the outcome is durable.
    Sale {
        /// The cash register's identity for it.
        transaction: TransactionId,
        /// How much.
        amount: Amount,
        /// At which acquirer; the first one where nothing is said.
        acquirer: Option<String>,
        /// The virtual card to present; the configured one where nothing is said.
        card: Option<String>,
        /// Who asks.
        operator: String,
    },
    /// Stop a payment that has not been sent.
    Cancel {
        /// Which.
        transaction: TransactionId,
    },
    /// Download work keys and adopt the batch.
    SignIn {
        /// At which acquirer.
        acquirer: Option<String>,
        /// What to call it.
        transaction: TransactionId,
        /// Who asks.
        operator: String,
    },
    /// What is owed.
    Owed,
    /// Try every debt now; answered at once.
    Pay {
        /// Whose; everybody's where nothing is said.
        acquirer: Option<String>,
    },
    /// The story of a transaction; of the newest payment where none is named.
    Explain {
        /// Which.
        transaction: Option<TransactionId>,
    },
    /// What each acquirer owes the shop.
    Totals,
    /// Sign what the journal holds by now; evidence is proven against that.
    Checkpoint,
    /// The statement that waives a debt, to be signed.
    StateWaiver {
        /// The debt, or the payment it is owed for.
        debt: TransactionId,
        /// Why, in a line.
        reason: String,
    },
    /// Take a debt off the books; answered when that is durable.
    Waive {
        /// What was stated.
        waiver: WaiverAsked,
        /// The public key, as the configuration writes it.
        by: String,
        /// The signature over the statement, in hexadecimal.
        signature: String,
    },
}

/// A waiver as it was stated.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverAsked {
    /// The debt.
    pub debt: TransactionId,
    /// Why.
    pub reason: String,
    /// When it was stated.
    pub at: Timestamp,
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Whether what was asked was done.
    pub ok: bool,
    /// The facts, for machines.
    pub facts: Value,
    /// The same for people, in the language they asked for.
    pub lines: Vec<String>,
}

impl Response {
    /// It was done.
    pub fn done(facts: Value, lines: Vec<String>) -> Response {
        Response { ok: true, facts, lines }
    }

    /// It was not, and this is why.
    pub fn failed(why: String) -> Response {
        Response { ok: false, facts: serde_json::json!({ "error": why }), lines: vec![why] }
    }
}

mod language {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::config::Word;
    use crate::messages::Language;

    pub fn serialize<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(language.word())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = Language::ALL.iter().find(|language| language.word() == word);
        known.copied().ok_or_else(|| D::Error::custom(format!("no language {word}")))
    }
}
