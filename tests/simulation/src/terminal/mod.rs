//! A terminal: the real engine, journal and vault, and around them what the program does, in virtual time.

mod books;
mod calls;
mod counter;
mod effects;
mod ends;
mod exchange;
mod power;
mod session;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use anyhow::Result;
use engine::books::Books;
use engine::{Engine, Input, OperationId, TransactionId};
use journal::Journal;
use journal::memory::MemoryDisk;
use vault::Vault;

use crate::script::Shape;
use crate::spent::Room;
use crate::world::{Addressee, Around};
use session::Session;

/// How long nothing may have happened before the journal's own duties are done. Milliseconds.
const IDLE_MS: u64 = 2_000;

/// One terminal, on or off.
pub struct Terminal {
    /// Counted from 0.
    pub number: usize,
    /// How far its wall clock is wrong. Milliseconds.
    pub ahead_ms: i64,
    disk: MemoryDisk,
    /// Counts its processes, and the journals opened in them: salts and keys come from it.
    life: u64,
    /// Counts its engines.
    epoch: u32,
    service: Service,
    /// When its process began. Milliseconds.
    since_ms: u64,
    /// Acquirers whose plugin is broken.
    broken_plugins: BTreeSet<usize>,
    /// Asked for, and not told how it ended.
    waiting: BTreeSet<TransactionId>,
    /// Answers that are there at once; they are taken in turn, so that no effect is overtaken.
    inbox: VecDeque<Input>,
    /// A look after the journal is on its way.
    will_tend: bool,
}

enum Service {
    /// The power is off.
    Off,
    /// The journal cannot be opened.
    Out,
    In(Box<Running>),
}

struct Running {
    engine: Engine,
    journal: Journal,
    vault: Vault,
    sessions: BTreeMap<OperationId, Session>,
}

/// The power failed.
#[derive(Debug)]
pub struct Cut;

impl Terminal {
    /// A terminal as it is delivered: a journal is begun, and nothing is in it.
    pub fn install(number: usize, shape: &Shape) -> Result<Terminal> {
        let disk = MemoryDisk::with_sectors(shape.sector_bytes);
        books::create(&disk, shape, number)?;
        Ok(Terminal {
            number,
            ahead_ms: 0,
            disk,
            life: 1,
            epoch: 0,
            service: Service::Off,
            since_ms: 0,
            broken_plugins: BTreeSet::new(),
            waiting: BTreeSet::new(),
            inbox: VecDeque::new(),
            will_tend: false,
        })
    }

    /// What is durably known; none while it is off.
    pub fn books(&self) -> Option<&Books> {
        match &self.service {
            Service::In(running) => Some(running.engine.books()),
            Service::Off | Service::Out => None,
        }
    }

    /// Whether anybody can ask it for anything.
    pub fn serves(&self) -> bool {
        matches!(self.service, Service::In(_))
    }

    /// Somebody waits to be told how this ends.
    pub fn waits_for(&mut self, transaction: &TransactionId) {
        self.waiting.insert(transaction.clone());
    }

    /// Something for an engine, if it is still there.
    pub fn input(&mut self, around: &mut Around, epoch: u32, input: Input) -> Result<()> {
        if epoch == self.epoch { self.feed(around, input) } else { Ok(()) }
    }

    /// Gives the engine something, and does all that follows from it at once.
    pub fn feed(&mut self, around: &mut Around, input: Input) -> Result<()> {
        self.inbox.push_back(input);
        self.go_on(around)
    }

    /// Does what there is to do at this moment.
    fn go_on(&mut self, around: &mut Around) -> Result<()> {
        while let Some(input) = self.inbox.pop_front() {
            let now = around.moment(self.ahead_ms, self.since_ms);
            let Service::In(running) = &mut self.service else { return Ok(()) };
            let began = Instant::now();
            let effects = running.engine.handle(input, now);
            around.spent.add(Room::Engine, began);
            self.perform_all(around, effects)?;
        }
        self.come_to_rest(around);
        Ok(())
    }

    fn come_to_rest(&mut self, around: &mut Around) {
        if !self.will_tend && self.serves() {
            self.will_tend = true;
            let idle = crate::world::Event::Idle { terminal: self.number, epoch: self.epoch };
            around.queue.at(around.now_ms + IDLE_MS, idle);
        }
    }

    /// Nobody has done anything for a while: the journal's own duties are done, unless somebody waits after all.
    pub fn idle(&mut self, around: &mut Around, epoch: u32) -> Result<()> {
        if epoch != self.epoch {
            return Ok(());
        }
        let Service::In(running) = &self.service else { return Ok(()) };
        if !running.sessions.is_empty() {
            let idle = crate::world::Event::Idle { terminal: self.number, epoch };
            around.queue.at(around.now_ms + IDLE_MS, idle);
            return Ok(());
        }
        self.tend(around)?;
        self.will_tend = false;
        Ok(())
    }

    fn addressee(&self) -> Addressee {
        Addressee { terminal: self.number, epoch: self.epoch }
    }
}
