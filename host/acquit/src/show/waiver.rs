//! What became of a waiver.

use engine::books::Books;
use engine::{NotWaived, REASON_CHARACTERS, TransactionId};
use serde_json::json;

use crate::control::Response;
use crate::messages::{Messages, format_amount};

/// A debt that was taken off the books.
pub fn waived(books: &Books, debt: &TransactionId, messages: &Messages) -> Response {
    let of = books.debt(debt).map(|debt| debt.of.clone());
    let amount = of.as_ref().and_then(|of| books.transaction(of)).and_then(engine::books::Transaction::amount);
    let shown = amount.map(|amount| format_amount(&amount, messages.language())).unwrap_or_default();
    let transaction = of.as_ref().unwrap_or(debt).to_string();
    let line = messages.text("waive-done", &[("amount", shown.into()), ("transaction", transaction.into())]);
    let owed = messages.text("owed", &[("count", books.owed().into())]);
    let waived = books.debt(debt).and_then(|debt| debt.waived.as_ref());
    let facts = json!({
        "debt": debt,
        "of": of,
        "standing": books.debt(debt).map(|debt| debt.standing.word()),
        "reason": waived.map(|waived| &waived.reason),
        "signed-by": waived.map(|waived| &waived.signed_by),
        "owed": books.owed(),
    });
    Response::done(facts, vec![line, owed])
}

/// A debt that was not.
pub fn not_waived(why: &NotWaived, messages: &Messages) -> Response {
    let about = |id: &str, debt: &TransactionId| messages.text(id, &[("debt", debt.to_string().into())]);
    Response::failed(match why {
        NotWaived::Unknown(debt) => about("waive-unknown", debt),
        NotWaived::Paid(debt) => about("waive-paid", debt),
        NotWaived::Waived(debt) => about("waive-again", debt),
        NotWaived::Reason => messages.text("waive-reason", &[("limit", (REASON_CHARACTERS as u64).into())]),
        NotWaived::Storage(_) => messages.text("waive-storage", &[]),
        // Not something the operator wrote.
        NotWaived::Journal => why.to_string(),
    })
}
