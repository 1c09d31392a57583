//! Every single fault at every step of each operation; and every pair of faults in a sale with its reversal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Result, ensure};

use crate::fault::{Fault, KINDS, Kind, Occasion, Step};
use crate::figures::Figures;
use crate::laws::Broken;
use crate::script::Script;
use crate::source::Source;
pub use crate::stories::{Story, stories};
use crate::world::{Ground, World};

/// Where messages are garbled: in their head, among their fields, in their MAC.
const GARBLED: [u32; 3] = [3, 40, 90];

/// What was gone through.
#[derive(Debug, Default)]
pub struct Gone {
    /// What was counted.
    pub figures: Figures,
    /// What broke a law.
    pub found: Vec<(Script, Broken)>,
}

/// The story whose pairs of faults are gone through.
pub fn with_reversal() -> Result<Story> {
    stories().into_iter().find(|story| story.name == "sale-with-reversal").ok_or(anyhow::anyhow!("it is there"))
}

/// Every single fault of a story.
pub fn singles(ground: &Ground, story: &Story, found_max: usize) -> Result<Gone> {
    let Story { name, script } = story;
    let told = World::play(ground, script, Source::listed(script), false)?.source.struck;
    let silent = script.strikes.iter().find(|strike| !told.contains(strike));
    ensure!(silent.is_none(), "{name}: a fault that makes the story never strikes: {silent:?}");
    let scripts = struck_once(ground, script, &KINDS, None)?;
    ensure!(scripts.len() > 20, "{name}: too few faults to mean anything: {}", scripts.len());
    play_all(ground, &scripts, found_max)
}

/// Every pair of faults of a story: a second one anywhere behind a first of the power, the disk or the line.
pub fn pairs(ground: &Ground, story: &Story, found_max: usize) -> Result<Gone> {
    let kinds = [Kind::Power, Kind::Disk, Kind::Line];
    let mut scripts = Vec::new();
    for first in struck_once(ground, &story.script, &kinds, None)? {
        let behind = first.strikes.last().map(|(occasion, _)| occasion.clone());
        scripts.extend(struck_once(ground, &first, &kinds, behind.as_ref())?);
    }
    play_all(ground, &scripts, found_max)
}

/// The script with one more fault, for every fault at every occasion before the calm and behind this one.
fn struck_once(ground: &Ground, script: &Script, kinds: &[Kind], behind: Option<&Occasion>) -> Result<Vec<Script>> {
    let mut source = Source::listed(script);
    source.seen = Some(Vec::new());
    let ended = World::play(ground, script, source, false)?;
    let seen = ended.source.seen.unwrap_or_default();
    let from = behind.and_then(|behind| seen.iter().position(|occasion| occasion == behind)).map_or(0, |at| at + 1);
    let mut scripts = Vec::new();
    for occasion in seen.into_iter().skip(from) {
        for fault in kinds.iter().flat_map(|kind| faults(occasion.step, *kind)) {
            let mut struck = script.clone();
            struck.strikes.retain(|(known, _)| *known != occasion);
            struck.strikes.push((occasion.clone(), fault));
            scripts.push(struck);
        }
    }
    Ok(scripts)
}

fn faults(step: Step, kind: Kind) -> Vec<Fault> {
    let mut faults: Vec<Fault> = GARBLED.into_iter().flat_map(|byte| step.faults(kind, byte)).collect();
    faults.sort();
    faults.dedup();
    faults
}

fn play_all(ground: &Ground, scripts: &[Script], found_max: usize) -> Result<Gone> {
    let next = AtomicUsize::new(0);
    let gone = Mutex::new(Ok(Gone::default()));
    let work = || {
        while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let source = Source::listed(script);
            let ended = World::play(ground, script, source, false);
            let mut gone = gone.lock().unwrap_or_else(PoisonError::into_inner);
            match (gone.as_mut(), ended) {
                (Ok(known), Ok(ended)) => {
                    known.figures.add(&ended.figures);
                    known.found.extend(ended.broken.map(|broken| (script.clone(), broken)));
                    if known.found.len() >= found_max {
                        next.store(scripts.len(), Ordering::Relaxed);
                    }
                }
                (_, Err(error)) => *gone = Err(error),
                (Err(_), _) => return,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    gone.into_inner().unwrap_or_else(PoisonError::into_inner)
}
