//! What each store hands to the kernel for a durable commit: counts, so they hold on any machine.
//!
//! The counters belong to the whole process, and the test harness writes too whenever a test ends: so this file holds
//! one test.

use acquit_journal_bench::commit::{Cost, Plan, measure};
use acquit_journal_bench::engines::Kind;
use acquit_journal_bench::records::RECORD_BYTES;

#[test]
fn a_commit_costs_what_is_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let costs = measure(folder.path(), Plan { rounds: 4, commits_a_turn: 5 }).unwrap();
    let of = |kind: Kind| costs.iter().find(|cost| cost.engine == kind).unwrap();
    let a_commit = |cost: &Cost| [cost.counted.syncs, cost.counted.writes].map(|count| cost.a_commit(count));

    assert_eq!(a_commit(of(Kind::Raw)), [1.0, 1.0]);
    assert_eq!(of(Kind::Raw).counted.bytes, 20 * RECORD_BYTES as u64);
    // One group a record, of sectors, and nothing else on the path.
    assert_eq!(a_commit(of(Kind::Ours)), [1.0, 1.0]);
    let sectors = of(Kind::Ours).counted.bytes / 20 / 512;
    assert_eq!((of(Kind::Ours).counted.bytes, sectors), (20 * sectors * 512, 2));
    #[cfg(feature = "peers")]
    {
        // A log frame is a page with a header of 24 bytes, written apart.
        let [syncs, writes] = a_commit(of(Kind::Sqlite));
        assert!(syncs == 1.0 && writes >= 2.0 && of(Kind::Sqlite).counted.bytes >= 20 * 4120);
        let [syncs, indexed] = a_commit(of(Kind::SqliteIndexed));
        assert!(syncs == 1.0 && indexed > writes);
        assert!(a_commit(of(Kind::Redb))[0] >= 1.0);
        assert!(a_commit(of(Kind::RedbTwoPhase))[0] >= 2.0);
    }
}
