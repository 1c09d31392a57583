//! The story of a payment, told.

use engine::books::{Books, Standing, Transaction};
use engine::story::{Advice, Charged, Moment, ShopPaid, Story, StoryEvent};
use engine::{Incident, Outcome, TransactionId, Verdict};
use serde_json::{Value, json};

use super::words::{self, word};
use super::{amount_facts, reference};
use crate::control::Response;
use crate::messages::{Messages, Value as Argument, format_amount, format_time, mask_card};

/// The story of the named transaction, or of the newest payment.
pub fn explain(books: &Books, transaction: Option<&TransactionId>, messages: &Messages) -> Response {
    let found = match transaction {
        // A debt's own name tells the story of what it is owed for.
        Some(id) => books.transaction(books.debt(id).map_or(id, |debt| &debt.of)),
        None => books.transactions().rev().find(|known| known.amount().is_some()),
    };
    let Some(found) = found else {
        let asked = transaction.map(ToString::to_string).unwrap_or_default();
        return Response::failed(messages.text("explain-no-such", &[("transaction", asked.into())]));
    };
    let story = Story::tell(books, found);
    let teller = Teller { messages, books, transaction: found, story: &story };
    Response::done(teller.facts(), teller.lines())
}

struct Teller<'a> {
    messages: &'a Messages,
    books: &'a Books,
    transaction: &'a Transaction,
    story: &'a Story,
}

impl Teller<'_> {
    fn facts(&self) -> Value {
        let Story { transaction, acquirer, charged, paid, advice, owed, waived, outcome, timeline, .. } = self.story;
        json!({
            "transaction": transaction,
            "acquirer": acquirer,
            "amount": self.story.amount.as_ref().map(amount_facts),
            "card": self.story.card.as_ref().map(mask_card),
            "plugin": self.story.plugin.map(|digest| format!("{digest:?}")),
            "outcome": outcome.as_ref().map(word),
            "charged": charged,
            "paid": paid,
            "advice": advice,
            "owed": owed,
            "waived": waived,
            "timeline": timeline
                .iter()
                .map(|moment| json!({
                    "at": format_time(&moment.at.local()),
                    "event": moment.event,
                    "text": self.event(moment),
                }))
                .collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let title = self.text("explain-title", &[("transaction", self.transaction.id.to_string().into())]);
        let operation = words::operation(self.story.operation);
        let operation = self.text(operation, &[]);
        let summary = self.text(
            "explain-summary",
            &[
                ("operation", operation.into()),
                ("amount", self.amount()),
                ("acquirer", self.acquirer()),
                ("trace", reference(&self.story.reference, "trace").into()),
            ],
        );
        let mut lines = vec![title, summary];
        if self.story.amount.is_some() {
            for (question, answer) in [
                ("explain-question-customer", self.customer()),
                ("explain-question-shop", self.shop()),
                ("explain-question-owed", self.owed()),
                ("explain-question-next", self.next()),
            ] {
                lines.push(self.text(question, &[]));
                lines.push(format!("  {answer}"));
            }
        }
        lines.push(self.text("explain-timeline", &[]));
        for moment in &self.story.timeline {
            let time = format_time(&moment.at.local());
            let line = self.text("explain-line", &[("time", time.into()), ("event", self.event(moment).into())]);
            lines.push(format!("  {line}"));
        }
        lines
    }

    fn customer(&self) -> String {
        let id = match (self.story.charged, self.standing()) {
            (Charged::Perhaps, Some(Standing::Unmatched)) => "explain-customer-unmatched",
            (Charged::Perhaps, Some(Standing::Waived)) => "explain-customer-waived",
            (Charged::Yes, _) => "explain-customer-charged",
            (Charged::No, _) => return self.text("explain-customer-not-charged", &[]),
            (Charged::TakenBack, _) => "explain-customer-taken-back",
            (Charged::Perhaps, _) => "explain-customer-unknown",
        };
        self.text(id, &[("amount", self.amount())])
    }

    fn shop(&self) -> String {
        match self.story.paid {
            ShopPaid::Yes => self.text("explain-shop-paid", &[("amount", self.amount())]),
            ShopPaid::No => self.text("explain-shop-not-paid", &[]),
            ShopPaid::Open => self.text("explain-shop-unknown", &[("amount", self.amount())]),
        }
    }

    fn owed(&self) -> String {
        let code = || self.story.owed.as_ref().and_then(|owed| owed.refusals.last().cloned()).unwrap_or_default();
        let id = match self.standing() {
            None | Some(Standing::Paid | Standing::Settled | Standing::Replaced) => {
                return self.text("explain-owed-nothing", &[]);
            }
            Some(Standing::Waived) => "explain-owed-waived",
            Some(Standing::Unheard) => {
                let args = [("acquirer", self.acquirer()), ("amount", self.amount())];
                return self.text("explain-owed-reversal", &args);
            }
            Some(Standing::Refused) => "explain-owed-refused",
            Some(Standing::Unmatched) => "explain-owed-unmatched",
        };
        self.text(id, &[("acquirer", self.acquirer()), ("amount", self.amount()), ("code", code().into())])
    }

    fn next(&self) -> String {
        match (self.story.advice, &self.story.outcome) {
            (Advice::Nothing, _) => self.text("explain-next-nothing", &[]),
            (Advice::PayAgain, Some(Outcome::Unknown(_))) => self.text("explain-next-pay-again", &[]),
            (Advice::PayAgain, _) => self.text("explain-next-not-paid", &[]),
            (Advice::Wait, _) => self.text("explain-next-wait", &[]),
            (Advice::AsWaived, _) => {
                let reason = self.story.waived.as_ref().map(|waived| waived.reason.clone()).unwrap_or_default();
                self.text("explain-next-waived", &[("reason", reason.into())])
            }
            (Advice::CallAcquirer | Advice::CheckSettlement, _) => {
                let date = self.story.timeline.first().map(|moment| format_time(&moment.at.local()));
                let trace = reference(&self.story.reference, "trace");
                let args =
                    [("acquirer", self.acquirer()), ("trace", trace.into()), ("date", date.unwrap_or_default().into())];
                self.text("explain-next-call", &args)
            }
        }
    }

    fn event(&self, moment: &Moment) -> String {
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
            StoryEvent::Concluded => self.concluded(),
            StoryEvent::ReversalOwed(reason) => {
                self.text("event-reversal-owed", &[("reason", self.text(words::undo(*reason), &[]).into())])
            }
            StoryEvent::Due(duty) => duty.word().to_owned(),
            StoryEvent::Resolved => self.concluded(),
            StoryEvent::Escalated => self.text("event-reversal-no-answer", &[]),
            StoryEvent::ReversalTried { number, route } => {
                let args = [("route", route.clone().into()), ("attempt", (*number).into())];
                self.text("event-reversal-sent", &args)
            }
            StoryEvent::ReversalUnheard { .. } => self.text("event-reversal-no-answer", &[]),
            StoryEvent::ReversalAnswered { verdict, code, .. } => {
                let id = match verdict {
                    Verdict::Paid => "event-reversal-acknowledged",
                    Verdict::Refused => "event-reversal-refused",
                    Verdict::Unmatched => "event-reversal-unmatched",
                };
                self.text(id, &[("acquirer", self.acquirer()), ("code", code.clone().into())])
            }
            StoryEvent::Incident { what, .. } => self.incident(what),
            StoryEvent::Waived { reason, signed_by } => {
                self.text("event-waived", &[("reason", reason.clone().into()), ("key", signed_by.clone().into())])
            }
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
            Incident::BooksDiffer(why) => why.clone(),
            Incident::ClockWentBack => self.text("event-clock-went-back", &[]),
            Incident::CardDataGone => self.text("event-card-data-gone", &[("acquirer", self.acquirer())]),
        }
    }

    fn concluded(&self) -> String {
        match &self.story.outcome {
            Some(Outcome::Approved(approved)) => {
                let amount = format_amount(&approved.amount, self.messages.language());
                self.text("event-concluded-approved", &[("amount", amount.into())])
            }
            Some(Outcome::Declined(declined)) => {
                let reason = self.messages.decline(declined.reason).reason;
                let args = [("reason", reason.into()), ("code", declined.code.clone().into())];
                self.text("event-concluded-declined", &args)
            }
            Some(Outcome::Done | Outcome::Settled(_)) => self.text("sign-in-done", &[("acquirer", self.acquirer())]),
            Some(Outcome::NotSent(_) | Outcome::Failed(_)) => self.text("event-concluded-not-sent", &[]),
            Some(Outcome::Unknown(_)) | None => self.text("event-concluded-unknown", &[]),
        }
    }

    fn code(&self) -> String {
        match &self.story.outcome {
            Some(Outcome::Declined(declined)) => declined.code.clone(),
            Some(Outcome::Unknown(engine::Doubt::Acquirer { code })) => code.clone(),
            _ => "00".into(),
        }
    }

    fn standing(&self) -> Option<Standing> {
        self.books.debts_of(self.transaction).last().map(|debt| debt.standing)
    }

    fn acquirer(&self) -> Argument<'static> {
        self.story.acquirer.clone().into()
    }

    fn amount(&self) -> Argument<'static> {
        self.story.amount.map(|amount| format_amount(&amount, self.messages.language())).unwrap_or_default().into()
    }

    fn text(&self, id: &str, args: &[(&str, Argument<'_>)]) -> String {
        self.messages.text(id, args)
    }
}
