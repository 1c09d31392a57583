//! How a machine's turn ends.

use crate::contract::types::Name;
use crate::effect::Effect;
use crate::record::Outcome;

/// Still going, or over.
pub(crate) enum Turn<S> {
    Going(S, Vec<Effect>),
    Over(Closing),
}

/// How an operation ended, and what follows from it.
pub(crate) struct Closing {
    pub outcome: Outcome,
    /// Staged keys are to be used from now on.
    pub activate_keys: bool,
    pub drop_keys: Vec<Name>,
    pub sign_in: bool,
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
