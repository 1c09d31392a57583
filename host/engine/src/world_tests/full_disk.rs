//! A full disk refuses new payments and nothing else: the space that is left is kept for debts.

use super::House;
use super::acquirer::Line;
use crate::Outcome;
use crate::record::NotSent;

#[test]
fn no_room_for_a_payment_sends_nothing_and_the_journal_is_sound() {
    let mut house = House::new();
    house.disk_is_full = true;
    let before = house.journal.len();
    for id in ["A1", "A2"] {
        assert!(matches!(house.sale(id, 5), Outcome::NotSent(NotSent::Storage(_))));
    }
    assert_eq!((house.journal.len(), house.acquirer.arrived.len()), (before, 0));
    assert!(!house.log.contains(&"ReopenJournal".to_owned()));
    house.disk_is_full = false;
    assert!(matches!(house.sale("A1", 5), Outcome::Approved(_)), "nothing was sent: the same name may pay");
    house.assert_balanced();
}

#[test]
fn debts_sign_ins_and_waivers_are_still_written() {
    let mut house = House::new();
    house.acquirer.line = [Line::LostReply, Line::LostReply].into();
    house.ask_sale("A1", 5);
    house.run_while(|house| house.acquirer.count("sale") == 0);
    house.disk_is_full = true;
    house.rest();
    house.assert_balanced();
    assert_eq!(house.sign_in("S1"), Outcome::Done);
    house.acquirer.line = [Line::LostRequest].into();
    house.disk_is_full = false;
    house.sale("A2", 5);
    house.disk_is_full = true;
    house.waive("A2R", "settled by statement");
    house.rest();
    assert_eq!(house.books().open_debts().count(), 0);
}

/// A payment refused for another reason than space is not written down either: refusals must not eat what is kept.
#[test]
fn refusals_do_not_use_up_the_space_for_debts() {
    let mut house = House::new();
    house.disk_is_full = true;
    let before = house.journal.len();
    assert!(matches!(house.sale("A1", 0), Outcome::NotSent(NotSent::Storage(_))));
    house.card = Err(crate::CardProblem::TimedOut);
    assert!(matches!(house.sale("A2", 5), Outcome::NotSent(NotSent::Storage(_))));
    assert_eq!(house.journal.len(), before);
    assert!(!house.log.contains(&"ReopenJournal".to_owned()));
}
