//! A closed batch: what is said of it, and its slip.

use std::collections::BTreeMap;

use devices::Page;
use engine::books::{Books, Transaction};
use engine::contract::acquirer::Verdict;
use engine::contract::transaction::Totals;
use engine::story::StoryEvent;
use engine::{Incident, Settlement, TransactionId};
use serde_json::{Value, json};

use super::receipt::{Edition, head, shop};
use super::{amount_facts, words};
use crate::config::{Configuration, Word};
use crate::messages::{Messages, format_amount, format_time};

/// What whoever settled is told.
pub(super) fn lines(books: &Books, settlement: &Settlement, acquirer: &str, messages: &Messages) -> Vec<String> {
    let about = |id: &str| messages.text(id, &[("acquirer", acquirer.to_owned().into())]);
    let args = [("acquirer", acquirer.to_owned().into()), ("batch", settlement.batch.into())];
    let mut lines = vec![messages.text("settlement-done", &args)];
    lines.push(about(if settlement.balanced { "settlement-balanced" } else { "settlement-unbalanced" }));
    if settlement.uploaded > 0 {
        lines.push(messages.text("settlement-uploaded", &[("count", settlement.uploaded.into())]));
    }
    for totals in &settlement.totals {
        let amount = format_amount(&totals.amount, messages.language());
        let group = Some(&totals.group).filter(|group| !group.is_empty()).map(|group| format!("{group} "));
        lines.push(format!("  {}{}: {amount}", group.unwrap_or_default(), counted(totals, messages)));
    }
    let passed_over = passed_over(books, acquirer, settlement.batch);
    for (id, names) in named(settlement, &passed_over) {
        lines.extend(names.iter().map(|name| format!("{}: {name}", messages.text(id, &[]))));
    }
    lines
}

/// The same for machines.
pub(super) fn facts(books: &Books, settlement: &Settlement, acquirer: &str) -> Value {
    let groups: BTreeMap<_, _> = settlement.groups.iter().map(|(group, verdict)| (group, word(*verdict))).collect();
    json!({
        "batch": settlement.batch,
        "balanced": settlement.balanced,
        "totals": sums(&settlement.totals),
        "groups": groups,
        "uploaded": settlement.uploaded,
        "passed-over": passed_over(books, acquirer, settlement.batch),
        "carried": settlement.carried,
        "closed": settlement.closed,
    })
}

/// Sums for machines.
pub(super) fn sums(totals: &[Totals]) -> Vec<Value> {
    let facts = |totals: &Totals| {
        json!({
            "group": totals.group,
            "operation": totals.operation.word(),
            "count": totals.count,
            "amount": amount_facts(&totals.amount),
        })
    };
    totals.iter().map(facts).collect()
}

/// The slip of a settlement.
pub(super) fn slip(
    books: &Books,
    configuration: &Configuration,
    messages: &Messages,
    known: &Transaction,
    settlement: &Settlement,
    edition: Edition,
) -> Page {
    let text = |id: &str| messages.text(id, &[]);
    let mut page = head(configuration, messages, &text("settlement-title"), edition);
    page = shop(configuration, messages, &known.acquirer, page)
        .pair(text("settlement-acquirer"), known.acquirer.clone())
        .pair(text("settlement-batch"), settlement.batch.to_string());
    let closed = known.conclusion.as_ref().map_or(known.begun, |conclusion| conclusion.at);
    page = page.pair(text("settlement-date"), format_time(&closed.local()));
    page = page.pair(text("receipt-transaction"), known.id.to_string()).feed(1);
    page = groups(settlement, messages, page).feed(1);
    let verdict = if settlement.balanced { "settlement-balanced" } else { "settlement-unbalanced" };
    page = page.left(messages.text(verdict, &[("acquirer", known.acquirer.clone().into())]));
    if settlement.uploaded > 0 {
        page = page.left(messages.text("settlement-uploaded", &[("count", settlement.uploaded.into())]));
    }
    let passed_over = passed_over(books, &known.acquirer, settlement.batch);
    for (id, names) in named(settlement, &passed_over) {
        if !names.is_empty() {
            page = page.left(text(id));
        }
        page = names.iter().fold(page, |page, name| page.pair("", name.to_string()));
    }
    let attention = super::debts::needing_attention(books, &known.acquirer);
    if !attention.is_empty() {
        page = page.left(text("settlement-escalated"));
    }
    page = attention.iter().fold(page, |page, debt| page.pair("", debt.id.to_string()));
    match super::debts::exposure(books, &known.acquirer) {
        exposed if exposed.is_empty() => page,
        exposed => exposed.iter().fold(page.left(text("settlement-exposure")), |page, exposed| {
            page.pair(format!("  {}", exposed.count), format_amount(&exposed.amount, messages.language()))
        }),
    }
}

/// Whom a batch's upload passed over, since their card data was gone: whether the acquirer has them is to be asked.
fn passed_over(books: &Books, acquirer: &str, batch: u32) -> Vec<TransactionId> {
    let is_told = |known: &&Transaction| {
        let left_out = |event: &StoryEvent| matches!(event, StoryEvent::Incident { what: Incident::NotUploaded, .. });
        known.timeline.iter().any(|moment| left_out(&moment.event))
    };
    let members = books.transactions().filter(|known| known.acquirer == acquirer && known.batch == Some(batch));
    members.filter(is_told).map(|known| known.id.clone()).collect()
}

/// What is told by name, under which text.
fn named<'a>(settlement: &'a Settlement, passed_over: &'a [TransactionId]) -> [(&'static str, &'a [TransactionId]); 3] {
    [
        ("settlement-passed-over", passed_over),
        ("settlement-carried", settlement.carried.as_slice()),
        ("settlement-closed", settlement.closed.as_slice()),
    ]
}

/// The sums, group by group, each with what the acquirer made of it. Sums of no group, such as those of tips that were
/// told of later, come first and have no heading.
fn groups(settlement: &Settlement, messages: &Messages, mut page: Page) -> Page {
    let mut names: Vec<_> = settlement.totals.iter().map(|totals| totals.group.as_str()).collect();
    names.sort_by_key(|name| !name.is_empty());
    names.dedup();
    for name in names {
        let verdict = settlement.groups.iter().find(|(group, _)| group == name).map(|(_, verdict)| *verdict);
        let verdict = verdict.map(|verdict| messages.text(text_of(verdict), &[]));
        if !name.is_empty() || verdict.is_some() {
            let heading = match name {
                "" => messages.text("settlement-no-group", &[]),
                name => messages.text("settlement-group", &[("group", name.to_owned().into())]),
            };
            page = page.pair(heading, verdict.unwrap_or_default());
        }
        for totals in settlement.totals.iter().filter(|totals| totals.group == name) {
            page = page
                .pair(format!("  {}", counted(totals, messages)), format_amount(&totals.amount, messages.language()));
        }
    }
    page
}

fn counted(totals: &Totals, messages: &Messages) -> String {
    let operation = messages.text(words::operation(totals.operation), &[]);
    messages.text("settlement-count", &[("operation", operation.into()), ("count", totals.count.into())])
}

fn text_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Balanced => "settlement-group-balanced",
        Verdict::Unbalanced => "settlement-group-unbalanced",
        Verdict::Failed => "settlement-group-failed",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Balanced => "balanced",
        Verdict::Unbalanced => "unbalanced",
        Verdict::Failed => "failed",
    }
}
