//! Every boundary of a script, every image at each, on as many threads as there are processors.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use journal::memory::{Cut, MemoryDisk, Moment, Overwrite};

use crate::bound::Bound;
use crate::images;
use crate::law::{Broken, Law, broken};
use crate::ledger::Ledger;
use crate::script::{Script, Tape};
use crate::subject::{Lab, Written};

/// What was enumerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Boundaries between two operations.
    pub points: usize,
    /// Disks recovered, each different from the others at its boundary.
    pub images: usize,
}

/// A law that did not hold, and how to see it again.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The script's name, and what else it was played with.
    pub script: String,
    /// What the device writes whole or torn. Bytes.
    pub sector_bytes: usize,
    /// Operations done before the cut.
    pub point: usize,
    /// The last of them.
    pub operation: String,
    /// What the cut left, for the first disk of this number at this point.
    pub cut: String,
    /// Its number at this point.
    pub image: usize,
    /// What did not hold.
    pub broken: Broken,
}

/// How one boundary is looked at.
struct Point<'a> {
    law: &'a Law<'a>,
    lab: &'a Lab,
    script: &'a str,
    number: usize,
    moment: &'a Moment,
}

/// Enumerates a script. The first violation ends it.
pub fn run(script: &Script, lab: Lab, bound: &Bound) -> Result<Counts, Box<Violation>> {
    let tape = play(script, lab)?;
    let counts = enumerate(&tape, script.name, &|point| point.every_image(bound))?;
    check_overwrites(&tape, script.name)?;
    Ok(counts)
}

/// No write ever touches a sector that holds what was promised, headers excepted, of which there are two. The only
/// copy of a debt is never at risk for the sake of another.
fn check_overwrites(tape: &Tape, script: &str) -> Result<(), Box<Violation>> {
    const HEADER_BYTES: usize = 2 * journal::BLOCK_BYTES;
    let is_at_risk = |overwrite: &&Overwrite| overwrite.name.ends_with(".log") && overwrite.offset >= HEADER_BYTES;
    let Some(Overwrite { name, offset, operation }) = tape.overwrites.iter().find(is_at_risk) else { return Ok(()) };
    Err(Box::new(Violation {
        script: script.to_owned(),
        sector_bytes: tape.lab.sector_bytes,
        point: *operation,
        operation: tape.moments.get(*operation).map(|moment| moment.operation().to_owned()).unwrap_or_default(),
        cut: String::new(),
        image: 0,
        broken: broken("J5", format!("bytes at {offset} of {name} were promised, and are written again")),
    }))
}

/// Enumerates a script and, at each boundary of the recovery from each of its cuts, cuts again.
pub fn run_nested(script: &Script, lab: Lab, bound: &Bound) -> Result<Counts, Box<Violation>> {
    let tape = play(script, lab)?;
    let name = format!("{}+recovery", script.name);
    enumerate(&tape, &name, &|point| point.every_recovery(bound))
}

fn play(script: &Script, lab: Lab) -> Result<Tape, Box<Violation>> {
    script.play(lab).map_err(|error| {
        let broken = broken("J6", format!("the script failed on a disk that does not: {error}"));
        let (script, sector_bytes) = (script.name.to_owned(), lab.sector_bytes);
        let (operation, cut) = (String::new(), String::new());
        Box::new(Violation { script, sector_bytes, point: 0, operation, cut, image: 0, broken })
    })
}

/// Looks at one disk: as a cut leaves it, or as a killed process does.
type LookAt<'a> = &'a mut dyn FnMut(Option<&Cut>, &MemoryDisk) -> Result<(), Box<Violation>>;
type Look<'a> = &'a (dyn Fn(&Point<'_>) -> Result<Counts, Box<Violation>> + Sync);

fn enumerate(tape: &Tape, script: &str, look: Look<'_>) -> Result<Counts, Box<Violation>> {
    let law = Law::new(&tape.lab, &tape.ledger);
    let numbered: Vec<(usize, &Moment)> = tape.moments.iter().enumerate().collect();
    each_in_parallel(&numbered, &|&(number, moment)| look(&Point { law: &law, lab: &tape.lab, script, number, moment }))
}

/// Does all of this on as many threads as there are processors. The first violation ends it, the earliest of those
/// that were found at once.
pub fn each_in_parallel<T: Sync>(
    items: &[T],
    look: &(dyn Fn(&T) -> Result<Counts, Box<Violation>> + Sync),
) -> Result<Counts, Box<Violation>> {
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts::default());
    let first: Mutex<Option<(usize, Box<Violation>)>> = Mutex::new(None);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            match look(item) {
                Ok(more) => lock(&counts).add(more),
                Err(violation) => {
                    next.store(items.len(), Ordering::Relaxed);
                    let mut first = lock(&first);
                    if first.as_ref().is_none_or(|(earlier, _)| *earlier > index) {
                        *first = Some((index, violation));
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let counts = *lock(&counts);
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    first.map_or(Ok(counts), |(_, violation)| Err(violation))
}

impl Counts {
    /// Adds what was enumerated elsewhere.
    pub fn add(&mut self, more: Self) {
        self.points += more.points;
        self.images += more.images;
    }
}

impl Point<'_> {
    fn every_image(&self, bound: &Bound) -> Result<Counts, Box<Violation>> {
        let mut images = 0;
        self.each_image(bound, &mut |cut, disk| {
            images += 1;
            let outcome = self.law.check(disk, self.number);
            outcome.map(|_| ()).map_err(|broken| self.violation(images - 1, described(cut), broken))
        })?;
        Ok(Counts { points: 1, images })
    }

    fn every_recovery(&self, bound: &Bound) -> Result<Counts, Box<Violation>> {
        let mut counts = Counts::default();
        let mut number = 0;
        self.each_image(bound, &mut |cut, disk| {
            number += 1;
            let nested = self.cut_recovery(disk, bound);
            counts.add(nested.map_err(|(inner, broken)| {
                self.violation(number - 1, format!("{}; then, while recovering, {inner}", described(cut)), broken)
            })?);
            Ok(())
        })?;
        Ok(counts)
    }

    /// The disk as a process finds it after another was killed, then as every cut leaves it.
    fn each_image(&self, bound: &Bound, look: LookAt<'_>) -> Result<(), Box<Violation>> {
        let mut failed = look(None, &self.moment.without_cut()).err();
        if failed.is_none() {
            let _ = images::each_cut(self.moment, bound, self.number as u64, &mut |cut| {
                if let Some(disk) = self.moment.image(cut) {
                    failed = look(Some(cut), &disk).err();
                }
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        failed.map_or(Ok(()), Err)
    }

    /// Recovers a disk, goes on, and cuts at every boundary of that.
    fn cut_recovery(&self, disk: &MemoryDisk, bound: &Bound) -> Result<Counts, (String, Broken)> {
        disk.record();
        let opened = self.lab.next_life().open(disk);
        let reported = disk.operations();
        let mut ledger = Ledger::default();
        if let Ok(opened) = opened {
            let checked = self.law.check_opened(&opened, self.number);
            let (found, closing) = checked.map_err(|broken| (String::new(), broken))?;
            ledger = self.law.ledger().recovered(&found, reported);
            let group: Vec<Written> = closing.iter().map(Written::of).collect();
            if !group.is_empty() {
                ledger.begin(disk, &group);
                let appended = opened.pen.append(&group);
                let failed = |error| (String::new(), broken("J6", format!("nothing can be written: {error}")));
                appended.map_err(failed)?;
                ledger.promise(disk);
            }
        }
        let lab = self.lab.next_life();
        let law = Law::new(&lab, &ledger);
        let mut counts = Counts::default();
        for (inner, moment) in disk.moments().iter().enumerate() {
            counts.points += 1;
            let mut failed = None;
            let _ = images::each_cut(moment, bound, inner as u64, &mut |cut| {
                let Some(image) = moment.image(cut) else { return ControlFlow::Continue(()) };
                counts.images += 1;
                let before = inner < reported;
                let outcome = if before { self.law.check(&image, self.number) } else { law.check(&image, inner) };
                failed = outcome.err().map(|broken| (format!("at {inner}, {}: {cut:?}", moment.operation()), broken));
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
        Ok(counts)
    }

    fn violation(&self, image: usize, cut: String, broken: Broken) -> Box<Violation> {
        let (script, sector_bytes) = (self.script.to_owned(), self.lab.sector_bytes);
        let operation = self.moment.operation().to_owned();
        Box::new(Violation { script, sector_bytes, point: self.number, operation, cut, image, broken })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { script, sector_bytes, point, operation, cut, image, broken } = self;
        write!(
            f,
            "{broken}\n  script {script}, sectors of {sector_bytes} bytes, point {point} (after: {operation}), image \
             {image}\n  {cut}"
        )
    }
}

/// A cut, for people.
pub fn described(cut: Option<&Cut>) -> String {
    cut.map_or_else(|| "the process killed, nothing lost".to_owned(), |cut| format!("{cut:?}"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
