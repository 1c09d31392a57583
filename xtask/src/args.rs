//! The command line.

use crate::long;

/// What `cargo xtask help` prints.
pub fn help() -> String {
    format!("{COMMANDS}\nLong checks, run by `cargo xtask test --all`:\n{}", long::table())
}

const COMMANDS: &str = "\
Builds, tests and demonstrates Acquit.

  cargo xtask demo [--lang zh|en|both] [--json]
                          a terminal and an acquirer on this machine: a sale, a decline, a sale
                          whose host is killed in the middle, and books that balance
  cargo xtask test        formatting, clippy, documentation, every quick test, licences
  cargo xtask test --all  the same and then the long checks below: what CI runs
  cargo xtask crash [--quick] [--script NAME] [--sector 512|4096]
                          every image of the journal's disk that a power cut can leave, recovered and
                          judged; faults and rot; 10,000 long scripts by seed
  cargo xtask crash --seeds N [--from S]
                          only the long scripts of the seeds S, S+1, ...
  cargo xtask simulate [--from SEED] [--count N] [--hours H] [--json]
                          whole days of terminals and acquirers by seed, with every fault as an input; then
                          every single fault at every step of each operation
  cargo xtask simulate --seed SEED | --script FILE
                          plays one world and prints what happens in it
  cargo xtask simulate --exhaustive | --pairs
                          only the single faults; every pair of faults in a sale with its reversal
  cargo xtask simulate bench
                          what an operation costs, with a long journal and with many debts
  cargo xtask plugins [--json]
                          builds the plugins into target/plugins (a second run does nothing)
  cargo xtask tools [--json]
                          what `acquit plugin build` needs to build a plugin outside of this checkout: the
                          compile tool, and a compiler for the guest's target; prints what to export
  cargo xtask bench sandbox
                          what the sandbox costs, beside the same code compiled natively
  cargo xtask bench journal [--quick] [--json]
                          what a durable commit costs, calls and bytes counted, beside the limit, SQLite
                          and redb, and how long a journal of years takes to open; the full run wants 7 GB
  cargo xtask bench codec what the ISO 8583 codec costs, natively and as a guest, beside two Rust crates and
                          two Python packages
  cargo xtask diagrams    writes the generated pages of docs/
  cargo xtask help        this page

Progress goes to standard error, so that the output of --json can be piped.

Plugins are compiled for wasm32-unknown-unknown. RUST_WASM_VIA chooses where that target comes from:
  auto (default)          the compiler in use has it; else rustup adds it; else Debian's packages
  rustup                  rustup only
  debian                  Debian's packages only (apt, with sudo when you are not root)
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print [`help`].
    Help,
    /// Build the plugins; with `json`, describe them on standard output.
    Plugins {
        /// One line of JSON a file instead of a sentence.
        json: bool,
    },
    /// The tools for plugins that lie elsewhere; with `json`, described on standard output.
    Tools {
        /// One line of JSON instead of lines for a shell.
        json: bool,
    },
    /// The quick tier of checks.
    Test {
        /// The long tier after it.
        all: bool,
    },
    /// Worlds by seed; its arguments are checked here so that a slip costs no build.
    Simulate {
        /// Arguments for the simulator, in the form it reads.
        arguments: Vec<String>,
    },
    /// Power cuts, enumerated; its arguments are checked here so that a slip costs no build.
    Crash {
        /// Arguments for the enumeration, in the form it reads.
        arguments: Vec<String>,
    },
    /// The cost of the sandbox.
    BenchSandbox,
    /// The cost of the journal; its arguments are checked here so that a slip costs no build.
    BenchJournal {
        /// Arguments for the benchmark, in the form it reads.
        arguments: Vec<String>,
    },
    /// The cost of the ISO 8583 codec.
    BenchCodec,
    /// Generated documentation.
    Diagrams,
    /// The demonstration; its arguments are checked here so that a slip costs no build.
    Demo {
        /// Arguments for the demonstration, in the form it reads.
        arguments: Vec<String>,
    },
}

/// Reads the arguments after the program's name; an error is one sentence about the first thing that is wrong.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let Some(command) = arguments.next() else {
        return Ok(Command::Help);
    };
    let rest: Vec<String> = arguments.collect();
    if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
        return Ok(Command::Help);
    }
    match command.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "plugins" => match words(&rest).as_slice() {
            [] => Ok(Command::Plugins { json: false }),
            ["--json"] => Ok(Command::Plugins { json: true }),
            [.., wrong] => Err(format!("`plugins` takes only --json, not `{wrong}`")),
        },
        "tools" => match words(&rest).as_slice() {
            [] => Ok(Command::Tools { json: false }),
            ["--json"] => Ok(Command::Tools { json: true }),
            [.., wrong] => Err(format!("`tools` takes only --json, not `{wrong}`")),
        },
        "test" => match words(&rest).as_slice() {
            [] => Ok(Command::Test { all: false }),
            ["--all"] => Ok(Command::Test { all: true }),
            [.., wrong] => Err(format!("`test` takes only --all, not `{wrong}`")),
        },
        "crash" => crash(&rest),
        "simulate" => simulate(&rest),
        "diagrams" => nothing_after("diagrams", &rest, Command::Diagrams),
        "bench" => match words(&rest).as_slice() {
            ["sandbox"] => Ok(Command::BenchSandbox),
            ["sandbox", wrong, ..] => Err(format!("`bench sandbox` takes no arguments, not `{wrong}`")),
            ["journal", arguments @ ..] => bench_journal(arguments),
            ["codec"] => Ok(Command::BenchCodec),
            ["codec", wrong, ..] => Err(format!("`bench codec` takes no arguments, not `{wrong}`")),
            _ => Err("there are three: `bench sandbox`, `bench journal` and `bench codec`".into()),
        },
        "demo" => demo(&rest),
        other => Err(format!("there is no command `{other}`")),
    }
}

fn words(rest: &[String]) -> Vec<&str> {
    rest.iter().map(String::as_str).collect()
}

fn nothing_after(name: &str, rest: &[String], command: Command) -> Result<Command, String> {
    match rest.first() {
        None => Ok(command),
        Some(wrong) => Err(format!("`{name}` takes no arguments, not `{wrong}`")),
    }
}

fn bench_journal(arguments: &[&str]) -> Result<Command, String> {
    match arguments.iter().find(|argument| !matches!(**argument, "--quick" | "--json")) {
        Some(wrong) => Err(format!("`bench journal` takes --quick and --json, not `{wrong}`")),
        None => Ok(Command::BenchJournal { arguments: arguments.iter().map(|word| (*word).to_owned()).collect() }),
    }
}

fn crash(rest: &[String]) -> Result<Command, String> {
    let mut arguments = Vec::new();
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        let mut value = || value.map(str::to_owned).or_else(|| rest.next().cloned());
        match name {
            "--quick" if argument == name => arguments.push(argument.clone()),
            "--script" => match value() {
                Some(script) => arguments.extend([name.to_owned(), script]),
                None => return Err("--script is followed by a script's name".into()),
            },
            "--seeds" | "--from" | "--sector" => match value().map(|number| number.parse::<u64>()) {
                Some(Ok(number)) => arguments.extend([name.to_owned(), number.to_string()]),
                _ => return Err(format!("{name} is followed by a whole number")),
            },
            _ => {
                return Err(format!("`crash` takes --quick, --script, --sector, --seeds and --from, not `{argument}`"));
            }
        }
    }
    Ok(Command::Crash { arguments })
}

fn simulate(rest: &[String]) -> Result<Command, String> {
    let mut arguments = Vec::new();
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        let mut value = || value.map(str::to_owned).or_else(|| rest.next().cloned());
        match name {
            "bench" | "--exhaustive" | "--pairs" | "--json" if argument == name => arguments.push(argument.clone()),
            "--script" => match value() {
                Some(file) => arguments.extend([name.to_owned(), file]),
                None => return Err("--script is followed by a file".into()),
            },
            "--hours" => match value().map(|number| number.parse::<f64>()) {
                Some(Ok(hours)) if hours > 0.0 => arguments.extend([name.to_owned(), hours.to_string()]),
                _ => return Err("--hours is followed by a number above zero".into()),
            },
            "--seed" | "--from" | "--count" => match value().map(|number| number.parse::<u64>()) {
                Some(Ok(number)) => arguments.extend([name.to_owned(), number.to_string()]),
                _ => return Err(format!("{name} is followed by a whole number")),
            },
            _ => {
                return Err(format!(
                    "`simulate` takes bench, --seed, --from, --count, --hours, --exhaustive, --pairs, --script and \
                     --json, not `{argument}`"
                ));
            }
        }
    }
    Ok(Command::Simulate { arguments })
}

fn demo(rest: &[String]) -> Result<Command, String> {
    let mut arguments = Vec::new();
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let language = match argument.as_str() {
            "--json" => {
                arguments.push("--json".to_owned());
                continue;
            }
            "--lang" => rest.next().map(String::as_str),
            other => match other.strip_prefix("--lang=") {
                Some(language) => Some(language),
                None => return Err(format!("`demo` takes --lang and --json, not `{other}`")),
            },
        };
        match language {
            Some(language @ ("zh" | "en" | "both")) => arguments.extend(["--lang".to_owned(), language.to_owned()]),
            Some(other) => return Err(format!("--lang is zh, en or both, not `{other}`")),
            None => return Err("--lang is followed by zh, en or both".into()),
        }
    }
    Ok(Command::Demo { arguments })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_command_of_the_help_page_is_understood() {
        let owned = |arguments: &[&str]| arguments.iter().map(|a| a.to_string()).collect();
        let demo = |arguments: &[&str]| Command::Demo { arguments: owned(arguments) };
        let simulate = |arguments: &[&str]| Command::Simulate { arguments: owned(arguments) };
        let crash = |arguments: &[&str]| Command::Crash { arguments: owned(arguments) };
        let bench_journal = |arguments: &[&str]| Command::BenchJournal { arguments: owned(arguments) };
        let table = [
            ("", Command::Help),
            ("help", Command::Help),
            ("--help", Command::Help),
            ("demo --help", Command::Help),
            ("plugins", Command::Plugins { json: false }),
            ("plugins --json", Command::Plugins { json: true }),
            ("test", Command::Test { all: false }),
            ("test --all", Command::Test { all: true }),
            ("crash", crash(&[])),
            ("crash --quick", crash(&["--quick"])),
            ("crash --script sale --sector=512", crash(&["--script", "sale", "--sector", "512"])),
            ("crash --seeds 10000 --from=7", crash(&["--seeds", "10000", "--from", "7"])),
            ("simulate", simulate(&[])),
            ("simulate --seed=7", simulate(&["--seed", "7"])),
            ("simulate --from 1 --count 9 --json", simulate(&["--from", "1", "--count", "9", "--json"])),
            ("simulate --hours 0.5", simulate(&["--hours", "0.5"])),
            ("simulate --pairs", simulate(&["--pairs"])),
            ("simulate bench", simulate(&["bench"])),
            ("bench sandbox", Command::BenchSandbox),
            ("bench journal", bench_journal(&[])),
            ("bench journal --quick --json", bench_journal(&["--quick", "--json"])),
            ("bench codec", Command::BenchCodec),
            ("diagrams", Command::Diagrams),
            ("demo", demo(&[])),
            ("demo --lang zh", demo(&["--lang", "zh"])),
            ("demo --json --lang=both", demo(&["--json", "--lang", "both"])),
        ];
        for (line, command) in table {
            assert_eq!(parsed(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn the_help_page_names_every_long_check() {
        let page = help();
        for check in long::CHECKS {
            assert!(page.contains(check.name) && page.contains(check.shows), "{}", check.name);
        }
        assert!(page.lines().all(|line| line.chars().count() <= 110), "{page}");
    }

    #[test]
    fn a_slip_is_named_before_anything_is_built() {
        let table = [
            ("dmeo", "no command `dmeo`"),
            ("demo --lang fr", "not `fr`"),
            ("demo --lang", "zh, en or both"),
            ("demo --jsn", "not `--jsn`"),
            ("bench", "bench sandbox"),
            ("bench vault", "bench journal"),
            ("bench sandbox --quick", "not `--quick`"),
            ("bench journal --quik", "not `--quik`"),
            ("bench codec --json", "not `--json`"),
            ("test engine", "not `engine`"),
            ("test --all --quick", "not `--quick`"),
            ("crash --script", "--script is followed by a script's name"),
            ("crash --seeds", "--seeds is followed by a whole number"),
            ("crash --from=many", "--from is followed by a whole number"),
            ("crash --seeds -1", "--seeds is followed by a whole number"),
            ("crash --quick=yes", "not `--quick=yes`"),
            ("crash sale", "not `sale`"),
            ("simulate --seed", "--seed is followed by a whole number"),
            ("simulate --hours 0", "above zero"),
            ("simulate sale", "not `sale`"),
            ("plugins --json --force", "not `--force`"),
        ];
        for (line, part) in table {
            let wrong = parsed(line).expect_err(line);
            assert!(wrong.contains(part), "{line}: {wrong}");
        }
    }
}
