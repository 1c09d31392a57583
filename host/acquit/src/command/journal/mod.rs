//! Commands that look at the journal itself: record by record, byte by byte, proof by proof. None of them but `anchor`
//! writes or takes the journal's lock, and no card number is in what they show.

mod filter;
mod moment;
pub(super) mod progress;
pub(super) mod shown;
mod stats;
mod tail;
mod verify;

use std::fs::OpenOptions;
use std::io::{BufWriter, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use journal::keys::{FileKey, KeyWrap, SystemEntropy};
use journal::{Entry, Health};
use serde_json::json;

use self::filter::{Filter, Wanted};
use self::progress::Progress;
use self::shown::Shown;
use super::{House, ask};
use crate::control::{Ask, Reached, Response};
use crate::terminal::keeping;

/// What to see of the journal.
#[derive(Debug, Subcommand)]
pub(super) enum Journal {
    /// Read all of it, check everything that can be checked, and name the first thing that is wrong.
    Verify,
    /// Every record, oldest first; card numbers are not in it.
    Show(Filter),
    /// The newest records, and those to come.
    Tail(tail::Tail),
    /// Records as lines of JSON, to keep or to look into elsewhere. Card data is not in them.
    Export(Export),
    /// How large it is, what a payment costs in it, and how long that lasts.
    Stats(stats::Rate),
    /// Make the anchor that the configuration names, for a journal that is there already; `acquit init` makes it for a new
    /// one. Refused where it is there.
    Anchor,
    /// Make a key file for a journal whose key is to be in the kernel's keyring. Keep it where only the system's start
    /// reads it: without it the journal cannot be read after a restart.
    NewKey {
        /// The file to make.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put such a key into the kernel's keyring; the system's start does this before `acquit run`.
    LoadKey {
        /// The file with the key.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// The public key that evidence and checkpoints of this journal are verified with.
    Key,
}

/// What to export, and where to.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    filter: Filter,
    /// A new file; standard output where nothing is said.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn journal(house: &House, journal: &Journal) -> Result<ExitCode> {
    match journal {
        Journal::Verify => verify::verify(house),
        Journal::Show(filter) => show(house, filter),
        Journal::Tail(tail) => tail::tail(house, tail),
        Journal::Export(export) => self::export(house, export),
        Journal::Stats(rate) => stats::stats(house, rate),
        Journal::Anchor => anchor(house),
        Journal::NewKey { file } => {
            let made = FileKey::create(file, &SystemEntropy)?.name();
            house.show(&Response::done(json!({ "file": file }), vec![made]))
        }
        Journal::LoadKey { file } => {
            let loaded = keeping::load_key(&house.configuration, file)?;
            house.show(&Response::done(json!({ "loaded": loaded }), vec![loaded]))
        }
        Journal::Key => key(house),
    }
}

fn show(house: &House, filter: &Filter) -> Result<ExitCode> {
    let wanted = Wanted::find(house, filter)?;
    let mut whole = true;
    let health = keeping::visit(&house.configuration, |entry| {
        let shown = Shown::of(&entry);
        whole &= shown.is_readable();
        if wanted.takes(&shown) {
            house.show(&shown.response())?;
        }
        Ok(())
    })?;
    end(house, whole, &health)
}

fn export(house: &House, export: &Export) -> Result<ExitCode> {
    let wanted = Wanted::find(house, &export.filter)?;
    let mut out: Box<dyn Write> = match &export.out {
        Some(file) => {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            Box::new(BufWriter::new(made.with_context(|| format!("cannot make {}", file.display()))?))
        }
        None => Box::new(BufWriter::new(stdout())),
    };
    let (mut count, mut whole) = (0_u64, true);
    let mut write = |entry: Entry| {
        let shown = Shown::of(&entry);
        whole &= shown.is_readable();
        if wanted.takes(&shown) {
            writeln!(out, "{}", shown.facts())?;
            count += 1;
        }
        Ok(())
    };
    let health = Progress::over("journal", || keeping::visit(&house.configuration, &mut write))?;
    out.flush()?;
    drop(out);
    if let Some(file) = &export.out {
        let line = format!("{count} records in {}", file.display());
        house.show(&Response::done(json!({ "records": count, "file": file }), vec![line]))?;
    }
    end(house, whole, &health)
}

fn anchor(house: &House) -> Result<ExitCode> {
    if let Reached::Answered(_) = ask::try_ask(house, Ask::Owed)? {
        bail!("the terminal is running; stop it, make the anchor, start it again");
    }
    let note = keeping::make_anchor(&house.configuration)?;
    let claimed = note.claimed()?;
    let place = &house.configuration.journal.anchor;
    let line = house.messages.text("journal-anchored", &[("count", claimed.size.into())]);
    house.show(&Response::done(json!({ "anchor": place, "entries": claimed.size }), vec![line]))
}

fn key(house: &House) -> Result<ExitCode> {
    let key = keeping::public_key(&house.configuration)?;
    house.show(&Response::done(json!({ "journal-key": key.to_string() }), vec![key.to_string()]))
}

/// Says last what could not be read, and by the exit code whether all of it could.
fn end(house: &House, whole: bool, health: &Health) -> Result<ExitCode> {
    if let Health::Damaged(damage) = health {
        return house.show(&Response::failed(damage.to_string()));
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
