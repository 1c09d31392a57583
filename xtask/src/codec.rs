//! The benchmark of the ISO 8583 codec beside published ones. It is a workspace of its own in `tests/codec-bench`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};

use crate::{
    guest::{GuestCompiler, TARGET},
    house::House,
    programs,
    progress::{self, Progress},
    verify,
};

/// A workspace of its own: its peers are no dependencies of the house.
pub const MANIFEST: &str = "tests/codec-bench/Cargo.toml";
/// The Python packages, pinned so that two machines measure the same code.
const PYTHON_PACKAGES: [&str; 2] = ["pyiso8583==4.0.1", "iso8583sim==1.6.0"];

/// `cargo xtask bench codec`: natively, as a guest, and beside two Rust crates and two Python packages.
pub fn bench(house: &House, progress: &mut Progress) -> Result<ExitCode> {
    verify::need_c_compiler(house)?;
    let guest = guest(house, progress)?;
    let target = house.target.join("codec-bench");
    let mut build = house.cargo(["build", "--release", "--features", "host", "--manifest-path", MANIFEST]);
    build.env("CARGO_TARGET_DIR", &target);
    progress.run("the benchmark, optimised, with the published crates", &mut build)?;
    let python = python(house, progress);
    progress.step("the benchmark");
    let mut bench = house.program(target.join("release/codec-bench"));
    bench.arg(guest).args(python);
    programs::pass_on(&mut bench)
}

/// The tests of what is measured; the measuring program, and the crates it compares with, are built by [`bench()`]
/// alone.
pub fn test(house: &House, progress: &mut Progress) -> Result<()> {
    let mut test = house.cargo(["test", "--lib", "--manifest-path", MANIFEST]);
    progress.run("tests of the codec's benchmark", test.env("CARGO_TARGET_DIR", house.target.join("codec-bench")))
}

/// The codec as WebAssembly, built as plugins are.
fn guest(house: &House, progress: &mut Progress) -> Result<PathBuf> {
    let compiler = GuestCompiler::prepare(house, progress)?;
    let target = house.target.join("codec-bench-guest");
    let mut cargo = house.cargo(["build", "--lib", "--profile", "plugin", "--target", TARGET]);
    cargo.args(["--manifest-path", MANIFEST]).env("CARGO_TARGET_DIR", &target);
    compiler.apply(house, &mut cargo);
    progress.run("the codec to WebAssembly", &mut cargo)?;
    let module = target.join(TARGET).join("plugin/acquit_codec_bench.wasm");
    if !module.is_file() {
        bail!("the codec's benchmark made no {}", house.relative(&module).display());
    }
    Ok(module)
}

/// A Python with the packages; `None` where it cannot be had, which the table says.
fn python(house: &House, progress: &mut Progress) -> Option<PathBuf> {
    let folder = house.target.join("codec-bench-python");
    let python = folder.join("bin/python");
    if !progress::succeeds(house.program(&python).args(["-c", "import iso8583, iso8583sim"])) {
        progress.step("Python packages to compare with");
        let made = progress::succeeds(house.program("python3").args(["-m", "venv"]).arg(&folder))
            && progress::succeeds(house.program(&python).args(["-m", "pip", "-q", "install"]).args(PYTHON_PACKAGES));
        if !made {
            return None;
        }
    }
    Some(python)
}
