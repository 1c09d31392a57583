//! Commands that look at the books: through the running terminal, or straight from the journal when none runs.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use engine::TransactionId;
use engine::books::Books;

use super::{House, ask};
use crate::control::{Ask, Reached};
use crate::show;
use crate::terminal::OnDisk;

/// A story to tell.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The transaction's identity.
    id: Option<String>,
}

pub(super) fn owed(house: &House) -> Result<ExitCode> {
    let response = match ask::try_ask(house, Ask::Owed)? {
        Reached::Answered(response) => response,
        Reached::NobodyThere => show::owed(&books(house)?, &house.messages),
    };
    house.show(&response)
}

pub(super) fn explain(house: &House, explain: Explain) -> Result<ExitCode> {
    let transaction = explain.id.as_deref().map(TransactionId::parse).transpose()?;
    let response = match ask::try_ask(house, Ask::Explain { transaction: transaction.clone() })? {
        Reached::Answered(response) => response,
        Reached::NobodyThere => show::explain(&books(house)?, transaction.as_ref(), &house.messages),
    };
    house.show(&response)
}

pub(super) fn totals(house: &House) -> Result<ExitCode> {
    let response = match ask::try_ask(house, Ask::Totals)? {
        Reached::Answered(response) => response,
        Reached::NobodyThere => {
            let acquirers: Vec<_> = house.configuration.acquirers.iter().map(|known| known.name.clone()).collect();
            let currency = house.configuration.terminal.currency;
            show::totals(&books(house)?, &acquirers, currency, &house.messages)
        }
    };
    house.show(&response)
}

/// The books on the disk; what cannot be read of them is said beside.
fn books(house: &House) -> Result<Books> {
    let OnDisk { books, damage } = OnDisk::read(&house.configuration)?;
    for what in damage {
        eprintln!("acquit: {what}");
    }
    Ok(books)
}
