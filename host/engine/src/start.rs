//! A start: the journal read, what a power cut left open closed, and the engine begun.

use crate::books::{Books, Inconsistent};
use crate::deployment::Deployment;
use crate::effect::{Effect, Moment};
use crate::engine::Engine;
use crate::lane::Lane;
use crate::record::Record;

/// The books a journal gives, and the records that close what a power cut left open.
#[derive(Debug)]
pub struct Recovery {
    books: Books,
    closing: Vec<Record>,
    inconsistent: Option<Inconsistent>,
}

impl Recovery {
    /// Reads the journal's records, in order.
    ///
    /// A record that contradicts those before it is passed over and stops new sales; debts are still paid.
    pub fn read<'a>(records: impl IntoIterator<Item = &'a Record>, now: Moment) -> Recovery {
        let mut books = Books::default();
        let mut inconsistent = None;
        for record in records {
            if let Err(error) = books.apply(record) {
                inconsistent.get_or_insert(error);
            }
        }
        let closing = books.recover(now.wall);
        Recovery { books, closing, inconsistent }
    }

    /// What must be durable before the engine begins.
    pub fn closing(&self) -> &[Record] {
        &self.closing
    }

    /// What the journal says, before anything is closed.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Begins, once the closing records are durable. `sales_stopped` says why no sale may begin, when the journal
    /// could not be read whole; `keys_lost` names acquirers whose work keys could not be brought back.
    pub fn begin(
        mut self,
        deployments: Vec<Deployment>,
        sales_stopped: Option<String>,
        keys_lost: &[String],
        now: Moment,
    ) -> (Engine, Vec<Effect>) {
        for record in &self.closing {
            if let Err(error) = self.books.apply(record) {
                self.inconsistent.get_or_insert(error);
            }
        }
        let lane = |deployment: Deployment| {
            let lost = keys_lost.contains(&deployment.acquirer);
            (deployment.acquirer.clone(), Lane::new(deployment, &self.books, lost, now.monotonic_ms))
        };
        let lanes = deployments.into_iter().map(lane).collect();
        let stopped = sales_stopped.or_else(|| self.inconsistent.map(|error| error.to_string()));
        Engine::begin(self.books, lanes, stopped, now)
    }
}
