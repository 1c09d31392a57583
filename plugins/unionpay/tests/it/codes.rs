//! The whole table of response codes, held to outcomes, reasons and next steps by driving a sale through each.

use std::fmt::Write;

use acquit_plugin_unionpay::codes::{CODES, Verdict, find, next_step};
use sdk::prelude::*;

use crate::support::{context, outcome, resume, sale, sale_answer, start, swiped};

fn ended(code: &str) -> String {
    let (context, operation) = (context(&[]), sale(swiped(6)));
    let begun = start(&context, &operation);
    let step = resume(&context, &operation, &begun.state, sale_answer(&[(39, code)]));
    match outcome(&step) {
        Outcome::Approved(approved) => {
            let note = approved.receipt.iter().any(|(name, _)| name == "note");
            format!("approved{}", if note { ", note" } else { "" })
        }
        Outcome::Declined(Declined { reason, capture_card, .. }) => {
            format!("{reason:?}{}", if *capture_card { ", keep card" } else { "" })
        }
        Outcome::Unknown(unknown) => format!("unknown, {:?} owed", unknown.owed),
        other => panic!("a sale does not end so: {other:?}"),
    }
}

#[test]
fn the_table_gives_each_code_an_outcome_and_a_next_step() {
    let mut table = String::from("code class outcome -> next step: meaning\n");
    for row in CODES {
        let (code, class, outcome) = (row.code, row.class, ended(row.code));
        writeln!(table, "{code} {class} {outcome} -> {:?}: {}", row.next_step(), row.meaning).expect("a string");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn codes_are_unique_and_a_next_step_depends_on_the_reason_alone() {
    for (index, row) in CODES.iter().enumerate() {
        assert!(CODES[index + 1..].iter().all(|other| other.code != row.code), "{} twice", row.code);
        assert_eq!(find(row.code), Some(row));
        if let Verdict::Declined(reason) = row.verdict {
            assert_eq!(row.next_step(), next_step(reason), "{}", row.code);
        }
    }
}

/// What is not final, whatever its class, must never read as a decline: the money may have moved.
#[test]
fn codes_that_are_not_final_are_unknown() {
    for code in ["06", "09", "68", "94", "96", "98"] {
        assert_eq!(ended(code), "unknown, Owed::Reversal owed", "{code}");
    }
}
