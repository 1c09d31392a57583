//! Transactions that have left memory: their names are looked up before they may name a payment again, and a terminal's
//! memory is bounded by what a month brings.

use super::{ACQUIRER, House, deployment};
use crate::books::{Fate, INDEX_DAYS, Known};
use crate::record::{NotSent, samples};
use crate::{Effect, Engine, Input, Order, Outcome, Reading, Request, Timestamp, TransactionId};

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text).unwrap()
}

/// A terminal that took money long ago, and the line its journal holds of it.
fn years_later() -> (House, Engine, Vec<u8>) {
    let mut house = House::that_closes();
    house.sale("A1", 1234);
    house.settle("C1");
    let line = house.books().summary_of(&id("A1")).unwrap().encode().unwrap();
    let mut reading = Reading::default();
    house.records().iter().for_each(|record| reading.record(record));
    reading.summary(&line);
    let horizon = Timestamp { unix_ms: i64::MAX, utc_offset_minutes: 0 };
    reading.forget(horizon);
    let (engine, _) = reading.finish(house.now()).begin(vec![deployment()], None, &[], house.now());
    (house, engine, line)
}

fn ask(engine: &mut Engine, house: &House, id: TransactionId) -> Vec<Effect> {
    let (acquirer, operator, amount) = (ACQUIRER.to_owned(), "01".to_owned(), super::guest::yuan(99));
    engine.handle(
        Input::Request(Request::Begin { acquirer, transaction: id, order: Order::sale(amount), operator }),
        house.now(),
    )
}

fn looked_up(engine: &mut Engine, house: &House, id: TransactionId, summary: Option<Vec<u8>>) {
    assert!(engine.handle(Input::LookedUp { transaction: id, summary }, house.now()).is_empty());
}

#[test]
fn a_name_that_left_memory_never_pays_again() {
    let (house, mut engine, line) = years_later();
    assert_eq!(engine.books().knows(&id("A1")), Known::Perhaps);
    assert_eq!(engine.books().taken(ACQUIRER, super::guest::yuan(0)), Ok(super::guest::yuan(1234)));
    let refused = ask(&mut engine, &house, id("A1"));
    assert!(
        matches!(&refused[..], [Effect::Ended { outcome: Outcome::NotSent(NotSent::Storage(_)), .. }]),
        "{refused:?}"
    );
    looked_up(&mut engine, &house, id("A1"), Some(line.clone()));
    looked_up(&mut engine, &house, id("A1"), Some(line));
    let again = ask(&mut engine, &house, id("A1"));
    let [Effect::Ended { outcome: Outcome::Approved(approved), .. }] = &again[..] else { panic!("{again:?}") };
    assert_eq!((approved.amount.minor, approved.authorization.as_str()), (1234, "A1"));
    assert_eq!(engine.books().taken(ACQUIRER, super::guest::yuan(0)), Ok(super::guest::yuan(1234)));
}

/// Two names may share a hash: one that the journal does not hold is new, and pays.
#[test]
fn a_name_the_journal_does_not_hold_is_new() {
    let (house, mut engine, _) = years_later();
    looked_up(&mut engine, &house, id("A1"), None);
    assert!(matches!(ask(&mut engine, &house, id("A1"))[..], [Effect::AskCard { .. }]));
    assert!(matches!(years_later().1.books().knows(&id("B1")), Known::No));
}

#[test]
fn a_line_that_cannot_be_read_brings_nothing_back_and_stops_sales() {
    let (house, mut engine, _) = years_later();
    looked_up(&mut engine, &house, id("A1"), Some(vec![1, 2, 3]));
    assert!(engine.sales_stopped().is_some());
    assert!(matches!(
        ask(&mut engine, &house, id("A1"))[..],
        [Effect::Ended { outcome: Outcome::NotSent(NotSent::Storage(_)), .. }]
    ));
}

/// A terminal that looks after its journal while it trades: whatever it compacts, no number is used twice, no key is
/// lost, and the books equal the ledger.
#[test]
fn a_terminal_that_tends_its_journal_goes_on_trading() {
    let mut house = House::that_closes();
    house.sign_in("S1");
    for (number, lost) in [false, true, false].into_iter().enumerate() {
        let horizon = Timestamp { unix_ms: i64::MAX, utc_offset_minutes: 0 };
        house.acquirer.line = lost.then_some(super::acquirer::Line::LostReply).into_iter().collect();
        house.sale(&format!("A{number}"), 5);
        house.settle(&format!("C{number}"));
        house.feed(Input::Carry);
        house.rest();
        assert_eq!(house.carried_over.pop(), Some(true));
        let fates = house.books().fates(&house.records(), horizon);
        let lines: Vec<_> = fates
            .into_iter()
            .filter_map(|fate| if let Fate::Summary(line) = fate { Some(line) } else { None })
            .collect();
        assert_eq!(
            lines.len(),
            if number == 0 { 3 } else { 2 },
            "sale and settlement, and the sign-in before the first"
        );
        house.feed(Input::Compacted { lines, horizon });
        assert_eq!((house.books().transactions().count(), house.books().owed()), (0, 0));
    }
    assert_eq!(house.books().taken(ACQUIRER, super::guest::yuan(0)).unwrap().minor, house.acquirer.sum() as u64);
    assert_eq!(house.books().kept(ACQUIRER).unwrap().keys.len(), 1);
    house.assert_balanced();
}

#[test]
fn what_plugins_keep_is_not_written_while_a_record_is_on_its_way() {
    let mut house = House::new();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.log.last().is_none_or(|word| word != "Prepare"));
    house.feed(Input::Carry);
    house.rest();
    assert_eq!(house.carried_over, [false]);
    house.failing_commits = [true].into();
    house.feed(Input::Carry);
    house.rest();
    assert_eq!(house.carried_over, [false, false]);
    assert!(house.log.contains(&"ReopenJournal".to_owned()));
}

/// A regression: the story of a debt that nobody answered grew with every try, for as long as nobody answered.
#[test]
fn a_debt_that_is_tried_for_ever_does_not_fill_memory() {
    let mut house = House::new();
    house.acquirer.line = [super::acquirer::Line::LostReply].into();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    house.acquirer.line = vec![super::acquirer::Line::LostRequest; 1_000].into();
    house.rest();
    house.run_for(100_000_000);
    let tries = house.books().debt(&id("A1").reversal()).unwrap().tries;
    assert!((200..300).contains(&tries), "{tries} tries in 28 hours");
    assert!(house.books().transaction(&id("A1")).unwrap().timeline.len() <= 260);
    house.acquirer.line.clear();
    house.run_for(700_000);
    house.assert_balanced();
    assert!(matches!(
        house.books().transaction(&id("A1")).unwrap().timeline.last().unwrap().event,
        crate::story::StoryEvent::ReversalAnswered { .. }
    ));
}

/// Bytes of what a settled transaction holds on to, as it would be written.
fn bytes_of(value: &impl serde::Serialize) -> usize {
    postcard::to_allocvec(value).unwrap().len()
}

/// What a payment costs: in memory for a month, in a line for as long as the journal is kept, and eight bytes for ever.
#[test]
fn the_cost_of_a_payment_is_as_stated() {
    let intent = samples::records().into_iter().find(|(name, _)| name == "intent-undo-sealed").unwrap().1;
    let concluded = samples::records().into_iter().find(|(name, _)| name == "concluded-approved").unwrap().1;
    let mut reading = Reading::default();
    reading.record(&intent);
    let running = bytes_of(&reading.finish(House::new().now()).books());
    let mut reading = Reading::default();
    reading.record(&intent);
    reading.record(&concluded);
    let recovery = reading.finish(House::new().now());
    let books = super::closed(recovery.books(), "unionpay");
    let settled = books.transaction(&id("A1")).unwrap();
    let line = books.summary_of(&id("A1")).unwrap().encode().unwrap().len();
    assert!(line <= 128, "a line has {line} bytes");
    // The template with every kind of node there is, twice, leaves memory with the need for it.
    assert!(bytes_of(settled) <= 512, "{} bytes", bytes_of(settled));
    assert!(running > 2 * bytes_of(settled), "{running} bytes while it may have to be taken back");
    // With what they point to, about two kilobytes: a month of three hundred payments a day is some twenty megabytes.
    let sizes = [size_of::<crate::books::Transaction>(), size_of::<crate::books::ExchangeFacts>()];
    assert!(sizes.iter().sum::<usize>() <= 1_536, "{sizes:?}");
    assert_eq!(INDEX_DAYS, 30);
}
