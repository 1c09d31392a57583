//! `acquit plugin replay`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use sandbox::Sandbox;
use serde_json::json;

use super::recording;

/// What was asked, and who is asked again.
#[derive(Debug, Args)]
pub(in crate::command) struct Replay {
    /// The recording, as `acquit run --record-calls` writes it.
    #[arg(value_name = "CALLS")]
    calls: PathBuf,
    /// The plugin: a precompiled artefact, of the build that was recorded or of another one.
    #[arg(long, value_name = "FILE")]
    plugin: PathBuf,
}

pub(super) fn replay(replay: &Replay, json: bool) -> Result<ExitCode> {
    let calls = recording(&replay.calls)?;
    let plugin = Sandbox::new()?.load("plugin", &replay.plugin)?;
    let difference = kit::first_difference(&plugin, &calls);
    if json {
        println!("{}", json!({ "calls": calls.len(), "difference": difference }));
    } else if let Some(difference) = &difference {
        println!("call {} ({}): {}", difference.call, difference.asked, difference.place);
        println!("  was {}\n  is  {}", difference.was, difference.is);
    } else {
        println!("{} calls, each answered as it was", calls.len());
    }
    Ok(if difference.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
