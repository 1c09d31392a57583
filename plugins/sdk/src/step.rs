//! Constructors for what the contract's generated types cannot make themselves.

use crate::prelude::{Action, Amount, Approved, Echo, Echoed, Extent, NodeId, Outcome, Pattern, Proof, Step, Stray};

impl Step {
    /// A step with nothing but its action and the state to come back with.
    pub fn new(action: Action, state: Vec<u8>) -> Self {
        Step { state, proofs: Vec::new(), effects: Vec::new(), reference: Vec::new(), action }
    }

    /// The operation ends.
    pub fn finish(outcome: Outcome, state: &[u8]) -> Self {
        Step::new(Action::Finish(outcome), state.to_vec())
    }

    /// What arrived is not the answer: keep listening, in the same state.
    pub fn listen(stray: Stray, state: &[u8]) -> Self {
        Step::new(Action::Listen(stray), state.to_vec())
    }
}

impl Proof {
    /// The bytes of the reply at `got` equal the node `sent` of the request.
    pub fn echo(what: Echoed, sent: NodeId, got: Extent) -> Self {
        Proof::Echo(Echo { what, sent, got })
    }
}

impl Pattern {
    /// Fits any reply that has these bytes at these offsets; a negative offset counts from the end.
    pub fn at(bytes: impl IntoIterator<Item = (i32, Vec<u8>)>) -> Self {
        let at = bytes.into_iter().map(|(offset, bytes)| crate::prelude::BytesAt { offset, bytes }).collect();
        Pattern { status: None, at, holds: Vec::new() }
    }
}

impl Approved {
    /// An approval of this amount that carries nothing else yet.
    pub fn of(amount: Amount) -> Self {
        Approved {
            amount,
            authorization: String::new(),
            retrieval_reference: String::new(),
            chip_data: Vec::new(),
            balance: None,
            settlement_group: String::new(),
            receipt: Vec::new(),
        }
    }
}
