//! What an operation costs: as the journal grows, and as debts pile up.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::cards;
use crate::fault::{Fault, Occasion, Step};
use crate::script::{Act, Script, Shape, What};
use crate::source::Source;
use crate::spent::{ROOMS, Room, Spent};
use crate::world::{Ground, World};

/// Sales that are timed at each size.
const WINDOW: usize = 1_000;
/// From one sale to the next: long enough for it to end and for the journal to be looked after. Milliseconds.
const PAUSE_MS: u64 = 10_000;

/// The cost at one size.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Transactions in the journal before.
    pub transactions: usize,
    /// Debts open before.
    pub debts: usize,
    /// Operations that were timed.
    pub operations: u64,
    /// How much of the processor they had, with everything around the terminal.
    pub took: Duration,
    /// The same by the clock on the wall, other programs on the machine included.
    pub passed: Duration,
    /// Of that, what each room had.
    pub spent: Spent,
}

impl Row {
    /// Microseconds of the processor an operation had in a room: the room's share of the time that passed.
    pub fn microseconds_in(&self, room: Room) -> f64 {
        self.microseconds_of_all() * self.spent.of(room).as_secs_f64() / self.passed.as_secs_f64()
    }

    /// Microseconds each, in the terminal: without the acquirer, and without people, network and clock around it.
    pub fn microseconds(&self) -> f64 {
        let rooms = ROOMS.into_iter().filter(|room| *room != Room::Acquirer);
        rooms.map(|room| self.microseconds_in(room)).sum()
    }

    /// Microseconds each of everything.
    pub fn microseconds_of_all(&self) -> f64 {
        self.took.as_secs_f64() * 1e6 / self.operations as f64
    }

    /// In a second.
    pub fn a_second(&self) -> f64 {
        1e6 / self.microseconds()
    }
}

/// The cost after so many transactions, each size larger than the one before.
pub fn by_transactions(ground: &Ground, sizes: &[usize], show: &dyn Fn(Row)) -> Result<()> {
    let most = sizes.iter().max().copied().unwrap_or_default();
    let script = sales(most + WINDOW, Vec::new());
    let mut world = World::new(ground, &script, Source::listed(&script), false)?;
    world.look_away();
    for size in sizes {
        world.run_until(*size as u64 * PAUSE_MS)?;
        show(timed(&mut world, *size, 0)?);
    }
    Ok(())
}

/// The cost with so many refused debts.
pub fn by_debts(ground: &Ground, sizes: &[usize], show: &dyn Fn(Row)) -> Result<()> {
    for size in sizes {
        let script = sales(size + WINDOW, (0..*size).flat_map(refused).collect());
        let mut world = World::new(ground, &script, Source::listed(&script), false)?;
        world.look_away();
        world.run_until(*size as u64 * PAUSE_MS)?;
        let debts = world.open_debts(0);
        ensure!(debts == *size, "{debts} debts, and not {size}");
        show(timed(&mut world, *size, debts)?);
    }
    Ok(())
}

fn timed(world: &mut World, size: usize, debts: usize) -> Result<Row> {
    let (before, spent_before) = (world.figures().operations, world.spent());
    let (began, began_by_clock) = (spent(), Instant::now());
    world.run_until((size + WINDOW) as u64 * PAUSE_MS)?;
    let (took, passed) = (spent().saturating_sub(began), began_by_clock.elapsed());
    if let Some(broken) = world.broken() {
        anyhow::bail!("{broken}");
    }
    let operations = world.figures().operations - before;
    ensure!(operations >= WINDOW as u64 - 1, "only {operations} of {WINDOW} sales came to an end");
    Ok(Row { transactions: size, debts, operations, took, passed, spent: world.spent().since(&spent_before) })
}

/// What this thread has had of the processor: other programs on the machine do not count.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// A sale whose answer is lost, and whose reversal the acquirer refuses.
fn refused(number: usize) -> [(Occasion, Fault); 2] {
    let at = |nth: u32| Occasion { terminal: 0, about: name(number), step: Step::Send, nth };
    [(at(0), Fault::ReplyLost), (at(1), Fault::Refuses("96".to_owned()))]
}

fn sales(count: usize, strikes: Vec<(Occasion, Fault)>) -> Script {
    let sale = |number: usize| Act {
        at_ms: number as u64 * PAUSE_MS + 1,
        terminal: 0,
        acquirer: 0,
        name: name(number),
        what: What::Sale { minor: 1 + number as u64 % 4_999, card: number % cards::STRIPES },
    };
    let shape = Shape {
        seed: 1,
        terminals: 1,
        acquirers: 1,
        latency_ms: 20,
        timeout_ms: 3_000,
        tombstones: true,
        forgets_reversals: false,
        sector_bytes: 4096,
        refused_debts_max: u32::MAX,
        segment_bytes: journal::SEGMENT_BYTES,
        second_route: false,
        calm_from_ms: (count as u64 + 1) * PAUSE_MS,
    };
    Script { shape, acts: (0..count).map(sale).collect(), strikes }
}

fn name(number: usize) -> String {
    format!("B{number}")
}
