//! `cargo xtask test`: everything CI checks, cheapest first.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::{
    codec,
    house::House,
    long, packages,
    plugins::{self, COMPILE_TOOL},
    programs,
    progress::{self, Progress},
    tools::Tools,
};

/// Features the programs are built with for tests and the demonstration. All cargo calls that build them use the same
/// ones, or the last call would leave another program in their place.
const TEST_FEATURES: &str = "acquit/development";

/// The crates that turn WebAssembly into machine code. The data structures of `cranelift-entity`, `-bitset` and
/// `-bforest` are part of every runtime and harmless.
const COMPILERS: &[&str] = &["cranelift-codegen", "cranelift-frontend", "wasmtime-internal-cranelift", "winch-codegen"];

/// Runs the quick checks, and with `all` the long ones after them; stops at the first that fails.
pub fn command(house: &House, progress: &mut Progress, all: bool) -> Result<ExitCode> {
    need_tools(house)?;
    // The evidence verifier in Python is a second witness that the tests call.
    packages::ensure(house, progress, &packages::PYTHON)?;
    progress.run("formatting", &mut house.cargo(["fmt", "--all", "--check"]))?;
    // The fuzz targets are a workspace of their own.
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    progress.run("formatting of the fuzz targets", &mut house.cargo(fuzz))?;
    let codec_bench = ["fmt", "--manifest-path", codec::MANIFEST, "--check"];
    progress.run("formatting of the codec's benchmark", &mut house.cargo(codec_bench))?;
    no_compiler_in_host(house, progress)?;
    dependencies(house, progress)?;
    lints(house, progress)?;
    documentation(house, progress)?;
    plugins::ensure(house, progress)?;
    build_programs(house, progress)?;
    tests(house, progress)?;
    if !all {
        progress.done("all quick checks passed; the long ones: cargo xtask test --all");
        return Ok(ExitCode::SUCCESS);
    }
    long::run(house, progress)?;
    progress.done("all checks passed");
    Ok(ExitCode::SUCCESS)
}

/// Development builds of the host, the acquirer and the demonstration.
pub fn build_programs(house: &House, progress: &mut Progress) -> Result<()> {
    need_c_compiler(house)?;
    let mut cargo = house.cargo(["build", "--workspace", "--bins", "--exclude", COMPILE_TOOL, "--exclude", "xtask"]);
    cargo.args(["--exclude", programs::SIMULATION]);
    progress.run("the host and the acquirer", with_features(&mut cargo))
}

/// The guide for authors, done as it says; it compiles a plugin from nothing.
pub fn guide(house: &House, progress: &mut Progress) -> Result<()> {
    plugins::ensure(house, progress)?;
    build_programs(house, progress)?;
    let tools = Tools::prepare(house, progress)?;
    let mut test = house.cargo(["test", "-p", "acquit-scenarios", "--test", "plugin_guide", "--", "--ignored"]);
    programs::point_to_artefacts(house, &mut test);
    tools.point_to(&mut test);
    progress.run("the guide", &mut test)
}

/// Wasmtime's helpers and ring have C in them, and every Rust program is linked by it.
pub fn need_c_compiler(house: &House) -> Result<()> {
    need(house.program("cc").arg("--version"), "a C compiler (`cc`)", "apt-get install gcc libc6-dev")
}

fn need_tools(house: &House) -> Result<()> {
    need_c_compiler(house)?;
    need(&mut house.cargo(["fmt", "--version"]), "rustfmt", "rustup component add rustfmt")?;
    need(&mut house.cargo(["clippy", "--version"]), "clippy", "rustup component add clippy")
}

fn need(tool: &mut Command, name: &str, install: &str) -> Result<()> {
    if progress::succeeds(tool) {
        return Ok(());
    }
    bail!("{name} is missing; install it with: {install}")
}

fn no_compiler_in_host(house: &House, progress: &mut Progress) -> Result<()> {
    progress.step("the host links no compiler");
    let tree = progress::output(&mut house.cargo(["tree", "-p", "acquit", "-e", "normal", "--prefix", "none"]))?;
    match compilers_in(&tree).first() {
        None => Ok(()),
        Some(found) => bail!("the host links {found}; see why with: cargo tree -p acquit -e normal -i {found}"),
    }
}

fn compilers_in(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| COMPILERS.contains(name)).collect()
}

fn dependencies(house: &House, progress: &mut Progress) -> Result<()> {
    if !progress::succeeds(&mut house.cargo(["deny", "--version"])) {
        progress.step("licences and sources: not checked, cargo-deny is not here (cargo install --locked cargo-deny)");
        return Ok(());
    }
    let mut deny = house.cargo(["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    progress.run("licences and sources", &mut deny)
}

fn lints(house: &House, progress: &mut Progress) -> Result<()> {
    let mut house_clippy = house.cargo(["clippy", "--workspace", "--exclude", COMPILE_TOOL, "--all-targets"]);
    with_features(&mut house_clippy).args(["--", "-D", "warnings"]);
    progress.run("clippy", &mut house_clippy)?;
    let mut tool_clippy = house.cargo(["clippy", "-p", COMPILE_TOOL, "--all-targets", "--", "-D", "warnings"]);
    progress.run("clippy, the compile tool", &mut tool_clippy)
}

fn documentation(house: &House, progress: &mut Progress) -> Result<()> {
    for (what, packages) in [
        ("documentation", ["--workspace", "--exclude", COMPILE_TOOL].as_slice()),
        ("documentation, the compile tool", &["-p", COMPILE_TOOL]),
    ] {
        let mut doc = house.cargo(["doc", "--no-deps"]);
        doc.args(packages).env("RUSTDOCFLAGS", "-D warnings");
        progress.run(what, &mut doc)?;
    }
    Ok(())
}

fn tests(house: &House, progress: &mut Progress) -> Result<()> {
    let mut house_tests = house.cargo(["test", "--workspace", "--exclude", COMPILE_TOOL]);
    house_tests.args(["--exclude", programs::SIMULATION]);
    programs::point_to_artefacts(house, with_features(&mut house_tests));
    progress.run("tests", &mut house_tests)?;
    let mut worlds = house.cargo(["test", "-p", programs::SIMULATION]);
    programs::point_to_artefacts(house, &mut worlds);
    progress.run("tests of the simulator", &mut worlds)?;
    let mut tool_tests = house.cargo(["test", "-p", COMPILE_TOOL]);
    programs::point_to_artefacts(house, &mut tool_tests);
    progress.run("tests of the compile tool", &mut tool_tests)?;
    codec::test(house, progress)
}

fn with_features(cargo: &mut Command) -> &mut Command {
    cargo.args(["--features", TEST_FEATURES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_in_the_host_is_found_and_its_data_structures_are_not_mistaken_for_it() {
        let runtime = "acquit v0.1.0 (/house/host/acquit)\nwasmtime v48.0.8\ncranelift-entity v0.135.0\n";
        assert!(compilers_in(runtime).is_empty());
        let compiler = format!("{runtime}wasmtime-internal-cranelift v48.0.8\ncranelift-codegen v0.135.0 (*)\n");
        assert_eq!(compilers_in(&compiler), ["wasmtime-internal-cranelift", "cranelift-codegen"]);
    }

    #[test]
    fn a_missing_tool_is_named_with_the_command_that_installs_it() {
        let error = need(&mut Command::new("no-such-tool"), "the tool", "apt-get install tool").unwrap_err();
        assert_eq!(error.to_string(), "the tool is missing; install it with: apt-get install tool");
    }
}
