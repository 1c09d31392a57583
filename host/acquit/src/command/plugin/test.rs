//! `acquit plugin test`

use std::env;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use engine::contract::acquirer::{KeyAlgorithm, KeyUse};
use kit::scenario::{Failure, Message, Scenario, Stage, Verdict, Words, play};
use kit::scripted::Script;
use sandbox::Sandbox;
use serde_json::json;

use crate::config::{Word, key_use_word};

/// The acquirer's script, beside the scenarios.
const SCRIPT: &str = "acquirer.toml";

/// Which scenarios, and of which plugin.
#[derive(Debug, Args)]
pub(in crate::command) struct Test {
    /// Scenario files, or folders of them. The acquirer's script, acquirer.toml, stands beside them.
    #[arg(value_name = "FOLDER|FILE", default_value = "scenarios")]
    places: Vec<PathBuf>,
    /// The plugin: a precompiled artefact.
    #[arg(long, value_name = "FILE")]
    plugin: PathBuf,
    /// Write every call of the plugin to the end of this file, one a line, for `acquit plugin certify` and `replay`.
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
}

/// A scenario that was read, and where it stands.
struct Ready {
    file: PathBuf,
    script: Arc<Script>,
    scenario: Scenario,
}

pub(super) fn test(test: &Test, json: bool) -> Result<ExitCode> {
    let plugin = Sandbox::new()?.load("plugin", &test.plugin)?;
    // Every file is read before the first is played: a mistake in the last costs no minute.
    let ready = ready(&test.places)?;
    let program = env::current_exe().context("this program cannot find itself")?;
    let words = Words { key_use, algorithm };
    let stage = Stage {
        program: &program,
        is_development: cfg!(feature = "development"),
        plugin: &plugin,
        artefact: &test.plugin,
        words,
        calls: test.calls.as_deref(),
    };
    for Ready { file, script, .. } in &ready {
        if let Err(Failure { place, expected, found }) = stage.check(script) {
            bail!("{}: {place}: expected {expected}; found {found}", file.with_file_name(SCRIPT).display());
        }
    }
    let mut failed = 0;
    for (number, Ready { file, script, scenario }) in ready.iter().enumerate() {
        progress(&format!("{} of {}: {}", number + 1, ready.len(), scenario.title));
        let verdict = play(&stage, script, scenario);
        progress("");
        failed += usize::from(!verdict.holds());
        if json {
            println!("{}", json!({ "file": file, "holds": verdict.holds(), "verdict": verdict }));
        } else {
            show(file, &verdict)?;
        }
    }
    if !json {
        let word = if ready.len() == 1 { "scenario" } else { "scenarios" };
        println!("\n{} {word}, {failed} failed", ready.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ready(places: &[PathBuf]) -> Result<Vec<Ready>> {
    let mut ready = Vec::new();
    for place in places {
        let (folder, files) = if place.is_dir() {
            (place.as_path(), scenario_files(place)?)
        } else {
            (place.parent().unwrap_or(Path::new("")), vec![place.clone()])
        };
        if files.is_empty() {
            bail!("{} has no scenario: a .toml file beside {SCRIPT}", folder.display());
        }
        let script = Arc::new(Script::load(&folder.join(SCRIPT))?);
        for file in files {
            let scenario = Scenario::load(&file, &script)?;
            ready.push(Ready { file, script: Arc::clone(&script), scenario });
        }
    }
    Ok(ready)
}

fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_toml = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
    files.retain(|file| is_toml(file) && !file.ends_with(SCRIPT));
    files.sort();
    Ok(files)
}

fn show(file: &Path, verdict: &Verdict) -> Result<()> {
    let Verdict { title, failure, complaints, messages, kept, took_ms } = verdict;
    let mut out = stdout().lock();
    let word = if verdict.holds() { "ok    " } else { "FAILED" };
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    writeln!(out, "{word} {name:<24} {:>5}.{} s  {title}", took_ms / 1000, took_ms % 1000 / 100)?;
    if verdict.holds() {
        return Ok(());
    }
    for complaint in complaints {
        writeln!(out, "    the acquirer: {complaint}")?;
    }
    if let Some(Failure { place, expected, found }) = failure {
        writeln!(out, "    {place}\n      expected {expected}\n      found    {found}")?;
    }
    for Message { from, fields } in messages {
        writeln!(out, "    from the {from}:")?;
        for field in fields {
            writeln!(out, "      {:<8} {:<24} {}  {}", field.path, field.name, field.value, field.note)?;
        }
    }
    if let Some(kept) = kept {
        writeln!(out, "    everything is kept in {}", kept.display())?;
    }
    Ok(())
}

/// One line that is written over; only where a person looks.
fn progress(text: &str) {
    let mut err = stderr().lock();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[K{text}");
        let _ = err.flush();
    }
}

fn key_use(key_use: &KeyUse) -> String {
    key_use_word(key_use)
}

fn algorithm(algorithm: KeyAlgorithm) -> String {
    algorithm.word().to_owned()
}
