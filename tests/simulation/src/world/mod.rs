//! One world: terminals, acquirers, people, a network and a clock, played from a script.

mod acts;
mod desk;
mod line;
mod queue;
#[cfg(test)]
mod rot_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use engine::contract::Plugin;
use engine::{Input, Moment, Timestamp, TransactionId};

use crate::figures::Figures;
use crate::ground::{self, KeyStore};
use crate::laws::{Broken, Watch};
use crate::script::{Act, Script, Shape, What};
use crate::source::Source;
use crate::spent::Spent;
use crate::terminal::Terminal;

pub use desk::{Desk, Up, garble, shown};
pub use line::{Heard, Lines, failed};
pub use queue::{Addressee, Damage, Event, Queue, Then, Waiter};

/// How long the calm may take to bring everything to an end: far more than the longest wait between two tries of a
/// debt. Milliseconds.
const CALM_MS: u64 = 2 * 60 * 60 * 1000;
/// When the last things are done in the calm. Milliseconds after its beginning.
const LAST_ACTS_MS: u64 = 20 * 60 * 1000;
/// When every batch is closed in the calm: debts that were tried last have been answered. Milliseconds after its
/// beginning.
const LAST_SETTLEMENT_MS: u64 = LAST_ACTS_MS + 40 * 60 * 1000;
/// Events after which a world is a busy loop.
const EVENTS_MAX: u64 = 2_000_000;

/// Writes a line into the timeline, where there is one.
macro_rules! timeline {
    ($around:expr, $($arguments:tt)*) => {
        if let Some(lines) = &mut $around.timeline {
            let clock = $crate::world::clock($around.now_ms);
            lines.push(format!("{clock} {}", format_args!($($arguments)*)));
        }
    };
}
pub(crate) use timeline;

/// What all worlds of a run share.
#[derive(Clone)]
pub struct Ground {
    /// The terminals' key files.
    pub keys: Arc<KeyStore>,
    /// What carries the protocol.
    pub plugin: Arc<dyn Plugin>,
}

/// How a world went.
#[derive(Debug)]
pub struct Ended {
    /// The first law that did not hold.
    pub broken: Option<Broken>,
    /// What was done and suffered.
    pub figures: Figures,
    /// What struck, so that it can be played again without chance.
    pub source: Source,
    /// What happened, line by line, if it was to be written down.
    pub timeline: Vec<String>,
}

/// Terminals, and all that is around them.
pub struct World {
    terminals: Vec<Terminal>,
    around: Around,
    acts: Vec<Act>,
}

/// What a terminal has around it.
pub struct Around {
    /// Who is there.
    pub shape: Shape,
    /// Milliseconds since the beginning.
    pub now_ms: u64,
    /// What is to come.
    pub queue: Queue,
    /// The acquirers.
    pub desks: Vec<Desk>,
    /// The connections.
    pub lines: Lines,
    /// What goes wrong.
    pub source: Source,
    /// What must hold.
    pub watch: Watch,
    /// What is counted.
    pub figures: Figures,
    /// Where the time goes.
    pub spent: Spent,
    /// What is written down for people.
    pub timeline: Option<Vec<String>>,
    /// Keys and plugin.
    pub ground: Ground,
    /// Which card is used for which payment.
    pub cards: BTreeMap<TransactionId, usize>,
}

impl Ground {
    /// With the plugin as native code.
    pub fn native() -> Result<Ground> {
        Ground::with(Arc::new(crate::plugin::Native::<unionpay::UnionPay>::load()))
    }

    /// With this plugin.
    pub fn with(plugin: Arc<dyn Plugin>) -> Result<Ground> {
        Ok(Ground { keys: Arc::new(KeyStore::create()?), plugin })
    }
}

impl World {
    /// Plays a script to its end, or to the first law that does not hold.
    pub fn play(ground: &Ground, script: &Script, source: Source, tells: bool) -> Result<Ended> {
        let mut world = World::new(ground, script, source, tells)?;
        world.around.watch.compare_at_each_step();
        world.run()?;
        world.last_look();
        let World { around, .. } = world;
        let Around { watch, mut figures, source, timeline, .. } = around;
        figures.worlds = 1;
        figures.violations = u64::from(!watch.holds());
        Ok(Ended { broken: watch.broken(), figures, source, timeline: timeline.unwrap_or_default() })
    }

    /// Before its first minute: the terminals are installed, their journals begun.
    pub fn new(ground: &Ground, script: &Script, source: Source, tells: bool) -> Result<World> {
        let shape = script.shape.clone();
        let desks = (0..shape.acquirers).map(|index| Desk::new(&shape, index)).collect::<Result<_>>()?;
        let mut around = Around {
            now_ms: 0,
            queue: Queue::default(),
            desks,
            lines: Lines::default(),
            source,
            watch: Watch::default(),
            figures: Figures::default(),
            spent: Spent::default(),
            timeline: tells.then(Vec::new),
            ground: ground.clone(),
            cards: BTreeMap::new(),
            shape: shape.clone(),
        };
        let terminals = (0..shape.terminals).map(|number| Terminal::install(number, &shape)).collect::<Result<_>>()?;
        (0..shape.terminals).for_each(|terminal| around.queue.at(0, Event::PowerOn { terminal }));
        let acts = script.acts.iter().cloned().chain(last_acts(&shape)).collect::<Vec<_>>();
        acts.iter().enumerate().for_each(|(index, act)| around.queue.at(act.at_ms, Event::Act(index)));
        Ok(World { terminals, around, acts })
    }

    /// Everything that happens until the calm is over.
    pub fn run(&mut self) -> Result<()> {
        self.run_until(self.around.shape.calm_from_ms + CALM_MS)
    }

    /// Everything that happens until then.
    pub fn run_until(&mut self, until_ms: u64) -> Result<()> {
        let mut events = 0;
        while self.around.watch.holds()
            && let Some((at_ms, event)) = self.around.queue.next(until_ms)
        {
            self.around.now_ms = at_ms;
            self.happen(event)?;
            events += 1;
            anyhow::ensure!(events < EVENTS_MAX, "a busy loop: {events} events by {at_ms} ms");
        }
        Ok(())
    }

    /// What was counted so far.
    pub fn figures(&self) -> &Figures {
        &self.around.figures
    }

    /// Where the time went so far.
    pub fn spent(&self) -> Spent {
        self.around.spent
    }

    /// From now on no law is checked: what is measured is the terminal.
    pub fn look_away(&mut self) {
        self.around.watch.look_away();
    }

    /// The first law that did not hold so far.
    pub fn broken(&self) -> Option<Broken> {
        self.around.watch.broken()
    }

    /// Open debts of a terminal.
    pub fn open_debts(&self, terminal: usize) -> usize {
        self.terminals.get(terminal).and_then(Terminal::books).map_or(0, |books| books.open_debts().count())
    }

    fn happen(&mut self, event: Event) -> Result<()> {
        let World { terminals, around, acts } = self;
        match event {
            Event::Act(index) => {
                let act = acts[index].clone();
                terminals[act.terminal].act(around, &act)?;
            }
            Event::Input(to, input) => terminals[to.terminal].input(around, to.epoch, *input)?,
            Event::Request { line, to, frame, then } => around.request_arrives(line, to, &frame, then),
            Event::Reply { line, frame } => {
                // Two answers at once are none: bytes after an answer are nobody's.
                let malformed = engine::contract::retry_policy::Failure::Malformed;
                let heard = if frame.is_empty() { Err(failed(malformed)) } else { Ok(frame) };
                let arrived = around.lines.arrive(line, heard);
                if let Some((waiter, heard)) = arrived {
                    terminals[waiter.to.terminal].heard(around, waiter, line, heard)?;
                }
            }
            Event::Closed { line } => {
                let closed = engine::contract::retry_policy::Failure::Closed;
                if let Some((waiter, heard)) = around.lines.arrive(line, Err(failed(closed))) {
                    terminals[waiter.to.terminal].heard(around, waiter, line, heard)?;
                }
            }
            Event::Timeout { line, wait } => {
                if let Some((waiter, heard)) = around.lines.time_out(line, wait) {
                    terminals[waiter.to.terminal].heard(around, waiter, line, heard)?;
                }
            }
            Event::PowerOn { terminal } => terminals[terminal].power_on(around)?,
            Event::Retry { terminal } => terminals[terminal].retry(around)?,
            Event::DiskMended { terminal } => terminals[terminal].disk_mended(),
            Event::Idle { terminal, epoch } => terminals[terminal].idle(around, epoch)?,
            Event::AcquirerUp { acquirer } => around.desks[acquirer].up = Up::Yes,
            Event::RouteUp { acquirer } => around.desks[acquirer].first_route = Up::Yes,
            Event::CustomerScans { acquirer, code } => around.customer_scans(acquirer, &code),
            Event::AdvicesTaken { acquirer } => around.desks[acquirer].bank.refuse_advices(None),
            Event::CustomerAnswers { acquirer, payment, pays } => around.customer_answers(acquirer, &payment, pays)?,
            Event::PluginMended { terminal, acquirer } => terminals[terminal].plugin_mended(around, acquirer)?,
        }
        Ok(())
    }

    /// The calm is over: what must hold in the end.
    fn last_look(&mut self) {
        let World { terminals, around, .. } = self;
        for terminal in terminals.iter() {
            terminal.judge(around);
        }
    }
}

impl Around {
    /// What a terminal's clocks show, one of which somebody may have set.
    pub fn moment(&self, ahead_ms: i64, since_ms: u64) -> Moment {
        let unix_ms = ground::EPOCH_MS + self.now_ms as i64 + ahead_ms;
        let wall = Timestamp { unix_ms, utc_offset_minutes: ground::UTC_OFFSET_MINUTES };
        Moment { wall, monotonic_ms: self.now_ms.saturating_sub(since_ms) }
    }

    /// An engine gets this after a while.
    pub fn later(&mut self, to: Addressee, after_ms: u64, input: Input) {
        self.queue.at(self.now_ms + after_ms, Event::Input(to, Box::new(input)));
    }
}

/// What is done when all faults are over: every terminal signs in and tries what it owes, twice, so that what the
/// acquirer refused the first time is tried again; and at last closes its batches.
fn last_acts(shape: &Shape) -> Vec<Act> {
    let acquirers = 0..shape.acquirers;
    let each = (0..shape.terminals).flat_map(|terminal| acquirers.clone().map(move |acquirer| (terminal, acquirer)));
    let calm_ms = shape.calm_from_ms;
    each.flat_map(|(terminal, acquirer)| {
        let act = move |at_ms: u64, what: What| {
            let name = last_name(terminal, acquirer, at_ms);
            Act { at_ms: calm_ms + at_ms, terminal, acquirer, name, what }
        };
        [
            act(60_000, What::SignIn),
            act(LAST_ACTS_MS, What::SignIn),
            act(LAST_ACTS_MS + 60_000, What::PayDebts),
            act(LAST_SETTLEMENT_MS, What::Settle),
        ]
    })
    .collect()
}

/// What the settlement in the calm is called.
pub fn last_settlement(terminal: usize, acquirer: usize) -> String {
    last_name(terminal, acquirer, LAST_SETTLEMENT_MS)
}

fn last_name(terminal: usize, acquirer: usize, at_ms: u64) -> String {
    format!("T{terminal}{acquirer}END{}", at_ms / 1000)
}

/// A moment of a world, for people.
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, ms % 1000)
}
