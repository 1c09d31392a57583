//! Tools that come from the system's packages: asked for by name, installed where that needs no question.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    house::House,
    progress::{self, Progress},
};

/// A program that checks need and no cargo command brings.
pub struct Tool {
    /// How people call it.
    pub name: &'static str,
    /// A call that succeeds where it is installed.
    pub check: [&'static str; 2],
    /// Debian's package.
    pub package: &'static str,
}

/// Runs the second verifier of evidence files.
pub const PYTHON: Tool = Tool { name: "Python 3", check: ["python3", "--version"], package: "python3" };
/// Compiles the fuzzing engine.
pub const CPP: Tool = Tool { name: "a C++ compiler", check: ["c++", "--version"], package: "g++" };

/// Makes sure a tool is there: installed by apt when we are root on a Debian, else asked for with its command.
pub fn ensure(house: &House, progress: &mut Progress, tool: &Tool) -> Result<()> {
    if is_there(house, tool) {
        return Ok(());
    }
    let root = has_apt(house) && is_root(house)?;
    if root {
        progress.run(&format!("{}: apt-get update", tool.name), apt(house, root).arg("update"))?;
        let install = ["install", "-y", "--no-install-recommends", tool.package];
        progress.run(&format!("{}: install {}", tool.name, tool.package), apt(house, root).args(install))?;
    }
    if is_there(house, tool) {
        return Ok(());
    }
    bail!("{} is missing; install it with: apt-get install {}", tool.name, tool.package)
}

/// Whether this is a system with Debian's packages.
pub fn has_apt(house: &House) -> bool {
    progress::succeeds(house.program("apt-get").arg("--version"))
}

/// Whether packages can be installed without asking anybody.
pub fn is_root(house: &House) -> Result<bool> {
    Ok(progress::output(house.program("id").arg("-u"))?.trim() == "0")
}

/// `apt-get`, with sudo where we are not root; it asks no questions.
pub fn apt(house: &House, root: bool) -> Command {
    let mut command = house.program(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    // Another apt on the machine is waited for, rather than failed on.
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=600"]);
    command
}

fn is_there(house: &House, tool: &Tool) -> bool {
    progress::succeeds(house.program(tool.check[0]).arg(tool.check[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_there_is_not_installed_again() {
        let house = House::find().unwrap();
        let shell = Tool { name: "a shell", check: ["true", "--version"], package: "no-such-package" };
        ensure(&house, &mut Progress::start(), &shell).unwrap();
    }

    #[test]
    fn without_root_apt_is_called_through_sudo() {
        let house = House::find().unwrap();
        assert!(progress::line(&apt(&house, true)).starts_with("env DEBIAN_FRONTEND=noninteractive apt-get -q "));
        assert!(progress::line(&apt(&house, false)).starts_with("sudo env DEBIAN_FRONTEND=noninteractive apt-get "));
    }
}
