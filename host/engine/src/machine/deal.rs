//! What a payment makes of each thing that happens to it: a sale, a reservation, a question about a card, and whatever
//! follows an earlier one and moves money.

use super::closing::Turn;
use super::concluding::Ending;
use super::errand::Errand;
use super::exchange::{End, Exchange, Plan};
use super::payment::{Afterwards, Finishing, State};
use super::world::World;
use crate::contract::acquirer::{Action, Approved, Outcome as Claimed, Step};
use crate::contract::card::{Entry, Presented};
use crate::contract::retry_policy::Failure;
use crate::contract::template::UndoReason;
use crate::contract::transaction::{FollowUp, Operation, OperationKind, Subject};
use crate::contract::types::Amount;
use crate::effect::{BadProof, CardFinish, CardSource, CardVerdict, Effect, Question};
use crate::identity::TransactionId;
use crate::record::{Doubt, Incident, NotSent, Outcome, Party, Sealed};
use crate::rules::{self, Evidence, Judgement, ProvenBy, Weighed};

/// What is being paid, returned or taken back.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub errand: Errand,
    pub amount: Amount,
    /// What fills the holes of its messages.
    pub card: CardSource,
    /// A card, or a code, is to be presented.
    pub asks_for_card: bool,
    /// What the card made of the second action, once it has taken it.
    pub finish: Option<CardFinish>,
    /// It is approved without its acquirer, who is to be told.
    pub stands_in: bool,
    /// It is a tip on this payment, of which the acquirer is to be told, with the card data of that payment.
    pub tip_on: Option<(TransactionId, Sealed)>,
    /// Times it asked what became of its own message.
    pub inquiries: u32,
    /// Somebody stopped waiting for it.
    pub stopped: bool,
}

/// An exchange that failed, and what went wrong with it, should it come to a debt.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub plan: Plan,
    pub failure: Failure,
    pub doubt: Doubt,
    pub reason: UndoReason,
    pub incident: Option<Incident>,
}

impl Deal {
    /// With the card of the one who pays, or with what was kept of the original's.
    pub fn new(errand: Errand, amount: Amount, card: CardSource, asks_for_card: bool) -> Deal {
        Deal {
            errand,
            amount,
            card,
            asks_for_card,
            finish: None,
            stands_in: false,
            tip_on: None,
            inquiries: 0,
            stopped: false,
        }
    }

    /// Whether it is approved by nobody but this terminal.
    pub fn is_approved_here(&self) -> bool {
        self.stands_in || self.tip_on.is_some()
    }

    /// Takes the card that was presented; not another one than the original's.
    pub fn with_card(mut self, presented: Presented) -> Result<Deal, Deal> {
        let is_same = match &mut self.errand.subject {
            Operation::Pay(payment) => {
                payment.card = Some(presented);
                true
            }
            Operation::FollowUp(follow_up) => {
                let is_same = original_card(follow_up).is_none_or(|card| is_same_card(card, &presented));
                follow_up.card = Some(presented);
                is_same
            }
            _ => true,
        };
        self.card = CardSource::Presented;
        if is_same { Ok(self) } else { Err(self) }
    }

    /// What an exchange's end means for the payment.
    pub fn after(mut self, plan: Plan, end: End, world: &World<'_>) -> Turn<State> {
        match end {
            End::NotPrepared(why) if self.errand.money_may_have_moved() => {
                self.plugin_failed(Incident::IllegalStep(format!("a message could not be rendered: {why}")), world)
            }
            End::NotPrepared(why) => self.not_sent(NotSent::Template(why), world),
            End::NotRecorded(why) => Turn::Over(self.unwritten(why)),
            End::NoRoom(why) => Turn::Over(self.no_room(why, plan.begins_payment())),
            End::Withdrawn => {
                self.errand.withdraw(plan);
                self.cancelled(world)
            }
            End::Stopped(delivery) => {
                self.errand.stopped(delivery);
                self.cancelled(world)
            }
            End::Failed(failed) => {
                self.errand.failed(&plan, failed, world);
                let (failure, doubt) = (failed.failure, Doubt::Unheard(failed.failure));
                self.ask_policy(Trouble { plan, failure, doubt, reason: UndoReason::NoAnswer, incident: None }, world)
            }
            End::PluginFailed(reply, error) => {
                self.errand.heard(reply, false);
                self.plugin_failed(Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(reply, bad) => {
                let incident = Some(self.errand.disproven(&plan, reply, &bad, world));
                let reason = match bad {
                    BadProof::Seal(_) => UndoReason::BadMac,
                    BadProof::Echo(_) => UndoReason::NoAnswer,
                };
                let (failure, doubt) = (Failure::BadProof, Doubt::Unproven);
                self.ask_policy(Trouble { plan, failure, doubt, reason, incident }, world)
            }
            End::Answered(reply, step, proven) => {
                let meets = self.evidence(self.errand.kind, true, &proven, world).is_proven();
                self.errand.heard(reply, meets);
                self.take(*step, true, &proven, world)
            }
        }
    }

    /// Does what a step says, as far as it may.
    pub fn take(mut self, step: Step, heard: bool, proven: &ProvenBy, world: &World<'_>) -> Turn<State> {
        self.errand.grant(step.effects, world);
        self.errand.state = step.state;
        self.errand.reference = step.reference;
        if heard && self.errand.has_codes() {
            // A customer would pay whoever made the answer.
            if let Some(incident) = self.evidence(self.errand.kind, true, proven, world).lacks() {
                return self.plugin_failed(incident, world);
            }
        }
        let mut shown = self.errand.show_codes();
        match step.action {
            Action::Send(exchange) => match self.errand.plan(exchange, self.card.clone(), world) {
                Ok(plan) => {
                    let (exchange, effects) = Exchange::begin(plan, world);
                    shown.extend(effects);
                    Turn::Going(State::Exchanging(self, exchange), shown)
                }
                Err(incident) => self.plugin_failed(incident, world),
            },
            Action::Pause(wait) => {
                if let Err(incident) = self.errand.pause() {
                    return self.plugin_failed(incident, world);
                }
                let after = wait.min(world.deployment.ceilings.wait_ms);
                shown.push(Effect::Wake { operation: self.errand.operation, after });
                Turn::Going(State::Pausing(self, Afterwards::Resume), shown)
            }
            Action::Listen(_) => self.plugin_failed(Incident::IllegalStep("listens without having sent".into()), world),
            Action::Finish(claimed) => {
                let weighed = self.weigh(claimed, self.errand.kind, heard, proven, world);
                self.weighed(weighed, world)
            }
        }
    }

    /// What a claim comes to: by the proofs that an answer to `kind` must bring.
    pub fn weigh(
        &self,
        claimed: Claimed,
        kind: OperationKind,
        heard: bool,
        proven: &ProvenBy,
        world: &World<'_>,
    ) -> Weighed {
        rules::judge_payment(claimed, &self.evidence(kind, heard, proven, world))
    }

    /// Ends; or asks the cashier first whether less is taken, or lets the card take its second action.
    pub fn weighed(self, weighed: Weighed, world: &World<'_>) -> Turn<State> {
        match weighed {
            Weighed::Less(approved) if matches!(self.errand.subject, Operation::Pay(_)) => {
                let question = Question::PartialApproval { asked: self.amount, approved: approved.amount };
                let (operation, transaction) = (self.errand.operation, self.errand.transaction.clone());
                let effect = Effect::AskCashier { operation, transaction, question };
                Turn::Going(State::Asking(self, approved), vec![effect])
            }
            Weighed::Less(approved) => self.refuse_less(&approved, world),
            Weighed::Ends(Judgement { outcome: Outcome::Approved(approved), .. }) => self.accept(approved, world),
            Weighed::Ends(mut judgement) => match take_chip_data(&mut judgement) {
                Some(chip_data) if self.is_finished_by_card() => {
                    let effect = self.finish_card(CardVerdict::Declined { chip_data }, world);
                    Turn::Going(State::Finishing(self, Finishing::Declined(Box::new(judgement))), vec![effect])
                }
                _ => self.end(judgement, world),
            },
        }
    }

    /// The cashier was asked whether less than the whole amount is taken.
    pub fn chosen(self, approved: Approved, takes_it: bool, world: &World<'_>) -> Turn<State> {
        if takes_it { self.accept(approved, world) } else { self.refuse_less(&approved, world) }
    }

    fn refuse_less(self, approved: &Approved, world: &World<'_>) -> Turn<State> {
        let doubt = Doubt::OtherAmount { approved_minor: approved.amount.minor };
        self.take_back(doubt, UndoReason::Cancelled, world)
    }

    /// The acquirer approved. A chip card has the last word.
    fn accept(self, approved: Approved, world: &World<'_>) -> Turn<State> {
        if !self.is_finished_by_card() {
            return self.end(Judgement { outcome: Outcome::Approved(approved), owed: None, incident: None }, world);
        }
        let effect = self.finish_card(CardVerdict::Online { chip_data: approved.chip_data.clone() }, world);
        Turn::Going(State::Finishing(self, Finishing::Online(approved)), vec![effect])
    }

    /// Whether a chip waits for the issuer's word: its transaction stays open until it has it.
    pub fn is_finished_by_card(&self) -> bool {
        matches!(self.errand.kind, OperationKind::Sale | OperationKind::Preauthorize) && self.has_chip()
    }

    /// Asks the chip for its last word. What any later message may need of it is sealed with the answer.
    pub fn finish_card(&self, verdict: CardVerdict, world: &World<'_>) -> Effect {
        Effect::FinishCard {
            operation: self.errand.operation,
            transaction: self.errand.transaction.clone(),
            keeps: world.deployment.kept_tags(),
            verdict,
        }
    }

    /// Whether an inserted chip pays.
    pub fn has_chip(&self) -> bool {
        let Operation::Pay(payment) = &self.errand.subject else { return false };
        payment.card.as_ref().is_some_and(|card| card.entry == Entry::ContactChip)
    }

    /// Money moved that is not wanted.
    pub fn take_back(self, doubt: Doubt, reason: UndoReason, world: &World<'_>) -> Turn<State> {
        let proven = ProvenBy::default();
        let judgement =
            Judgement::taken_back(doubt, reason, None, &self.evidence(self.errand.kind, true, &proven, world));
        self.end(judgement, world)
    }

    fn evidence<'a>(
        &'a self,
        kind: OperationKind,
        heard: bool,
        proven: &'a ProvenBy,
        world: &World<'a>,
    ) -> Evidence<'a> {
        Evidence {
            asked: self.amount,
            moves_money: rules::moves_money(&self.errand.subject),
            money_may_have_moved: self.errand.money_may_have_moved(),
            remedy: self.errand.remedy_stored(),
            heard,
            proven,
            demands_seal: world.deployment.demands_seal(kind),
            demands_echoes: world.deployment.demanded_echoes(kind),
        }
    }

    /// In doubt: what the remedy says is owed, where money may have moved.
    pub fn in_doubt(
        self,
        doubt: Doubt,
        reason: UndoReason,
        incident: Option<Incident>,
        world: &World<'_>,
    ) -> Turn<State> {
        let proven = ProvenBy::default();
        let judgement =
            Judgement::unknown(doubt, reason, incident, &self.evidence(self.errand.kind, false, &proven, world));
        self.end(judgement, world)
    }

    /// The plugin trapped or asked for what it may not.
    pub fn plugin_failed(self, incident: Incident, world: &World<'_>) -> Turn<State> {
        self.in_doubt(Doubt::Plugin(incident.clone()), UndoReason::Malfunction, Some(incident), world)
    }

    /// Nothing has left, and nothing will.
    pub fn not_sent(self, why: NotSent, world: &World<'_>) -> Turn<State> {
        self.end(Judgement::not_sent(why), world)
    }

    /// The cashier stopped waiting. What left, left: what is owed decides.
    pub fn cancelled(mut self, world: &World<'_>) -> Turn<State> {
        self.stopped = true;
        if !self.errand.money_may_have_moved() {
            return self.not_sent(NotSent::Cancelled, world);
        }
        self.in_doubt(Doubt::StoppedWaiting, UndoReason::Cancelled, None, world)
    }

    fn end(self, judgement: Judgement, world: &World<'_>) -> Turn<State> {
        let (deal, ending, effects): (Deal, Ending, Vec<Effect>) = self.conclude(judgement, world);
        Turn::Going(State::Concluding(deal, ending), effects)
    }
}

/// What a decline brought for the card, which no record is to hold.
fn take_chip_data(judgement: &mut Judgement) -> Option<Vec<u8>> {
    let Outcome::Declined(declined) = &mut judgement.outcome else { return None };
    Some(std::mem::take(&mut declined.chip_data))
}

fn original_card(follow_up: &FollowUp) -> Option<&Presented> {
    match &follow_up.of {
        Subject::Known(original) => original.card.as_ref(),
        Subject::Typed(_) | Subject::None => None,
    }
}

/// As far as can be told without the whole number.
fn is_same_card(one: &Presented, other: &Presented) -> bool {
    (&one.bin, &one.last_four, one.pan_length) == (&other.bin, &other.last_four, other.pan_length)
}

impl Incident {
    /// Who is at fault.
    pub fn party(&self) -> Party {
        match self {
            Incident::PluginFailed(_)
            | Incident::IllegalDecision(_)
            | Incident::IllegalStep(_)
            | Incident::MissingRemedy
            | Incident::MissingProof(_) => Party::Plugin,
            Incident::BadSeal(_) | Incident::BadEcho(_) | Incident::BadCheckValue(_) => Party::Acquirer,
            Incident::ClockWentBack | Incident::BooksDiffer(_) => Party::Terminal,
            Incident::CardDataGone | Incident::NotUploaded => Party::Storage,
        }
    }
}
