//! Builds, tests and demonstrates the house.
//!
//! `cargo xtask help` says what it can do. It stays light on purpose: it is the first thing a newcomer compiles, so
//! it has no Wasmtime, no Tokio and no argument parser in it.

mod args;
#[cfg(test)]
mod attacks;
mod codec;
mod debian;
mod fuzz;
mod guest;
mod house;
mod languages;
mod long;
mod packages;
mod plugins;
mod programs;
mod progress;
mod stamp;
mod tools;
mod verify;

use std::process::ExitCode;

use crate::{args::Command, house::House, progress::Progress};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(wrong) => {
            eprintln!("xtask: {wrong}\n\n{}", args::help());
            return Ok(ExitCode::from(2));
        }
    };
    if command == Command::Help {
        print!("{}", args::help());
        return Ok(ExitCode::SUCCESS);
    }
    let house = House::find()?;
    let mut progress = Progress::start();
    let code = match command {
        Command::Help => ExitCode::SUCCESS,
        Command::Plugins { json } => plugins::command(&house, &mut progress, json)?,
        Command::Tools { json } => tools::command(&house, &mut progress, json)?,
        Command::Test { all } => verify::command(&house, &mut progress, all)?,
        Command::Simulate { arguments } => programs::simulate(&house, &mut progress, &arguments)?,
        Command::Crash { arguments } => programs::crash(&house, &mut progress, &arguments)?,
        Command::BenchSandbox => programs::bench_sandbox(&house, &mut progress)?,
        Command::BenchJournal { arguments } => programs::bench_journal(&house, &mut progress, &arguments)?,
        Command::BenchCodec => codec::bench(&house, &mut progress)?,
        Command::Diagrams => programs::diagrams(&house, &mut progress)?,
        Command::Demo { arguments } => programs::demo(&house, &mut progress, &arguments)?,
    };
    Ok(code)
}
