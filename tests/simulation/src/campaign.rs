//! Many worlds, on as many threads as there are processors.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figures::Figures;
use crate::laws::Broken;
use crate::script::Script;
use crate::seed;
use crate::world::{Ground, World};

/// How often somebody who watches is told how far it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Which seeds.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The first.
    pub from: u64,
    /// How many at most.
    pub count: u64,
    /// When no more are begun.
    pub until: Option<Instant>,
}

/// A seed whose world broke a law, the law, and the script that plays it again.
pub type Found = (u64, Broken, Script);

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// What was counted.
    pub figures: Figures,
    /// Seeds whose world broke a law, in order, with the script that plays it again.
    pub found: Vec<Found>,
}

/// Plays these seeds; stops after `found_max` broken laws. `tell` is called now and then with how far it is.
pub fn run(ground: &Ground, seeds: Seeds, found_max: usize, tell: &(dyn Fn(&Figures) + Sync)) -> Result<Report> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let report = Mutex::new(Report::default());
    let failed = Mutex::new(None);
    let told = Mutex::new(Instant::now());
    let work = || {
        while !stop.load(Ordering::Relaxed) && seeds.until.is_none_or(|until| Instant::now() < until) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds.count {
                return;
            }
            match one(ground, seeds.from + number) {
                Ok((figures, found)) => {
                    let mut report = lock(&report);
                    report.figures.add(&figures);
                    report.found.extend(found);
                    if report.found.len() >= found_max {
                        stop.store(true, Ordering::Relaxed);
                    }
                    let mut told = lock(&told);
                    if told.elapsed() > TELL_EVERY {
                        *told = Instant::now();
                        tell(&report.figures);
                    }
                }
                Err(error) => {
                    lock(&failed).get_or_insert(error.context(format!("seed {}", seeds.from + number)));
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.found.sort_by_key(|(seed, ..)| *seed);
    Ok(report)
}

/// One world, and if it broke a law, the script that plays it again without chance.
fn one(ground: &Ground, seed: u64) -> Result<(Figures, Option<Found>)> {
    let (mut script, source) = seed::world(seed);
    let ended = World::play(ground, &script, source, false)?;
    let found = ended.broken.map(|broken| {
        script.strikes = ended.source.struck;
        (seed, broken, script)
    });
    Ok((ended.figures, found))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thousands more are played by `cargo xtask simulate` and in the long checks.
    #[test]
    fn no_law_breaks_in_a_handful_of_worlds() {
        let seeds = Seeds { from: 0, count: 40, until: None };
        let report = run(&Ground::native().unwrap(), seeds, 1, &|_| ()).unwrap();
        assert!(report.found.is_empty(), "{:?}", report.found);
        let figures = report.figures;
        assert!(figures.operations > 400 && figures.power_cuts > 40 && figures.faults.len() > 20, "{figures}");
        assert!(figures.by_second_route > 0, "{figures}");
        assert!(figures.snapshots > 100 && figures.compactions > 0 && figures.comparisons > 400, "{figures}");
    }
}
