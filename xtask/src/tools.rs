//! `cargo xtask tools`: what builds a plugin that lies outside of this checkout.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{guest::GuestCompiler, house::House, plugins::COMPILE_TOOL, progress::Progress, verify};

/// The compile tool, and a Rust compiler for guests where it is not the usual one.
pub struct Tools {
    compile: PathBuf,
    rustc: Option<PathBuf>,
}

impl Tools {
    /// Builds the one and finds, or installs, the other.
    pub fn prepare(house: &House, progress: &mut Progress) -> Result<Self> {
        verify::need_c_compiler(house)?;
        progress.run("the compile tool", &mut house.cargo(["build", "-p", COMPILE_TOOL]))?;
        let guest = GuestCompiler::prepare(house, progress)?;
        Ok(Self { compile: house.debug_program(COMPILE_TOOL), rustc: guest.rustc().map(PathBuf::from) })
    }

    /// Tells a command where they are, by the names that `acquit plugin build` looks for.
    pub fn point_to(&self, command: &mut Command) {
        command.envs(self.variables());
    }

    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![("ACQUIT_COMPILE", self.compile.clone())];
        variables.extend(self.rustc.clone().map(|rustc| ("ACQUIT_GUEST_RUSTC", rustc)));
        variables
    }
}

/// `cargo xtask tools`.
pub fn command(house: &House, progress: &mut Progress, json: bool) -> Result<ExitCode> {
    let tools = Tools::prepare(house, progress)?;
    if json {
        println!("{}", serde_json::json!({ "compile": tools.compile, "rustc": tools.rustc }));
    } else {
        for (name, file) in tools.variables() {
            println!("export {name}={}", quoted(&file.to_string_lossy()));
        }
    }
    progress.done("tools are ready; `eval \"$(cargo xtask tools)\"` exports them");
    Ok(ExitCode::SUCCESS)
}

/// As a shell reads it back.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quoted("/a b/c"), "'/a b/c'");
        assert_eq!(quoted("/o'clock"), r"'/o'\''clock'");
    }
}
