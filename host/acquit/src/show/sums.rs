//! What each acquirer owes the shop, by the terminal's own books: batch by batch, and of all time.

use engine::books::{Books, Transaction};
use engine::contract::transaction::Totals;
use engine::contract::types::Amount;
use serde_json::{Value, json};

use super::debts::{Exposure, exposure};
use super::{amount_facts, reference, settlement, words};
use crate::config::{Configuration, Word};
use crate::control::Response;
use crate::messages::{Messages, format_amount, format_time};

/// What each acquirer owes the shop of all time, what of it is in the open batch, and what it has not been told of.
pub fn totals(books: &Books, configuration: &Configuration, messages: &Messages) -> Response {
    let currency = configuration.terminal.currency;
    let none = Amount { minor: 0, currency: currency.number, exponent: currency.exponent };
    let shown = |amount: &Amount| format_amount(amount, messages.language());
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for acquirer in configuration.acquirers.iter().map(|acquirer| &acquirer.name) {
        let taken = match books.taken(acquirer, none) {
            Ok(taken) => taken,
            Err(error) => return Response::failed(format!("{acquirer}: {error}")),
        };
        let args = [("acquirer", acquirer.clone().into()), ("amount", shown(&taken).into())];
        lines.push(messages.text("totals-line", &args));
        let batch = books.batch(acquirer);
        let sums = batch.totals();
        lines.extend(sums.iter().map(|sum| format!("  {}", in_batch(batch.number, sum, messages))));
        let exposed = exposure(books, acquirer);
        for Exposure { amount, .. } in &exposed {
            let text = messages.text("totals-exposure", &[("amount", shown(amount).into())]);
            lines.push(format!("  {text}"));
        }
        let exposed: Vec<_> = exposed.iter().map(|exposed| amount_facts(&exposed.amount)).collect();
        facts.push(json!({
            "acquirer": acquirer,
            "taken-minor": taken.minor,
            "currency": currency.code,
            "batch": { "number": batch.number, "totals": settlement::sums(&sums) },
            "exposure": exposed,
        }));
    }
    Response::done(json!({ "totals": facts, "owed": books.owed() }), lines)
}

/// The open batch of each acquirer: its transactions, in order, and their sums.
pub fn batch(books: &Books, configuration: &Configuration, acquirer: Option<&str>, messages: &Messages) -> Response {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for name in configuration.acquirers.iter().map(|known| &known.name) {
        if acquirer.is_some_and(|asked| asked != name) {
            continue;
        }
        let batch = books.batch(name);
        let members: Vec<_> = batch.members.iter().filter_map(|id| books.transaction(id)).collect();
        lines.push(head(name, batch.number, members.len(), messages));
        lines.extend(members.iter().map(|member| line(member, messages)));
        let sums = batch.totals();
        lines.extend(sums.iter().map(|sum| in_batch(batch.number, sum, messages)));
        let members: Vec<_> = members.iter().map(|member| member_facts(member)).collect();
        facts.push(json!({
            "acquirer": name,
            "batch": batch.number,
            "settling": batch.settling.as_ref().map(|settling| &settling.settlement),
            "totals": settlement::sums(&sums),
            "transactions": members,
        }));
    }
    Response::done(json!({ "batches": facts }), lines)
}

fn in_batch(number: u32, sum: &Totals, messages: &Messages) -> String {
    messages.text(
        "totals-batch",
        &[
            ("batch", number.into()),
            ("operation", messages.text(words::operation(sum.operation), &[]).into()),
            ("count", sum.count.into()),
            ("amount", format_amount(&sum.amount, messages.language()).into()),
        ],
    )
}

fn head(acquirer: &str, batch: u32, count: usize, messages: &Messages) -> String {
    let args = [("acquirer", acquirer.to_owned().into()), ("batch", batch.into())];
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
