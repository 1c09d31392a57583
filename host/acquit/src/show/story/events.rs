//! What happened, moment by moment.

use engine::story::{Moment, StoryEvent};
use engine::{Doubt, DutyKind, Incident, Outcome, Verdict};

use super::super::{debts, reference, words};
use super::Teller;
use crate::messages::{Value as Argument, format_amount};

impl Teller<'_> {
    pub(super) fn event(&self, moment: &Moment) -> String {
        let trace = || Argument::from(reference(&self.story.reference, "trace"));
        let route = || {
            let exchange = self.transaction.exchanges.last();
            Argument::from(exchange.map(|exchange| exchange.intent.route.clone()).unwrap_or_default())
        };
        match &moment.event {
            StoryEvent::Intended { .. } => self.text("event-intent", &[("trace", trace())]),
            StoryEvent::SentAgain | StoryEvent::Sent => self.text("event-sent", &[("route", route())]),
            StoryEvent::NotSent(_) => self.text("event-not-sent", &[("route", route())]),
            StoryEvent::NoAnswer(_) => self.text("event-no-answer", &[]),
            StoryEvent::Heard { proven: true } => {
                self.text("event-heard", &[("acquirer", self.acquirer()), ("code", self.code().into())])
            }
            StoryEvent::Heard { proven: false } => self.text("event-broken-answer", &[]),
            StoryEvent::Interrupted => self.text("event-terminal-stopped", &[]),
            StoryEvent::Concluded => {
                self.concluded(self.transaction.conclusion.as_ref().map(|conclusion| &conclusion.outcome))
            }
            StoryEvent::Resolved => {
                let found = self.transaction.resolution.as_ref().map(|resolution| &resolution.outcome);
                self.text("event-found-out", &[("outcome", self.concluded(found).into())])
            }
            StoryEvent::Incident { what, .. } => self.incident(what),
            StoryEvent::ReversalOwed(_)
            | StoryEvent::Due(_)
            | StoryEvent::Escalated
            | StoryEvent::ReversalTried { .. }
            | StoryEvent::ReversalUnheard { .. }
            | StoryEvent::ReversalAnswered { .. }
            | StoryEvent::Waived { .. }
            | StoryEvent::DebtTried { .. }
            | StoryEvent::DebtUnheard { .. }
            | StoryEvent::DebtAnswered { .. }
            | StoryEvent::DebtWaived { .. } => self.of_debt(&moment.event),
        }
    }

    /// What happened to what is owed: a reversal is spoken of in words of its own, any other debt by its name.
    fn of_debt(&self, event: &StoryEvent) -> String {
        let named = |id, duty: DutyKind| self.text(id, &[("kind", self.text(debts::duty(duty), &[]).into())]);
        match event {
            StoryEvent::ReversalOwed(reason) => {
                self.text("event-reversal-owed", &[("reason", self.text(words::undo(*reason), &[]).into())])
            }
            StoryEvent::Due(duty) => named("event-due", duty.sort()),
            StoryEvent::Escalated => self.text("event-escalated", &[]),
            StoryEvent::ReversalTried { number, route } => {
                let args = [("route", route.clone().into()), ("attempt", (*number).into())];
                self.text("event-reversal-sent", &args)
            }
            StoryEvent::DebtTried { duty, number, route } => {
                let kind = self.text(debts::duty(*duty), &[]);
                let args = [("kind", kind.into()), ("route", route.clone().into()), ("attempt", (*number).into())];
                self.text("event-debt-sent", &args)
            }
            StoryEvent::ReversalUnheard { .. } => self.text("event-reversal-no-answer", &[]),
            StoryEvent::DebtUnheard { duty, .. } => named("event-debt-no-answer", *duty),
            StoryEvent::ReversalAnswered { verdict, code, .. } => {
                let id = match verdict {
                    Verdict::Paid => "event-reversal-acknowledged",
                    Verdict::Refused => "event-reversal-refused",
                    Verdict::Unmatched => "event-reversal-unmatched",
                };
                self.text(id, &[("acquirer", self.acquirer()), ("code", shown(code))])
            }
            StoryEvent::DebtAnswered { duty, verdict, code, .. } => {
                let id = match verdict {
                    Verdict::Paid => "event-debt-acknowledged",
                    Verdict::Refused => "event-debt-refused",
                    Verdict::Unmatched => "event-debt-unmatched",
                };
                let kind = self.text(debts::duty(*duty), &[]);
                self.text(id, &[("kind", kind.into()), ("acquirer", self.acquirer()), ("code", shown(code))])
            }
            StoryEvent::Waived { reason, signed_by } => {
                self.text("event-waived", &[("reason", reason.clone().into()), ("key", signed_by.clone().into())])
            }
            StoryEvent::DebtWaived { duty, reason, signed_by } => {
                let kind = self.text(debts::duty(*duty), &[]);
                let args =
                    [("kind", kind.into()), ("reason", reason.clone().into()), ("key", signed_by.clone().into())];
                self.text("event-debt-waived", &args)
            }
            _ => String::new(),
        }
    }

    fn incident(&self, what: &Incident) -> String {
        match what {
            Incident::BadSeal(proof) | Incident::BadEcho(proof) | Incident::MissingProof(proof) => {
                self.text("event-proof-failed", &[("proof", proof.clone().into())])
            }
            Incident::PluginFailed(why) | Incident::IllegalStep(why) | Incident::IllegalDecision(why) => {
                let digest = self.story.plugin.map(|digest| digest.to_string()).unwrap_or_default();
                let failed =
                    self.text("event-plugin-failed", &[("plugin", self.acquirer()), ("digest", digest.into())]);
                format!("{failed}: {why}")
            }
            Incident::MissingRemedy => self.text("event-missing-remedy", &[]),
            Incident::BadCheckValue(key) => self.text("event-proof-failed", &[("proof", key.clone().into())]),
            Incident::BooksDiffer(why) => self.text("event-books-differ", &[("why", why.clone().into())]),
            Incident::ClockWentBack => self.text("event-clock-went-back", &[]),
            Incident::CardDataGone => self.text("event-card-data-gone", &[("acquirer", self.acquirer())]),
            Incident::NotUploaded => self.text("event-not-uploaded", &[("acquirer", self.acquirer())]),
        }
    }

    fn concluded(&self, outcome: Option<&Outcome>) -> String {
        match outcome {
            Some(Outcome::Approved(approved)) => {
                let amount = format_amount(&approved.amount, self.messages.language());
                self.text("event-concluded-approved", &[("amount", amount.into())])
            }
            Some(Outcome::Declined(declined)) => {
                let reason = self.messages.decline(declined.reason).reason;
                let args = [("reason", reason.into()), ("code", declined.code.clone().into())];
                self.text("event-concluded-declined", &args)
            }
            Some(Outcome::Done) => self.text(words::done(self.story.operation), &[("acquirer", self.acquirer())]),
            Some(Outcome::Settled(settlement)) => {
                let args = [("acquirer", self.acquirer()), ("batch", settlement.batch.into())];
                self.text("settlement-done", &args)
            }
            Some(Outcome::NotSent(_)) => self.text("event-concluded-not-sent", &[]),
            Some(Outcome::Failed(_)) if self.story.amount.is_none() => {
                self.text("errand-failed", &[("acquirer", self.acquirer())])
            }
            Some(Outcome::Failed(_)) => self.text("event-concluded-not-sent", &[]),
            Some(Outcome::Unknown(_)) | None => self.text("event-concluded-unknown", &[]),
        }
    }

    fn code(&self) -> String {
        match &self.story.outcome {
            Some(Outcome::Declined(declined)) => declined.code.clone(),
            Some(Outcome::Unknown(Doubt::Acquirer { code })) => code.clone(),
            _ => "00".into(),
        }
    }
}

/// An acquirer's code. Who reads an answer without the plugin learns what it means, not the acquirer's word for it.
fn shown(code: &str) -> Argument<'static> {
    if code.is_empty() { "-".into() } else { code.to_owned().into() }
}
