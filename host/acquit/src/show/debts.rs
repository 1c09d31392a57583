//! What is owed.

use engine::books::{Books, Debt, Standing, Transaction};
use serde_json::{Value, json};

use super::{amount_facts, reference};
use crate::control::Response;
use crate::messages::{Messages, format_amount};

/// What is owed.
pub fn owed(books: &Books, messages: &Messages) -> Response {
    let mut lines = vec![messages.text("owed", &[("count", books.owed().into())])];
    let mut debts = Vec::new();
    for debt in books.open_debts() {
        lines.push(debt_line(books, debt, messages));
        debts.push(debt_facts(books, debt));
    }
    Response::done(json!({ "owed": books.owed(), "debts": debts }), lines)
}

fn debt_facts(books: &Books, debt: &Debt) -> Value {
    let amount = books.transaction(&debt.of).and_then(Transaction::amount);
    json!({
        "debt": debt.id,
        "of": debt.of,
        "acquirer": debt.acquirer,
        "standing": debt.standing.word(),
        "tries": debt.tries,
        "amount": amount.as_ref().map(amount_facts),
    })
}

fn debt_line(books: &Books, debt: &Debt, messages: &Messages) -> String {
    let original = books.transaction(&debt.of);
    let amount = original.and_then(Transaction::amount);
    let amount = amount.map(|amount| format_amount(&amount, messages.language())).unwrap_or_default();
    let trace = original.map(|original| reference(&original.reference, "trace")).unwrap_or_default();
    let code = debt.refusals.last().cloned().unwrap_or_default();
    let state = match debt.standing {
        Standing::Unheard => messages.text("owed-state-unheard", &[("attempts", debt.tries.into())]),
        Standing::Refused => messages.text("owed-state-refused", &[("code", code.into())]),
        // Those that are settled are not on the list.
        Standing::Unmatched | Standing::Paid | Standing::Waived => {
            messages.text("owed-state-unmatched", &[("code", code.into())])
        }
    };
    let kind = messages.text("owed-kind-reversal", &[]);
    messages.text(
        "owed-line",
        &[
            ("kind", kind.into()),
            ("amount", amount.into()),
            ("trace", trace.into()),
            ("transaction", debt.of.to_string().into()),
            ("state", state.into()),
        ],
    )
}
