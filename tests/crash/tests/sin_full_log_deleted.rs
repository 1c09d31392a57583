//! An over-full log, deleted.
//!
//! A terminal's flash filled up on a Saturday. Its log rotated as it always had: the oldest file went, so that the
//! newest could be written. The oldest file held a reversal that an acquirer's outage had kept unpaid for three weeks.
//! The shop went on selling all weekend, and the card holder never saw the money again.
//!
//! Here a full disk removes nothing. New payments are refused while there is still room for what they may leave owed;
//! what is already owed is written down and paid.

use acquit_crash::{Clerk, Lab, Law, Script, Written};
use journal::JournalError;

#[test]
fn when_the_disk_is_full_payments_are_refused_and_nothing_is_removed() {
    // The reserve is a quarter of a small segment; here that is sixteen groups.
    for segment_bytes in [256 << 10, 1 << 20] {
        fill(Lab { segment_bytes, ..Script::find("sale").unwrap().lab(512) });
    }
}

fn fill(lab: Lab) {
    let disk = lab.disk();
    let mut till = acquit_crash::Till::begin_on(lab, disk.clone()).unwrap();
    let first = till.unanswered_sale().unwrap();
    disk.set_free_bytes(0);
    let mut names = segments(&disk);
    let mut sold = 0;
    let refusal = loop {
        match till.approved_sale() {
            Ok(()) => sold += 1,
            Err(error) => break error,
        }
        let now = segments(&disk);
        assert!(names.iter().all(|name| now.contains(name)), "{names:?} became {now:?}");
        names = now;
        assert!(sold < 1_000, "a full disk never refused a payment");
    };
    assert!(matches!(refusal, JournalError::Reserved | JournalError::DiskFull), "{refusal}");
    assert!(sold > 0, "what was reserved before the disk was full is used first");
    till.ledger.take_back_unpromised();

    // What is owed is still tried, answered and written down, in the space that payments may not use.
    till.reverse(&first, 0).unwrap();
    for _ in 0..8 {
        let note = till.note();
        till.write(&[note]).unwrap();
    }
    // And a payment is still refused.
    let id = till.clerk.next_payment();
    let intent = till.clerk.sale(&id);
    assert!(matches!(till.write(&[intent]), Err(JournalError::Reserved | JournalError::DiskFull)));
    till.ledger.take_back_unpromised();
    assert!(names.iter().all(|name| segments(&disk).contains(name)));

    till.close();
    disk.recover_from_faults();
    disk.cut_power(false, |_| false);
    Law::new(&lab, &till.ledger).check(&disk, disk.operations()).unwrap();
}

fn segments(disk: &journal::memory::MemoryDisk) -> Vec<String> {
    disk.names().into_iter().filter(|name| name.ends_with(".log")).collect()
}

#[test]
fn what_a_payment_may_leave_owed_fits_in_what_is_kept_for_it() {
    // The reserve is only worth its name if a whole story of a debt fits: the intent's answer, the debt, two tries.
    let mut clerk = Clerk::default();
    let id = clerk.next_payment();
    let mut bytes = 0;
    for record in clerk.silence(&id).iter().chain([&clerk.try_to_reverse(&id, 1), &clerk.reversal_acknowledged(&id, 1)])
    {
        if let Written::Record { record, .. } = Written::of(record) {
            bytes += record.len();
        }
    }
    assert!((bytes as u64) < journal::RESERVE_BYTES, "{bytes} bytes of records");
}
