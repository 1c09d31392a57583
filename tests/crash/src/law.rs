//! What must hold of every disk a power cut may leave: recovered, read, and gone on with.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use engine::Record;
use journal::memory::MemoryDisk;
use journal::{Health, JournalError};

use crate::books;
use crate::ledger::{Found, Ledger};
use crate::records::Clerk;
use crate::subject::{Lab, Opened, Written};

/// A law that did not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The law's name.
    pub law: &'static str,
    /// What was seen.
    pub seen: String,
}

/// The records that close what is open, or why J2 does not hold.
type Closing = Result<Vec<Record>, String>;

/// What was written, and the laws it is held against.
pub struct Law<'a> {
    lab: &'a Lab,
    ledger: &'a Ledger,
    /// For each number of entries the records that close them, worked out once.
    closing: Mutex<Vec<Option<Closing>>>,
}

impl<'a> Law<'a> {
    /// The laws over this ledger.
    pub fn new(lab: &'a Lab, ledger: &'a Ledger) -> Self {
        Self { lab, ledger, closing: Mutex::new(vec![None; ledger.entries().len() + 1]) }
    }

    /// What is held against them.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Recovers a disk that was cut after so many operations, goes on with it, and cuts it once more.
    pub fn check(&self, disk: &MemoryDisk, operations: usize) -> Result<(), Broken> {
        let opened = match self.lab.next_life().open(disk) {
            Err(JournalError::NoJournal { .. }) if !self.ledger.is_created_at(operations) => {
                return self.begin_anew(disk);
            }
            opened => opened.map_err(|error| broken("J4", format!("recovery failed: {error}")))?,
        };
        let (found, closing) = self.check_opened(&opened, operations)?;
        self.go_on(disk, opened, &found, &closing)
    }

    /// J4, J5 and J2 of what was read; gives what was found and the records that close what is open.
    pub fn check_opened(&self, opened: &Opened, operations: usize) -> Result<(Found, Vec<Record>), Broken> {
        if let Health::Damaged(damage) = &opened.health {
            return Err(broken("J4", format!("a power cut is called damage: {damage}")));
        }
        let found = self.ledger.compare(&opened.entries, operations).map_err(|seen| broken("J5", seen))?;
        if !self.ledger.may_hold(found.count, operations) {
            let (read, promised) = (found.count, self.ledger.promised_at(operations));
            return Err(broken("J5", format!("{read} entries were read; {promised} had been promised")));
        }
        let closing = if found.is_whole() { self.closing(found.count) } else { books::close_read(&opened.entries) };
        closing.map(|closing| (found, closing)).map_err(|seen| broken("J2", seen))
    }

    /// The records that close the first `count` entries, worked out once.
    fn closing(&self, count: usize) -> Closing {
        let mut closings = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = &self.ledger.entries()[..count];
        closings[count].get_or_insert_with(|| books::close(entries)).clone()
    }

    /// Closes what is open, appends once more, loses nothing but what was not synced, and reads all of it.
    fn go_on(&self, disk: &MemoryDisk, opened: Opened, found: &Found, closing: &[Record]) -> Result<(), Broken> {
        let mut ledger = self.ledger.recovered(found, 0);
        for group in [closing, &[Clerk::default().remembered(300)]] {
            let group: Vec<Written> = group.iter().map(Written::of).collect();
            if !group.is_empty() {
                ledger.begin(disk, &group);
                let appended = opened.pen.append(&group);
                appended.map_err(|error| broken("J6", format!("nothing can be written after recovery: {error}")))?;
                ledger.promise(disk);
            }
        }
        drop(opened.pen);
        disk.cut_power(false, |_| false);
        let again = self.lab.next_life().next_life().open(disk);
        let again = again.map_err(|error| broken("J4", format!("the second recovery failed: {error}")))?;
        if let Health::Damaged(damage) = again.health {
            return Err(broken("J4", format!("the second recovery calls a cut damage: {damage}")));
        }
        let second = ledger.compare(&again.entries, usize::MAX).map_err(|seen| broken("J5", seen))?;
        let promised = ledger.entries().len();
        if second.count != promised {
            let read = second.count;
            return Err(broken("J5", format!("{promised} entries were promised before the second cut, {read} read")));
        }
        Ok(())
    }

    fn begin_anew(&self, disk: &MemoryDisk) -> Result<(), Broken> {
        let begun = self.lab.create(disk);
        let opened = begun.map_err(|error| broken("J4", format!("no journal, and none can be begun: {error}")))?;
        self.go_on(disk, opened, &Found::default(), &[])
    }
}

/// A law that did not hold.
pub fn broken(law: &'static str, seen: String) -> Broken {
    Broken { law, seen }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.seen)
    }
}
