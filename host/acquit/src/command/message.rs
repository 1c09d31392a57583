//! Messages, read for people.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use engine::contract::Plugin;
use sandbox::Sandbox;

/// What to do with a message.
#[derive(Debug, Subcommand)]
pub(super) enum Message {
    /// Name every field of a message. What could be a card number is masked before the plugin sees it.
    Read {
        /// The plugin that knows the protocol: a precompiled artefact.
        #[arg(long, value_name = "FILE")]
        plugin: PathBuf,
        /// The message in hexadecimal, without its length prefix.
        hex: String,
    },
}

pub(super) fn message(message: &Message, json: bool) -> Result<ExitCode> {
    let Message::Read { plugin, hex } = message;
    let frame = hex::decode(hex.trim()).context("the message is not hexadecimal")?;
    let plugin = Sandbox::new()?.load("inspector", plugin)?;
    let fields = plugin.read(&vault::mask_by_luhn(&frame).bytes)?;
    for field in &fields {
        if json {
            println!("{}", serde_json::to_string(field)?);
        } else {
            println!("{:<8} {:<28} {}  {}", field.path, field.name, field.value, field.note);
        }
    }
    Ok(ExitCode::SUCCESS)
}
