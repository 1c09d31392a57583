//! The desk behind the socket: bank, faults and record under one lock, so that what is seen is always whole.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::bank::{Bank, Unanswerable};
use crate::codec::{Frame, LENGTH_PREFIX_BYTES, Mti};
use crate::faults::{Fault, FaultBook};
use crate::traffic::{Direction, Traffic};

/// What is sent instead of an answer when garbage is ordered: a length prefix that is right, and 32 bytes that are not.
const GARBAGE: &[u8; 34] = b"\x00\x20nonsense that no terminal reads.";
/// What follows an answer when trailing bytes are ordered.
const TRAILING: &[u8; 4] = b"\xde\xad\xbe\xef";

/// How far a request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Read whole, whatever became of it.
    Received,
    /// Decided, and the books hold the result.
    #[default]
    Processed,
    /// Its answer, or what an ordered fault made of it, was handed to the network.
    Answered,
}

/// Shared by the connections and the control.
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

pub(crate) struct State {
    pub(crate) bank: Bank,
    pub(crate) faults: FaultBook,
    pub(crate) traffic: Traffic,
    counts: BTreeMap<(Stage, Mti), u64>,
    late: Vec<oneshot::Sender<()>>,
    stopping: bool,
}

/// What a connection does about one request.
pub(crate) struct Plan {
    pub(crate) kind: Mti,
    pub(crate) before: Before,
    /// The bytes to write, length prefix included; none for silence.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) note: Option<String>,
    pub(crate) after: After,
}

/// What is waited for before the answer.
pub(crate) enum Before {
    Nothing,
    Delay(Duration),
    Release(oneshot::Receiver<()>),
}

/// What happens to the connection afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Continue,
    HoldOpen,
    Close,
}

impl Desk {
    pub(crate) fn new(bank: Bank) -> Self {
        let state = State {
            bank,
            faults: FaultBook::default(),
            traffic: Traffic::default(),
            counts: BTreeMap::new(),
            late: Vec::new(),
            stopping: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The state; usable even if a test thread died holding it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a fault is ordered for this connection before it says anything.
    pub(crate) fn closes_on_connect(&self) -> bool {
        self.state().faults.strike_connection().is_some()
    }

    /// Takes in a frame with its length prefix: decides it, books it, and says what to do on the wire.
    pub(crate) fn receive(&self, frame: &[u8]) -> Result<Plan, Unanswerable> {
        let mut state = self.state();
        let plan = state.receive(frame);
        drop(state);
        self.changed.notify_all();
        plan
    }

    /// Notes what is about to be written, so that whoever has received it finds it listed.
    pub(crate) fn sending(&self, bytes: Vec<u8>, note: Option<String>) {
        self.state().traffic.record(Direction::Sent, bytes, note);
    }

    /// Notes that it was written.
    pub(crate) fn sent(&self, kind: Mti) {
        self.state().count(Stage::Answered, kind);
        self.changed.notify_all();
    }

    /// Lets every late answer go; returns how many were held.
    pub(crate) fn release(&self) -> usize {
        let late = std::mem::take(&mut self.state().late);
        late.into_iter().filter_map(|held| held.send(()).ok()).count()
    }

    /// Waits until `count` requests of a kind have come this far since the start; returns how many have.
    pub(crate) fn wait(&self, stage: Stage, kind: Mti, count: u64, timeout: Duration) -> Result<u64, u64> {
        let started = Instant::now();
        let mut state = self.state();
        loop {
            let reached = state.counts.get(&(stage, kind)).copied().unwrap_or_default();
            let left = timeout.saturating_sub(started.elapsed());
            if reached >= count {
                return Ok(reached);
            }
            if left.is_zero() || state.stopping {
                return Err(reached);
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends every wait.
    pub(crate) fn stop(&self) {
        self.state().stopping = true;
        self.changed.notify_all();
    }
}

impl State {
    fn receive(&mut self, bytes: &[u8]) -> Result<Plan, Unanswerable> {
        self.traffic.record(Direction::Received, bytes.to_vec(), None);
        let request = Frame::decode_prefixed(bytes)?;
        let kind = request.message.mti;
        self.count(Stage::Received, kind);
        let fault = self.faults.strike_message(&request.message);
        let note = fault.as_ref().map(|fault| format!("ordered: {fault:?}"));
        if fault == Some(Fault::DropRequest) {
            return Ok(Plan { kind, before: Before::Nothing, bytes: None, note, after: After::Close });
        }
        let handling = fault.as_ref().map(Fault::handling).unwrap_or_default();
        let body = bytes.get(LENGTH_PREFIX_BYTES..).unwrap_or_default();
        let answer = self.bank.process(&request, body, &handling)?;
        self.count(Stage::Processed, kind);
        let answer = self.bank.seal_under(&request, answer, fault.as_ref())?.encode_prefixed()?;
        Ok(self.plan(kind, answer, fault, note))
    }

    /// What goes on the wire, with what is wrong around the message if a fault says so.
    fn plan(&mut self, kind: Mti, mut answer: Vec<u8>, fault: Option<Fault>, note: Option<String>) -> Plan {
        let mut before = Before::Nothing;
        let mut after = After::Continue;
        let mut silent = false;
        match fault {
            Some(Fault::DropReply) => (silent, after) = (true, After::HoldOpen),
            Some(Fault::CloseAfter) => (silent, after) = (true, After::Close),
            Some(Fault::Delay { ms }) => before = Before::Delay(Duration::from_millis(ms)),
            Some(Fault::LateReply) => {
                let (release, released) = oneshot::channel();
                self.late.push(release);
                before = Before::Release(released);
            }
            Some(Fault::HalfFrame) => {
                answer.truncate(answer.len() / 2);
                after = After::Close;
            }
            Some(Fault::Garbage) => answer = GARBAGE.to_vec(),
            Some(Fault::TrailingBytes) => answer.extend_from_slice(TRAILING),
            Some(Fault::OversizedLength) => {
                answer.iter_mut().take(LENGTH_PREFIX_BYTES).for_each(|byte| *byte = 0xff);
                after = After::HoldOpen;
            }
            Some(Fault::DuplicateReply) => answer.extend_from_within(..),
            _ => {}
        }
        Plan { kind, before, bytes: (!silent).then_some(answer), note, after }
    }

    fn count(&mut self, stage: Stage, kind: Mti) {
        *self.counts.entry((stage, kind)).or_default() += 1;
    }
}
