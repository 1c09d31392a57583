//! Commands that look at the books and change nothing in them.

use anyhow::Result;
use devices::Printer;
use engine::TransactionId;
use engine::books::{Books, Known};

use super::{Clock, OnDisk, Terminal, wiring};
use crate::config::Configuration;
use crate::control::{Ask, Paper, Response};
use crate::messages::Messages;
use crate::show;

impl Terminal {
    /// Answers what only looks at the books; while the terminal is out of service, from what can be read of the disk.
    pub(super) fn look(&mut self, ask: &Ask, messages: &Messages) -> Option<Response> {
        if !looks(ask) {
            return None;
        }
        let on_disk;
        let has_left_memory = |books: &&Books| named(ask).is_some_and(|id| books.knows(id) == Known::Perhaps);
        let books = match self.books().filter(|books| !has_left_memory(books)) {
            Some(books) => books,
            None => match OnDisk::read(&self.configuration) {
                Ok(read) => {
                    on_disk = read;
                    &on_disk.books
                }
                Err(error) => return Some(Response::failed(format!("{error:#}"))),
            },
        };
        let (mut response, pages) = answer(books, &self.configuration, ask, messages)?;
        if let Some(printer) = &mut self.printer {
            print(printer, &pages, &mut response, messages);
        }
        Some(response)
    }
}

/// Answers the same of a terminal that does not run. Beside the answer stands what could not be read.
///
/// # Errors
/// The journal cannot be read at all.
pub fn look_at_rest(configuration: &Configuration, ask: &Ask, messages: &Messages) -> Result<(Response, Vec<String>)> {
    let OnDisk { books, damage } = OnDisk::read(configuration)?;
    let answered = answer(&books, configuration, ask, messages);
    let (mut response, pages) = answered.unwrap_or_else(|| (Response::failed(String::new()), Vec::new()));
    if let Some(mut printer) = wiring::printer(configuration) {
        print(&mut printer, &pages, &mut response, messages);
    }
    Ok((response, damage))
}

fn looks(ask: &Ask) -> bool {
    matches!(ask, Ask::Owed | Ask::Explain { .. } | Ask::Totals | Ask::Batch { .. } | Ask::Reprint { .. })
}

/// The transaction it asks about.
fn named(ask: &Ask) -> Option<&TransactionId> {
    match ask {
        Ask::Explain { transaction } => transaction.as_ref(),
        Ask::Reprint { what: Paper::Receipt(transaction), .. } => Some(transaction),
        _ => None,
    }
}

/// The answer, and what is to be printed; no answer for what does not only look.
fn answer(
    books: &Books,
    configuration: &Configuration,
    ask: &Ask,
    messages: &Messages,
) -> Option<(Response, Vec<devices::Page>)> {
    let response = match ask {
        Ask::Owed => show::owed(books, Clock::start().now().wall, messages),
        Ask::Explain { transaction } => show::explain(books, transaction.as_ref(), messages),
        Ask::Totals => show::totals(books, configuration, messages),
        Ask::Batch { acquirer } => show::batch(books, configuration, acquirer.as_deref(), messages),
        Ask::Reprint { what, copy } => return Some(show::reprint(books, configuration, what, *copy, messages)),
        _ => return None,
    };
    Some((response, Vec::new()))
}

/// A printer that fails changes nothing but the answer.
fn print(printer: &mut dyn Printer, pages: &[devices::Page], response: &mut Response, messages: &Messages) {
    if let Err(problem) = pages.iter().try_for_each(|page| printer.print(page)) {
        let line = messages.text("receipt-not-printed", &[("problem", problem.to_string().into())]);
        response.facts["not-printed"] = problem.to_string().into();
        response.lines.push(line);
    }
}
