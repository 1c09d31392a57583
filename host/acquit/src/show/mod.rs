//! What people and machines are shown: each view gives the facts as JSON and the same as lines in a language.

mod receipt;
mod result;
mod story;
mod waiver;

use engine::books::{Books, Debt, Standing};
use engine::contract::types::Amount;
use serde_json::{Value, json};

use crate::control::Response;
use crate::messages::{Currency, Messages, format_amount};

pub use receipt::receipt;
pub use result::{NO_ROOM, result, word};
pub use story::explain;
pub use waiver::{not_waived, waived};

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

/// What each acquirer owes the shop, by the terminal's own books.
pub fn totals(books: &Books, acquirers: &[String], currency: Currency, messages: &Messages) -> Response {
    let none = Amount { minor: 0, currency: currency.number, exponent: currency.exponent };
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for acquirer in acquirers {
        match books.taken(acquirer, none) {
            Ok(taken) => {
                lines.push(format!("{acquirer}: {}", format_amount(&taken, messages.language())));
                facts.push(json!({ "acquirer": acquirer, "taken-minor": taken.minor, "currency": currency.code }));
            }
            Err(error) => return Response::failed(format!("{acquirer}: {error}")),
        }
    }
    Response::done(json!({ "totals": facts, "owed": books.owed() }), lines)
}

fn debt_facts(books: &Books, debt: &Debt) -> Value {
    let amount = books.transaction(&debt.of).and_then(engine::books::Transaction::amount);
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
    let amount = original.and_then(engine::books::Transaction::amount);
    let amount = amount.map(|amount| format_amount(&amount, messages.language())).unwrap_or_default();
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

/// What the plugin attached to a transaction under this name; nothing where it did not.
fn reference(pairs: &[(String, String)], name: &str) -> String {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn amount_facts(amount: &Amount) -> Value {
    let code = Currency::from_number(amount.currency).map(|currency| currency.code);
    json!({ "minor": amount.minor, "currency": code, "exponent": amount.exponent })
}
