//! Source to component to artefact, by the tools that are there: cargo, a compiler for the guest's target, and the
//! compile tool. The terminal's own programs hold no compiler.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;
use thiserror::Error;

/// No operating system, so nothing to import.
const TARGET: &str = "wasm32-unknown-unknown";
/// The program that makes component and artefact.
const COMPILE_TOOL: &str = "acquit-compile";
/// Names it, where it is neither beside this program nor on the path.
const COMPILE_VARIABLE: &str = "ACQUIT_COMPILE";
/// Names a Rust compiler that has the target, where the usual one has not.
const RUSTC_VARIABLE: &str = "ACQUIT_GUEST_RUSTC";

/// What is to be built.
#[derive(Debug)]
pub struct Build {
    /// The plugin's package.
    pub folder: PathBuf,
    /// The compile tool; looked for where nothing is said.
    pub compiler: Option<PathBuf>,
    /// Also for the interpreter: for terminals without a native back end, and for `certify --pulley`.
    pub interpreted: bool,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Built {
    /// What one publishes.
    pub component: PathBuf,
    /// Its size.
    pub component_bytes: u64,
    /// What a terminal of this kind of machine loads.
    pub artefact: PathBuf,
    /// Its size.
    pub artefact_bytes: u64,
    /// The artefact for the interpreter, and its size, where one was asked for.
    pub interpreted: Option<(PathBuf, u64)>,
}

/// Why nothing was built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A program could not be started.
    #[error("operator: {program} cannot be started: {source}")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// No package, or not one package.
    #[error("operator: {}: {reason}", folder.display())]
    Package {
        /// Where one was looked for.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The compiler has no standard library for the guest's target.
    #[error(
        "operator: the Rust compiler here cannot compile for {TARGET}; run `rustup target add {TARGET}`, or name one \
         that can in {RUSTC_VARIABLE} (in a checkout of Acquit: `eval \"$(cargo xtask tools)\"`)"
    )]
    Target,
    /// The compile tool is nowhere.
    #[error(
        "operator: {COMPILE_TOOL} is neither beside this program nor on the path; name it with --compiler or in \
         {COMPILE_VARIABLE} (in a checkout of Acquit: `eval \"$(cargo xtask tools)\"`)"
    )]
    NoCompiler,
    /// A step failed, and has said why on its own.
    #[error("plugin: {0} failed; what it says stands above")]
    Failed(&'static str),
    /// A result is not there.
    #[error("plugin: no {} was made; its Cargo.toml must say crate-type = [\"cdylib\", \"rlib\"]", .0.display())]
    Missing(PathBuf),
}

impl Build {
    /// Builds it. What cargo and the compile tool say goes to standard error as they say it.
    ///
    /// # Errors
    /// [`BuildError`]
    pub fn run(&self) -> Result<Built, BuildError> {
        let package = Package::of(&self.folder)?;
        let compiler = self.compile_tool()?;
        let rustc = env::var_os(RUSTC_VARIABLE).map(PathBuf::from);
        if !has_target(rustc.as_deref()) {
            return Err(BuildError::Target);
        }
        let mut cargo = package.cargo_build(&self.folder, rustc.as_deref());
        run(&mut cargo, "cargo build")?;
        let module = package.module();
        if !module.is_file() {
            return Err(BuildError::Missing(module));
        }
        let (component, artefact) = (package.result("component.wasm"), package.result("cwasm"));
        let made = component.parent().map_or(Ok(()), fs::create_dir_all);
        made.map_err(|source| BuildError::Package { folder: self.folder.clone(), reason: source.to_string() })?;
        let compile = |artefact: &Path, target: Option<&str>| {
            let mut compile = Command::new(&compiler);
            compile.arg("--component").arg(&component).arg("--artefact").arg(artefact).arg(&module);
            run(compile.args(target.map(|target| format!("--target={target}"))), COMPILE_TOOL)
        };
        compile(&artefact, None)?;
        let bytes = |file: &Path| {
            fs::metadata(file).map(|metadata| metadata.len()).map_err(|_| BuildError::Missing(file.to_owned()))
        };
        let (component_bytes, artefact_bytes) = (bytes(&component)?, bytes(&artefact)?);
        let interpreted = if self.interpreted {
            let artefact = package.result("pulley.cwasm");
            compile(&artefact, Some(sandbox::INTERPRETED))?;
            let size = bytes(&artefact)?;
            Some((artefact, size))
        } else {
            None
        };
        Ok(Built { component, component_bytes, artefact, artefact_bytes, interpreted })
    }

    fn compile_tool(&self) -> Result<PathBuf, BuildError> {
        let named = self.compiler.clone().or_else(|| env::var_os(COMPILE_VARIABLE).map(PathBuf::from));
        if let Some(named) = named {
            return Ok(named);
        }
        let beside = env::current_exe().ok().and_then(|program| Some(program.parent()?.join(COMPILE_TOOL)));
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&path).map(|folder| folder.join(COMPILE_TOOL)).collect::<Vec<_>>();
        beside.into_iter().chain(on_path).find(|place| place.is_file()).ok_or(BuildError::NoCompiler)
    }
}

/// What cargo says of the plugin's package.
struct Package {
    name: String,
    target_folder: PathBuf,
}

impl Package {
    fn of(folder: &Path) -> Result<Self, BuildError> {
        let wrong = |reason: &str| BuildError::Package { folder: folder.to_owned(), reason: reason.to_owned() };
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder).stderr(Stdio::inherit());
        let output = cargo.output().map_err(|source| BuildError::Start { program: "cargo".to_owned(), source })?;
        if !output.status.success() {
            return Err(wrong("is no package; begin one with `acquit plugin new`"));
        }
        let metadata: serde_json::Value =
            serde_json::from_slice(&output.stdout).map_err(|_| wrong("cargo describes it in a way not known here"))?;
        let here = fs::canonicalize(folder.join("Cargo.toml")).map_err(|_| wrong("has no Cargo.toml"))?;
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_here = |package: &&serde_json::Value| {
            package["manifest_path"].as_str().and_then(|path| fs::canonicalize(path).ok()).as_ref() == Some(&here)
        };
        let package = packages.iter().find(is_here).ok_or_else(|| wrong("is a workspace and no package"))?;
        let (Some(name), Some(target)) = (package["name"].as_str(), metadata["target_directory"].as_str()) else {
            return Err(wrong("cargo describes it in a way not known here"));
        };
        Ok(Self { name: name.to_owned(), target_folder: PathBuf::from(target) })
    }

    fn cargo_build(&self, folder: &Path, rustc: Option<&Path>) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--lib", "--profile", "plugin", "--target", TARGET]).current_dir(folder);
        // What the author's machine sets for programs of its own is not for guests.
        cargo.env_remove("RUSTFLAGS").env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
        if let Some(rustc) = rustc {
            cargo.env("RUSTC", rustc);
        }
        cargo
    }

    fn module(&self) -> PathBuf {
        let file = format!("{}.wasm", self.name.replace('-', "_"));
        self.target_folder.join(TARGET).join("plugin").join(file)
    }

    fn result(&self, ending: &str) -> PathBuf {
        let name = self.name.trim_start_matches("acquit-plugin-");
        self.target_folder.join("plugin").join(format!("{name}.{ending}"))
    }
}

fn has_target(rustc: Option<&Path>) -> bool {
    let mut command = Command::new(rustc.unwrap_or(Path::new("rustc")));
    let Ok(output) = command.args(["--print", "target-libdir", "--target", TARGET]).output() else { return false };
    let folder = String::from_utf8_lossy(&output.stdout);
    let is_std = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("libstd-");
    output.status.success()
        && fs::read_dir(folder.trim()).is_ok_and(|mut files| files.any(|file| file.is_ok_and(is_std)))
}

/// Standard output is for the result alone.
fn run(command: &mut Command, step: &'static str) -> Result<(), BuildError> {
    command.stdout(io::stderr());
    let status = command.status().map_err(|source| BuildError::Start { program: step.to_owned(), source })?;
    if status.success() { Ok(()) } else { Err(BuildError::Failed(step)) }
}
