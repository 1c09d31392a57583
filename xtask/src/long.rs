//! The long checks: what shows a law by going through all of it, and takes minutes.

use std::time::Instant;

use anyhow::Result;

use crate::{
    fuzz,
    house::House,
    programs,
    progress::{Progress, spent},
    verify,
};

/// Kills of a writer: the number the journal's promise is stated with.
const KILLS: &str = "1000";
/// The package whose writer is killed.
const KILL: &str = "acquit-kill";

/// One long check.
pub struct Check {
    /// A few words.
    pub name: &'static str,
    /// What it shows, as a sentence without its full stop.
    pub shows: &'static str,
    run: fn(&House, &mut Progress) -> Result<()>,
}

/// All of them, in the order they are run: those that find most come first.
pub const CHECKS: &[Check] = &[
    Check {
        name: "power cuts",
        shows: "every disk image a cut can leave recovers whole, and so do 10,000 long scripts",
        run: power_cuts,
    },
    Check {
        name: "whole days",
        shows: "no law breaks in 2,000 worlds by seed, nor by any single fault at any step of any operation",
        run: whole_days,
    },
    Check {
        name: "a thousand kills",
        shows: "a writer with eight threads dies by SIGKILL 1,000 times and loses nothing it acknowledged",
        run: kills,
    },
    Check {
        name: "the journal beside others",
        shows: "a commit takes one write and one sync, counted beside SQLite and redb, and the benchmark runs",
        run: peers,
    },
    Check {
        name: "a plugin from nothing",
        shows: "every command of docs/plugin-guide.md, from a template to a certified plugin, does what it says",
        run: verify::guide,
    },
    Check {
        name: "fuzzing",
        shows: "segment bytes and evidence files, mutated for a minute a target, make nothing panic",
        run: fuzz::run,
    },
];

/// Runs them one after the other and stops at the first that fails.
pub fn run(house: &House, progress: &mut Progress) -> Result<()> {
    for check in CHECKS {
        progress.step(&format!("long check: {} ({})", check.name, check.shows));
        let began = Instant::now();
        (check.run)(house, progress)?;
        eprintln!("         {}: {}", check.name, spent(began.elapsed()));
    }
    Ok(())
}

/// The table for the help page.
pub fn table() -> String {
    CHECKS.iter().map(|check| format!("  {}\n      {}\n", check.name, check.shows)).collect()
}

fn power_cuts(house: &House, progress: &mut Progress) -> Result<()> {
    programs::build_released(house, progress, programs::CRASH)?;
    // Without arguments it goes through everything, and 10,000 seeds.
    progress.run("power cuts, enumerated", &mut house.program(house.released_program("crash")))
}

fn whole_days(house: &House, progress: &mut Progress) -> Result<()> {
    programs::build_released(house, progress, programs::SIMULATION)?;
    // Without arguments it plays 2,000 seeds and every single fault.
    progress.run("worlds", &mut house.program(house.released_program("simulate")))
}

fn kills(house: &House, progress: &mut Progress) -> Result<()> {
    programs::build_released(house, progress, KILL)?;
    let folder = house.target.join("kill");
    let mut kill = house.program(house.released_program(KILL));
    kill.args(["--count", KILLS, "--directory"]).arg(&folder);
    progress.run("kills", &mut kill)
}

/// Times of a machine that does other things as well say nothing, so only what is counted is judged.
fn peers(house: &House, progress: &mut Progress) -> Result<()> {
    verify::need_c_compiler(house)?;
    progress.run("the counts of each store", &mut programs::with_peers(house, "test"))?;
    progress.run("the benchmark, quickly", programs::journal_bench(house).arg("--quick"))
}
