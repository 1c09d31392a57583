//! What a terminal can be asked to do, from opening to closing.

use serde::{Deserialize, Serialize};

use crate::contract::transaction::{FollowUpKind, Maintenance, OperationKind, PaymentKind};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;

/// One thing asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Sign in, sign off, or ask whether the acquirer is there.
    Maintain(Maintenance),
    /// Fetch a named set of parameters or kernel rows.
    Download(Name),
    /// A payment, a reservation, or a question about a card.
    Pay(Payable),
    /// Something about an earlier transaction. Void, refund, completion and the cancellations move money. `Inquire` asks
    /// what became of it. `Advise` adds a tip to an approved sale.
    FollowUp {
        /// Which; `Reverse` and `ReportScripts` are debts, and nobody asks for them.
        kind: FollowUpKind,
        /// What it is about.
        of: Target,
        /// How much: of a tip, the tip alone. None is all of the original.
        amount: Option<Amount>,
    },
    /// Compare totals and close the batch.
    Settle,
}

/// A payment as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payable {
    /// Which kind.
    pub kind: PaymentKind,
    /// All that is to be taken, tip and cash included; zero for a question about a card.
    pub amount: Amount,
    /// How much of it is a tip.
    pub tip: Option<Amount>,
    /// How much of it is handed out in cash.
    pub cash: Option<Amount>,
}

/// What a follow-up is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A transaction of this terminal.
    Known(TransactionId),
    /// Made elsewhere: what the cashier typed from its receipt, by the names the plugin's operation declares.
    Typed(Vec<(Name, String)>),
    /// A refund that refers to nothing.
    Nothing,
}

impl Order {
    /// A sale of so much, without tip or cash.
    pub fn sale(amount: Amount) -> Order {
        Order::Pay(Payable { kind: PaymentKind::Sale, amount, tip: None, cash: None })
    }

    /// Whether money may move by it: then silence means that nobody knows, and it waits for earlier debts.
    pub(crate) fn moves_money(&self) -> bool {
        match self {
            Order::Pay(_) => true,
            Order::FollowUp { kind, .. } => !matches!(kind, FollowUpKind::Inquire),
            Order::Maintain(_) | Order::Download(_) | Order::Settle => false,
        }
    }

    /// Whether its amounts can be meant: a payment is of something, a question of nothing, and no part is more than all.
    pub(crate) fn is_within(&self, ceiling_minor: u64) -> bool {
        let Order::Pay(Payable { kind, amount, tip, cash }) = self else { return true };
        if *kind == PaymentKind::Balance {
            return amount.minor == 0 && tip.is_none() && cash.is_none();
        }
        let parts = [tip, cash].into_iter().flatten().copied().try_fold(amount.none(), Amount::plus);
        (1..=ceiling_minor).contains(&amount.minor) && parts.is_ok_and(|parts| parts.minor <= amount.minor)
    }

    /// Which operation it is.
    pub fn kind(&self) -> OperationKind {
        match self {
            Order::Maintain(maintenance) => maintenance.kind(),
            Order::Download(_) => OperationKind::Download,
            Order::Pay(payable) => payable.kind.operation(),
            Order::FollowUp { kind, .. } => kind.operation(),
            Order::Settle => OperationKind::Settle,
        }
    }
}
