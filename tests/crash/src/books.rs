//! J2: after a crash each intent resolves to exactly one of concluded, reversal owed, inquiry owed.

use std::collections::BTreeSet;

use engine::contract::acquirer::Remedy;
use engine::{Fact, Outcome, Record, Recovery, TransactionId};
use journal::{Entry, Kind};

use crate::records;
use crate::subject::Written;

/// What is known of a payment after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// How it ended is known: approved, declined, never sent, done, or taken back with the acquirer's word for it.
    Concluded,
    /// It must be taken back, and can be.
    ReversalOwed,
    /// The acquirer must be asked.
    InquiryOwed,
}

/// The records a start writes to close what these entries leave open, once each intent among them resolved to exactly
/// one thing.
pub fn close(entries: &[Written]) -> Result<Vec<Record>, String> {
    close_records(records_written(entries)?)
}

fn records_written(entries: &[Written]) -> Result<Vec<Record>, String> {
    let records = entries.iter().filter_map(|entry| match entry {
        Written::Record { record, card, .. } => Some(decode(record, card.as_deref())),
        Written::Checkpoint => None,
    });
    records.collect()
}

/// The same for entries as they were read; of those that compaction dropped nothing is said.
pub fn close_read(entries: &[Entry]) -> Result<Vec<Record>, String> {
    close_records(records_of(entries)?)
}

/// The records among entries as they were read.
fn records_of(entries: &[Entry]) -> Result<Vec<Record>, String> {
    let records = entries.iter().filter(|entry| entry.kind == Kind::Record);
    records.filter_map(|entry| entry.record().map(|record| decode(record, entry.card()))).collect()
}

/// Payments whose reversals are owed by these entries, with how often each was tried.
pub fn owed(entries: &[Written]) -> Result<Vec<(TransactionId, u32)>, String> {
    let recovered = Recovery::read(&records_written(entries)?, records::after_all());
    Ok(recovered.books().open_debts().map(|debt| (debt.of.clone(), debt.tries)).collect())
}

fn decode(record: &[u8], card: Option<&[u8]>) -> Result<Record, String> {
    Record::decode(record, card).map_err(|error| format!("a record does not decode: {error}"))
}

fn close_records(mut records: Vec<Record>) -> Result<Vec<Record>, String> {
    let closing = Recovery::read(&records, records::after_all()).closing().to_vec();
    let intents: BTreeSet<TransactionId> = records.iter().filter_map(intended).collect();
    records.extend(closing.iter().cloned());
    let recovered = Recovery::read(&records, records::after_all());
    if !recovered.closing().is_empty() {
        return Err("a second start closes more than the first".into());
    }
    for id in &intents {
        resolution(&recovered, id)?;
    }
    Ok(closing)
}

fn intended(record: &Record) -> Option<TransactionId> {
    match &record.fact {
        Fact::Intent(intent) => Some(intent.transaction.clone()),
        _ => None,
    }
}

/// What this payment came to; an error when it is nothing, or two things at once.
fn resolution(recovered: &Recovery, id: &TransactionId) -> Result<Resolution, String> {
    let books = recovered.books();
    let transaction = books.transaction(id).ok_or_else(|| format!("{id}: no record"))?;
    let conclusion = transaction.conclusion.as_ref().ok_or_else(|| format!("{id}: left open"))?;
    let debt = books.debts_of(transaction).last();
    let is_unknown = matches!(conclusion.outcome, Outcome::Unknown(_));
    let mut found = Vec::new();
    if !is_unknown || debt.is_some_and(|debt| !debt.is_open()) {
        found.push(Resolution::Concluded);
    }
    if debt.is_some_and(engine::books::Debt::is_open) {
        let remedy = transaction.grave_exchange().and_then(|exchange| exchange.intent.remedy.as_ref());
        found.push(match remedy {
            Some(Remedy::Inquire(_)) => Resolution::InquiryOwed,
            _ => Resolution::ReversalOwed,
        });
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(format!("{id}: neither concluded nor owed")),
        _ => Err(format!("{id}: {found:?} at once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Clerk;

    fn written(records: &[Record]) -> Vec<Written> {
        records.iter().map(Written::of).collect()
    }

    #[test]
    fn what_is_left_open_is_closed_and_what_is_closed_is_left_alone() {
        let mut clerk = Clerk::default();
        let id = clerk.next_payment();
        let mut records = vec![clerk.sale(&id)];
        assert_eq!(close(&written(&records)).unwrap().len(), 2, "unknown, and owed");
        records.extend(clerk.approval(&id));
        assert_eq!(close(&written(&records)).unwrap(), []);
    }

    #[test]
    fn a_payment_that_is_both_approved_and_owed_is_caught() {
        let mut clerk = Clerk::default();
        let id = clerk.next_payment();
        let mut records = vec![clerk.sale(&id)];
        records.extend(clerk.approval(&id));
        records.push(clerk.silence(&id).remove(2));
        assert!(close(&written(&records)).unwrap_err().contains("at once"));
    }
}
