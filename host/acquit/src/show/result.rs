//! How a payment or a sign-in ended, for the cashier: the outcome, and for a decline the reason, a sentence for the
//! customer and the next step.

use engine::books::{Books, Transaction};
use engine::contract::acquirer::{Declined, Reason};
use engine::contract::types::Amount;
use engine::story::{Charged, Story};
use engine::{CardProblem, NotSent, Outcome, TransactionId};
use serde_json::{Value, json};

use super::amount_facts;
use super::receipt::receipt;
use crate::config::{Acquirer, Configuration, Word};
use crate::control::Response;
use crate::messages::{Messages, format_amount};

/// Why a payment was not begun when only the space kept for debts and settlement is left. It is never written down.
pub const NO_ROOM: &str = "the space that is left is kept for debts";

/// Characters on a line of the cashier's screen.
const COLUMNS: usize = 40;

/// What whoever asked is told. `asked` is the amount they asked for, if it was a payment.
pub fn result(
    books: &Books,
    configuration: &Configuration,
    transaction: &TransactionId,
    outcome: &Outcome,
    asked: Option<Amount>,
    messages: &Messages,
) -> Response {
    let known = books.transaction(transaction);
    let amount = known.and_then(Transaction::amount).or(asked);
    if let (Some(asked), Some(amount)) = (asked, amount)
        && asked != amount
    {
        let amount = format_amount(&amount, messages.language());
        let transaction = transaction.to_string();
        let args = [("transaction", transaction.into()), ("amount", amount.into())];
        return Response::failed(messages.text("sale-other-amount", &args));
    }
    let acquirer = known.map(|known| known.acquirer.clone()).unwrap_or_default();
    let batch = books.kept(&acquirer).and_then(|kept| kept.memory.get("batch"));
    let batch = batch.map(|batch| String::from_utf8_lossy(batch).into_owned());
    let story = known.map(|known| Story::tell(books, known));
    let charged = story.as_ref().map(|story| story.charged);
    let written = known.and_then(|known| known.conclusion.as_ref()).is_some_and(|it| it.outcome == *outcome);
    let view = View { messages, configuration, acquirer, amount, batch, charged, written };
    let mut facts = json!({
        "transaction": transaction,
        "outcome": word(outcome),
        "amount": amount.as_ref().map(amount_facts),
        "charged": charged,
        "advice": story.as_ref().map(|story| story.advice),
        "owed": books.owed(),
        "reference": known.map(|known| known.reference.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()),
    });
    let mut lines = view.lines(outcome);
    if let Some(known) = known
        && charged != Some(Charged::TakenBack)
        && let Some(page) = receipt(configuration, messages, known, outcome)
    {
        let printed = devices::layout(&page, COLUMNS);
        facts["receipt"] = json!(printed);
        lines.push(String::new());
        lines.extend(printed);
    }
    merge(&mut facts, view.details(outcome));
    Response { ok: matches!(outcome, Outcome::Approved(_) | Outcome::Done), facts, lines }
}

struct View<'a> {
    messages: &'a Messages,
    configuration: &'a Configuration,
    acquirer: String,
    amount: Option<Amount>,
    /// The batch the acquirer's plugin keeps.
    batch: Option<String>,
    charged: Option<Charged>,
    /// This outcome is in the journal.
    written: bool,
}

impl View<'_> {
    fn lines(&self, outcome: &Outcome) -> Vec<String> {
        let text = |id: &str, args: &[(&str, crate::messages::Value<'_>)]| self.messages.text(id, args);
        match outcome {
            Outcome::Approved(_) => vec![text("sale-approved", &[("amount", self.amount().into())])],
            // Asked again after its reversal was acknowledged: what was in doubt is so no more.
            Outcome::Unknown(_) if self.charged == Some(Charged::TakenBack) => vec![
                text("explain-customer-taken-back", &[("amount", self.amount().into())]),
                text("explain-next-pay-again", &[]),
            ],
            Outcome::Unknown(_) => vec![text("sale-unknown", &[("amount", self.amount().into())])],
            Outcome::Declined(declined) => self.declined(declined),
            Outcome::NotSent(why) => self.not_sent(why),
            Outcome::Failed(why) => self.failed(why),
            Outcome::Settled(settlement) => vec![format!("{}", settlement.batch)],
            Outcome::Done => {
                let mut lines = vec![text("sign-in-done", &[("acquirer", self.acquirer.clone().into())])];
                lines.push(text("sign-in-keys", &[("keys", self.work_keys().into())]));
                if let Some(batch) = &self.batch {
                    lines.push(text("sign-in-batch", &[("batch", batch.clone().into())]));
                }
                lines
            }
        }
    }

    /// Facts beside the outcome itself.
    fn details(&self, outcome: &Outcome) -> Value {
        match outcome {
            Outcome::Declined(declined) | Outcome::NotSent(NotSent::Refused(declined)) => {
                let decline = self.messages.decline(declined.reason);
                json!({
                    "code": declined.code,
                    "reason": declined.reason.word(),
                    "reason-text": decline.reason,
                    "customer": decline.customer,
                    "cashier": decline.cashier,
                    "capture-card": declined.capture_card,
                })
            }
            Outcome::Approved(approved) => json!({
                "authorization": approved.authorization,
                "retrieval-reference": approved.retrieval_reference,
            }),
            Outcome::NotSent(why) | Outcome::Failed(why) => json!({ "why": format!("{why:?}") }),
            Outcome::Unknown(doubt) => json!({ "why": format!("{doubt:?}") }),
            Outcome::Settled(settlement) => json!({ "settlement": settlement }),
            Outcome::Done => json!({ "keys": self.work_keys(), "batch": self.batch }),
        }
    }

    fn declined(&self, declined: &Declined) -> Vec<String> {
        let decline = self.messages.decline(declined.reason);
        vec![
            self.messages
                .text("sale-declined", &[("reason", format!("{} ({})", decline.reason, declined.code).into())]),
            self.messages.text("sale-declined-customer", &[("sentence", decline.customer.into())]),
            self.messages.text("sale-declined-cashier", &[("step", decline.cashier.into())]),
        ]
    }

    fn not_sent(&self, why: &NotSent) -> Vec<String> {
        let acquirer = || self.acquirer.clone().into();
        let text = |id: &str| self.messages.text(id, &[]);
        let about = |id: &str| self.messages.text(id, &[("acquirer", acquirer())]);
        match why {
            NotSent::Card(CardProblem::Removed) => vec![text("screen-card-removed")],
            NotSent::Card(CardProblem::UseChip) => vec![text("screen-use-chip"), text("sale-not-sent")],
            NotSent::Card(CardProblem::Unreadable) => vec![text("screen-card-unreadable")],
            NotSent::Card(CardProblem::Reader | CardProblem::Gone) => vec![text("sale-no-devices")],
            NotSent::Cancelled | NotSent::Card(CardProblem::TimedOut) => vec![text("screen-cancelled")],
            NotSent::DebtsOwed { unheard: 0, refused } => {
                let args = [("acquirer", acquirer()), ("count", (*refused).into())];
                vec![self.messages.text("sale-too-many-refused", &args)]
            }
            NotSent::DebtsOwed { unheard, .. } => {
                let args = [("acquirer", acquirer()), ("count", (*unheard).into())];
                vec![self.messages.text("sale-debts-first", &args)]
            }
            NotSent::NotSignedIn | NotSent::BadCheckValue(_) => vec![about("sale-not-signed-in")],
            NotSent::Suspended => vec![about("sale-suspended")],
            NotSent::Amount => vec![self.over_ceiling()],
            // A refusal for a journal that cannot be read is written down; one that cannot be written is not.
            NotSent::Storage(_) if self.written => vec![text("sale-journal-unreadable")],
            NotSent::Storage(why) if why == NO_ROOM => vec![text("sale-no-room")],
            NotSent::Storage(_) => vec![text("sale-storage-full")],
            NotSent::Refused(declined) => self.declined(declined),
            NotSent::Unreachable(_) => self.declined_by_terminal(Reason::AcquirerUnavailable),
            NotSent::Plugin(_) | NotSent::Template(_) | NotSent::Unsupported => {
                self.declined_by_terminal(Reason::FormatError)
            }
            NotSent::Interrupted
            | NotSent::OriginalUnknown
            | NotSent::OriginalNotFit(_)
            | NotSent::AlreadyDone
            | NotSent::OtherCard
            | NotSent::TooMuch
            | NotSent::Settling
            | NotSent::BooksDiffer
            | NotSent::NothingToSettle => vec![text("sale-not-sent")],
        }
    }

    fn failed(&self, why: &NotSent) -> Vec<String> {
        let about = |id: &str| self.messages.text(id, &[("acquirer", self.acquirer.clone().into())]);
        match why {
            NotSent::BadCheckValue(why) => vec![about("sign-in-bad-keys"), why.clone()],
            NotSent::Refused(declined) => {
                let args = [("acquirer", self.acquirer.clone().into()), ("code", declined.code.clone().into())];
                vec![self.messages.text("sign-in-declined", &args)]
            }
            NotSent::Unreachable(_) | NotSent::Interrupted => vec![about("sign-in-unknown")],
            other => self.not_sent(other),
        }
    }

    fn declined_by_terminal(&self, reason: Reason) -> Vec<String> {
        let decline = self.messages.decline(reason);
        vec![
            self.messages.text("sale-not-sent", &[]),
            self.messages.text("sale-declined-cashier", &[("step", decline.cashier.into())]),
        ]
    }

    fn over_ceiling(&self) -> String {
        let ceiling = self.configuration.acquirers.named(&self.acquirer).map(|known| known.ceilings.amount_minor);
        let limit = self.amount.map(|amount| Amount { minor: ceiling.unwrap_or_default(), ..amount });
        let limit = limit.map(|limit| format_amount(&limit, self.messages.language())).unwrap_or_default();
        self.messages.text("sale-over-ceiling", &[("amount", self.amount().into()), ("limit", limit.into())])
    }

    fn amount(&self) -> String {
        self.amount.map(|amount| format_amount(&amount, self.messages.language())).unwrap_or_default()
    }

    fn work_keys(&self) -> String {
        let acquirer = self.configuration.acquirers.named(&self.acquirer);
        acquirer.into_iter().flat_map(Acquirer::work_keys).cloned().collect::<Vec<_>>().join(", ")
    }
}

/// The outcome in one word.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Declined(_) => "declined",
        Outcome::NotSent(_) => "not-sent",
        Outcome::Unknown(_) => "unknown",
        Outcome::Done => "done",
        Outcome::Failed(_) => "failed",
        Outcome::Settled(_) => "settled",
    }
}

fn merge(facts: &mut Value, details: Value) {
    if let (Some(facts), Value::Object(details)) = (facts.as_object_mut(), details) {
        facts.extend(details);
    }
}
