//! J9: what was signed holds for ever. A journal that was cut, put back or replaced does not fit what anchors keep.

mod common;

use std::sync::{Arc, Mutex};

use acquit_journal::checkpoint::{Anchor, AnchorError, SignedNote};
use acquit_journal::memory::MemoryDisk;
use acquit_journal::storage::Storage;
use acquit_journal::{Damage, DamageReason, Health, Journal, JournalError, Kind, Options};
use common::{FIRST, append, create_with, open_with, options};

/// Keeps everything it is told, or refuses to.
#[derive(Default)]
struct Memory {
    note: Mutex<Option<SignedNote>>,
    is_deaf: Mutex<bool>,
}

impl Anchor for Memory {
    fn name(&self) -> String {
        "the notebook".to_owned()
    }

    fn newest(&self) -> Result<Option<SignedNote>, AnchorError> {
        self.answer()?;
        Ok(self.note.lock().unwrap().clone())
    }

    fn remember(&self, note: &SignedNote) -> Result<(), AnchorError> {
        self.answer()?;
        *self.note.lock().unwrap() = Some(note.clone());
        Ok(())
    }
}

impl Memory {
    fn answer(&self) -> Result<(), AnchorError> {
        if *self.is_deaf.lock().unwrap() { Err(AnchorError::Missing { anchor: self.name() }) } else { Ok(()) }
    }
}

fn anchored() -> (Arc<Memory>, Options) {
    let anchor = Arc::new(Memory::default());
    (anchor.clone(), Options { anchors: vec![anchor], ..options() })
}

fn append_some(journal: &Journal, entries: usize) {
    for _ in 0..entries {
        let _written = append(journal, &[b"entry"]).unwrap();
    }
}

fn reason(health: Health) -> DamageReason {
    let Health::Damaged(Damage { reason, .. }) = health else { panic!("nothing was noticed") };
    reason
}

#[test]
fn a_checkpoint_signs_what_is_durable_and_is_an_entry_itself() {
    let disk = MemoryDisk::default();
    let (anchor, options) = anchored();
    let journal = create_with(&disk, options.clone()).journal;
    append_some(&journal, 5);
    let (size, root) = journal.tree();
    let note = journal.checkpoint().unwrap();
    let signed = note.verify(&journal.checkpoint_key().unwrap()).unwrap();
    assert_eq!((signed.size, signed.root, size), (5, root, 5));
    assert_eq!(anchor.newest().unwrap().as_ref(), Some(&note));
    append_some(&journal, 1);
    drop(journal);
    let opened = open_with(&disk, options);
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 7));
    assert_eq!((opened.entries[5].kind, opened.entries[6].kind), (Kind::Checkpoint, Kind::Record));
    assert_eq!(opened.entries[5].record(), Some(note.as_str().as_bytes()));
}

#[test]
fn tending_makes_a_checkpoint_when_one_is_due_also_after_a_restart() {
    let disk = MemoryDisk::default();
    let (anchor, options) = anchored();
    let options = Options { checkpoint_every: 4, segment_bytes: 64 * 4096, ..options };
    let journal = create_with(&disk, options.clone()).journal;
    append_some(&journal, 3);
    assert_eq!(journal.tend().unwrap().checkpoint, None);
    drop(journal);
    let journal = open_with(&disk, options).journal;
    append_some(&journal, 1);
    let tended = journal.tend().unwrap();
    assert!(tended.checkpoint.is_some() && tended.marked);
    assert_eq!(anchor.newest().unwrap(), tended.checkpoint);
    assert_eq!(journal.tend().unwrap().checkpoint, None);
    append_some(&journal, 4);
    *anchor.is_deaf.lock().unwrap() = true;
    let tended = journal.tend().unwrap();
    assert!(tended.not_anchored.is_some_and(|sentence| sentence.starts_with("operator: ")));
}

#[test]
fn a_journal_cut_below_its_anchor_or_put_back_is_noticed() {
    let disk = MemoryDisk::default();
    let (anchor, options) = anchored();
    let journal = create_with(&disk, options.clone()).journal;
    append_some(&journal, 2);
    let older = disk.fork();
    append_some(&journal, 2);
    let _note = journal.checkpoint().unwrap();
    drop(journal);

    let rollback = DamageReason::Rollback { anchor: anchor.name(), size: 4 };
    let opened = open_with(&older, options.clone());
    assert_eq!((opened.entries.len(), reason(opened.health)), (2, rollback.clone()));
    // Numbers that the lost entries had are not used again, and nothing is signed any more.
    assert!(append(&opened.journal, &[b"next"]).unwrap().sequence() > 5);
    assert!(matches!(opened.journal.checkpoint(), Err(JournalError::Damaged(_))));

    let cut = disk.fork();
    cut.remove("000002.log").unwrap();
    assert_eq!(reason(open_with(&cut, options.clone()).health), rollback);
    // Without an anchor nobody can tell; docs/journal.md says so.
    let unanchored = Options { anchors: Vec::new(), ..options };
    assert_eq!(open_with(&cut, unanchored).health, Health::Whole);
}

#[test]
fn another_history_is_noticed() {
    let disk = MemoryDisk::default();
    let (anchor, options) = anchored();
    let journal = create_with(&disk, options.clone()).journal;
    append_some(&journal, 1);
    let fork = disk.fork();
    append_some(&journal, 2);
    let _note = journal.checkpoint().unwrap();
    let deaf = Options { anchors: Vec::new(), ..options.clone() };
    append_some(&open_with(&fork, deaf).journal, 5);
    let expected = DamageReason::Fork { anchor: anchor.name(), size: 3 };
    assert_eq!(reason(open_with(&fork, options.clone()).health), expected);

    // A journal of another name, under the same keys.
    let stranger = MemoryDisk::default();
    append_some(&create_with(&stranger, options.clone()).journal, 9);
    assert_eq!(reason(open_with(&stranger, options).health), expected);
}

#[test]
fn an_anchor_that_does_not_answer_is_named_and_hinders_nothing() {
    let disk = MemoryDisk::default();
    let (anchor, options) = anchored();
    let journal = create_with(&disk, options.clone()).journal;
    append_some(&journal, 1);
    *anchor.is_deaf.lock().unwrap() = true;
    assert!(matches!(journal.checkpoint(), Err(JournalError::NotAnchored { .. })));
    append_some(&journal, 1);
    drop(journal);
    let opened = open_with(&disk, options);
    assert_eq!((opened.health, opened.entries.len(), opened.unanswered.len()), (Health::Whole, 3, 1));
    assert!(opened.unanswered[0].contains("the notebook"), "{:?}", opened.unanswered);
}

#[test]
fn removing_changing_and_reordering_whole_segments_is_noticed() {
    let disk = MemoryDisk::default();
    let (_, options) = anchored();
    append_some(&create_with(&disk, options.clone()).journal, 9);
    let bytes = |name: &str| disk.bytes(name).unwrap();
    let (first, second, third) = (bytes(FIRST), bytes("000002.log"), bytes("000003.log"));
    for [a, b, c] in [[&second, &first, &third], [&first, &third, &second], [&first, &second, &second]] {
        let changed = disk.fork();
        for (name, content) in [(FIRST, a), ("000002.log", b), ("000003.log", c)] {
            changed.rewrite(name, |bytes| bytes.clone_from(content));
        }
        assert_ne!(open_with(&changed, options.clone()).health, Health::Whole);
    }
}
