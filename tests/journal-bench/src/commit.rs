//! One durable commit of one record: its calls and bytes, and how long it takes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::counting::Counts;
use crate::engines::{Engine, Kind};
use crate::kernel::{Device, Io};
use crate::records::{RECORD_BYTES, record};

/// How much is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Every store has one turn in each round, so that what else the machine does hits all of them alike.
    pub rounds: u32,
    /// Commits of one turn.
    pub commits_a_turn: u32,
}

/// What one kind of store costs.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// The store.
    pub engine: Kind,
    /// Commits that were timed.
    pub samples: usize,
    /// Calls and bytes of all of them.
    pub counted: Counts,
    /// Bytes that reached the device for each commit: the median of the turns, since others write too.
    pub device_bytes: Option<u64>,
    /// Calls and bytes of the duties off the path.
    pub upkeep: Counts,
    /// Half of the commits were faster. Microseconds.
    pub p50_us: f64,
    /// One in a hundred was slower. Microseconds.
    pub p99_us: f64,
    /// Median over the limit's median.
    pub ratio: f64,
    /// The same taken round by round: lower quartile, median, upper quartile. How far apart they are is how noisy the
    /// machine was.
    pub ratio_by_round: [f64; 3],
}

impl Cost {
    /// A count for each commit.
    pub fn a_commit(&self, count: u64) -> f64 {
        count as f64 / self.samples as f64
    }
}

/// Measures all kinds in one run; each has a folder of its own.
pub fn measure(folder: &Path, plan: Plan) -> Result<Vec<Cost>> {
    let mut lanes = Vec::new();
    for kind in Kind::ALL {
        lanes.push(Lane::create(*kind, folder, plan).with_context(|| format!("{} cannot be made", kind.name()))?);
    }
    for round in 0..=plan.rounds {
        for turn in 0..lanes.len() {
            // Nobody is always the one who follows the most expensive.
            let at = (turn + round as usize) % lanes.len();
            let lane = &mut lanes[at];
            lane.turn(round, plan).with_context(|| format!("{} failed", lane.kind.name()))?;
        }
    }
    let limit: Vec<Duration> = lanes.first().map(|lane| lane.medians.clone()).unwrap_or_default();
    let mut costs: Vec<Cost> = lanes.into_iter().map(|lane| lane.cost(&limit)).collect();
    let limit_us = costs.first().map_or(f64::NAN, |cost| cost.p50_us);
    for cost in &mut costs {
        cost.ratio = cost.p50_us / limit_us;
    }
    Ok(costs)
}

struct Lane {
    kind: Kind,
    engine: Box<dyn Engine>,
    next: u64,
    times: Vec<Duration>,
    medians: Vec<Duration>,
    counted: Counts,
    device: Option<Device>,
    device_bytes: Vec<u64>,
    upkeep: Counts,
}

impl Lane {
    fn create(kind: Kind, folder: &Path, plan: Plan) -> Result<Self> {
        let folder = folder.join(format!("commit-{}", kind.slug()));
        fs::create_dir(&folder)?;
        let engine = kind.create(&folder, u64::from(plan.rounds + 1) * u64::from(plan.commits_a_turn))?;
        Ok(Self {
            kind,
            engine,
            next: 0,
            times: Vec::new(),
            medians: Vec::new(),
            counted: Counts::default(),
            device: Device::of(&folder),
            device_bytes: Vec::new(),
            upkeep: Counts::default(),
        })
    }

    /// Round 0 only warms up.
    fn turn(&mut self, round: u32, plan: Plan) -> Result<()> {
        let numbers = self.next..self.next + u64::from(plan.commits_a_turn);
        self.next = numbers.end;
        let records: Vec<Vec<u8>> = numbers.map(|number| record(number, RECORD_BYTES)).collect();
        let mut times = Vec::with_capacity(records.len());
        let written = || self.device.as_ref().and_then(Device::written);
        let (written_before, io_before, before) = (written(), Io::now(), Counts::now());
        for record in &records {
            let begun = Instant::now();
            self.engine.commit(record)?;
            times.push(begun.elapsed());
        }
        let (counted, io_after, written_after) = (Counts::since(before), Io::now(), written());
        if let Some((before, after)) = io_before.zip(io_after) {
            (after - before).agrees_with(counted)?;
        }
        let before = Counts::now();
        self.engine.rest()?;
        let upkeep = Counts::since(before);
        if round > 0 {
            self.medians.push(quantile(&mut times.clone(), 0.5));
            self.times.extend(times);
            self.counted = self.counted + counted;
            self.upkeep = self.upkeep + upkeep;
            let device = written_before.zip(written_after).map(|(before, after)| after - before);
            self.device_bytes.extend(device.map(|bytes| bytes / u64::from(plan.commits_a_turn)));
        }
        Ok(())
    }

    fn cost(mut self, limit: &[Duration]) -> Cost {
        let ratio = |(ours, limit): (&Duration, &Duration)| ours.as_secs_f64() / limit.as_secs_f64();
        let mut ratios: Vec<f64> = self.medians.iter().zip(limit).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        self.device_bytes.sort_unstable();
        let of_rounds = |share: f64| ratios.get((ratios.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Cost {
            engine: self.kind,
            samples: self.times.len(),
            counted: self.counted,
            device_bytes: self.device_bytes.get(self.device_bytes.len() / 2).copied(),
            upkeep: self.upkeep,
            p50_us: micros(quantile(&mut self.times, 0.5)),
            p99_us: micros(quantile(&mut self.times, 0.99)),
            ratio: f64::NAN,
            ratio_by_round: [0.25, 0.5, 0.75].map(of_rounds),
        }
    }
}

/// The time that this share of the samples stays under; zero without samples.
fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get(((times.len() as f64 * share) as usize).min(last)).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_samples() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_micros).collect();
        assert_eq!(quantile(&mut times, 0.5), Duration::from_micros(51));
        assert_eq!(quantile(&mut times, 0.99), Duration::from_micros(100));
        assert_eq!(quantile(&mut [], 0.5), Duration::ZERO);
    }
}
