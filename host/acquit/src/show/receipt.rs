//! Receipts, for the shop and for whoever paid, and the slip that is printed when nobody knows the outcome yet.

use devices::Page;
use engine::Outcome;
use engine::books::Transaction;
use engine::contract::acquirer::Approved;
use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::transaction::{FollowUp, Operation, OperationKind, Subject};
use engine::contract::types::Amount;

use super::{reference, words};
use crate::config::{Configuration, Profile, ReceiptCopy};
use crate::messages::{Language, Messages, format_amount, format_time, mask_card};

/// What plugins want on a receipt that the terminal prints of its own knowledge.
const SHOWN_ALREADY: [&str; 9] =
    ["merchant", "terminal", "batch", "trace", "date", "time", "tip", "reference", "authorization"];

/// Characters of the line that is signed on.
const SIGNATURE_COLUMNS: usize = 20;

/// Whether a paper is the first of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// Printed when it happened.
    First,
    /// Printed once more, and says so.
    Copy,
}

/// A copy of the receipt of an approved operation, or the slip for one whose outcome is unknown, which is the customer's
/// whatever copy is asked for; none for anything else.
pub fn receipt(
    configuration: &Configuration,
    messages: &Messages,
    payment: &Transaction,
    outcome: &Outcome,
    edition: Edition,
    copy: ReceiptCopy,
) -> Option<Page> {
    let printing = Printing { configuration, messages, payment };
    match outcome {
        _ if !words::has_receipt(payment.kind()) => None,
        Outcome::Approved(approved) => Some(printing.approved(approved, edition, copy)),
        Outcome::Unknown(_) => Some(printing.unknown(edition)),
        _ => None,
    }
}

/// The top of every page: that it is only a test, what it is, and that it is a copy.
pub(super) fn head(configuration: &Configuration, messages: &Messages, title: &str, edition: Edition) -> Page {
    let mut page = Page::new();
    if configuration.profile == Profile::Development {
        page = page.center(messages.text("test-banner", &[]));
    }
    page = page.center(match messages.language() {
        Language::English => title.to_uppercase(),
        Language::Chinese => title.to_owned(),
    });
    match edition {
        Edition::First => page,
        Edition::Copy => page.center(messages.text("receipt-reprint", &[])),
    }
}

/// Who the shop is to its acquirer.
pub(super) fn shop(configuration: &Configuration, messages: &Messages, acquirer: &str, mut page: Page) -> Page {
    if let Some(merchant) = &configuration.terminal.merchant {
        page = page.pair(messages.text("receipt-merchant", &[]), merchant.clone());
    }
    let parameters = configuration.acquirers.named(acquirer).map(|acquirer| acquirer.parameters.as_slice());
    for (id, parameter) in [("receipt-merchant-number", "merchant"), ("receipt-terminal", "terminal")] {
        let value = reference(parameters.unwrap_or_default(), parameter);
        if !value.is_empty() {
            page = page.pair(messages.text(id, &[]), value);
        }
    }
    page
}

struct Printing<'a> {
    configuration: &'a Configuration,
    messages: &'a Messages,
    payment: &'a Transaction,
}

impl Printing<'_> {
    fn approved(&self, approved: &Approved, edition: Edition, copy: ReceiptCopy) -> Page {
        let whose = match copy {
            ReceiptCopy::Merchant => "receipt-copy-merchant",
            ReceiptCopy::Cardholder => "receipt-copy-cardholder",
        };
        let page = head(self.configuration, self.messages, &self.title(), edition).center(self.text(whose));
        let mut page = self.facts(Some(approved), page);
        for (id, value) in
            [("receipt-reference", &approved.retrieval_reference), ("receipt-authorization", &approved.authorization)]
        {
            if !value.is_empty() {
                page = page.pair(self.text(id), value.clone());
            }
        }
        for (name, value) in &approved.receipt {
            page = match name.as_str() {
                shown if SHOWN_ALREADY.contains(&shown) => page,
                "issuer" => page.pair(self.text("receipt-issuer"), value.clone()),
                "acquirer" => page.pair(self.text("receipt-acquiring-bank"), value.clone()),
                "note" => page.pair(self.text("receipt-note"), value.clone()),
                // Only the plugin knows what this is.
                other => page.pair(other, value.clone()),
            };
        }
        page = page.pair(self.text("receipt-outcome"), self.text("outcome-approved"));
        if is_offline(self.payment) {
            page = page.left(self.text("receipt-offline"));
        }
        match copy {
            ReceiptCopy::Merchant => self.agreed(page),
            ReceiptCopy::Cardholder => page.feed(1).center(self.text("receipt-thanks")),
        }
    }

    /// How the payer proved themselves, or where they sign. A PIN that was entered for the original says nothing of what
    /// follows it; whoever pays by a code has nothing to sign with.
    fn agreed(&self, page: Page) -> Page {
        if self.payment.card().is_none_or(|card| card.entry == Entry::CodeScan) {
            return page;
        }
        match own_card(self.payment).map_or(Verification::None, |card| card.verification) {
            Verification::OnlinePin | Verification::OfflinePin => page.feed(1).left(self.text("receipt-verified-pin")),
            Verification::Device => page.feed(1).left(self.text("receipt-verified-device")),
            Verification::Signature | Verification::None => page
                .feed(2)
                .pair(self.text("receipt-signature"), "_".repeat(SIGNATURE_COLUMNS))
                .left(self.text("receipt-signature-agreed")),
        }
    }

    fn unknown(&self, edition: Edition) -> Page {
        let title = self.text("unknown-slip-title");
        let page = head(self.configuration, self.messages, &title, edition).center(self.title());
        let page = self.facts(None, page).feed(1);
        let page = if words::gives_back(self.payment.kind()) {
            page.left(self.text("unknown-slip-do-not-repeat")).left(self.text("unknown-slip-promise-back"))
        } else {
            page.left(self.text("unknown-slip-do-not-pay")).left(self.text("unknown-slip-promise"))
        };
        let page = page.left(self.text("unknown-slip-keep"));
        match &self.configuration.terminal.contact {
            Some(contact) => {
                page.left(self.messages.text("unknown-slip-contact", &[("contact", contact.clone().into())]))
            }
            None => page,
        }
    }

    fn title(&self) -> String {
        self.text(words::operation(self.payment.kind()))
    }

    fn facts(&self, approved: Option<&Approved>, page: Page) -> Page {
        let Printing { configuration, messages, payment } = self;
        let mut page = shop(configuration, messages, &payment.acquirer, page);
        if let Some(card) = payment.card() {
            page = page
                .pair(self.text("receipt-card"), mask_card(card))
                .pair(self.text("receipt-entry"), self.text(words::entry(card)));
        }
        page = self.amounts(approved, page);
        let date = payment.exchanges.first().map_or(payment.begun, |first| first.at);
        page = page.pair(self.text("receipt-date"), format_time(&date.local()));
        for (id, name) in [("receipt-batch", "batch"), ("receipt-trace", "trace")] {
            let value = reference(&payment.reference, name);
            if !value.is_empty() {
                page = page.pair(self.text(id), value);
            }
        }
        page = page.pair(self.text("receipt-transaction"), payment.id.to_string());
        match &payment.operation {
            Operation::FollowUp(follow_up) => self.original(follow_up, page),
            _ => page,
        }
    }

    fn amounts(&self, approved: Option<&Approved>, mut page: Page) -> Page {
        let Some(asked) = self.payment.amount() else { return page };
        let amount = approved.map_or(asked, |approved| approved.amount);
        page = page.pair(self.text("receipt-amount"), self.amount(&amount));
        if let Operation::Pay(payment) = &self.payment.operation
            && let Some(tip) = &payment.tip
        {
            page = page.pair(self.text("receipt-tip"), self.amount(tip));
        }
        if amount != asked {
            page = page.pair(self.text("receipt-asked"), self.amount(&asked));
        }
        page
    }

    /// What it follows, so that both papers can be laid side by side.
    fn original(&self, follow_up: &FollowUp, mut page: Page) -> Page {
        match &follow_up.of {
            Subject::Known(original) => {
                page = page.pair(self.text("receipt-original"), self.text(words::operation(original.operation)));
                page = page.pair(self.text("receipt-original-transaction"), original.transaction.clone());
                let trace = reference(&original.reference, "trace");
                if !trace.is_empty() {
                    page = page.pair(self.text("receipt-original-trace"), trace);
                }
                page.pair(self.text("receipt-original-date"), format_time(&original.at))
                    .pair(self.text("receipt-original-amount"), self.amount(&original.amount))
            }
            Subject::Typed(typed) => {
                page = page.pair(self.text("receipt-original"), self.text("receipt-original-typed"));
                typed.iter().fold(page, |page, (name, value)| page.pair(format!("  {name}"), value.clone()))
            }
            Subject::None => page.pair(self.text("receipt-original"), self.text("receipt-original-none")),
        }
    }

    fn amount(&self, amount: &Amount) -> String {
        format_amount(amount, self.messages.language())
    }

    fn text(&self, id: &str) -> String {
        self.messages.text(id, &[])
    }
}

/// The card that was presented for this operation itself.
fn own_card(payment: &Transaction) -> Option<&Presented> {
    match &payment.operation {
        Operation::Pay(payment) => payment.card.as_ref(),
        Operation::FollowUp(follow_up) => follow_up.card.as_ref(),
        Operation::Maintain(_) | Operation::Download(_) | Operation::Settle(_) | Operation::Upload(_) => None,
    }
}

/// Approved by the terminal and the card alone: the acquirer has not heard of it when it is printed.
pub(super) fn is_offline(payment: &Transaction) -> bool {
    payment.kind() == OperationKind::Sale && !payment.summarised && !payment.exchanges.iter().any(|sent| sent.heard)
}
