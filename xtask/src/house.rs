//! Where things are, and how a child process is started.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// The checkout, its build directory and the user's cache.
pub struct House {
    /// The folder that holds the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo builds; absolute.
    pub target: PathBuf,
    /// Where things live that outlast `cargo clean`; absolute.
    pub cache: PathBuf,
}

impl House {
    /// Finds the checkout that `cargo xtask` was called in, and the directories the environment asks for.
    pub fn find() -> Result<Self> {
        // What `cargo run` says now comes before what was compiled in: two checkouts may share a target directory,
        // and cargo then takes the program of the one for that of the other.
        let package = filled("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&package).parent().context("xtask has no parent folder")?.to_owned();
        let target = match filled("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir().context("the current folder cannot be read")?.join(folder),
            None => root.join("target"),
        };
        let cache = match (filled("XDG_CACHE_HOME"), filled("HOME")) {
            (Some(cache), _) => Path::new(&cache).join("acquit"),
            (None, Some(home)) => Path::new(&home).join(".cache/acquit"),
            (None, None) => target.join("cache"),
        };
        Ok(Self { root, target, cache })
    }

    /// Where `cargo xtask plugins` puts its results.
    pub fn plugins(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// A development build of one of the house's programs.
    pub fn debug_program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// An optimised build of one of the house's programs.
    pub fn released_program(&self, name: &str) -> PathBuf {
        self.target.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// `path` as seen from the checkout, for messages and stamps.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// Cargo, run in the checkout and building into [`House::target`].
    pub fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The compiler cargo uses for the host.
    pub fn rustc(&self) -> Command {
        self.program(filled("RUSTC").unwrap_or_else(|| "rustc".into()))
    }

    /// A program run in the checkout, without what `cargo run` adds to the environment of xtask: build scripts that
    /// watch those variables would run again each time somebody changes between `cargo xtask` and plain `cargo`.
    pub fn program(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(added_by_cargo_run) {
                command.env_remove(name);
            }
        }
        command
    }
}

fn filled(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn added_by_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_see_the_users_settings_but_not_ours() {
        for ours in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME"] {
            assert!(added_by_cargo_run(ours), "{ours}");
        }
        for theirs in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_HTTP_PROXY", "RUSTUP_TOOLCHAIN"] {
            assert!(!added_by_cargo_run(theirs), "{theirs}");
        }
    }

    #[test]
    fn the_house_is_the_workspace() {
        let house = House::find().unwrap();
        assert!(house.root.join("wit/worlds.wit").is_file());
        assert_eq!(house.relative(&house.root.join("wit/worlds.wit")), Path::new("wit/worlds.wit"));
    }
}
