//! Papers printed once more, from what the journal says, and marked as copies.

use devices::Page;
use engine::Outcome;
use engine::books::{Books, Transaction};
use engine::contract::transaction::OperationKind;
use serde_json::json;

use super::receipt::{Edition, receipt};
use super::settlement;
use crate::config::Configuration;
use crate::control::{Paper, Response};
use crate::messages::Messages;

/// Characters on a line of the cashier's screen.
const COLUMNS: usize = 40;

/// The paper of an operation: its receipt, the slip of an unknown outcome, or the slip of a settlement; none where it
/// has none.
pub fn page(
    books: &Books,
    configuration: &Configuration,
    messages: &Messages,
    known: &Transaction,
    outcome: &Outcome,
    edition: Edition,
) -> Option<Page> {
    match outcome {
        Outcome::Settled(settlement) => {
            Some(settlement::slip(books, configuration, messages, known, settlement, edition))
        }
        outcome => receipt(configuration, messages, known, outcome, edition),
    }
}

/// The page to print once more, and what is shown of it; no page where there is none to print.
pub fn reprint(
    books: &Books,
    configuration: &Configuration,
    what: &Paper,
    messages: &Messages,
) -> (Response, Option<Page>) {
    let paper = |known: &Transaction| page(books, configuration, messages, known, known.outcome()?, Edition::Copy);
    let found = match what {
        Paper::Receipt(id) => {
            let Some(known) = books.transaction(id) else {
                let args = [("transaction", id.to_string().into())];
                return (Response::failed(messages.text("explain-no-such", &args)), None);
            };
            let nothing = || messages.text("reprint-nothing", &[("transaction", id.to_string().into())]);
            paper(known).map(|page| (page, known)).ok_or_else(nothing)
        }
        Paper::Last => {
            let newest = books.transactions().rev().find_map(|known| Some((paper(known)?, known)));
            newest.ok_or_else(|| messages.text("reprint-none", &[]))
        }
        Paper::Settlement(acquirer) => {
            let acquirer = acquirer.as_deref().unwrap_or(&configuration.acquirers.first().name).to_owned();
            let newest = books.transactions().rev().filter(|known| known.acquirer == acquirer);
            let newest = newest.filter_map(|known| Some((paper(known)?, known)));
            let newest = newest.into_iter().find(|(_, known)| known.kind() == OperationKind::Settle);
            newest.ok_or_else(|| messages.text("settlement-none-yet", &[("acquirer", acquirer.into())]))
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
