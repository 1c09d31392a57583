//! A payment's story in words: what the merchant asks, answered, and how it came to that.

use engine::contract::retry_policy::Failure;
use engine::contract::template::UndoReason;
use engine::contract::transaction::OperationKind;
use engine::story::{Advice, Charged, Moment, OwedNow, ShopPaid, Story, StoryEvent};
use engine::{CardProblem, Doubt, Incident, NotSent, Outcome, Party, Reader, Verdict};

use super::{Messages, Value, format_amount, mask_card};

impl Messages {
    /// The whole story, a line each.
    pub fn story(&self, story: &Story) -> Vec<String> {
        let acquirer = || Value::from(story.acquirer.as_str());
        let operation = self.operation(story.operation);
        let mut lines = vec![self.text("explain-title", &[("transaction", story.transaction.to_string().into())])];
        lines.push(match &story.amount {
            Some(amount) => self.text(
                "explain-summary",
                &[
                    ("operation", operation.into()),
                    ("amount", format_amount(amount, self.language).into()),
                    ("acquirer", acquirer()),
                ],
            ),
            None => self.text("explain-errand", &[("operation", operation.into()), ("acquirer", acquirer())]),
        });
        lines.extend(story.card.as_ref().map(|card| self.text("explain-card", &[("card", mask_card(card).into())])));
        lines.extend(story.reference.iter().map(|(name, value)| {
            self.text("explain-reference", &[("name", name.as_str().into()), ("value", value.as_str().into())])
        }));
        let answers = [
            ("explain-question-outcome", self.outcome(story.outcome.as_ref(), &story.acquirer, story)),
            ("explain-question-customer", self.text(charged(story.charged), &[])),
            ("explain-question-shop", self.text(shop(story.paid), &[])),
            ("explain-question-owed", self.owed(story.owed.as_ref(), &story.acquirer)),
            ("explain-question-next", self.advice(story.advice, &story.acquirer)),
        ];
        for (question, answer) in answers {
            lines.extend([String::new(), self.text(question, &[]), format!("  {answer}")]);
        }
        lines.extend([String::new(), self.text("explain-timeline", &[])]);
        lines.extend(story.timeline.iter().map(|moment| self.moment(moment)));
        lines
    }

    /// What an operation is called.
    pub fn operation(&self, kind: OperationKind) -> String {
        let id = match kind {
            OperationKind::SignIn => "operation-sign-in",
            OperationKind::Sale => "operation-sale",
            OperationKind::Reverse => "operation-reverse",
            OperationKind::Inquire => "operation-inquire",
            _ => "operation-other",
        };
        self.text(id, &[])
    }

    /// Why nothing was sent, for the cashier.
    pub fn not_sent(&self, why: &NotSent, acquirer: &str) -> String {
        let acquirer = ("acquirer", Value::from(acquirer));
        let with = |id, name, value: String| self.text(id, &[acquirer.clone(), (name, value.into())]);
        match why {
            NotSent::Card(CardProblem::TimedOut) => self.text("not-sent-card-timed-out", &[]),
            NotSent::Card(CardProblem::Unreadable) => self.text("not-sent-card-unreadable", &[]),
            NotSent::Card(CardProblem::Removed) => self.text("not-sent-card-removed", &[]),
            NotSent::Card(CardProblem::UseChip) => self.text("not-sent-card-use-chip", &[]),
            NotSent::Card(CardProblem::Reader) => self.text("not-sent-card-reader", &[]),
            NotSent::Cancelled => self.text("not-sent-cancelled", &[]),
            NotSent::DebtsOwed { unheard, refused } => {
                self.text("not-sent-debts", &[acquirer, ("unheard", (*unheard).into()), ("refused", (*refused).into())])
            }
            NotSent::Unreachable(failure) => with("not-sent-unreachable", "failure", self.failure(*failure)),
            NotSent::Plugin(incident) => with("not-sent-plugin", "incident", self.incident(incident)),
            NotSent::Template(detail) => with("not-sent-template", "detail", detail.clone()),
            NotSent::Storage(detail) => with("not-sent-storage", "detail", detail.clone()),
            NotSent::NotSignedIn => self.text("not-sent-not-signed-in", &[acquirer]),
            NotSent::Refused(declined) => {
                let reason = self.decline(declined.reason).reason;
                let code = ("code", declined.code.as_str().into());
                self.text("not-sent-refused", &[acquirer, ("reason", reason.into()), code])
            }
            NotSent::BadCheckValue(key) => with("not-sent-bad-check-value", "key", key.clone()),
            NotSent::Suspended => self.text("not-sent-suspended", &[acquirer]),
            NotSent::Amount => self.text("not-sent-amount", &[]),
            NotSent::Interrupted => self.text("not-sent-interrupted", &[]),
            NotSent::Unsupported => self.text("not-sent-unsupported", &[acquirer]),
        }
    }

    /// Why an exchange failed, in a few words.
    pub fn failure(&self, failure: Failure) -> String {
        let id = match failure {
            Failure::NoRoute => "failure-no-route",
            Failure::Connect => "failure-connect",
            Failure::Tls => "failure-tls",
            Failure::Timeout => "failure-timeout",
            Failure::Closed => "failure-closed",
            Failure::Malformed => "failure-malformed",
            Failure::BadProof => "failure-bad-proof",
            Failure::PluginFault => "failure-plugin-fault",
            Failure::Cancelled => "failure-cancelled",
        };
        self.text(id, &[])
    }

    /// What should not have happened, in a sentence's words.
    pub fn incident(&self, incident: &Incident) -> String {
        let with = |id, detail: &String| self.text(id, &[("detail", detail.as_str().into())]);
        match incident {
            Incident::PluginFailed(detail) => with("incident-plugin-failed", detail),
            Incident::IllegalDecision(detail) => with("incident-illegal-decision", detail),
            Incident::IllegalStep(detail) => with("incident-illegal-step", detail),
            Incident::MissingRemedy => self.text("incident-missing-remedy", &[]),
            Incident::BadSeal(detail) => with("incident-bad-seal", detail),
            Incident::BadEcho(detail) => with("incident-bad-echo", detail),
            Incident::MissingProof(detail) => with("incident-missing-proof", detail),
            Incident::BadCheckValue(detail) => with("incident-bad-check-value", detail),
            Incident::ClockWentBack => self.text("incident-clock-went-back", &[]),
        }
    }

    fn outcome(&self, outcome: Option<&Outcome>, acquirer: &str, story: &Story) -> String {
        match outcome {
            None => self.text("explain-outcome-running", &[]),
            Some(Outcome::Approved(approved)) => self.text(
                "explain-outcome-approved",
                &[
                    ("amount", format_amount(&approved.amount, self.language).into()),
                    ("authorization", approved.authorization.as_str().into()),
                    ("reference", approved.retrieval_reference.as_str().into()),
                ],
            ),
            Some(Outcome::Declined(declined)) => self.text(
                "explain-outcome-declined",
                &[("reason", self.decline(declined.reason).reason.into()), ("code", declined.code.as_str().into())],
            ),
            Some(Outcome::NotSent(why) | Outcome::Failed(why)) => self.not_sent(why, acquirer),
            Some(Outcome::Unknown(doubt)) => {
                self.text("explain-outcome-unknown", &[("doubt", self.doubt(doubt, story).into())])
            }
            Some(Outcome::Done) => self.text("explain-outcome-done", &[]),
        }
    }

    fn doubt(&self, doubt: &Doubt, story: &Story) -> String {
        match doubt {
            Doubt::Unheard(failure) => self.failure(*failure),
            Doubt::Unproven => self.text("doubt-unproven", &[]),
            Doubt::Acquirer { code } => self.text("doubt-acquirer", &[("code", code.as_str().into())]),
            Doubt::Plugin(incident) => self.text("doubt-plugin", &[("incident", self.incident(incident).into())]),
            Doubt::OtherAmount { approved_minor } => {
                let amount = story.amount.map_or_else(
                    || approved_minor.to_string(),
                    |asked| {
                        let approved = engine::contract::types::Amount { minor: *approved_minor, ..asked };
                        format_amount(&approved, self.language)
                    },
                );
                self.text("doubt-other-amount", &[("amount", amount.into())])
            }
            Doubt::Interrupted => self.text("doubt-interrupted", &[]),
            Doubt::Storage => self.text("doubt-storage", &[]),
        }
    }

    fn owed(&self, owed: Option<&OwedNow>, acquirer: &str) -> String {
        let Some(owed) = owed else { return self.text("explain-owed-nothing", &[]) };
        let acquirer = ("acquirer", Value::from(acquirer));
        let debt = ("debt", Value::from(owed.debt.to_string()));
        let since = ("since", Value::from(owed.since.local().to_string()));
        let codes = ("codes", Value::from(owed.refusals.join(", ")));
        match owed.standing {
            "refused" => self.text("explain-owed-refused", &[acquirer, debt, since, codes]),
            "unmatched" => self.text("explain-owed-unmatched", &[acquirer, debt, codes]),
            _ => self.text("explain-owed-unheard", &[acquirer, debt, since, ("tries", owed.tries.into())]),
        }
    }

    fn advice(&self, advice: Advice, acquirer: &str) -> String {
        let acquirer = ("acquirer", Value::from(acquirer));
        match advice {
            Advice::Nothing => self.text("explain-next-nothing", &[]),
            Advice::PayAgain => self.text("explain-next-pay-again", &[]),
            Advice::Wait => self.text("explain-next-wait", &[]),
            Advice::CallAcquirer => self.text("explain-next-call-acquirer", &[acquirer]),
            Advice::CheckSettlement => self.text("explain-next-check-settlement", &[acquirer]),
        }
    }

    fn moment(&self, moment: &Moment) -> String {
        let time = moment.at.local().to_string();
        self.text("explain-line", &[("time", time.into()), ("event", self.event(&moment.event).into())])
    }

    fn event(&self, event: &StoryEvent) -> String {
        let number = |number: &u32| ("number", Value::from(*number));
        match event {
            StoryEvent::Intended { with_standby: false, .. } => self.text("event-intended", &[]),
            StoryEvent::Intended { with_standby: true, .. } => self.text("event-intended-with-standby", &[]),
            StoryEvent::SentAgain => self.text("event-sent-again", &[]),
            StoryEvent::NotSent(None) => self.text("event-not-sent", &[]),
            StoryEvent::NotSent(Some(failure)) => {
                self.text("event-not-sent-because", &[("failure", self.failure(*failure).into())])
            }
            StoryEvent::Sent => self.text("event-sent", &[]),
            StoryEvent::NoAnswer(failure) => {
                self.text("event-no-answer", &[("failure", self.failure(*failure).into())])
            }
            StoryEvent::Heard { proven: true } => self.text("event-heard-proven", &[]),
            StoryEvent::Heard { proven: false } => self.text("event-heard-unproven", &[]),
            StoryEvent::Interrupted => self.text("event-interrupted", &[]),
            StoryEvent::Concluded => self.text("event-concluded", &[]),
            StoryEvent::ReversalOwed(reason) => {
                self.text("event-reversal-owed", &[("reason", self.text(undo_reason(*reason), &[]).into())])
            }
            StoryEvent::ReversalTried { number: n } => self.text("event-reversal-tried", &[number(n)]),
            StoryEvent::ReversalUnheard { number: n, failure } => {
                self.text("event-reversal-unheard", &[number(n), ("failure", self.failure(*failure).into())])
            }
            StoryEvent::ReversalAnswered { verdict, code, read_by } => {
                let answered = self.text(verdict_id(*verdict), &[("code", code.as_str().into())]);
                match read_by {
                    Reader::Plugin => answered,
                    Reader::Standby => self.text("event-read-by-standby", &[("event", answered.into())]),
                }
            }
            StoryEvent::Incident { party, what } => {
                let party = self.text(party_id(*party), &[]);
                self.text("event-incident", &[("party", party.into()), ("incident", self.incident(what).into())])
            }
        }
    }
}

fn charged(charged: Charged) -> &'static str {
    match charged {
        Charged::Yes => "explain-customer-yes",
        Charged::No => "explain-customer-no",
        Charged::Perhaps => "explain-customer-perhaps",
        Charged::TakenBack => "explain-customer-taken-back",
    }
}

fn shop(paid: ShopPaid) -> &'static str {
    match paid {
        ShopPaid::Yes => "explain-shop-yes",
        ShopPaid::No => "explain-shop-no",
        ShopPaid::Open => "explain-shop-open",
    }
}

fn undo_reason(reason: UndoReason) -> &'static str {
    match reason {
        UndoReason::NoAnswer => "undo-no-answer",
        UndoReason::BadMac => "undo-bad-mac",
        UndoReason::Malfunction => "undo-malfunction",
        UndoReason::CardRefused => "undo-card-refused",
        UndoReason::Cancelled => "undo-cancelled",
    }
}

fn verdict_id(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Paid => "event-reversal-acknowledged",
        Verdict::Unmatched => "event-reversal-unmatched",
        Verdict::Refused => "event-reversal-refused",
    }
}

fn party_id(party: Party) -> &'static str {
    match party {
        Party::Acquirer => "party-acquirer",
        Party::Plugin => "party-plugin",
        Party::Terminal => "party-terminal",
        Party::Storage => "party-storage",
        Party::Operator => "party-operator",
    }
}
