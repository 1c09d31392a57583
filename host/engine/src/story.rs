//! What became of a payment, as facts that any language can tell: was the customer charged, will the shop be paid,
//! what is owed and by whom, what to do now, and how it came to that.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

mod timeline;

use serde::Serialize;

pub use self::timeline::{Moment, StoryEvent};

use crate::books::{Books, Debt, Standing, Transaction, Waived};
use crate::contract::Digest;
use crate::contract::card::Presented;
use crate::contract::transaction::{Operation, OperationKind, Subject};
use crate::contract::types::{Amount, Name};
use crate::identity::TransactionId;
use crate::record::{Duty, Outcome};
use crate::time::Timestamp;

/// The whole story of one payment or errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Story {
    /// Its name.
    pub transaction: TransactionId,
    /// At which acquirer.
    pub acquirer: String,
    /// What was asked for.
    pub operation: OperationKind,
    /// How much, where money is concerned.
    pub amount: Option<Amount>,
    /// The card, masked.
    pub card: Option<Presented>,
    /// The build that led it.
    pub plugin: Option<Digest>,
    /// What the plugin attached to it: trace, batch, retrieval reference and the like.
    pub reference: Vec<(Name, String)>,
    /// How it ended; none while it runs.
    pub outcome: Option<Outcome>,
    /// Was the customer charged?
    pub charged: Charged,
    /// Will the shop be paid?
    pub paid: ShopPaid,
    /// What is owed for it.
    pub owed: Option<OwedNow>,
    /// Who took it off the books without the acquirer's acknowledgement.
    pub waived: Option<Waived>,
    /// What to do now.
    pub advice: Advice,
    /// How it came to that.
    pub timeline: Vec<Moment>,
    /// It is long settled, and one line is all that is left of it.
    pub abridged: bool,
}

/// Was the customer charged?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charged {
    /// Yes, and rightly.
    Yes,
    /// No.
    No,
    /// Not yet: it is held on the card until it is completed or let go.
    Held,
    /// The other way round: the customer was given this back.
    GivenBack,
    /// Perhaps; it will be taken back, unless the debt was waived.
    Perhaps,
    /// If so, it has been taken back.
    TakenBack,
}

/// What an operation does to the customer's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Takes,
    Holds,
    GivesBack,
    Nothing,
}

impl Does {
    /// By what was asked for.
    pub fn of(operation: OperationKind) -> Does {
        match operation {
            OperationKind::Sale
            | OperationKind::ScanToPay
            | OperationKind::ShowToPay
            | OperationKind::Complete
            | OperationKind::Advise => Does::Takes,
            OperationKind::Preauthorize => Does::Holds,
            OperationKind::Void
            | OperationKind::Refund
            | OperationKind::CancelPreauthorization
            | OperationKind::CancelCompletion => Does::GivesBack,
            OperationKind::SignIn
            | OperationKind::SignOff
            | OperationKind::Echo
            | OperationKind::Download
            | OperationKind::Balance
            | OperationKind::Reverse
            | OperationKind::Inquire
            | OperationKind::ReportScripts
            | OperationKind::Settle
            | OperationKind::Upload => Does::Nothing,
        }
    }
}

/// Will the shop be paid?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShopPaid {
    Yes,
    No,
    /// The acquirer must say.
    Open,
}

/// A debt as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwedNow {
    /// The debt's own name.
    pub debt: TransactionId,
    pub standing: &'static str,
    pub since: Timestamp,
    pub tries: u32,
    pub refusals: Vec<String>,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Nothing: it is in order.
    Nothing,
    /// Take another card or try once more.
    PayAgain,
    /// Do not take money again until the reversal has been acknowledged.
    Wait,
    /// The acquirer refused the reversal, or it can never be sent: call them.
    CallAcquirer,
    /// The acquirer does not know the payment: settlement or the statement will show.
    CheckSettlement,
    /// The operator took the debt off the books: what the reason says holds.
    AsWaived,
}

impl Story {
    /// Tells it from the books.
    pub fn tell(books: &Books, transaction: &Transaction) -> Story {
        let debts = || debts_about(books, transaction);
        // What speaks of the money itself; reports and advices do not change who was charged.
        let in_doubt = |debt: &&Debt| !matches!(debt.duty, Duty::Advise | Duty::ReportScripts);
        let debt = debts().filter(in_doubt).last().filter(|_| transaction.resolution.is_none());
        let outcome = transaction.outcome().cloned();
        let charged = charged(Does::of(transaction.kind()), outcome.as_ref(), debt);
        // Approved by the terminal alone: the acquirer must still take it.
        let told = debts().find(|debt| debt.duty == Duty::Advise).map(|debt| debt.standing);
        Story {
            transaction: transaction.id.clone(),
            acquirer: transaction.acquirer.clone(),
            operation: transaction.kind(),
            amount: transaction.amount(),
            card: transaction.card().cloned(),
            plugin: transaction.plugin(),
            reference: transaction.reference.clone(),
            charged,
            paid: shop_paid(charged, told),
            owed: debts().find(|debt| debt.is_open()).map(owed_now),
            waived: debts().find_map(|debt| debt.waived.clone()),
            advice: match told {
                Some(Standing::Refused | Standing::Unmatched) => Advice::CallAcquirer,
                Some(Standing::Waived) => Advice::AsWaived,
                _ => advice(outcome.as_ref(), debt, transaction.card_data_is_gone()),
            },
            timeline: transaction.timeline.clone(),
            abridged: transaction.summarised && transaction.timeline.is_empty(),
            outcome,
        }
    }
}

impl Transaction {
    /// What was asked for, in one word.
    pub fn kind(&self) -> OperationKind {
        self.operation.kind()
    }

    /// The amount, where money is concerned.
    pub fn amount(&self) -> Option<Amount> {
        match &self.operation {
            Operation::Pay(payment) => Some(payment.amount),
            Operation::FollowUp(follow_up) => Some(follow_up.amount),
            Operation::Maintain(_) | Operation::Download(_) | Operation::Settle(_) | Operation::Upload(_) => None,
        }
    }

    /// The card as far as a plugin or a receipt may know it.
    pub fn card(&self) -> Option<&Presented> {
        match &self.operation {
            Operation::Pay(payment) => payment.card.as_ref(),
            Operation::FollowUp(follow_up) => follow_up.card.as_ref().or(match &follow_up.of {
                Subject::Known(original) => original.card.as_ref(),
                Subject::Typed(_) | Subject::None => None,
            }),
            Operation::Maintain(_) | Operation::Download(_) | Operation::Settle(_) | Operation::Upload(_) => None,
        }
    }
}

/// What is or was owed for a transaction itself. The advice of a tip is owed under the name of its sale, and is about the
/// tip alone.
pub fn debts_about<'a>(books: &'a Books, transaction: &'a Transaction) -> impl Iterator<Item = &'a Debt> {
    let is_tip = |known: &Transaction| known.kind() == OperationKind::Advise;
    let sale = transaction.follows().filter(|_| is_tip(transaction)).and_then(|sale| books.transaction(&sale));
    let tipped = sale.is_none() && books.followers(&transaction.id).any(is_tip);
    books.debts_of(sale.unwrap_or(transaction)).filter(move |debt| match debt.duty {
        Duty::Advise => !tipped,
        _ => sale.is_none(),
    })
}

fn charged(does: Does, outcome: Option<&Outcome>, debt: Option<&Debt>) -> Charged {
    match (outcome, debt.map(|debt| debt.standing)) {
        _ if does == Does::Nothing => Charged::No,
        (_, Some(Standing::Paid)) => Charged::TakenBack,
        // The acquirer never knew it, and its books agreed with ours since.
        (_, Some(Standing::Settled)) => Charged::No,
        (_, Some(Standing::Replaced)) => Charged::Perhaps,
        (_, Some(Standing::Unheard | Standing::Refused | Standing::Unmatched | Standing::Waived)) | (None, None) => {
            Charged::Perhaps
        }
        (Some(Outcome::Approved(_)), None) => match does {
            Does::Takes => Charged::Yes,
            Does::Holds => Charged::Held,
            Does::GivesBack => Charged::GivenBack,
            Does::Nothing => Charged::No,
        },
        (Some(Outcome::Unknown(_)), None) => Charged::Perhaps,
        (
            Some(Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Done | Outcome::Failed(_) | Outcome::Settled(_)),
            None,
        ) => Charged::No,
    }
}

/// `told`: how the advice stands that tells the acquirer of what the terminal approved alone.
fn shop_paid(charged: Charged, told: Option<Standing>) -> ShopPaid {
    match (charged, told) {
        (Charged::Yes, None | Some(Standing::Paid | Standing::Settled | Standing::Replaced)) => ShopPaid::Yes,
        (Charged::Yes | Charged::Perhaps, _) => ShopPaid::Open,
        (Charged::No | Charged::Held | Charged::GivenBack | Charged::TakenBack, _) => ShopPaid::No,
    }
}

fn owed_now(debt: &Debt) -> OwedNow {
    OwedNow {
        debt: debt.id.clone(),
        standing: debt.standing.word(),
        since: debt.since,
        tries: debt.tries,
        refusals: debt.refusals.clone(),
    }
}

fn advice(outcome: Option<&Outcome>, debt: Option<&Debt>, card_data_is_gone: bool) -> Advice {
    match (outcome, debt.map(|debt| debt.standing)) {
        (_, Some(Standing::Unheard)) if card_data_is_gone => Advice::CallAcquirer,
        (_, Some(Standing::Unheard | Standing::Replaced)) | (None, None) => Advice::Wait,
        (_, Some(Standing::Refused)) => Advice::CallAcquirer,
        (_, Some(Standing::Unmatched)) => Advice::CheckSettlement,
        (_, Some(Standing::Waived)) => Advice::AsWaived,
        (Some(Outcome::Unknown(_)), None) => Advice::Wait,
        (_, Some(Standing::Paid | Standing::Settled))
        | (Some(Outcome::Declined(_) | Outcome::NotSent(_) | Outcome::Failed(_)), None) => Advice::PayAgain,
        (Some(Outcome::Approved(_) | Outcome::Done | Outcome::Settled(_)), None) => Advice::Nothing,
    }
}

impl Standing {
    /// The word for it in `--json` and configuration.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Unheard => "unheard",
            Standing::Refused => "refused",
            Standing::Unmatched => "unmatched",
            Standing::Paid => "paid",
            Standing::Waived => "waived",
            Standing::Settled => "settled",
            Standing::Replaced => "replaced",
        }
    }
}
