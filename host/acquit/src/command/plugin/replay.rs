//! `acquit plugin replay`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use engine::contract::Plugin as _;
use kit::{Difference, JournalReplay, Tally};
use sandbox::{LoadedPlugin, Sandbox};
use serde_json::json;

use super::recording;
use crate::command::journal::progress::Progress;
use crate::command::{House, Shared};
use crate::terminal::{keeping, record, setting};

/// What was asked, and who is asked again.
#[derive(Debug, Args)]
pub(in crate::command) struct Replay {
    /// A recording, as `acquit run --record-calls` writes it; where none is named, the journal of the terminal that
    /// --config names, as far as a journal keeps what was asked.
    #[arg(value_name = "CALLS")]
    calls: Option<PathBuf>,
    /// The plugin: a precompiled artefact, of the build that was recorded or of another one.
    #[arg(long, value_name = "FILE")]
    plugin: PathBuf,
    /// Whose records of a journal; the first acquirer's where nothing is said.
    #[arg(long, value_name = "NAME", conflicts_with = "calls")]
    acquirer: Option<String>,
    /// The cashier whose calls they were; a journal does not keep it.
    #[arg(long, value_name = "NUMBER", default_value = "01", conflicts_with = "calls")]
    operator: String,
}

pub(super) fn replay(replay: &Replay, shared: Shared) -> Result<ExitCode> {
    let plugin = Sandbox::new()?.load("plugin", &replay.plugin)?;
    match &replay.calls {
        Some(calls) => recorded(&plugin, calls, shared.json),
        None => journalled(&plugin, replay, &House::open(shared)?),
    }
}

fn recorded(plugin: &LoadedPlugin, calls: &Path, json: bool) -> Result<ExitCode> {
    let calls = recording(calls)?;
    let difference = kit::first_difference(plugin, &calls);
    if json {
        println!("{}", json!({ "calls": calls.len(), "difference": difference }));
    } else {
        match &difference {
            Some(difference) => show("call", difference),
            None => println!("{} calls, each answered as it was", calls.len()),
        }
    }
    Ok(if difference.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn journalled(plugin: &LoadedPlugin, replay: &Replay, house: &House) -> Result<ExitCode> {
    let mut acquirers = house.configuration.acquirers.iter();
    let acquirer = acquirers.find(|acquirer| replay.acquirer.as_ref().is_none_or(|name| acquirer.name == *name));
    let acquirer = acquirer.context("operator: the configuration names no such acquirer")?;
    let mut told = setting(&house.configuration, acquirer, plugin.descriptor());
    told.operator.clone_from(&replay.operator);
    let mut asked = JournalReplay::new(plugin, told);
    let mut difference = None;
    Progress::over("journal", || {
        keeping::visit(&house.configuration, |entry| {
            let Some(record) = record(&entry) else { return Ok(()) };
            let record = record.with_context(|| format!("entry {} cannot be read", entry.sequence))?;
            if difference.is_none() && record.acquirer == acquirer.name {
                difference = asked.take(usize::try_from(entry.sequence)?, &record);
            }
            Ok(())
        })
    })?;
    let Tally { asked, passed_over } = asked.tally();
    if house.json {
        println!("{}", json!({ "calls": asked, "passed-over": passed_over, "difference": difference }));
    } else {
        match &difference {
            Some(difference) => show("entry", difference),
            None => println!(
                "{asked} calls, each answered as the journal has it; of {passed_over} more it does not say what the \
                 plugin answered"
            ),
        }
    }
    if asked == 0 {
        bail!("nothing in the journal of {} could be asked: it holds no message of it", acquirer.name);
    }
    Ok(if difference.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(what: &str, difference: &Difference) {
    let Difference { call, asked, place, was, is } = difference;
    println!("{what} {call} ({asked}): {place}\n  was {was}\n  is  {is}");
}
