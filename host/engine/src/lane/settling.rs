//! What must happen before a batch is closed, and when a settlement that stayed open is gone on with.

use super::{Job, Lane, Next};
use crate::books::{Books, Debt, Standing};
use crate::contract::transaction::OperationKind;
use crate::contract::types::Milliseconds;
use crate::identity::TransactionId;
use crate::record::{Incident, NotSent, Outcome};

/// The wait before an open settlement is first gone on with by itself; it doubles with each time that nothing comes of
/// it.
const AGAIN_MS: Milliseconds = 30_000;

/// How often that wait doubles: up to a quarter of an hour. Payments wait for it, so somebody will ask sooner.
const DOUBLINGS: u32 = 5;

/// The settlement under way, as the lane sees it.
#[derive(Debug, Default)]
pub(super) struct OpenSettlement {
    /// When it is gone on with by itself, on the monotonic clock.
    at_ms: Option<u64>,
    /// How often nothing came of it since the start.
    failed: u32,
    /// Others who asked for a settlement meanwhile: told of this one's end.
    waiting: Vec<TransactionId>,
}

impl OpenSettlement {
    /// One that a power cut interrupted goes on at once.
    pub fn at_start(books: &Books, acquirer: &str, now_ms: u64) -> OpenSettlement {
        OpenSettlement { at_ms: books.settling(acquirer).map(|_| now_ms), ..OpenSettlement::default() }
    }
}

impl Lane {
    /// Every debt is tried once, refused ones too; nothing unheard may be left.
    pub(super) fn before_settlement(&mut self, mut job: Job, books: &Books) -> Next {
        if self.deployment.plugin.is_none() {
            return Next::Refuse(job, NotSent::Plugin(Incident::PluginFailed("it is not loaded".into())));
        }
        if !self.deployment.offers(OperationKind::Settle) {
            return Next::Refuse(job, NotSent::Unsupported);
        }
        if self.needs_sign_in(books) && !job.tried_sign_in {
            job.tried_sign_in = true;
            let operator = job.operator.clone();
            self.queue.push_front(job);
            return Next::OwnSignIn { operator };
        }
        let acquirer = &self.deployment.acquirer;
        if let Some(open) = books.settling(acquirer) {
            if job.transaction != open.settlement {
                self.settlement.waiting.push(job.transaction);
            }
            return Next::GoOnSettling;
        }
        let untried = |debt: &&Debt| debt.is_sent_again() && !job.tried_debts.contains(&debt.id);
        let untried = books.open_debts_of(acquirer).filter(untried);
        let first =
            untried.min_by_key(|debt| (debt.duty.rank(), debt.standing, debt.since)).map(|debt| debt.id.clone());
        if let Some(debt) = first {
            job.tried_debts.insert(debt.clone());
            self.queue.push_front(job);
            return Next::Debt(debt);
        }
        let (unheard, refused) = (books.count(acquirer, Standing::Unheard), books.count(acquirer, Standing::Refused));
        if unheard > 0 {
            return Next::Refuse(job, NotSent::DebtsOwed { unheard, refused });
        }
        Next::Begin(job)
    }

    /// A payment waits for the settlement under way, which is gone on with first; none when there is none.
    pub(super) fn after_settlement(&mut self, mut job: Job, books: &Books) -> Result<Job, Next> {
        if books.settling(&self.deployment.acquirer).is_none() {
            return Ok(job);
        }
        if job.tried_settling {
            return Err(Next::Refuse(job, NotSent::Settling));
        }
        job.tried_settling = true;
        self.queue.push_front(job);
        Err(Next::GoOnSettling)
    }

    /// What is done while nothing else is due: the settlement that stayed open.
    pub(super) fn or_settle(&self, next: Next, books: &Books, now_ms: u64) -> Next {
        let (Next::Idle(at), Some(due)) = (&next, self.settlement.at_ms) else { return next };
        if books.settling(&self.deployment.acquirer).is_none() {
            return next;
        }
        if due <= now_ms { Next::GoOnSettling } else { Next::Idle(Some(at.map_or(due, |at| at.min(due)))) }
    }

    /// It has ended, or stays open; who else is to be told.
    pub fn settled(&mut self, outcome: &Outcome, now_ms: u64) -> Vec<TransactionId> {
        if let Outcome::Settled(_) = outcome {
            self.settlement.at_ms = None;
            self.settlement.failed = 0;
        } else {
            let wait = AGAIN_MS << self.settlement.failed.min(DOUBLINGS);
            self.settlement.failed = self.settlement.failed.saturating_add(1);
            self.settlement.at_ms = Some(now_ms.saturating_add(u64::from(wait)));
        }
        std::mem::take(&mut self.settlement.waiting)
    }
}
