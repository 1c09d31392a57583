//! Lines of version 1.

use serde::Deserialize;

use crate::books::Standing;
use crate::contract::template::UndoReason;
use crate::contract::transaction::OperationKind;
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Duty, Outcome};
use crate::time::Timestamp;

/// As version 1 wrote it.
#[derive(Deserialize)]
pub(super) struct Summary {
    id: TransactionId,
    acquirer: String,
    kind: OperationKind,
    amount: Option<Amount>,
    outcome: Outcome,
    reference: Vec<(Name, String)>,
    begun: Timestamp,
    concluded: Timestamp,
    debt: Option<SettledDebt>,
}

/// A reversal the acquirer acknowledged.
#[derive(Deserialize)]
struct SettledDebt {
    id: TransactionId,
    reason: UndoReason,
    since: Timestamp,
    tries: u32,
    ended: Timestamp,
    acknowledged_with: String,
}

impl From<Summary> for super::Summary {
    fn from(first: Summary) -> super::Summary {
        let Summary { id, acquirer, kind, amount, outcome, reference, begun, concluded, debt } = first;
        let debts = debt.into_iter().map(super::SettledDebt::from).collect();
        // Before there were batches, so in none that is open.
        let (resolution, batch, follows) = (None, Some(0), None);
        super::Summary {
            id,
            acquirer,
            kind,
            amount,
            outcome,
            reference,
            begun,
            concluded,
            resolution,
            batch,
            follows,
            debts,
        }
    }
}

impl From<SettledDebt> for super::SettledDebt {
    fn from(first: SettledDebt) -> super::SettledDebt {
        let SettledDebt { id, reason, since, tries, ended, acknowledged_with } = first;
        super::SettledDebt {
            id,
            duty: Duty::Reverse(reason),
            amount: None,
            since,
            tries,
            standing: Standing::Paid,
            ended,
            acknowledged_with,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{Books, Summary};

    /// Two lines as version 1 wrote them: its layout, laid out byte by byte without this program's types.
    const VERSION_1: &str = include_str!("../golden/summary-1.txt");

    fn line(wanted: &str) -> Vec<u8> {
        let mut lines = VERSION_1.lines().filter_map(|line| line.split_once(' '));
        let text = lines.find(|(name, _)| *name == wanted).unwrap().1;
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn at(unix_ms: i64) -> Timestamp {
        Timestamp { unix_ms, utc_offset_minutes: 480 }
    }

    #[test]
    fn a_reversed_sale_is_read_with_its_debt() {
        let id = TransactionId::parse("A1").unwrap();
        let read = Summary::decode(&line("sale-reversed")).unwrap();
        let debt = super::super::SettledDebt {
            id: id.reversal(),
            duty: Duty::Reverse(UndoReason::NoAnswer),
            amount: None,
            since: at(1_766_472_004_000),
            tries: 3,
            standing: Standing::Paid,
            ended: at(1_766_472_060_000),
            acknowledged_with: "00".into(),
        };
        let expected = Summary {
            id,
            acquirer: "unionpay".into(),
            kind: OperationKind::Sale,
            amount: Some(Amount { minor: 1234, currency: 156, exponent: 2 }),
            outcome: Outcome::Unknown(crate::record::Doubt::Interrupted),
            reference: vec![("trace".into(), "000042".into()), ("batch".into(), "000001".into())],
            begun: at(1_766_472_000_000),
            concluded: at(1_766_472_004_000),
            resolution: None,
            batch: Some(0),
            follows: None,
            debts: vec![debt],
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn every_line_is_taken_into_the_books_and_no_prefix_of_one_is() {
        let mut books = Books::default();
        for (name, id) in [("sale-reversed", "A1"), ("sign-in", "S1")] {
            let bytes = line(name);
            books.apply_summary(&bytes).unwrap();
            assert!(books.transaction(&TransactionId::parse(id).unwrap()).unwrap().conclusion.is_some(), "{name}");
            for end in 0..bytes.len() {
                assert!(Summary::decode(&bytes[..end]).is_err(), "{name}, {end} bytes");
            }
        }
        assert_eq!(books.open_debts().count(), 0);
    }
}
