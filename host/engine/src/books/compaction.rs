//! What of an old record is worth keeping, once everything about it is settled.

use std::collections::BTreeSet;

use super::Books;
use crate::identity::TransactionId;
use crate::record::{Fact, Record};
use crate::time::Timestamp;

/// What becomes of a record when its segment is compacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Whole,
    /// This line takes its place.
    Summary(Vec<u8>),
    /// Nothing but its commitment stays.
    Gone,
}

impl Books {
    /// What every acquirer's plugin keeps, as it stands: the records to be written, durably, before a compaction, so
    /// that the numbers, keys and memory in dropped records are not lost.
    pub fn carried(&self, now: Timestamp) -> Vec<Record> {
        let records = |(acquirer, stream): (&String, &super::Stream)| {
            let batch = stream.carried_batch(self.batch(acquirer).number);
            [stream.carried(), batch].map(|fact| Record { at: now, acquirer: acquirer.clone(), fact })
        };
        self.streams.iter().flat_map(records).collect()
    }

    /// What becomes of the records of one closed segment. Everything stays whole that is about a transaction not settled
    /// before the horizon, or whose debt was waived, or whose acquirer's stream has changed since it was last carried.
    ///
    /// What a transaction did before it was concluded is dropped together with the segment that gets its line, or after
    /// it: so segments may be compacted in any order, some of them, and be cut off in between. The lines are to be given
    /// to `apply_summary` once the compacted segment has taken the old one's place.
    pub fn fates(&self, segment: &[Record], horizon: Timestamp) -> Vec<Fate> {
        let concluded = |record: &Record| match &record.fact {
            Fact::Concluded { transaction, .. } => Some(transaction.clone()),
            _ => None,
        };
        let concluded_here: BTreeSet<_> = segment.iter().filter_map(concluded).collect();
        segment.iter().map(|record| self.fate(record, horizon, &concluded_here)).collect()
    }

    fn fate(&self, record: &Record, horizon: Timestamp, concluded_here: &BTreeSet<TransactionId>) -> Fate {
        let Some(carried_at) = self.streams.get(&record.acquirer).and_then(|stream| stream.carried_at) else {
            return Fate::Whole;
        };
        match &record.fact {
            Fact::Carried { .. } | Fact::CarriedBatch { .. } if carried_at == record.at => Fate::Whole,
            Fact::Waived { .. } => Fate::Whole,
            fact => match self.original_of(fact) {
                None if record.at.unix_ms >= horizon.unix_ms => Fate::Whole,
                None => Fate::Gone,
                Some(original) => self.fate_of_one_about(original, fact, horizon, concluded_here),
            },
        }
    }

    fn fate_of_one_about(
        &self,
        original: &TransactionId,
        fact: &Fact,
        horizon: Timestamp,
        concluded_here: &BTreeSet<TransactionId>,
    ) -> Fate {
        let Some(known) = self.transactions.get(original) else {
            // What has left memory has its line in the journal; what nobody knows stays.
            return if self.forgotten.may_hold(original) { Fate::Gone } else { Fate::Whole };
        };
        if self.settled(original).is_none_or(|ended| ended.unix_ms >= horizon.unix_ms) {
            return Fate::Whole;
        }
        let line = self.summary_of(original).and_then(|summary| summary.encode().ok());
        match (line, fact) {
            (None, _) => Fate::Whole,
            (Some(line), Fact::Concluded { .. }) => Fate::Summary(line),
            (Some(_), _) if known.summarised || concluded_here.contains(original) => Fate::Gone,
            (Some(_), _) => Fate::Whole,
        }
    }
}
