//! One acquirer's lane: one operation at a time, and what is to run next.

mod due;
mod settling;

use std::collections::{BTreeSet, VecDeque};

use due::{Due, NextDue, Rank};

use crate::books::{Books, Debt, FAILED_PROOFS_IN_A_ROW, Standing};
use crate::contract::transaction::OperationKind;
use crate::contract::types::Milliseconds;
use crate::deployment::Deployment;
use crate::effect::{Effect, OperationId};
use crate::identity::TransactionId;
use crate::machine::{debt, inquiry, maintenance, payment, settlement};
use crate::order::Order;
use crate::record::{Incident, NotSent, Outcome};

/// The wait after a sign-in before another is begun for a debt's sake.
const SIGN_IN_AGAIN_MS: Milliseconds = 30_000;

/// An acquirer's deployment and everything that waits or runs for it.
#[derive(Debug)]
pub(crate) struct Lane {
    pub deployment: Deployment,
    pub current: Option<Current>,
    queue: VecDeque<Job>,
    /// When each debt is to be tried next, on the monotonic clock.
    due: Due,
    settlement: settling::OpenSettlement,
    /// Work keys the books speak of could not be brought back into the vault.
    keys_lost: bool,
    /// No sign-in for a debt's sake before this.
    sign_in_not_before_ms: u64,
}

/// The operation that runs.
#[derive(Debug)]
pub(crate) struct Current {
    pub operation: OperationId,
    pub transaction: TransactionId,
    pub machine: Machine,
}

#[derive(Debug)]
pub(crate) enum Machine {
    Payment(payment::State),
    Maintenance(maintenance::State),
    Inquiry(inquiry::State),
    Debt(debt::State),
    Settlement(settlement::State),
}

/// Something asked for that has not begun, and what has been tried to clear its way.
#[derive(Debug)]
pub(crate) struct Job {
    pub transaction: TransactionId,
    pub order: Order,
    pub operator: String,
    tried_sign_in: bool,
    tried_settling: bool,
    tried_debts: BTreeSet<TransactionId>,
}

/// What the lane does next.
#[derive(Debug)]
pub(crate) enum Next {
    Begin(Job),
    Refuse(Job, NotSent),
    /// A sign-in nobody asked for, because keys are gone.
    OwnSignIn {
        operator: String,
    },
    Debt(TransactionId),
    /// The settlement that stayed open.
    GoOnSettling,
    /// Nothing before this moment, if ever.
    Idle(Option<u64>),
}

impl Current {
    /// Whether it is this payment or errand; a debt has a name of its own, which is no payment's.
    pub fn is_of(&self, id: &TransactionId) -> bool {
        self.transaction == *id && !matches!(self.machine, Machine::Debt(_))
    }
}

impl Job {
    pub fn new(transaction: TransactionId, order: Order, operator: String) -> Job {
        Job { transaction, order, operator, tried_sign_in: false, tried_settling: false, tried_debts: BTreeSet::new() }
    }

    /// Tells whoever asked why it was not even begun. Nothing was asked, written or sent, so there is nothing to
    /// write down.
    pub fn unwritten(self, why: NotSent) -> Effect {
        let outcome = if self.order.moves_money() { Outcome::NotSent(why) } else { Outcome::Failed(why) };
        Effect::Ended { operation: OperationId(0), transaction: self.transaction, outcome }
    }
}

impl Lane {
    /// An idle lane, with every unheard debt due at once.
    pub fn new(deployment: Deployment, books: &Books, keys_lost: bool, now_ms: u64) -> Lane {
        let mut due = Due::default();
        let unheard = books.debts_that_stand(&deployment.acquirer, Standing::Unheard);
        unheard.for_each(|debt| due.put(debt.id.clone(), debt.duty.rank(), now_ms));
        let settlement = settling::OpenSettlement::at_start(books, &deployment.acquirer, now_ms);
        Lane { deployment, settlement, current: None, queue: VecDeque::new(), due, keys_lost, sign_in_not_before_ms: 0 }
    }

    pub fn ask(&mut self, job: Job) {
        self.queue.push_back(job);
    }

    /// Whether what runs here keeps the card reader from everybody else.
    pub fn holds_reader(&self) -> bool {
        self.current.as_ref().is_some_and(|current| match &current.machine {
            Machine::Payment(state) => state.holds_reader(),
            Machine::Maintenance(_) | Machine::Inquiry(_) | Machine::Debt(_) | Machine::Settlement(_) => false,
        })
    }

    /// Whether this transaction runs or waits here.
    pub fn knows(&self, id: &TransactionId) -> bool {
        self.current.as_ref().is_some_and(|current| current.is_of(id))
            || self.queue.iter().any(|job| job.transaction == *id)
    }

    /// Takes a waiting job out of the queue.
    pub fn withdraw(&mut self, id: &TransactionId) -> Option<Job> {
        let place = self.queue.iter().position(|job| job.transaction == *id)?;
        self.queue.remove(place)
    }

    /// Sends away everything that waits.
    pub fn dismiss(&mut self) -> VecDeque<Job> {
        std::mem::take(&mut self.queue)
    }

    /// Sets when a debt is due again, or that it is not.
    pub fn schedule(&mut self, books: &Books, debt: &TransactionId, at_ms: Option<u64>) {
        match at_ms.zip(books.debt(debt)) {
            Some((at_ms, known)) => self.due.put(debt.clone(), known.duty.rank(), at_ms),
            None => self.due.remove(debt),
        }
    }

    /// Makes every debt that is sent again due now; refused ones too.
    pub fn all_due(&mut self, books: &Books, now_ms: u64) {
        let debts = books.open_debts_of(&self.deployment.acquirer);
        for debt in debts.filter(|debt| debt.is_sent_again()) {
            self.due.put(debt.id.clone(), debt.duty.rank(), now_ms);
        }
    }

    /// The acquirer is there: what waits to be told is told now.
    pub fn advices_due(&mut self, books: &Books, now_ms: u64) {
        let unheard = books.debts_that_stand(&self.deployment.acquirer, Standing::Unheard);
        for debt in unheard.filter(|debt| debt.duty.rank() != Rank::InDoubt) {
            self.due.put(debt.id.clone(), debt.duty.rank(), now_ms);
        }
    }

    /// A sign-in ended; its word alone brings no key back.
    pub fn signed_in(&mut self, with_new_keys: bool, now_ms: u64) {
        self.keys_lost &= !with_new_keys;
        self.sign_in_not_before_ms = now_ms.saturating_add(u64::from(SIGN_IN_AGAIN_MS));
    }

    /// Decides what runs next in an idle lane.
    pub fn next(&mut self, books: &Books, sales_stopped: Option<&str>, now_ms: u64) -> Next {
        if let Some(why) = sales_stopped {
            return self.while_stopped(why, now_ms);
        }
        match self.queue.pop_front() {
            Some(job) if job.order.moves_money() => match self.after_settlement(job, books) {
                Ok(job) => self.before_payment(job, books),
                Err(next) => next,
            },
            Some(job) if job.order == Order::Settle => self.before_settlement(job, books),
            Some(job) => Next::Begin(job),
            None => self.or_settle(self.next_debt(books, now_ms), books, now_ms),
        }
    }

    /// The journal could not be read whole. Which numbers its counters have given is among what may be lost, and no
    /// bound holds for how many: the acquirer itself may have moved one on. So nothing begins that takes a number, a
    /// sign-in and a settlement no more than a sale; what is owed under the number of its original is still paid.
    fn while_stopped(&mut self, why: &str, now_ms: u64) -> Next {
        if let Some(job) = self.queue.pop_front() {
            return Next::Refuse(job, NotSent::Storage(why.to_owned()));
        }
        match self.due.next(now_ms) {
            NextDue::Now(debt) => Next::Debt(debt),
            NextDue::At(at_ms) => Next::Idle(Some(at_ms)),
            NextDue::Never => Next::Idle(None),
        }
    }

    /// What must happen before this payment may ask for a card.
    fn before_payment(&mut self, mut job: Job, books: &Books) -> Next {
        if let Some(why) = self.refusal(&job, books) {
            return Next::Refuse(job, why);
        }
        if self.needs_sign_in(books) {
            if job.tried_sign_in {
                return Next::Refuse(job, NotSent::NotSignedIn);
            }
            job.tried_sign_in = true;
            let operator = job.operator.clone();
            self.queue.push_front(job);
            return Next::OwnSignIn { operator };
        }
        let untried = self.tried_first(books).filter(|debt| !job.tried_debts.contains(&debt.id));
        let first = untried.min_by_key(|debt| (debt.duty.rank(), debt.since)).map(|debt| debt.id.clone());
        if let Some(debt) = first {
            job.tried_debts.insert(debt.clone());
            self.queue.push_front(job);
            return Next::Debt(debt);
        }
        let unheard = u32::try_from(self.unheard(books).count()).unwrap_or(u32::MAX);
        let refused = books.count(&self.deployment.acquirer, Standing::Refused);
        if unheard > 0 || refused >= self.deployment.ceilings.refused_debts {
            return Next::Refuse(job, NotSent::DebtsOwed { unheard, refused });
        }
        Next::Begin(job)
    }

    /// Reasons that no trying can change.
    fn refusal(&self, job: &Job, books: &Books) -> Option<NotSent> {
        let Deployment { acquirer, plugin, ceilings, .. } = &self.deployment;
        if plugin.is_none() {
            return Some(NotSent::Plugin(Incident::PluginFailed("it is not loaded".into())));
        }
        if !self.deployment.offers(job.order.kind()) {
            return Some(NotSent::Unsupported);
        }
        if !job.order.is_within(ceilings.amount_minor) {
            return Some(NotSent::Amount);
        }
        let failed_proofs = books.kept(acquirer).map_or(0, |stream| stream.failed_proofs);
        (failed_proofs >= FAILED_PROOFS_IN_A_ROW).then_some(NotSent::Suspended)
    }

    /// A debt that is due is tried; when keys are gone, after a sign-in, but whether or not that brought them back.
    fn next_debt(&self, books: &Books, now_ms: u64) -> Next {
        let debt = match self.due.next(now_ms) {
            NextDue::Now(debt) => debt,
            NextDue::At(at_ms) => return Next::Idle(Some(at_ms)),
            NextDue::Never => return Next::Idle(None),
        };
        let could_sign_in = self.deployment.offers(OperationKind::SignIn) && self.sign_in_not_before_ms <= now_ms;
        if self.needs_sign_in(books) && could_sign_in {
            return Next::OwnSignIn { operator: String::new() };
        }
        Next::Debt(debt)
    }

    /// What is tried before a payment: all but advices, which wait for it unless they block it.
    fn tried_first<'a>(&'a self, books: &'a Books) -> impl Iterator<Item = &'a Debt> {
        let unheard = books.debts_that_stand(&self.deployment.acquirer, Standing::Unheard);
        unheard.filter(|debt| debt.duty.rank() != Rank::Advice || self.blocks(debt))
    }

    /// What stands in the way of a payment: money in doubt, mostly. Of what moved rightly the acquirer may be told later,
    /// unless it demands otherwise.
    fn unheard<'a>(&'a self, books: &'a Books) -> impl Iterator<Item = &'a Debt> {
        self.tried_first(books).filter(|debt| self.blocks(debt))
    }

    fn blocks(&self, debt: &Debt) -> bool {
        self.deployment.blocking.contains(&debt.duty.sort())
    }

    /// Whether a work key is missing.
    fn needs_sign_in(&self, books: &Books) -> bool {
        let kept = books.kept(&self.deployment.acquirer);
        self.keys_lost
            || self
                .deployment
                .work_keys
                .iter()
                .any(|slot| !kept.is_some_and(|stream| stream.keys.iter().any(|key| key.name == *slot)))
    }
}
