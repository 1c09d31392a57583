//! Programs of the house that need things built first: the demonstration, the benchmark, the generated pages.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{
    house::House,
    plugins,
    progress::{self, Progress},
    verify,
};

/// The package with everything that needs the whole house.
const SCENARIOS: &str = "acquit-scenarios";
/// The package that measures the journal. Its feature `peers` links SQLite and redb; the quick tests do without.
const JOURNAL_BENCH: &str = "acquit-journal-bench";
/// The package that enumerates power cuts.
pub const CRASH: &str = "acquit-crash";
/// The package that plays whole days. It makes the engine wrong on purpose, so it is never built together with a
/// program that is to run as shipped.
pub const SIMULATION: &str = "acquit-simulation";

/// `cargo xtask demo`: its standard output and exit code are the demonstration's own.
pub fn demo(house: &House, progress: &mut Progress, arguments: &[String]) -> Result<ExitCode> {
    plugins::ensure(house, progress)?;
    verify::build_programs(house, progress)?;
    progress.step("the demonstration");
    let mut demo = house.program(house.debug_program("demo"));
    point_to_artefacts(house, demo.args(arguments));
    pass_on(&mut demo)
}

/// `cargo xtask bench sandbox`, with the host as it is shipped.
pub fn bench_sandbox(house: &House, progress: &mut Progress) -> Result<ExitCode> {
    plugins::ensure(house, progress)?;
    progress.run("the host, optimised", &mut house.cargo(["build", "--release", "-p", "acquit"]))?;
    progress.step("the benchmark");
    let mut bench = house.cargo(["bench", "-p", SCENARIOS, "--bench", "sandbox"]);
    point_to_artefacts(house, &mut bench);
    bench.env("ACQUIT_BIN", house.target.join("release/acquit"));
    pass_on(&mut bench)
}

/// `cargo xtask bench journal`, optimised and with the databases it is compared with.
pub fn bench_journal(house: &House, progress: &mut Progress, arguments: &[String]) -> Result<ExitCode> {
    verify::need_c_compiler(house)?;
    progress.run("the benchmark, optimised, with SQLite and redb", &mut with_peers(house, "build"))?;
    progress.step("the benchmark");
    pass_on(journal_bench(house).args(arguments))
}

/// A cargo command for the benchmark of the journal together with the databases it is compared with.
pub fn with_peers(house: &House, command: &str) -> Command {
    let mut cargo = house.cargo([command, "--release", "-p", JOURNAL_BENCH, "--features", "peers"]);
    // SQLite syncs lengths and times along with the data unless it is told that there is a call for data alone, as
    // distributions tell it.
    cargo.env("LIBSQLITE3_FLAGS", "-DHAVE_FDATASYNC=1");
    cargo
}

/// The built benchmark of the journal, told to write beside the build: on a disk, where there is room.
pub fn journal_bench(house: &House) -> Command {
    let mut bench = house.program(house.released_program(JOURNAL_BENCH));
    bench.arg("--folder").arg(house.target.join("journal-bench"));
    bench
}

/// `cargo xtask crash`, in release: the enumeration is bound by the processor.
pub fn crash(house: &House, progress: &mut Progress, arguments: &[String]) -> Result<ExitCode> {
    build_released(house, progress, CRASH)?;
    progress.step("power cuts");
    pass_on(house.program(house.released_program("crash")).args(arguments))
}

/// `cargo xtask simulate`, in release: worlds are bound by the processor.
pub fn simulate(house: &House, progress: &mut Progress, arguments: &[String]) -> Result<ExitCode> {
    build_released(house, progress, SIMULATION)?;
    progress.step("worlds");
    pass_on(house.program(house.released_program("simulate")).args(arguments))
}

/// Optimised builds of a package's programs. One package a call: in one build with another, features would unify and
/// put the simulated disk into programs that are to run as shipped.
pub fn build_released(house: &House, progress: &mut Progress, package: &str) -> Result<()> {
    verify::need_c_compiler(house)?;
    progress.run(&format!("{package}, optimised"), &mut house.cargo(["build", "--release", "-p", package, "--bins"]))
}

/// `cargo xtask diagrams`.
pub fn diagrams(house: &House, progress: &mut Progress) -> Result<ExitCode> {
    progress.step("the engine's tables, drawn into docs/");
    pass_on(&mut house.cargo(["run", "-q", "-p", "acquit-engine", "--example", "diagrams", "--", "docs/"]))
}

/// Tells tests and the demonstration where the plugins and the two programs are.
pub fn point_to_artefacts(house: &House, command: &mut Command) {
    command
        .env("ACQUIT_PLUGINS", house.plugins())
        .env("ACQUIT_BIN", house.debug_program("acquit"))
        .env("ACQUIRER_BIN", house.debug_program("acquirer"));
}

/// Runs a program whose exit code is to be xtask's own.
pub fn pass_on(command: &mut Command) -> Result<ExitCode> {
    let status = progress::status(command)?;
    // A program ended by a signal has no code of its own.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_passed_on() {
        for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 1)] {
            let passed = pass_on(Command::new("sh").args(["-c", script])).unwrap();
            assert_eq!(format!("{passed:?}"), format!("{:?}", ExitCode::from(code)), "{script}");
        }
    }

    #[test]
    fn tests_are_told_where_everything_is() {
        let house = House::find().unwrap();
        let mut command = Command::new("demo");
        point_to_artefacts(&house, &mut command);
        for (name, value) in command.get_envs() {
            let value = value.map(std::path::Path::new).unwrap();
            assert!(value.is_absolute(), "{name:?} = {value:?}");
        }
        assert_eq!(command.get_envs().count(), 3);
    }
}
