//! How a payment or a sign-in ended, for the cashier: the outcome, and for a decline the reason, a sentence for the
//! customer and the next step.

use engine::books::{Books, Transaction};
use engine::contract::acquirer::{Approved, Declined};
use engine::contract::transaction::{OperationKind, Payment};
use engine::contract::types::Amount;
use engine::story::{Charged, Story};
use engine::{Doubt, NotSent, Order, Outcome, TransactionId};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{amount_facts, receipt, settlement, words};
use crate::config::{Acquirer, Configuration, Word};
use crate::control::Response;
use crate::messages::{Messages, Value as Argument, format_amount};

/// Characters on a line of the cashier's screen.
const COLUMNS: usize = 40;

/// What whoever asked is told. `order` is what they asked for.
pub fn result(
    books: &Books,
    configuration: &Configuration,
    transaction: &TransactionId,
    outcome: &Outcome,
    order: &Order,
    messages: &Messages,
) -> Response {
    let known = books.transaction(transaction);
    if let Some(refusal) = known.and_then(|known| known_as_another(known, order, messages)) {
        return refusal;
    }
    let acquirer = known.map(|known| known.acquirer.clone()).unwrap_or_default();
    let batch = books.kept(&acquirer).and_then(|kept| kept.memory.get("batch"));
    let batch = batch.map(|batch| String::from_utf8_lossy(batch).into_owned());
    let story = known.map(|known| Story::tell(books, known));
    let charged = story.as_ref().map(|story| story.charged);
    let written = known.and_then(|known| known.conclusion.as_ref()).is_some_and(|it| it.outcome == *outcome);
    let amount = known.and_then(Transaction::amount).or(asked(order));
    let view = View {
        books,
        messages,
        configuration,
        transaction,
        known,
        kind: order.kind(),
        acquirer,
        amount,
        batch,
        charged,
        written,
    };
    let mut facts = json!({
        "transaction": transaction,
        "operation": order.kind().word(),
        "outcome": words::word(outcome),
        "amount": amount.as_ref().map(amount_facts),
        "charged": charged,
        "advice": story.as_ref().map(|story| story.advice),
        "owed": books.owed(),
        "reference": known.map(|known| known.reference.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()),
    });
    let mut lines = view.lines(outcome);
    if let Some(known) = known
        && charged != Some(Charged::TakenBack)
        && let Some(page) = super::page(books, configuration, messages, known, outcome, receipt::Edition::First)
    {
        let printed = devices::layout(&page, COLUMNS);
        facts["receipt"] = json!(printed);
        lines.push(String::new());
        lines.extend(printed);
    }
    merge(&mut facts, view.details(outcome));
    Response { ok: matches!(outcome, Outcome::Approved(_) | Outcome::Done | Outcome::Settled(_)), facts, lines }
}

/// The same name for something else is refused: nobody learns the outcome of what they did not ask for.
fn known_as_another(known: &Transaction, order: &Order, messages: &Messages) -> Option<Response> {
    let transaction = || known.id.to_string().into();
    if known.kind() != order.kind() {
        let operation = messages.text(words::operation(known.kind()), &[]);
        let args = [("transaction", transaction()), ("operation", operation.into())];
        return Some(Response::failed(messages.text("sale-other-operation", &args)));
    }
    let amount = known.amount().filter(|amount| asked(order).is_some_and(|asked| asked != *amount))?;
    let amount = format_amount(&amount, messages.language());
    let args = [("transaction", transaction()), ("amount", amount.into())];
    Some(Response::failed(messages.text("sale-other-amount", &args)))
}

/// The amount that was asked for, where one was.
fn asked(order: &Order) -> Option<Amount> {
    match order {
        Order::Pay(payable) => Some(payable.amount),
        Order::FollowUp { amount, .. } => *amount,
        Order::Maintain(_) | Order::Download(_) | Order::Settle => None,
    }
}

struct View<'a> {
    books: &'a Books,
    messages: &'a Messages,
    configuration: &'a Configuration,
    transaction: &'a TransactionId,
    known: Option<&'a Transaction>,
    kind: OperationKind,
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
        match outcome {
            Outcome::Approved(approved) => self.approved(approved),
            // Asked again after its reversal was acknowledged: what was in doubt is so no more.
            Outcome::Unknown(_) if self.charged == Some(Charged::TakenBack) => vec![
                self.text("explain-customer-taken-back", &[("amount", self.amount())]),
                self.text("explain-next-pay-again", &[]),
            ],
            Outcome::Unknown(doubt) => self.unknown(doubt),
            Outcome::Declined(declined) => self.refusal().declined(declined),
            Outcome::NotSent(why) => self.refusal().not_sent(why),
            Outcome::Failed(why) => self.refusal().failed(why),
            Outcome::Settled(settlement) => settlement::lines(self.books, settlement, &self.acquirer, self.messages),
            Outcome::Done => self.done(),
        }
    }

    fn approved(&self, approved: &Approved) -> Vec<String> {
        let amount = self.shown(&approved.amount);
        match self.kind {
            OperationKind::Balance => match &approved.balance {
                Some(balance) => {
                    let id = if balance.negative { "sale-balance-negative" } else { "sale-balance" };
                    vec![self.text(id, &[("amount", self.shown(&balance.amount))])]
                }
                None => vec![self.text("outcome-approved", &[])],
            },
            OperationKind::Inquire => vec![self.text("following-inquired-approved", &[("amount", amount)])],
            OperationKind::Preauthorize => {
                let transaction = self.transaction.to_string().into();
                vec![
                    self.text("sale-approved", &[("amount", amount.clone())]),
                    self.text("sale-held", &[("amount", amount), ("transaction", transaction)]),
                ]
            }
            _ if self.known.is_some_and(receipt::is_offline) => {
                vec![self.text("sale-offline", &[("amount", amount), ("acquirer", self.acquirer())])]
            }
            _ => match self.amount.filter(|asked| approved.amount.minor < asked.minor) {
                Some(asked) => {
                    let missing = Amount { minor: asked.minor - approved.amount.minor, ..asked };
                    let args = [("amount", amount), ("missing", self.shown(&missing))];
                    vec![self.text("sale-approved-in-part", &args)]
                }
                None => vec![self.text("sale-approved", &[("amount", amount)])],
            },
        }
    }

    fn unknown(&self, doubt: &Doubt) -> Vec<String> {
        let mut lines = vec![self.text("sale-unknown", &[("amount", self.amount())])];
        if let Doubt::OtherAmount { approved_minor } = doubt
            && let Some(asked) = self.amount
        {
            let approved = Amount { minor: *approved_minor, ..asked };
            let args = [("acquirer", self.acquirer()), ("approved", self.shown(&approved))];
            lines.push(self.text("sale-other-amount-approved", &args));
        }
        lines
    }

    fn done(&self) -> Vec<String> {
        let mut lines = vec![self.text(words::done(self.kind), &[("acquirer", self.acquirer())])];
        if self.kind == OperationKind::SignIn {
            lines.push(self.text("sign-in-keys", &[("keys", self.work_keys().into())]));
            if let Some(batch) = &self.batch {
                lines.push(self.text("sign-in-batch", &[("batch", batch.clone().into())]));
            }
        }
        lines
    }

    /// Facts beside the outcome itself.
    fn details(&self, outcome: &Outcome) -> Value {
        match outcome {
            Outcome::Declined(declined) | Outcome::NotSent(NotSent::Refused(declined)) => self.decline(declined),
            Outcome::Approved(approved) => json!({
                "authorization": approved.authorization,
                "retrieval-reference": approved.retrieval_reference,
                "approved": amount_facts(&approved.amount),
                "offline": self.known.is_some_and(receipt::is_offline),
                "tip": self.tip().as_ref().map(amount_facts),
                "balance": approved.balance.as_ref().map(|balance| {
                    json!({ "amount": amount_facts(&balance.amount), "negative": balance.negative })
                }),
            }),
            Outcome::NotSent(why) | Outcome::Failed(why) => json!({ "why": format!("{why:?}") }),
            Outcome::Unknown(doubt) => json!({ "why": format!("{doubt:?}") }),
            Outcome::Settled(settlement) => {
                json!({ "settlement": settlement::facts(self.books, settlement, &self.acquirer) })
            }
            Outcome::Done => json!({ "keys": self.work_keys(), "batch": self.batch }),
        }
    }

    fn decline(&self, declined: &Declined) -> Value {
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

    fn refusal(&self) -> Refusal<'_> {
        let View { messages, configuration, acquirer, amount, kind, written, .. } = self;
        Refusal { messages, configuration, acquirer, amount: *amount, kind: *kind, written: *written }
    }

    fn tip(&self) -> Option<Amount> {
        match &self.known?.operation {
            engine::contract::transaction::Operation::Pay(Payment { tip, .. }) => *tip,
            _ => None,
        }
    }

    fn work_keys(&self) -> String {
        let acquirer = self.configuration.acquirers.named(&self.acquirer);
        acquirer.into_iter().flat_map(Acquirer::work_keys).cloned().collect::<Vec<_>>().join(", ")
    }

    fn acquirer(&self) -> Argument<'static> {
        self.acquirer.clone().into()
    }

    fn amount(&self) -> Argument<'static> {
        self.amount.map(|amount| format_amount(&amount, self.messages.language())).unwrap_or_default().into()
    }

    fn shown(&self, amount: &Amount) -> Argument<'static> {
        format_amount(amount, self.messages.language()).into()
    }

    fn text(&self, id: &str, args: &[(&str, Argument<'_>)]) -> String {
        self.messages.text(id, args)
    }
}

fn merge(facts: &mut Value, details: Value) {
    if let (Some(facts), Value::Object(details)) = (facts.as_object_mut(), details) {
        facts.extend(details);
    }
}
