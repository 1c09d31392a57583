//! What the acquirer knows while it runs: its rules, its books, and every message exchanged.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use iso8583::{Decoded, decode};

use super::ledger::{Identity, Ledger};
use super::rule::{Booking, Deed, Manner, Rule};
use super::script::Script;

/// Bytes that are no message in any format: too short for a message type and a bitmap.
const GARBAGE: &[u8] = &[0xA5, 0x5A, 0xFF];

/// The status of an HTTP answer where a rule says nothing else.
pub(super) const ANSWERED: u16 = 200;

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The terminal.
    Terminal,
    /// The acquirer.
    Acquirer,
}

/// One message as it was on the wire, without what frames it. Holds card data where it came from the terminal.
#[derive(Clone)]
pub struct Exchanged {
    /// Who sent it.
    pub sender: Sender,
    /// The bytes; of an HTTP message, the frame that its members are the fields of.
    pub frame: Vec<u8>,
    /// The body of an HTTP message.
    pub body: Option<Vec<u8>>,
}

/// What is done about a frame.
pub(super) struct Plan {
    pub wait: Wait,
    /// Frames to send, each to be framed.
    pub frames: Vec<Vec<u8>>,
    /// Of an HTTP answer.
    pub status: u16,
    pub end: End,
}

/// What an answer waits for.
pub(super) enum Wait {
    For(Duration),
    Release,
}

/// What follows the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The next request.
    Next,
    /// Half of the last frame is sent, then the connection is closed.
    Cut,
    /// Nothing more is said.
    Silence,
    /// The connection is closed.
    Close,
}

/// The acquirer's desk. Shared by all connections.
pub(super) struct Desk {
    pub script: Arc<Script>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Tried before those of the script.
    rules: Vec<Rule>,
    /// How often each rule's request came, those of the scenario first.
    counts: Vec<u32>,
    ledger: Ledger,
    exchanged: Vec<Exchanged>,
    received: Vec<u16>,
    complaints: Vec<String>,
    /// Key serial numbers that came.
    serials: BTreeSet<Vec<u8>>,
    answers: u64,
    released: bool,
    over: bool,
}

impl Desk {
    pub fn new(script: Arc<Script>, rules: Vec<Rule>) -> Self {
        let counts = vec![0; rules.len() + script.rules.len()];
        let state = State { rules, counts, ..State::default() };
        Desk { script, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Takes a frame, books what it moves, and says what is done about it.
    pub fn receive(&self, frame: &[u8]) -> Plan {
        self.received(Ok(frame.to_vec()), None)
    }

    /// Takes an HTTP request that is this frame, or cannot be one. A key serial number comes once.
    pub fn receive_body(&self, frame: Result<Vec<u8>, String>, body: &[u8], serial: Option<Vec<u8>>) -> Plan {
        let is_new = serial.is_none_or(|serial| self.lock().serials.insert(serial));
        let frame = if is_new { frame } else { Err("a key serial number came a second time".to_owned()) };
        self.received(frame, Some(body.to_vec()))
    }

    fn received(&self, frame: Result<Vec<u8>, String>, body: Option<Vec<u8>>) -> Plan {
        let mut state = self.lock();
        let known = frame.clone().unwrap_or_default();
        state.exchanged.push(Exchanged { sender: Sender::Terminal, frame: known, body });
        let plan = frame.and_then(|frame| state.receive(&self.script, &frame)).unwrap_or_else(|complaint| {
            state.complaints.push(complaint);
            Plan { wait: Wait::For(Duration::ZERO), frames: Vec::new(), status: ANSWERED, end: End::Silence }
        });
        self.changed.notify_all();
        plan
    }

    /// Notes what is sent.
    pub fn sending(&self, frame: &[u8], body: Option<Vec<u8>>) {
        self.lock().exchanged.push(Exchanged { sender: Sender::Acquirer, frame: frame.to_vec(), body });
    }

    /// Waits until what is held may go; `false` where it never will.
    pub fn wait_for_release(&self) -> bool {
        let state = self.changed.wait_while(self.lock(), |state| !state.released && !state.over);
        !state.unwrap_or_else(PoisonError::into_inner).over
    }

    /// Lets everything go that is held, now and later.
    pub fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    /// Ends everything that waits.
    pub fn end(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }

    pub fn is_over(&self) -> bool {
        self.lock().over
    }

    /// Waits until so many messages of a type have come; `false` where they have not in time.
    pub fn wait_received(&self, kind: u16, times: usize, patience: Duration) -> bool {
        let came = |state: &State| state.received.iter().filter(|received| **received == kind).count() >= times;
        let until = Instant::now() + patience;
        let mut state = self.lock();
        while !came(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    pub fn ledger(&self) -> Ledger {
        self.lock().ledger.clone()
    }

    pub fn exchanged(&self) -> Vec<Exchanged> {
        self.lock().exchanged.clone()
    }

    pub fn complaints(&self) -> Vec<String> {
        self.lock().complaints.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// # Errors
    /// A sentence, where the message cannot be read, is not sealed as it must be, or no rule is for it.
    fn receive(&mut self, script: &Script, frame: &[u8]) -> Result<Plan, String> {
        let start = script.header_bytes;
        let request = decode(script.format, frame, start).map_err(|error| {
            let (path, offset, reason) = (error.path, error.offset, error.reason);
            format!("the acquirer cannot read a message: {path} at byte {offset}: {reason}")
        })?;
        let kind = request.message_type();
        self.received.push(kind);
        check_seal(script, &request, frame)?;
        let money = money(script, &request);
        let is_booked = money.as_ref().is_some_and(|(identity, _)| self.ledger.knows(identity));
        let rule = self.rule(script, &request, is_booked).ok_or_else(|| unmatched(&request))?;
        if rule.book != Booking::Nothing {
            let (identity, minor) = money.ok_or_else(|| {
                format!("a {kind:04x} is to be booked, and lacks a field that [ledger] names or its amount is none")
            })?;
            self.ledger.book(rule.book, identity, minor)?;
        }
        let mut plan = Plan { wait: Wait::For(rule.after), frames: Vec::new(), status: ANSWERED, end: End::Next };
        match &rule.deed {
            Deed::Garbage => plan.frames.push(GARBAGE.to_vec()),
            Deed::Silence => plan.end = End::Silence,
            Deed::Close => plan.end = End::Close,
            Deed::Answer(answer, manner) => {
                self.answers += 1;
                plan.status = answer.status;
                let header = frame.get(..start).unwrap_or_default();
                let bytes = answer.to_bytes(script, &request, header, self.answers, *manner);
                let bytes = bytes.map_err(|error| format!("the script's answer to a {kind:04x}: {error}"))?;
                if *manner == Manner::Twice {
                    plan.frames.push(bytes.clone());
                }
                plan.frames.push(bytes);
                match manner {
                    Manner::Cut => plan.end = End::Cut,
                    Manner::Held => plan.wait = Wait::Release,
                    Manner::Whole | Manner::BadMac | Manner::Twice => {}
                }
            }
        }
        Ok(plan)
    }

    /// The first rule for this request; every rule of its kind counts it.
    fn rule(&mut self, script: &Script, request: &Decoded<'_>, is_booked: bool) -> Option<Rule> {
        let mut found = None;
        for (rule, count) in self.rules.iter().chain(&script.rules).zip(&mut self.counts) {
            if rule.concerns(request, is_booked) {
                *count += 1;
                if found.is_none() && rule.is_for(*count) {
                    found = Some(rule.clone());
                }
            }
        }
        found
    }
}

fn check_seal(script: &Script, request: &Decoded<'_>, frame: &[u8]) -> Result<(), String> {
    let kind = request.message_type();
    let Some(seal) = script.seal.as_ref().filter(|seal| seal.types.contains(&kind)) else { return Ok(()) };
    let Some(claimed) = request.get(seal.field) else { return Err(format!("a {kind:04x} came without a MAC")) };
    let message = frame.get(script.header_bytes..).unwrap_or_default();
    let before = claimed.offset().saturating_sub(script.header_bytes);
    let right = seal.over(message, before, claimed.bytes().len());
    if right == claimed.bytes() { Ok(()) } else { Err(format!("a {kind:04x} came with a wrong MAC")) }
}

/// What names the payment, and its amount in minor units.
fn money(script: &Script, request: &Decoded<'_>) -> Option<(Identity, i64)> {
    let fields = script.ledger.as_ref()?;
    let text = |number: &u8| request.get(*number).map(|value| value.text());
    let identity = fields.identity.iter().map(text).collect::<Option<_>>()?;
    let minor = request.get(fields.amount)?.to_number().ok()?;
    Some((identity, i64::try_from(minor).ok()?))
}

fn unmatched(request: &Decoded<'_>) -> String {
    let fields: Vec<_> = request.present().iter().map(|number| number.to_string()).collect();
    format!("no [[rule]] is for a {:04x} with the fields {}", request.message_type(), fields.join(" "))
}
