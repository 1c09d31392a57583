//! Commands that look at the books: through the running terminal, or straight from the journal when none runs.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use engine::books::Books;
use engine::{Fact, Record, TransactionId};
use journal::Health;
use serde_json::json;

use super::{House, ask};
use crate::control::{Ask, Reached, Response};
use crate::messages::format_time;
use crate::show;
use crate::terminal::{OnDisk, keeping, record};

/// A story to tell.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The transaction's identity.
    id: Option<String>,
}

/// What to see of the journal.
#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Every record, oldest first; card numbers are not in it.
    Show,
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

pub(super) fn journal(house: &House, journal: &Journal) -> Result<ExitCode> {
    let Journal::Show = journal;
    let reading = keeping::read(&house.configuration)?;
    let mut whole = reading.health == Health::Whole;
    for entry in &reading.entries {
        let Some(decoded) = record(entry) else { continue };
        let (facts, line) = match decoded {
            Ok(record) => describe(entry.sequence, &record),
            Err(error) => {
                whole = false;
                let facts = json!({ "sequence": entry.sequence, "error": error.to_string() });
                (facts, format!("{:>6}  {error}", entry.sequence))
            }
        };
        house.show(&Response::done(facts, vec![line]))?;
    }
    if let Health::Damaged(damage) = &reading.health {
        house.show(&Response::failed(damage.to_string()))?;
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The books on the disk; what cannot be read of them is said beside.
fn books(house: &House) -> Result<Books> {
    let OnDisk { books, damage } = OnDisk::read(&house.configuration)?;
    for what in damage {
        eprintln!("acquit: {what}");
    }
    Ok(books)
}

fn describe(sequence: u64, record: &Record) -> (serde_json::Value, String) {
    let time = format_time(&record.at.local());
    let word = word(&record.fact);
    let subject = record.fact.subject().map(ToString::to_string);
    let line =
        format!("{sequence:>6}  {time}  {:<10} {word:<14} {}", record.acquirer, subject.clone().unwrap_or_default());
    let facts = json!({
        "sequence": sequence,
        "at": time,
        "acquirer": record.acquirer,
        "fact": word,
        "transaction": subject,
        "record": record,
    });
    (facts, line)
}

fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Intent(_) => "intent",
        Fact::Resent { .. } => "resent",
        Fact::Sent { .. } => "sent",
        Fact::Heard { .. } => "heard",
        Fact::Concluded { .. } => "concluded",
        Fact::Owed { .. } => "owed",
        Fact::Tried { .. } => "tried",
        Fact::Unheard { .. } => "unheard",
        Fact::Answered { .. } => "answered",
        Fact::KeysInstalled { .. } => "keys-installed",
        Fact::KeysDropped { .. } => "keys-dropped",
        Fact::Remembered { .. } => "remembered",
        Fact::CounterSet { .. } => "counter-set",
        Fact::Incident { .. } => "incident",
        Fact::Waived { .. } => "waived",
    }
}
