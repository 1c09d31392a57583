use super::*;

/// The journal in which these appends were written one after the other: run, thread, append.
fn journal(appends: &[(u32, u8, u64)]) -> Vec<Found> {
    let records = appends.iter().flat_map(|&(run, thread, append)| Record::of_append(run, thread, append));
    entries(records.map(|record| Some((record.bytes(), record.card()))))
}

fn entries(records: impl IntoIterator<Item = Option<(Vec<u8>, Option<Vec<u8>>)>>) -> Vec<Found> {
    records.into_iter().zip(1..).map(|(record, sequence)| Found { sequence, record }).collect()
}

fn told(appends: &[(u8, u64)]) -> Told {
    let acknowledged = appends.iter().map(|&(thread, append)| Acknowledged { thread, append, sequence: None });
    Told { opened: true, tending: false, acknowledged: acknowledged.collect() }
}

fn renumbered(mut found: Vec<Found>) -> Vec<Found> {
    (1..).zip(&mut found).for_each(|(sequence, entry)| entry.sequence = sequence);
    found
}

/// An append of more than one record, by thread 0 of run 1, and the appends before it.
fn up_to_a_long_append() -> (Vec<(u32, u8, u64)>, usize) {
    let long = (0..).find(|&append| Record::of_append(1, 0, append).len() > 1).unwrap();
    ((0..=long).map(|append| (1, 0, append)).collect(), Record::of_append(1, 0, long).len())
}

#[test]
fn what_was_promised_is_right_with_and_without_the_append_in_flight() {
    let found = journal(&[(1, 0, 0), (1, 3, 0), (1, 0, 1)]);
    assert_eq!(Ledger::default().judge(&told(&[(0, 0), (3, 0), (0, 1)]), &found), Ok(0));
    assert_eq!(Ledger::default().judge(&told(&[(0, 0)]), &found), Ok(2));
    assert_eq!(Ledger::default().judge(&told(&[]), &[]), Ok(0));
}

#[test]
fn entries_of_the_journal_itself_count_as_places_only() {
    let records = journal(&[(1, 0, 0)]).into_iter().map(|entry| entry.record);
    let found = entries([None].into_iter().chain(records).chain([None]));
    assert_eq!(Ledger::default().judge(&told(&[(0, 0)]), &found), Ok(0));
}

#[test]
fn a_lost_acknowledgement_is_named() {
    let found = journal(&[(1, 0, 0)]);
    let lost = Ledger::default().judge(&told(&[(0, 0), (0, 1)]), &found);
    assert_eq!(lost, Err(Wrong::Lost { run: 1, thread: 0, append: 1, found: 1 }));
    let lost = Ledger::default().judge(&told(&[(2, 0)]), &found);
    assert_eq!(lost, Err(Wrong::Lost { run: 1, thread: 2, append: 0, found: 0 }));
}

#[test]
fn a_gap_a_repeat_and_a_reorder_are_named() {
    for appends in [[(1, 0, 0), (1, 0, 2)], [(1, 0, 0), (1, 0, 0)], [(1, 0, 1), (1, 0, 0)]] {
        let wrong = Ledger::default().judge(&told(&[]), &journal(&appends)).unwrap_err();
        assert!(matches!(wrong, Wrong::Order { .. }), "{wrong}");
    }
    let mut found = journal(&[(1, 0, 0), (1, 1, 0)]);
    found[0].sequence = 2;
    assert_eq!(Ledger::default().judge(&told(&[]), &found), Err(Wrong::Sequence { expected: 1, found: 2 }));
}

#[test]
fn more_than_one_append_in_flight_is_more_than_there_can_be() {
    let wrong = Ledger::default().judge(&told(&[]), &journal(&[(1, 4, 0), (1, 4, 1)]));
    assert_eq!(wrong, Err(Wrong::Unheard { run: 1, thread: 4, told: 0, found: 2 }));
}

#[test]
fn half_an_append_and_one_with_another_inside_are_named() {
    let (appends, records) = up_to_a_long_append();
    let mut half = journal(&appends);
    half.pop();
    let wrong = Ledger::default().judge(&told(&[]), &half).unwrap_err();
    assert!(matches!(wrong, Wrong::Half { run: 1, thread: 0, .. }), "{wrong}");

    let mut mixed = journal(&appends);
    let other = journal(&[(1, 1, 0)]).remove(0);
    mixed.insert(mixed.len() + 1 - records, other);
    let wrong = Ledger::default().judge(&told(&[]), &renumbered(mixed)).unwrap_err();
    assert!(matches!(wrong, Wrong::Order { .. }), "{wrong}");
}

#[test]
fn one_bit_in_a_record_or_in_its_card_part_is_found() {
    let with_card = (0..).find(|&append| Record::of_append(1, 0, append)[0].card().is_some()).unwrap();
    let appends: Vec<_> = (0..=with_card).map(|append| (1, 0, append)).collect();
    let sound = journal(&appends);
    for entry in 0..sound.len() {
        let mut found = sound.clone();
        let (bytes, card) = found[entry].record.as_mut().unwrap();
        let flipped = card.as_mut().unwrap_or(bytes);
        flipped[7] ^= 1;
        let wrong = Ledger::default().judge(&told(&[]), &found);
        assert_eq!(wrong, Err(Wrong::Foreign { sequence: entry as u64 + 1 }));
    }
}

#[test]
fn a_token_that_names_another_place_is_found() {
    let found = journal(&[(1, 0, 0), (1, 1, 0)]);
    let length = Record::of_append(1, 0, 0).len() as u64;
    let mut told = told(&[(0, 0)]);
    told.acknowledged[0].sequence = Some(length);
    assert_eq!(Ledger::default().judge(&told, &found[..length as usize]), Ok(0));
    told.acknowledged[0].sequence = Some(length + 1);
    let wrong = Wrong::Misplaced { run: 1, thread: 0, append: 0, sequence: length + 1 };
    assert_eq!(Ledger::default().judge(&told, &found), Err(wrong));
}

#[test]
fn what_was_judged_stays_and_nothing_comes_back() {
    let mut ledger = Ledger::default();
    ledger.judge(&told(&[(0, 0)]), &journal(&[(1, 0, 0)])).unwrap();
    assert_eq!(ledger.next_run(), 2);
    assert_eq!(ledger.judge_again(&journal(&[(1, 0, 0)])), Ok(()));

    let back = journal(&[(1, 0, 0), (1, 1, 0), (2, 0, 0)]);
    assert!(matches!(ledger.clone().judge(&told(&[(0, 0)]), &back), Err(Wrong::Changed { run: 1, .. })));
    assert!(matches!(ledger.judge_again(&journal(&[(1, 0, 0), (1, 1, 0)])), Err(Wrong::Changed { run: 1, .. })));
    let gone = journal(&[(2, 0, 0)]);
    assert!(matches!(ledger.clone().judge(&told(&[(0, 0)]), &gone), Err(Wrong::Changed { run: 1, .. })));
    let late = journal(&[(1, 0, 0), (2, 0, 0), (1, 0, 1)]);
    assert!(matches!(ledger.judge(&told(&[(0, 0)]), &late), Err(Wrong::Run { run: 1, .. })));
}
