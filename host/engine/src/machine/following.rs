//! What follows an earlier transaction: whether it may, of how much, and with which card.

use super::world::World;
use crate::books::{Debt, Standing, Transaction};
use crate::contract::card::Entry;
use crate::contract::transaction::{FollowUp, FollowUpKind, Operation, OperationKind, Original, Subject};
use crate::contract::types::{Amount, Name};
use crate::effect::CardSource;
use crate::identity::TransactionId;
use crate::order::Target;
use crate::record::{CardProblem, Duty, NotSent, Outcome, Sealed, Unfit};
use crate::rules::{self, Ended, Followed, Past};

/// A follow-up that may be begun.
#[derive(Debug)]
pub(crate) struct Following {
    pub subject: FollowUp,
    pub card: CardSource,
    pub asks_for_card: bool,
}

impl Following {
    /// One that will not be: all that can be said of it, for the record.
    pub fn refused(kind: FollowUpKind, of: Target, amount: Option<Amount>, world: &World<'_>) -> Following {
        let (of, whole) = match of {
            Target::Known(id) => match world.original(&id) {
                Some(original) => (Subject::Known(original.clone()), original.amount),
                None => (Subject::None, Amount::of(0, 0, 0)),
            },
            Target::Typed(typed) => (Subject::Typed(typed), Amount::of(0, 0, 0)),
            Target::Nothing => (Subject::None, Amount::of(0, 0, 0)),
        };
        Following::presented(kind, of, amount.unwrap_or(whole))
    }

    /// Looks whether it may be begun.
    pub fn allowed(
        kind: FollowUpKind,
        of: &Target,
        amount: Option<Amount>,
        world: &World<'_>,
    ) -> Result<Following, NotSent> {
        if !world.deployment.offers(kind.operation()) {
            return Err(NotSent::Unsupported);
        }
        match of {
            Target::Known(id) => world.follow_known(kind, id, amount),
            Target::Typed(typed) => world.follow_typed(kind, typed, amount),
            Target::Nothing if kind == FollowUpKind::Refund && world.deployment.unreferenced_refunds => {
                Ok(Following::presented(kind, Subject::None, world.within_ceiling(amount)?))
            }
            Target::Nothing => Err(NotSent::Unsupported),
        }
    }

    fn presented(kind: FollowUpKind, of: Subject, amount: Amount) -> Following {
        let subject = FollowUp { kind, of, amount, card: None, reason: None };
        Following { subject, card: CardSource::Presented, asks_for_card: true }
    }
}

/// The customer scanned the terminal, or showed it a code that was good for that payment alone: there is no card to
/// present again.
fn is_paid_by_code(original: &Original) -> bool {
    let was_scanned = original.card.as_ref().is_some_and(|card| card.entry == Entry::CodeScan);
    was_scanned || original.operation == OperationKind::ShowToPay
}

impl World<'_> {
    fn follow_known(
        &self,
        kind: FollowUpKind,
        id: &TransactionId,
        amount: Option<Amount>,
    ) -> Result<Following, NotSent> {
        let known = self.books.transaction(id).ok_or(NotSent::OriginalUnknown)?;
        if known.acquirer != self.deployment.acquirer {
            return Err(NotSent::OriginalNotFit(Unfit::OtherAcquirer));
        }
        let original = self.original(id).ok_or(NotSent::OriginalNotFit(Unfit::Kind))?;
        let percent = self.deployment.ceilings.completion_percent;
        let amount = rules::may_follow(kind, &self.past(known, &original), amount, percent)?;
        // What is only asked or told of uses what was kept of the card.
        let is_silent = matches!(kind, FollowUpKind::Inquire | FollowUpKind::Advise);
        let asks_for_card =
            !is_silent && !is_paid_by_code(&original) && self.deployment.presents.contains(&kind.operation());
        let card = match known.sealed() {
            _ if asks_for_card => CardSource::Presented,
            _ if kind == FollowUpKind::Inquire => CardSource::None,
            Some(Sealed::Here(sealed)) => CardSource::Sealed { of: id.clone(), sealed: sealed.clone() },
            Some(Sealed::Destroyed) => return Err(NotSent::Card(CardProblem::Gone)),
            Some(Sealed::None) | None => CardSource::None,
        };
        let subject = FollowUp { kind, of: Subject::Known(original), amount, card: None, reason: None };
        Ok(Following { subject, card, asks_for_card })
    }

    /// What was typed is looked at by the names the plugin's operation declares; what stands in it is the plugin's to
    /// check.
    fn follow_typed(
        &self,
        kind: FollowUpKind,
        typed: &[(Name, String)],
        amount: Option<Amount>,
    ) -> Result<Following, NotSent> {
        if !self.deployment.typed.contains(&kind.operation()) || kind == FollowUpKind::Inquire {
            return Err(NotSent::Unsupported);
        }
        let operations = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.operations);
        let spec = operations.into_iter().find(|spec| spec.kind == kind.operation()).ok_or(NotSent::Unsupported)?;
        let is_declared = |name: &Name| spec.typed.iter().any(|field| field.name == *name);
        let is_given = |name: &Name| typed.iter().any(|(given, value)| given == name && !value.is_empty());
        let is_whole = spec.typed.iter().all(|field| !field.required || is_given(&field.name));
        if spec.typed.is_empty() || !is_whole || !typed.iter().all(|(name, _)| is_declared(name)) {
            return Err(NotSent::OriginalNotFit(Unfit::Typed));
        }
        Ok(Following::presented(kind, Subject::Typed(typed.to_vec()), self.within_ceiling(amount)?))
    }

    fn within_ceiling(&self, amount: Option<Amount>) -> Result<Amount, NotSent> {
        let most = self.deployment.ceilings.amount_minor;
        amount.filter(|amount| (1..=most).contains(&amount.minor)).ok_or(NotSent::Amount)
    }

    /// A transaction as far as it matters to what may follow it.
    fn past(&self, known: &Transaction, original: &Original) -> Past {
        let amount = match known.outcome() {
            Some(Outcome::Approved(approved)) => approved.amount,
            _ => original.amount,
        };
        Past {
            kind: original.operation,
            ended: self.ended(known),
            in_open_batch: known.batch.is_none_or(|number| number >= self.books.batch(&known.acquirer).number),
            amount,
            followed: self.followed(known),
        }
    }

    fn ended(&self, known: &Transaction) -> Ended {
        let open = |duty: fn(Duty) -> bool| self.books.debts_of(known).any(|debt| debt.is_open() && duty(debt.duty));
        match known.outcome() {
            // Its acquirer has not taken all of it yet: what is taken back must be what was told.
            Some(Outcome::Approved(_)) if open(|duty| duty == Duty::Advise) => Ended::Unresolved,
            Some(Outcome::Approved(_)) => Ended::Approved,
            Some(Outcome::Unknown(_)) if open(|duty| matches!(duty, Duty::Inquire | Duty::Repeat)) => Ended::ToBeAsked,
            Some(Outcome::Unknown(_)) if self.was_taken_back(known) => Ended::Not,
            Some(Outcome::Unknown(_)) | None => Ended::Unresolved,
            Some(_) => Ended::Not,
        }
    }

    /// The acquirer took the reversal.
    fn was_taken_back(&self, known: &Transaction) -> bool {
        let is_paid = |debt: &Debt| debt.standing == Standing::Paid && matches!(debt.duty, Duty::Reverse(_));
        self.books.debts_of(known).any(is_paid)
    }

    /// What followed it, as far as it was approved or may have been.
    fn followed(&self, known: &Transaction) -> Followed {
        // One advice a sale, by its name: where the acquirer was told of an offline approval, a tip would not be owed.
        let advised = self.books.debts_of(known).any(|debt| debt.duty == Duty::Advise);
        let mut followed = Followed { advised, ..Followed::default() };
        for later in self.books.followers(&known.id) {
            match self.ended(later) {
                Ended::Approved => {}
                Ended::Not => continue,
                Ended::Unresolved | Ended::ToBeAsked => followed.unresolved |= later.kind() != OperationKind::Inquire,
            }
            let Operation::FollowUp(FollowUp { kind, amount, .. }) = &later.operation else { continue };
            match kind {
                FollowUpKind::Void | FollowUpKind::CancelPreauthorization | FollowUpKind::CancelCompletion => {
                    followed.undone = true;
                }
                FollowUpKind::Refund => followed.refunded_minor = followed.refunded_minor.saturating_add(amount.minor),
                // A completion that was taken back leaves the reservation as it was.
                FollowUpKind::Complete => followed.completed |= !self.followed(later).undone,
                FollowUpKind::Advise => followed.advised = true,
                FollowUpKind::Inquire | FollowUpKind::Reverse | FollowUpKind::ReportScripts => {}
            }
        }
        followed
    }
}
