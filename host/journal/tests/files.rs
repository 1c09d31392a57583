//! On a real file system: one writer, no journal by accident, and the bytes of the format.

use std::fs;
use std::path::Path;

use acquit_journal::{Entry, Health, Journal, JournalError, Options};
use proptest::prelude::*;

const SMALL_SEGMENT_BYTES: u64 = 4 * 4096;
const GOLDEN: &str = include_str!("golden/segment-1.hex");
const DESCRIPTION: &str = include_str!("../../../docs/journal.md");

fn options() -> Options {
    Options { segment_bytes: SMALL_SEGMENT_BYTES, ..Options::default() }
}

#[test]
fn a_place_without_a_journal_is_not_an_empty_journal() {
    let directory = tempfile::tempdir().unwrap();
    let lost = directory.path().join("lost");
    for place in [directory.path(), &lost] {
        let error = Journal::open(place, options()).unwrap_err();
        assert!(matches!(error, JournalError::NoJournal { .. }));
        assert!(error.to_string().contains("create one explicitly"), "{error}");
        assert!(matches!(Journal::read(place), Err(JournalError::NoJournal { .. })));
    }
    assert!(!lost.exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    drop(Journal::create(&lost, options()).unwrap());
    assert!(Journal::open(&lost, options()).is_ok());
    assert!(matches!(Journal::create(&lost, options()), Err(JournalError::AlreadyThere { .. })));
    fs::remove_file(lost.join("000001.log")).unwrap();
    assert!(matches!(Journal::open(&lost, options()), Err(JournalError::NoJournal { .. })));
}

#[test]
fn one_writer_and_any_number_of_readers() {
    let directory = tempfile::tempdir().unwrap();
    let mut opened = Journal::create(directory.path(), options()).unwrap();
    let _written = opened.journal.append(&[b"entry"]).unwrap();
    let error = Journal::open(directory.path(), options()).unwrap_err();
    assert!(matches!(error, JournalError::Locked { holder: Some(pid), .. } if pid == std::process::id()));
    assert!(error.to_string().contains("stop that process"), "{error}");
    assert_eq!(Journal::read(directory.path()).unwrap().entries.len(), 1);
    drop(opened);
    assert_eq!(Journal::open(directory.path(), options()).unwrap().entries.len(), 1);
}

#[test]
fn the_bytes_of_version_1_are_fixed() {
    let directory = tempfile::tempdir().unwrap();
    let mut opened = Journal::create(directory.path(), options()).unwrap();
    let _intent = opened.journal.append(&[b"intent", b"standby"]).unwrap();
    let _concluded = opened.journal.append(&[&[0xC3; 500]]).unwrap();
    drop(opened);
    let picture = hex_picture(&fs::read(directory.path().join("000001.log")).unwrap());
    assert_eq!(picture, GOLDEN, "the format changed: raise its version and keep reading the old one");
    assert!(DESCRIPTION.contains(GOLDEN), "docs/journal.md must show the same worked example:\n{GOLDEN}");
}

#[test]
fn the_golden_segment_opens() {
    let directory = tempfile::tempdir().unwrap();
    write_golden(directory.path());
    let opened = Journal::open(directory.path(), options()).unwrap();
    assert_eq!(opened.health, Health::Whole);
    let expected = [(1, b"intent".to_vec()), (2, b"standby".to_vec()), (3, vec![0xC3; 500])];
    assert_eq!(opened.entries, expected.map(|(sequence, body)| Entry { sequence, body }));
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

fn write_golden(directory: &Path) {
    let mut segment = vec![0; SMALL_SEGMENT_BYTES as usize];
    let (mut end, mut last, mut repeats) = (0, Vec::new(), false);
    for row in GOLDEN.lines().skip(1) {
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
        drop(Journal::create(directory.path(), options()).unwrap());
        let mut all: Vec<Vec<u8>> = Vec::new();
        for session in sessions {
            let mut journal = Journal::open(directory.path(), options()).unwrap().journal;
            for group in session {
                let token = journal.append(&group.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
                all.extend(group);
                prop_assert_eq!(token.sequence(), all.len() as u64);
            }
            drop(journal);
            let reading = Journal::read(directory.path()).unwrap();
            prop_assert_eq!(reading.health, Health::Whole);
            prop_assert!(reading.entries.iter().zip(1..).all(|(entry, sequence)| entry.sequence == sequence));
            prop_assert_eq!(reading.entries.into_iter().map(|entry| entry.body).collect::<Vec<_>>(), all.clone());
        }
    }
}
