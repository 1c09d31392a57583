//! The law of the books: whatever is sold and reversed in whatever order, debits equal credits and the merchant has
//! what was sold and not reversed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::support::Counter;

/// What is sent: a sale or a reversal, of a trace, for an amount.
#[derive(Clone, Debug)]
enum Step {
    Sale(u32, i64),
    Reversal(u32, i64),
    SignIn,
}

fn step() -> impl Strategy<Value = Step> {
    // Few traces and few amounts, so that steps meet; 5100 is declined by amount, and large ones drain the card.
    let amount = prop_oneof![Just(1), Just(1234), Just(5100), Just(60_000_000)];
    (0..8, 2..6_u32, amount).prop_map(|(kind, trace, amount)| match kind {
        0..=3 => Step::Sale(trace, amount),
        4..=6 => Step::Reversal(trace, amount),
        _ => Step::SignIn,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_merchant_has_what_was_sold_and_not_reversed(steps in proptest::collection::vec(step(), 1..40), tombstones: bool) {
        let mut counter = Counter::open(|config| config.tombstones = tombstones);
        let mut sold: BTreeMap<u32, i64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Sale(trace, amount) => {
                    if counter.code(counter.terminal.sale(trace, amount)) == "00" {
                        prop_assert!(sold.insert(trace, amount).is_none(), "trace {} was sold twice", trace);
                    }
                }
                Step::Reversal(trace, amount) => {
                    let held = sold.get(&trace).copied();
                    let code = counter.code(counter.terminal.reversal(trace, amount));
                    match held {
                        Some(held) if held > 0 && held == amount => {
                            prop_assert_eq!(code.as_str(), "00");
                            sold.insert(trace, 0);
                        }
                        Some(held) if held > 0 => prop_assert_eq!(code.as_str(), "64"),
                        _ => {}
                    }
                }
                Step::SignIn => {
                    let answer = counter.send(counter.terminal.sign_in()).unwrap();
                    counter.terminal.adopt(&answer);
                }
            }
            let unreversed: i64 = sold.values().sum();
            prop_assert_eq!(counter.merchant_total(), unreversed);
            prop_assert!(unreversed <= 100_000_000, "the card gave more than it had");
        }
        let sums = counter.bank.ledger().check().unwrap();
        prop_assert_eq!(sums.debits, sums.credits);
    }
}
