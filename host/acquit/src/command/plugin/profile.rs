//! `acquit plugin profile`

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::config::{AcquirerProfile, Known};

/// A profile to show.
#[derive(Debug, Args)]
pub(in crate::command) struct Profile {
    /// The acquirer's profile.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn profile(profile: &Profile, json: bool) -> Result<ExitCode> {
    let profile = AcquirerProfile::load(&profile.file)?;
    let mut out = stdout().lock();
    if json {
        let AcquirerProfile { acquirer, public, supplies, parameters, .. } = &profile;
        let facts = json!({ "acquirer": acquirer, "public": public, "supplies": supplies, "parameters": parameters });
        writeln!(out, "{facts}")?;
    } else {
        show(&profile, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(profile: &AcquirerProfile, out: &mut impl Write) -> Result<()> {
    let AcquirerProfile { acquirer, public, supplies, parameters, .. } = profile;
    writeln!(out, "{acquirer}\n\n{public}\n\nTo ask the acquirer:")?;
    for (name, question) in supplies {
        writeln!(out, "  {name:<30} {question}")?;
    }
    for (name, known) in parameters {
        if let Known::Blank(question) = known {
            writeln!(out, "  {name:<30} {question}")?;
        }
    }
    writeln!(out, "\nPublic:")?;
    for (name, known) in parameters {
        if let Known::Value { value, source } = known {
            writeln!(out, "  {name:<30} {value:<14} {source}")?;
        }
    }
    Ok(())
}
