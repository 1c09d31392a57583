//! Fuzzing in the long tier: each target of `fuzz/` for a minute.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{house::House, packages, progress::Progress};

/// The runner, pinned so that two machines fuzz with the same flags.
const CARGO_FUZZ: &str = "0.13.2";
/// Long enough to walk far past the seeds, short enough to be run on every submission.
const SECONDS_A_TARGET: u32 = 60;

/// Fuzzes every target; a crash fails, and the fuzzer's last lines name the file that holds the input.
pub fn run(house: &House, progress: &mut Progress) -> Result<()> {
    let targets = targets(&house.root.join("fuzz/fuzz_targets"))?;
    if targets.is_empty() {
        bail!("fuzz/fuzz_targets holds no target");
    }
    let Some(search_path) = prepare(house, progress)? else { return Ok(()) };
    let mut seeds = house.cargo(["test", "--manifest-path", "fuzz/Cargo.toml"]);
    progress.run("the seeds are whole", seeds.env("CARGO_TARGET_DIR", house.target.join("fuzz")))?;
    for target in &targets {
        let what = format!("fuzz {target} for {SECONDS_A_TARGET} s");
        progress.run(&what, command(house, target).env("PATH", &search_path))?;
    }
    Ok(())
}

/// The `PATH` with cargo-fuzz in it; `None` where it cannot be had on a developer's machine. CI does not skip.
fn prepare(house: &House, progress: &mut Progress) -> Result<Option<OsString>> {
    let folder = house.cache.join(format!("cargo-fuzz-{CARGO_FUZZ}"));
    let installed = packages::ensure(house, progress, &packages::CPP).and_then(|()| install(house, progress, &folder));
    match installed {
        Ok(()) => search_path(&folder).map(Some),
        Err(error) if env::var_os("CI").is_some() => Err(error.context("CI fuzzes, and cannot without cargo-fuzz")),
        Err(error) => {
            progress.step(&format!("fuzzing: left out, cargo-fuzz cannot be had here ({error:#})"));
            Ok(None)
        }
    }
}

fn install(house: &House, progress: &mut Progress, folder: &Path) -> Result<()> {
    if folder.join("bin/cargo-fuzz").is_file() {
        return Ok(());
    }
    let mut cargo = house.cargo(["install", "--locked", "--version", CARGO_FUZZ, "cargo-fuzz"]);
    cargo.arg("--root").arg(folder).env("CARGO_TARGET_DIR", house.target.join("cargo-fuzz"));
    progress.run(&format!("cargo-fuzz {CARGO_FUZZ}"), &mut cargo)
}

fn search_path(folder: &Path) -> Result<OsString> {
    let found = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.join("bin")).chain(env::split_paths(&found));
    env::join_paths(folders).context("the cache's path cannot be part of PATH")
}

/// Without a sanitizer, the compiler in use will do: the code is safe Rust, whose faults are panics.
fn command(house: &House, target: &str) -> Command {
    let mut cargo = house.cargo(["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
    cargo.arg(house.target.join("fuzz")).arg(target);
    cargo.args(["--", &format!("-max_total_time={SECONDS_A_TARGET}"), "-print_final_stats=1", "-verbosity=0"]);
    cargo
}

/// A file is a target.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let entries = folder.read_dir().with_context(|| format!("{} cannot be listed", folder.display()))?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let sources = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs"));
    let mut names: Vec<String> = sources.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_fuzz_is_found_before_any_other() {
        let path = search_path(Path::new("/cache/cargo-fuzz-1")).unwrap();
        assert_eq!(env::split_paths(&path).next().unwrap(), Path::new("/cache/cargo-fuzz-1/bin"));
    }

    #[test]
    fn no_targets_is_an_error_and_not_a_pass() {
        assert!(targets(Path::new("/no/such/folder")).unwrap_err().to_string().contains("cannot be listed"));
    }
}
