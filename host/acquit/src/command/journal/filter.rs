//! Which records to show: by transaction, acquirer, batch, state and time.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use engine::TransactionId;
use engine::books::{Query, State};

use super::moment::{self, Moment};
use super::progress::Progress;
use super::shown::Shown;
use crate::command::House;
use crate::terminal::{BooksRead, keeping};

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
    /// Of transactions that ended, or stand, like this: approved, unknown, owed, refused, waived and others.
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
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
    pub(super) fn find(house: &House, filter: &'a Filter) -> Result<Wanted<'a>> {
        let Filter { transaction, batch, state, .. } = filter;
        if transaction.is_none() && batch.is_none() && state.is_none() {
            return Ok(Wanted { filter, subjects: None });
        }
        let query = Query {
            identity: transaction.as_deref().map(TransactionId::parse).transpose()?,
            batch: batch.clone(),
            state: *state,
            ..Query::default()
        };
        let read =
            || keeping::read_into(&house.configuration, BooksRead::of_everything, |books, entry| books.take(&entry));
        let books = Progress::over("journal", read)?.0.books();
        let mut subjects = BTreeSet::new();
        for transaction in books.find(&query) {
            subjects.extend([transaction.id.clone()].into_iter().chain(transaction.debts.clone()));
        }
        Ok(Wanted { filter, subjects: Some(subjects) })
    }

    /// Whether this one is wanted.
    pub(super) fn takes(&self, shown: &Shown) -> bool {
        let Filter { acquirer, since, until, .. } = self.filter;
        let Some((whose, at, about)) = shown.about() else {
            // What is no record has neither acquirer nor time: it belongs to the whole.
            return self.subjects.is_none() && acquirer.is_none() && since.is_none() && until.is_none();
        };
        acquirer.as_ref().is_none_or(|acquirer| whose == acquirer)
            && since.is_none_or(|Moment(since)| at.unix_ms >= since)
            && until.is_none_or(|Moment(until)| at.unix_ms <= until)
            && self.subjects.as_ref().is_none_or(|subjects| about.is_some_and(|id| subjects.contains(id)))
    }
}

fn state(text: &str) -> Result<State, String> {
    let known = || format!("write one of {}", State::ALL.map(State::word).join(", "));
    State::of_word(text).ok_or_else(known)
}
