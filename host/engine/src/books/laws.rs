//! Laws of what outlives the records, over random histories: a compacted journal tells the same as the whole one, and
//! what leaves memory is never taken for new, nor for nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Books, Conclusion, Fate, Known, Standing, Summary, SummaryError};
use crate::contract::types::Amount;
use crate::record::{Outcome, Record};
use crate::world_tests::guest::{descriptor, yuan};
use crate::world_tests::laws::{History, histories};
use crate::world_tests::{ACQUIRER, House, closed};
use crate::{Fact, Moment, Reading, Recovery, Timestamp, TransactionId};

/// One entry of a journal, compacted or not.
#[derive(Clone, Debug)]
enum Entry {
    Whole(Record),
    Summary(Vec<u8>),
    Gone,
}

/// A journal compacted in the middle of its life: where, how long its segments are, which of them have been compacted
/// so far and in which order, and how old what is compacted must be.
#[derive(Clone, Debug)]
struct Compaction {
    at: prop::sample::Index,
    segment: usize,
    order: Vec<prop::sample::Index>,
    horizon: Option<prop::sample::Index>,
}

fn compactions() -> impl Strategy<Value = Compaction> {
    let horizon = prop::option::weighted(0.4, any::<prop::sample::Index>());
    (any::<prop::sample::Index>(), 1_usize..12, prop::collection::vec(any::<prop::sample::Index>(), 0..40), horizon)
        .prop_map(|(at, segment, order, horizon)| Compaction { at, segment, order, horizon })
}

const FAR: Timestamp = Timestamp { unix_ms: i64::MAX, utc_offset_minutes: 0 };

fn fold(records: &[Record]) -> Books {
    let mut books = Books::default();
    records.iter().for_each(|record| books.apply(record).unwrap());
    books
}

impl Compaction {
    /// The journal with what every stream keeps written down in the middle, whole and compacted.
    fn of(&self, records: &[Record]) -> (Vec<Record>, Vec<Entry>, Timestamp) {
        let place = self.at.index(records.len() + 1);
        let before = &records[..place];
        let mut books = fold(before);
        let now = before.last().map_or(Timestamp::default(), |record| record.at);
        let carried = books.carried(now);
        carried.iter().for_each(|record| books.apply(record).unwrap());
        let whole: Vec<_> = before.iter().chain(&carried).chain(&records[place..]).cloned().collect();
        let horizon = self.horizon.filter(|_| place > 0).map_or(FAR, |index| before[index.index(place)].at);
        let mut entries: Vec<_> = whole.iter().cloned().map(Entry::Whole).collect();
        let closed = place + carried.len();
        let segments: Vec<_> = (0..closed).step_by(self.segment).map(|at| at..closed.min(at + self.segment)).collect();
        for index in self.order.iter().filter(|_| closed > 0) {
            let segment = segments[index.index(segments.len())].clone();
            compact(&mut books, &mut entries[segment], horizon);
        }
        (whole, entries, horizon)
    }
}

/// Compacts one segment, perhaps not for the first time.
fn compact(books: &mut Books, segment: &mut [Entry], horizon: Timestamp) {
    let record = |entry: &Entry| if let Entry::Whole(record) = entry { Some(record.clone()) } else { None };
    let records: Vec<_> = segment.iter().filter_map(record).collect();
    let whole = segment.iter_mut().filter(|entry| matches!(entry, Entry::Whole(_)));
    for (entry, fate) in whole.zip(books.fates(&records, horizon)) {
        match fate {
            Fate::Whole => {}
            Fate::Gone => *entry = Entry::Gone,
            Fate::Summary(line) => *entry = Entry::Summary(line),
        }
    }
    for entry in segment {
        if let Entry::Summary(line) = entry {
            books.apply_summary(line).unwrap();
        }
    }
}

fn read(entries: &[Entry], now: Moment, forget: Option<Timestamp>) -> Recovery {
    let mut reading = Reading::default();
    for entry in entries {
        match entry {
            Entry::Whole(record) => reading.record(record),
            Entry::Summary(line) => reading.summary(line),
            Entry::Gone => reading.gone(),
        }
        if let Some(horizon) = forget {
            reading.forget(horizon);
        }
    }
    reading.finish(now)
}

/// What a repeated request under each name is answered with, and what became of its debt.
fn answers(books: &Books) -> BTreeMap<TransactionId, (Option<Outcome>, Vec<Standing>)> {
    let answer = |known: &super::Transaction| {
        let outcome = known.conclusion.as_ref().map(|Conclusion { outcome, .. }| outcome.in_short());
        (outcome, books.debts_of(known).map(|debt| debt.standing).collect::<Vec<_>>())
    };
    books.transactions().map(|known| (known.id.clone(), answer(known))).collect()
}

fn assert_the_same(one: &Books, other: &Books) {
    assert_eq!(one.streams, other.streams);
    let open = |books: &Books| books.open_debts().cloned().collect::<Vec<_>>();
    assert_eq!(open(one), open(other));
    let counter = &descriptor().counters[0];
    assert_eq!(one.next_count(ACQUIRER, counter), other.next_count(ACQUIRER, counter));
    assert_eq!(one.taken(ACQUIRER, yuan(0)), other.taken(ACQUIRER, yuan(0)));
    assert_eq!(one.plugins_needed(), other.plugins_needed());
    assert_eq!(one.owed(), other.owed());
}

fn lines(entries: &[Entry]) -> BTreeMap<TransactionId, Vec<u8>> {
    let line = |entry: &Entry| match entry {
        Entry::Summary(line) => Some((Summary::decode(line).unwrap().id, line.clone())),
        _ => None,
    };
    entries.iter().filter_map(line).collect()
}

fn live(history: History) -> (Vec<Record>, Moment) {
    let house = history.live();
    (house.records(), house.now())
}

/// A terminal that had ever compacted its journal and lost its power during a settlement gave the settlement up when it
/// came back: the batch was settled anew, from its first frame.
#[test]
fn a_settlement_under_way_is_found_after_a_compaction() {
    let mut house = House::that_closes();
    house.sale("A1", 5);
    house.acquirer.differs = true;
    house.settle("C1");
    let (records, now) = (house.records(), house.now());
    let place = |is: fn(&Fact) -> bool| records.iter().position(|record| is(&record.fact)).unwrap();
    let begun = place(|fact| matches!(fact, Fact::Totalled { .. }));
    let closed = place(|fact| matches!(fact, Fact::BatchClosed { .. }));
    for cut in begun + 1..=closed {
        let before = &records[..cut];
        let entries: Vec<_> = std::iter::once(Entry::Gone).chain(before.iter().cloned().map(Entry::Whole)).collect();
        let (whole, compacted) = (Recovery::read(before, now), read(&entries, now, None));
        let settling = whole.books().settling(ACQUIRER);
        assert!(settling.is_some() && settling == compacted.books().settling(ACQUIRER), "{cut}");
        assert_eq!(whole.closing(), compacted.closing(), "{cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_compacted_journal_tells_the_same_as_the_whole_one(history in histories(), compaction in compactions()) {
        let (records, now) = live(history);
        let (whole, compacted, _) = compaction.of(&records);
        let (whole, compacted) = (Recovery::read(&whole, now), read(&compacted, now, None));
        prop_assert_eq!(whole.closing(), compacted.closing());
        assert_the_same(whole.books(), compacted.books());
        prop_assert_eq!(answers(whole.books()), answers(compacted.books()));
        let (engine, _) = compacted.begin(Vec::new(), None, &[], now);
        prop_assert_eq!(engine.sales_stopped(), None);
    }

    #[test]
    fn what_leaves_memory_is_neither_new_nor_nothing(history in histories(), compaction in compactions()) {
        let (records, now) = live(history);
        let (whole, compacted, horizon) = compaction.of(&records);
        let lines = lines(&compacted);
        let whole = Recovery::read(&whole, now);
        let forgetful = read(&compacted, now, Some(horizon));
        prop_assert_eq!(whole.closing(), forgetful.closing());
        let mut books = forgetful.books().clone();
        assert_the_same(whole.books(), &books);
        for (id, (outcome, standing)) in answers(whole.books()) {
            prop_assert_ne!(books.knows(&id), Known::No, "{}", id);
            if books.knows(&id) == Known::Perhaps {
                books.restore(&lines[&id]).unwrap();
                prop_assert_eq!(books.knows(&id), Known::Here);
            }
            prop_assert_eq!(&answers(&books)[&id], &(outcome, standing));
        }
        assert_the_same(whole.books(), &books);
        // They leave again, and nothing is counted twice.
        books.forget(horizon);
        books.forget(horizon);
        assert_the_same(whole.books(), &books);
        let (engine, _) = forgetful.begin(Vec::new(), None, &[], now);
        prop_assert_eq!(engine.sales_stopped(), None);
    }

    /// What a running terminal does: compacts, takes the lines in, forgets; then goes on.
    #[test]
    fn books_that_took_the_lines_in_agree_with_books_read_from_them(history in histories(), compaction in compactions()) {
        let (records, now) = live(history);
        let (whole, compacted, horizon) = compaction.of(&records);
        let mut books = fold(&whole);
        for line in lines(&compacted).values() {
            books.apply_summary(line).unwrap();
        }
        assert_the_same(&fold(&whole), &books);
        books.forget(horizon);
        assert_the_same(read(&compacted, now, Some(horizon)).books(), &books);
    }

    #[test]
    fn nothing_that_is_not_settled_is_dropped(history in histories(), compaction in compactions()) {
        let (records, _) = live(history);
        let books = fold(&records);
        let fates = books.fates(&records, FAR);
        let carried = |record: &Record| matches!(record.fact, Fact::Carried { .. });
        prop_assert!(records.iter().any(carried) || fates.iter().all(|fate| *fate == Fate::Whole));
        let (whole, _, _) = compaction.of(&records);
        let mut books = fold(&whole);
        books.carried(FAR).iter().for_each(|record| books.apply(record).unwrap());
        for (record, fate) in whole.iter().zip(books.fates(&whole, FAR)) {
            let Some(original) = books.original_of(&record.fact) else { continue };
            let is_waived = |debt: &super::Debt| debt.of == *original && debt.standing == Standing::Waived;
            if books.settled(original).is_none() || books.debts.values().any(is_waived) {
                prop_assert_eq!(fate, Fate::Whole);
            } else {
                prop_assert_ne!(fate, Fate::Whole, "{:?}", record.fact);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_line_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut books = Books::default();
        let _ = books.apply_summary(&bytes);
        let _ = books.apply_summary(&[&[1], &bytes[..]].concat());
        let _ = books.restore(&[&[1], &bytes[..]].concat());
    }
}

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text).unwrap()
}

/// The books after one approved sale and one that was taken back.
fn settled() -> (House, Books) {
    let mut house = House::new();
    house.sale("A1", 1234);
    house.acquirer.line = [crate::world_tests::lost_reply()].into();
    house.sale("A2", 500);
    let books = closed(house.books(), ACQUIRER);
    (house, books)
}

#[test]
fn a_line_says_how_it_ended_and_what_was_owed() {
    let (_, books) = settled();
    let approved = books.summary_of(&id("A1")).unwrap();
    assert_eq!((approved.amount, approved.debts.len(), approved.batch), (Some(yuan(1234)), 0, Some(1)));
    assert!(matches!(approved.outcome, Outcome::Approved(approved) if approved.authorization == "A1"));
    let reversed = books.summary_of(&id("A2")).unwrap();
    assert!(matches!(reversed.outcome, Outcome::Unknown(_)));
    let [debt] = &reversed.debts[..] else { panic!("one debt") };
    assert_eq!((debt.id.clone(), debt.tries, debt.acknowledged_with.as_str()), (id("A2R"), 1, "00"));
}

#[test]
fn a_line_of_another_version_or_that_says_otherwise_is_an_error() {
    let (_, mut books) = settled();
    let line = books.summary_of(&id("A1")).unwrap();
    let mut bytes = line.encode().unwrap();
    assert_eq!(books.apply_summary(&bytes), Ok(()));
    assert!(matches!(Books::default().apply_summary(&bytes[..9]), Err(SummaryError::Malformed(_))));
    bytes[0] = 3;
    assert_eq!(books.apply_summary(&bytes), Err(SummaryError::Version(3)));
    let lie = Summary { outcome: Outcome::Done, ..line }.encode().unwrap();
    assert!(matches!(books.apply_summary(&lie), Err(SummaryError::Inconsistent(_))));
    assert_eq!(books.taken(ACQUIRER, yuan(0)), Ok(yuan(1234)));
}

#[test]
fn a_sum_that_does_not_fit_stays_in_memory_and_is_an_error_as_before() {
    let (_, mut books) = settled();
    let mut huge = books.summary_of(&id("A1")).unwrap();
    for name in ["H1", "H2"] {
        huge.id = id(name);
        let Outcome::Approved(approved) = &mut huge.outcome else { panic!("approved") };
        approved.amount = Amount { minor: u64::MAX, ..approved.amount };
        books.apply_summary(&huge.encode().unwrap()).unwrap();
    }
    let before = books.taken(ACQUIRER, yuan(0));
    books.forget(FAR);
    assert_eq!((books.forgotten(), books.knows(&id("H2"))), (1, Known::Here));
    assert_eq!(books.taken(ACQUIRER, yuan(0)), before);
}
