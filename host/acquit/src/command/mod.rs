//! The command line.

mod ask;
mod books;
mod errand;
mod evidence;
mod follow;
mod init;
mod journal;
mod keys;
mod message;
mod operator;
mod pay;
mod plugin;
mod run;
mod waive;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::config::{Configuration, Word};
use crate::control::Response;
use crate::messages::{Language, Messages};

/// What `acquit --help` ends with.
const AFTER_HELP: &str = "\
A new terminal:     acquit init, acquit keys load, acquit run; then, beside it:
A day:              acquit sign-in, acquit sale 12.34, acquit void --of ID, acquit refund 5.00 --of ID, acquit settle
A hotel, a rental:  acquit preauth 500.00, acquit complete 420.00 --of ID, acquit cancel-preauth --of ID
What is what:       acquit batch, acquit totals, acquit owed, acquit explain ID, acquit reprint ID

A payment whose outcome is unknown is never shown as declined. Do not take it again: `acquit owed` counts what must
still be taken back or delivered, `acquit explain` says whether the customer was charged and what to do now.

Exit codes: 0 approved or done; 1 not done, nothing was charged; 2 the command line is wrong; 3 declined by the
acquirer; 4 the outcome is unknown.";

/// The acquirer said no, and proved it.
const EXIT_DECLINED: u8 = 3;
/// Money may have moved.
const EXIT_UNKNOWN: u8 = 4;

/// Takes card payments through sandboxed acquirer plugins, and proves to the cent what it owes.
#[derive(Debug, Parser)]
#[command(
    name = "acquit",
    version,
    after_help = AFTER_HELP
)]
struct CommandLine {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
struct Shared {
    /// The terminal's configuration.
    #[arg(long, global = true, default_value = "terminal.toml", value_name = "FILE")]
    config: PathBuf,
    /// The facts as lines of JSON.
    #[arg(long, global = true)]
    json: bool,
    /// zh or en; the configuration's where nothing is said.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an empty journal and key store for a new terminal. Refused where there are some.
    Init,
    /// Run the terminal: pay what is owed, then serve the other commands.
    Run(run::Run),
    #[command(flatten)]
    Pay(pay::Pay),
    #[command(flatten)]
    Follow(follow::Follow),
    #[command(flatten)]
    Errand(errand::Errand),
    /// What is owed: reversals, advices and reports that nobody has acknowledged yet.
    Owed(waive::Owed),
    #[command(flatten)]
    Look(books::Look),
    /// Look at the journal.
    #[command(subcommand)]
    Journal(journal::Journal),
    /// Prove to others what the journal holds of a payment.
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Load keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Make the keys that sign waivers.
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Look at messages.
    #[command(subcommand)]
    Message(message::Message),
    /// For those who write plugins: look at one, measure it.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let CommandLine { shared, command } = CommandLine::parse();
    let json = shared.json;
    match dispatch(shared, command) {
        Ok(code) => code,
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if json {
                println!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("acquit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn dispatch(shared: Shared, command: Command) -> Result<ExitCode> {
    // What needs no terminal needs no configuration.
    let command = match command {
        Command::Message(message) => return message::message(&message, shared.json),
        Command::Plugin(plugin) => return plugin::plugin(&plugin, shared),
        Command::Operator(operator) => return operator::operator(&operator, shared.json),
        Command::Evidence(evidence::Evidence::Verify(verify)) => {
            return evidence::verify(&verify, shared.json, shared.lang.unwrap_or(Language::English));
        }
        command => command,
    };
    let house = House::open(shared)?;
    match command {
        Command::Init => init::init(&house),
        Command::Run(how) => run::run(house, &how),
        Command::Pay(pay) => pay::pay(&house, pay),
        Command::Follow(follow) => follow::follow(&house, follow),
        Command::Errand(errand) => errand::errand(&house, errand),
        Command::Owed(waive::Owed { what: None }) => books::owed(&house),
        Command::Owed(waive::Owed { what: Some(waive::Owing::Waive(waive)) }) => waive::waive(&house, &waive),
        Command::Look(look) => books::look(&house, look),
        Command::Journal(journal) => journal::journal(&house, &journal),
        Command::Keys(keys) => keys::keys(&house, &keys),
        Command::Evidence(evidence::Evidence::Export(export)) => evidence::export(&house, &export),
        Command::Evidence(_) | Command::Message(_) | Command::Operator(_) | Command::Plugin(_) => Ok(ExitCode::SUCCESS),
    }
}

/// What every command starts from.
struct House {
    configuration: Configuration,
    messages: Messages,
    json: bool,
}

impl House {
    fn open(shared: Shared) -> Result<House> {
        let mut configuration = Configuration::load(&shared.config)?;
        configuration.language = shared.lang.unwrap_or(configuration.language);
        let messages = Messages::new(configuration.language);
        Ok(House { configuration, messages, json: shared.json })
    }

    /// Shows an answer, and says by the exit code whether it was done.
    fn show(&self, response: &Response) -> Result<ExitCode> {
        show(response, self.json)
    }
}

fn show(response: &Response, json: bool) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", response.facts)?;
    } else {
        for line in &response.lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(exit_code(response))
}

/// Whoever runs this from a script learns the outcome without reading it.
fn exit_code(response: &Response) -> ExitCode {
    match response.facts["outcome"].as_str() {
        _ if response.ok => ExitCode::SUCCESS,
        Some("declined") => ExitCode::from(EXIT_DECLINED),
        Some("unknown") => ExitCode::from(EXIT_UNKNOWN),
        _ => ExitCode::FAILURE,
    }
}

fn language(text: &str) -> Result<Language, String> {
    let known = Language::ALL.iter().find(|language| language.word() == text);
    known.copied().ok_or_else(|| "write zh or en".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        CommandLine::command().debug_assert();
    }
}
