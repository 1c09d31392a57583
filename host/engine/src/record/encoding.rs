//! Records as bytes: what the journal keeps under its record key, and apart from it what it keeps under its card key.
//!
//! The first byte is the version. Version 1 carried sealed card data inside the record; version 2 carries it beside the
//! record, so that destroying a card key leaves the record, its commitment and its proofs as they were. Version 3 knows
//! more facts than version 2 and writes the old ones alike.

use std::sync::Arc;

use super::{Fact, Record, Sealed};

/// The version records are written in, their first byte.
pub const RECORD_VERSION: u8 = 3;

/// The first version: sealed card data stands inside the record. Read for ever, never written, as is version 2.
const SEALED_INSIDE: u8 = 1;

/// Room that writing begins with: most records take less, an intent with its standby message some times as much.
const ROOM_BYTES: usize = 1 << 10;

/// A record as the journal stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The record without card data.
    pub record: Vec<u8>,
    /// Sealed card data, to be kept under a key of its own.
    pub card: Option<Vec<u8>>,
}

/// Why bytes from the journal are not a record; the storage's fault, or an older program's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Written by another version of this program.
    #[error("a record of version {0}; this program reads versions {SEALED_INSIDE} to {RECORD_VERSION}")]
    Version(u8),
    /// Not a record at all.
    #[error("not a record: {0}")]
    Malformed(String),
    /// Card data beside a record that has no place for it, or inside one that must not hold it.
    #[error("a record whose card data is in the wrong place")]
    Misplaced,
}

impl Record {
    /// The record as the journal stores it.
    ///
    /// # Errors
    /// It cannot be written as bytes.
    pub fn encode(&self) -> Result<Encoded, RecordError> {
        let (bare, card) = match self.fact.sealed() {
            Some(Sealed::Here(card)) => {
                let mut bare = self.clone();
                if let Some(sealed) = bare.fact.sealed_mut() {
                    *sealed = Sealed::Destroyed;
                }
                (Some(bare), Some(card.clone()))
            }
            Some(Sealed::None | Sealed::Destroyed) | None => (None, None),
        };
        let mut room = Vec::with_capacity(ROOM_BYTES);
        room.push(RECORD_VERSION);
        let record = postcard::to_extend(bare.as_ref().unwrap_or(self), room);
        Ok(Encoded { record: record.map_err(|error| RecordError::Malformed(error.to_string()))?, card })
    }

    /// Reads what `encode` wrote; leftover bytes are an error. Where the card data of an intent is gone, the intent says
    /// so.
    ///
    /// # Errors
    /// It is of a version this program does not know, or damaged, or its card data is in the wrong place.
    pub fn decode(record: &[u8], card: Option<&[u8]>) -> Result<Record, RecordError> {
        let (&version, body) = record.split_first().ok_or_else(|| RecordError::Malformed("empty".into()))?;
        if !(SEALED_INSIDE..=RECORD_VERSION).contains(&version) {
            return Err(RecordError::Version(version));
        }
        let mut record: Record = match postcard::take_from_bytes(body) {
            Ok((record, [])) => record,
            Ok((_, rest)) => return Err(RecordError::Malformed(format!("{} bytes left over", rest.len()))),
            Err(error) => return Err(RecordError::Malformed(error.to_string())),
        };
        let apart = match record.fact.sealed_mut() {
            Some(sealed) => match (&*sealed, version == SEALED_INSIDE) {
                (Sealed::Here(_), false) | (Sealed::Destroyed, true) => return Err(RecordError::Misplaced),
                (Sealed::Destroyed, false) => Some(sealed),
                (Sealed::Here(_), true) | (Sealed::None, _) => None,
            },
            None => None,
        };
        match (apart, card) {
            (Some(sealed), Some(card)) => *sealed = Sealed::Here(card.to_vec()),
            (None, Some(_)) => return Err(RecordError::Misplaced),
            (Some(_) | None, None) => {}
        }
        Ok(record)
    }
}

impl Fact {
    /// The card data that goes with a fact.
    fn sealed(&self) -> Option<&Sealed> {
        match self {
            Fact::Intent(intent) => Some(&intent.sealed),
            Fact::Due { sealed, .. } | Fact::Resealed { sealed, .. } => Some(sealed),
            _ => None,
        }
    }

    fn sealed_mut(&mut self) -> Option<&mut Sealed> {
        match self {
            Fact::Intent(intent) => Some(&mut Arc::make_mut(intent).sealed),
            Fact::Due { sealed, .. } | Fact::Resealed { sealed, .. } => Some(sealed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    /// Written by the program of each version, and never touched again: name, record, and card data where there is some.
    const VERSION_1: &str = include_str!("golden/version-1.txt");
    const VERSION_2: &str = include_str!("golden/version-2.txt");
    const VERSION_3: &str = include_str!("golden/version-3.txt");

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn golden(text: &str) -> Vec<(String, Vec<u8>, Option<Vec<u8>>)> {
        let mut lines = Vec::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (name, record) = (words.next().unwrap().to_owned(), unhex(words.next().unwrap()));
            lines.push((name, record, words.next().map(unhex)));
        }
        lines
    }

    fn sealed_intent() -> Record {
        let mut all = samples::records().into_iter();
        all.find(|(name, _)| name == "intent-undo-sealed").unwrap().1
    }

    fn sealed_of(record: &Record) -> &Sealed {
        let Fact::Intent(intent) = &record.fact else { panic!("not an intent") };
        &intent.sealed
    }

    #[test]
    fn records_of_every_version_are_read_for_ever() {
        let known: std::collections::BTreeMap<_, _> = samples::records().into_iter().collect();
        for (version, text) in [(1, VERSION_1), (2, VERSION_2), (3, VERSION_3)] {
            for (name, record, card) in golden(text) {
                assert_eq!(record[0], version, "{name}");
                assert_eq!(Record::decode(&record, card.as_deref()).as_ref(), Ok(&known[&name]), "{version} {name}");
            }
        }
    }

    /// Fails when an encoding changed, which calls for a new version, and when a fact was added, which calls for a line.
    #[test]
    fn records_are_written_as_this_version_wrote_them_first() {
        let line = |(name, record): (String, Record)| {
            let Encoded { record, card } = record.encode().unwrap();
            let card = card.map_or(String::new(), |card| format!(" {}", hex(&card)));
            format!("{name} {}{card}", hex(&record))
        };
        let written: Vec<_> = samples::records().into_iter().map(line).collect();
        let first: Vec<_> = VERSION_3.lines().collect();
        let others: Vec<_> = written.iter().filter(|line| !first.contains(&line.as_str())).cloned().collect();
        assert!(others.is_empty(), "not as first written, or not there:\n{}", others.join("\n"));
        assert_eq!(written.len(), first.len());
    }

    #[test]
    fn card_data_is_not_in_the_record() {
        let Encoded { record, card } = sealed_intent().encode().unwrap();
        assert_eq!(card.as_deref(), Some(&b"sealed card data"[..]));
        assert!(!record.windows(6).any(|window| window == b"sealed"));
    }

    #[test]
    fn an_intent_whose_card_data_is_destroyed_says_so_and_stays_so() {
        let Encoded { record, .. } = sealed_intent().encode().unwrap();
        let bereft = Record::decode(&record, None).unwrap();
        assert_eq!(sealed_of(&bereft), &Sealed::Destroyed);
        assert_eq!(bereft.encode(), Ok(Encoded { record, card: None }));
    }

    #[test]
    fn card_data_in_the_wrong_place_is_refused() {
        for (name, record, card) in golden(VERSION_3) {
            if card.is_none() {
                assert_eq!(Record::decode(&record, Some(b"x")), Err(RecordError::Misplaced), "{name}");
            }
        }
        let inside = golden(VERSION_1).into_iter().find(|(name, ..)| name == "intent-undo-sealed").unwrap();
        let mut inside = inside.1;
        assert_eq!(Record::decode(&inside, Some(b"x")), Err(RecordError::Misplaced));
        inside[0] = RECORD_VERSION;
        assert_eq!(Record::decode(&inside, None), Err(RecordError::Misplaced));
        let mut apart = sealed_intent().encode().unwrap().record;
        apart[0] = SEALED_INSIDE;
        assert_eq!(Record::decode(&apart, None), Err(RecordError::Misplaced));
    }

    #[test]
    fn another_version_is_refused_and_not_guessed() {
        let mut bytes = sealed_intent().encode().unwrap().record;
        for version in [0, 4, 255] {
            bytes[0] = version;
            assert_eq!(Record::decode(&bytes, None), Err(RecordError::Version(version)));
        }
        assert!(matches!(Record::decode(&[], None), Err(RecordError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            version in 1_u8..4,
            card in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..4)),
        ) {
            let _ = Record::decode(&bytes, card.as_deref());
            let bytes: Vec<_> = std::iter::once(version).chain(bytes).collect();
            if let Ok(record) = Record::decode(&bytes, card.as_deref()) {
                let again = record.encode().unwrap();
                prop_assert_eq!(Record::decode(&again.record, again.card.as_deref()), Ok(record));
            }
        }
    }
}
