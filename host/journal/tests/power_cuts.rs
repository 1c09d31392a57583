//! J5: the power goes at any instant. What was promised is there, what was not is there whole or not at all, and nobody
//! calls a cut append damage.

mod common;

use std::sync::{Arc, Mutex};

use acquit_journal::memory::MemoryDisk;
use acquit_journal::{AFTER_SYNC, AFTER_WRITE, BEFORE_WRITE, Health, Options};
use common::{append, create, create_with, open, options, records};

/// Groups of one, three and five sectors, of one to three entries.
fn script() -> Vec<Vec<Vec<u8>>> {
    vec![
        vec![b"intent".to_vec()],
        vec![vec![0xA5; 700], vec![], vec![0x5A; 600]],
        vec![b"heard".to_vec(), b"concluded".to_vec()],
        vec![vec![7; 1500], vec![8; 800]],
        vec![b"last".to_vec()],
    ]
}

fn slices(group: &[Vec<u8>]) -> Vec<&[u8]> {
    group.iter().map(Vec::as_slice).collect()
}

/// Opens what is left after a cut, checks it, and goes on with it through one more cut.
fn check(disk: &MemoryDisk, promised: &[Vec<Vec<u8>>], following: Option<&Vec<Vec<u8>>>) -> bool {
    let opened = open(disk);
    assert_eq!(opened.health, Health::Whole);
    let found = records(&opened.entries);
    let without: Vec<Vec<u8>> = promised.concat();
    let with: Vec<Vec<u8>> = without.iter().cloned().chain(following.into_iter().flatten().cloned()).collect();
    assert!(found == without || found == with, "found {} entries, promised {}", found.len(), without.len());
    let is_whole = following.is_some() && found == with;

    let token = append(&opened.journal, &[b"after the cut"]).unwrap();
    assert_eq!(token.sequence(), found.len() as u64 + 1);
    drop(opened);
    disk.cut_power(false, |_| false);
    let again = open(disk);
    assert_eq!(again.health, Health::Whole);
    let expected: Vec<Vec<u8>> = found.into_iter().chain([b"after the cut".to_vec()]).collect();
    assert_eq!(records(&again.entries), expected);
    is_whole
}

#[test]
fn every_choice_of_sectors_of_the_cut_group_recovers_exactly() {
    for length in 1..=script().len() {
        let disk = MemoryDisk::default();
        let cuts: Arc<Mutex<Vec<(&str, MemoryDisk)>>> = Arc::default();
        let (seen, source) = (cuts.clone(), disk.clone());
        let probe = Arc::new(move |step| seen.lock().unwrap().push((step, source.fork())));
        let opened = create_with(&disk, Options { probe, ..options() });
        let groups = script();
        for group in &groups[..length] {
            cuts.lock().unwrap().clear();
            let _written = append(&opened.journal, &slices(group)).unwrap();
        }
        let (promised, last) = (&groups[..length - 1], &groups[length - 1]);
        let cuts = cuts.lock().unwrap();
        assert_eq!(cuts.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [BEFORE_WRITE, AFTER_WRITE, AFTER_SYNC]);
        for (step, cut) in cuts.iter() {
            let dirty = cut.dirty_sectors();
            assert_eq!(dirty > 0, *step == AFTER_WRITE);
            for arrived in 0..1_u32 << dirty {
                let image = cut.fork();
                image.cut_power(false, |sector| arrived >> sector & 1 == 1);
                let is_whole = check(&image, promised, Some(last));
                let all_arrived = *step == AFTER_SYNC || dirty > 0 && arrived == (1 << dirty) - 1;
                assert_eq!(is_whole, all_arrived, "{step}, sectors {arrived:b} of {dirty}");
            }
        }
    }
}

/// Without and with a spare, names lost or kept, sectors lost or kept.
fn choices() -> impl Iterator<Item = (usize, bool, bool)> {
    (0..8).map(|bits| (bits & 1, bits & 2 != 0, bits & 4 != 0))
}

#[test]
fn the_device_may_die_at_any_operation() {
    // Also inside the creation of a segment and between its rename and the sync of the directory.
    let groups = script();
    for operations in 0.. {
        let mut promised = 0;
        for (spare_segments, names_arrive, sectors_arrive) in choices() {
            let disk = MemoryDisk::default();
            let opened = create_with(&disk, Options { spare_segments, ..options() });
            disk.die_after(operations);
            promised = groups.iter().take_while(|group| append(&opened.journal, &slices(group)).is_ok()).count();
            drop(opened);
            disk.cut_power(names_arrive, |_| sectors_arrive);
            check(&disk, &groups[..promised], groups.get(promised));
        }
        if promised == groups.len() {
            return;
        }
    }
}

#[test]
fn a_name_that_was_never_synced_is_synced_before_anything_is_promised_under_it() {
    // The process was killed after the rename of a new segment; the next one found the segment in the cache, appended
    // to it, told the cashier, and the power cut took the name away together with the entry.
    let groups = script();
    for operations in 0..40 {
        let disk = MemoryDisk::default();
        let opened = create(&disk);
        disk.die_after(operations);
        let promised = groups.iter().take_while(|group| append(&opened.journal, &slices(group)).is_ok()).count();
        drop(opened);
        // The process died and the machine did not: everything in the cache is still there.
        disk.die_after(usize::MAX);
        check(&disk, &groups[..promised], groups.get(promised));
    }
}

#[test]
fn a_torn_group_is_left_alone_and_its_number_is_used_again_in_a_fresh_segment() {
    let disk = MemoryDisk::default();
    let cut: Arc<Mutex<Option<MemoryDisk>>> = Arc::default();
    let (seen, source) = (cut.clone(), disk.clone());
    let probe = Arc::new(move |step| {
        if step == AFTER_WRITE {
            *seen.lock().unwrap() = Some(source.fork());
        }
    });
    let opened = create_with(&disk, Options { probe, ..options() });
    let _written = append(&opened.journal, &[&[9; 1200]]).unwrap();
    let disk = cut.lock().unwrap().take().unwrap();
    disk.cut_power(false, |sector| sector != 0);
    let torn = disk.bytes("000001.log").unwrap();
    let opened = open(&disk);
    assert_eq!((opened.health, opened.entries), (Health::Whole, vec![]));
    assert_eq!(append(&opened.journal, &[b"short"]).unwrap().sequence(), 1);
    assert_eq!(disk.bytes("000001.log").unwrap(), torn);
    assert!(disk.bytes("000002.log").is_some());
}
