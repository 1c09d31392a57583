//! The process that is killed. It is started by `acquit-kill` and by the tests, and tells of its work on a pipe.

use std::path::PathBuf;

use acquit_kill::store::Store;
use acquit_kill::writer::{Tells, write};
use clap::Parser;

/// Appends to a journal with eight threads until it is killed.
#[derive(Parser)]
struct Arguments {
    /// The folder with the journal and its key.
    folder: PathBuf,
    /// Length of new segments in bytes.
    segment_bytes: u64,
    /// Number of this process among those that wrote here.
    run: u32,
    /// Tell of each append before it is made: the sin that the judge must see.
    #[arg(long)]
    too_early: bool,
}

fn main() -> anyhow::Result<()> {
    let Arguments { folder, segment_bytes, run, too_early } = Arguments::parse();
    let tells = if too_early { Tells::TooEarly } else { Tells::WhenDurable };
    write(&Store { folder, segment_bytes }, run, tells)
}
