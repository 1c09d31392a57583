//! What must hold, each law with a name. The first that does not ends the world.

mod balance;
mod batches;
mod promises;
mod quiet;
mod secrets;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use engine::books::Books;
use engine::{NotSent, Order, Outcome, TransactionId};
use serde::Serialize;

use crate::cards::LastWord;
pub use wire::Sent;
use wire::{Carried, Place};

/// A law of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// What the terminals took and what the acquirers' ledgers say is the same, to the cent; or the difference is exactly
    /// what is listed as owed, refused, unmatched or waived.
    BooksEqualLedgers,
    /// No cardholder is charged twice for one identity.
    ChargedOnce,
    /// Nobody stays charged for what was told to have failed.
    FailedIsNotCharged,
    /// Nothing approved is lost: the acquirer has it too, and for that much.
    ApprovedIsNotLost,
    /// What the acquirer cannot tell is owed.
    UnknownIsOwed,
    /// No trace number twice within a batch.
    TraceIsUnique,
    /// What may have left is not sent again, and no other attempt is made of it.
    SentOnce,
    /// At most one route carried a request: what may have left on one leaves on no other.
    OneRoute,
    /// A reversal leaves only after the connection that carried its original is closed.
    OriginalIsClosedFirst,
    /// No payment is sent while an earlier one of that acquirer is unheard of.
    DebtsGoFirst,
    /// No wait, and no amount, is above its ceiling.
    CeilingsHold,
    /// Whoever was told something finds it in the journal after every start.
    ToldIsDurable,
    /// A terminal that knows its journal to be damaged takes no payment.
    DamageStopsSales,
    /// A power cut damages no journal.
    JournalIsWhole,
    /// In the calm everything that can be paid is paid.
    DebtsArePaid,
    /// In the calm every terminal comes back.
    TerminalsComeBack,
    /// What a chip refused is not approved, what it ran is reported, and nobody approves in its place.
    CardHasTheLastWord,
    /// What the terminal approved and the acquirer has not taken is shown.
    LossesAreShown,
    /// In the calm every batch closes, and what was uploaded is what the acquirer has.
    BatchesClose,
    /// No card number is in anything a plugin, log, screen or record holds.
    NoCardNumber,
}

/// A law that did not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// How.
    pub story: String,
}

/// What has been seen so far.
#[derive(Debug, Default)]
pub struct Watch {
    broken: Option<Broken>,
    /// Money that was asked for: at which terminal, how much, of which acquirer.
    asked: BTreeMap<TransactionId, (usize, u64, usize)>,
    /// What chips said in the end.
    words: BTreeMap<(usize, TransactionId), LastWord>,
    /// Debts that were signed away.
    waived: BTreeSet<(usize, TransactionId)>,
    /// What people were told.
    told: BTreeMap<(usize, TransactionId), Outcome>,
    /// Requests that left, by what the acquirer knows them as.
    wire: HashMap<Place, Carried>,
    /// The same by what they are about.
    places: BTreeMap<(usize, String), Vec<Place>>,
    /// The route that may have carried it.
    routes: BTreeMap<(usize, String), String>,
    /// Terminals whose journal was damaged by more than power cuts.
    excused: BTreeSet<usize>,
    /// Nothing is looked at: a benchmark measures the terminal and not its judge.
    looks_away: bool,
    /// Those of them that have found it out.
    damaged: BTreeSet<usize>,
    /// Those of them whose journal could not be opened the last time it was tried.
    shut: BTreeSet<usize>,
    /// Books and ledgers are compared while the day goes on.
    each_step: bool,
}

impl Watch {
    /// Whether all laws hold so far.
    pub fn holds(&self) -> bool {
        self.broken.is_none()
    }

    /// The first law that did not.
    pub fn broken(&self) -> Option<Broken> {
        self.broken.clone()
    }

    /// From now on nothing is judged.
    pub fn look_away(&mut self) {
        self.looks_away = true;
    }

    /// A law does not hold.
    fn breaks(&mut self, law: Law, story: String) {
        self.broken.get_or_insert(Broken { law, story });
    }

    /// Somebody asks for something.
    pub fn asked(&mut self, terminal: usize, acquirer: usize, transaction: &TransactionId, order: &Order) {
        if let Order::Pay(payable) = order
            && !self.looks_away
        {
            self.asked.insert(transaction.clone(), (terminal, payable.amount.minor, acquirer));
        }
    }

    /// Somebody is told how it ended. The same question has the same answer for ever, but for one that was open.
    /// What is not in the books at that moment is not durable.
    pub fn told(&mut self, terminal: usize, transaction: &TransactionId, outcome: &Outcome, books: &Books) {
        if self.looks_away || self.is_damaged(terminal) {
            // A damaged one says itself that it does not know everything any more.
            return;
        }
        if let Some(known) = books.transaction(transaction).filter(|_| is_final(outcome))
            && known.conclusion.as_ref().is_none_or(|found| found.outcome != *outcome)
        {
            let story = format!("{transaction} is told as {outcome:?}; the books hold {:?}", known.conclusion);
            return self.breaks(Law::ToldIsDurable, story);
        }
        let name = (terminal, transaction.clone());
        if books.transaction(transaction).is_none() {
            // It was not even begun: under this name it may still be, and nothing is forgotten by that.
            self.told.remove(&name);
            return;
        }
        let before = self.told.insert(name, outcome.clone());
        if let Some(before) = before.filter(|before| is_final(before) && before != outcome) {
            let story = format!("{transaction} was told as {before:?} and then as {outcome:?}");
            self.breaks(Law::ToldIsDurable, story);
        }
    }

    /// Whoever waits is told that nothing is certain.
    pub fn told_nothing_is_certain(&mut self, terminal: usize, transaction: &TransactionId) {
        self.told.remove(&(terminal, transaction.clone()));
    }

    /// A terminal has read its journal.
    pub fn read_back(&mut self, terminal: usize, books: &Books, damage: Option<&str>) {
        if let Some(damage) = damage {
            if !self.excused.contains(&terminal) {
                self.breaks(Law::JournalIsWhole, format!("terminal {terminal}: {damage}"));
            }
            self.damaged.insert(terminal);
            return;
        }
        self.shut.remove(&terminal);
        let told = self.told.range((terminal, first_name())..).take_while(|((whose, _), _)| *whose == terminal);
        let mut forgotten = Vec::new();
        for ((_, transaction), outcome) in told.filter(|(_, outcome)| is_final(outcome)) {
            let found = books.transaction(transaction).and_then(|known| known.conclusion.as_ref());
            let is_same = match found {
                Some(found) => found.outcome == *outcome,
                // Of what was not even begun nothing need be written.
                None => matches!(outcome, Outcome::NotSent(_) | Outcome::Failed(_)) && !is_running(books, transaction),
            };
            if !is_same {
                let found = found.map(|found| &found.outcome);
                forgotten.push(format!("{transaction} was told as {outcome:?}; the journal holds {found:?}"));
            }
        }
        self.stays_waived(terminal, books);
        if let Some(story) = forgotten.into_iter().next() {
            self.breaks(Law::ToldIsDurable, format!("terminal {terminal}: {story}"));
        }
    }

    /// Something on a terminal's disk has changed by itself: from now on its journal may be found damaged.
    pub fn rots(&mut self, terminal: usize) {
        self.excused.insert(terminal);
    }

    /// A journal cannot be opened: where something has rotted, it may stay so.
    pub fn cannot_open(&mut self, terminal: usize) {
        if self.excused.contains(&terminal) {
            self.shut.insert(terminal);
        }
    }

    /// Whether a terminal has found its journal damaged by more than power cuts, and said so.
    pub fn is_damaged(&self, terminal: usize) -> bool {
        self.damaged.contains(&terminal)
    }

    /// A terminal is off or out of service when all faults are over.
    pub fn never_came_back(&mut self, terminal: usize) {
        if self.is_damaged(terminal) || self.shut.contains(&terminal) {
            return;
        }
        self.breaks(Law::TerminalsComeBack, format!("terminal {terminal} does not serve"));
    }
}

/// What can never become anything else. That something could not be written down is only said.
fn is_final(outcome: &Outcome) -> bool {
    !matches!(
        outcome,
        Outcome::Unknown(_) | Outcome::NotSent(NotSent::Storage(_)) | Outcome::Failed(NotSent::Storage(_))
    )
}

fn is_running(books: &Books, transaction: &TransactionId) -> bool {
    books.transaction(transaction).is_some_and(engine::books::Transaction::may_have_moved_money)
}

/// Sorts before every other name.
fn first_name() -> TransactionId {
    TransactionId::parse("0").unwrap_or_else(|_| unreachable!("a digit is a name"))
}

impl Law {
    /// Its name.
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law.word(), self.story)
    }
}
