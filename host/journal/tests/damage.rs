//! J4: what does not verify is never taken for empty. It is reported, at every open, and what is readable is still read.

mod common;

use acquit_journal::memory::MemoryDisk;
use acquit_journal::storage::Storage;
use acquit_journal::{Damage, DamageReason, Health, Journal, JournalError, Purpose};
use common::{FIRST, append, create, open, read, seal_sector, sequences};

/// Entries 1 to `entries`, each a group of its own in a block of its own; three to a segment.
fn disk_with(entries: u8) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let opened = create(&disk);
    for entry in 1..=entries {
        let _written = append(&opened.journal, &[&[entry; 600]]).unwrap();
    }
    disk
}

fn damage(segment: u64, offset: u64, sequence: u64, reason: DamageReason) -> Health {
    Health::Damaged(Damage { segment, offset, sequence, reason })
}

/// The damage and the readable entries stay the same over appends and reopens, the damaged file is not touched, and
/// what is appended is found again.
fn check(disk: &MemoryDisk, health: &Health, readable: &[u64]) {
    let before = disk.bytes(FIRST);
    let opened = open(disk);
    assert_eq!((&opened.health, sequences(&opened.entries).as_slice()), (health, readable));
    let appended = append(&opened.journal, &[b"debt paid"]).unwrap().sequence();
    assert!(readable.iter().all(|sequence| *sequence < appended));
    drop(opened);
    let opened = open(disk);
    let all: Vec<u64> = readable.iter().copied().chain([appended]).collect();
    assert_eq!((&opened.health, sequences(&opened.entries)), (health, all));
    assert_eq!(disk.bytes(FIRST), before);
}

#[test]
fn every_flipped_byte_is_reported_or_harmless() {
    let whole = disk_with(2);
    let bytes = whole.bytes(FIRST).unwrap();
    // Of bytes that are zero and have zeros around them one in sixty-seven stands for the others.
    let is_alone = |place: usize| bytes[place.saturating_sub(8)..(place + 8).min(bytes.len())].iter().all(|b| *b == 0);
    for place in (0..bytes.len()).filter(|place| place % 67 == 0 || !is_alone(*place)) {
        let disk = whole.fork();
        disk.rewrite(FIRST, |bytes| bytes[place] ^= 1 << (place % 8));
        let reading = read(&disk);
        let readable: &[u64] = match place {
            8192..9216 => &[2],
            12288..13312 => &[1],
            _ => &[1, 2],
        };
        assert_eq!(sequences(&reading.entries), readable, "byte {place}");
        // One of two headers, and space that was never written, are not needed for anything that was promised.
        let is_harmless = !matches!(place, 8192..9216 | 12288..13312);
        assert_eq!(reading.health == Health::Whole, is_harmless, "byte {place}");
        assert!(reading.entries.iter().all(|entry| entry.record().is_some()));
    }
}

#[test]
fn a_bad_checksum_in_the_middle_is_named_by_place_and_entry() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes[12288 + 512 + 30] ^= 1);
    check(&disk, &damage(1, 12288 + 512, 2, DamageReason::Checksum), &[1, 3]);
}

#[test]
fn a_finished_last_group_that_has_changed_is_not_a_torn_tail() {
    for place in [0, 3, 30, 505, 508, 511] {
        let disk = disk_with(2);
        disk.rewrite(FIRST, |bytes| bytes[12288 + place] ^= 1);
        check(&disk, &damage(1, 12288, 2, DamageReason::Checksum), &[1]);
    }
}

#[test]
fn a_promised_group_that_vanished_is_seen_by_what_follows_it() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes[12288..16384].fill(0));
    check(&disk, &damage(1, 12288, 2, DamageReason::Gap { found: 3 }), &[1, 3]);

    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| bytes[16384..].fill(0));
    check(&disk, &damage(2, 0, 3, DamageReason::Gap { found: 4 }), &[1, 2, 4]);
}

#[test]
fn an_idle_marker_is_the_witness_of_the_last_group() {
    // Without it a last group that turned to zeros, or was overwritten, looks like one nobody was told of.
    let lost: [fn(&mut [u8]); 3] = [|group| group.fill(0), |group| group[..512].fill(0), |group| group.fill(0xEE)];
    for lose in lost {
        for is_marked in [false, true] {
            let disk = disk_with(2);
            let opened = open(&disk);
            if is_marked {
                assert!(opened.journal.tend().unwrap().marked);
                assert!(!opened.journal.tend().unwrap().marked, "one marker is enough");
            }
            drop(opened);
            disk.rewrite(FIRST, |bytes| lose(&mut bytes[12288..13312]));
            let reading = read(&disk);
            assert_eq!(sequences(&reading.entries), [1]);
            assert_eq!(matches!(reading.health, Health::Damaged(Damage { sequence: 2, .. })), is_marked);
        }
    }
}

#[test]
fn entries_go_on_behind_a_marker() {
    let disk = disk_with(1);
    let opened = open(&disk);
    assert!(opened.journal.tend().unwrap().marked);
    assert_eq!(append(&opened.journal, &[b"two"]).unwrap().sequence(), 2);
    drop(opened);
    let reading = read(&disk);
    assert_eq!((reading.health, sequences(&reading.entries)), (Health::Whole, vec![1, 2]));
}

#[test]
fn a_sequence_that_comes_twice_is_damage() {
    let disk = disk_with(3);
    disk.rewrite(FIRST, |bytes| bytes.copy_within(8192..12288, 16384));
    check(&disk, &damage(1, 16384, 3, DamageReason::Repeat { found: 1 }), &[1, 2]);
}

#[test]
fn two_bad_headers_are_damage_and_the_commitments_are_still_read() {
    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| {
        bytes[20] ^= 1;
        bytes[4096 + 20] ^= 1;
    });
    check(&disk, &damage(1, 0, 1, DamageReason::Header), &[1, 2, 3, 4]);
    let reading = read(&disk);
    assert!(reading.entries[0].record().is_none() && reading.entries[3].record().is_some());
}

#[test]
fn one_bad_header_is_written_again_from_the_other() {
    for place in [20, 4096 + 20] {
        let disk = disk_with(1);
        let before = disk.bytes(FIRST);
        disk.rewrite(FIRST, |bytes| bytes[place] ^= 1);
        let opened = open(&disk);
        assert_eq!((opened.health, opened.entries.len()), (Health::Whole, 1));
        assert_eq!(disk.bytes(FIRST), before);
    }
}

#[test]
fn an_unknown_version_is_not_read_and_not_written() {
    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| {
        for header in bytes[..8192].chunks_mut(4096) {
            header[15] = 3;
            let checksum = crc32c::crc32c(&header[12..]);
            header[8..12].copy_from_slice(&checksum.to_be_bytes());
        }
    });
    check(&disk, &damage(1, 0, 1, DamageReason::Version(3)), &[4]);
}

#[test]
fn a_cut_or_grown_file_is_damage() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes.truncate(12288));
    check(&disk, &damage(1, 0, 1, DamageReason::Length(12288)), &[1]);

    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes.push(0));
    check(&disk, &damage(1, 0, 1, DamageReason::Length(20481)), &[1, 2]);

    let disk = disk_with(4);
    disk.rewrite(FIRST, Vec::clear);
    check(&disk, &damage(1, 0, 1, DamageReason::Header), &[4]);
}

#[test]
fn a_missing_segment_is_damage_also_when_it_is_the_first() {
    for (segment, first_lost, readable) in [(1, 1, [4, 5, 6, 7]), (2, 4, [1, 2, 3, 7])] {
        let disk = disk_with(7);
        disk.remove(&format!("{segment:06}.log")).unwrap();
        check(&disk, &damage(segment, 0, first_lost, DamageReason::MissingSegment), &readable);
    }
}

#[test]
fn a_block_the_device_cannot_read_costs_its_group_and_no_other() {
    for (block, entry, readable) in [(3, 2, [1, 3]), (4, 3, [1, 2])] {
        let disk = disk_with(3);
        disk.lose_block(FIRST, block);
        let opened = open(&disk);
        assert_eq!(opened.health, damage(1, block * 4096, entry, DamageReason::Unreadable));
        assert_eq!(sequences(&opened.entries), readable);
    }
}

#[test]
fn verified_sectors_in_the_wrong_place_are_not_a_torn_tail() {
    // The second sector of the group before, where the next group would begin.
    let disk = disk_with(1);
    disk.rewrite(FIRST, |bytes| bytes.copy_within(8704..9216, 12800));
    check(&disk, &damage(1, 12288, 2, DamageReason::Contents), &[1]);

    // A whole group and the beginning of the next one are gone: what is left belongs to no group that was due.
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[8192..12800].fill(0));
    check(&disk, &damage(1, 8192, 1, DamageReason::Contents), &[]);
}

#[test]
fn a_sector_of_the_group_that_was_next_counts_only_in_its_place() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| {
        bytes.copy_within(12800..13312, 13312);
        bytes[12288..13312].fill(0);
    });
    check(&disk, &damage(1, 12288, 2, DamageReason::Contents), &[1]);
}

#[test]
fn what_is_torn_beyond_the_group_that_was_next_is_damage() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| {
        bytes[12800..13312].fill(0xEE);
        bytes[16384..16484].fill(0xEE);
    });
    check(&disk, &damage(1, 12800, 2, DamageReason::Checksum), &[1]);
}

#[test]
fn finished_sectors_behind_a_group_in_its_block_are_damage() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes.copy_within(8192..8704, 9216));
    check(&disk, &damage(1, 9216, 2, DamageReason::Checksum), &[1, 2]);
}

#[test]
fn a_segment_whose_last_block_is_frayed_is_not_written_again() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[13400] = 0xEE);
    check(&disk, &Health::Whole, &[1, 2]);
}

#[test]
fn an_entry_that_somebody_else_dropped_is_not_one_that_compaction_dropped() {
    // Whoever could write to the disk, and had no key at all, wrote a group again with nothing but commitments: chain
    // and tree held, there was nothing left to be authenticated, and a debt had become an entry without contents.
    let disk = disk_with(4);
    disk.rewrite(FIRST, |bytes| {
        let group = &mut bytes[8192..9216];
        // One sector, no encrypted records, and the flag that says so behind the kind.
        group[8..10].copy_from_slice(&[0, 1]);
        group[20 + 52..20 + 56].fill(0);
        group[20 + 61] = 2;
        group[20 + 60 + 36..].fill(0);
        group[508..512].copy_from_slice(&[0x5C, 0xA3, 0xD2, 0x4B]);
        seal_sector(&mut group[..512]);
    });
    check(&disk, &damage(1, 8192, 1, DamageReason::Contents), &[2, 3, 4]);
}

#[test]
fn a_file_named_as_the_last_segment_there_can_be_leaves_no_number_for_another() {
    // A file of that name was put there. The next segment would have had number 0, which no open ever looks for, and
    // the debts that were paid into it would have been gone.
    let disk = disk_with(1);
    let last = disk.bytes(FIRST).unwrap();
    let name = format!("{}.log", u64::MAX);
    drop(disk.create(&name).unwrap());
    disk.rewrite(&name, |bytes| *bytes = last);
    let opened = open(&disk);
    assert_eq!(opened.health, damage(2, 0, 2, DamageReason::MissingSegment));
    let refused = opened.journal.append(Purpose::Obligation, &[b"debt paid".into()]);
    assert!(matches!(refused, Err(JournalError::TooManySegments { .. })), "{refused:?}");
}

#[test]
fn a_group_that_verifies_and_contradicts_itself_is_damage() {
    let disk = disk_with(1);
    disk.rewrite(FIRST, |bytes| {
        bytes[8192 + 23] = 2;
        seal_sector(&mut bytes[8192..8704]);
    });
    check(&disk, &damage(1, 8192, 1, DamageReason::Contents), &[]);
}

#[test]
fn a_good_checksum_with_a_bad_seal_is_tampering() {
    // In the session, in the commitment, in the encrypted record, in its tag.
    for place in [30, 90, 200, 8192 + 512 + 100 - 8192] {
        let disk = disk_with(2);
        disk.rewrite(FIRST, |bytes| {
            bytes[8192 + place] ^= 1;
            bytes[8192..9216].chunks_mut(512).for_each(seal_sector);
        });
        check(&disk, &damage(1, 8192, 1, DamageReason::Tampered), &[2]);
    }
}

#[test]
fn a_changed_commitment_breaks_the_chain_also_for_who_has_no_keys() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| {
        bytes[8192 + 90] ^= 1;
        seal_sector(&mut bytes[8192..8704]);
    });
    let reading = Journal::read_in(&disk, None).unwrap();
    assert_eq!(reading.health, damage(1, 12288, 2, DamageReason::Chain));
}

#[test]
fn a_segment_of_another_history_does_not_fit() {
    // The same journal went on in two ways; a segment of the one is put into the other.
    let disk = disk_with(3);
    let other = disk.fork();
    for (disk, entry) in [(&disk, b"this"), (&other, b"that")] {
        let opened = open(disk);
        for _ in 0..4 {
            let _written = append(&opened.journal, &[entry]).unwrap();
        }
    }
    let foreign = other.bytes("000003.log").unwrap();
    disk.rewrite("000003.log", |bytes| *bytes = foreign);
    assert_eq!(read(&disk).health, damage(3, 0, 7, DamageReason::Chain));

    let disk = disk_with(4);
    let foreign = disk_with(4).bytes("000002.log").unwrap();
    disk.rewrite(FIRST, |_| {});
    disk.rewrite("000002.log", |bytes| *bytes = foreign);
    assert!(matches!(read(&disk).health, Health::Damaged(Damage { reason: DamageReason::Foreign, .. })));
}

#[test]
fn numbers_that_may_have_been_used_are_not_used_again() {
    let disk = disk_with(2);
    disk.rewrite(FIRST, |bytes| bytes[12288 + 40] ^= 1);
    let opened = open(&disk);
    assert!(append(&opened.journal, &[b"next"]).unwrap().sequence() > 1 << 20);
}
