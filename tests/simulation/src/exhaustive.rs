//! Every single fault at every step of each operation; and every pair of faults in a sale with its reversal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Result, ensure};

use crate::fault::{Fault, KINDS, Kind, Occasion, Step};
use crate::figures::Figures;
use crate::laws::Broken;
use engine::FollowUpKind;

use crate::script::{Act, Script, Shape, What, short_segments};
use crate::source::Source;
use crate::world::{Ground, World};

/// Where messages are garbled: in their head, among their fields, in their MAC.
const GARBLED: [u32; 3] = [3, 40, 90];
/// One payment.
const MINOR: u64 = 1_234;

/// An operation whose every step is struck.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its name.
    pub name: &'static str,
    /// How it goes when nothing more goes wrong.
    pub script: Script,
}

/// What was gone through.
#[derive(Debug, Default)]
pub struct Gone {
    /// What was counted.
    pub figures: Figures,
    /// What broke a law.
    pub found: Vec<(Script, Broken)>,
}

/// The operations there are.
pub fn stories() -> Vec<Story> {
    let sale = || What::Sale { minor: MINOR, card: 0 };
    let hold = || What::Preauthorize { minor: MINOR, card: 0 };
    let follow = |kind, of: &str| What::Follow { kind, of: of.to_owned(), minor: None };
    let refused = What::Sale { minor: 5_100, card: 1 };
    let lost = |about: &str| vec![(at(about, Step::Send), Fault::ReplyLost)];
    let story = |name, acts: &[(u64, &str, What)], strikes| Story { name, script: script(acts, strikes) };
    vec![
        story("sign-in", &[(1_000, "A", What::SignIn)], Vec::new()),
        story("sale", &[(1_000, "A", sale())], Vec::new()),
        story("void", &[(1_000, "A", sale()), (20_000, "B", follow(FollowUpKind::Void, "A"))], Vec::new()),
        story("refund", &[(1_000, "A", sale()), (20_000, "B", follow(FollowUpKind::Refund, "A"))], Vec::new()),
        story("completion", &[(1_000, "A", hold()), (20_000, "B", follow(FollowUpKind::Complete, "A"))], Vec::new()),
        story(
            "pre-authorisation-cancelled",
            &[(1_000, "A", hold()), (20_000, "B", follow(FollowUpKind::CancelPreauthorization, "A"))],
            Vec::new(),
        ),
        story("settlement", &[(1_000, "A", sale()), (20_000, "B", What::Settle)], Vec::new()),
        story("balance", &[(1_000, "A", What::Balance { card: 0 })], Vec::new()),
        story("sale-refused", &[(1_000, "A", refused)], Vec::new()),
        story("sale-with-reversal", &[(1_000, "A", sale())], lost("A")),
        story("sale-asked-twice", &[(1_000, "A", sale()), (60_000, "A", sale())], lost("A")),
        story("sale-after-a-debt", &[(1_000, "A", sale()), (2_000, "B", sale())], lost("A")),
        story("sale-cancelled", &[(1_000, "A", sale()), (5_010, "A", What::Cancel)], Vec::new()),
        story(
            "keys-forgotten",
            &[(1_000, "A", sale()), (30_000, "X", What::ForgetKeys), (31_000, "B", sale())],
            Vec::new(),
        ),
    ]
}

/// The story whose pairs of faults are gone through.
pub fn with_reversal() -> Result<Story> {
    stories().into_iter().find(|story| story.name == "sale-with-reversal").ok_or(anyhow::anyhow!("it is there"))
}

fn at(about: &str, step: Step) -> Occasion {
    Occasion { terminal: 0, about: about.to_owned(), step, nth: 0 }
}

fn script(acts: &[(u64, &str, What)], strikes: Vec<(Occasion, Fault)>) -> Script {
    let act = |(at_ms, name, what): &(u64, &str, What)| Act {
        at_ms: *at_ms,
        terminal: 0,
        acquirer: 0,
        name: (*name).to_owned(),
        what: what.clone(),
    };
    let shape = Shape {
        seed: 1,
        terminals: 1,
        acquirers: 1,
        latency_ms: 20,
        timeout_ms: 10_000,
        tombstones: true,
        forgets_reversals: false,
        sector_bytes: 512,
        refused_debts_max: 10,
        segment_bytes: short_segments(),
        calm_from_ms: 300_000,
    };
    Script { shape, acts: acts.iter().map(act).collect(), strikes }
}

/// Every single fault of a story.
pub fn singles(ground: &Ground, story: &Story, found_max: usize) -> Result<Gone> {
    let scripts = struck_once(ground, &story.script, &KINDS, None)?;
    ensure!(scripts.len() > 20, "{}: too few faults to mean anything: {}", story.name, scripts.len());
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
    let mut source = Source::listed(script.shape.seed, &script.strikes);
    source.seen = Some(Vec::new());
    let ended = World::play(ground, script, source, false)?;
    let seen = ended.source.seen.unwrap_or_default();
    let from = behind.and_then(|behind| seen.iter().position(|occasion| occasion == behind)).map_or(0, |at| at + 1);
    let mut scripts = Vec::new();
    for occasion in seen.into_iter().skip(from).filter(|occasion| !occasion.about.contains("END")) {
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
            let source = Source::listed(script.shape.seed, &script.strikes);
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
