//! What people and machines are shown: each view gives the facts as JSON and the same as lines in a language.

mod debts;
mod receipt;
mod refusal;
mod reprint;
mod result;
mod settlement;
mod story;
mod sums;
mod waiver;
mod words;

use engine::contract::types::Amount;
use serde_json::{Value, json};

use crate::messages::Currency;

pub use debts::{owed, standing};
pub use receipt::Edition;
pub use refusal::NO_ROOM;
pub use reprint::{page, pages, reprint};
pub use result::result;
pub use story::{alone, explain};
pub use sums::{batch, totals};
pub use waiver::{not_waived, waived};
pub use words::word;

/// What the plugin attached to a transaction under this name; nothing where it did not.
fn reference(pairs: &[(String, String)], name: &str) -> String {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn amount_facts(amount: &Amount) -> Value {
    let code = Currency::from_number(amount.currency).map(|currency| currency.code);
    json!({ "minor": amount.minor, "currency": code, "exponent": amount.exponent })
}

#[cfg(test)]
mod tests;
