//! Which records to show: by transaction, acquirer, batch, state and time.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use engine::books::{Books, Standing, Transaction};
use engine::{Fact, TransactionId};
use journal::Entry;

use super::moment::{self, Moment};
use super::shown::Shown;
use crate::show;
use crate::terminal::decode;

/// What a transaction may be, as `--state` names it.
const STATES: [&str; 11] =
    ["open", "owed", "refused", "unmatched", "waived", "approved", "declined", "unknown", "not-sent", "done", "failed"];

/// Records that fit all of what is said; all of them where nothing is.
#[derive(Debug, Default, Args)]
pub(in crate::command) struct Filter {
    /// Of this transaction and of what is owed for it; a debt's own name will do.
    #[arg(long, value_name = "ID")]
    transaction: Option<String>,
    /// Of this acquirer.
    #[arg(long, value_name = "NAME")]
    acquirer: Option<String>,
    /// Of transactions in this batch.
    #[arg(long, value_name = "NUMBER")]
    batch: Option<String>,
    /// Of transactions that ended, or stand, like this.
    #[arg(long, value_parser = PossibleValuesParser::new(STATES))]
    state: Option<String>,
    /// From then on: 2026-11-22, 2026-11-22 13:05:07 +08:00, 2h.
    #[arg(long, value_name = "TIME", value_parser = moment::since, allow_hyphen_values = true)]
    since: Option<Moment>,
    /// Until then; a day counts to its end.
    #[arg(long, value_name = "TIME", value_parser = moment::until, allow_hyphen_values = true)]
    until: Option<Moment>,
}

/// What a filter takes of one journal.
pub(super) struct Wanted<'a> {
    filter: &'a Filter,
    /// The transactions that fit, and their debts; none where the filter does not speak of transactions.
    subjects: Option<BTreeSet<TransactionId>>,
}

impl<'a> Wanted<'a> {
    /// Looks up what the filter means in the books of this journal.
    pub(super) fn find(filter: &'a Filter, entries: &[Entry]) -> Result<Wanted<'a>> {
        if filter.transaction.is_none() && filter.batch.is_none() && filter.state.is_none() {
            return Ok(Wanted { filter, subjects: None });
        }
        let asked = filter.transaction.as_deref().map(TransactionId::parse).transpose()?;
        let mut books = Books::default();
        for record in decode(entries).0 {
            // What contradicts itself is shown all the same.
            let _ = books.apply(&record);
        }
        let mut subjects: BTreeSet<_> = asked.iter().cloned().collect();
        if filter.batch.is_some() || filter.state.is_some() {
            subjects.clear();
        }
        for transaction in books.transactions() {
            let named = asked.as_ref().is_none_or(|id| transaction.id == *id || transaction.debt.as_ref() == Some(id));
            if named && in_batch(filter, transaction) && in_state(filter, transaction, &books) {
                subjects.extend([transaction.id.clone()].into_iter().chain(transaction.debt.clone()));
            }
        }
        Ok(Wanted { filter, subjects: Some(subjects) })
    }

    /// Whether this one is wanted.
    pub(super) fn takes(&self, entry: &Entry, shown: &Shown) -> bool {
        let Some(record) = shown.record() else {
            // What is no record has neither acquirer nor time; it belongs to the whole.
            return self.subjects.is_none() && self.filter.is_of_everything() && entry.sequence > 0;
        };
        let Filter { acquirer, since, until, .. } = self.filter;
        let at = record.at.unix_ms;
        acquirer.as_ref().is_none_or(|acquirer| record.acquirer == *acquirer)
            && since.is_none_or(|Moment(since)| at >= since)
            && until.is_none_or(|Moment(until)| at <= until)
            && self.subjects.as_ref().is_none_or(|subjects| is_about(&record.fact, subjects))
    }
}

impl Filter {
    fn is_of_everything(&self) -> bool {
        let Filter { transaction, acquirer, batch, state, since, until } = self;
        let texts = [transaction, acquirer, batch, state];
        texts.iter().all(|text| text.is_none()) && since.is_none() && until.is_none()
    }
}

fn is_about(fact: &Fact, subjects: &BTreeSet<TransactionId>) -> bool {
    fact.subject().is_some_and(|subject| subjects.contains(subject))
}

fn in_batch(filter: &Filter, transaction: &Transaction) -> bool {
    let Some(batch) = &filter.batch else { return true };
    transaction.reference.iter().any(|(name, value)| name == "batch" && value == batch)
}

fn in_state(filter: &Filter, transaction: &Transaction, books: &Books) -> bool {
    let Some(state) = filter.state.as_deref() else { return true };
    let standing = transaction.debt.as_ref().and_then(|debt| books.debt(debt)).map(|debt| debt.standing);
    let outcome = transaction.conclusion.as_ref().map(|conclusion| &conclusion.outcome);
    match state {
        "open" => outcome.is_none() || standing.is_some_and(is_open),
        "owed" => standing.is_some_and(is_open),
        "refused" => standing == Some(Standing::Refused),
        "unmatched" => standing == Some(Standing::Unmatched),
        "waived" => standing == Some(Standing::Waived),
        ended => outcome.is_some_and(|outcome| show::word(outcome) == ended),
    }
}

fn is_open(standing: Standing) -> bool {
    matches!(standing, Standing::Unheard | Standing::Refused | Standing::Unmatched)
}
