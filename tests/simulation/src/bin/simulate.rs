//! `cargo xtask simulate`: plays worlds by seed, goes through every fault of each operation, measures; and says in one
//! line at the end what came of it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use acquit_simulation::spent::ROOMS;
use acquit_simulation::{
    Figures, Ground, SINS, Script, Source, World, bench, campaign, exhaustive, seed, shrink, sins,
};
use anyhow::Result;
use clap::Parser;

/// Whole days of terminals, acquirers and cashiers, with every fault as an input.
///
/// Without options: 2,000 seeds, and every single fault at every step of each operation.
#[derive(Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// Plays this seed and prints what happens, line by line.
    #[arg(long)]
    seed: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds, and nothing else.
    #[arg(long)]
    count: Option<u64>,
    /// Seeds for so many hours, and nothing else.
    #[arg(long)]
    hours: Option<f64>,
    /// Every single fault at every step of each operation, and nothing else.
    #[arg(long)]
    exhaustive: bool,
    /// Every pair of faults in a sale with its reversal, and nothing else.
    #[arg(long)]
    pairs: bool,
    /// Says which seed catches each engine that is wrong on purpose, and by which law.
    #[arg(long)]
    sins: bool,
    /// Plays a script from a file and prints what happens.
    #[arg(long)]
    script: Option<std::path::PathBuf>,
    /// What an operation costs: "bench".
    #[arg(value_parser = ["bench"])]
    what: Option<String>,
    /// The figures as JSON on standard output.
    #[arg(long)]
    json: bool,
}

const SEEDS: u64 = 2_000;
/// Broken laws after which nothing more is looked for.
const FOUND_MAX: usize = 5;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("simulate: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every law held.
fn run(arguments: &Arguments) -> Result<bool> {
    let ground = Ground::native()?;
    if arguments.what.is_some() {
        return measure(&ground);
    }
    if let Some(seed) = arguments.seed {
        let (script, source) = seed::world(seed);
        return tell(&ground, &script, source);
    }
    if let Some(file) = &arguments.script {
        let script = Script::parse(&std::fs::read_to_string(file)?)?;
        let source = Source::listed(&script);
        return tell(&ground, &script, source);
    }
    if arguments.sins {
        return catch_sins(&ground, arguments);
    }
    let only_seeds = arguments.count.is_some() || arguments.hours.is_some();
    let only_faults = arguments.exhaustive || arguments.pairs;
    let began = Instant::now();
    let mut figures = Figures::default();
    if !only_faults {
        seeds(&ground, arguments, &mut figures)?;
    }
    if arguments.exhaustive || !(only_seeds || only_faults) {
        for story in exhaustive::stories() {
            went_through(&ground, story.name, exhaustive::singles(&ground, &story, FOUND_MAX)?, &mut figures)?;
        }
    }
    if arguments.pairs {
        let story = exhaustive::with_reversal()?;
        went_through(&ground, "pairs", exhaustive::pairs(&ground, &story, FOUND_MAX)?, &mut figures)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        print!("{figures}");
        println!("{}", figures.summary(began.elapsed()));
    }
    Ok(figures.violations == 0)
}

fn seeds(ground: &Ground, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    let began = Instant::now();
    let until = arguments.hours.map(|hours| began + Duration::from_secs_f64(hours * 3600.0));
    let count = arguments.count.unwrap_or(if until.is_some() { u64::MAX } else { SEEDS });
    let seeds = campaign::Seeds { from: arguments.from, count, until };
    let tell = |figures: &Figures| eprintln!("  {}", figures.summary(began.elapsed()));
    let report = campaign::run(ground, seeds, FOUND_MAX, &tell)?;
    figures.add(&report.figures);
    for (seed, broken, script) in report.found {
        println!("seed {seed} BREAKS {broken}");
        as_test(ground, script)?;
    }
    Ok(())
}

fn went_through(ground: &Ground, name: &str, gone: exhaustive::Gone, figures: &mut Figures) -> Result<()> {
    eprintln!("  {name}: {} worlds, {} violations", gone.figures.worlds, gone.figures.violations);
    figures.add(&gone.figures);
    for (script, broken) in gone.found {
        println!("{name} BREAKS {broken}");
        as_test(ground, script)?;
    }
    Ok(())
}

fn as_test(ground: &Ground, script: Script) -> Result<()> {
    match shrink::shrink(ground, script)? {
        Some(shrunk) => println!("shrunk in {} plays, to:\n\n{}", shrunk.plays, shrunk.as_test()),
        None => println!("and does not when it is played again: the simulation itself is not deterministic"),
    }
    Ok(())
}

fn catch_sins(ground: &Ground, arguments: &Arguments) -> Result<bool> {
    let seeds = || arguments.from..arguments.from + arguments.count.unwrap_or(SEEDS);
    let mut all_caught = true;
    for sin in SINS {
        match sins::first_caught(ground, sin, seeds())? {
            Some((seed, broken)) => println!("{sin:?}: caught by seed {seed}, {broken}"),
            None => {
                println!("{sin:?}: NOT CAUGHT");
                all_caught = false;
            }
        }
    }
    Ok(all_caught)
}

/// Plays one world and prints what happens in it.
fn tell(ground: &Ground, script: &Script, source: Source) -> Result<bool> {
    let began = Instant::now();
    let ended = World::play(ground, script, source, true)?;
    ended.timeline.iter().for_each(|line| println!("{line}"));
    if let Some(broken) = &ended.broken {
        println!("BREAKS {broken}");
    }
    println!("{}", ended.figures.summary(began.elapsed()));
    Ok(ended.broken.is_none())
}

fn measure(ground: &Ground) -> Result<bool> {
    println!(
        "Microseconds of a sale in each room of the terminal; the acquirer and the world around are no part of it.\n"
    );
    print!("{:>12} {:>10}", "transactions", "open debts");
    ROOMS.iter().for_each(|room| print!("{:>9}", format!("{room:?}").to_lowercase()));
    println!("{:>9}{:>11}{:>12}", "all", "terminal", "a second");
    let show = |row: bench::Row| {
        print!("{:>12} {:>10}", row.transactions, row.debts);
        ROOMS.iter().for_each(|room| print!("{:>9.1}", row.microseconds_in(*room)));
        println!("{:>9.1}{:>11.1}{:>12.0}", row.microseconds_of_all(), row.microseconds(), row.a_second());
    };
    bench::by_transactions(ground, &[1_000, 10_000, 100_000], &show)?;
    bench::by_debts(ground, &[0, 100, 1_000], &show)?;
    Ok(true)
}
