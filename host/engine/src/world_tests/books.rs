//! What records, read in order, say; also records no engine would write.

use proptest::prelude::*;

use super::acquirer::Line;
use super::guest::yuan;
use super::{ACQUIRER, House};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::money::MoneyError;
use crate::{Fact, Outcome, Record, Recovery, TransactionId};

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text).unwrap()
}

/// The records of a sale up to its intent.
fn intended() -> House {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    house
}

#[test]
fn sent_again_after_not_sent_counts_as_sent_until_known_better() {
    let house = intended();
    let sent = |delivery| Fact::Sent { transaction: id("A1"), exchange: 0, delivery, failure: Some(Failure::Connect) };
    let resent = || Fact::Resent { transaction: id("A1"), exchange: 0, route: "host".into() };
    for (facts, moved) in [
        (vec![], true),
        (vec![sent(Delivery::NotSent)], false),
        (vec![sent(Delivery::NotSent), resent()], true),
        (vec![sent(Delivery::NotSent), resent(), sent(Delivery::NotSent)], false),
        (vec![sent(Delivery::MaybeSent), resent(), sent(Delivery::NotSent)], true),
        (vec![sent(Delivery::Sent), sent(Delivery::NotSent)], true),
    ] {
        let mut records = house.records();
        records.extend(facts.iter().cloned().map(super::record));
        let recovery = Recovery::read(&records, house.now());
        assert_eq!(recovery.books().transaction(&id("A1")).unwrap().may_have_moved_money(), moved, "{facts:?}");
        assert_eq!(recovery.closing().iter().any(|record| matches!(record.fact, Fact::Owed { .. })), moved);
    }
}

#[test]
fn sums_that_do_not_fit_or_do_not_mix_are_errors() {
    let mut house = House::new();
    house.sale("A1", 5);
    let mut records = house.records();
    let concluded = |name: &str, amount| {
        let conclusion = records.iter().find_map(|record| match &record.fact {
            Fact::Concluded { operation, outcome: Outcome::Approved(approved), .. } => Some((operation, approved)),
            _ => None,
        });
        let (operation, approved) = conclusion.unwrap();
        let outcome = Outcome::Approved(crate::contract::acquirer::Approved { amount, ..approved.clone() });
        let (operation, reference) = (operation.clone(), Vec::new());
        super::record(Fact::Concluded { transaction: id(name), operation, outcome, reference })
    };
    let (huge, foreign) =
        (concluded("A2", yuan(u64::MAX)), concluded("A3", crate::contract::types::Amount { currency: 392, ..yuan(1) }));
    records.push(huge);
    let read = Recovery::read(&records, house.now());
    assert_eq!(read.books().taken(ACQUIRER, yuan(0)), Err(MoneyError::OutOfRange));
    records.pop();
    records.push(foreign);
    let read = Recovery::read(&records, house.now());
    assert_eq!(read.books().taken(ACQUIRER, yuan(0)), Err(MoneyError::Currencies(156, 392)));
}

#[test]
fn keys_are_replaced_one_by_one() {
    let mut house = House::new();
    let other = crate::contract::acquirer::NewKey { name: "pin".into(), ..super::guest::key() };
    house.journal.push(super::record(Fact::KeysInstalled { keys: vec![other] }).encode().unwrap());
    house.start();
    let names: Vec<_> = house.books().kept(ACQUIRER).unwrap().keys.iter().map(|key| key.name.clone()).collect();
    assert_eq!(names, ["mac", "pin"]);
}

proptest! {
    /// Records in any order, any of them missing or doubled, with any time: reading them never fails, and closing what
    /// they leave open leaves nothing open.
    #[test]
    fn any_records_are_read_and_closed(order in prop::collection::vec((0_usize..40, any::<i64>()), 0..40)) {
        let mut house = intended();
        house.rest();
        house.sale("A2", 7);
        let known = house.records();
        let records: Vec<Record> = order
            .into_iter()
            .map(|(index, unix_ms)| {
                let mut record = known[index % known.len()].clone();
                record.at.unix_ms = unix_ms;
                record
            })
            .collect();
        let recovery = Recovery::read(&records, house.now());
        let closing = recovery.closing().to_vec();
        let all: Vec<_> = records.iter().chain(&closing).cloned().collect();
        prop_assert!(Recovery::read(&all, house.now()).closing().is_empty());
        let (engine, _) = recovery.begin(vec![super::deployment()], None, &[], house.now());
        for transaction in engine.books().transactions() {
            prop_assert!(transaction.conclusion.is_some());
            let _ = crate::story::Story::tell(engine.books(), transaction);
        }
    }
}
