//! What is owed: each debt with its duty, how old it is, how often it was tried and where it stands; what was approved
//! offline and not yet delivered; and what needs somebody's attention.

use engine::books::{Books, Debt, Standing, Transaction};
use engine::contract::types::Amount;
use engine::{Duty, DutyKind, Timestamp};
use serde_json::{Value, json};

use super::{amount_facts, reference};
use crate::control::Response;
use crate::messages::{Messages, format_amount, format_time};

/// Money the terminal has approved by itself and not told the acquirer of, in one currency.
pub struct Exposure {
    /// How much.
    pub amount: Amount,
    /// In how many payments.
    pub count: u32,
}

/// What is owed.
pub fn owed(books: &Books, now: Timestamp, messages: &Messages) -> Response {
    let mut lines = vec![messages.text("owed", &[("count", books.owed().into())])];
    let mut debts = Vec::new();
    for debt in books.open_debts() {
        lines.push(line(books, debt, messages));
        lines.push(format!("  {}", messages.text("owed-since", &[("time", format_time(&debt.since.local()).into())])));
        if debt.escalated() {
            let text = messages.text("owed-escalated", &[("acquirer", debt.acquirer.clone().into())]);
            lines.push(format!("  {text}"));
        }
        debts.push(facts(books, debt, now));
    }
    let mut exposures = Vec::new();
    for acquirer in acquirers(books) {
        for Exposure { amount, count } in exposure(books, &acquirer) {
            let shown = format_amount(&amount, messages.language());
            let args = [("acquirer", acquirer.clone().into()), ("amount", shown.into()), ("count", count.into())];
            lines.push(messages.text("owed-exposure", &args));
            exposures.push(json!({ "acquirer": acquirer, "amount": amount_facts(&amount), "count": count }));
        }
    }
    let escalated = books.open_debts().filter(|debt| debt.escalated()).count();
    let facts = json!({ "owed": books.owed(), "debts": debts, "escalated": escalated, "exposure": exposures });
    Response::done(facts, lines)
}

/// What the screen says all the time: how much is owed, what has not been delivered, what needs attention.
pub fn standing(books: &Books, messages: &Messages) -> Vec<String> {
    let mut lines = vec![messages.text("screen-owed", &[("count", books.owed().into())])];
    for acquirer in acquirers(books) {
        for Exposure { amount, count } in exposure(books, &acquirer) {
            let shown = format_amount(&amount, messages.language());
            let args = [("acquirer", acquirer.clone().into()), ("amount", shown.into()), ("count", count.into())];
            lines.push(messages.text("screen-exposure", &args));
        }
    }
    match books.open_debts().filter(|debt| debt.escalated()).count() {
        0 => {}
        count => lines.push(messages.text("screen-escalated", &[("count", (count as u64).into())])),
    }
    lines
}

/// What this acquirer has not been told of, by currency. A sum that does not fit is shown as the most that does.
pub fn exposure(books: &Books, acquirer: &str) -> Vec<Exposure> {
    let mut sums: Vec<Exposure> = Vec::new();
    let untold = books.open_debts().filter(|debt| debt.acquirer == acquirer && debt.duty == Duty::Advise);
    for amount in untold.filter_map(|debt| amount(books, debt)) {
        match sums.iter_mut().find(|sum| sum.amount.currency == amount.currency) {
            Some(sum) => {
                sum.amount.minor = sum.amount.minor.saturating_add(amount.minor);
                sum.count += 1;
            }
            None => sums.push(Exposure { amount, count: 1 }),
        }
    }
    sums
}

/// Debts of this acquirer that somebody has to look after.
pub fn needing_attention<'a>(books: &'a Books, acquirer: &str) -> Vec<&'a Debt> {
    books.open_debts().filter(|debt| debt.acquirer == acquirer && debt.escalated()).collect()
}

/// What is owed, in a word or two.
pub(super) fn duty(duty: DutyKind) -> &'static str {
    match duty {
        DutyKind::Reverse => "owed-kind-reversal",
        DutyKind::Repeat => "owed-kind-repetition",
        DutyKind::Inquire => "owed-kind-inquiry",
        DutyKind::Advise => "owed-kind-advice",
        DutyKind::ReportScripts => "owed-kind-script-report",
    }
}

/// How much it is about: of an advice what it tells of, else all of its original.
fn amount(books: &Books, debt: &Debt) -> Option<Amount> {
    debt.amount.or_else(|| books.transaction(&debt.of).and_then(Transaction::amount))
}

fn acquirers(books: &Books) -> Vec<String> {
    let mut names: Vec<_> = books.open_debts().map(|debt| debt.acquirer.clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn facts(books: &Books, debt: &Debt, now: Timestamp) -> Value {
    json!({
        "debt": debt.id,
        "of": debt.of,
        "acquirer": debt.acquirer,
        "duty": debt.duty.word(),
        "standing": debt.standing.word(),
        "since": format_time(&debt.since.local()),
        "age-seconds": now.seconds_since(debt.since),
        "tries": debt.tries,
        "tried-at": debt.tried_at.map(|at| format_time(&at.local())),
        "refusals": debt.refusals,
        "escalated": debt.escalated(),
        "amount": amount(books, debt).as_ref().map(amount_facts),
    })
}

fn line(books: &Books, debt: &Debt, messages: &Messages) -> String {
    let amount = amount(books, debt).map(|amount| format_amount(&amount, messages.language())).unwrap_or_default();
    let original = books.transaction(&debt.of);
    let trace = original.map(|original| reference(&original.reference, "trace")).unwrap_or_default();
    let code = debt.refusals.last().cloned().unwrap_or_default();
    let state = match debt.standing {
        Standing::Unheard => messages.text("owed-state-unheard", &[("attempts", debt.tries.into())]),
        Standing::Refused => messages.text("owed-state-refused", &[("code", code.into())]),
        // Those that are settled are not on the list.
        Standing::Unmatched | Standing::Paid | Standing::Waived | Standing::Settled | Standing::Replaced => {
            messages.text("owed-state-unmatched", &[("code", code.into())])
        }
    };
    messages.text(
        "owed-line",
        &[
            ("kind", messages.text(duty(debt.duty.sort()), &[]).into()),
            ("amount", amount.into()),
            ("trace", trace.into()),
            ("transaction", debt.of.to_string().into()),
            ("state", state.into()),
        ],
    )
}
