//! A start: the journal read, what a power cut left open closed, and the engine begun.

use crate::books::Books;
use crate::deployment::Deployment;
use crate::effect::{Effect, Moment};
use crate::engine::Engine;
use crate::lane::Lane;
use crate::record::{Fact, Incident, Party, Record};
use crate::time::Timestamp;

/// The journal being read, entry by entry: a million need not be held to be told.
#[derive(Debug, Default)]
pub struct Reading {
    books: Books,
    contradiction: Option<String>,
}

/// The books a journal gives, and the records that close what a power cut left open.
#[derive(Debug)]
pub struct Recovery {
    books: Books,
    closing: Vec<Record>,
    contradiction: Option<String>,
}

impl Reading {
    /// Goes on from books that hold all that came before, such as a snapshot's.
    pub fn from(books: Books) -> Reading {
        Reading { books, contradiction: None }
    }

    /// Reads one more record. One that contradicts those before it is passed over and stops new sales; debts are still
    /// paid.
    pub fn record(&mut self, record: &Record) {
        if let Err(error) = self.books.apply(record) {
            self.contradiction.get_or_insert(error.to_string());
        }
    }

    /// Reads a line that stands in a record's place; the same holds for one that cannot be read.
    pub fn summary(&mut self, line: &[u8]) {
        if let Err(error) = self.books.apply_summary(line) {
            self.contradiction.get_or_insert(error.to_string());
        }
    }

    /// Passes over an entry of which only the commitment is left.
    pub fn gone(&mut self) {
        self.books.apply_gone();
    }

    /// Lets what was settled before the horizon leave memory, now and then while reading.
    pub fn forget(&mut self, horizon: Timestamp) {
        self.books.forget(horizon);
    }

    /// Looks at what is left open.
    pub fn finish(self, now: Moment) -> Recovery {
        let Reading { books, contradiction } = self;
        let mut closing = books.recover(now.wall);
        closing.extend(clock_went_back(&books, now));
        Recovery { books, closing, contradiction }
    }
}

impl Recovery {
    /// Reads the journal's records, in order.
    pub fn read<'a>(records: impl IntoIterator<Item = &'a Record>, now: Moment) -> Recovery {
        let mut reading = Reading::default();
        records.into_iter().for_each(|record| reading.record(record));
        reading.finish(now)
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
                self.contradiction.get_or_insert(error.to_string());
            }
        }
        let lane = |deployment: Deployment| {
            let lost = keys_lost.contains(&deployment.acquirer);
            (deployment.acquirer.clone(), Lane::new(deployment, &self.books, lost, now.monotonic_ms))
        };
        let lanes = deployments.into_iter().map(lane).collect();
        let stopped = sales_stopped.or(self.contradiction);
        Engine::begin(self.books, lanes, stopped, now)
    }
}

/// Written down once, since receipts and waits that speak of the time between would puzzle whoever reads them.
fn clock_went_back(books: &Books, now: Moment) -> Option<Record> {
    let (newest, acquirer) = books.newest()?;
    (newest.unix_ms > now.wall.unix_ms).then(|| Record {
        at: now.wall,
        acquirer: acquirer.to_owned(),
        fact: Fact::Incident { transaction: None, party: Party::Terminal, what: Incident::ClockWentBack },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_is_written_down_once() {
        let at = |unix_ms| Timestamp { unix_ms, utc_offset_minutes: 0 };
        let remembered = Record {
            at: at(2_000),
            acquirer: "unionpay".into(),
            fact: Fact::Remembered { name: "batch".into(), value: b"000042".to_vec() },
        };
        let moment = |unix_ms| Moment { wall: at(unix_ms), monotonic_ms: 0 };
        assert!(Recovery::read([&remembered], moment(2_000)).closing().is_empty());
        let closing = Recovery::read([&remembered], moment(1_000)).closing().to_vec();
        assert!(matches!(closing[..], [Record { fact: Fact::Incident { what: Incident::ClockWentBack, .. }, .. }]));
        assert!(Recovery::read([&remembered, &closing[0]], moment(1_001)).closing().is_empty());
    }
}
