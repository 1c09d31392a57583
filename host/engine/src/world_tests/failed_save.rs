//! The first sin of naive terminals: a failed save ignored, and the message sent anyway.
//!
//! A terminal's flash was full. Its program called `write`, got "no space left", logged the error and went on: the
//! sale left for the acquirer, the answer was lost on the way back, and the terminal knew of no payment at all. The
//! customer was charged; nothing on the terminal could say so, and nothing was ever reversed.
//!
//! Here a message leaves only after its intent, with what takes it back, has been said to be durable; and nobody is
//! told "approved" before that is durable too.

use super::House;
use super::acquirer::Line;
use crate::record::{Doubt, NotSent};
use crate::{Fact, Outcome};

#[test]
fn a_full_disk_before_the_intent_lets_no_byte_leave() {
    let mut house = House::new();
    house.failing_commits = [true].into();
    let outcome = house.sale("A1", 1234);
    assert!(matches!(outcome, Outcome::NotSent(NotSent::Storage(_))), "{outcome:?}");
    assert!(house.acquirer.arrived.is_empty());
    assert!(!house.facts().iter().any(|fact| matches!(fact, Fact::Intent(_))));
    house.assert_balanced();
}

#[test]
fn an_approval_that_cannot_be_written_down_is_unknown_and_what_recovery_reads_decides() {
    let mut house = House::new();
    house.failing_commits = [false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| house.ended.is_empty());
    assert_eq!(house.outcome("A1"), Outcome::Unknown(Doubt::Storage));
    assert_eq!(house.acquirer.count("reversal"), 0);
    house.rest();
    assert!(house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!(house.acquirer.count("reversal"), 1, "taken back once the journal could be read again");
    house.assert_balanced();
}

#[test]
fn nothing_is_begun_and_nobody_waits_in_vain_once_the_journal_has_failed() {
    let mut house = House::new();
    house.failing_commits = [true].into();
    house.ask_sale("A1", 1234);
    house.ask_sale("A2", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    house.ask_sale("A3", 1234);
    while house.advance(0).unwrap() {}
    for id in ["A1", "A2", "A3"] {
        assert!(matches!(house.outcome(id), Outcome::NotSent(NotSent::Storage(_))), "{id}");
    }
    assert!(house.acquirer.arrived.is_empty());
}

#[test]
fn a_reversal_whose_try_cannot_be_written_down_is_not_sent() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.failing_commits = [false, false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!(house.acquirer.count("reversal"), 0);
    assert_eq!(house.books().owed(), 1);
    house.rest();
    house.assert_balanced();
}

#[test]
fn a_reversals_answer_that_cannot_be_written_down_leaves_it_owed() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply].into();
    house.failing_commits = [false, false, false, true].into();
    house.ask_sale("A1", 1234);
    house.run_while(|house| !house.log.contains(&"ReopenJournal".to_owned()));
    assert_eq!((house.acquirer.count("reversal"), house.books().owed()), (1, 1));
    house.rest();
    assert_eq!(house.acquirer.count("reversal"), 2);
    house.assert_balanced();
}
