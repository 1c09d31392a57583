//! How other commands speak to the running terminal: a Unix socket, one line of JSON there, and lines of JSON back of
//! which the last is the answer.

mod client;
mod server;

use std::sync::mpsc::Sender;

use engine::{Order, Timestamp, TransactionId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::ReceiptCopy;
use crate::messages::Language;

pub use client::{Reached, ask};
pub use server::serve;

/// Something asked of the running terminal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// In which language to answer.
    #[serde(with = "language")]
    pub language: Language,
    /// Whether to tell what the terminal's screen shows until there is an answer.
    #[serde(default)]
    pub meanwhile: bool,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// Begin an operation; answered when its outcome is durable.
    Begin(Box<Begin>),
    /// Stop it: before it is sent nothing happens, after that nobody waits for it any more.
    Cancel {
        /// Which.
        transaction: TransactionId,
    },
    /// Answer what the terminal asks the cashier.
    Answer {
        /// Yes or no.
        yes: bool,
        /// Of which transaction; of the only one that asks where nothing is said.
        transaction: Option<TransactionId>,
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
    /// What each acquirer owes the shop: in the open batch, and of all time.
    Totals,
    /// The open batch, transaction by transaction.
    Batch {
        /// Whose; everybody's where nothing is said.
        acquirer: Option<String>,
    },
    /// Print something once more, marked as a copy.
    Reprint {
        /// What.
        what: Paper,
        /// Whose copy of a receipt; those that are always printed where nothing is said.
        #[serde(default)]
        copy: Option<ReceiptCopy>,
    },
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

/// An operation to begin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The cash register's identity for it.
    pub transaction: TransactionId,
    /// What is to be done.
    pub order: Order,
    /// At which acquirer; the original's, or the first one, where nothing is said.
    pub acquirer: Option<String>,
    /// The virtual card to present; the configured one where nothing is said.
    pub card: Option<String>,
    /// Who asks.
    pub operator: String,
    /// What is answered where the acquirer approves a part only.
    #[serde(default)]
    pub accept_partial: AcceptPartial,
}

/// Whether a part of the amount is taken where the acquirer approves no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptPartial {
    /// Take it.
    Yes,
    /// Give it back.
    No,
    /// Ask the cashier: `acquit answer yes`. No answer in time is a no.
    #[default]
    Ask,
}

/// What can be printed once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// The receipt of a transaction, or its slip where the outcome is unknown.
    Receipt(TransactionId),
    /// The newest receipt.
    Last,
    /// The newest settlement of this acquirer; of the first one where nothing is said.
    Settlement(Option<String>),
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

/// One line back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// The answer; nothing comes after it.
    Answer(Response),
    /// The cashier must decide something; `acquit answer` carries the decision.
    Question {
        /// What, in the language of the terminal.
        question: String,
        /// About which transaction.
        transaction: TransactionId,
    },
    /// What the terminal's screen shows.
    Screen {
        /// A line of it, in the language of the terminal.
        screen: String,
    },
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

/// The way back to whoever asked.
#[derive(Clone, Debug)]
pub struct Reply(Sender<Told>);

impl Reply {
    /// A way back through this channel.
    pub fn new(to: Sender<Told>) -> Reply {
        Reply(to)
    }

    /// Gives the answer.
    pub fn answer(&self, response: Response) {
        self.tell(Told::Answer(response));
    }

    /// Tells something; says whether anybody is there to hear it.
    pub fn tell(&self, told: Told) -> bool {
        self.0.send(told).is_ok()
    }
}

impl Response {
    /// It was done.
    pub fn done(facts: Value, lines: Vec<String>) -> Response {
        Response { ok: true, facts, lines }
    }

    /// It was not, and this is why.
    pub fn failed(why: String) -> Response {
        Response { ok: false, facts: json!({ "error": why }), lines: vec![why] }
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

#[cfg(test)]
mod tests {
    use engine::Payable;
    use engine::contract::transaction::PaymentKind;
    use engine::contract::types::Amount;

    use super::*;

    #[test]
    fn a_request_and_its_answers_read_back() {
        let amount = Amount { minor: 1234, currency: 156, exponent: 2 };
        let order = Order::Pay(Payable { kind: PaymentKind::Sale, amount, tip: None, cash: None });
        let transaction = TransactionId::parse("A1").unwrap();
        let begin = Begin {
            transaction: transaction.clone(),
            order: order.clone(),
            acquirer: None,
            card: None,
            operator: "01".into(),
            accept_partial: AcceptPartial::Ask,
        };
        let request = Request { language: Language::English, meanwhile: true, ask: Ask::Begin(Box::new(begin)) };
        let text = serde_json::to_string(&request).unwrap();
        let read: Request = serde_json::from_str(&text).unwrap();
        assert!(matches!(read.ask, Ask::Begin(begin) if begin.order == order && begin.transaction == transaction));
        assert!(serde_json::from_str::<Request>(&text.replace("meanwhile", "mean")).is_err());

        let told = [
            Told::Answer(Response::failed("no".into())),
            Told::Question { question: "?".into(), transaction },
            Told::Screen { screen: "...".into() },
        ];
        for told in told {
            let text = serde_json::to_string(&told).unwrap();
            let read: Told = serde_json::from_str(&text).unwrap();
            assert_eq!(std::mem::discriminant(&read), std::mem::discriminant(&told), "{text}");
        }
    }
}
