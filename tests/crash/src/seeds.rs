//! Long scripts by seed: trade, idle duties, compaction, restarts, faults and cuts in any mixture.

use engine::TransactionId;
use journal::JournalError;
use journal::memory::{Extent, Fault, MemoryDisk, Operation};

use crate::books;
use crate::dice::Dice;
use crate::faults;
use crate::images;
use crate::law::{Broken, Law, broken};
use crate::ledger::Ledger;
use crate::records::Clerk;
use crate::run::{Counts, Violation, described, each_in_parallel};
use crate::script::Till;
use crate::sins::Sin;
use crate::subject::Lab;

/// Times the power goes in one long script.
const CUTS: usize = 4;
/// The most a terminal does between two cuts.
const ACTIONS: usize = 10;

/// Seeds that once found something, and what.
pub const REGRESSIONS: [(u64, &str); 0] = [];

/// Runs these seeds.
pub fn run(from: u64, count: u64) -> Result<Counts, Box<Violation>> {
    run_with(None, from, count)
}

/// Runs these seeds on a journal that commits a sin, if one is named.
pub fn run_with(sin: Option<Sin>, from: u64, count: u64) -> Result<Counts, Box<Violation>> {
    let seeds: Vec<u64> = (from..from + count).collect();
    each_in_parallel(&seeds, &|seed| run_one(sin, *seed))
}

fn run_one(sin: Option<Sin>, seed: u64) -> Result<Counts, Box<Violation>> {
    let mut dice = Dice::new(seed);
    let lab = Lab {
        sector_bytes: if dice.one_in(2) { 512 } else { 4096 },
        segment_bytes: [16, 24, 32, 64][dice.below(4)] << 10,
        spares: dice.below(3),
        sin,
        life: seed << 20,
    };
    run_in(lab, seed, &mut dice)
}

fn run_in(lab: Lab, seed: u64, dice: &mut Dice) -> Result<Counts, Box<Violation>> {
    let mut story = Story { lab, disk: lab.disk(), clerk: Clerk::default(), held: Held::default(), cut: String::new() };
    let lived = (0..CUTS).try_for_each(|_| story.live(dice));
    let ended = lived.and_then(|()| Law::new(&lab, &story.held.ledger).check(&story.disk, story.held.operations));
    match ended {
        Ok(()) => Ok(Counts { points: CUTS, images: CUTS }),
        Err(broken) => Err(Box::new(Violation {
            script: format!("long, crash --seeds 1 --from {seed}"),
            sector_bytes: lab.sector_bytes,
            point: story.held.operations,
            operation: format!("{lab:?}"),
            cut: story.cut,
            image: 0,
            broken,
        })),
    }
}

/// One terminal through its power cuts.
struct Story {
    lab: Lab,
    disk: MemoryDisk,
    clerk: Clerk,
    held: Held,
    /// The last cut, for people.
    cut: String,
}

/// What a disk is held against: this, as it was after so many operations of its last life.
#[derive(Clone, Default)]
struct Held {
    ledger: Ledger,
    operations: usize,
}

/// What a disk that is being recorded is held against up to an operation; where none is said, as of the boundary.
struct Span {
    until: usize,
    ledger: Ledger,
    operations: Option<usize>,
}

impl Story {
    /// From one power cut to the next.
    fn live(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        self.lab = self.lab.next_life();
        self.disk.record();
        let mut spans = Vec::new();
        let mut till = self.begin(&mut spans)?;
        let mut owed = books::owed(till.ledger.entries()).map_err(|seen| broken("J2", seen))?;
        order_a_fault(&self.disk, dice);
        for _ in 0..1 + dice.below(ACTIONS) {
            let Err(error) = act(&mut till, dice, &mut owed) else { continue };
            let ledger = till.ledger.clone();
            faults::mend(&mut till, error)?;
            let Some(until) = till.reopened() else { continue };
            spans.push(Span { until, ledger, operations: None });
            owed = books::owed(till.ledger.entries()).map_err(|seen| broken("J2", seen))?;
        }
        till.close();
        self.lab = till.lab;
        spans.push(Span { until: usize::MAX, ledger: till.ledger, operations: None });
        self.clerk = till.clerk;
        self.cut_somewhere(&spans, dice);
        Ok(())
    }

    /// Opens or begins the journal, holds it against what it should be, and closes what the cut left open.
    fn begin(&mut self, spans: &mut Vec<Span>) -> Result<Till, Broken> {
        let opened = match self.lab.open(&self.disk) {
            Err(JournalError::NoJournal { .. }) if !self.held.ledger.is_created_at(self.held.operations) => {
                let mut till = Till::begin_on(self.lab, self.disk.clone()).map_err(failed)?;
                till.clerk = self.clerk.clone();
                return Ok(till);
            }
            opened => opened.map_err(failed)?,
        };
        let Held { ledger, operations } = self.held.clone();
        let (found, closing) = Law::new(&self.lab, &ledger).check_opened(&opened, operations)?;
        let until = self.disk.operations();
        let mut till = Till::recovered(self.lab, self.disk.clone(), &ledger, self.clerk.clone());
        till.go_on_with(&found, opened);
        till.reopened();
        spans.push(Span { until, ledger, operations: Some(operations) });
        if !closing.is_empty() {
            till.write(&closing).map_err(failed)?;
        }
        Ok(till)
    }

    /// The power goes at some boundary since the last time, or the process is killed there.
    fn cut_somewhere(&mut self, spans: &[Span], dice: &mut Dice) {
        let moments = self.disk.moments();
        let last = moments.len() - 1;
        // Often at the very end of something.
        let point = if dice.one_in(4) { last } else { dice.below(moments.len()) };
        let moment = &moments[point];
        let cut = (!dice.one_in(6)).then(|| images::random_cut(moment, dice));
        let image = cut.as_ref().and_then(|cut| moment.image(cut));
        self.cut = format!("after {}: {}", moment.operation(), described(cut.as_ref()));
        self.disk = image.unwrap_or_else(|| moment.without_cut());
        if let Some(span) = spans.iter().find(|span| point < span.until) {
            self.held = Held { ledger: span.ledger.clone(), operations: span.operations.unwrap_or(point) };
        }
    }
}

/// One thing a terminal does.
fn act(till: &mut Till, dice: &mut Dice, owed: &mut Vec<(TransactionId, u32)>) -> Result<(), JournalError> {
    match dice.below(12) {
        0..4 => till.approved_sale(),
        4..6 => till.unanswered_sale().map(|id| owed.push((id, 0))),
        6 | 7 => match owed.pop() {
            Some((id, tries)) => till.reverse(&id, tries),
            None => till.tend(),
        },
        8 => till.tend(),
        9 => till.checkpoint(),
        10 => till.compact(),
        _ => till.restart(),
    }
}

fn order_a_fault(disk: &MemoryDisk, dice: &mut Dice) {
    let operation = [Operation::Name, Operation::Write, Operation::Sync, Operation::SyncDirectory][dice.below(4)];
    let extent = [Extent::Nothing, Extent::Half, Extent::All][dice.below(3)];
    let kind = if dice.one_in(3) { std::io::ErrorKind::StorageFull } else { std::io::ErrorKind::Other };
    match dice.below(6) {
        0 | 1 => disk.order(Fault { operation, after: dice.below(24), kind, extent, lasts: dice.one_in(4) }),
        2 => disk.set_free_bytes(dice.below(256 << 10)),
        _ => {}
    }
}

fn failed(error: JournalError) -> Broken {
    broken("J4", format!("the journal cannot be gone on with: {error}"))
}
