//! The running terminal.

use std::fs::OpenOptions;
use std::io::{Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};

use anyhow::{Context, Result, bail};
use clap::Args;
use devices::{Beep, DeviceError, Display, Screen};
use journal::medium;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use super::House;
use crate::config::{Configuration, Profile};
use crate::control;
use crate::terminal::{Calls, Places, Terminal};

/// Why a production terminal does not start.
const DEVELOPMENT_BUILD: &str =
    "this is a development build; a production profile needs one without the feature `development`";

/// Why a production terminal does not start either.
const RECORDS_CALLS: &str = "a production terminal writes no calls of plugins down; leave out --record-calls";

/// How the terminal runs.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Write every call of a plugin to the end of this file, one a line, for `acquit plugin certify` and `replay`.
    /// A plugin sees no card number, so the file holds none. Never in production.
    #[arg(long, value_name = "FILE")]
    record_calls: Option<PathBuf>,
}

/// Shows each screen as lines on standard output, or as one line of JSON.
struct Console {
    json: bool,
}

pub(super) fn run(house: House, run: &Run) -> Result<ExitCode> {
    let lies = lies_about_sync(&house.configuration);
    if house.configuration.profile == Profile::Production {
        let build = cfg!(feature = "development").then(|| DEVELOPMENT_BUILD.to_owned());
        let records = run.record_calls.as_ref().map(|_| RECORDS_CALLS.to_owned());
        let refused: Vec<_> = build.into_iter().chain(records).chain(lies.clone()).collect();
        if !refused.is_empty() {
            bail!("{}", refused.join("\nacquit: "));
        }
    }
    keep_memory_private();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(LevelFilter::INFO).with_ansi(false).init();
    warn(&house.configuration, lies);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name("network".into()).spawn(move || runtime.block_on(std::future::pending::<()>()))?;

    let (inbox, events) = mpsc::channel();
    let display: Arc<Mutex<dyn Display>> = Arc::new(Mutex::new(Console { json: house.json }));
    let places = Places::of(&house.configuration);
    if house.configuration.profile == Profile::Development {
        show(&display, house.messages.text("test-banner", &[]));
    }
    let calls = run.record_calls.as_deref().map(calls).transpose()?;
    let mut terminal = Terminal::open(house.configuration, Arc::clone(&display), handle, inbox.clone(), calls)?;
    control::serve(&places.socket(), inbox)
        .with_context(|| format!("cannot listen on {}", places.socket().display()))?;
    let owed = terminal.books().map_or(0, engine::books::Books::owed);
    if house.json {
        println!("{}", json!({ "ready": true, "socket": places.socket(), "owed": owed }));
    } else {
        show(&display, house.messages.text("screen-welcome", &[]));
    }
    stdout().flush()?;
    terminal.run(&events);
    Ok(ExitCode::SUCCESS)
}

fn calls(file: &Path) -> Result<Calls> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(file);
    Ok(Arc::new(Mutex::new(opened.with_context(|| format!("calls cannot be written to {}", file.display()))?)))
}

/// Why a sync in the data folder may prove nothing, if so.
fn lies_about_sync(configuration: &Configuration) -> Option<String> {
    match medium::of(Places::of(configuration).data()) {
        Ok(medium) => medium.fault.map(|fault| fault.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// What a terminal starts with all the same.
fn warn(configuration: &Configuration, lies: Option<String>) {
    if let Some(why) = lies {
        tracing::warn!("{why}");
    }
    if configuration.profile == Profile::Production && configuration.journal.anchor.is_none() {
        tracing::warn!(
            "operator: no anchor is configured, so an older state of the whole journal put back would not be noticed; \
             name a file outside the data folder: [journal] anchor"
        );
    }
}

/// Card data and keys pass through this memory: no core dump is written of it, and no other process of the same user
/// may read it.
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, none).is_err() || set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        tracing::warn!("this system does not let a process keep its memory to itself");
    }
}

fn show(display: &Mutex<dyn Display>, line: String) {
    let mut display = display.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _ = display.show(&Screen { lines: vec![line] });
}

impl Display for Console {
    fn show(&mut self, screen: &Screen) -> Result<(), DeviceError> {
        let mut out = stdout().lock();
        for line in &screen.lines {
            let _ = if self.json { writeln!(out, "{}", json!({ "screen": line })) } else { writeln!(out, "{line}") };
        }
        let _ = out.flush();
        Ok(())
    }

    fn beep(&mut self, _beep: Beep) -> Result<(), DeviceError> {
        Ok(())
    }
}
