//! The terminal: the engine, and an executor that holds every effect against the laws of the house.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::acquirer::{Acquirer, Wire};
use super::guest::{self, MAC_KEY, failed, yuan};
use super::{ACQUIRER, card, deployment, record};
use crate::books::{Books, looks};
use crate::contract::card::Presented;
use crate::contract::template::Node;
use crate::contract::{Digest, PluginFault};
use crate::effect::SealedItem;
use crate::{
    Answer, Call, CardFinish, CardProblem, CardSource, CardVerdict, Deployment, Draft, Duty, Effect, Encoded, Engine,
    ExchangeFailed, Fact, Input, Moment, NotWaived, OperationId, Outcome, Purpose, Record, Recovery, Timestamp,
    TransactionId,
};

/// Effects after which a run that does not come to rest is a busy loop.
const EFFECTS_IN_A_RUN: usize = 20_000;

/// The power failed.
#[derive(Debug)]
pub(crate) struct Cut;

/// How far a message got when it was sent.
pub(super) struct Carried {
    pub sent: Wire,
    pub answers: VecDeque<Result<Vec<u8>, ExchangeFailed>>,
    pub last: Vec<u8>,
}

/// The terminal and everything around it.
pub(crate) struct House {
    pub engine: Option<Engine>,
    pub deployment: Deployment,
    pub guest: Box<dyn FnMut(&Call) -> Answer>,
    pub acquirer: Acquirer,
    /// Durable, encoded.
    pub journal: Vec<Encoded>,
    /// How the next commits end, counted from now; true fails.
    pub failing_commits: VecDeque<bool>,
    /// Only the space kept for debts is left.
    pub disk_is_full: bool,
    /// What every message was about, and how many records the journal held when it left.
    pub sent: Vec<(TransactionId, usize)>,
    pub carried_over: Vec<bool>,
    pub waived: Vec<(TransactionId, Result<(), NotWaived>)>,
    pub card: Result<(), CardProblem>,
    /// The card that is presented.
    pub presented: Presented,
    /// The cashier takes less than was asked for.
    pub takes_less: bool,
    /// What a chip card makes of its second action.
    pub finish: Result<CardFinish, CardProblem>,
    /// What it was last told.
    pub verdict: Option<CardVerdict>,
    pub staging: Result<(), String>,
    pub preparing: Result<(), String>,
    pub sales_stopped: Option<String>,
    pub now_ms: u64,
    /// Transactions and debts that the engine has looked at in walks over its books.
    pub looks: u64,
    pub ended: Vec<(TransactionId, Outcome)>,
    /// Every effect, by its word.
    pub log: Vec<String>,
    /// Numbers of points at which the power fails, counted anew after each start.
    pub cuts: VecDeque<usize>,
    pub points: usize,
    /// A message under way at a cut arrives only after the next one.
    pub delays_at_cut: bool,
    pub(super) tasks: VecDeque<Effect>,
    pub(super) timers: Vec<(u64, Input)>,
    pub(super) alarms: BTreeMap<String, u64>,
    pub(super) prepared: BTreeMap<OperationId, Draft>,
    pub(super) tokens: BTreeSet<OperationId>,
    pub(super) carried: BTreeMap<OperationId, Carried>,
    pub(super) proven: BTreeSet<OperationId>,
    pub(super) begun: BTreeSet<OperationId>,
    pub(super) over: BTreeSet<OperationId>,
    /// Sales that may have left, by trace; none may leave again.
    pub(super) left: BTreeSet<u64>,
    /// No append succeeds until it has been opened again.
    pub(super) journal_failed: bool,
    pub(super) reopening: bool,
}

impl House {
    /// Ready to trade: keys are there, the acquirer answers.
    pub fn new() -> House {
        let mut house = House::without_keys();
        let keys = Fact::KeysInstalled { keys: vec![guest::key()] };
        house.journal.push(record(keys).encode().unwrap());
        house.start();
        house
    }

    /// Not begun, with an empty journal.
    pub fn without_keys() -> House {
        House {
            engine: None,
            deployment: deployment(),
            guest: Box::new(guest::honest),
            acquirer: Acquirer::new(),
            journal: Vec::new(),
            failing_commits: VecDeque::new(),
            disk_is_full: false,
            sent: Vec::new(),
            carried_over: Vec::new(),
            waived: Vec::new(),
            card: Ok(()),
            presented: card(),
            takes_less: false,
            finish: Ok(CardFinish { accepted: true, scripts: false, sealed: Some(b"sealed".to_vec()) }),
            verdict: None,
            staging: Ok(()),
            preparing: Ok(()),
            sales_stopped: None,
            now_ms: 1_000,
            looks: 0,
            ended: Vec::new(),
            log: Vec::new(),
            cuts: VecDeque::new(),
            points: 0,
            delays_at_cut: false,
            tasks: VecDeque::new(),
            timers: Vec::new(),
            alarms: BTreeMap::new(),
            prepared: BTreeMap::new(),
            tokens: BTreeSet::new(),
            carried: BTreeMap::new(),
            proven: BTreeSet::new(),
            begun: BTreeSet::new(),
            over: BTreeSet::new(),
            left: BTreeSet::new(),
            journal_failed: false,
            reopening: false,
        }
    }

    /// The plugin's file and its kept copy are gone.
    pub fn break_plugin(&mut self) {
        self.deployment.plugin = None;
        self.guest = Box::new(|call| failed(call, PluginFault::Gone));
    }

    pub fn now(&self) -> Moment {
        let unix_ms = 1_795_000_000_000 + self.now_ms as i64;
        Moment { wall: Timestamp { unix_ms, utc_offset_minutes: 480 }, monotonic_ms: self.now_ms }
    }

    pub fn books(&self) -> &Books {
        self.engine.as_ref().unwrap().books()
    }

    /// What the journal holds.
    pub fn records(&self) -> Vec<Record> {
        self.journal.iter().map(|bytes| Record::decode(&bytes.record, bytes.card.as_deref()).unwrap()).collect()
    }

    pub fn facts(&self) -> Vec<Fact> {
        self.records().into_iter().map(|record| record.fact).collect()
    }

    /// Starts, again and again when the power fails while starting.
    pub fn start(&mut self) {
        while self.try_start().is_err() {}
    }

    fn try_start(&mut self) -> Result<(), Cut> {
        self.engine = None;
        self.tasks.clear();
        self.timers.clear();
        self.alarms.clear();
        self.prepared.clear();
        self.tokens.clear();
        self.carried.clear();
        self.proven.clear();
        self.begun.clear();
        self.over.clear();
        self.journal_failed = false;
        self.reopening = false;
        self.points = 0;
        let records = self.records();
        let recovery = Recovery::read(&records, self.now());
        self.point()?;
        self.journal.extend(recovery.closing().iter().map(|record| record.encode().unwrap()));
        self.point()?;
        let (engine, effects) =
            recovery.begin(vec![self.deployment.clone()], self.sales_stopped.clone(), &[], self.now());
        self.engine = Some(engine);
        self.tasks.extend(effects);
        Ok(())
    }

    /// Runs until nothing is left to be done, starting again whenever the power fails. A failing journal is reopened.
    pub fn rest(&mut self) {
        self.run_for(600_000);
    }

    /// Runs until nothing is left, or for so long.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        let mut effects = 0;
        loop {
            let went = self.advance(until);
            effects += 1;
            assert!(effects < EFFECTS_IN_A_RUN, "a busy loop: {:?}", &self.log[self.log.len() - 20..]);
            match went {
                Ok(true) => {}
                Ok(false) if self.reopening => self.start(),
                Ok(false) => {
                    let rests = self.tasks.is_empty() && self.timers.is_empty();
                    assert!(!rests || self.begun.is_subset(&self.over), "an operation never ended");
                    return;
                }
                Err(Cut) => self.start(),
            }
        }
    }

    /// Runs while something is so, with no power cut.
    pub fn run_while(&mut self, is_so: impl Fn(&House) -> bool) {
        while is_so(self) {
            assert!(self.advance(u64::MAX).unwrap(), "nothing is left to be done: {:?}", self.log);
        }
    }

    /// Runs to the first cut, and does not start again; or to the end.
    pub fn run_until_cut(&mut self) {
        while let Ok(true) = self.advance(u64::MAX) {}
    }

    /// One effect, or the next timer; false when there is none.
    pub fn advance(&mut self, until: u64) -> Result<bool, Cut> {
        if let Some(effect) = self.tasks.pop_front() {
            self.perform(effect)?;
            return Ok(true);
        }
        let soonest =
            self.timers.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(index, (at, _))| (index, *at));
        let alarm = self.alarms.iter().min_by_key(|(_, at)| **at).map(|(name, at)| (name.clone(), *at));
        let (at, input) = match (soonest, alarm) {
            (Some((index, at)), alarm) if alarm.as_ref().is_none_or(|(_, alarm)| at <= *alarm) && at <= until => {
                (at, self.timers.remove(index).1)
            }
            (_, Some((acquirer, at))) if at <= until => {
                self.alarms.remove(&acquirer);
                (at, Input::Alarm { acquirer })
            }
            _ => return Ok(false),
        };
        self.now_ms = self.now_ms.max(at);
        self.feed(input);
        Ok(true)
    }

    pub(super) fn feed(&mut self, input: Input) {
        let now = self.now();
        let before = looks();
        let effects = self.engine.as_mut().unwrap().handle(input, now);
        self.looks += looks() - before;
        self.tasks.extend(effects);
    }

    pub fn answer(&mut self, operation: OperationId, answer: Answer) {
        self.feed(Input::Answer { operation, answer });
    }

    /// The operation that runs.
    pub fn current_operation(&self) -> OperationId {
        *self.begun.difference(&self.over).next().expect("nothing runs")
    }

    /// Whether this is the next thing to be done.
    pub fn next_is(&self, name: &str) -> bool {
        self.tasks.front().is_some_and(|effect| word(effect) == name)
    }

    /// A moment at which the power may fail.
    pub(super) fn point(&mut self) -> Result<(), Cut> {
        self.points += 1;
        if self.cuts.front() == Some(&self.points) {
            self.cuts.pop_front();
            return Err(Cut);
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> Result<(), Cut> {
        self.log.push(word(&effect));
        match &effect {
            // The end of a waiver, and of what plugins keep being written down, names no operation.
            Effect::Commit { records, .. }
                if matches!(records[..], [Record { fact: Fact::Waived { .. } | Fact::Carried { .. }, .. }, ..]) => {}
            Effect::AskCard { operation, .. } | Effect::Call { operation, .. } | Effect::Commit { operation, .. } => {
                self.begun.insert(*operation);
            }
            _ => {}
        }
        self.point()?;
        match effect {
            Effect::AskCard { operation, .. } => {
                let card = self.card.map(|()| self.presented.clone());
                self.answer(operation, Answer::Card(card));
            }
            Effect::AskCashier { operation, .. } => self.answer(operation, Answer::Chosen(self.takes_less)),
            Effect::FinishCard { operation, verdict, .. } => {
                self.verdict = Some(verdict);
                self.answer(operation, Answer::CardFinished(self.finish.clone()));
            }
            Effect::Call { operation, plugin, call, .. } => {
                assert_eq!(plugin, Digest([7; 32]), "another build than the one that began it");
                let answer = (self.guest)(&call);
                self.answer(operation, answer);
            }
            Effect::Prepare { operation, draft, .. } => {
                let seals = draft.standby.is_some().then(|| b"sealed".to_vec());
                let needs_card = draft.message.nodes.iter().any(|node| matches!(node, Node::Secret(_)));
                let is_there = |node: &Node, items: &[SealedItem]| match node {
                    Node::Secret(hole) => {
                        let item = hole.of_item.and_then(|item| items.get(item as usize));
                        item.is_some_and(|item| item.sealed.is_some())
                    }
                    _ => true,
                };
                let prepared = match (needs_card, &draft.card) {
                    (_, CardSource::Items(items)) if !draft.message.nodes.iter().all(|node| is_there(node, items)) => {
                        Err("an item's card is not there".into())
                    }
                    (true, CardSource::None) => Err("a hole and no card to fill it".into()),
                    _ => self.preparing.clone().map(|()| seals),
                };
                self.prepared.insert(operation, *draft);
                self.tokens.remove(&operation);
                self.answer(operation, Answer::Prepared(prepared));
            }
            Effect::Commit { operation, purpose, records } => self.commit(operation, purpose, &records)?,
            Effect::Send { operation, timeout, .. } => self.send(operation, timeout)?,
            Effect::Listen { operation, timeout } => self.listen(operation, timeout),
            Effect::Prove { operation, proofs, .. } => self.prove(operation, &proofs),
            Effect::StageKeys { operation, .. } => {
                let staged = if self.acquirer.bad_keys { Err(MAC_KEY.into()) } else { self.staging.clone() };
                self.answer(operation, Answer::Staged(staged));
            }
            Effect::Wake { operation, after } => {
                let answer = Input::Answer { operation, answer: Answer::Woke };
                self.timers.push((self.now_ms + u64::from(after), answer));
            }
            Effect::Ended { operation, transaction, outcome } => self.end(operation, transaction, outcome),
            Effect::DebtTried { operation, owed, .. } => {
                assert!(self.over.insert(operation), "a try ended twice");
                assert_eq!(owed, self.books().owed());
                self.carried.remove(&operation);
            }
            Effect::Waived { debt, result } => self.told_of_waiver(debt, result),
            Effect::Alarm { acquirer, after } => {
                self.alarms.insert(acquirer, self.now_ms + u64::from(after));
            }
            Effect::ReopenJournal => self.reopening = true,
            Effect::Carried { written } => self.carried_over.push(written),
            Effect::ShowCode { .. }
            | Effect::LoadKernel { .. }
            | Effect::ActivateKeys { .. }
            | Effect::DropKeys { .. }
            | Effect::Unexpected { .. } => {}
        }
        self.point()
    }

    fn commit(&mut self, operation: OperationId, purpose: Purpose, records: &[Record]) -> Result<(), Cut> {
        assert!(!records.is_empty(), "an empty commit");
        if self.disk_is_full && purpose == Purpose::Payment {
            self.answer(operation, Answer::NoRoom("no space left".into()));
            return Ok(());
        }
        if self.journal_failed || self.failing_commits.pop_front() == Some(true) {
            self.journal_failed = true;
            self.answer(operation, Answer::Durable(Err("no space left".into())));
            return Ok(());
        }
        self.journal.extend(records.iter().map(|record| record.encode().unwrap()));
        self.point()?;
        self.tokens.insert(operation);
        self.answer(operation, Answer::Durable(Ok(())));
        Ok(())
    }

    fn end(&mut self, operation: OperationId, transaction: TransactionId, outcome: Outcome) {
        if operation != OperationId(0) {
            assert!(self.over.insert(operation), "{transaction} ended twice");
        }
        self.carried.remove(&operation);
        let known = self.books().transaction(&transaction);
        if matches!(outcome, Outcome::Approved(_)) {
            let known = known.expect("approved and not in the books");
            assert_eq!(known.conclusion.as_ref().map(|conclusion| &conclusion.outcome), Some(&outcome));
            let stands_in = known.kind() == crate::contract::transaction::OperationKind::Advise
                || self.books().debts_of(known).any(|debt| debt.duty == Duty::Advise);
            assert!(stands_in || known.exchanges.iter().any(|exchange| exchange.heard), "approved unheard");
            let takes_back = |debt: &crate::books::Debt| !matches!(debt.duty, Duty::Advise | Duty::ReportScripts);
            let in_doubt = self.books().debts_of(known).any(takes_back);
            assert!(!in_doubt || known.resolution.is_some(), "approved and owed");
            let is_proven = operation == OperationId(0) || self.proven.contains(&operation);
            assert!(stands_in || is_proven, "approved unproven");
        }
        if matches!(outcome, Outcome::Unknown(_)) && !self.journal_failed {
            let is_open = self.books().settling(ACQUIRER).is_some();
            assert!(is_open || known.is_some_and(|known| !known.debts.is_empty()), "unknown and nothing owed");
        }
        self.ended.push((transaction, outcome));
    }

    /// Nobody is told that a debt is waived before the journal says so.
    fn told_of_waiver(&mut self, debt: TransactionId, result: Result<(), NotWaived>) {
        let is_written = |fact: &Fact| matches!(fact, Fact::Waived { debt: waived, .. } if *waived == debt);
        if result.is_ok() {
            assert!(self.facts().iter().any(is_written), "told before it was durable");
            assert!(!self.books().debt(&debt).unwrap().is_open());
        }
        self.waived.push((debt, result));
    }

    /// The terminal's books, read again from the journal, agree with the engine's and with the acquirer's ledger.
    pub fn assert_balanced(&self) {
        let records = self.records();
        let read = Recovery::read(&records, self.now());
        assert!(read.closing().is_empty(), "something was left open");
        let taken = signed_sum(self.books());
        assert_eq!(signed_sum(read.books()), taken);
        assert_eq!(read.books().owed(), self.books().owed());
        assert_eq!(self.books().owed(), 0, "still owed");
        assert_eq!(taken, self.acquirer.sum(), "books and ledger differ");
        assert!(self.acquirer.debits.values().all(|times| *times == 1), "a card was charged twice");
        assert_eq!(self.engine.as_ref().unwrap().sales_stopped(), None, "the journal contradicts itself");
    }
}

/// What was taken less what was given back, by the terminal's books.
fn signed_sum(books: &Books) -> i64 {
    let (taken, given) = books.taken_and_given(ACQUIRER, yuan(0)).unwrap();
    taken.minor as i64 - given.minor as i64
}

/// The first word of an effect, and what it is about.
fn word(effect: &Effect) -> String {
    let text = format!("{effect:?}");
    let name = text.split([' ', '(']).next().unwrap_or_default();
    match effect {
        Effect::Call { call, .. } => format!("{name} {}", format!("{call:?}").split('(').next().unwrap_or_default()),
        Effect::Unexpected { state, event, .. } => format!("{name} {state} {event}"),
        _ => name.to_owned(),
    }
}
