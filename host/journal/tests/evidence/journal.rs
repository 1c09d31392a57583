//! A journal as far as evidence needs one, and the good files made from it.

use acquit_journal::checkpoint::{Checkpoint, SignedNote, Signer};
use acquit_journal::evidence::{BuildError, Evidence, Shown, Story};
use acquit_journal::tree::{Frontier, Hash, leaf_hash};
use acquit_journal::{JournalId, Kind, Seal, commit_record};

pub const ORIGIN: &str = "example.com/terminal-7";
pub const JOURNAL: JournalId = JournalId(*b"sixteen bytes id");

/// Entries of the transaction, as sequence numbers; the one before the last has lost its record.
pub const TRANSACTION: [u64; 4] = [5, 6, 9, 21];

pub fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &[7; 32]).unwrap()
}

/// A journal as far as evidence needs one.
pub struct Journal {
    pub records: Vec<Vec<u8>>,
    pub seals: Vec<Seal>,
    pub leaves: Vec<Hash>,
}

impl Journal {
    pub fn of(entries: u64) -> Self {
        let mut journal = Self { records: Vec::new(), seals: Vec::new(), leaves: Vec::new() };
        for sequence in 1..=entries {
            let record = format!("record {sequence}: 金额 {sequence}.00 CNY").into_bytes();
            let salt = leaf_hash(&[b"salt", &sequence.to_be_bytes()[..]].concat()).0;
            let card = (sequence % 3 == 0).then(|| leaf_hash(&[b"card", &sequence.to_be_bytes()[..]].concat()));
            let seal = Seal { record: commit_record(&salt, &record), card, salt: Some(salt) };
            journal.leaves.push(leaf_hash(&seal.leaf_data(&JOURNAL, sequence, Kind::Record)));
            journal.seals.push(seal);
            journal.records.push(record);
        }
        journal
    }

    pub fn checkpoint(&self, size: usize) -> SignedNote {
        let mut frontier = Frontier::default();
        self.leaves[..size].iter().for_each(|leaf| frontier.push(*leaf));
        signer().sign(&Checkpoint { origin: ORIGIN.to_owned(), size: size as u64, root: frontier.root() }).unwrap()
    }

    pub fn shown(&self, sequence: u64) -> Shown<'_> {
        let at = sequence as usize - 1;
        let record = (sequence != TRANSACTION[2]).then_some(self.records[at].as_slice());
        Shown { sequence, kind: Kind::Record, record, seal: &self.seals[at] }
    }

    pub fn evidence(&self, checkpoints: &[usize], entries: &[u64]) -> Result<Evidence, BuildError> {
        let checkpoints: Vec<SignedNote> = checkpoints.iter().map(|size| self.checkpoint(*size)).collect();
        let entries: Vec<Shown<'_>> = entries.iter().map(|sequence| self.shown(*sequence)).collect();
        Evidence::build(&signer(), &JOURNAL, &self.leaves, &checkpoints, "7-000042", &story(), &entries)
    }
}

pub fn story() -> Story {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Story {
        zh: lines(&["消费 12.34 元", "应答未收到，已冲正", ""]),
        en: lines(&["Sale of 12.34 CNY", "no answer was heard; it was reversed \"at once\" \\ 100%", "\u{1F4B3}"]),
    }
}

/// The file that all bad ones are made from.
pub fn good() -> String {
    Journal::of(23).evidence(&[4, 6, 13, 23], &TRANSACTION).unwrap().to_text().to_owned()
}

pub fn other() -> String {
    Journal::of(23).evidence(&[23], &[5]).unwrap().to_text().to_owned()
}
