//! `acquit plugin new` and `acquit plugin build`

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;
use engine::contract::Plugin as _;
use kit::{Build, PluginName, TEMPLATES, Template};
use sandbox::Sandbox;
use serde_json::json;

/// A plugin to begin.
#[derive(Debug, Args)]
pub(in crate::command) struct New {
    /// Its name: small letters, digits and dashes.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it speaks.
    #[arg(long, value_parser = PossibleValuesParser::new(TEMPLATES.iter().map(|template| template.name)))]
    from: String,
    /// The folder it gets its own folder in.
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    parent: PathBuf,
    /// The SDK to build with: plugins/sdk of a checkout. Looked for in FOLDER and above it where nothing is said.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// A plugin to build.
#[derive(Debug, Args)]
pub(in crate::command) struct Source {
    /// The plugin's folder.
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// The program acquit-compile; looked for beside this one and on the path where nothing is said.
    #[arg(long, value_name = "FILE")]
    compiler: Option<PathBuf>,
    /// Also make NAME.pulley.cwasm, which Wasmtime's interpreter runs: for `certify --pulley`.
    #[arg(long)]
    pulley: bool,
}

pub(super) fn new(new: &New, json: bool) -> Result<ExitCode> {
    let name = PluginName::parse(&new.name)?;
    let template = Template::named(&new.from).context("no such template")?;
    let folder = template.begin(&name, &new.parent, new.sdk.as_deref())?;
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", json!({ "plugin": name.as_str(), "folder": folder, "template": template.name }))?;
    } else {
        writeln!(out, "{}: {}", folder.display(), template.about)?;
        writeln!(out, "\n    cd {}\n    cargo test\n    acquit plugin build", folder.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn build(source: &Source, json: bool) -> Result<ExitCode> {
    let (folder, compiler) = (source.folder.clone(), source.compiler.clone());
    let built = Build { folder, compiler, interpreted: source.pulley }.run()?;
    // What does not load is not built: a terminal would refuse it with the same words.
    let plugin = Sandbox::new()?.load("plugin", &built.artefact)?;
    if let Some((artefact, _)) = &built.interpreted {
        Sandbox::interpreting()?.load("interpreted plugin", artefact)?;
    }
    let digest = format!("{:?}", plugin.digest());
    let mut out = stdout().lock();
    if json {
        let mut facts = serde_json::to_value(&built)?;
        facts["digest"] = digest.into();
        writeln!(out, "{facts}")?;
    } else {
        writeln!(out, "{:>9} bytes  {}", built.component_bytes, built.component.display())?;
        writeln!(out, "{:>9} bytes  {}", built.artefact_bytes, built.artefact.display())?;
        if let Some((artefact, size)) = &built.interpreted {
            writeln!(out, "{size:>9} bytes  {}", artefact.display())?;
        }
        writeln!(out, "sha256 {digest}; it loads, and imports nothing")?;
    }
    Ok(ExitCode::SUCCESS)
}
