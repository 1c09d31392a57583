//! The compiler that plugins are built with.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    debian,
    house::House,
    progress::{self, Progress},
};

/// What plugins are compiled for: no operating system, so nothing to import.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may take before Debian's packages are tried: a blocked network can swallow its connection.
const RUSTUP_DEADLINE: Duration = Duration::from_secs(300);

/// Flags for guest code only. One page of stack is what a protocol needs (the default of one megabyte is zeroed in
/// every fresh instance), and paths are cut so that two checkouts give the same bytes.
pub fn flags(house: &House) -> Vec<String> {
    let mut flags = vec!["-Clink-arg=-zstack-size=65536".to_owned()];
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    if let Some(cargo_home) = cargo_home {
        flags.push(format!("--remap-path-prefix={}=cargo", cargo_home.display()));
    }
    flags.push(format!("--remap-path-prefix={}=.", house.root.display()));
    flags
}

/// A compiler that has [`TARGET`].
pub struct GuestCompiler {
    /// `None` when the compiler of the host has it.
    rustc: Option<PathBuf>,
    /// What `rustc -vV` says: part of the stamp.
    pub version: String,
}

impl GuestCompiler {
    /// Finds one, or installs one as `RUST_WASM_VIA` allows.
    pub fn prepare(house: &House, progress: &mut Progress) -> Result<Self> {
        let via = env::var("RUST_WASM_VIA").unwrap_or_default();
        match Via::parse(&via)? {
            Via::Debian => Self::private(house, debian::toolchain(house, progress)?),
            Via::Rustup => match has_target(house.rustc()) || rustup(house, progress) {
                true => Self::of_host(house),
                false => {
                    bail!("rustup could not install {TARGET}; try `rustup target add {TARGET}` and see what it says")
                }
            },
            Via::Auto => {
                if has_target(house.rustc()) {
                    return Self::of_host(house);
                }
                if let Some(rustc) = debian::cached(house) {
                    return Self::private(house, rustc);
                }
                if rustup(house, progress) {
                    return Self::of_host(house);
                }
                Self::private(house, debian::toolchain(house, progress)?)
            }
        }
    }

    /// Makes a cargo command compile guests with this compiler; the host's own builds never see it.
    pub fn apply(&self, house: &House, command: &mut Command) {
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        }
        command.env_remove("RUSTFLAGS").env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
        command.env("CARGO_ENCODED_RUSTFLAGS", flags(house).join("\u{1f}"));
    }

    /// The compiler, where it is not the one of the host.
    pub fn rustc(&self) -> Option<&Path> {
        self.rustc.as_deref()
    }

    fn of_host(house: &House) -> Result<Self> {
        let version = progress::output(house.rustc().arg("-vV"))?;
        Ok(Self { rustc: None, version })
    }

    fn private(house: &House, rustc: PathBuf) -> Result<Self> {
        let version = progress::output(house.program(&rustc).arg("-vV"))?;
        Ok(Self { rustc: Some(rustc), version })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Via {
    Auto,
    Rustup,
    Debian,
}

impl Via {
    fn parse(value: &str) -> Result<Self> {
        match value {
            "" | "auto" => Ok(Self::Auto),
            "rustup" => Ok(Self::Rustup),
            "debian" => Ok(Self::Debian),
            other => bail!("RUST_WASM_VIA is auto, rustup or debian, not `{other}`"),
        }
    }
}

/// Whether a compiler comes with the standard library for [`TARGET`].
pub fn has_target(mut rustc: Command) -> bool {
    let output = rustc.args(["--print", "target-libdir", "--target", TARGET]).output();
    let Ok(output) = output else { return false };
    let folder = String::from_utf8_lossy(&output.stdout);
    output.status.success() && holds_std(Path::new(folder.trim()))
}

fn holds_std(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

fn rustup(house: &House, progress: &mut Progress) -> bool {
    if !progress::succeeds(house.program("rustup").arg("--version")) {
        return false;
    }
    progress.step(&format!("guest target: rustup target add {TARGET}"));
    match within(house.program("rustup").args(["target", "add", TARGET]), RUSTUP_DEADLINE) {
        Ok(()) if has_target(house.rustc()) => true,
        Ok(()) => false,
        Err(error) => {
            eprintln!("      rustup could not add it: {error:#}");
            false
        }
    }
}

fn within(command: &mut Command, deadline: Duration) -> Result<()> {
    let line = progress::line(command);
    let mut child = command.spawn().with_context(|| format!("this command could not be started: {line}"))?;
    let began = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("this command failed ({status}): {line}"),
            None if began.elapsed() > deadline => {
                child.kill()?;
                child.wait()?;
                bail!("this command took longer than {} s: {line}", deadline.as_secs());
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_target_is_chosen_by_name() {
        assert_eq!(Via::parse("").unwrap(), Via::Auto);
        assert_eq!(Via::parse("auto").unwrap(), Via::Auto);
        assert_eq!(Via::parse("rustup").unwrap(), Via::Rustup);
        assert_eq!(Via::parse("debian").unwrap(), Via::Debian);
        assert!(Via::parse("Debian").unwrap_err().to_string().contains("not `Debian`"));
    }

    #[test]
    fn a_compiler_that_is_not_there_has_no_target() {
        assert!(!has_target(Command::new("no-such-rustc")));
        assert!(!holds_std(Path::new("/no/such/folder")));
    }

    #[test]
    fn a_command_that_never_ends_is_ended() {
        let error = within(Command::new("sh").args(["-c", "while :; do sleep 1; done"]), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("took longer than 0 s"), "{error}");
    }

    #[test]
    fn guests_are_built_with_our_flags_only() {
        let house = House::find().unwrap();
        let compiler = GuestCompiler { rustc: Some("/cache/bin/rustc".into()), version: String::new() };
        let mut command = Command::new("cargo");
        compiler.apply(&house, &mut command);
        let set = |name: &str| {
            let value = command.get_envs().find(|(key, _)| *key == name).unwrap().1;
            value.map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(set("RUSTC").as_deref(), Some("/cache/bin/rustc"));
        assert_eq!(set("RUSTFLAGS"), None);
        assert!(set("CARGO_ENCODED_RUSTFLAGS").unwrap().starts_with("-Clink-arg=-zstack-size=65536\u{1f}--remap-path"));
    }
}
