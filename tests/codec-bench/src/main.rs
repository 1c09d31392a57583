//! Measures the codec natively, as a guest and beside published ones, and prints one table.
//!
//! `codec-bench GUEST [PYTHON]`: the guest is the library of this package as WebAssembly; the rows of the Python
//! packages are left out, and said to be, where no Python that has them is named.

mod guest;
mod peers;
mod python;
mod table;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use acquit_codec_bench::{CHARACTERS, PACKED, Work};
use anyhow::{Context, Result};

use crate::table::{Row, Table};

/// Batches of one measurement; the fastest counts, for what disturbs a batch only ever makes it slower.
const BATCHES: u32 = 100;
/// Times that everything is measured, one codec after the other, so that a busy second falls on none alone.
const PASSES: u32 = 5;
/// How long a batch takes, about.
const BATCH: Duration = Duration::from_millis(1);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let guest = arguments.next().context("the first argument is the guest's WebAssembly")?;
    let mut table = Table::default();
    let python = arguments.next();
    for _ in 0..PASSES {
        table.row("Acquit, packed digits", native(&PACKED));
        guest::measure(Path::new(&guest), &mut table)?;
        table.row("Acquit, characters", native(&CHARACTERS));
        peers::measure(&mut table)?;
        match &python {
            Some(python) => python::measure(python, &mut table)?,
            None => table.left_out("pyiso8583, iso8583sim", "no Python that has them"),
        }
    }
    print!("{table}");
    Ok(())
}

fn native(format: &'static iso8583::Format) -> Row {
    Row::of(|task| {
        let work = Work::new(format, task);
        nanoseconds(|| work.once())
    })
}

/// What a call costs, in nanoseconds.
fn nanoseconds<T>(mut call: impl FnMut() -> T) -> f64 {
    let mut batch = |rounds: u32| {
        let began = Instant::now();
        for _ in 0..rounds {
            black_box(call());
        }
        began.elapsed()
    };
    let mut rounds = 1;
    while batch(rounds) < BATCH {
        rounds *= 2;
    }
    let fastest = (0..BATCHES).map(|_| batch(rounds)).min().unwrap_or_default();
    fastest.as_secs_f64() * 1e9 / f64::from(rounds)
}
