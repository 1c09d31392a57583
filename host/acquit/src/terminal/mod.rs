//! The running terminal: one loop that owns the journal, feeds the engine and does what it says.

mod asking;
mod card;
mod clock;
mod closing_time;
mod effects;
mod exchanging;
mod grants;
pub mod keeping;
mod looking;
mod orders;
mod plugins;
mod reading;
mod screen;
mod session;
mod upkeep;
mod waiving;
mod wiring;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use devices::virtual_set::{CardProfile, VirtualPrinter, VirtualReader};
use devices::{Display, Printer};
use engine::books::Books;
use engine::{Effect, Engine, Input, OperationId, Outcome, Purpose, Record, TransactionId};
use journal::{Body, Durable, Health, Journal, Opened, SnapshotUse};
use sandbox::Sandbox;
use vault::Vault;

pub use clock::Clock;
pub use looking::look_at_rest;
pub use plugins::Calls;
pub use reading::{BooksRead, OnDisk, record};
pub use waiving::waive_at_rest;
pub use wiring::{Places, grants, is_dukpt, is_transport, setting};

use self::plugins::Shelf;
use self::screen::{Listeners, Relay};
use self::session::Session;
use self::upkeep::Upkeep;
use self::wiring::Routes;
use crate::config::{Configuration, Profile};
use crate::control::{AcceptPartial, Reply, Request};
use crate::faults;
use crate::messages::Messages;
use crate::show;

/// How long nothing may have happened before the journal's own duties are done. A customer who pays twice in a row does
/// not wait for them, and a power cut this soon after a payment finds nothing undone that it needs.
const TEND_AFTER: Duration = Duration::from_secs(2);

/// Something for the loop to look at.
pub enum Event {
    /// Of the engine that was begun as this one; those of an earlier one are too late.
    Input(Epoch, Input),
    /// A connection came back with an answer, or with why there is none.
    Heard(Epoch, OperationId, Heard),
    /// A card was read, or was not.
    Card(Epoch, OperationId, card::Asked),
    /// A chip had its last word, or had none.
    Finished(Epoch, OperationId, card::Finishing, std::result::Result<devices::Finished, devices::DeviceError>),
    /// Segments of the journal are old enough to be written anew.
    Old(Epoch, Vec<upkeep::Old>),
    /// Nobody answered this operation's question in time.
    Unanswered(Epoch, OperationId),
    /// It may be time for something.
    Clock,
    /// Another command asks.
    Asked(Request, Reply),
}

/// Counts the engines begun in this process: a new one after each failure of the journal.
pub type Epoch = u32;

/// What came of listening.
pub type Heard = std::result::Result<(network::Conversation, network::Answer), network::Failed>;

/// The parts of a terminal, wired together.
pub struct Terminal {
    configuration: Configuration,
    messages: Arc<Messages>,
    clock: Clock,
    epoch: Epoch,
    service: Service,
    vault: Vault,
    shelf: Shelf,
    routes: BTreeMap<String, Routes>,
    reader: Arc<Mutex<VirtualReader>>,
    printer: Option<VirtualPrinter>,
    display: Arc<Mutex<dyn Display>>,
    runtime: tokio::runtime::Handle,
    inbox: Sender<Event>,
    /// Who waits for which transaction.
    waiting: Vec<orders::Waiting>,
    /// Who waits for which waiver.
    waivers: Vec<waiving::AwaitedWaiver>,
    /// What was said beforehand about a part that is approved, by transaction.
    partial: BTreeMap<TransactionId, AcceptPartial>,
    /// What the cashier has been asked and has not answered.
    questions: Vec<asking::Asking>,
    /// When the terminal last settled by itself.
    closing_times: closing_time::ClosingTimes,
    /// Who is told what the screen shows.
    listeners: Listeners,
    /// Card profiles that virtual payments were asked to use.
    cards: BTreeMap<TransactionId, CardProfile>,
    /// Whose card the reader was asked for last, and what tells it to stop.
    at_reader: Option<(TransactionId, Arc<AtomicBool>)>,
    /// Something was written since the journal's own duties were done.
    untended: bool,
    /// Where a development build stops.
    probe: Option<journal::Probe>,
}

/// In service with an engine and its journal, or out of it with the reason.
enum Service {
    In(Box<Running>),
    Out(String),
}

struct Running {
    engine: Engine,
    journal: Journal,
    sessions: BTreeMap<OperationId, Session>,
    /// Exchanges that nobody waits for any more, until their connections are closed.
    parting: Vec<tokio::task::JoinHandle<()>>,
    /// What the screen says of debts.
    shown_owed: Vec<String>,
    upkeep: Upkeep,
}

impl Terminal {
    /// Opens vault, plugins, routes and journal, and brings everything a power cut left open to an end or to a debt.
    /// `calls`: where calls of plugins are written down.
    pub fn open(
        configuration: Configuration,
        display: Arc<Mutex<dyn Display>>,
        runtime: tokio::runtime::Handle,
        inbox: Sender<Event>,
        calls: Option<Calls>,
    ) -> Result<Terminal> {
        let places = Places::of(&configuration);
        let probe = faults::probe();
        let mut vault =
            Vault::open(&places.keys(), &grants(&configuration)).context("the key store cannot be opened")?;
        if configuration.profile == Profile::Production {
            wiring::without_published(&mut vault)?;
        }
        let shelf = Shelf::new(Sandbox::new()?, places.plugins()).context("the plugin folder cannot be used")?;
        let shelf = shelf.recording(calls);
        let routes = configuration
            .acquirers
            .iter()
            .map(|acquirer| Ok((acquirer.name.clone(), wiring::routes(acquirer, probe.as_ref())?)))
            .collect::<Result<_>>()?;
        let printer = wiring::printer(&configuration);
        let listeners = Listeners::default();
        let display: Arc<Mutex<dyn Display>> = Arc::new(Mutex::new(Relay::new(display, listeners.clone())));
        let mut terminal = Terminal {
            messages: Arc::new(Messages::new(configuration.language)),
            clock: Clock::start(),
            epoch: 0,
            service: Service::Out("not started".into()),
            vault,
            shelf,
            routes,
            reader: Arc::new(Mutex::new(VirtualReader::new())),
            printer,
            display,
            runtime,
            inbox,
            waiting: Vec::new(),
            waivers: Vec::new(),
            partial: BTreeMap::new(),
            questions: Vec::new(),
            closing_times: closing_time::ClosingTimes::default(),
            listeners,
            cards: BTreeMap::new(),
            at_reader: None,
            untended: true,
            probe,
            configuration,
        };
        let mut books = BooksRead::of_late(terminal.clock.now());
        let opened = keeping::open(&terminal.configuration, terminal.probe.as_ref(), &mut books)?;
        let effects = terminal.start_service(opened, books)?;
        terminal.perform(effects);
        terminal.watch_the_clock();
        Ok(terminal)
    }

    /// Serves until nobody can send events any more.
    pub fn run(&mut self, events: &Receiver<Event>) {
        loop {
            let event = if self.untended {
                events.recv_timeout(TEND_AFTER)
            } else {
                events.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match event {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => self.tend(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// What is durably known; none while the journal cannot be opened.
    pub fn books(&self) -> Option<&Books> {
        match &self.service {
            Service::In(running) => Some(running.engine.books()),
            Service::Out(_) => None,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Input(epoch, input) if epoch == self.epoch => self.feed(input),
            Event::Heard(epoch, operation, heard) if epoch == self.epoch => self.heard(operation, heard),
            Event::Card(epoch, operation, asked) if epoch == self.epoch => self.card_asked(operation, asked),
            Event::Finished(epoch, operation, finishing, finished) if epoch == self.epoch => {
                self.card_finished(operation, &finishing, finished);
            }
            Event::Old(epoch, old) if epoch == self.epoch => self.found_old(old),
            Event::Unanswered(epoch, operation) if epoch == self.epoch => self.unanswered(operation),
            Event::Input(..)
            | Event::Heard(..)
            | Event::Card(..)
            | Event::Finished(..)
            | Event::Old(..)
            | Event::Unanswered(..) => {
                tracing::debug!("an answer to an engine that is gone");
            }
            Event::Clock => self.clock_looked_at(),
            Event::Asked(request, reply) => self.asked(request, reply),
        }
    }

    fn feed(&mut self, input: Input) {
        let Service::In(running) = &mut self.service else { return };
        let effects = running.engine.handle(input, self.clock.now());
        self.perform(effects);
    }

    /// Begins an engine from what the journal holds, once what a power cut left open is closed.
    fn start_service(&mut self, opened: Opened, books: BooksRead) -> Result<Vec<Effect>> {
        self.service = Service::Out("the journal is being read".into());
        self.epoch += 1;
        let journal = opened.journal;
        self.untended = true;
        for anchor in &opened.unanswered {
            tracing::warn!(anchor, "whether the journal was put back to an older state cannot be said");
        }
        let mut upkeep = Upkeep::default();
        match &opened.snapshot {
            SnapshotUse::Used { sequence } => upkeep.snapshot = *sequence,
            SnapshotUse::Refused(why) => tracing::warn!(why, "the journal was read from its beginning"),
            SnapshotUse::Absent => {}
        }
        let now = self.clock.now();
        let (recovery, unreadable) = books.finish(now);
        if !recovery.closing().is_empty() {
            let durable = append(&journal, Purpose::Obligation, recovery.closing())?;
            tracing::info!(sequence = durable.sequence(), "closed what was left open");
        }
        let stopped = match &opened.health {
            Health::Damaged(damage) => Some(damage.to_string()),
            Health::Whole => unreadable,
        };
        if let Some(why) = &stopped {
            tracing::error!(%why, "the journal cannot be read whole: no sales; readable debts are paid");
        }
        self.shelf.load_kept(&recovery.books().plugins_needed());
        let deployments = self
            .configuration
            .acquirers
            .iter()
            .map(|acquirer| wiring::deploy(&self.configuration, acquirer, &self.vault, &mut self.shelf))
            .collect();
        self.shelf.tidy(&recovery.books().plugins_needed());
        let lost = self.bring_back_keys(recovery.books());
        let (engine, effects) = recovery.begin(deployments, stopped, &lost, now);
        let running =
            Running { engine, journal, sessions: BTreeMap::new(), parting: Vec::new(), shown_owed: Vec::new(), upkeep };
        self.service = Service::In(Box::new(running));
        self.show_owed();
        Ok(effects)
    }

    /// Work keys live in memory only: their wrapped blocks come from the journal. Names acquirers whose keys do not
    /// come back.
    fn bring_back_keys(&mut self, books: &Books) -> Vec<String> {
        let mut lost = Vec::new();
        for acquirer in self.configuration.acquirers.iter() {
            let Some(kept) = books.kept(&acquirer.name).filter(|kept| !kept.keys.is_empty()) else { continue };
            match self.vault.stage(&acquirer.name, &kept.keys) {
                Ok(staged) => self.vault.activate(staged),
                Err(error) => {
                    tracing::warn!(%error, acquirer = %acquirer.name, "work keys are lost; a sign-in is needed");
                    lost.push(acquirer.name.clone());
                }
            }
        }
        lost
    }

    /// The journal failed under a running operation: whoever waits hears that nothing is certain, and the truth is
    /// read back from the disk.
    fn reopen(&mut self) {
        self.tell_all_that_storage_failed();
        self.tell_waivers_that_storage_failed();
        self.questions.clear();
        let failed = std::mem::replace(&mut self.service, Service::Out("the journal is being read".into()));
        let Service::In(running) = failed else { return };
        let mut books = BooksRead::of_late(self.clock.now());
        let reopened = running.journal.reopen_folding(&mut books).map_err(anyhow::Error::from);
        self.serve_from(reopened, books);
    }

    /// Tries once more where the journal could not be opened: the operator may have mended what was wrong.
    fn return_to_service(&mut self) {
        if let Service::Out(_) = self.service {
            let mut books = BooksRead::of_late(self.clock.now());
            let opened = keeping::open(&self.configuration, self.probe.as_ref(), &mut books);
            self.serve_from(opened, books);
        }
    }

    fn serve_from(&mut self, opened: Result<Opened>, books: BooksRead) {
        match opened.and_then(|opened| self.start_service(opened, books)) {
            Ok(effects) => self.perform(effects),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "out of service");
                self.service = Service::Out(format!("{error:#}"));
            }
        }
    }

    fn show_owed(&mut self) {
        let Service::In(running) = &mut self.service else { return };
        let lines = show::standing(running.engine.books(), &self.messages);
        if running.shown_owed == lines {
            return;
        }
        running.shown_owed.clone_from(&lines);
        self.show(lines);
    }

    fn show(&self, lines: Vec<String>) {
        let mut display = self.display.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(error) = display.show(&devices::Screen { lines }) {
            tracing::warn!(%error, "the display does not show");
        }
    }

    /// Prints the copies of a receipt, or the slip of an unknown outcome. A printer that fails changes nothing about the
    /// payment.
    fn print(&mut self, transaction: &TransactionId, outcome: &Outcome) {
        let Some(books) = self.books() else { return };
        let Some(known) = books.transaction(transaction) else { return };
        let copies = &self.configuration.terminal.copies;
        let first = show::Edition::First;
        let pages = show::pages(books, &self.configuration, &self.messages, known, outcome, first, copies);
        let Some(printer) = &mut self.printer else { return };
        if let Err(problem) = pages.iter().try_for_each(|page| printer.print(page)) {
            self.show(vec![self.messages.text("receipt-not-printed", &[("problem", problem.to_string().into())])]);
        }
    }
}

/// Writes records down, all or none; the token allows one message to be sent.
fn append(journal: &Journal, purpose: Purpose, records: &[Record]) -> Result<Durable> {
    let encoded = records.iter().map(Record::encode).collect::<Result<Vec<_>, _>>()?;
    let bodies: Vec<_> =
        encoded.iter().map(|encoded| Body { record: &encoded.record, card: encoded.card.as_deref() }).collect();
    let purpose = match purpose {
        Purpose::Payment => journal::Purpose::Payment,
        Purpose::Obligation => journal::Purpose::Obligation,
    };
    Ok(journal.append(purpose, &bodies)?)
}
