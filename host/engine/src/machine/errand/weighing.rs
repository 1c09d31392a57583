//! What an exchange does in the world, and what takes it back: judged before anything is sent.

use std::sync::Arc;

use super::Errand;
use crate::contract::acquirer::{self, Remedy, Standby};
use crate::contract::transaction::{Gravity, OperationKind};
use crate::machine::world::World;
use crate::record::Incident;
use crate::rules;

impl Errand {
    /// What an exchange does, as the terminal judges it. One payment moves money once: a second message that does
    /// would leave two to be taken back, and only one stored that takes back. What moves no money, and tells of none,
    /// may only ask.
    pub(super) fn weigh(&self, exchange: &acquirer::Exchange) -> Result<Gravity, Incident> {
        let gravity = rules::gravity(&self.subject, !self.has_begun(), &exchange.message, exchange.gravity);
        if gravity == Gravity::MovesMoney && self.money_may_have_moved() {
            return Err(Incident::IllegalStep("moves money a second time".into()));
        }
        // Whatever a message with card data does, it is not asked twice: that would be a second payment under a name of
        // the first.
        if self.kind == OperationKind::Inquire && rules::holds_card_data(&exchange.message) {
            return Err(Incident::IllegalStep("a question about a payment with card data".into()));
        }
        let may_owe = gravity == Gravity::Owes && self.tells();
        if gravity != Gravity::Asks && !may_owe && !rules::moves_money(&self.subject) {
            return Err(Incident::IllegalStep("an errand that does more than ask".into()));
        }
        Ok(gravity)
    }

    /// What takes money back, looked at before anything is sent. A remedy counts only if it could also be read without
    /// the plugin: otherwise a debt could outlive everything that can pay it.
    pub(super) fn remedy(
        &self,
        gravity: Gravity,
        remedy: Option<&Remedy>,
        world: &World<'_>,
    ) -> Result<Option<Arc<Standby>>, Incident> {
        let standby = match (gravity, remedy) {
            (Gravity::MovesMoney, None) => return Err(Incident::MissingRemedy),
            (_, None | Some(Remedy::Inquire(None))) => return Ok(None),
            (_, Some(Remedy::Undo(standby) | Remedy::Repeat(standby) | Remedy::Inquire(Some(standby)))) => standby,
        };
        if !rules::secrets_allowed(standby) {
            return Err(Incident::IllegalStep("a standby message with a track, a PIN or a card code".into()));
        }
        let kind = self.answers_as(remedy);
        let (demands_seal, echoes) = (world.deployment.demands_seal(kind), world.deployment.demanded_echoes(kind));
        if gravity == Gravity::MovesMoney && !rules::can_be_paid(standby, demands_seal, echoes) {
            return Err(Incident::IllegalStep("a standby message with no provable answer that pays it".into()));
        }
        Ok(Some(Arc::clone(standby)))
    }

    /// Whose proofs an answer to the standby message must bring: a repetition is answered as the message it repeats.
    pub(super) fn answers_as(&self, remedy: Option<&Remedy>) -> OperationKind {
        if let Some(Remedy::Repeat(_)) = remedy { self.kind } else { OperationKind::Reverse }
    }

    /// Whether it tells of money that moved, which must arrive.
    fn tells(&self) -> bool {
        matches!(
            self.kind,
            OperationKind::Settle | OperationKind::Upload | OperationKind::Advise | OperationKind::ReportScripts
        )
    }
}
