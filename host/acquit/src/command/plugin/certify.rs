//! `acquit plugin certify`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use engine::contract::Plugin as _;
use kit::{Interpreted, Judge, Most, Report, Verdict};
use sandbox::{LoadedPlugin, Sandbox};
use serde_json::json;

use super::{Subject, recording};
use crate::operator::SigningKey;

/// What is judged, by what, and who answers for it.
#[derive(Debug, Args)]
pub(in crate::command) struct Certify {
    #[command(flatten)]
    subject: Subject,
    /// Calls that were recorded while it traded, as `acquit run --record-calls` writes them.
    #[arg(long, value_name = "CALLS")]
    calls: PathBuf,
    /// The same plugin compiled for the interpreter, as `acquit plugin build --pulley` makes it: every recorded call is
    /// asked there too, and answered by the same bytes for the same fuel.
    #[arg(long, value_name = "FILE")]
    pulley: Option<PathBuf>,
    /// Random variations of each reply, besides the systematic ones.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    variations: u32,
    /// Codes of the acquirer that approve, with commas; without them that law is not tried.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    approves: Option<Vec<String>>,
    /// Sign the report with this key, as `acquit operator new-key` makes one.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) fn certify(certify: &Certify, json: bool) -> Result<ExitCode> {
    let key = certify.key.as_deref().map(SigningKey::open).transpose()?;
    let calls = recording(&certify.calls)?;
    let (plugin, trial) = certify.subject.load()?;
    let interpreted = certify.pulley.as_deref().map(|file| load_interpreted(file, &plugin)).transpose()?;
    let spent = || interpreted.as_ref().map(LoadedPlugin::spent).unwrap_or_default();
    let interpreted = interpreted.as_ref().map(|plugin| Interpreted { plugin, spent: &spent });
    let (variations, approving_codes) = (certify.variations, certify.approves.clone());
    let judge = Judge { plugin: &plugin, spent: &|| plugin.spent(), interpreted, variations, approving_codes };
    let verdicts = kit::certify(&judge, &calls);
    let inspection = kit::inspect(&plugin, certify.subject.artefact_bytes()?, &trial);
    let transcript = kit::transcript(&judge, &calls);
    let report = Report { inspection, calls: calls.len(), verdicts, transcript };
    if json || key.is_some() {
        // What is signed is this very text, so that it need not be written the same way twice.
        let text = serde_json::to_string(&report)?;
        let signed = key
            .map(|key| json!({ "key": key.public().to_string(), "signature": hex::encode(key.sign(text.as_bytes())) }));
        println!("{}", json!({ "report": text, "signed": signed }));
    } else {
        show(&report)?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// It must describe itself as the native one does: else it is another plugin, and every answer would differ.
fn load_interpreted(file: &Path, native: &LoadedPlugin) -> Result<LoadedPlugin> {
    let plugin = Sandbox::interpreting()?.load("interpreted plugin", file)?;
    let is_same = plugin.descriptor() == native.descriptor();
    ensure!(is_same, "operator: {} is another plugin; compile both of one component", file.display());
    Ok(plugin)
}

fn show(report: &Report) -> Result<()> {
    let inspection = &report.inspection;
    println!("{} {}, sha256 {}", inspection.acquirer, inspection.version, inspection.digest);
    println!("tried on {} recorded calls; it imports nothing\n", report.calls);
    for verdict in &report.verdicts {
        let Verdict { law, tried, broken, breaches, most } = verdict;
        let word = match (tried, broken) {
            (0, _) => "not tried",
            (_, 0) => "holds",
            _ => "BROKEN",
        };
        let name = serde_json::to_value(law).context("a law has no name")?;
        println!("{:<24} {word:<10} {tried:>8} trials", name.as_str().unwrap_or_default());
        if let Some(Most { state_bytes, memory_bytes, fuel }) = most {
            println!("    at most {state_bytes} bytes of state, {memory_bytes} of memory, {fuel} units of fuel");
        }
        for breach in breaches {
            println!("    call {}: {}", breach.call, breach.what);
        }
        if *broken > breaches.len() as u64 {
            println!("    and {} more", broken - breaches.len() as u64);
        }
    }
    Ok(())
}
