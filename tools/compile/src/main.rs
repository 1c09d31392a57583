//! `acquit-compile`: a plugin in, a component and a precompiled artefact out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

/// Turns a plugin into a component and compiles it ahead of time for the terminal.
///
/// The terminal holds no compiler: it loads the artefact this program writes, and only if both
/// were built from the same version of Acquit. The component is what one publishes, and compiles
/// again for the next version.
///
/// INPUT is one of:
///   a core module with its world embedded, as a guest built with wit-bindgen is;
///   a component;
///   either of them as WebAssembly text; a core module without a world gets `acquirer-plugin`.
///
/// A plugin imports nothing. One that imports anything is refused, with the name of what it imports.
#[derive(Parser)]
#[command(name = "acquit-compile", version, verbatim_doc_comment)]
struct Arguments {
    /// The plugin: .wasm or .wat
    input: PathBuf,
    /// Where to write the component
    #[arg(long, value_name = "OUT.component.wasm")]
    component: PathBuf,
    /// Where to write the precompiled artefact
    #[arg(long, value_name = "OUT.cwasm")]
    artefact: PathBuf,
    /// The machine to compile for, such as x86_64-unknown-linux-gnu. Without it: this one, in its oldest form, so that
    /// the artefact runs on every terminal of the kind
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("acquit-compile: {}: {error:#}", arguments.input.display());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let input = fs::read(&arguments.input).context("cannot be read")?;
    let component = acquit_compile::component(&input)?;
    let artefact = acquit_compile::precompile(&component, arguments.target.as_deref())?;
    write(&arguments.component, &component)?;
    write(&arguments.artefact, &artefact)
}

/// Writes beside the target and renames, so that nobody loads half an artefact.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("{} cannot be written", path.display()))
}
