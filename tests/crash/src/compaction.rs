//! What a terminal keeps of old entries.

use std::collections::BTreeSet;
use std::ops::Range;

use engine::{Outcome, Record, Recovery, TransactionId};
use journal::Fate;

use crate::records;
use crate::subject::Written;

/// What becomes of the entries in this range, from all that was written.
pub fn fates(entries: &[Written], range: Range<usize>) -> Vec<Fate> {
    let records: Vec<Option<Record>> = entries.iter().map(record).collect();
    let all: Vec<Record> = records.iter().flatten().cloned().collect();
    let recovered = Recovery::read(&all, records::after_all());
    let books = recovered.books();
    let subject = |record: &Record| -> Option<TransactionId> {
        let subject = record.fact.subject()?;
        Some(books.debt(subject).map_or_else(|| subject.clone(), |debt| debt.of.clone()))
    };
    let outside = records.iter().enumerate().filter(|(index, _)| !range.contains(index));
    let elsewhere: BTreeSet<TransactionId> = outside.filter_map(|(_, record)| subject(record.as_ref()?)).collect();
    let is_settled = |id: &TransactionId| {
        let Some(transaction) = books.transaction(id) else { return false };
        let debt = books.debts_of(transaction).last();
        let is_known = transaction.conclusion.as_ref().is_some_and(|end| !matches!(end.outcome, Outcome::Unknown(_)));
        debt.map_or(is_known, |debt| !debt.is_open())
    };
    let fate = |index: usize| match records[index].as_ref().and_then(subject) {
        Some(id) if !is_settled(&id) => Fate::Whole,
        Some(id) if elsewhere.contains(&id) => Fate::WithoutCard,
        Some(id) => Fate::Summary(format!("{id} settled").into_bytes()),
        None => Fate::Whole,
    };
    range.clone().map(fate).collect()
}

fn record(entry: &Written) -> Option<Record> {
    match entry {
        Written::Record { record, card, .. } => Record::decode(record, card.as_deref()).ok(),
        Written::Checkpoint => None,
    }
}
