//! Commands that look at the books: through the running terminal, or straight from the journal when none runs.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use engine::TransactionId;

use super::{House, ask};
use crate::config::ReceiptCopy;
use crate::control::{Ask, Paper, Reached};
use crate::terminal::look_at_rest;

/// Look at the books.
#[derive(Debug, Subcommand)]
pub(super) enum Look {
    /// Tell the whole story of a transaction; of the newest payment where none is named.
    #[command(after_help = "Answers four questions: was the customer charged, will the shop be paid, what is still \
                            owed and by whom, what to do now; then what happened, moment by moment.")]
    Explain(Explain),
    /// The open batch: its transactions and their sums.
    Batch(Whose),
    /// What each acquirer owes the shop by the terminal's own books: in the open batch, and of all time.
    Totals,
    /// Print a receipt or a settlement's slip once more, marked as a copy.
    #[command(
        after_help = "Examples:\n  acquit reprint                 the newest receipt\n  acquit reprint ORDER17\n  \
                            acquit reprint ORDER17 --copy merchant\n  \
                            acquit reprint settlement      the newest settlement; an earlier one by its identity"
    )]
    Reprint(Reprint),
}

/// A story to tell.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The transaction's identity, or that of what is owed for it.
    id: Option<String>,
}

/// An acquirer, by name.
#[derive(Debug, Args)]
pub(super) struct Whose {
    /// Which acquirer; all where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
}

/// Something to print.
#[derive(Debug, Args)]
pub(super) struct Reprint {
    /// A transaction's identity, or `settlement`; the newest receipt where nothing is said.
    what: Option<String>,
    /// Whose settlement; the first acquirer's where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
    /// Whose copy of a receipt; those that the configuration has printed where nothing is said.
    #[arg(long, value_enum)]
    copy: Option<ReceiptCopy>,
}

pub(super) fn look(house: &House, look: Look) -> Result<ExitCode> {
    let ask = match look {
        Look::Explain(Explain { id }) => {
            Ask::Explain { transaction: id.as_deref().map(TransactionId::parse).transpose()? }
        }
        Look::Batch(Whose { acquirer }) => Ask::Batch { acquirer },
        Look::Totals => Ask::Totals,
        Look::Reprint(Reprint { what, acquirer, copy }) => Ask::Reprint {
            copy,
            what: match what.as_deref() {
                None => Paper::Last,
                Some("settlement") => Paper::Settlement(acquirer),
                Some(id) => Paper::Receipt(TransactionId::parse(id)?),
            },
        },
    };
    show(house, ask)
}

pub(super) fn owed(house: &House) -> Result<ExitCode> {
    show(house, Ask::Owed)
}

fn show(house: &House, ask: Ask) -> Result<ExitCode> {
    let response = match ask::try_ask(house, ask.clone())? {
        Reached::Answered(response) => response,
        Reached::NobodyThere => {
            let (response, damage) = look_at_rest(&house.configuration, &ask, &house.messages)?;
            for what in damage {
                eprintln!("acquit: {what}");
            }
            response
        }
    };
    house.show(&response)
}
