//! Evidence from real journals.

use std::sync::Arc;

use acquit_journal::checkpoint::Signer;
use acquit_journal::evidence::{BuildError, Evidence, Gathering, Verified, verify};
use acquit_journal::keys::FixedKey;
use acquit_journal::memory::MemoryDisk;
use acquit_journal::{Body, Entry, Fate, Health, Journal, JournalError, JournalId, Kind, Options, Purpose, Reading};

use crate::journal::story;
use crate::{verdict_in_rust, verdicts_in_python};

/// What stands for a card: bytes that must not be found in any file.
const CARD: &[u8] = b"6212345678901232=2912";

/// Three bodies an append, ten appends, a checkpoint after every third and the last: entries 1 to 34 in several
/// segments.
fn journal() -> (MemoryDisk, Journal) {
    let disk = MemoryDisk::default();
    let options = Options { segment_bytes: 6 * 4096, checkpoint_every: 0, ..Options::default() };
    let opened = Journal::create_in(Arc::new(disk.clone()), Arc::new(FixedKey::new(1)), options).unwrap();
    for append in 1..=10 {
        let record = |part| format!("append {append} part {part}").into_bytes();
        let records = [record(1), record(2), record(3)];
        let bodies = [
            Body { record: &records[0], card: Some(CARD) },
            Body { record: &records[1], card: None },
            Body { record: &records[2], card: Some(CARD) },
        ];
        let _written = opened.journal.append(Purpose::Payment, &bodies).unwrap();
        if append % 3 == 0 || append == 10 {
            opened.journal.checkpoint().unwrap();
        }
    }
    (disk, opened.journal)
}

fn read(disk: &MemoryDisk) -> Reading {
    let reading = Journal::read_in(disk, Some(&FixedKey::new(1))).unwrap();
    assert_eq!(reading.health, Health::Whole);
    reading
}

fn signer(disk: &MemoryDisk) -> Signer {
    Signer::of_journal_in(disk, &FixedKey::new(1)).unwrap()
}

fn evidence(disk: &MemoryDisk, sequences: &[u64]) -> Result<Evidence, BuildError> {
    let reading = read(disk);
    gathered(reading.entries, reading.journal, sequences).finish(&signer(disk), "7-000042", &story())
}

fn gathered(entries: Vec<Entry>, journal: JournalId, sequences: &[u64]) -> Gathering {
    let mut gathering = Gathering::new(journal, sequences);
    entries.into_iter().for_each(|entry| gathering.take(entry));
    gathering
}

fn verified(disk: &MemoryDisk, evidence: &Evidence) -> Verified {
    let key = signer(disk);
    assert_eq!(verdicts_in_python(&[evidence.to_text().into()], key.key()), ["holds"]);
    verify(evidence.to_text(), key.key()).unwrap()
}

fn holds_card_data(text: &str) -> bool {
    let hex: String = CARD.iter().map(|byte| format!("{byte:02x}")).collect();
    text.contains(&hex) || text.contains(std::str::from_utf8(CARD).unwrap())
}

#[test]
fn a_journal_gives_evidence_of_its_entries_and_keeps_the_card_to_itself() {
    let (disk, journal) = journal();
    let evidence = evidence(&disk, &[16, 14, 15, 14]).unwrap();
    assert!(!holds_card_data(evidence.to_text()));

    let verified = verified(&disk, &evidence);
    let key = signer(&disk);
    assert_eq!(journal.checkpoint_key().as_ref(), Some(key.key()));
    assert_eq!((verified.journal, verified.checkpoint.size), (journal.id(), 33));
    // From before the transaction, and from then on.
    assert_eq!(verified.earlier.iter().map(|earlier| earlier.size).collect::<Vec<_>>(), [9, 19, 29]);
    let records: Vec<_> = verified.entries.iter().map(|entry| entry.record.as_deref().unwrap()).collect();
    assert_eq!(records, [&b"append 5 part 1"[..], b"append 5 part 2", b"append 5 part 3"]);
    assert_eq!(verified.entries.iter().map(|entry| entry.has_card).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn evidence_stays_valid_when_the_journal_goes_on_and_drops_what_it_has_shown() {
    let (disk, journal) = journal();
    let before = evidence(&disk, &[2, 3]).unwrap();
    let _written = journal.append(Purpose::Payment, &[Body::from(b"later")]).unwrap();
    journal.checkpoint().unwrap();
    journal.compact(1, &mut |_| Fate::Gone).unwrap();

    assert_eq!(verified(&disk, &before).checkpoint.size, 33);
    let after = verified(&disk, &evidence(&disk, &[2, 3]).unwrap());
    assert_eq!(after.checkpoint.size, 35);
    assert!(after.entries.iter().all(|entry| entry.record.is_none()));
    assert_eq!(after.entries.iter().map(|entry| entry.has_card).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_checkpoint_can_be_shown_as_an_entry() {
    let (disk, _journal) = journal();
    let verified = verified(&disk, &evidence(&disk, &[10]).unwrap());
    assert_eq!(verified.entries[0].kind, Kind::Checkpoint);
    assert!(verified.entries[0].record.as_deref().unwrap().starts_with(b"acquit/journal/"));
}

#[test]
fn one_journal_s_evidence_does_not_hold_for_another() {
    let (one, _one) = journal();
    let (two, _two) = journal();
    let evidence = evidence(&one, &[2]).unwrap();
    let (one, two) = (signer(&one), signer(&two));
    assert_eq!(verdict_in_rust(evidence.to_text().as_bytes(), one.key()), "holds");
    assert_eq!(verdict_in_rust(evidence.to_text().as_bytes(), two.key()), "refused: checkpoint");
}

#[test]
fn what_a_journal_cannot_show_is_not_made_up() {
    let (disk, journal) = journal();
    let _written = journal.append(Purpose::Payment, &[Body::from(b"later")]).unwrap();
    assert!(matches!(evidence(&disk, &[35]), Err(BuildError::NotCovered { sequence: 35, size: 33 })));
    assert!(matches!(evidence(&disk, &[99]), Err(BuildError::Missing { sequence: 99 })));
    assert!(matches!(evidence(&disk, &[0]), Err(BuildError::Missing { sequence: 0 })));

    let reading = read(&disk);
    let of = |entries: &[Entry]| {
        gathered(entries.to_vec(), reading.journal, &[2]).finish(&signer(&disk), "7-000042", &story())
    };
    assert!(matches!(of(&reading.entries[1..]), Err(BuildError::Missing { sequence: 1 })));
    assert!(matches!(of(&reading.entries[..9]), Err(BuildError::NoCheckpoint)));
    let mut holed = reading.entries.clone();
    holed.remove(20);
    assert!(matches!(of(&holed), Err(BuildError::Missing { sequence: 21 })));
    let other = FixedKey::new(99);
    assert!(matches!(Signer::of_journal_in(&disk, &other), Err(JournalError::Key(_))));
}
