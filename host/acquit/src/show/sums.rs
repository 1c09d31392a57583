//! What each acquirer owes the shop, by the terminal's own books.

use engine::books::{BATCH, Books, Query, State, Transaction};
use engine::contract::types::Amount;
use serde_json::{Value, json};

use super::{amount_facts, reference, words};
use crate::config::{Configuration, Word};
use crate::control::Response;
use crate::messages::{Messages, format_amount, format_time};

/// What each acquirer owes the shop.
pub fn totals(books: &Books, configuration: &Configuration, messages: &Messages) -> Response {
    let currency = configuration.terminal.currency;
    let none = Amount { minor: 0, currency: currency.number, exponent: currency.exponent };
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for acquirer in configuration.acquirers.iter().map(|acquirer| &acquirer.name) {
        match books.taken(acquirer, none) {
            Ok(taken) => {
                let amount = format_amount(&taken, messages.language());
                lines.push(
                    messages.text("totals-line", &[("acquirer", acquirer.clone().into()), ("amount", amount.into())]),
                );
                facts.push(json!({ "acquirer": acquirer, "taken-minor": taken.minor, "currency": currency.code }));
            }
            Err(error) => return Response::failed(format!("{acquirer}: {error}")),
        }
    }
    Response::done(json!({ "totals": facts, "owed": books.owed() }), lines)
}

/// The open batch of each acquirer: what was approved in it.
pub fn batch(books: &Books, configuration: &Configuration, acquirer: Option<&str>, messages: &Messages) -> Response {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for name in configuration.acquirers.iter().map(|known| &known.name) {
        if acquirer.is_some_and(|asked| asked != name) {
            continue;
        }
        let number = books.kept(name).and_then(|kept| kept.memory.get(BATCH));
        let number = number.map(|number| String::from_utf8_lossy(number).into_owned()).unwrap_or_default();
        let query = Query {
            acquirer: Some(name.clone()),
            batch: Some(number.clone()),
            state: Some(State::Approved),
            ..Query::default()
        };
        let members = books.find(&query);
        lines.push(head(name, &number, members.len(), messages));
        lines.extend(members.iter().map(|member| line(member, messages)));
        let members: Vec<_> = members.iter().map(|member| member_facts(member)).collect();
        facts.push(json!({ "acquirer": name, "batch": number, "transactions": members }));
    }
    Response::done(json!({ "batches": facts }), lines)
}

fn head(acquirer: &str, batch: &str, count: usize, messages: &Messages) -> String {
    let args = [("acquirer", acquirer.to_owned().into()), ("batch", batch.to_owned().into())];
    match count {
        0 => messages.text("open-batch-empty", &args),
        count => messages.text("open-batch-head", &[args.to_vec(), vec![("count", (count as u64).into())]].concat()),
    }
}

fn line(member: &Transaction, messages: &Messages) -> String {
    let amount = member.amount().map(|amount| format_amount(&amount, messages.language())).unwrap_or_default();
    messages.text(
        "open-batch-line",
        &[
            ("time", format_time(&member.begun.local()).into()),
            ("operation", messages.text(words::operation(member.kind()), &[]).into()),
            ("amount", amount.into()),
            ("trace", reference(&member.reference, "trace").into()),
            ("transaction", member.id.to_string().into()),
        ],
    )
}

fn member_facts(member: &Transaction) -> Value {
    json!({
        "transaction": member.id,
        "operation": member.kind().word(),
        "amount": member.amount().as_ref().map(amount_facts),
        "trace": reference(&member.reference, "trace"),
        "at": format_time(&member.begun.local()),
    })
}
