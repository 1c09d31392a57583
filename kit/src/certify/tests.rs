//! A small plugin that keeps every law, and one that breaks each.

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use engine::contract::acquirer::{
    Action, Approved, BytesAt, Claim, Counter, Declined, Descriptor, Echo, Echoed, Event, Exchange, Framing, Meaning,
    OperationSpec, Outcome, Owed, Pattern, Proof, Reading, Reason, Remedy, Reply, Route, Seal, SealAlgorithm, Standby,
    Step, Stray, Unknown,
};
use engine::contract::retry_policy::{Debt, Decision, Patience, Situation};
use engine::contract::template::{Extent, MacAlgorithm, Message, Node};
use engine::contract::transaction::{Context, Gravity, Operation, OperationKind};
use engine::contract::types::Amount;
use engine::contract::{Digest, InspectedField, Plugin, PluginError, PluginFault};
use sandbox::Spent;
use sandbox::limits::STATE_BYTES;

use super::{Interpreted, Judge, Law, Verdict, certify};
use crate::{Recorder, Trial, read_recording};

/// An acquirer whose messages are a letter, a number of six digits and an amount of twelve; whose answers are a code of
/// two characters, that number, that amount and eight bytes of MAC.
struct Small {
    breaks: Option<Law>,
    descriptor: Descriptor,
    calls: AtomicU8,
}

const ANSWER_BYTES: usize = 28;

impl Small {
    fn new(breaks: Option<Law>) -> Small {
        let spec = |kind| OperationSpec { kind, typed: Vec::new(), keeps: Vec::new(), proved: true };
        let descriptor = Descriptor {
            acquirer: "small".into(),
            version: "1".into(),
            operations: vec![spec(OperationKind::Sale), spec(OperationKind::Reverse)],
            routes: vec![Route { name: "host".into(), framing: Framing::LengthU16 }],
            keys: Vec::new(),
            counters: vec![Counter { name: "trace".into(), first: 1, last: 999_999 }],
            parameters: Vec::new(),
        };
        Small { breaks, descriptor, calls: AtomicU8::new(0) }
    }

    fn breaks(&self, law: Law) -> bool {
        self.breaks == Some(law)
    }

    fn sent(&self, context: &Context, operation: &Operation) -> Step {
        let trace = format!("{:06}", context.counters[0].1);
        let amount = format!("{:012}", minor(operation));
        let message = |letter: &str, amount: &str| Message {
            nodes: [letter, trace.as_str(), amount].map(|text| Node::Literal(text.into())).to_vec(),
            whole: 0,
            http: None,
        };
        let undone = if self.breaks(Law::UndoNamesTheSame) { "000000000001" } else { amount.as_str() };
        let mut again = message("r", undone);
        if self.breaks(Law::RepeatsTheSame) {
            again.nodes.pop();
        }
        let unmatched = if self.breaks(Law::ReadingsAgree) { Meaning::Paid } else { Meaning::Unmatched };
        let standby = Standby {
            route: "host".into(),
            message: message("R", undone),
            again: Some(again),
            timeout: 1_000,
            answers: [("00", Meaning::Paid), ("25", unmatched), ("05", Meaning::Refused)].map(reading).to_vec(),
        };
        let exchange = Exchange {
            route: "host".into(),
            message: message("S", &amount),
            gravity: Gravity::MovesMoney,
            timeout: 1_000,
            uses: vec!["trace".into()],
            remedy: (!self.breaks(Law::HasRemedy)).then(|| Remedy::Undo(standby.into())),
        };
        step(Action::Send(exchange), [trace, amount].concat().into_bytes())
    }

    fn heard(&self, operation: &Operation, state: &[u8], body: &[u8]) -> Step {
        let unknown = |code: &str| Outcome::Unknown(Unknown { code: code.into(), owed: Owed::Reversal });
        if body.len() != ANSWER_BYTES {
            return step(Action::Listen(Stray::Foreign), state.to_vec());
        }
        let Ok(code) = std::str::from_utf8(&body[..2]) else {
            return step(Action::Finish(unknown("")), state.to_vec());
        };
        let is_ours = &body[2..20] == state;
        let outcome = match (operation.kind(), code) {
            (OperationKind::Reverse, "00") => Outcome::Acknowledged(code.into()),
            (OperationKind::Reverse, "25") => Outcome::Unmatched(code.into()),
            (OperationKind::Reverse, "05") => Outcome::Refused(code.into()),
            (OperationKind::Reverse, _) => unknown(code),
            (_, "00") if is_ours || self.breaks(Law::EchoesAreProven) => approved(minor(operation)),
            (_, "ZZ") if self.breaks(Law::CodesAreKnown) => approved(minor(operation)),
            (_, "ZY") if self.breaks(Law::CodesHaveReasons) => declined("05"),
            (_, "51" | "05") => declined(code),
            _ => unknown(code),
        };
        let mut step = step(Action::Finish(outcome), state.to_vec());
        if !(self.breaks(Law::ApprovalIsProven) && body[27] == 0) {
            step.proofs.push(seal());
        }
        if is_ours {
            step.proofs.push(echo(Echoed::Trace, 2, 8));
            step.proofs.push(echo(Echoed::Amount, 8, 20));
        }
        step
    }

    fn failed<T>(&self, fault: PluginFault) -> Result<T, PluginError> {
        Err(PluginError { plugin: "small".into(), digest: self.digest(), call: "resume".into(), fault })
    }
}

impl Plugin for Small {
    fn digest(&self) -> Digest {
        Digest([1; 32])
    }

    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn start(&self, context: &Context, operation: &Operation) -> Result<Step, PluginError> {
        let mut step = self.sent(context, operation);
        if self.breaks(Law::Deterministic) {
            step.state.push(self.calls.fetch_add(1, Ordering::Relaxed));
        }
        if self.breaks(Law::StaysWithinLimits) {
            step.state.resize(STATE_BYTES + 1, 0);
        }
        if operation.kind() == OperationKind::Reverse {
            let Action::Send(exchange) = &mut step.action else { return Ok(step) };
            (exchange.gravity, exchange.remedy) = (Gravity::Asks, None);
        }
        Ok(step)
    }

    fn resume(&self, _: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, PluginError> {
        match event {
            Event::Received(Reply { body, .. }) if self.breaks(Law::LivesThroughAnyReply) && body.len() == 13 => {
                self.failed(PluginFault::Trapped("out of bounds".into()))
            }
            Event::Received(Reply { body, .. }) => Ok(self.heard(operation, state, body)),
            Event::Woke | Event::Cancelled => self.failed(PluginFault::Deadline),
        }
    }

    fn decide(&self, _: &Context, _: &Situation) -> Result<Decision, PluginError> {
        Ok(Decision::Reverse)
    }

    fn wait(&self, _: &Context, _: &Debt) -> Result<Patience, PluginError> {
        Ok(Patience { wait: 1, route: "host".into(), call_for_help: false })
    }

    fn read(&self, _: &[u8]) -> Result<Vec<InspectedField>, PluginError> {
        Ok(Vec::new())
    }
}

fn minor(operation: &Operation) -> u64 {
    match operation {
        Operation::Pay(payment) => payment.amount.minor,
        Operation::FollowUp(follow_up) => follow_up.amount.minor,
        _ => 0,
    }
}

fn step(action: Action, state: Vec<u8>) -> Step {
    Step { state, proofs: Vec::new(), effects: Vec::new(), reference: Vec::new(), action }
}

fn reading((code, means): (&str, Meaning)) -> Reading {
    let at = vec![BytesAt { offset: 0, bytes: code.into() }];
    Reading { fits: Pattern { status: None, at, holds: Vec::new() }, proofs: vec![seal()], means }
}

fn seal() -> Proof {
    let (over, claimed) =
        (vec![Node::Received(Extent { start: 0, end: 20 })], Claim::Body(Extent { start: 20, end: 28 }));
    Proof::Seal(Seal { over, claimed, algorithm: SealAlgorithm::Mac(MacAlgorithm::X919), key: "mac".into() })
}

fn echo(what: Echoed, start: i32, end: i32) -> Proof {
    Proof::Echo(Echo { what, sent: 1, got: Extent { start, end } })
}

fn approved(minor: u64) -> Outcome {
    Outcome::Approved(Approved {
        amount: Amount { minor, currency: 156, exponent: 2 },
        authorization: String::new(),
        retrieval_reference: String::new(),
        chip_data: Vec::new(),
        balance: None,
        settlement_group: String::new(),
        receipt: Vec::new(),
    })
}

fn declined(code: &str) -> Outcome {
    let (code, message) = (code.into(), String::new());
    Outcome::Declined(Declined { code, reason: Reason::Other, message, capture_card: false, chip_data: Vec::new() })
}

/// Trades a little with a plugin, and judges it by what was recorded.
fn judged(breaks: Option<Law>) -> Vec<Verdict> {
    let plugin = Arc::new(Small::new(breaks));
    let lines = Arc::new(Mutex::new(Vec::new()));
    let out: Arc<Mutex<dyn Write + Send>> = lines.clone();
    let recorder = Recorder::new(plugin.clone(), out);
    let trial = Trial::new(plugin.descriptor(), Vec::new());
    for (kind, codes) in [(OperationKind::Sale, ["00", "51"]), (OperationKind::Reverse, ["00", "25"])] {
        for code in codes {
            let operation = trial.operation(kind);
            let state = recorder.start(trial.context(), &operation).unwrap().state;
            let mut body = [code.as_bytes(), &state[..18], b"12345678"].concat();
            body.truncate(ANSWER_BYTES);
            let event = Event::Received(Reply { status: 0, headers: Vec::new(), body });
            recorder.resume(trial.context(), &operation, &state[..18], &event).unwrap();
        }
    }
    let recording = read_recording(lines.lock().unwrap().as_slice()).unwrap();
    assert_eq!(recording.len(), 8);
    let approving_codes = Some(vec!["00".to_owned()]);
    certify(
        &Judge { plugin: plugin.as_ref(), spent: &Spent::default, interpreted: None, variations: 50, approving_codes },
        &recording,
    )
}

#[test]
fn a_plugin_that_keeps_every_law_is_found_to() {
    for verdict in judged(None) {
        assert!(verdict.holds(), "{verdict:?}");
    }
}

/// The report says how near to its limits a plugin came, so that the next version's growth is seen.
#[test]
fn the_most_that_a_call_took_is_said() {
    let of = |breaks| judged(breaks).into_iter().find(|verdict| verdict.law == Law::StaysWithinLimits).unwrap();
    let (within, beyond) = (of(None), of(Some(Law::StaysWithinLimits)));
    assert_eq!(within.most.map(|most| most.state_bytes), Some(18));
    assert_eq!(beyond.most.map(|most| most.state_bytes), Some(STATE_BYTES + 1));
    assert_eq!(
        (beyond.broken, beyond.breaches[0].what.as_str()),
        (4, "it took 4097 bytes of state, and may take 4096")
    );
}

#[test]
fn a_plugin_that_breaks_one_is_found_to_break_that_one() {
    for law in Law::ALL {
        for verdict in judged(Some(law)) {
            assert_eq!(verdict.broken > 0, verdict.law == law, "breaks {law:?}: {verdict:?}");
        }
    }
}

/// What the law of codes came to after one sale of 0.51 under number 51, answered by this code.
fn codes_after(breaks: Option<Law>, code: &str) -> Verdict {
    let plugin = Arc::new(Small::new(breaks));
    let lines = Arc::new(Mutex::new(Vec::new()));
    let out: Arc<Mutex<dyn Write + Send>> = lines.clone();
    let recorder = Recorder::new(plugin.clone(), out);
    let trial = Trial::new(plugin.descriptor(), Vec::new());
    let (mut context, mut operation) = (trial.context().clone(), trial.operation(OperationKind::Sale));
    context.counters[0].1 = 51;
    *super::exchanges::amount_of(&mut operation).unwrap() = 51;
    let state = recorder.start(&context, &operation).unwrap().state;
    let body = [code.as_bytes(), &state[..], b"12345678"].concat();
    let event = Event::Received(Reply { status: 0, headers: Vec::new(), body });
    recorder.resume(&context, &operation, &state, &event).unwrap();
    let recording = read_recording(lines.lock().unwrap().as_slice()).unwrap();
    let judge = Judge {
        plugin: plugin.as_ref(),
        spent: &Spent::default,
        interpreted: None,
        variations: 0,
        approving_codes: Some(vec!["00".to_owned()]),
    };
    certify(&judge, &recording).into_iter().find(|verdict| verdict.law == Law::CodesAreKnown).unwrap()
}

/// A sale of 0.51 was declined by code 51 under number 000051. These characters stood in the answer three times, so
/// nobody knew which of them was the code, and the law was not tried; nor was it ever after an approval, whose code
/// stands in every amount.
#[test]
fn a_code_whose_characters_stand_elsewhere_too_is_found() {
    for code in ["51", "00", "77"] {
        let (keeps, breaks) = (codes_after(None, code), codes_after(Some(Law::CodesAreKnown), code));
        assert!(keeps.holds() && keeps.tried > 1_000, "{code}: {keeps:?}");
        assert_eq!((breaks.tried, breaks.broken), (keeps.tried, 1), "{code}: {breaks:?}");
        assert_eq!(breaks.breaches[0].what, "code ZZ approves");
    }
}

/// The same plugin on the interpreter is asked too: what answers otherwise there, or costs other fuel, is named.
#[test]
fn the_interpreter_answers_alike_or_is_named() {
    let plugin = Small::new(None);
    let trial = Trial::new(plugin.descriptor(), Vec::new());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let out: Arc<Mutex<dyn Write + Send>> = lines.clone();
    let recorder = Recorder::new(Arc::new(Small::new(None)), out);
    recorder.start(trial.context(), &trial.operation(OperationKind::Sale)).unwrap();
    let recording = read_recording(lines.lock().unwrap().as_slice()).unwrap();
    let otherwise = Small::new(Some(Law::UndoNamesTheSame));
    for (other, fuel, expected) in [
        (&plugin, 7, None),
        (&plugin, 8, Some("it costs 7 units of fuel natively, and 8 by the interpreter")),
        (&otherwise, 7, Some("the interpreter answers otherwise than the native back end")),
    ] {
        let spent = || Spent { fuel, memory_bytes: 0 };
        let interpreted = Some(Interpreted { plugin: other, spent: &spent });
        let judge = Judge {
            plugin: &plugin,
            spent: &|| Spent { fuel: 7, memory_bytes: 0 },
            interpreted,
            variations: 0,
            approving_codes: None,
        };
        let verdict = certify(&judge, &recording).into_iter().find(|verdict| verdict.law == Law::Deterministic);
        let verdict = verdict.unwrap();
        assert_eq!(verdict.tried, 2);
        assert_eq!(verdict.breaches.first().map(|breach| breach.what.as_str()), expected);
    }
}

#[test]
fn a_line_that_is_no_call_is_named() {
    let error = read_recording(b"\n{\"plugin\":1}\n".as_slice()).unwrap_err();
    assert!(error.to_string().starts_with("line 2 of the recording is not a recorded call"), "{error}");
}
