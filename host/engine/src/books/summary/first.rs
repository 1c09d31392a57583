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
