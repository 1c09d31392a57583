//! What must be true at the end of every scenario, and what this one demands besides.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::file::{End, From, Wanted};
use super::house::House;
use super::process::PATIENCE;
use super::{Failure, Message, Stage, run};
use crate::Secrets;
use crate::scripted::{Script, ScriptedAcquirer};

/// Between two looks at what is owed.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How failures name this place.
const END: &str = "the end";

/// The books of both ends agree, and everything the scenario expects holds. A terminal that is off is started.
pub(super) fn check(
    stage: &Stage<'_>,
    house: &mut House,
    end: &End,
    acquirer: &ScriptedAcquirer,
) -> Result<(), Failure> {
    if !house.is_on() {
        house.start(0)?;
    }
    wait_owed(house, END, end.owed)?;
    let ledger = acquirer.ledger();
    let (ours, theirs) = (total_minor(house)?, ledger.total_minor());
    // What is still owed is counted by one side only, so books can differ until it is paid.
    if end.owed == 0 && Some(ours) != theirs {
        let theirs = theirs.map_or("more than can be counted".to_owned(), |minor| minor.to_string());
        let expected = format!("the terminal's books to say what the acquirer's do, {theirs}");
        return Err(Failure::of(END, expected, ours));
    }
    let compare = |what: &str, expected: Option<i64>, found: i64| match expected {
        Some(expected) if expected != found => Err(Failure::of(END, format!("{what} {expected}"), found)),
        _ => Ok(()),
    };
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    compare("total-minor", end.total_minor, ours)?;
    compare("booked", end.booked.map(count), count(ledger.booked()))?;
    compare("undone", end.undone.map(count), count(ledger.undone()))?;
    let messages = run::messages(stage, acquirer);
    end.messages.iter().try_for_each(|wanted| exchanged(wanted, &messages))
}

/// Waits until the terminal owes so much.
pub(super) fn wait_owed(house: &House, place: &str, count: u64) -> Result<(), Failure> {
    let since = Instant::now();
    loop {
        let owed = house.done("acquit owed", &["owed".to_owned()])?["owed"].as_u64();
        if owed == Some(count) {
            return Ok(());
        }
        if since.elapsed() > PATIENCE {
            let found = owed.map_or("nothing".to_owned(), |owed| owed.to_string());
            return Err(Failure::of(place, format!("owed {count}"), format!("{found}, for {} s", PATIENCE.as_secs())));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Looks for the cards and keys of this scenario in everything the terminal wrote and said.
pub(super) fn search(
    stage: &Stage<'_>,
    script: &Script,
    house: &House,
    acquirer: &ScriptedAcquirer,
) -> Result<(), Failure> {
    let mut secrets = Secrets::new();
    for card in acquirer.cards() {
        let (number, rest) = card.split_once(['=', 'D']).unwrap_or((&card, ""));
        secrets.digits("card number", number);
        secrets.digits("track", rest);
    }
    for (slot, key) in &script.test_keys {
        secrets = secrets.key(&format!("key {slot}"), key);
    }
    let failed = |error: io::Error| Failure::of("the search for card numbers", "files that can be read", error);
    // The plugin and the copies the terminal keeps of it are as their author wrote them.
    let artefact = fs::read(stage.artefact).map_err(failed)?;
    for file in files(house.folder()).map_err(failed)? {
        let bytes = fs::read(&file).map_err(failed)?;
        if let Some(found) = secrets.find(&bytes).filter(|_| bytes != artefact) {
            let place = file.strip_prefix(house.folder()).unwrap_or(&file).display().to_string();
            return Err(Failure::of(place, "no card number and no key anywhere", found));
        }
    }
    Ok(())
}

fn total_minor(house: &House) -> Result<i64, Failure> {
    let totals = house.done("acquit totals", &["totals".to_owned()])?;
    let missing = || Failure::of("acquit totals", "a total", &totals);
    totals["totals"][0]["taken-minor"].as_i64().ok_or_else(missing)
}

fn exchanged(wanted: &Wanted, messages: &[Message]) -> Result<(), Failure> {
    let from = if wanted.from == From::Terminal { "terminal" } else { "acquirer" };
    let has = |message: &&Message| {
        let stands = |(path, value): (&String, &String)| {
            message.fields.iter().any(|field| field.path == *path && field.value == *value)
        };
        message.from == from && wanted.fields.iter().all(stands)
    };
    let found = messages.iter().filter(has).count();
    if wanted.times.map_or(found > 0, |times| times == found) {
        return Ok(());
    }
    let fields: Vec<_> = wanted.fields.iter().map(|(path, value)| format!("{path} {value}")).collect();
    let times = wanted.times.map_or("a message".to_owned(), |times| format!("{times} messages"));
    Err(Failure::of(END, format!("{times} from the {from} with {}", fields.join(", ")), found))
}

/// Every file below a folder; a socket is none.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
