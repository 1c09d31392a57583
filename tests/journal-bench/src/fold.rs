//! What every engine's records are folded into when a store is opened: in small what the program does with its books.

use std::collections::{HashMap, VecDeque};

use anyhow::{Result, ensure};

/// Records that the index keeps: thirty days of three hundred payments, two records each.
pub const KEPT: usize = 18_000;
/// Bytes of one kept record in a snapshot: identity and amount.
const ENCODED_BYTES: usize = 16;

/// Decodes identity and amount of each record, sums the amounts, and keeps the last [`KEPT`] in order and by
/// identity.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Index {
    records: u64,
    total: u64,
    last: VecDeque<(u64, u64)>,
    by_identity: HashMap<u64, u64>,
}

impl Index {
    /// Takes the next record in.
    pub fn take(&mut self, record: &[u8]) -> Result<()> {
        ensure!(record.len() >= ENCODED_BYTES, "a record of {} bytes was read back", record.len());
        let number = |at: usize| record[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.keep(number(0), number(8));
        Ok(())
    }

    /// Records taken in so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// What a snapshot holds.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ENCODED_BYTES * (1 + self.last.len()));
        for (first, second) in std::iter::once(&(self.records, self.total)).chain(&self.last) {
            bytes.extend_from_slice(&first.to_be_bytes());
            bytes.extend_from_slice(&second.to_be_bytes());
        }
        bytes
    }

    /// Reads [`Index::encode`] back.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        ensure!(!bytes.is_empty() && bytes.len().is_multiple_of(ENCODED_BYTES), "the snapshot does not fit");
        let mut index = Self::default();
        let (first, kept) = bytes.split_at(ENCODED_BYTES);
        for record in kept.chunks(ENCODED_BYTES) {
            index.take(record)?;
        }
        let number = |at: usize| first[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (index.records, index.total) = (number(0), number(8));
        Ok(index)
    }

    fn keep(&mut self, identity: u64, amount: u64) {
        self.records += 1;
        self.total = self.total.wrapping_add(amount);
        self.last.push_back((identity, amount));
        self.by_identity.insert(identity, amount);
        if self.last.len() > KEPT
            && let Some((forgotten, _)) = self.last.pop_front()
        {
            self.by_identity.remove(&forgotten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{RECORD_BYTES, record};

    #[test]
    fn an_index_reads_back_from_its_snapshot_and_forgets_the_oldest() {
        let mut index = Index::default();
        let count = KEPT as u64 + 5;
        for number in 0..count {
            index.take(&record(number, RECORD_BYTES)).unwrap();
        }
        assert_eq!((index.records(), index.last.len()), (count, KEPT));
        assert!(!index.by_identity.contains_key(&4) && index.by_identity.contains_key(&5));
        assert_eq!(Index::decode(&index.encode()).unwrap(), index);
        assert!(index.take(b"short").is_err());
    }
}
