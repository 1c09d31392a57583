//! What was done and suffered, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// Counts of one world, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Worlds played.
    pub worlds: u64,
    /// Payments, errands and tries of debts that came to an end.
    pub operations: u64,
    /// Times the power failed.
    pub power_cuts: u64,
    /// Snapshots taken.
    pub snapshots: u64,
    /// Segments written anew.
    pub compactions: u64,
    /// Messages that left on a second route.
    pub by_second_route: u64,
    /// Comparisons of books and ledger while the day goes on.
    pub comparisons: u64,
    /// Faults by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Laws that did not hold.
    pub violations: u64,
}

impl Figures {
    /// Counts a fault.
    pub fn fault(&mut self, word: &'static str) {
        *self.faults.entry(word).or_default() += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, more: &Figures) {
        self.worlds += more.worlds;
        self.operations += more.operations;
        self.power_cuts += more.power_cuts;
        self.snapshots += more.snapshots;
        self.compactions += more.compactions;
        self.by_second_route += more.by_second_route;
        self.comparisons += more.comparisons;
        self.violations += more.violations;
        for (word, count) in &more.faults {
            *self.faults.entry(word).or_default() += count;
        }
    }

    /// All faults.
    pub fn faults_in_all(&self) -> u64 {
        self.faults.values().sum()
    }

    /// The last line.
    pub fn summary(&self, took: Duration) -> String {
        let seconds = took.as_secs_f64().max(f64::EPSILON);
        format!(
            "{} worlds, {} operations, {} power cuts, {} faults, {} violations, {:.1} s, {:.1} worlds a second",
            self.worlds,
            self.operations,
            self.power_cuts,
            self.faults_in_all(),
            self.violations,
            seconds,
            self.worlds as f64 / seconds,
        )
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |what: &str, count: u64| writeln!(f, "  {what:<34}{count:>12}");
        row("worlds", self.worlds)?;
        row("operations", self.operations)?;
        row("power cuts", self.power_cuts)?;
        row("snapshots", self.snapshots)?;
        row("segments compacted", self.compactions)?;
        row("messages on a second route", self.by_second_route)?;
        row("books compared with ledgers", self.comparisons)?;
        for (word, count) in &self.faults {
            row(word, *count)?;
        }
        row("violations", self.violations)
    }
}
