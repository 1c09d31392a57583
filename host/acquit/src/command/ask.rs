//! Commands that the running terminal does.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use engine::TransactionId;
use jiff::Zoned;
use serde_json::json;

use super::House;
use crate::control::{self, Ask, Order, Reached, Response};
use crate::messages::{format_amount, parse_amount};
use crate::terminal::Places;

/// A payment to take.
#[derive(Debug, Args)]
pub(super) struct Sale {
    /// As a cashier types it: 12.34
    amount: String,
    /// The cash register's identity for this payment: 1 to 28 letters and digits. One is made where none is given.
    #[arg(long)]
    id: Option<String>,
    /// Which acquirer; the first where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
    /// The virtual card to present (development): a profile's name or file.
    #[arg(long)]
    card: Option<String>,
    /// Who is at the counter.
    #[arg(long, default_value = "01")]
    operator: String,
}

/// An acquirer, by name.
#[derive(Debug, Args)]
pub(super) struct Acquirer {
    /// Which acquirer; the first, or all, where nothing is said.
    #[arg(long)]
    acquirer: Option<String>,
}

/// A transaction, by identity.
#[derive(Debug, Args)]
pub(super) struct Transaction {
    /// Its identity.
    id: String,
}

pub(super) fn sale(house: &House, sale: Sale) -> Result<ExitCode> {
    let currency = house.configuration.terminal.currency;
    let amount = parse_amount(&sale.amount, currency).map_err(|_| {
        let example =
            engine::contract::types::Amount { minor: 1234, currency: currency.number, exponent: currency.exponent };
        let args = [
            ("text", sale.amount.clone().into()),
            ("example", format_amount(&example, house.configuration.language).into()),
        ];
        anyhow!(house.messages.text("sale-bad-amount", &args))
    })?;
    let transaction = match &sale.id {
        Some(id) => TransactionId::parse(id)?,
        None => fresh_identity("A")?,
    };
    // Said before anything is asked for, so that nobody ever holds a payment without a name.
    let mut out = std::io::stdout().lock();
    if house.json {
        writeln!(out, "{}", json!({ "transaction": transaction }))?;
    } else {
        let line = house.messages.text("sale-identity", &[("transaction", transaction.to_string().into())]);
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    drop(out);
    let Sale { acquirer, card, operator, .. } = sale;
    house.show(&ask(house, Ask::Sale { transaction, amount, acquirer, card, operator })?)
}

pub(super) fn sign_in(house: &House, acquirer: Acquirer) -> Result<ExitCode> {
    let transaction = fresh_identity("S")?;
    let ask = Ask::SignIn { acquirer: acquirer.acquirer, transaction, operator: "01".into() };
    house.show(&self::ask(house, ask)?)
}

pub(super) fn cancel(house: &House, transaction: Transaction) -> Result<ExitCode> {
    let transaction = TransactionId::parse(&transaction.id)?;
    house.show(&ask(house, Ask::Cancel { transaction })?)
}

pub(super) fn pay(house: &House, acquirer: Acquirer) -> Result<ExitCode> {
    house.show(&ask(house, Ask::Pay { acquirer: acquirer.acquirer })?)
}

pub(super) fn ask(house: &House, ask: Ask) -> Result<Response> {
    match try_ask(house, ask)? {
        Reached::Answered(response) => Ok(response),
        Reached::NobodyThere => bail!("the terminal is not running; start it with `acquit run`"),
    }
}

/// Asks the running terminal, if one runs.
pub(super) fn try_ask(house: &House, ask: Ask) -> Result<Reached> {
    let order = Order { language: house.configuration.language, ask };
    control::ask(&Places::of(&house.configuration).socket(), &order)
}

/// A name no other payment of this terminal has: the time to the microsecond, in base 36.
fn fresh_identity(prefix: &str) -> Result<TransactionId> {
    let mut number = u64::try_from(Zoned::now().timestamp().as_microsecond()).context("the clock is before 1970")?;
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
    }
    Ok(TransactionId::parse(&format!("{prefix}{}", digits.iter().rev().collect::<String>()))?)
}
