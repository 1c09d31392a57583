//! A waiver on its way into the journal: nobody is told, and nothing leaves the books, before it is durable.

use super::table::Table;
use crate::books::Books;
use crate::effect::{Answer, Effect, Moment, OperationId, Purpose};
use crate::record::{Fact, Record};
use crate::waiver::{NotWaived, SignedWaiver};

pub(crate) static TABLE: Table = Table {
    name: "waiver",
    states: &["recording", "over"],
    events: &["durable", "not-durable"],
    rows: &[("recording", "durable", &["over"]), ("recording", "not-durable", &["over"])],
};

/// A waiver being written down.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    operation: OperationId,
    pub waiver: SignedWaiver,
    pub acquirer: String,
}

/// Still waiting for the disk, or over.
pub(crate) enum WaiverTurn {
    Going(Recording, Effect),
    Over { waived: Effect, acquirer: String, storage_failed: bool },
}

impl Recording {
    /// Begins by writing it down, if there is such a debt to waive.
    pub fn begin(
        operation: OperationId,
        waiver: SignedWaiver,
        books: &Books,
        now: Moment,
    ) -> Result<(Recording, Effect), (SignedWaiver, NotWaived)> {
        let known = waiver.waiver.statement(books).and_then(|text| Ok((text, waiver.waiver.debt(books)?)));
        let (statement, debt) = match known {
            Ok(known) => known,
            Err(why) => return Err((waiver, why)),
        };
        let fact = Fact::Waived {
            debt: debt.id.clone(),
            reason: waiver.waiver.reason.clone(),
            signed_by: waiver.signed_by.clone(),
            statement,
            signature: waiver.signature.clone(),
        };
        let acquirer = debt.acquirer.clone();
        let records = [Record { at: now.wall, acquirer: acquirer.clone(), fact }].into();
        let effect = Effect::Commit { operation, purpose: Purpose::Obligation, records };
        Ok((Recording { operation, waiver, acquirer }, effect))
    }

    /// Takes one answer.
    pub fn on(self, answer: Answer) -> WaiverTurn {
        let (from, event) = ("recording", answer.name());
        let (operation, debt) = (self.operation, self.waiver.waiver.debt.clone());
        let result = match answer {
            Answer::Durable(result) => result.map_err(NotWaived::Storage),
            _ => {
                let unexpected = Effect::Unexpected { operation, state: from, event };
                TABLE.hold(from, event, from, std::slice::from_ref(&unexpected));
                return WaiverTurn::Going(self, unexpected);
            }
        };
        TABLE.hold(from, event, "over", &[]);
        let storage_failed = result.is_err();
        WaiverTurn::Over { waived: Effect::Waived { debt, result }, acquirer: self.acquirer, storage_failed }
    }
}
