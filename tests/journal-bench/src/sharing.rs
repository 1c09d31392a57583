//! Commits by several threads at once: how many records share a sync.

use std::fs;
use std::path::Path;
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::counting::Counts;
use crate::engines::{Engine, Kind};
use crate::records::{RECORD_BYTES, record};

/// Threads that commit at once.
pub const THREADS: [u32; 3] = [1, 8, 64];

/// How much is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Every store has one turn in each round for each number of threads.
    pub rounds: u32,
    /// Records of one turn, divided among the threads; between two turns the store may do its upkeep.
    pub records_a_turn: u32,
}

/// What one kind of store does with so many threads.
#[derive(Clone, Debug, Serialize)]
pub struct Shared {
    /// The store.
    pub engine: Kind,
    /// Threads, each of which waits for its commit before it begins the next.
    pub threads: u32,
    /// Records of all rounds.
    pub records: u64,
    /// Calls and bytes for them.
    pub counted: Counts,
    /// Median over the rounds.
    pub records_a_second: f64,
}

/// Measures all kinds in one run.
pub fn measure(folder: &Path, plan: Plan) -> Result<Vec<Shared>> {
    let mut lanes = Vec::new();
    for kind in Kind::ALL {
        for threads in THREADS {
            let folder = folder.join(format!("shared-{}-{threads}", kind.slug()));
            fs::create_dir(&folder)?;
            let records = u64::from(plan.rounds + 1) * u64::from(plan.records_a_turn);
            lanes.push(Lane::new(*kind, threads, kind.create(&folder, records)?));
        }
    }
    for round in 0..=plan.rounds {
        for lane in &mut lanes {
            lane.turn(round, plan).with_context(|| format!("{} failed", lane.kind.name()))?;
        }
    }
    Ok(lanes.into_iter().map(Lane::shared).collect())
}

struct Lane {
    kind: Kind,
    threads: u32,
    engine: Box<dyn Engine>,
    records: u64,
    counted: Counts,
    rates: Vec<f64>,
}

impl Lane {
    fn new(kind: Kind, threads: u32, engine: Box<dyn Engine>) -> Self {
        Self { kind, threads, engine, records: 0, counted: Counts::default(), rates: Vec::new() }
    }

    /// Round 0 only warms up.
    fn turn(&mut self, round: u32, plan: Plan) -> Result<()> {
        let each = u64::from(plan.records_a_turn / self.threads);
        let first = u64::from(round) * u64::from(plan.records_a_turn);
        let before = Counts::now();
        let took = all_at_once(self.engine.as_ref(), self.threads, each, first)?;
        let counted = Counts::since(before);
        self.engine.rest()?;
        if round > 0 {
            let records = each * u64::from(self.threads);
            self.records += records;
            self.counted = self.counted + counted;
            self.rates.push(records as f64 / took.as_secs_f64());
        }
        Ok(())
    }

    fn shared(mut self) -> Shared {
        self.rates.sort_by(f64::total_cmp);
        Shared {
            engine: self.kind,
            threads: self.threads,
            records: self.records,
            counted: self.counted,
            records_a_second: self.rates.get(self.rates.len() / 2).copied().unwrap_or(f64::NAN),
        }
    }
}

/// Every thread commits `each` records, one after the other; the time from the common start to the last.
fn all_at_once(engine: &dyn Engine, threads: u32, each: u64, first: u64) -> Result<Duration> {
    let start = Barrier::new(threads as usize + 1);
    let failure = Mutex::new(None);
    let took = std::thread::scope(|scope| {
        for thread in 0..u64::from(threads) {
            let (start, failure) = (&start, &failure);
            scope.spawn(move || {
                start.wait();
                for number in 0..each {
                    let record = record(first + thread * each + number, RECORD_BYTES);
                    if let Err(error) = engine.commit(&record) {
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        break;
                    }
                }
            });
        }
        start.wait();
        Instant::now()
    })
    .elapsed();
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(took),
    }
}
