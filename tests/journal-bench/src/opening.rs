//! Opening a store: how long until its records are folded, and what that takes of memory. Every opening is a process of
//! its own, so that its memory is nothing else's.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::engines::{Kind, Way};
use crate::kernel::{self, Io, Memory};

/// The command by which this program starts itself for one opening.
pub const OPEN_ONCE: &str = "open-once";

/// How much is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Sizes of the stores. Records.
    pub records: Vec<u64>,
    /// Openings of each store with its files in the cache.
    pub warm_runs: u32,
    /// Openings of each store after its files were dropped from the cache.
    pub cold_runs: u32,
}

/// Where the files are when a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cache {
    /// In the kernel's page cache.
    Warm,
    /// On the device alone, as far as this machine decides it.
    Cold,
}

impl Cache {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// What one opening costs.
#[derive(Clone, Debug, Serialize)]
pub struct Opening {
    /// The store.
    pub engine: Kind,
    /// Records in it.
    pub records: u64,
    /// Disk it occupies.
    pub disk_bytes: u64,
    /// How much is read.
    pub way: Way,
    /// Where from.
    pub cache: Cache,
    /// Openings.
    pub runs: u32,
    /// The median one: milliseconds until everything is folded.
    pub median_ms: f64,
    /// The slowest. Milliseconds.
    pub slowest_ms: f64,
    /// Bytes that came from the device in the median one.
    pub from_device: Option<u64>,
    /// What the process grew by: resident afterwards, the store still open. KiB.
    pub resident_kib: u64,
    /// The most it grew by meanwhile. KiB.
    pub peak_kib: u64,
}

/// What the child process reports of the one opening it does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Once {
    ms: f64,
    records: u64,
    from_device: Option<u64>,
    resident_kib: u64,
    peak_kib: u64,
}

/// Makes stores of each size, opens each in every way, and removes it again.
pub fn measure(folder: &Path, plan: &Plan, mut say: impl FnMut(&str)) -> Result<Vec<Opening>> {
    let mut openings = Vec::new();
    for records in &plan.records {
        for kind in Kind::ALL.iter().filter(|kind| !kind.ways_to_open().is_empty()) {
            say(&format!("opening: {}, {records} records", kind.name()));
            let store = folder.join(format!("open-{}-{records}", kind.slug()));
            fs::create_dir(&store)?;
            kind.build(&store, *records).with_context(|| format!("{} cannot be filled", kind.name()))?;
            kernel::forget(&store)?;
            let disk_bytes = kernel::occupied(&store)?;
            for way in kind.ways_to_open() {
                for (cache, runs) in [(Cache::Warm, plan.warm_runs), (Cache::Cold, plan.cold_runs)] {
                    let mut runs: Vec<Once> =
                        (0..runs).map(|_| run(*kind, &store, *way, cache)).collect::<Result<_>>()?;
                    ensure!(runs.iter().all(|run| run.records == *records), "{} lost records: {runs:?}", kind.name());
                    openings.push(summary(*kind, (*records, disk_bytes), *way, cache, &mut runs)?);
                }
            }
            fs::remove_dir_all(&store)?;
        }
    }
    Ok(openings)
}

/// The child's side: opens one store once.
pub fn once(kind: Kind, folder: &Path, way: Way) -> Result<Once> {
    kernel::go_first();
    let (memory_before, io_before) = (Memory::now()?, Io::now());
    let begun = Instant::now();
    let opened = kind.open(folder, way)?;
    let ms = begun.elapsed().as_secs_f64() * 1e3;
    let (memory, io) = (Memory::now()?, Io::now());
    Ok(Once {
        ms,
        records: opened.index.records(),
        from_device: io_before.zip(io).map(|(before, after)| (after - before).read_from_device),
        resident_kib: memory.resident_kib.saturating_sub(memory_before.resident_kib),
        peak_kib: memory.peak_kib.saturating_sub(memory_before.resident_kib),
    })
}

fn run(kind: Kind, store: &Path, way: Way, cache: Cache) -> Result<Once> {
    match cache {
        Cache::Warm => kernel::warm(store)?,
        Cache::Cold => kernel::forget(store)?,
    }
    let mut child = Command::new(std::env::current_exe()?);
    child.args([OPEN_ONCE, &kind.slug(), &way.slug()]).arg(store);
    let output = child.output().context("the benchmark cannot start itself")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} did not open: {}", kind.name(), complaint.trim());
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn summary(
    engine: Kind,
    (records, disk_bytes): (u64, u64),
    way: Way,
    cache: Cache,
    runs: &mut [Once],
) -> Result<Opening> {
    runs.sort_by(|one, other| one.ms.total_cmp(&other.ms));
    let (median, slowest) = runs.get(runs.len() / 2).zip(runs.last()).context("no openings were asked for")?;
    Ok(Opening {
        engine,
        records,
        disk_bytes,
        way,
        cache,
        runs: runs.len() as u32,
        median_ms: median.ms,
        slowest_ms: slowest.ms,
        from_device: median.from_device,
        resident_kib: median.resident_kib,
        peak_kib: median.peak_kib,
    })
}
