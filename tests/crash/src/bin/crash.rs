//! `cargo xtask crash`: enumerates power cuts and faults, and says in one line at the end what came of it.

use std::process::ExitCode;
use std::time::Instant;

use acquit_crash::{Bound, Counts, SCRIPTS, Script, Violation, faults, run, run_nested, seeds};
use clap::Parser;

/// Every power cut, fault and flipped bit that a payment can meet.
///
/// Without options: every short script on devices of 512 and 4096 bytes a sector, cuts during recovery, faults, and
/// 10,000 long scripts by seed.
#[derive(Parser)]
#[command(name = "crash")]
struct Arguments {
    /// Within the bound of the quick tests, and 200 seeds.
    #[arg(long)]
    quick: bool,
    /// Only this script.
    #[arg(long)]
    script: Option<String>,
    /// Only devices of this size of sector. Bytes.
    #[arg(long)]
    sector: Option<usize>,
    /// Only so many long scripts by seed, and nothing else.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

const SEEDS: u64 = 10_000;
const QUICK_SEEDS: u64 = 200;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match everything(&arguments) {
        Ok(Some(counts)) => {
            println!("{} points, {} images, 0 violations", counts.points, counts.images);
            ExitCode::SUCCESS
        }
        Ok(None) => {
            let names: Vec<&str> = SCRIPTS.iter().map(|script| script.name).collect();
            eprintln!("crash: there is no script of that name; there are {}", names.join(", "));
            ExitCode::from(2)
        }
        Err(violation) => {
            println!("VIOLATION of {violation}");
            ExitCode::FAILURE
        }
    }
}

fn everything(arguments: &Arguments) -> Result<Option<Counts>, Box<Violation>> {
    let mut all = Counts::default();
    if let Some(count) = arguments.seeds {
        all.add(seeded(arguments.from, count)?);
        return Ok(Some(all));
    }
    let is_asked_for = |script: &Script| arguments.script.as_deref().is_none_or(|name| name == script.name);
    let scripts: Vec<Script> = SCRIPTS.into_iter().filter(is_asked_for).collect();
    if scripts.is_empty() {
        return Ok(None);
    }
    let (bound, nested) =
        if arguments.quick { (Bound::quick(), Bound::nested()) } else { (Bound::full(), Bound::nested()) };
    println!("{bound}\nDuring recovery: {nested}\n");
    for script in &scripts {
        for sector_bytes in [512, 4096].into_iter().filter(|size| arguments.sector.is_none_or(|only| only == *size)) {
            let lab = script.lab(sector_bytes);
            all.add(report(script.name, sector_bytes, || run(script, lab, &bound))?);
            let name = format!("{}, cut again while recovering", script.name);
            all.add(report(&name, sector_bytes, || run_nested(script, lab, &nested))?);
            let name = format!("{}, with faults", script.name);
            all.add(report(&name, sector_bytes, || faults::sweep(script, lab))?);
        }
    }
    if arguments.script.is_none() {
        all.add(report("rot of a small journal", 512, || faults::rot(512, !arguments.quick))?);
        all.add(seeded(arguments.from, if arguments.quick { QUICK_SEEDS } else { SEEDS })?);
    }
    Ok(Some(all))
}

fn seeded(from: u64, count: u64) -> Result<Counts, Box<Violation>> {
    let name = format!("seeds {from} to {}", from + count - 1);
    eprintln!("{name} ...");
    let started = Instant::now();
    let counts = seeds::run(from, count)?;
    println!("{name}: {} points, {} images, {:.1} s", counts.points, counts.images, started.elapsed().as_secs_f64());
    Ok(counts)
}

fn report(
    name: &str,
    sector_bytes: usize,
    work: impl FnOnce() -> Result<Counts, Box<Violation>>,
) -> Result<Counts, Box<Violation>> {
    eprintln!("{name}, sectors of {sector_bytes} ...");
    let started = Instant::now();
    let counts = work()?;
    let (points, images, seconds) = (counts.points, counts.images, started.elapsed().as_secs_f64());
    println!("{name}, sectors of {sector_bytes}: {points} points, {images} images, {seconds:.1} s");
    Ok(counts)
}
