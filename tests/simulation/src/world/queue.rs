//! What is to come, in order of time and then of asking.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use engine::{Input, OperationId};

/// Something that happens at a moment.
#[derive(Debug)]
pub enum Event {
    /// Somebody does something: which act.
    Act(usize),
    /// An answer or an alarm reaches the engine that was begun as this one.
    Input(Addressee, Box<Input>),
    /// A request reaches the acquirer, on one of its routes.
    Request { line: u64, to: (usize, usize), frame: Vec<u8>, then: Then },
    /// An answer reaches the terminal.
    Reply { line: u64, frame: Vec<u8> },
    /// The acquirer, or what lies between, closes the connection.
    Closed { line: u64 },
    /// An answer has been waited for long enough.
    Timeout { line: u64, wait: u32 },
    /// The power is back.
    PowerOn { terminal: usize },
    /// The journal is tried again.
    Retry { terminal: usize },
    /// The disk has room and works.
    DiskMended { terminal: usize },
    /// Nobody has done anything for a while.
    Idle { terminal: usize, epoch: u32 },
    /// The acquirer is there again.
    AcquirerUp { acquirer: usize },
    /// The acquirer takes advices again.
    AdvicesTaken { acquirer: usize },
    /// A customer answers on the telephone, for the scanned payment of this terminal, batch and trace.
    CustomerAnswers { acquirer: usize, payment: [String; 3], pays: bool },
    /// A customer scans a code that a terminal shows, and pays with a telephone.
    CustomerScans { acquirer: usize, code: String },
    /// The acquirer's first route is there again.
    RouteUp { acquirer: usize },
    /// The plugin is mended.
    PluginMended { terminal: usize, acquirer: usize },
}

/// An engine: those begun earlier at the same terminal are gone, and what is meant for them is too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Which terminal.
    pub terminal: usize,
    /// Which of its engines.
    pub epoch: u32,
}

/// What becomes of the acquirer's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Then {
    /// What the acquirer does wrong.
    pub fault: Option<acquirer::Fault>,
    /// Added to its way back. Milliseconds.
    pub late_ms: u64,
    /// What happens to it on its way.
    pub damage: Damage,
}

/// What happens to an answer on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    #[default]
    None,
    /// It is lost.
    Lost,
    /// This byte changes.
    Garbled(u32),
    /// It is made to say 00.
    Forged,
    /// Half of it arrives.
    Half,
    /// It arrives twice at once.
    Twice,
}

/// Who waits for an answer on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// The engine.
    pub to: Addressee,
    /// Its operation.
    pub operation: OperationId,
}

/// What is to come.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    asked: u64,
}

#[derive(Debug)]
struct Entry {
    at_ms: u64,
    number: u64,
    event: Event,
}

impl Queue {
    /// Something happens then.
    pub fn at(&mut self, at_ms: u64, event: Event) {
        self.asked += 1;
        self.heap.push(Reverse(Entry { at_ms, number: self.asked, event }));
    }

    /// What happens next, if it happens until then.
    pub fn next(&mut self, until_ms: u64) -> Option<(u64, Event)> {
        if self.heap.peek()?.0.at_ms > until_ms {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at_ms, entry.event))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.number) == (other.at_ms, other.number)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}
