//! Builds the plugins: guest code to WebAssembly, WebAssembly to a component and a precompiled artefact.
//!
//! Both steps are skipped when a stamp over their inputs and results says that nothing changed. The compile tool links
//! Cranelift and is therefore built by a cargo of its own: in one build with the host, features would unify and put a
//! compiler into the terminal.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

use crate::{
    debian,
    guest::{self, GuestCompiler, TARGET},
    house::House,
    languages,
    progress::{self, Progress},
    stamp::{self, Made, Stamp},
    verify,
};

/// The package that turns WebAssembly into a component and an artefact.
pub const COMPILE_TOOL: &str = "acquit-compile";

/// Plugins that are there for tests alone, and where they go below `target/plugins`: one that means harm and answers
/// within its types, and one with a new key for each message.
const OF_TESTS: [(&str, &str); 2] = [("acquit-hostile-answers", "hostile/answers"), ("acquit-dukpt-plugin", "dukpt")];
/// Plugins that are compiled for the interpreter too, because tests judge them on it.
const INTERPRETED: [&str; 1] = ["starter"];
/// What the compile tool calls the interpreter of a 64-bit machine, such as this is built on.
const INTERPRETER: &str = "pulley64";

/// One file that becomes an artefact.
#[derive(Debug, PartialEq, Eq)]
struct Job {
    /// WebAssembly as the guest compiler left it, or text.
    input: PathBuf,
    /// Where the results go, without their endings, below `target/plugins`.
    name: PathBuf,
}

impl Job {
    fn component(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name).with_extension("component.wasm")
    }

    fn artefact(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name).with_extension("cwasm")
    }

    fn interpreted(&self, folder: &Path) -> Option<PathBuf> {
        let is_wanted = self.name.to_str().is_some_and(|name| INTERPRETED.contains(&name));
        is_wanted.then(|| folder.join(&self.name).with_extension("pulley.cwasm"))
    }

    fn results(&self, folder: &Path) -> Vec<PathBuf> {
        [self.component(folder), self.artefact(folder)].into_iter().chain(self.interpreted(folder)).collect()
    }

    fn stamp(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name).with_extension("stamp")
    }
}

/// `cargo xtask plugins`.
pub fn command(house: &House, progress: &mut Progress, json: bool) -> Result<ExitCode> {
    let jobs = build(house, progress)?;
    let folder = house.plugins();
    for job in &jobs {
        let (component, artefact) = (job.component(&folder), job.artefact(&folder));
        if json {
            let name = job.name.to_string_lossy();
            println!("{}", serde_json::json!({ "plugin": name, "component": component, "artefact": artefact }));
        } else {
            println!("{}", house.relative(&artefact).display());
        }
    }
    progress.done("plugins are up to date");
    Ok(ExitCode::SUCCESS)
}

/// Brings `target/plugins` up to date.
pub fn ensure(house: &House, progress: &mut Progress) -> Result<()> {
    build(house, progress).map(drop)
}

fn build(house: &House, progress: &mut Progress) -> Result<Vec<Job>> {
    let folder = house.plugins();
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let _lock = debian::lock(&house.target.join("plugins.lock"))?;
    let names = plugin_names(&house.root.join("plugins"))?;
    build_guests(house, progress, &names)?;
    let mut jobs = jobs(house, &names)?;
    let others = languages::build(house, progress)?;
    jobs.extend(others.into_iter().map(|(name, input)| Job { input, name: Path::new("other-languages").join(name) }));
    compile(house, progress, &folder, &jobs)?;
    Ok(jobs)
}

/// Every folder whose package is named after it as a plugin is one, but for the SDK; other crates may stand beside them.
fn plugin_names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    let is_plugin = |name: &String| {
        let manifest = fs::read_to_string(folder.join(name).join("Cargo.toml")).unwrap_or_default();
        let title = format!("name = {:?}", package(name));
        name != "sdk" && manifest.lines().any(|line| line.trim() == title)
    };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(is_plugin).collect();
    names.sort();
    Ok(names)
}

fn package(name: &str) -> String {
    format!("acquit-plugin-{name}")
}

fn core_module(house: &House, package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    house.target.join("guest").join(TARGET).join("plugin").join(file)
}

fn build_guests(house: &House, progress: &mut Progress, names: &[String]) -> Result<()> {
    let compiler = GuestCompiler::prepare(house, progress)?;
    let mut inputs = Stamp::default();
    for path in ["plugins", "tests/hostile", "tests/dukpt", "wit", "Cargo.lock", "Cargo.toml"] {
        inputs.path(&house.root, &house.root.join(path))?;
    }
    inputs.fact("the guest compiler", &compiler.version);
    inputs.fact("the guest flags", &guest::flags(house).join(" "));
    let packages: Vec<String> =
        names.iter().map(|name| package(name)).chain(OF_TESTS.map(|(package, _)| package.to_owned())).collect();
    let results: Vec<PathBuf> = packages.iter().map(|package| core_module(house, package)).collect();
    let stamp_file = house.target.join("stamps/guests.stamp");
    let made = Made { stamp_file: &stamp_file, root: &house.root, results: &results };
    let Some(why) = made.stale(&inputs)? else { return Ok(()) };

    let target_folder = house.target.join("guest");
    let mut cargo = house.cargo(["build", "--lib", "--profile", "plugin", "--target", TARGET]);
    cargo.args(packages.iter().flat_map(|package| ["-p", package])).env("CARGO_TARGET_DIR", target_folder);
    compiler.apply(house, &mut cargo);
    progress.run(&format!("plugins to WebAssembly ({why})"), &mut cargo)?;
    for (package, module) in packages.iter().zip(&results) {
        if !module.is_file() {
            bail!(
                "{package} made no {}: its Cargo.toml must say crate-type = [\"cdylib\", \"rlib\"]",
                house.relative(module).display()
            );
        }
    }
    made.record(&inputs)
}

fn jobs(house: &House, names: &[String]) -> Result<Vec<Job>> {
    let mut jobs: Vec<Job> =
        names.iter().map(|name| Job { input: core_module(house, &package(name)), name: PathBuf::from(name) }).collect();
    jobs.extend(OF_TESTS.map(|(package, name)| Job { input: core_module(house, package), name: PathBuf::from(name) }));
    for (folder, ending) in [("hostile", ".wat"), ("museum", ".component.wasm")] {
        for input in stamp::files_below(&house.root.join("tests").join(folder))? {
            let file = input.file_name().and_then(|file| file.to_str());
            let Some(name) = file.and_then(|file| file.strip_suffix(ending)) else { continue };
            let name = Path::new(folder).join(name);
            jobs.push(Job { input, name });
        }
    }
    Ok(jobs)
}

fn compile(house: &House, progress: &mut Progress, folder: &Path, jobs: &[Job]) -> Result<()> {
    let mut tool = Stamp::default();
    // Of the host, only the sandbox decides what an artefact looks like; Wasmtime refuses one that does not fit.
    for path in ["tools/compile", "host/sandbox", "wit", "Cargo.lock", "Cargo.toml"] {
        tool.path(&house.root, &house.root.join(path))?;
    }
    tool.fact("the host's compiler", &progress::output(house.rustc().arg("-vV"))?);
    let mut tool_is_built = false;
    for job in jobs {
        let mut inputs = tool.clone();
        inputs.path(&house.root, &job.input)?;
        let results = job.results(folder);
        let stamp_file = job.stamp(&house.target.join("stamps"));
        let made = Made { stamp_file: &stamp_file, root: &house.root, results: &results };
        let Some(why) = made.stale(&inputs)? else { continue };
        if !tool_is_built {
            verify::need_c_compiler(house)?;
            progress.run("the compile tool", &mut house.cargo(["build", "-p", COMPILE_TOOL]))?;
            tool_is_built = true;
        }
        compile_one(house, progress, job, folder, &why)?;
        made.record(&inputs)?;
    }
    let results: Vec<PathBuf> = jobs.iter().flat_map(|job| job.results(folder)).collect();
    remove_others(folder, &results)
}

/// A running host keeps the file it has mapped: the tool renames its results into place and never writes over them.
fn compile_one(house: &House, progress: &mut Progress, job: &Job, folder: &Path, why: &str) -> Result<()> {
    let results = job.results(folder);
    for result in &results {
        let parent = result.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    }
    let tool = |artefact: &Path| {
        let mut tool = house.program(house.debug_program(COMPILE_TOOL));
        tool.arg("--component").arg(job.component(folder)).arg("--artefact").arg(artefact).arg(&job.input);
        tool
    };
    let name = job.name.display();
    progress.run(&format!("{name} for this machine ({why})"), &mut tool(&job.artefact(folder)))?;
    if let Some(artefact) = job.interpreted(folder) {
        progress
            .run(&format!("{name} for the interpreter ({why})"), tool(&artefact).args(["--target", INTERPRETER]))?;
    }
    match results.iter().find(|result| !result.is_file()) {
        None => Ok(()),
        Some(missing) => bail!("the compile tool made no {}", missing.display()),
    }
}

/// An artefact whose source is gone must not be found by a test.
fn remove_others(folder: &Path, keep: &[PathBuf]) -> Result<()> {
    for file in stamp::files_below(folder)? {
        if !keep.contains(&file) {
            fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_told_from_the_sdk_and_from_what_they_share() {
        let house = House::find().unwrap();
        let names = plugin_names(&house.root.join("plugins")).unwrap();
        assert!(names.contains(&"unionpay".to_owned()), "{names:?}");
        assert!(!names.contains(&"sdk".to_owned()) && !names.contains(&"iso8583".to_owned()), "{names:?}");
    }

    #[test]
    fn results_are_named_after_the_plugin() {
        let job = Job { input: "x.wat".into(), name: Path::new("hostile").join("memory-bomb") };
        assert_eq!(job.artefact(Path::new("/t")), Path::new("/t/hostile/memory-bomb.cwasm"));
        assert_eq!(job.component(Path::new("/t")), Path::new("/t/hostile/memory-bomb.component.wasm"));
        assert_eq!(job.results(Path::new("/t")).len(), 2);
        let job = Job { input: "x.wasm".into(), name: "starter".into() };
        assert_eq!(job.interpreted(Path::new("/t")).unwrap(), Path::new("/t/starter.pulley.cwasm"));
    }
}
