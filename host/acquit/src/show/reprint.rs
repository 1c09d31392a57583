//! Papers printed once more, from what the journal says, and marked as copies.

use devices::Page;
use engine::Outcome;
use engine::books::{Books, Transaction};
use engine::contract::transaction::OperationKind;
use serde_json::json;

use super::receipt::{Edition, receipt};
use super::settlement;
use crate::config::{Configuration, ReceiptCopy};
use crate::control::{Paper, Response};
use crate::messages::Messages;

/// Characters on a line of the cashier's screen.
const COLUMNS: usize = 40;

/// The customer's paper of an operation: the cardholder's copy of its receipt, the slip of an unknown outcome, or the
/// slip of a settlement; none where it has none.
pub fn page(
    books: &Books,
    configuration: &Configuration,
    messages: &Messages,
    known: &Transaction,
    outcome: &Outcome,
    edition: Edition,
) -> Option<Page> {
    pages(books, configuration, messages, known, outcome, edition, &[ReceiptCopy::Cardholder]).pop()
}

/// All papers of an operation, in the order in which they are printed: these copies of its receipt. Of the slips there is
/// one, whichever copies are asked for.
pub fn pages(
    books: &Books,
    configuration: &Configuration,
    messages: &Messages,
    known: &Transaction,
    outcome: &Outcome,
    edition: Edition,
    copies: &[ReceiptCopy],
) -> Vec<Page> {
    let copy = |copy| receipt(configuration, messages, known, outcome, edition, copy);
    match outcome {
        Outcome::Settled(settlement) => {
            vec![settlement::slip(books, configuration, messages, known, settlement, edition)]
        }
        Outcome::Unknown(_) => copy(ReceiptCopy::Cardholder).into_iter().collect(),
        _ => copies.iter().filter_map(|whose| copy(*whose)).collect(),
    }
}

/// The pages to print once more, and what is shown of them: the customer's, where it is among them. No pages where there
/// are none to print. `copy` is whose copy of a receipt is wanted; without it, those that are always printed.
pub fn reprint(
    books: &Books,
    configuration: &Configuration,
    what: &Paper,
    copy: Option<ReceiptCopy>,
    messages: &Messages,
) -> (Response, Vec<Page>) {
    let copies = match (copy, configuration.terminal.copies.as_slice()) {
        (Some(copy), _) => vec![copy],
        // Somebody asks for it, on a terminal that prints none by itself.
        (None, []) => vec![ReceiptCopy::Cardholder],
        (None, copies) => copies.to_vec(),
    };
    let paper = |known: &Transaction| {
        let pages = pages(books, configuration, messages, known, known.outcome()?, Edition::Copy, &copies);
        Some(pages).filter(|pages| !pages.is_empty())
    };
    let found = match what {
        Paper::Receipt(id) => {
            let Some(known) = books.transaction(id) else {
                let args = [("transaction", id.to_string().into())];
                return (Response::failed(messages.text("explain-no-such", &args)), Vec::new());
            };
            let nothing = || messages.text("reprint-nothing", &[("transaction", id.to_string().into())]);
            paper(known).map(|pages| (pages, known)).ok_or_else(nothing)
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
        Ok((pages, known)) => {
            let lines = pages.last().map(|page| devices::layout(page, COLUMNS)).unwrap_or_default();
            let facts = json!({ "transaction": known.id, "receipt": lines });
            (Response::done(facts, lines), pages)
        }
        Err(why) => (Response::failed(why), Vec::new()),
    }
}
