//! Plugins in other languages than Rust: built where their tools are, and left out in one line where they are not.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    house::House,
    packages,
    progress::{self, Progress},
    stamp::{Made, Stamp},
};

/// The folder of the plugins.
const FOLDER: &str = "plugins/other-languages";
/// The package that writes the contract as C.
const BINDINGS_TOOL: &str = "acquit-bindings";
/// Debian's packages of the C compiler and the linker.
const C_PACKAGES: [&str; 2] = ["clang", "lld"];

/// Builds every plugin whose tools are here; the names of the plugins, below [`FOLDER`], and their core modules.
pub fn build(house: &House, progress: &mut Progress) -> Result<Vec<(String, PathBuf)>> {
    if !c_is_there(house) && !install(house, progress)? {
        progress.step(&format!(
            "plugins in C are left out: they need clang and lld (apt-get install {})",
            C_PACKAGES.join(" ")
        ));
        return Ok(Vec::new());
    }
    let folder = house.target.join("guest/other-languages");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let bindings = folder.join("bindings");
    let mut inputs = Stamp::default();
    for path in [FOLDER, "wit", "tools/bindings", "Cargo.lock"] {
        inputs.path(&house.root, &house.root.join(path))?;
    }
    for tool in ["clang", "wasm-ld"] {
        inputs.fact(tool, &progress::output(house.program(tool).arg("--version"))?);
    }
    let mut plugins = Vec::new();
    for name in names(&house.root.join(FOLDER))? {
        let module = folder.join(format!("{name}.wasm"));
        let stamp_file = house.target.join(format!("stamps/other-languages-{name}.stamp"));
        let results = [module.clone()];
        let made = Made { stamp_file: &stamp_file, root: &house.root, results: &results };
        if let Some(why) = made.stale(&inputs)? {
            if !fetched(house, &name) {
                progress.step(&format!("the plugin in {name} is left out: cargo cannot fetch its interpreter"));
                continue;
            }
            write_bindings(house, progress, &bindings)?;
            let script = house.root.join(FOLDER).join(&name).join("build.sh");
            let mut command = house.program(script);
            command.arg(&bindings).arg(&module);
            progress.run(&format!("the plugin in {name} to WebAssembly ({why})"), &mut command)?;
            made.record(&inputs)?;
        }
        plugins.push((name, module));
    }
    Ok(plugins)
}

/// Every folder with a script that builds it.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("build.sh").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Brings the source of the interpreter a plugin runs in, where it runs in one.
fn fetched(house: &House, name: &str) -> bool {
    let manifest = house.root.join(FOLDER).join(name).join("interpreter/Cargo.toml");
    let mut fetch = house.cargo(["fetch", "--quiet", "--locked", "--manifest-path"]);
    !manifest.is_file() || progress::succeeds(fetch.arg(manifest))
}

fn c_is_there(house: &House) -> bool {
    ["clang", "wasm-ld"].iter().all(|tool| progress::succeeds(house.program(*tool).arg("--version")))
}

/// Asks Debian for the tools, where it was asked for the guest compiler too and nobody need be asked.
fn install(house: &House, progress: &mut Progress) -> Result<bool> {
    let is_asked = env::var("RUST_WASM_VIA").is_ok_and(|via| via == "debian");
    if !is_asked || !packages::has_apt(house) || !packages::is_root(house)? {
        return Ok(false);
    }
    let apt = |arguments: &[&str]| -> Command {
        let mut command = packages::apt(house, true);
        command.args(arguments);
        command
    };
    progress.run("plugins in C: apt-get update", &mut apt(&["update"]))?;
    let [compiler, linker] = C_PACKAGES;
    let packages = ["install", "-y", "--no-install-recommends", compiler, linker];
    progress.run("plugins in C: install clang and lld", &mut apt(&packages))?;
    Ok(c_is_there(house))
}

fn write_bindings(house: &House, progress: &mut Progress, folder: &Path) -> Result<()> {
    let tool = house.debug_program(BINDINGS_TOOL);
    progress::to_success(&mut house.cargo(["build", "--quiet", "-p", BINDINGS_TOOL]))?;
    let mut command = house.program(tool);
    command.arg(house.root.join("wit")).arg("--out").arg(folder);
    progress.run("the contract as C", &mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_a_folder_with_its_own_script() {
        let house = House::find().unwrap();
        let names = names(&house.root.join(FOLDER)).unwrap();
        assert!(names.contains(&"c".to_owned()) && !names.contains(&"libc".to_owned()), "{names:?}");
    }
}
