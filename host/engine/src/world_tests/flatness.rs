//! What a sale costs does not grow: neither with the transactions in the books nor with the debts that are open. Counted
//! in transactions and debts looked at, since a clock would say something else each time.

use super::{House, lost_reply};
use crate::Outcome;
use crate::books::{Standing, looks};

/// How many transactions and debts the engine looks at for one approved sale, after so many others and with so many
/// refused debts.
fn looks_of_a_sale(sales: usize, debts: usize) -> u64 {
    let mut house = House::new();
    house.deployment.ceilings.refused_debts = u32::MAX;
    house.start();
    house.acquirer.refuses_reversals = Some("58");
    for number in 0..debts {
        house.acquirer.line = [lost_reply()].into();
        house.sale(&format!("D{number}"), 5);
    }
    assert_eq!(house.books().count(super::ACQUIRER, Standing::Refused), debts as u32);
    for number in 0..sales {
        house.sale(&format!("A{number}"), 5);
    }
    let before = house.looks;
    assert!(matches!(house.sale("LAST", 5), Outcome::Approved(_)));
    house.looks - before
}

/// Twice before each sale and once after it the lane walked over every open debt of its acquirer to find those that
/// nobody had heard, past all that were refused: with a thousand of those a sale cost a multiple.
#[test]
fn a_sale_looks_at_no_more_with_many_debts_than_with_none() {
    assert_eq!(looks_of_a_sale(1, 40), looks_of_a_sale(1, 0));
}

#[test]
fn a_sale_looks_at_no_more_after_many_sales_than_after_one() {
    assert_eq!(looks_of_a_sale(60, 0), looks_of_a_sale(1, 0));
}

#[test]
fn a_walk_over_the_books_is_counted() {
    let mut house = House::new();
    (0..5).for_each(|number| drop(house.sale(&format!("A{number}"), 5)));
    let before = looks();
    assert_eq!(house.books().transactions().count(), 5);
    assert_eq!(looks() - before, 5);
    assert!(house.books().counted(super::ACQUIRER).is_ok());
    assert_eq!(looks() - before, 10);
}
