//! Waivers in the engine: one debt at a time, never under a running try, and for acquirers that are not deployed too.

use super::{Engine, HALTED};
use crate::effect::{Answer, Effect, Moment, OperationId};
use crate::lane::Machine;
use crate::machine::waiver::{Recording, WaiverTurn};
use crate::waiver::{NotWaived, SignedWaiver};

impl Engine {
    /// Waives a debt, at once or when the try that runs is over; whoever asks is answered in every case.
    pub(super) fn waive(&mut self, waiver: SignedWaiver, now: Moment) -> Vec<Effect> {
        if self.halted {
            return vec![refused(&waiver, NotWaived::Storage(HALTED.into()))];
        }
        if let Err(why) = waiver.waiver.debt(&self.books) {
            return vec![refused(&waiver, why)];
        }
        if self.is_in_hand(&waiver) {
            self.waivers_waiting.push(waiver);
            return Vec::new();
        }
        let operation = self.next_operation();
        match Recording::begin(operation, waiver, &self.books, now) {
            Ok((recording, effect)) => {
                self.waiving.insert(operation, recording);
                vec![effect]
            }
            Err((waiver, why)) => vec![refused(&waiver, why)],
        }
    }

    /// Whether this debt is being tried right now, or waived.
    fn is_in_hand(&self, waiver: &SignedWaiver) -> bool {
        let debt = &waiver.waiver.debt;
        let is_tried = |current: &crate::lane::Current| {
            matches!(current.machine, Machine::Debt(_)) && current.transaction == *debt
        };
        self.lanes.values().filter_map(|lane| lane.current.as_ref()).any(is_tried)
            || self.waiving.values().any(|recording| recording.waiver.waiver.debt == *debt)
    }

    /// Whether no debt of this acquirer may be tried now, because one is on its way out of the books.
    pub(super) fn waives_at(&self, acquirer: &str) -> bool {
        self.waiving.values().any(|recording| recording.acquirer == acquirer)
    }

    /// Looks again at waivers that waited for a try, or for another waiver, to be over.
    pub(super) fn waive_waiting(&mut self, now: Moment) -> Vec<Effect> {
        let waiting = std::mem::take(&mut self.waivers_waiting);
        waiting.into_iter().flat_map(|waiver| self.waive(waiver, now)).collect()
    }

    /// An answer to a waiver's commit; none when no waiver waits for it.
    pub(super) fn waiver_answered(
        &mut self,
        operation: OperationId,
        answer: &Answer,
        now: Moment,
    ) -> Option<Vec<Effect>> {
        let recording = self.waiving.remove(&operation)?;
        Some(match recording.on(answer.clone()) {
            WaiverTurn::Going(recording, effect) => {
                self.waiving.insert(operation, recording);
                vec![effect]
            }
            WaiverTurn::Over { waived, acquirer, storage_failed } => {
                self.go_on(&acquirer, storage_failed, vec![waived], now)
            }
        })
    }
}

fn refused(waiver: &SignedWaiver, why: NotWaived) -> Effect {
    Effect::Waived { debt: waiver.waiver.debt.clone(), result: Err(why) }
}
