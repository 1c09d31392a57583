//! `cargo xtask bench journal`: the tables, or with `--json` one document.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acquit_journal_bench::counting;
use acquit_journal_bench::engines::{Kind, Way};
use acquit_journal_bench::kernel::{self, FileSystem};
use acquit_journal_bench::report::{Conditions, Report};
use acquit_journal_bench::{commit, opening, sharing, space};
use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

/// Disk that a run occupies at most, for each record of the largest store that is opened.
const BYTES_A_RECORD: u64 = 6 << 10;
/// What the other measurements need beside.
const BYTES_BESIDE: u64 = 1 << 30;

/// What the folder of one run begins with.
const RUN: &str = "run-";

/// What a durable commit of the journal costs, beside the limit and two databases.
#[derive(Parser)]
struct Arguments {
    /// Fewer rounds and no large stores: for a first look, and to see that it runs.
    #[arg(long)]
    quick: bool,
    /// One JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// Where to write: on the disk that is to be measured. Everything is removed afterwards.
    #[arg(long, default_value = "target/journal-bench")]
    folder: PathBuf,
    #[command(subcommand)]
    command: Option<Internal>,
}

#[derive(Subcommand)]
enum Internal {
    /// Opens one store once; the benchmark starts itself with it.
    #[command(name = opening::OPEN_ONCE, hide = true)]
    OpenOnce { kind: Kind, way: Way, store: PathBuf },
    /// Makes a store and leaves it, for a profiler to open.
    #[command(hide = true)]
    Build { kind: Kind, records: u64, store: PathBuf },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Internal::OpenOnce { kind, way, store }) => open_once(*kind, *way, store),
        Some(Internal::Build { kind, records, store }) => kind.build(store, *records),
        None => benchmark(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("journal-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn open_once(kind: Kind, way: Way, store: &Path) -> Result<()> {
    println!("{}", serde_json::to_string(&opening::once(kind, store, way)?)?);
    Ok(())
}

fn benchmark(arguments: &Arguments) -> Result<()> {
    let (commits, threads, openings) = plans(arguments.quick);
    fs::create_dir_all(&arguments.folder).with_context(|| format!("{} cannot be made", arguments.folder.display()))?;
    let _alone = clear(&arguments.folder)?;
    let scratch = tempfile::Builder::new().prefix(RUN).tempdir_in(&arguments.folder)?;
    let file_system = FileSystem::of(scratch.path())?;
    say(&format!("writing to {}, on {}; removed afterwards", arguments.folder.display(), file_system.name));
    if file_system.in_memory {
        say("WARNING: that is memory, not a disk: a sync costs nothing there, and the times mean nothing");
    }
    let need = openings.records.iter().max().unwrap_or(&0) * BYTES_A_RECORD + BYTES_BESIDE;
    let free = kernel::free_bytes(scratch.path())?;
    ensure!(free >= need, "{} MB are free there, {} are needed; choose another --folder", free >> 20, need >> 20);
    counting::check(&mut fs::File::create_new(scratch.path().join("counted"))?)?;

    let conditions = Conditions {
        file_system: file_system.name,
        load: kernel::load(),
        goes_first: kernel::go_first(),
        rounds: commits.rounds,
    };
    if !conditions.goes_first {
        say("this user may not go before others (chrt --fifo): what else the machine does will be in the times");
    }
    say(&format!("single commits: {} rounds of {} for each store", commits.rounds, commits.commits_a_turn));
    let commit = commit::measure(scratch.path(), commits)?;
    say("several threads at once");
    let sharing = sharing::measure(scratch.path(), threads)?;
    kernel::step_back();
    say("what a payment takes of the disk");
    let space = space::measure(scratch.path())?;
    let opening = opening::measure(scratch.path(), &openings, say)?;
    let report = Report::new(conditions, commit, sharing, space, opening);
    let text = if arguments.json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    std::io::stdout().write_all(text.as_bytes())?;
    scratch.close().context("the folder cannot be cleaned up")
}

/// Removes what a run that was interrupted left behind. The lock that is returned keeps two runs from measuring each
/// other.
fn clear(folder: &Path) -> Result<fs::File> {
    let lock = fs::File::create(folder.join("lock"))?;
    lock.try_lock().context("another run of the benchmark is at work in this folder")?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(RUN) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(lock)
}

fn plans(quick: bool) -> (commit::Plan, sharing::Plan, opening::Plan) {
    if quick {
        return (
            commit::Plan { rounds: 60, commits_a_turn: 5 },
            sharing::Plan { rounds: 1, records_a_turn: 512 },
            opening::Plan { records: vec![10_000], warm_runs: 3, cold_runs: 1 },
        );
    }
    (
        commit::Plan { rounds: 600, commits_a_turn: 5 },
        sharing::Plan { rounds: 5, records_a_turn: 1024 },
        opening::Plan { records: vec![10_000, 100_000, 1_000_000], warm_runs: 5, cold_runs: 3 },
    )
}

fn say(what: &str) {
    eprintln!("      {what}");
}
