//! The sums of a batch: a line for each group, operation and currency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Inconsistent, Transaction};
use crate::contract::acquirer::Approved;
use crate::contract::transaction::{OperationKind, Totals};
use crate::contract::types::Amount;
use crate::identity::TransactionId;

/// Counts and amounts by line; a line of which nothing is left is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums(BTreeMap<Line, Sum>);

/// Group, operation, currency and exponent.
type Line = (String, OperationKind, u16, u8);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    count: u32,
    minor: u64,
}

impl Sums {
    /// Of nothing.
    pub const NONE: Sums = Sums(BTreeMap::new());

    /// Counts what was approved of a transaction.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn add(&mut self, known: &Transaction, approved: &Approved) -> Result<(), Inconsistent> {
        let sum = self.0.entry(line(known, approved)).or_default();
        sum.minor = sum.minor.checked_add(approved.amount.minor).ok_or_else(|| too_much(&known.id))?;
        sum.count = sum.count.checked_add(1).ok_or_else(|| too_much(&known.id))?;
        Ok(())
    }

    /// Counts it no more.
    pub fn take_out(&mut self, known: &Transaction, approved: &Approved) {
        let minor = approved.amount.minor;
        if let Some(sum) = self.0.get_mut(&line(known, approved)) {
            *sum = Sum { count: sum.count.saturating_sub(1), minor: sum.minor.saturating_sub(minor) };
        }
        self.0.retain(|_, sum| sum.count > 0);
    }

    /// As a settlement says them.
    pub fn lines(&self) -> Vec<Totals> {
        let line = |((group, operation, currency, exponent), sum): (&Line, &Sum)| Totals {
            group: group.clone(),
            operation: *operation,
            count: sum.count,
            amount: Amount { minor: sum.minor, currency: *currency, exponent: *exponent },
        };
        self.0.iter().map(line).collect()
    }

    /// Each wrong by one, for tests.
    #[cfg(test)]
    pub fn miscount(&mut self) {
        self.0.values_mut().for_each(|sum| sum.minor += 1);
    }
}

impl OperationKind {
    /// Whether what was approved counts in a settlement. What is only reserved, given back of that, or asked, does not.
    pub(crate) fn is_settled(self) -> bool {
        match self {
            OperationKind::Sale
            | OperationKind::ScanToPay
            | OperationKind::ShowToPay
            | OperationKind::Void
            | OperationKind::Refund
            | OperationKind::Complete
            | OperationKind::CancelCompletion
            | OperationKind::Advise => true,
            OperationKind::SignIn
            | OperationKind::SignOff
            | OperationKind::Echo
            | OperationKind::Download
            | OperationKind::Preauthorize
            | OperationKind::CancelPreauthorization
            | OperationKind::Balance
            | OperationKind::Reverse
            | OperationKind::Inquire
            | OperationKind::ReportScripts
            | OperationKind::Settle
            | OperationKind::Upload => false,
        }
    }
}

fn line(known: &Transaction, approved: &Approved) -> Line {
    let Amount { currency, exponent, .. } = approved.amount;
    (approved.settlement_group.clone(), known.kind(), currency, exponent)
}

pub(super) fn too_much(id: &TransactionId) -> Inconsistent {
    Inconsistent(id.to_string(), "a sum that does not fit")
}
