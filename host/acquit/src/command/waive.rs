//! A debt given up: by the operator's signature, with a reason, and never out of the journal.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use engine::{Timestamp, TransactionId};

use super::{House, ask};
use crate::control::{Ask, Reached, Response, WaiverAsked};
use crate::operator::{PublicKey, SigningKey};
use crate::terminal;

/// What is owed, and what to do about it.
#[derive(Debug, Args)]
pub(super) struct Owed {
    #[command(subcommand)]
    pub(super) what: Option<Owing>,
}

/// What can be done about a debt by hand.
#[derive(Debug, Subcommand)]
pub(super) enum Owing {
    /// Take a debt off the books without the acquirer's acknowledgement. It stays in the journal, with reason and
    /// signature.
    Waive(Waive),
}

/// Which debt, why and by whom.
#[derive(Debug, Args)]
pub(super) struct Waive {
    /// The debt, or the payment it is owed for.
    id: String,
    /// Why, in a line, for whoever asks in a year.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The operator's private key, as `acquit operator new-key` made it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(super) fn waive(house: &House, waive: &Waive) -> Result<ExitCode> {
    let debt = TransactionId::parse(&waive.id)?;
    let key = SigningKey::open(&waive.key)?;
    if let Some(refusal) = refused(house, key.public()) {
        return house.show(&refusal);
    }
    let reason = waive.reason.clone();
    let ask = Ask::StateWaiver { debt: debt.clone(), reason: reason.clone() };
    let stated = match ask::try_ask(house, ask)? {
        Reached::Answered(stated) => stated,
        Reached::NobodyThere => {
            let response = terminal::waive_at_rest(&house.configuration, &debt, &reason, &key, &house.messages)?;
            return house.show(&response);
        }
    };
    if !stated.ok {
        return house.show(&stated);
    }
    let strange = "the terminal's answer holds no statement; it is another version";
    let statement = stated.facts["statement"].as_str().context(strange)?;
    let at: Timestamp = serde_json::from_value(stated.facts["at"].clone()).context(strange)?;
    let debt: TransactionId = serde_json::from_value(stated.facts["debt"].clone()).context(strange)?;
    let signature = hex::encode(key.sign(statement.as_bytes()));
    let waiver = WaiverAsked { debt, reason, at };
    house.show(&ask::ask(house, Ask::Waive { waiver, by: key.public().to_string(), signature })?)
}

/// A key that the configuration does not name is refused before anything is signed with it.
fn refused(house: &House, by: PublicKey) -> Option<Response> {
    let known = &house.configuration.operators;
    let id = match known.is_empty() {
        true => "waive-no-keys",
        false if !known.contains(&by) => "waive-other-key",
        false => return None,
    };
    Some(Response::failed(house.messages.text(id, &[("key", by.to_string().into())])))
}
