//! What another build makes of the answers that a terminal's journal holds.
//!
//! A journal keeps what settling a debt needs, and that is most of a call: the operation, the plugin's state, the
//! counters a message used, what was heard, and what came of it. The rest is put together again: memory, counters and
//! downloaded keys from the records before; parameters, device, language and keys loaded by hand as the terminal is set
//! up now. The clock is the record's, or the second before it.
//!
//! What came of a call is compared as far as the journal keeps it: of a message its route, numbers, state, reference and
//! what takes it back; of an end its outcome and reference. An answer that proved nothing, and an end that the terminal
//! or the card decided, say nothing about the plugin: those are passed over.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::contract::Plugin;
use engine::contract::acquirer::{Action, Event, Reply, Step};
use engine::contract::transaction::{Context, Operation};
use engine::contract::types::Name;
use engine::{Doubt, Fact, Intent, NotSent, Outcome, Record, Timestamp, TransactionId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Difference, innermost, name};
use crate::recording::{Answered, Asked};

/// How long before its record a call was made at the most, for the clock that it was told: one step of that clock.
const ASKED_BEFORE_MS: i64 = 1_000;

/// The journal of one acquirer, told record by record, oldest first.
pub struct JournalReplay<'a> {
    plugin: &'a dyn Plugin,
    /// What the terminal tells with every call, as it is set up now.
    setting: Context,
    kept: Kept,
    /// What it kept before the latest step, whose wishes stand before its message.
    before: (Timestamp, Kept),
    underway: BTreeMap<TransactionId, Underway>,
    tally: Tally,
}

/// How much of a journal could be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls that were made again, and compared.
    pub asked: usize,
    /// Ends and messages of which the journal does not say what the plugin answered.
    pub passed_over: usize,
}

/// What a plugin keeps with the terminal.
#[derive(Clone, Debug, Default)]
struct Kept {
    memory: BTreeMap<Name, Vec<u8>>,
    /// The last value of each counter.
    counters: BTreeMap<Name, u64>,
    keys: Vec<Name>,
}

enum Underway {
    Sent(Arc<Intent>),
    Heard { intent: Arc<Intent>, reply: Reply, kept: Kept },
}

impl<'a> JournalReplay<'a> {
    /// Asks this plugin, with this of the terminal: its parameters, device, language and keys loaded by hand.
    pub fn new(plugin: &'a dyn Plugin, setting: Context) -> JournalReplay<'a> {
        let before = (Timestamp::default(), Kept::default());
        let (underway, tally) = (BTreeMap::new(), Tally::default());
        JournalReplay { plugin, setting, kept: Kept::default(), before, underway, tally }
    }

    /// How much could be asked so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes the next record of the acquirer, and says where the plugin answers otherwise than is written there. `entry`
    /// is the record's number in the journal.
    pub fn take(&mut self, entry: usize, record: &Record) -> Option<Difference> {
        let at = record.at;
        match &record.fact {
            Fact::Intent(intent) => {
                let difference = self.began(entry, at, intent);
                self.keep(at, |kept| kept.counters.extend(intent.uses.iter().cloned()));
                self.underway.insert(intent.transaction.clone(), Underway::Sent(Arc::clone(intent)));
                return difference;
            }
            Fact::Heard { transaction, reply, proven, .. } => {
                let sent = self.underway.remove(transaction);
                if let Some(Underway::Sent(intent)) = sent.filter(|_| *proven) {
                    let heard = Underway::Heard { intent, reply: reply.clone(), kept: self.kept_before(at) };
                    self.underway.insert(transaction.clone(), heard);
                }
            }
            Fact::Concluded { transaction, operation, outcome, reference } => {
                let ended = Ended { operation, outcome, reference };
                return self.concluded(entry, at, transaction, &ended);
            }
            Fact::Remembered { name, value } => self.keep(at, |kept| {
                kept.memory.insert(name.clone(), value.clone());
            }),
            Fact::CounterSet { name, value } => self.keep(at, |kept| {
                kept.counters.insert(name.clone(), *value);
            }),
            Fact::KeysInstalled { keys } => self.keep(at, |kept| {
                kept.keys.retain(|held| keys.iter().all(|key| key.name != *held));
                kept.keys.extend(keys.iter().map(|key| key.name.clone()));
            }),
            Fact::KeysDropped { slots } => self.keep(at, |kept| kept.keys.retain(|held| !slots.contains(held))),
            Fact::Carried { counters, memory, keys, .. } => self.keep(at, |kept| {
                *kept = Kept {
                    memory: memory.iter().cloned().collect(),
                    counters: counters.iter().cloned().collect(),
                    keys: keys.iter().map(|key| key.name.clone()).collect(),
                };
            }),
            _ => {}
        }
        None
    }

    fn keep(&mut self, at: Timestamp, change: impl FnOnce(&mut Kept)) {
        if self.before.0 != at {
            self.before = (at, self.kept.clone());
        }
        change(&mut self.kept);
    }

    fn kept_before(&self, at: Timestamp) -> Kept {
        if self.before.0 == at { self.before.1.clone() } else { self.kept.clone() }
    }

    /// A message that was about to be sent: because of what was heard before it, or as the first of its operation.
    fn began(&mut self, entry: usize, at: Timestamp, intent: &Arc<Intent>) -> Option<Difference> {
        let was = sent(&intent.route, intent.uses.iter().map(|(name, _)| name), intent);
        let start = || (Asked::Start(intent.operation.clone()), self.kept_before(at));
        let (asked, kept) = match self.underway.get(&intent.transaction) {
            Some(Underway::Heard { intent: earlier, reply, kept }) if earlier.operation == intent.operation => {
                (went_on(earlier, reply), kept.clone())
            }
            // The same once more, or another try of a debt: nobody wrote down which.
            Some(Underway::Sent(earlier)) if earlier.operation == intent.operation => {
                self.tally.passed_over += 1;
                return None;
            }
            _ => start(),
        };
        let mut context = self.context(&intent.transaction, &kept);
        for (name, value) in &intent.uses {
            context.counters.retain(|(other, _)| other != name);
            context.counters.push((name.clone(), *value));
        }
        self.compare(entry, at, &asked, context, &was)
    }

    fn concluded(
        &mut self,
        entry: usize,
        at: Timestamp,
        transaction: &TransactionId,
        ended: &Ended<'_>,
    ) -> Option<Difference> {
        let underway = self.underway.remove(transaction)?;
        let was = ended.said();
        let (Underway::Heard { intent, reply, kept }, Some(was)) = (underway, was) else {
            self.tally.passed_over += 1;
            return None;
        };
        if intent.operation != *ended.operation {
            self.tally.passed_over += 1;
            return None;
        }
        let context = self.context(transaction, &kept);
        self.compare(entry, at, &went_on(&intent, &reply), context, &was)
    }

    fn context(&self, transaction: &TransactionId, kept: &Kept) -> Context {
        let next = |last: u64, first: u64, limit: u64| if (first..limit).contains(&last) { last + 1 } else { first };
        let counters = self.plugin.descriptor().counters.iter().map(|counter| {
            let last = kept.counters.get(&counter.name);
            (counter.name.clone(), last.map_or(counter.first, |&last| next(last, counter.first, counter.last)))
        });
        Context {
            transaction: transaction.to_string(),
            memory: kept.memory.clone().into_iter().collect(),
            counters: counters.collect(),
            keys: kept.keys.iter().chain(&self.setting.keys).cloned().collect(),
            ..self.setting.clone()
        }
    }

    fn compare(
        &mut self,
        entry: usize,
        at: Timestamp,
        asked: &Asked,
        mut context: Context,
        was: &Value,
    ) -> Option<Difference> {
        let earlier = Timestamp { unix_ms: at.unix_ms - ASKED_BEFORE_MS, ..at };
        let mut difference = None;
        for moment in [at, earlier] {
            context.now = moment.local();
            let is = match asked.of(self.plugin, &context) {
                Answered::Step(Step { action: Action::Pause(_) | Action::Listen(_), .. }) => {
                    self.tally.passed_over += 1;
                    return None;
                }
                Answered::Step(step) => said(&step),
                answer => json!(answer),
            };
            if is == *was {
                self.tally.asked += 1;
                return None;
            }
            let (place, was, is) = innermost(was, &is, String::new());
            difference.get_or_insert(Difference { call: entry, asked: name(asked), place, was, is });
        }
        self.tally.asked += 1;
        difference
    }
}

fn went_on(intent: &Intent, reply: &Reply) -> Asked {
    let (operation, state) = (intent.operation.clone(), intent.state.clone());
    Asked::Resume { operation, state, event: Event::Received(reply.clone()) }
}

/// A transaction's end, as it is written.
struct Ended<'a> {
    operation: &'a Operation,
    outcome: &'a Outcome,
    reference: &'a [(Name, String)],
}

impl Ended<'_> {
    /// What the plugin said, if the end is its word: what the terminal or the card made of it is not.
    fn said(&self) -> Option<Value> {
        let outcome = match self.outcome {
            Outcome::Approved(approved) => json!({ "Approved": approved }),
            Outcome::Declined(declined) | Outcome::Failed(NotSent::Refused(declined)) => {
                json!({ "Declined": declined })
            }
            Outcome::Unknown(Doubt::Acquirer { code }) => json!({ "Unknown": code }),
            Outcome::Done => json!("Done"),
            _ => return None,
        };
        Some(json!({ "finish": outcome, "reference": self.reference }))
    }
}

/// A step, as far as a journal would keep it.
fn said(step: &Step) -> Value {
    use engine::contract::acquirer::Outcome as Claimed;
    match &step.action {
        Action::Send(exchange) => json!({
            "send": { "route": exchange.route, "uses": exchange.uses, "remedy": exchange.remedy },
            "state": step.state, "reference": step.reference,
        }),
        Action::Finish(outcome) => {
            let outcome = match outcome {
                Claimed::Unknown(unknown) => json!({ "Unknown": unknown.code }),
                outcome => json!(outcome),
            };
            json!({ "finish": outcome, "reference": step.reference })
        }
        action => json!(action),
    }
}

fn sent<'a>(route: &Name, uses: impl Iterator<Item = &'a Name>, intent: &Intent) -> Value {
    json!({
        "send": { "route": route, "uses": uses.collect::<Vec<_>>(), "remedy": intent.remedy },
        "state": intent.state, "reference": intent.reference,
    })
}
