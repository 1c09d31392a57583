//! What was measured, as tables for people, as JSON for machines, and as the aims it meets.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::commit::Cost;
use crate::counting::Counts;
use crate::engines::{BEHIND_SNAPSHOT, Kind, Way};
use crate::fold::KEPT;
use crate::opening::Opening;
use crate::records::RECORD_BYTES;
use crate::sharing::{Shared, THREADS};
use crate::space::{self, Space};

/// The limit takes as many.
const SYNCS_A_COMMIT: f64 = 1.0;
/// The limit takes as many.
const WRITES_A_COMMIT: f64 = 1.0;
/// What encryption, chain and tree may add to the median commit.
const TIMES_THE_LIMIT: f64 = 1.15;
/// A journal of years.
const RECORDS_OPENED: u64 = 1_000_000;
/// A terminal is to be ready before anybody notices that it was not.
const SECONDS_TO_OPEN: f64 = 0.3;

/// Everything one run found out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Bytes of a record.
    pub record_bytes: usize,
    /// Where and how it was measured.
    pub conditions: Conditions,
    /// Single commits.
    pub commit: Vec<Cost>,
    /// Commits by several threads.
    pub sharing: Vec<Shared>,
    /// What a payment takes of the disk.
    pub space: Vec<Space>,
    /// Openings.
    pub opening: Vec<Opening>,
    /// What was aimed at, and whether it was met.
    pub aims: Vec<Aim>,
}

/// Where and how a run measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Conditions {
    /// The file system of the folder that was written to.
    pub file_system: String,
    /// Processes that wanted to run in the minute before.
    pub load: f64,
    /// Whether the benchmark went before all of them.
    pub goes_first: bool,
    /// Rounds in which the stores took turns for single commits.
    pub rounds: u32,
}

/// One aim and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aim {
    /// What is aimed at.
    pub what: String,
    /// What was measured.
    pub measured: f64,
    /// The most it may be.
    pub at_most: f64,
    /// Whether it is.
    pub holds: bool,
}

impl Report {
    /// Puts the parts together.
    pub fn new(
        conditions: Conditions,
        commit: Vec<Cost>,
        sharing: Vec<Shared>,
        space: Vec<Space>,
        opening: Vec<Opening>,
    ) -> Self {
        let aims = aims(&commit, &opening);
        Self { record_bytes: RECORD_BYTES, conditions, commit, sharing, space, opening, aims }
    }

    /// One line for all aims.
    pub fn verdict(&self) -> String {
        let one = |aim: &Aim| {
            let holds = if aim.holds { "holds" } else { "MISSED" };
            format!("{} {} (aim {}): {holds}", aim.what, rounded(aim.measured), rounded(aim.at_most))
        };
        format!("aims: {}", self.aims.iter().map(one).collect::<Vec<_>>().join("; "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&commit_table(self))?;
        f.write_str(&sharing_table(&self.sharing))?;
        f.write_str(&space_table(&self.space))?;
        f.write_str(&opening_table(&self.opening))?;
        writeln!(f, "\n{}", self.verdict())
    }
}

fn commit_table(report: &Report) -> String {
    let mut rows = vec![
        ["", "syncs", "writes", "bytes", "device", "+ upkeep", "p50 us", "p99 us", "ratio", "by round"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for cost in &report.commit {
        let [lower, median, upper] = cost.ratio_by_round;
        rows.push(vec![
            cost.engine.name().to_owned(),
            format!("{:.3}", cost.a_commit(cost.counted.syncs)),
            format!("{:.3}", cost.a_commit(cost.counted.writes)),
            format!("{:.0}", cost.a_commit(cost.counted.bytes)),
            cost.device_bytes.map_or_else(|| "-".into(), |bytes| bytes.to_string()),
            format!("{:.3} / {:.0}", cost.a_commit(cost.upkeep.syncs), cost.a_commit(cost.upkeep.bytes)),
            format!("{:.0}", cost.p50_us),
            format!("{:.0}", cost.p99_us),
            format!("{:.2}", cost.ratio),
            format!("{median:.2} ({lower:.2}-{upper:.2})"),
        ]);
    }
    let samples = report.commit.first().map_or(0, |cost| cost.samples);
    format!(
        "One durable commit of one record of {} bytes, on {}; {samples} commits of each store, in turns, in {} rounds; \
         load of the machine {:.1}{}\n{}\
         syncs, writes, bytes: handed to the kernel for each commit, counted.\n\
         device: bytes that reached the disk for each commit, file system's journal and all (median of the turns).\n\
         upkeep: syncs / bytes for each commit, done between the turns, off the path that a customer waits \
         for.\nratio: p50 over the limit's; by round: the median of the rounds and the quartiles around it.\n",
        report.record_bytes,
        report.conditions.file_system,
        report.conditions.rounds,
        report.conditions.load,
        if report.conditions.goes_first { ", this run before all others" } else { "" },
        aligned(&rows)
    )
}

fn sharing_table(shared: &[Shared]) -> String {
    let columns = THREADS.map(|threads| format!("{threads} at once"));
    let mut rows = vec![std::iter::once(String::new()).chain(columns).collect::<Vec<_>>()];
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| shared.iter().any(|s| s.engine == *kind)).collect();
    for kind in kinds {
        let cell = |threads: u32| {
            let found = shared.iter().find(|shared| shared.engine == kind && shared.threads == threads);
            found.map_or_else(String::new, |shared| {
                let syncs = shared.counted.syncs as f64 / shared.records as f64;
                format!("{syncs:.3} syncs, {:>7.0}/s", shared.records_a_second)
            })
        };
        rows.push(std::iter::once(kind.name().to_owned()).chain(THREADS.map(cell)).collect());
    }
    format!(
        "\nSeveral threads, each waiting for its commit: syncs for each record, records a second\n{}",
        aligned(&rows)
    )
}

fn space_table(spaces: &[Space]) -> String {
    let heading = ["", "path bytes", "upkeep bytes", "disk bytes", "days in 1 GiB", "years in all"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for space in spaces {
        let a_payment = |counts: Counts| match counts.bytes {
            0 => "-".to_owned(),
            bytes => format!("{:.0}", bytes as f64 / space.payments as f64),
        };
        rows.push(vec![
            space.what.clone(),
            a_payment(space.counted),
            a_payment(space.upkeep),
            format!("{:.0}", space.disk_bytes_a_payment),
            format!("{:.0}", space.days_in(1 << 30)),
            format!("{:.0}", space.days_in(space::MOST_BYTES) / 365.0),
        ]);
    }
    format!(
        "\nOne payment: an intent of {} bytes with a card part of {}, then a conclusion of {}; {} a day; at most {} GiB\n{}\
         path: its two appends. upkeep: idle markers, checkpoints, and segments filled with zeros ahead.\n\
         compacted: of each payment a line of {} bytes and its place in chain and tree.\n",
        space::INTENT_BYTES,
        space::CARD_BYTES,
        space::CONCLUDED_BYTES,
        space::PAYMENTS_A_DAY,
        space::MOST_BYTES >> 30,
        aligned(&rows),
        space::SUMMARY_BYTES
    )
}

fn opening_table(openings: &[Opening]) -> String {
    let mut rows = vec![
        ["", "records", "disk MB", "", "cache", "median ms", "slowest", "read MB", "grows KiB", "peak KiB"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for opening in openings {
        rows.push(vec![
            opening.engine.name().to_owned(),
            opening.records.to_string(),
            megabytes(opening.disk_bytes),
            opening.way.name().to_owned(),
            opening.cache.name().to_owned(),
            format!("{:.1}", opening.median_ms),
            format!("{:.1}", opening.slowest_ms),
            opening.from_device.map_or_else(|| "-".into(), megabytes),
            opening.resident_kib.to_string(),
            opening.peak_kib.to_string(),
        ]);
    }
    format!(
        "\nOpening, each time in a process of its own, until every record is folded\n{}\
         folded: identity and amount (16 bytes) are decoded from each record, amounts summed, the last {KEPT} kept in \
         order and by identity.\nthe journal was filled as a terminal does, one group a record, and verifies and \
         decrypts what it reads; SQLite and redb were filled\nin transactions of 10,000, encrypt nothing and verify \
         nothing.\nsnapshot: taken {BEHIND_SNAPSHOT} records before the end.\ncold: synced and dropped from this \
         machine's page cache; the host of a virtual machine may still hold it. read: what came from the device in \
         the median run.\n",
        aligned(&rows)
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

fn rounded(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Columns as wide as their widest cell: the first to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.len())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}

/// What the journal promises of its cost; an aim that was not measured in this run is left out.
fn aims(commit: &[Cost], opening: &[Opening]) -> Vec<Aim> {
    let mut aims = Vec::new();
    let mut aim = |what: &str, measured: f64, at_most: f64| {
        aims.push(Aim { what: what.into(), measured, at_most, holds: measured <= at_most });
    };
    if let Some(ours) = commit.iter().find(|cost| cost.engine == Kind::Ours) {
        aim("syncs a commit", ours.a_commit(ours.counted.syncs), SYNCS_A_COMMIT);
        aim("writes a commit", ours.a_commit(ours.counted.writes), WRITES_A_COMMIT);
        aim("median commit over the limit's", ours.ratio, TIMES_THE_LIMIT);
    }
    for opening in opening {
        let is_aimed_at = opening.engine == Kind::Ours && opening.way == Way::Snapshot;
        if is_aimed_at && opening.records == RECORDS_OPENED {
            let what = format!("seconds to open a million records from a snapshot, {}", opening.cache.name());
            aim(&what, opening.median_ms / 1e3, SECONDS_TO_OPEN);
        }
    }
    aims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_that_is_missed_says_so() {
        let aim =
            |measured: f64, at_most: f64| Aim { what: "ratio".into(), measured, at_most, holds: measured <= at_most };
        let report = Report { aims: vec![aim(1.0, 1.0), aim(1.2346, 1.15)], ..empty() };
        assert_eq!(report.verdict(), "aims: ratio 1 (aim 1): holds; ratio 1.235 (aim 1.15): MISSED");
        assert_eq!(empty().verdict(), "aims: ");
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["", "syncs"], ["the journal", "1"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "             syncs\nthe journal      1\n");
    }

    fn empty() -> Report {
        Report::new(Conditions::default(), Vec::new(), Vec::new(), Vec::new(), Vec::new())
    }
}
