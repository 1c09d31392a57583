//! Records that say who wrote them, so that each can be judged alone.
//!
//! ```text
//! 0  4  run: which writer process of this directory, from 1; big-endian
//! 4  1  thread
//! 5  1  place within its append, from 0
//! 6  1  records of its append
//! 7  1  zero
//! 8  8  append of that thread, from 0
//! 16    filling, decided by all of the above
//! ```

use crate::chance::Chance;

/// Bytes before the filling.
const HEAD_BYTES: usize = 16;
/// Most records that one append holds.
const MOST_RECORDS: u64 = 3;
/// Filling is below this many bits of length: one sector, several, and now and then several blocks.
const FILLING_BITS: u32 = 14;
/// Length of a card part in bytes.
const CARD_BYTES: usize = 48;

/// What a record says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which writer process of this directory, from 1.
    pub run: u32,
    /// Which of its threads.
    pub thread: u8,
    /// Which append of that thread, from 0.
    pub append: u64,
    /// Place within the append, from 0.
    pub place: u8,
    /// How many records the append has.
    pub of: u8,
}

impl Record {
    /// The records of one append: one to three of them.
    pub fn of_append(run: u32, thread: u8, append: u64) -> Vec<Self> {
        let of = Chance::new(append, place(run, thread, u8::MAX)).below(MOST_RECORDS) as u8 + 1;
        (0..of).map(|place| Self { run, thread, append, place, of }).collect()
    }

    /// The record's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut chance = self.chance();
        let filling = chance.of_any_size(FILLING_BITS) as usize;
        let mut bytes = Vec::with_capacity(HEAD_BYTES + filling);
        bytes.extend(self.run.to_be_bytes());
        bytes.extend([self.thread, self.place, self.of, 0]);
        bytes.extend(self.append.to_be_bytes());
        bytes.extend((0..filling).map(|_| chance.next() as u8));
        bytes
    }

    /// The part that would hold card data; every second record has one.
    pub fn card(&self) -> Option<Vec<u8>> {
        let mut chance = self.chance();
        let has_card = chance.next() >> 63 == 1;
        has_card.then(|| (0..CARD_BYTES).map(|_| chance.next() as u8).collect())
    }

    /// The record whose bytes these are, every one of them; none if they are nobody's.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (run, rest) = bytes.split_first_chunk()?;
        let (&[thread, place, of, _], rest) = rest.split_first_chunk()?;
        let (append, _) = rest.split_first_chunk()?;
        let record = Self { run: u32::from_be_bytes(*run), thread, append: u64::from_be_bytes(*append), place, of };
        (record.bytes() == bytes).then_some(record)
    }

    fn chance(&self) -> Chance {
        Chance::new(self.append, place(self.run, self.thread, self.place))
    }
}

fn place(run: u32, thread: u8, place: u8) -> u64 {
    u64::from(run) << 16 | u64::from(thread) << 8 | u64::from(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_all_of_its_bytes() {
        for append in 0..200 {
            for record in Record::of_append(3, 5, append) {
                let mut bytes = record.bytes();
                assert_eq!(Record::parse(&bytes), Some(record));
                bytes.push(0);
                assert_eq!(Record::parse(&bytes), None, "one byte more");
                let last = bytes.len() - 2;
                bytes.pop();
                bytes[last] ^= 1;
                assert_ne!(Record::parse(&bytes), Some(record), "one bit of the last byte");
            }
        }
        assert_eq!(Record::parse(b"short"), None);
    }

    #[test]
    fn appends_differ_in_size_and_some_carry_a_card() {
        let records: Vec<Record> = (0..100).flat_map(|append| Record::of_append(1, 0, append)).collect();
        assert!(records.iter().any(|record| record.of == 1) && records.iter().any(|record| record.of == 3));
        assert!(records.iter().any(|record| record.card().is_some()) && records.iter().any(|r| r.card().is_none()));
        assert!(records.iter().any(|record| record.bytes().len() > 4096));
    }
}
