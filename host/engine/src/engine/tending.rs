//! Looking after the journal while nobody waits: what plugins keep is written down as it stands, what was compacted is
//! taken in, and what is long settled leaves memory.

use super::Engine;
use crate::effect::{Answer, Effect, Moment, OperationId, Purpose};
use crate::time::Timestamp;

impl Engine {
    /// Writes down what every plugin keeps. Not while another record is on its way to the disk: it would come to stand
    /// before this one and not be in it.
    pub(super) fn carry(&mut self, now: Moment) -> Vec<Effect> {
        let records = self.books.carried(now.wall);
        if self.halted || self.carrying.is_some() || !self.committing.is_empty() {
            return vec![Effect::Carried { written: false }];
        }
        if records.is_empty() {
            return vec![Effect::Carried { written: true }];
        }
        let operation = self.next_operation();
        self.carrying = Some(operation);
        vec![Effect::Commit { operation, purpose: Purpose::Obligation, records: records.into() }]
    }

    /// An answer to that; none when it is another's.
    pub(super) fn carried(&mut self, operation: OperationId, answer: &Answer, now: Moment) -> Option<Vec<Effect>> {
        self.carrying.filter(|carrying| *carrying == operation)?;
        let Answer::Durable(result) = answer else {
            return Some(vec![Effect::Unexpected { operation, state: "carrying", event: answer.name() }]);
        };
        self.carrying = None;
        let written = result.is_ok();
        Some(self.go_on("", !written, vec![Effect::Carried { written }], now))
    }

    /// Takes in the lines that stand in the journal now, and lets what was settled before the horizon leave memory.
    pub(super) fn compacted(&mut self, lines: &[Vec<u8>], horizon: Timestamp) {
        for line in lines {
            if let Err(error) = self.books.apply_summary(line) {
                self.sales_stopped.get_or_insert(error.to_string());
            }
        }
        self.books.forget(horizon);
    }
}
