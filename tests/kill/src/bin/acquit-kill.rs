//! Kills a journal's writer again and again, and ends in one line.

use std::env;
use std::path::PathBuf;
use std::time::Instant;

use acquit_kill::campaign::{Campaign, Tally};
use acquit_kill::writer::Tells;
use anyhow::{Context, Result};
use clap::Parser;

/// Progress is said this often.
const KILLS_A_LINE: u64 = 100;

/// Kills a journal's writer with SIGKILL and judges what it left. Needs its writer beside it.
#[derive(Parser)]
struct Arguments {
    /// How many times.
    #[arg(long, default_value_t = 1_000)]
    count: u64,
    /// Decides at which moments; the machine's own timing has a say too.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the journals are made, on the disk to be tried; a folder of its own in the system's temporary one unless
    /// said otherwise.
    #[arg(long)]
    directory: Option<PathBuf>,
}

fn main() -> Result<()> {
    let Arguments { count, seed, directory } = Arguments::parse();
    let program = env::current_exe().context("this program's own path cannot be found")?;
    let writer = program.with_file_name(format!("acquit-kill-writer{}", env::consts::EXE_SUFFIX));
    let directory = directory.unwrap_or_else(|| env::temp_dir().join(format!("acquit-kill-{}", std::process::id())));
    let campaign = Campaign { writer, directory, kills: count, seed, tells: Tells::WhenDurable };
    let began = Instant::now();
    let tally = campaign.run(|tally| {
        if tally.kills % KILLS_A_LINE == 0 && tally.kills < count {
            eprintln!("{} kills, {} appends acknowledged, all found", tally.kills, tally.acknowledged);
        }
    })?;
    println!("{} in {} s", line(&tally, seed), began.elapsed().as_secs());
    Ok(())
}

fn line(tally: &Tally, seed: u64) -> String {
    let Tally { kills, while_opening, while_tending, directories, segments, acknowledged, unheard } = tally;
    format!(
        "{kills} kills (seed {seed}; {while_opening} while opening, {while_tending} while tending): {acknowledged} \
         appends acknowledged, none lost, {unheard} there unheard, in {segments} segments of {directories} journals,"
    )
}
