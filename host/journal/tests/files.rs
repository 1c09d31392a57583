//! On a real file system: one writer, no journal by accident, and the bytes of every version.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use acquit_journal::keys::CountingEntropy;
use acquit_journal::memory::MemoryDisk;
use acquit_journal::storage::Storage;
use acquit_journal::{Body, DamageReason, Health, Journal, JournalError, Options, Purpose};
use common::{append, keys, options, records};
use proptest::prelude::*;

/// One header, and three blocks for groups.
const VERSION_1_BYTES: usize = 4 * 4096;
const VERSION_1: &str = include_str!("golden/version-1.hex");
/// Two headers, and two blocks for groups.
const VERSION_2_BYTES: usize = 4 * 4096;
const VERSION_2: &str = include_str!("golden/version-2.hex");
const DESCRIPTION: &str = include_str!("../../../docs/journal.md");

#[test]
fn a_place_without_a_journal_is_not_an_empty_journal() {
    let directory = tempfile::tempdir().unwrap();
    let lost = directory.path().join("lost");
    for place in [directory.path(), &lost] {
        let error = Journal::open(place, keys(), options()).unwrap_err();
        assert!(matches!(error, JournalError::NoJournal { .. }));
        assert!(error.to_string().contains("create one explicitly"), "{error}");
        assert!(matches!(Journal::read(place, None), Err(JournalError::NoJournal { .. })));
    }
    assert!(!lost.exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    drop(Journal::create(&lost, keys(), options()).unwrap());
    assert!(Journal::open(&lost, keys(), options()).is_ok());
    assert!(matches!(Journal::create(&lost, keys(), options()), Err(JournalError::AlreadyThere { .. })));
    fs::remove_file(lost.join("000001.log")).unwrap();
    assert!(matches!(Journal::open(&lost, keys(), options()), Err(JournalError::NoJournal { .. })));
}

#[test]
fn one_writer_and_any_number_of_readers() {
    let directory = tempfile::tempdir().unwrap();
    let opened = Journal::create(directory.path(), keys(), options()).unwrap();
    let _written = append(&opened.journal, &[b"entry"]).unwrap();
    let error = Journal::open(directory.path(), keys(), options()).unwrap_err();
    assert!(matches!(error, JournalError::Locked { holder: Some(pid), .. } if pid == std::process::id()));
    assert!(error.to_string().contains("stop that process"), "{error}");
    assert_eq!(Journal::read(directory.path(), Some(keys().as_ref())).unwrap().entries.len(), 1);
    drop(opened.journal);
    assert_eq!(Journal::open(directory.path(), keys(), options()).unwrap().entries.len(), 1);
}

#[test]
fn the_bytes_of_version_2_are_fixed() {
    let directory = tempfile::tempdir().unwrap();
    let options =
        Options { segment_bytes: VERSION_2_BYTES as u64, entropy: Arc::new(CountingEntropy::new(2)), ..options() };
    let opened = Journal::create(directory.path(), keys(), options).unwrap();
    let bodies = [Body { record: b"intent", card: Some(b"card") }, Body::from(b"standby")];
    let _intent = opened.journal.append(Purpose::Payment, &bodies).unwrap();
    assert!(opened.journal.tend().unwrap().marked);
    drop(opened.journal);
    let picture = hex_picture(&fs::read(directory.path().join("000001.log")).unwrap());
    if std::env::var_os("ACQUIT_PRINT_GOLDEN").is_some() {
        println!("{picture}");
    }
    assert_eq!(picture, VERSION_2, "the format changed: raise its version and keep reading the old one");
    assert!(DESCRIPTION.contains(VERSION_2), "docs/journal.md must show the same worked example:\n{VERSION_2}");
}

#[test]
fn the_golden_journal_of_version_2_opens() {
    let directory = tempfile::tempdir().unwrap();
    write_golden(directory.path(), VERSION_2, VERSION_2_BYTES);
    let opened = Journal::open(directory.path(), keys(), options()).unwrap();
    assert_eq!(opened.health, Health::Whole);
    assert_eq!(records(&opened.entries), [b"intent".to_vec(), b"standby".to_vec()]);
    assert_eq!((opened.entries[0].card(), opened.entries[1].card()), (Some(&b"card"[..]), None));
    assert_eq!(append(&opened.journal, &[b"next"]).unwrap().sequence(), 3);
}

#[test]
fn the_golden_segment_of_version_1_opens_and_goes_on_in_version_2() {
    let directory = tempfile::tempdir().unwrap();
    write_golden(directory.path(), VERSION_1, VERSION_1_BYTES);
    let before = fs::read(directory.path().join("000001.log")).unwrap();
    let mut expected = vec![b"intent".to_vec(), b"standby".to_vec(), vec![0xC3; 500]];
    let opened = Journal::open(directory.path(), keys(), options()).unwrap();
    assert_eq!((opened.health, records(&opened.entries)), (Health::Whole, expected.clone()));
    assert!(Journal::read(directory.path(), None).unwrap().entries.iter().all(|entry| entry.record().is_some()));
    assert_eq!(append(&opened.journal, &[b"encrypted"]).unwrap().sequence(), 4);
    let tree = opened.journal.tree();
    drop(opened.journal);
    expected.push(b"encrypted".to_vec());
    let opened = Journal::open(directory.path(), keys(), options()).unwrap();
    assert_eq!((opened.health, records(&opened.entries)), (Health::Whole, expected));
    assert_eq!(opened.journal.tree(), tree);
    assert_eq!(fs::read(directory.path().join("000001.log")).unwrap(), before);
    // What it held is fixed by the header that follows it, although nothing in it is sealed.
    drop(opened.journal);
    let mut changed = before;
    changed[4096 + 30] ^= 1;
    let checksum = crc32c::crc32c(&changed[4096 + 4..4096 + 512]);
    changed[4096..4100].copy_from_slice(&checksum.to_be_bytes());
    fs::write(directory.path().join("000001.log"), changed).unwrap();
    let health = Journal::read(directory.path(), Some(keys().as_ref())).unwrap().health;
    assert!(matches!(health, Health::Damaged(damage) if damage.reason == DamageReason::Chain));
}

#[test]
fn a_segment_of_version_1_behind_one_of_version_2_is_refused() {
    // It is not encrypted: whoever can write to the disk can make one.
    let directory = tempfile::tempdir().unwrap();
    drop(Journal::create(directory.path(), keys(), options()).unwrap());
    let golden = tempfile::tempdir().unwrap();
    write_golden(golden.path(), VERSION_1, VERSION_1_BYTES);
    fs::copy(golden.path().join("000001.log"), directory.path().join("000002.log")).unwrap();
    let opened = Journal::open(directory.path(), keys(), options()).unwrap();
    assert!(opened.entries.is_empty());
    assert!(matches!(opened.health, Health::Damaged(damage) if damage.reason == DamageReason::Version(1)));
}

#[test]
fn a_cut_append_of_version_1_is_still_repaired_in_silence() {
    let directory = tempfile::tempdir().unwrap();
    write_golden(directory.path(), VERSION_1, VERSION_1_BYTES);
    let mut bytes = fs::read(directory.path().join("000001.log")).unwrap();
    bytes[0x2200..0x2400].fill(0);
    let disk = MemoryDisk::default();
    let file = disk.create("000001.log").unwrap();
    file.write_at(0, &bytes).unwrap();
    let opened = common::open(&disk);
    assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 2));
    assert_eq!(append(&opened.journal, &[b"next"]).unwrap().sequence(), 3);
    drop(opened.journal);
    assert_eq!(common::read(&disk).health, Health::Whole);
}

/// Rows of sixteen bytes; rows of zeros are left out, and `*` stands for rows like the one before.
fn hex_picture(bytes: &[u8]) -> String {
    let mut picture = format!("{:06x} bytes\n", bytes.len());
    let rows: Vec<&[u8]> = bytes.chunks(16).collect();
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.iter().any(|byte| *byte != 0)) {
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        if number > 0 && rows[number - 1] == *row {
            if !picture.ends_with("*\n") {
                picture.push_str("*\n");
            }
        } else {
            picture.push_str(&format!("{:06x}  {}\n", number * 16, hex.join(" ")));
        }
    }
    picture
}

fn write_golden(directory: &Path, picture: &str, length: usize) {
    let mut segment = vec![0; length];
    let (mut end, mut last, mut repeats) = (0, Vec::new(), false);
    for row in picture.lines().skip(1) {
        let Some((offset, bytes)) = row.split_once("  ") else {
            repeats = true;
            continue;
        };
        let offset = usize::from_str_radix(offset, 16).unwrap();
        if std::mem::take(&mut repeats) {
            segment[end..offset].chunks_mut(16).for_each(|row| row.copy_from_slice(&last));
        }
        last = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        segment[offset..offset + 16].copy_from_slice(&last);
        end = offset + 16;
    }
    fs::write(directory.join("000001.log"), segment).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_appended_is_read_back(
        sessions in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1500), 1..5), 0..5),
            1..4,
        )
    ) {
        let directory = tempfile::tempdir().unwrap();
        drop(Journal::create(directory.path(), keys(), options()).unwrap());
        let mut all: Vec<Vec<u8>> = Vec::new();
        for session in sessions {
            let journal = Journal::open(directory.path(), keys(), options()).unwrap().journal;
            for group in session {
                let token = append(&journal, &group.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
                all.extend(group);
                prop_assert_eq!(token.sequence(), all.len() as u64);
            }
            drop(journal);
            let reading = Journal::read(directory.path(), Some(keys().as_ref())).unwrap();
            prop_assert_eq!(reading.health, Health::Whole);
            prop_assert_eq!(records(&reading.entries), all.clone());
        }
    }
}
