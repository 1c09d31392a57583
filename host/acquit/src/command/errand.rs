//! Errands: what keeps a terminal fit to trade, closes its day, or steers what is running.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use engine::contract::transaction::Maintenance;
use engine::{Order, TransactionId};

use super::House;
use super::ask;
use crate::control::{AcceptPartial, Ask, Begin};

/// Sign in and off, download, settle; cancel and answer.
#[derive(Debug, Subcommand)]
pub(super) enum Errand {
    /// Download work keys and adopt the acquirer's batch.
    SignIn(Acquirer),
    /// Tell the acquirer that this terminal is going.
    SignOff(Acquirer),
    /// Ask the acquirer for a sign of life.
    Echo(Acquirer),
    /// Have the acquirer send what the terminal works with.
    #[command(after_help = "Example: acquit download parameters")]
    Download(Download),
    /// Close the batch: pay what is owed, compare totals, upload the batch where they differ.
    #[command(after_help = "What the acquirer refused is carried over by name; nothing unheard is. A settlement that \
                            is cut short goes on where it stopped.")]
    Settle(Acquirer),
    /// Stop an operation: before it is sent nothing happens; after that nobody waits for it any more, and what may have
    /// been taken is taken back.
    Cancel(Transaction),
    /// Answer what the terminal asks the cashier, such as whether to take a part of the amount.
    Answer(Answer),
    /// Try every debt now.
    Pay(Whose),
}

/// An acquirer, by name.
#[derive(Debug, Args)]
pub(super) struct Acquirer {
    /// Which acquirer; the first of the configuration where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
    /// Who is at the counter.
    #[arg(long, default_value = "01")]
    operator: String,
    /// The identity of this errand; one is made where none is given.
    #[arg(long)]
    id: Option<String>,
}

/// Whose debts.
#[derive(Debug, Args)]
pub(super) struct Whose {
    /// Which acquirer; all where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
}

/// A download.
#[derive(Debug, Args)]
pub(super) struct Download {
    /// What: a name the acquirer's plugin knows, such as parameters, public-keys or applications.
    name: String,
    #[command(flatten)]
    acquirer: Acquirer,
}

/// A transaction, by identity.
#[derive(Debug, Args)]
pub(super) struct Transaction {
    /// Its identity.
    id: String,
}

/// An answer.
#[derive(Debug, Args)]
pub(super) struct Answer {
    /// The answer.
    answer: YesOrNo,
    /// Which transaction asks; the only one where nothing is said.
    id: Option<String>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesOrNo {
    Yes,
    No,
}

pub(super) fn errand(house: &House, errand: Errand) -> Result<ExitCode> {
    let (order, acquirer) = match errand {
        Errand::SignIn(acquirer) => (Order::Maintain(Maintenance::SignIn), acquirer),
        Errand::SignOff(acquirer) => (Order::Maintain(Maintenance::SignOff), acquirer),
        Errand::Echo(acquirer) => (Order::Maintain(Maintenance::Echo), acquirer),
        Errand::Download(Download { name, acquirer }) => (Order::Download(name), acquirer),
        Errand::Settle(acquirer) => (Order::Settle, acquirer),
        Errand::Cancel(Transaction { id }) => {
            let transaction = TransactionId::parse(&id)?;
            return house.show(&ask::ask(house, Ask::Cancel { transaction })?);
        }
        Errand::Answer(Answer { answer, id }) => {
            let transaction = id.as_deref().map(TransactionId::parse).transpose()?;
            return house.show(&ask::ask(house, Ask::Answer { yes: answer == YesOrNo::Yes, transaction })?);
        }
        Errand::Pay(Whose { acquirer }) => return house.show(&ask::ask(house, Ask::Pay { acquirer })?),
    };
    let transaction = match &acquirer.id {
        Some(id) => TransactionId::parse(id)?,
        None => ask::fresh_identity("S")?,
    };
    let Acquirer { acquirer, operator, .. } = acquirer;
    let begin = Begin { transaction, order, acquirer, card: None, operator, accept_partial: AcceptPartial::No };
    house.show(&ask::ask(house, Ask::Begin(Box::new(begin)))?)
}
