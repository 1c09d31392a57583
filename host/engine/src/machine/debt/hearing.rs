//! What a try of a debt came to: read by the plugin, or without it by what it left for this case.

use super::{Came, DebtTurn, State, Tried, Try, Wrong};
use crate::books::Transaction;
use crate::contract::acquirer::{Action, Meaning, Outcome as Claimed, Reading, Reply, Step};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::effect::{Effect, ExchangeFailed};
use crate::identity::TransactionId;
use crate::machine::duty::{Word, repeated};
use crate::machine::exchange::End;
use crate::machine::world::World;
use crate::record::{Duty, Fact, Incident, Reader, Verdict};
use crate::rules::{self, ProvenBy, VerdictJudgement};

impl Try {
    /// Takes the end of the exchange.
    pub(super) fn after(self, end: End, world: &World<'_>) -> DebtTurn {
        match end {
            End::NotPrepared(why) => {
                let incident = Incident::IllegalStep(format!("the reversal could not be rendered: {why}"));
                self.nothing(Delivery::NotSent, Wrong::new(Failure::PluginFault, incident), world)
            }
            End::NotRecorded(_) | End::NoRoom(_) => DebtTurn::Over(Tried { again_after: None, storage_failed: true }),
            End::Withdrawn => {
                let wrong = Wrong { failure: Failure::Cancelled, incidents: Vec::new() };
                self.nothing(Delivery::NotSent, wrong, world)
            }
            End::Stopped(delivery) => {
                self.nothing(delivery, Wrong { failure: Failure::Cancelled, incidents: Vec::new() }, world)
            }
            End::Failed(ExchangeFailed { delivery, failure }) => {
                self.nothing(delivery, Wrong { failure, incidents: Vec::new() }, world)
            }
            End::PluginFailed(reply, error) => {
                self.read_without_plugin(reply, Incident::PluginFailed(error.to_string()), world)
            }
            End::Disproven(_, bad) => {
                self.nothing(Delivery::Sent, Wrong::new(Failure::BadProof, bad.incident()), world)
            }
            End::Answered(reply, step, proven) => self.answered(reply, *step, &proven, world),
        }
    }

    fn answered(mut self, reply: Reply, step: Step, proven: &ProvenBy, world: &World<'_>) -> DebtTurn {
        if !step.reference.is_empty() {
            self.reference = step.reference;
        }
        let Action::Finish(claimed) = step.action else {
            let incident = Incident::IllegalStep("an answer about a debt ends it".into());
            return self.read_without_plugin(reply, incident, world);
        };
        self.judge(claimed, reply, proven, Reader::Plugin, world)
    }

    /// What an answer says became of the payment itself.
    fn found(self, claimed: Claimed, reply: Reply, proven: &ProvenBy, read_by: Reader, world: &World<'_>) -> DebtTurn {
        let word = Word { claimed, heard: true, proven, demands_seal: self.demands_seal, kind: self.kind };
        match world.found(&self.of, &self.debt, self.amount, word, self.reference.clone()) {
            Ok(fact) => {
                let (transaction, exchange) = self.exchange(world);
                let heard = Fact::Heard { transaction, exchange, reply, proven: true };
                self.record(Came::Verdict, vec![heard, fact], world)
            }
            Err(Some(incident @ Incident::IllegalStep(_))) if read_by == Reader::Plugin => {
                self.read_without_plugin(reply, incident, world)
            }
            Err(Some(incident)) => self.nothing(Delivery::Sent, Wrong::new(Failure::BadProof, incident), world),
            Err(None) => {
                self.nothing(Delivery::Sent, Wrong { failure: Failure::Malformed, incidents: Vec::new() }, world)
            }
        }
    }

    /// The exchange its answer belongs to: of a repetition, the one that is repeated.
    fn exchange(&self, world: &World<'_>) -> (TransactionId, u32) {
        let original = world.books.transaction(&self.of).and_then(Transaction::grave_exchange);
        match original.filter(|_| self.duty == Duty::Repeat) {
            Some(grave) => (self.of.clone(), grave.intent.exchange),
            None => (self.debt.clone(), 0),
        }
    }

    fn judge(self, claimed: Claimed, reply: Reply, proven: &ProvenBy, read_by: Reader, world: &World<'_>) -> DebtTurn {
        if self.duty.finds_out() {
            return self.found(claimed, reply, proven, read_by, world);
        }
        let echoes = world.deployment.demanded_echoes(self.kind);
        match rules::judge_reversal(claimed, proven, self.demands_seal, echoes) {
            VerdictJudgement::Counts(verdict, code) => self.verdict(reply, verdict, code, read_by, world),
            VerdictJudgement::Open => {
                self.nothing(Delivery::Sent, Wrong { failure: Failure::Malformed, incidents: Vec::new() }, world)
            }
            VerdictJudgement::Stands(incident @ Incident::IllegalStep(_)) if read_by == Reader::Plugin => {
                self.read_without_plugin(reply, incident, world)
            }
            VerdictJudgement::Stands(incident) => {
                self.nothing(Delivery::Sent, Wrong::new(Failure::BadProof, incident), world)
            }
        }
    }

    /// The plugin is gone or failed: what it left for this case decides, the first reading that fits and is proven.
    fn read_without_plugin(self, reply: Reply, failed: Incident, world: &World<'_>) -> DebtTurn {
        let debt = world.books.debt(&self.debt);
        let original = world.books.transaction(&self.of);
        let stored = debt.zip(original).and_then(|(debt, original)| debt.stored(original));
        let standby = stored.map(|stored| stored.standby);
        let readings: Vec<Reading> = standby
            .into_iter()
            .flat_map(|standby| &standby.answers)
            .filter(|reading| rules::fits(&reading.fits, &reply) && !reading.proofs.is_empty())
            .cloned()
            .collect();
        self.prove_first(reply, readings, Wrong::new(Failure::PluginFault, failed), world)
    }

    pub(super) fn prove_first(
        self,
        reply: Reply,
        mut readings: Vec<Reading>,
        wrong: Wrong,
        world: &World<'_>,
    ) -> DebtTurn {
        if readings.is_empty() {
            return self.nothing(Delivery::Sent, wrong, world);
        }
        let first = readings.remove(0);
        let effect = Effect::Prove {
            operation: self.operation,
            acquirer: world.deployment.acquirer.clone(),
            proofs: first.proofs.clone(),
        };
        DebtTurn::Going(State::Reading(self, reply, first, readings, wrong), vec![effect])
    }

    pub(super) fn read_by_standby(self, reply: Reply, reading: Reading, world: &World<'_>) -> DebtTurn {
        let code = String::new();
        let claimed = match reading.means {
            means if self.duty == Duty::Repeat => repeated(means, self.amount),
            Meaning::Paid => Claimed::Acknowledged(code),
            Meaning::Unmatched => Claimed::Unmatched(code),
            Meaning::Refused => Claimed::Refused(code),
        };
        self.judge(claimed, reply, &ProvenBy::all_of(&reading.proofs), Reader::Standby, world)
    }

    fn verdict(self, reply: Reply, verdict: Verdict, code: String, read_by: Reader, world: &World<'_>) -> DebtTurn {
        let fact = Fact::Answered { debt: self.debt.clone(), number: self.number, reply, verdict, code, read_by };
        self.record(Came::Verdict, vec![fact], world)
    }
}
