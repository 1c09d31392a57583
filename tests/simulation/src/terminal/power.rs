//! Starts and power cuts: what a terminal does between the plug and the first question, and what a cut leaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use engine::{Effect, Purpose};
use journal::{Health, Opened};

use super::books::{self, BooksRead};
use super::{Cut, Running, Service, Terminal};
use crate::fault::{Fault, Step};
use crate::ground;
use crate::world::{Around, Event, timeline};

/// How long the power stays away after a cut in the middle of something. Milliseconds.
const DARK_MS: u64 = 5_000;
/// How long a terminal waits before it tries again to open its journal. Milliseconds.
const RETRY_MS: u64 = 30_000;
/// What a start is about, for the occasions in it.
const START: &str = "start";

impl Terminal {
    /// The power is back.
    pub fn power_on(&mut self, around: &mut Around) -> Result<()> {
        if !matches!(self.service, Service::Off) {
            return Ok(());
        }
        self.since_ms = around.now_ms;
        self.begin(around)
    }

    /// The journal is tried again.
    pub fn retry(&mut self, around: &mut Around) -> Result<()> {
        if matches!(self.service, Service::Out) { self.begin(around) } else { Ok(()) }
    }

    /// Somebody pulls the plug.
    pub fn unplug(&mut self, around: &mut Around, ms: u64) {
        if !matches!(self.service, Service::Off) {
            self.cut(around, ms);
        }
    }

    /// The power fails in the middle of something.
    pub(super) fn cut_here(&mut self, around: &mut Around) -> Result<()> {
        self.cut(around, DARK_MS);
        Ok(())
    }

    /// Everything in memory is gone, and of what was not synced the disk keeps what it likes.
    fn cut(&mut self, around: &mut Around, dark_ms: u64) {
        timeline!(around, "T{} the power fails", self.number);
        around.figures.power_cuts += 1;
        if let Service::In(running) = std::mem::replace(&mut self.service, Service::Off) {
            running.sessions.values().filter_map(|session| session.line).for_each(|line| around.lines.close(line));
        }
        self.epoch += 1;
        self.inbox.clear();
        self.waiting.clear();
        self.will_tend = false;
        let mut dice = around.source.dice_at(self.number, "cut", self.life);
        self.disk.record();
        if let Some(moment) = self.disk.moments().pop() {
            let cut = crash::images::random_cut(&moment, &mut dice);
            self.disk = moment.image(&cut).unwrap_or_else(|| moment.without_cut());
        }
        around.queue.at(around.now_ms + dark_ms, Event::PowerOn { terminal: self.number });
    }

    /// Opens the journal, brings everything a power cut left open to an end or to a debt, and begins.
    fn begin(&mut self, around: &mut Around) -> Result<()> {
        self.service = Service::Out;
        self.life += 1;
        let now = around.moment(self.ahead_ms, self.since_ms);
        let mut read = BooksRead::at(now);
        let inside = match self.strike(around, START, Step::Read) {
            Some(Fault::Cut) => return self.cut_here(around),
            Some(Fault::CutInside(operations)) => Some(operations),
            Some(Fault::Rots(bit)) => {
                self.rot(around, bit);
                None
            }
            after => after.filter(|fault| *fault == Fault::CutAfter).map(|_| u32::MAX),
        };
        if let Some(operations) = inside.filter(|operations| *operations < u32::MAX) {
            self.disk.die_after(operations as usize);
        }
        let opened = books::open(&self.disk, &around.shape, (self.number, self.life), &mut read);
        if inside.is_some() {
            drop(opened);
            return self.cut_here(around);
        }
        self.serve_from(around, opened.map_err(|error| error.to_string()), read)
    }

    /// The journal failed under a running operation: whoever waits hears that nothing is certain, and the truth is read
    /// back from the disk.
    pub(super) fn reopen(&mut self, around: &mut Around) -> Result<()> {
        timeline!(around, "T{} the journal is opened again", self.number);
        for transaction in std::mem::take(&mut self.waiting) {
            around.watch.told_nothing_is_certain(self.number, &transaction);
        }
        self.inbox.clear();
        self.epoch += 1;
        self.life += 1;
        self.will_tend = false;
        let Service::In(running) = std::mem::replace(&mut self.service, Service::Out) else { return Ok(()) };
        running.sessions.values().filter_map(|session| session.line).for_each(|line| around.lines.close(line));
        let mut read = BooksRead::at(around.moment(self.ahead_ms, self.since_ms));
        let opened = running.journal.reopen_folding(&mut read).map_err(|error| error.to_string());
        self.serve_from(around, opened, read)
    }

    /// The disk has room and works again.
    pub fn disk_mended(&mut self) {
        self.disk.recover_from_faults();
    }

    /// An update breaks a plugin: the terminal starts without it.
    pub fn break_plugin(&mut self, around: &mut Around, acquirer: usize) -> Result<()> {
        self.broken_plugins.insert(acquirer);
        self.restart(around)
    }

    /// And is mended.
    pub fn plugin_mended(&mut self, around: &mut Around, acquirer: usize) -> Result<()> {
        if self.broken_plugins.remove(&acquirer) { self.restart(around) } else { Ok(()) }
    }

    /// Ends the process as a service manager does, at once, and begins another.
    fn restart(&mut self, around: &mut Around) -> Result<()> {
        if !self.serves() {
            return Ok(());
        }
        if let Service::In(running) = std::mem::replace(&mut self.service, Service::Off) {
            running.sessions.values().filter_map(|session| session.line).for_each(|line| around.lines.close(line));
        }
        timeline!(around, "T{} starts anew", self.number);
        self.epoch += 1;
        self.inbox.clear();
        self.waiting.clear();
        self.will_tend = false;
        self.since_ms = around.now_ms;
        self.begin(around)
    }

    fn serve_from(&mut self, around: &mut Around, opened: Result<Opened, String>, read: BooksRead) -> Result<()> {
        let opened = match opened {
            Ok(opened) => opened,
            Err(why) => {
                timeline!(around, "T{} out of service: {why}", self.number);
                around.watch.cannot_open(self.number);
                // What was ordered of the disk is over by then.
                self.disk.recover_from_faults();
                around.queue.at(around.now_ms + RETRY_MS, Event::Retry { terminal: self.number });
                return Ok(());
            }
        };
        match self.start_service(around, opened, read)? {
            Ok(effects) => {
                self.perform_all(around, effects)?;
                self.go_on(around)
            }
            Err(Cut) => self.cut_here(around),
        }
    }

    fn start_service(
        &mut self,
        around: &mut Around,
        opened: Opened,
        read: BooksRead,
    ) -> Result<std::result::Result<Vec<Effect>, Cut>> {
        let now = around.moment(self.ahead_ms, self.since_ms);
        let (recovery, unreadable) = read.finish(now);
        let stopped = match &opened.health {
            Health::Damaged(damage) => Some(damage.to_string()),
            Health::Whole => unreadable,
        };
        around.watch.read_back(self.number, recovery.books(), stopped.as_deref());
        if !recovery.closing().is_empty() {
            let closing = recovery.closing().to_vec();
            match self.write(around, &opened.journal, START, Step::Close, Purpose::Obligation, &closing) {
                Ok(_durable) => {}
                Err(super::effects::NotWritten::Cut) => return Ok(Err(Cut)),
                Err(super::effects::NotWritten::Failed(error)) => {
                    drop(opened);
                    self.serve_from(around, Err(error.to_string()), BooksRead::at(now))?;
                    return Ok(Ok(Vec::new()));
                }
            }
        }
        let shape = &around.shape;
        let plugin = &around.ground.plugin;
        let deployments = (0..shape.acquirers)
            .map(|index| {
                let plugin = (!self.broken_plugins.contains(&index)).then_some(plugin);
                ground::deployment(shape, self.number, index, plugin)
            })
            .collect();
        let mut vault = around.ground.keys.open()?;
        let mut lost = Vec::new();
        for (name, _) in ground::ACQUIRERS.iter().take(shape.acquirers) {
            let Some(kept) = recovery.books().kept(name).filter(|kept| !kept.keys.is_empty()) else { continue };
            match vault.stage(name, &kept.keys) {
                Ok(staged) => vault.activate(staged),
                Err(_) => lost.push((*name).to_owned()),
            }
        }
        let (engine, effects) = recovery.begin(deployments, stopped, &lost, now);
        if let Some(why) = engine.sales_stopped() {
            timeline!(around, "T{} no sales: {why}", self.number);
        }
        timeline!(around, "T{} in service, owed: {}", self.number, engine.books().owed());
        self.service =
            Service::In(Box::new(Running { engine, journal: opened.journal, vault, sessions: BTreeMap::new() }));
        Ok(Ok(effects))
    }

    /// Whether something goes wrong here.
    pub(super) fn strike(&mut self, around: &mut Around, about: &str, step: Step) -> Option<Fault> {
        self.strike_at(around, &Arc::from(about), step)
    }

    /// The same, for a name that is shared.
    pub(super) fn strike_at(&mut self, around: &mut Around, about: &Arc<str>, step: Step) -> Option<Fault> {
        let fault = around.source.strike(self.number, about, step, around.now_ms)?;
        around.figures.fault(fault.word());
        timeline!(around, "T{} FAULT at {about} {step:?}: {fault:?}", self.number);
        Some(fault)
    }
}
