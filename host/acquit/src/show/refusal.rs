//! Why nothing was done, and what to do about it.

use engine::contract::acquirer::{Declined, Reason};
use engine::contract::transaction::OperationKind;
use engine::contract::types::Amount;
use engine::{CardProblem, NotSent, Unfit};

use crate::config::Configuration;
use crate::messages::{Messages, Value, format_amount};

/// Why a payment was not begun when only the space kept for debts and settlement is left. It is never written down.
pub const NO_ROOM: &str = "the space that is left is kept for debts";

/// What is said when something was not done.
pub(super) struct Refusal<'a> {
    pub messages: &'a Messages,
    pub configuration: &'a Configuration,
    pub acquirer: &'a str,
    pub amount: Option<Amount>,
    pub kind: OperationKind,
    /// It is in the journal.
    pub written: bool,
}

impl Refusal<'_> {
    /// The acquirer said no, and proved it.
    pub(super) fn declined(&self, declined: &Declined) -> Vec<String> {
        let decline = self.messages.decline(declined.reason);
        let reason = format!("{} ({})", decline.reason, declined.code);
        vec![
            self.text("sale-declined", &[("reason", reason.into())]),
            self.text("sale-declined-customer", &[("sentence", decline.customer.into())]),
            self.text("sale-declined-cashier", &[("step", decline.cashier.into())]),
        ]
    }

    /// Nothing that moves money can have left the terminal.
    pub(super) fn not_sent(&self, why: &NotSent) -> Vec<String> {
        let about = |id: &str| vec![self.text(id, &[("acquirer", self.acquirer())])];
        let text = |id: &str| self.text(id, &[]);
        match why {
            NotSent::Card(problem) => self.card(*problem),
            NotSent::Cancelled => vec![text("screen-cancelled")],
            NotSent::DebtsOwed { unheard: 0, refused } => self.counted("sale-too-many-refused", *refused),
            NotSent::DebtsOwed { unheard, .. } if self.kind == OperationKind::Settle => {
                self.counted("settlement-debts-first", *unheard)
            }
            NotSent::DebtsOwed { unheard, .. } => self.counted("sale-debts-first", *unheard),
            NotSent::NotSignedIn | NotSent::BadCheckValue(_) => about("sale-not-signed-in"),
            NotSent::Suspended => about("sale-suspended"),
            NotSent::Amount => vec![self.over_ceiling()],
            // A refusal for a journal that cannot be read is written down; one that cannot be written is not.
            NotSent::Storage(_) if self.written => vec![text("sale-journal-unreadable")],
            NotSent::Storage(why) if why == NO_ROOM => vec![text("sale-no-room")],
            NotSent::Storage(_) => vec![text("sale-storage-full")],
            NotSent::Refused(declined) => self.declined(declined),
            NotSent::Unreachable(_) => self.declined_by_terminal(Reason::AcquirerUnavailable),
            NotSent::Plugin(_) | NotSent::Template(_) => about("sale-plugin-failed"),
            NotSent::Unsupported => about("sale-unsupported"),
            NotSent::Interrupted => vec![text("sale-not-sent")],
            NotSent::OriginalUnknown => vec![text("following-original-unknown")],
            NotSent::OriginalNotFit(unfit) => about(not_fit(*unfit)),
            NotSent::AlreadyDone => vec![text("following-already-done")],
            NotSent::OtherCard => vec![text("following-other-card")],
            NotSent::TooMuch => vec![text("following-too-much")],
            NotSent::Settling => about("settlement-open"),
            NotSent::BooksDiffer => about("settlement-differs"),
            NotSent::NothingToSettle => about("settlement-nothing"),
        }
    }

    /// An errand came to nothing.
    pub(super) fn failed(&self, why: &NotSent) -> Vec<String> {
        let about = |id: &str| self.text(id, &[("acquirer", self.acquirer())]);
        match (why, self.kind) {
            (NotSent::BadCheckValue(why), _) => vec![about("sign-in-bad-keys"), why.clone()],
            (NotSent::Refused(declined), OperationKind::SignIn) => {
                let args = [("acquirer", self.acquirer()), ("code", declined.code.clone().into())];
                vec![self.text("sign-in-declined", &args)]
            }
            (NotSent::Refused(declined), _) => {
                let reason = self.messages.decline(declined.reason).reason;
                let args =
                    [("acquirer", self.acquirer()), ("reason", reason.into()), ("code", declined.code.clone().into())];
                vec![self.text("errand-refused", &args)]
            }
            (NotSent::Unreachable(_) | NotSent::Interrupted, OperationKind::SignIn) => vec![about("sign-in-unknown")],
            (NotSent::Unreachable(_) | NotSent::Interrupted, OperationKind::Settle) => {
                vec![about("settlement-unknown")]
            }
            (NotSent::Unreachable(_) | NotSent::Interrupted, _) => vec![about("errand-failed")],
            (other, _) => self.not_sent(other),
        }
    }

    fn card(&self, problem: CardProblem) -> Vec<String> {
        let text = |id: &str| self.text(id, &[]);
        match problem {
            CardProblem::Removed => vec![text("screen-card-removed")],
            CardProblem::UseChip => vec![text("screen-use-chip"), text("sale-not-sent")],
            CardProblem::Unreadable => vec![text("screen-card-unreadable")],
            CardProblem::Reader => vec![text("sale-no-devices")],
            CardProblem::TimedOut => vec![text("screen-cancelled")],
            CardProblem::Busy => vec![text("screen-reader-busy")],
            CardProblem::Gone => vec![text("following-card-gone")],
        }
    }

    fn counted(&self, id: &str, count: u32) -> Vec<String> {
        vec![self.text(id, &[("acquirer", self.acquirer()), ("count", count.into())])]
    }

    fn declined_by_terminal(&self, reason: Reason) -> Vec<String> {
        let decline = self.messages.decline(reason);
        vec![self.text("sale-not-sent", &[]), self.text("sale-declined-cashier", &[("step", decline.cashier.into())])]
    }

    fn over_ceiling(&self) -> String {
        let Some(amount) = self.amount else { return self.text("sale-wrong-ceiling", &[]) };
        let ceiling = self.configuration.acquirers.named(self.acquirer).map(|known| known.ceilings.amount_minor);
        let limit = Amount { minor: ceiling.unwrap_or_default(), ..amount };
        let shown = |amount: &Amount| format_amount(amount, self.messages.language());
        self.text("sale-over-ceiling", &[("amount", shown(&amount).into()), ("limit", shown(&limit).into())])
    }

    fn acquirer(&self) -> Value<'static> {
        self.acquirer.to_owned().into()
    }

    fn text(&self, id: &str, args: &[(&str, Value<'_>)]) -> String {
        self.messages.text(id, args)
    }
}

fn not_fit(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::Kind => "following-not-fit-kind",
        Unfit::NotApproved => "following-not-fit-not-approved",
        Unfit::OtherBatch => "following-not-fit-other-batch",
        Unfit::Unresolved => "following-not-fit-unresolved",
        Unfit::OtherAcquirer => "following-not-fit-other-acquirer",
        Unfit::Typed => "following-not-fit-typed",
    }
}
