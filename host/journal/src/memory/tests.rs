//! The disk is as bad as it says, and not worse.

use std::io::ErrorKind;

use super::*;

fn disk_with(name: &str, bytes: &[u8]) -> (MemoryDisk, Box<dyn StoredFile>) {
    let disk = MemoryDisk::default();
    let file = disk.create(name).unwrap();
    file.write_at(0, bytes).unwrap();
    file.sync().unwrap();
    Storage::sync(&disk).unwrap();
    disk.record();
    (disk, file)
}

#[test]
fn each_sector_is_old_new_or_torn_and_the_name_is_there_or_not() {
    let (disk, file) = disk_with("a", &[1; 1024]);
    file.write_at(0, &[2; 1024]).unwrap();
    disk.rename("a", "b").unwrap();
    let moments = disk.moments();
    assert_eq!(moments.len(), 3);
    assert_eq!(moments[2].operation(), "rename a to b");
    let pending = moments[2].pending(&[true]).unwrap();
    assert_eq!(pending.sectors.len(), 2);
    let tear = Tear { end: End::Back, new_bytes: 10, rest: Rest::Old };
    let cut = Cut {
        names: vec![true],
        lengths: Vec::new(),
        sectors: vec![(pending.sectors[0].place, Fate::Arrived(0)), (pending.sectors[1].place, Fate::Torn(tear))],
    };
    let image = moments[2].image(&cut).unwrap();
    let bytes = image.bytes("b").unwrap();
    assert_eq!((image.bytes("a"), &bytes[..512], &bytes[512..1014]), (None, &[2; 512][..], &[1; 502][..]));
    assert_eq!(bytes[1014..], [2; 10]);
    let nothing = moments[2].image(&Cut { names: vec![false], ..Cut::default() }).unwrap();
    assert_eq!((nothing.bytes("a"), nothing.bytes("b")), (Some(vec![1; 1024]), None));
    assert_eq!(moments[2].without_cut().bytes("b"), Some(vec![2; 1024]));
}

#[test]
fn a_name_that_depends_on_another_does_not_arrive_alone() {
    let disk = MemoryDisk::default();
    disk.record();
    let _file = disk.create("a").unwrap();
    disk.rename("a", "b").unwrap();
    let moment = disk.moments().pop().unwrap();
    assert!(moment.pending(&[false, true]).is_none());
    assert_eq!(moment.image(&Cut { names: vec![true, false], ..Cut::default() }).unwrap().names(), ["a"]);
}

#[test]
fn an_unsynced_length_is_found_as_it_was_at_any_time() {
    let (disk, file) = disk_with("a", &[1; 10]);
    file.write_at(10, &[2; 10]).unwrap();
    file.write_at(20, &[3; 10]).unwrap();
    let moment = disk.moments().pop().unwrap();
    let pending = moment.pending(&[]).unwrap();
    assert_eq!(pending.lengths, [(1, vec![10, 20, 30])]);
    let sector = (pending.sectors[0].place, Fate::Arrived(1));
    let found = |length, sectors: &[_]| {
        let cut = Cut { names: Vec::new(), lengths: vec![(1, length)], sectors: sectors.to_vec() };
        moment.image(&cut).unwrap().bytes("a").unwrap()
    };
    assert_eq!(found(20, &[]), [vec![1; 10], vec![0; 10]].concat());
    assert_eq!(found(20, &[sector]), [vec![1; 10], vec![2; 10]].concat());
    assert_eq!(found(30, &[sector]), [vec![1; 10], vec![2; 10], vec![3; 10]].concat());
}

#[test]
fn a_failed_sync_calls_pages_clean_that_never_arrived() {
    let (disk, file) = disk_with("a", &[1; 1024]);
    file.write_at(0, &[2; 1024]).unwrap();
    disk.order(Fault { extent: Extent::Half, ..Fault::next(Operation::Sync, ErrorKind::Other) });
    assert!(file.sync().is_err());
    file.sync().unwrap();
    assert_eq!(disk.bytes("a").unwrap(), [2; 1024], "the cache shows what the medium does not hold");
    file.drop_cache().unwrap();
    assert_eq!(disk.bytes("a").unwrap(), [vec![2; 512], vec![1; 512]].concat());
}

#[test]
fn a_fault_waits_for_its_turn_and_a_full_disk_for_growth() {
    let (disk, file) = disk_with("a", &[1; 100]);
    disk.order(Fault { after: 1, extent: Extent::Half, ..Fault::next(Operation::Write, ErrorKind::Other) });
    file.write_at(0, &[2; 10]).unwrap();
    assert!(file.write_at(10, &[3; 10]).is_err());
    assert_eq!(disk.bytes("a").unwrap()[..20], [vec![2; 10], vec![3; 5], vec![1; 5]].concat());
    disk.set_free_bytes(5);
    assert_eq!(file.write_at(90, &[4; 16]).unwrap_err().kind(), ErrorKind::StorageFull);
    file.write_at(90, &[4; 15]).unwrap();
    assert_eq!(disk.faults_struck(), 2);
}

#[test]
fn a_write_onto_what_was_promised_is_seen() {
    let (disk, file) = disk_with("a", &[1; 512]);
    file.write_at(512, &[2; 512]).unwrap();
    assert!(disk.overwrites().is_empty());
    file.write_at(500, &[2; 20]).unwrap();
    assert_eq!(disk.overwrites(), [Overwrite { name: "a".into(), offset: 0, operation: 2 }]);
}
