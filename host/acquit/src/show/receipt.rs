//! Receipts, and the slip that is printed when nobody knows the outcome yet.

use devices::Page;
use engine::Outcome;
use engine::books::Transaction;
use engine::contract::card::{Entry, Presented};
use engine::contract::transaction::OperationKind;

use super::reference;
use crate::config::{Configuration, Profile};
use crate::messages::{Messages, format_amount, format_time, mask_card};

/// The page for an approved payment, or the slip for one whose outcome is unknown; none for anything else.
pub fn receipt(
    configuration: &Configuration,
    messages: &Messages,
    payment: &Transaction,
    outcome: &Outcome,
) -> Option<Page> {
    if payment.kind() != OperationKind::Sale {
        return None;
    }
    match outcome {
        Outcome::Approved(_) => Some(approved(configuration, messages, payment, outcome)),
        Outcome::Unknown(_) => Some(unknown(configuration, messages, payment)),
        Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Done | Outcome::Failed(_) | Outcome::Settled(_) => None,
    }
}

fn approved(configuration: &Configuration, messages: &Messages, payment: &Transaction, outcome: &Outcome) -> Page {
    let text = |id: &str| messages.text(id, &[]);
    let page = head(configuration, messages, Page::new())
        .center(text("receipt-title-sale"))
        .center(text("receipt-copy-cardholder"));
    let page = facts(configuration, messages, payment, page);
    let Outcome::Approved(approved) = outcome else { return page };
    page.pair(text("receipt-reference"), approved.retrieval_reference.clone())
        .pair(text("receipt-authorization"), approved.authorization.clone())
        .pair(text("receipt-outcome"), text("outcome-approved"))
        .feed(1)
        .center(text("receipt-thanks"))
}

fn unknown(configuration: &Configuration, messages: &Messages, payment: &Transaction) -> Page {
    let text = |id: &str| messages.text(id, &[]);
    let page = head(configuration, messages, Page::new()).center(text("unknown-slip-title"));
    facts(configuration, messages, payment, page)
        .feed(1)
        .left(text("unknown-slip-do-not-pay"))
        .left(text("unknown-slip-promise"))
        .left(text("unknown-slip-keep"))
}

fn head(configuration: &Configuration, messages: &Messages, page: Page) -> Page {
    match configuration.profile {
        Profile::Development => page.center(messages.text("test-banner", &[])),
        Profile::Production => page,
    }
}

fn facts(configuration: &Configuration, messages: &Messages, payment: &Transaction, mut page: Page) -> Page {
    let text = |id: &str| messages.text(id, &[]);
    if let Some(merchant) = &configuration.terminal.merchant {
        page = page.pair(text("receipt-merchant"), merchant.clone());
    }
    let parameters = configuration.acquirers.named(&payment.acquirer).map(|acquirer| acquirer.parameters.as_slice());
    for (id, parameter) in [("receipt-merchant-number", "merchant"), ("receipt-terminal", "terminal")] {
        let value = reference(parameters.unwrap_or_default(), parameter);
        if !value.is_empty() {
            page = page.pair(text(id), value);
        }
    }
    if let Some(card) = payment.card() {
        page = page.pair(text("receipt-card"), mask_card(card)).pair(text("receipt-entry"), text(entry(card)));
    }
    if let Some(amount) = payment.amount() {
        page = page.pair(text("receipt-amount"), format_amount(&amount, messages.language()));
    }
    if let Some(first) = payment.exchanges.first() {
        page = page.pair(text("receipt-date"), format_time(&first.at.local()));
    }
    for (id, name) in [("receipt-batch", "batch"), ("receipt-trace", "trace")] {
        let value = reference(&payment.reference, name);
        if !value.is_empty() {
            page = page.pair(text(id), value);
        }
    }
    page.pair(text("receipt-transaction"), payment.id.to_string())
}

fn entry(card: &Presented) -> &'static str {
    match card.entry {
        _ if card.fell_back => "entry-fell-back",
        Entry::Manual => "entry-manual",
        Entry::Stripe => "entry-stripe",
        Entry::ContactChip => "entry-contact-chip",
        Entry::ContactlessChip => "entry-contactless-chip",
        Entry::ContactlessStripe => "entry-contactless-stripe",
        Entry::CodeScan => "entry-code-scan",
    }
}
