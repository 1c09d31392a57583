//! Papers printed once more, from what the journal says, and marked as copies.

use devices::Page;
use engine::books::{Books, Transaction};
use serde_json::json;

use super::receipt::{Edition, receipt};
use crate::config::Configuration;
use crate::control::{Paper, Response};
use crate::messages::Messages;

/// Characters on a line of the cashier's screen.
const COLUMNS: usize = 40;

/// The page to print once more, and what is shown of it; no page where there is none to print.
pub fn reprint(
    books: &Books,
    configuration: &Configuration,
    what: &Paper,
    messages: &Messages,
) -> (Response, Option<Page>) {
    let copy = |known: &Transaction| {
        let outcome = &known.conclusion.as_ref()?.outcome;
        receipt(configuration, messages, known, outcome, Edition::Copy)
    };
    let found = match what {
        Paper::Receipt(id) => {
            let Some(known) = books.transaction(id) else {
                let args = [("transaction", id.to_string().into())];
                return (Response::failed(messages.text("explain-no-such", &args)), None);
            };
            let nothing = || messages.text("reprint-nothing", &[("transaction", id.to_string().into())]);
            copy(known).map(|page| (page, known)).ok_or_else(nothing)
        }
        Paper::Last => {
            let newest = books.transactions().rev().find_map(|known| Some((copy(known)?, known)));
            newest.ok_or_else(|| messages.text("reprint-none", &[]))
        }
        Paper::Settlement(acquirer) => {
            let acquirer = acquirer.as_deref().unwrap_or(&configuration.acquirers.first().name).to_owned();
            Err(messages.text("settlement-none-yet", &[("acquirer", acquirer.into())]))
        }
    };
    match found {
        Ok((page, known)) => {
            let lines = devices::layout(&page, COLUMNS);
            let facts = json!({ "transaction": known.id, "receipt": lines });
            (Response::done(facts, lines), Some(page))
        }
        Err(why) => (Response::failed(why), None),
    }
}
