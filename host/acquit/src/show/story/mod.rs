//! The story of a transaction, told.

mod answers;
mod events;

use engine::Outcome;
use engine::TransactionId;
use engine::books::{Books, Transaction};
use engine::contract::transaction::{Operation, Subject};
use engine::contract::types::Amount;
use engine::story::Story;
use serde_json::{Value, json};

use super::words::{self, word};
use super::{amount_facts, reference};
use crate::config::Word;
use crate::control::Response;
use crate::messages::{Messages, Value as Argument, format_amount, format_time, mask_card};

/// The story of the named transaction, or of the newest payment, and what followed it.
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
    tell(books, found, followers(books, found), messages)
}

/// The story that follows from a transaction's own records, and those of its debts, alone.
pub fn alone(books: &Books, transaction: &Transaction, messages: &Messages) -> Response {
    tell(books, transaction, Vec::new(), messages)
}

fn tell(books: &Books, transaction: &Transaction, followers: Vec<&Transaction>, messages: &Messages) -> Response {
    let story = Story::tell(books, transaction);
    let given_back = followers.iter().copied().find(|follower| {
        // A partial refund leaves the rest with the shop.
        let whole = follower.amount() == transaction.amount();
        words::gives_back(follower.kind()) && whole && matches!(follower.outcome(), Some(Outcome::Approved(_)))
    });
    let teller = Teller { messages, books, transaction, story: &story, followers, given_back };
    Response::done(teller.facts(), teller.lines())
}

/// What was done about this transaction since.
fn followers<'a>(books: &'a Books, of: &Transaction) -> Vec<&'a Transaction> {
    let follows = |known: &&Transaction| match &known.operation {
        Operation::FollowUp(follow_up) => {
            matches!(&follow_up.of, Subject::Known(original) if original.transaction == of.id.as_str())
        }
        _ => false,
    };
    books.transactions().filter(follows).collect()
}

struct Teller<'a> {
    messages: &'a Messages,
    books: &'a Books,
    transaction: &'a Transaction,
    story: &'a Story,
    followers: Vec<&'a Transaction>,
    /// What gave all of it back since.
    given_back: Option<&'a Transaction>,
}

impl Teller<'_> {
    fn facts(&self) -> Value {
        let Story { transaction, acquirer, charged, paid, advice, owed, waived, outcome, timeline, .. } = self.story;
        let answers = self.answers();
        let answer = |id: &str| answers.iter().find(|(question, _)| *question == id).map(|(_, lines)| lines.join(" "));
        json!({
            "transaction": transaction,
            "operation": self.story.operation.word(),
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
            "given-back-by": self.given_back.map(|by| &by.id),
            "followed-by": self.followers.iter().map(|follower| json!({
                "transaction": follower.id,
                "operation": follower.kind().word(),
                "outcome": follower.outcome().map(word),
            })).collect::<Vec<_>>(),
            "answers": {
                "customer": answer("explain-question-customer"),
                "shop": answer("explain-question-shop"),
                "owed": answer("explain-question-owed"),
                "next": answer("explain-question-next"),
            },
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
        let operation = self.text(words::operation(self.story.operation), &[]);
        let summary = self.text(
            "explain-summary",
            &[
                ("operation", operation.into()),
                ("amount", self.money(self.story.amount)),
                ("acquirer", self.acquirer()),
                ("trace", reference(&self.story.reference, "trace").into()),
            ],
        );
        let mut lines = vec![title, summary];
        for (question, answers) in self.answers() {
            lines.push(self.text(question, &[]));
            lines.extend(answers.iter().map(|answer| format!("  {answer}")));
        }
        for follower in &self.followers {
            let outcome = follower.outcome().map_or("outcome-unknown", words::outcome);
            let args = [
                ("operation", self.text(words::operation(follower.kind()), &[]).into()),
                ("transaction", follower.id.to_string().into()),
                ("outcome", self.text(outcome, &[]).into()),
            ];
            lines.push(self.text("explain-followed", &args));
        }
        lines.push(self.text("explain-timeline", &[]));
        for moment in &self.story.timeline {
            let time = format_time(&moment.at.local());
            let line = self.text("explain-line", &[("time", time.into()), ("event", self.event(moment).into())]);
            lines.push(format!("  {line}"));
        }
        lines
    }

    fn acquirer(&self) -> Argument<'static> {
        self.story.acquirer.clone().into()
    }

    /// What it is about: what was approved, which may be less than was asked for.
    fn amount(&self) -> Argument<'static> {
        match &self.story.outcome {
            Some(Outcome::Approved(approved)) => self.money(Some(approved.amount)),
            _ => self.money(self.story.amount),
        }
    }

    fn money(&self, amount: Option<Amount>) -> Argument<'static> {
        amount.map(|amount| format_amount(&amount, self.messages.language())).unwrap_or_default().into()
    }

    fn text(&self, id: &str, args: &[(&str, Argument<'_>)]) -> String {
        self.messages.text(id, args)
    }
}
