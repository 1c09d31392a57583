//! Messages, read for people.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use engine::contract::{InspectedField, Plugin};
use sandbox::{LoadedPlugin, Sandbox};
use serde::Serialize;

/// What to do with a message.
#[derive(Debug, Subcommand)]
pub(super) enum Message {
    /// Name every field of a message. What could be a card number is masked before the plugin sees it.
    Read {
        #[command(flatten)]
        inspector: Inspector,
        /// The message in hexadecimal, without its length prefix.
        hex: String,
    },
    /// Show the fields in which two messages differ: what a deployment sends, say, and what its acquirer's example has.
    /// The exit code is 1 where they differ.
    Diff {
        #[command(flatten)]
        inspector: Inspector,
        /// One message in hexadecimal, without its length prefix.
        one: String,
        /// The other.
        other: String,
    },
}

/// Who knows the protocol.
#[derive(Debug, Args)]
pub(super) struct Inspector {
    /// The plugin that knows the protocol: a precompiled artefact.
    #[arg(long, value_name = "FILE")]
    plugin: PathBuf,
}

/// A field that two messages do not have alike.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    path: String,
    name: String,
    one: Option<String>,
    other: Option<String>,
}

pub(super) fn message(message: &Message, json: bool) -> Result<ExitCode> {
    match message {
        Message::Read { inspector, hex } => read(&inspector.load()?, hex, json),
        Message::Diff { inspector, one, other } => diff(&inspector.load()?, one, other, json),
    }
}

fn read(plugin: &LoadedPlugin, hex: &str, json: bool) -> Result<ExitCode> {
    for field in &fields(plugin, hex)? {
        if json {
            println!("{}", serde_json::to_string(field)?);
        } else {
            println!("{:<8} {:<28} {}  {}", field.path, field.name, field.value, field.note);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn diff(plugin: &LoadedPlugin, one: &str, other: &str, json: bool) -> Result<ExitCode> {
    let differences = differences(&fields(plugin, one)?, &fields(plugin, other)?);
    for difference in &differences {
        if json {
            println!("{}", serde_json::to_string(difference)?);
        } else {
            let Difference { path, name, one, other } = difference;
            let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "(absent)".into());
            println!("{path:<8} {name:<28} {} -> {}", said(one), said(other));
        }
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Inspector {
    fn load(&self) -> Result<LoadedPlugin> {
        let plugin: &Path = &self.plugin;
        Ok(Sandbox::new()?.load("inspector", plugin)?)
    }
}

fn fields(plugin: &LoadedPlugin, hex: &str) -> Result<Vec<InspectedField>> {
    let frame = hex::decode(hex.trim()).context("the message is not hexadecimal")?;
    Ok(plugin.read(&vault::mask_by_luhn(&frame).bytes)?)
}

/// Field by field, in the order of the first message; then what only the other has. A path that stands twice is
/// compared in its order.
fn differences(one: &[InspectedField], other: &[InspectedField]) -> Vec<Difference> {
    let (one, other) = (numbered(one), numbered(other));
    let theirs: BTreeMap<_, _> = other.iter().map(|(key, field)| (key, *field)).collect();
    let ours: BTreeMap<_, _> = one.iter().map(|(key, field)| (key, *field)).collect();
    let difference =
        |field: &InspectedField, one: Option<&InspectedField>, other: Option<&InspectedField>| Difference {
            path: field.path.clone(),
            name: field.name.clone(),
            one: one.map(|field| field.value.clone()),
            other: other.map(|field| field.value.clone()),
        };
    let changed = one.iter().filter_map(|(key, field)| {
        let their = theirs.get(key).copied();
        (their.map(|their| &their.value) != Some(&field.value)).then(|| difference(field, Some(field), their))
    });
    let added = other.iter().filter(|(key, _)| !ours.contains_key(key));
    changed.chain(added.map(|(_, field)| difference(field, None, Some(field)))).collect()
}

/// Fields under their path and how often it stood before.
fn numbered(fields: &[InspectedField]) -> Vec<((String, u32), &InspectedField)> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut numbered = Vec::with_capacity(fields.len());
    for field in fields {
        let count = seen.entry(&field.path).or_default();
        *count += 1;
        numbered.push(((field.path.clone(), *count), field));
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str, value: &str) -> InspectedField {
        InspectedField { path: path.into(), name: "a field".into(), value: value.into(), note: String::new() }
    }

    #[test]
    fn what_differs_is_named_with_both_values_and_in_order() {
        let one = [field("0", "0200"), field("4", "100"), field("55.9F26", "aa"), field("60.1", "22")];
        let other = [field("0", "0200"), field("4", "200"), field("60.1", "22"), field("60.1", "23"), field("61", "x")];
        let found = differences(&one, &other);
        let found: Vec<_> = found.iter().map(|it| (&*it.path, it.one.as_deref(), it.other.as_deref())).collect();
        let expected = [
            ("4", Some("100"), Some("200")),
            ("55.9F26", Some("aa"), None),
            ("60.1", None, Some("23")),
            ("61", None, Some("x")),
        ];
        assert_eq!(found, expected);
        assert_eq!(differences(&one, &one), []);
    }
}
