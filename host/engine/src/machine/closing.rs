//! How a machine's turn ends.

use crate::contract::acquirer::KernelRows;
use crate::contract::types::Name;
use crate::effect::Effect;
use crate::identity::TransactionId;
use crate::order::Order;
use crate::record::Outcome;

/// Still going, or over.
pub(crate) enum Turn<S> {
    Going(S, Vec<Effect>),
    Over(Closing),
}

/// How an operation ended, and what follows from it.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    pub outcome: Outcome,
    /// Staged keys are to be used from now on.
    pub activate_keys: bool,
    pub drop_keys: Vec<Name>,
    pub kernel: Vec<KernelRows>,
    /// What its plugin asked to be done once it has ended.
    pub then: Vec<Order>,
    /// The earlier payment it was about: what is owed for that may be due now.
    pub about: Option<TransactionId>,
    /// The journal failed under it.
    pub storage_failed: bool,
}

impl<S> Turn<S> {
    /// The state it leads to, and what is to be done.
    pub fn place(&self, name: impl Fn(&S) -> &'static str) -> (&'static str, &[Effect]) {
        match self {
            Turn::Going(state, effects) => (name(state), effects),
            Turn::Over(_) => ("over", &[]),
        }
    }
}

impl Closing {
    /// It ends so, and nothing follows.
    pub fn of(outcome: Outcome) -> Closing {
        Closing {
            outcome,
            activate_keys: false,
            drop_keys: Vec::new(),
            kernel: Vec::new(),
            then: Vec::new(),
            about: None,
            storage_failed: false,
        }
    }
}
