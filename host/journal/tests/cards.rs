//! J10: what concerns a card is readable as long as its key is there, and not a byte longer; the proofs stay.

mod common;

use std::sync::Arc;

use acquit_journal::keys::{Cipher, FileKey, FixedKey, SystemEntropy};
use acquit_journal::memory::{MemoryDisk, Operation};
use acquit_journal::{
    Body, Card, Content, DamageReason, Entry, Health, Journal, JournalError, Options, Purpose, Which, commit_record,
};
use common::{FIRST, append, create, create_with, keys, open, options, read, seal_headers};

const RECORD: &[u8] = b"intent of 12.34 CNY";
const CARD: &[u8] = b"sealed card of the cardholder";

fn append_with_card(journal: &Journal) {
    let bodies = [Body { record: RECORD, card: Some(CARD) }, Body::from(b"heard")];
    let _written = journal.append(Purpose::Payment, &bodies).unwrap();
}

/// The seals, with the salts left out: those go with the records.
fn proofs(entries: &[Entry]) -> Vec<(u64, acquit_journal::tree::Hash, Option<acquit_journal::tree::Hash>)> {
    entries.iter().map(|entry| (entry.sequence, entry.seal.record, entry.seal.card)).collect()
}

#[test]
fn both_parts_come_back_and_neither_stands_in_the_file() {
    for cipher in [Cipher::ChaCha20Poly1305, Cipher::Aes256Gcm] {
        let disk = MemoryDisk::default();
        append_with_card(&create_with(&disk, Options { cipher, ..options() }).journal);
        let entries = open(&disk).entries;
        assert_eq!((entries[0].record(), entries[0].card()), (Some(RECORD), Some(CARD)));
        assert_eq!((entries[1].record(), entries[1].card()), (Some(&b"heard"[..]), None));
        assert!(matches!(&entries[1].content, Content::Whole { card: Card::None, .. }));
        assert_eq!(commit_record(&entries[0].seal.salt.unwrap(), RECORD), entries[0].seal.record);
        let bytes = disk.bytes(FIRST).unwrap();
        for secret in [RECORD, CARD, b"heard"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn without_keys_the_structure_is_verified_and_nothing_is_read() {
    let disk = MemoryDisk::default();
    append_with_card(&create(&disk).journal);
    let (with, without) = (read(&disk), Journal::read_in(&disk, None).unwrap());
    assert_eq!(without.health, Health::Whole);
    assert!(without.entries.iter().all(|entry| entry.content == Content::Gone && entry.seal.salt.is_none()));
    assert_eq!(proofs(&with.entries), proofs(&without.entries));
    assert_eq!((with.size, with.root, with.journal), (without.size, without.root, without.journal));
}

#[test]
fn other_keys_are_an_error_of_the_operator_and_not_damage() {
    let disk = MemoryDisk::default();
    append_with_card(&create(&disk).journal);
    let before = disk.bytes(FIRST);
    let other = Arc::new(FixedKey::new(8));
    let refused = Journal::open_in(Arc::new(disk.clone()), other, options()).unwrap_err();
    assert!(matches!(refused, JournalError::Key(_)));
    assert!(refused.to_string().starts_with("operator: "), "{refused}");
    assert_eq!(disk.bytes(FIRST), before);
    assert_eq!(open(&disk).entries.len(), 2);
}

#[test]
fn destroying_the_card_key_leaves_records_and_proofs() {
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    append_with_card(&journal);
    let (entries, tree) = (read(&disk).entries, journal.tree());
    journal.destroy_keys(1, Which::Cards).unwrap();
    journal.destroy_keys(1, Which::Cards).unwrap();
    append_with_card(&journal);
    drop(journal);
    let opened = open(&disk);
    assert_eq!(opened.health, Health::Whole);
    assert!(matches!(&opened.entries[0].content, Content::Whole { record, card: Card::Destroyed } if record == RECORD));
    assert_eq!(opened.entries[1], entries[1]);
    assert_eq!(opened.entries[2].card(), Some(CARD));
    assert_eq!(proofs(&opened.entries[..2]), proofs(&entries));
    assert_eq!(opened.journal.tree().0, tree.0 + 2);
    assert_eq!(Journal::read_in(&disk, None).unwrap().health, Health::Whole);
}

#[test]
fn destroying_all_keys_leaves_the_proofs() {
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    append_with_card(&journal);
    let (entries, tree) = (read(&disk).entries, journal.tree());
    journal.destroy_keys(1, Which::All).unwrap();
    drop(journal);
    let opened = open(&disk);
    assert_eq!((opened.health, opened.journal.tree()), (Health::Whole, tree));
    assert!(opened.entries.iter().all(|entry| entry.content == Content::Gone));
    assert_eq!(proofs(&opened.entries), proofs(&entries));
    // Nothing is appended to a segment that cannot be read.
    assert_eq!(append(&opened.journal, &[b"next"]).unwrap().sequence(), 3);
    assert_eq!(read(&disk).health, Health::Whole);
}

#[test]
fn a_key_cannot_be_given_back_to_another_place() {
    // The wrapped keys of segment 1 in the header of segment 2: they were wrapped together with their place.
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    append_with_card(&journal);
    journal.destroy_keys(1, Which::Cards).unwrap();
    append_with_card(&journal);
    drop(journal);
    let first = disk.bytes(FIRST).unwrap();
    disk.rewrite("000002.log", |bytes| {
        for header in bytes[..8192].chunks_mut(4096) {
            // The wrapped signer, a length of 2 and 70 bytes, then the wrapped record key.
            header[130 + 72 + 2..130 + 72 + 72].copy_from_slice(&first[130 + 72 + 2..130 + 72 + 72]);
            let checksum = crc32c::crc32c(&header[12..]);
            header[8..12].copy_from_slice(&checksum.to_be_bytes());
        }
    });
    let Health::Damaged(damage) = read(&disk).health else { panic!("a moved key was not noticed") };
    assert_eq!((damage.segment, damage.reason), (2, DamageReason::Keys));
}

#[test]
fn a_key_that_was_taken_away_is_not_one_that_was_destroyed() {
    // Whoever could write to the disk, and had no key at all, emptied the wrapped keys in both headers and wrote their
    // checksums anew: the debts of the segment came back as if their keys had been destroyed, and nothing was said.
    let key = |number: usize| 130 + number * 72..130 + (number + 1) * 72;
    for taken in [[false, true], [true, false], [true, true]] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        append_with_card(&journal);
        journal.destroy_keys(1, Which::Cards).unwrap();
        append_with_card(&journal);
        let _written = append(&journal, &[&[1; 9000]]).unwrap();
        drop(journal);
        disk.rewrite("000002.log", |bytes| {
            for header in bytes[..8192].chunks_mut(4096) {
                for number in [2, 1].into_iter().filter(|number| taken[number - 1]) {
                    let mut rest = header[key(number).end..].to_vec();
                    rest.extend([0; 70]);
                    header[key(number).start..][..2].fill(0);
                    header[key(number).start + 2..].copy_from_slice(&rest);
                }
            }
            seal_headers(bytes);
        });
        let Health::Damaged(damage) = open(&disk).health else { panic!("the loss of a key was not noticed") };
        assert_eq!((damage.segment, damage.offset, damage.reason), (2, 0, DamageReason::Keys));
    }
}

#[test]
fn a_header_that_cannot_change_any_more_is_refused() {
    // The generation was counted up without a look at its end, which anybody can write there.
    let disk = MemoryDisk::default();
    let journal = create(&disk).journal;
    append_with_card(&journal);
    disk.rewrite(FIRST, |bytes| {
        bytes[..8192].chunks_mut(4096).for_each(|header| header[40..48].fill(0xFF));
        seal_headers(bytes);
    });
    assert!(matches!(journal.destroy_keys(1, Which::Cards), Err(JournalError::NoKeys { segment: 1, .. })));
}

#[test]
fn one_copy_of_the_header_is_whole_while_the_other_is_finished() {
    // The process was killed when the new copy was in the cache and not yet on the device. The next one wrote the other
    // copy beside it, and the power went: both were torn, and with them every key of the segment.
    let killed = {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        append_with_card(&journal);
        journal.destroy_keys(1, Which::Cards).unwrap();
        append_with_card(&journal);
        disk.die_after(1);
        assert!(journal.destroy_keys(1, Which::All).is_err());
        disk.fork()
    };
    assert!(killed.dirty_sectors() > 0);
    for operations in 0..12 {
        let disk = killed.fork();
        disk.die_after(operations);
        drop(Journal::open_in(Arc::new(disk.clone()), keys(), options()));
        assert!(disk.dirty_sectors() <= 4096 / 512, "both copies are on their way after {operations} operations");
        disk.cut_power(true, |sector| sector % 2 == 0);
        let opened = open(&disk);
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 4), "cut after {operations} operations");
    }
}

#[test]
fn a_destruction_that_was_cut_short_is_finished_or_never_began() {
    for operations in 0.. {
        for arrive in [false, true] {
            let disk = MemoryDisk::default();
            let journal = create(&disk).journal;
            append_with_card(&journal);
            journal.destroy_keys(1, Which::Cards).unwrap();
            append_with_card(&journal);
            disk.die_after(operations);
            let outcome = journal.destroy_keys(1, Which::All);
            drop(journal);
            disk.cut_power(arrive, |_| arrive);
            let opened = open(&disk);
            assert_eq!((&opened.health, opened.entries.len()), (&Health::Whole, 4));
            let is_gone = opened.entries[0].content == Content::Gone;
            assert!(is_gone || outcome.is_err());
            let bytes = disk.bytes(FIRST).unwrap();
            assert_eq!(bytes[..4096], bytes[4096..8192], "the other copy still holds the key");
            if outcome.is_ok() && !arrive {
                assert!(operations >= 4);
                return;
            }
        }
    }
}

#[test]
fn a_destruction_that_the_device_refuses_can_be_tried_again() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = MemoryDisk::default();
        let journal = create(&disk).journal;
        append_with_card(&journal);
        let _written = append(&journal, &[&[1; 7000]]).unwrap();
        journal.destroy_keys(1, Which::Cards).unwrap();
        disk.fail_next(operation, std::io::ErrorKind::Other);
        assert!(matches!(journal.destroy_keys(1, Which::All), Err(JournalError::Storage { .. })));
        assert_eq!(read(&disk).entries[0].record(), Some(RECORD), "the cache shows what the device does not hold");
        journal.destroy_keys(1, Which::All).unwrap();
        assert!(matches!(journal.destroy_keys(9, Which::All), Err(JournalError::Storage { .. })));
        assert!(append(&journal, &[b"the handle is not poisoned"]).is_ok());
    }
}

#[test]
fn a_journal_under_a_key_file_on_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let (key, place) = (directory.path().join("key"), directory.path().join("journal"));
    let keys = Arc::new(FileKey::create(&key, &SystemEntropy).unwrap());
    append_with_card(&Journal::create(&place, keys, options()).unwrap().journal);
    let keys = Arc::new(FileKey::open(&key).unwrap());
    let opened = Journal::open(&place, keys.clone(), options()).unwrap();
    assert_eq!(opened.entries[0].card(), Some(CARD));
    opened.journal.destroy_keys(1, Which::All).unwrap();
    drop(opened);
    let reading = Journal::read(&place, Some(keys.as_ref())).unwrap();
    assert_eq!((reading.health, &reading.entries[0].content), (Health::Whole, &Content::Gone));
}

#[test]
fn nothing_prints_what_it_holds() {
    let disk = MemoryDisk::default();
    append_with_card(&create_with(&disk, Options { ..options() }).journal);
    let opened = Journal::open_in(Arc::new(disk.clone()), keys(), options()).unwrap();
    let printed = format!("{opened:?} {:?}", Body { record: RECORD, card: Some(CARD) });
    for secret in [RECORD, CARD] {
        let (text, bytes) = (String::from_utf8_lossy(secret), format!("{secret:?}"));
        assert!(!printed.contains(&*text) && !printed.contains(bytes.trim_matches(['[', ']'])), "{printed}");
    }
}
