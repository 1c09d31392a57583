//! A till in small: the plugin on one side, the acquirer of the tests on the other, real bytes and real MACs between
//! them. It does what the terminal does with a template and with the proofs of an answer, and no more.

use acquirer::config::AcquirerConfig;
use acquirer::crypto::{Key, MacKind, pin_block};
use acquirer::{Bank, Fault};
use acquit_plugin_unionpay::{UnionPay, fields};
use sdk::prelude::*;

pub use crate::plastic::{Plastic, follow_up, pay, plastic, track};

use crate::plastic::{protected, secret, tlv};
use crate::support::{cny, context, slice};

pub const TERMINAL: &str = "50080001";
const MERCHANT: &str = "309310083985008";
const MASTER_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
/// Tag-length-value of every tag a virtual chip knows; a tag's number is its value.
const CHIP_TAGS: [u32; 8] = [0x9F26, 0x9F27, 0x9F10, 0x9F36, 0x95, 0x9F1E, 0x82, 0xDF31];

/// An operation that ended.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Outcome,
    /// What the terminal keeps of it.
    pub original: Original,
    /// The last exchange that moved money, for what is done in doubt.
    pub exchange: Option<Exchange>,
    pub state: Vec<u8>,
    /// How often it paused.
    pub pauses: usize,
    /// Messages sent, decoded by nobody yet.
    pub sent: Vec<Vec<u8>>,
}

pub struct Till {
    pub bank: Bank,
    pub context: Context,
    keys: Option<(Key, Key)>,
    track_key: Option<Key>,
    /// What goes wrong with the next message.
    pub fault: Option<Fault>,
    /// The cards of an upload's items.
    pub items: Vec<Plastic>,
    /// Rows for the kernel, in the order they came.
    pub loaded: Vec<(KernelTable, Vec<u8>)>,
    /// Operations the plugin asked for.
    pub requested: Vec<OperationKind>,
    /// Codes the terminal showed, in their order.
    pub shown: Vec<String>,
    /// A customer who scans the newest of them in this pause of an operation, and pays with this wallet.
    pub customer: Option<(usize, &'static str)>,
    /// The answer to the next message is lost.
    pub loses_answer: bool,
    /// The next message itself is lost.
    pub loses_request: bool,
}

impl Till {
    /// Signed in with this acquirer.
    pub fn open(parameters: &[(&str, &str)], change: impl FnOnce(&mut AcquirerConfig)) -> Till {
        let mut config = AcquirerConfig::example();
        config.time = Some("2026-05-10T10:01:41".parse().expect("a time"));
        change(&mut config);
        let base = [
            ("terminal", TERMINAL),
            ("merchant", MERCHANT),
            ("tpdu", "6000000000"),
            ("security-control", "2600000000000000"),
        ];
        let mut context = context(&[&base[..], parameters].concat());
        context.counters = vec![("trace".to_owned(), 1)];
        context.device.reads = vec![Reader::Stripe, Reader::Contact];
        let bank = Bank::new(config).expect("a sound configuration");
        let mut till = Till {
            bank,
            context,
            keys: None,
            track_key: None,
            fault: None,
            items: Vec::new(),
            loaded: Vec::new(),
            requested: Vec::new(),
            shown: Vec::new(),
            customer: None,
            loses_answer: false,
            loses_request: false,
        };
        let signed_in = till.run(&Operation::Maintain(Maintenance::SignIn), None);
        assert_eq!(signed_in.outcome, Outcome::Done);
        till
    }

    /// Runs an operation to its end. Silence ends the loop with the outcome the terminal would show: unknown.
    pub fn run(&mut self, operation: &Operation, card: Option<&Plastic>) -> Ended {
        let mut step = UnionPay::start(&self.context, operation).expect("the operation can begin");
        let mut ended = self.nothing_yet(operation);
        loop {
            ended.state.clone_from(&step.state);
            self.obey(core::mem::take(&mut step.effects));
            if !step.reference.is_empty() {
                ended.original.reference = step.reference.clone();
            }
            let event = match step.action {
                Action::Send(exchange) => {
                    self.take(&exchange.uses);
                    let nodes = self.render(&exchange.message, card, UndoReason::NoAnswer);
                    if exchange.gravity == Gravity::MovesMoney || exchange.remedy.is_some() {
                        ended.exchange = Some(exchange.clone());
                    }
                    ended.sent.push(nodes[exchange.message.whole as usize].clone());
                    let Some(body) = self.exchange(&nodes[exchange.message.whole as usize]) else { return ended };
                    let reply = Reply { status: 0, headers: Vec::new(), body };
                    step = self.resume(operation, &ended.state, Event::Received(reply.clone()));
                    self.check(&step.proofs, &nodes, &reply.body);
                    continue;
                }
                Action::Pause(_) => {
                    ended.pauses += 1;
                    if let Some((_, wallet)) = self.customer.filter(|(pause, _)| *pause == ended.pauses) {
                        let shown = self.shown.last().expect("a code was shown");
                        self.bank.pay_code(shown, wallet).expect("the acquirer knows its code and the wallet");
                    }
                    Event::Woke
                }
                Action::Listen(stray) => panic!("nothing else comes: {stray:?}"),
                Action::Finish(outcome) => {
                    ended.outcome = outcome;
                    return ended;
                }
            };
            step = self.resume(operation, &ended.state, event);
        }
    }

    /// Sends what waits for a doubtful transaction, and reads the answer as the terminal does without the plugin; the
    /// plugin must read the same.
    pub fn undo(&mut self, ended: &Ended, card: Option<&Plastic>) -> Meaning {
        let standby = match ended.exchange.as_ref().and_then(|exchange| exchange.remedy.as_ref()) {
            Some(Remedy::Undo(standby) | Remedy::Inquire(Some(standby))) => standby.clone(),
            other => panic!("nothing to undo with: {other:?}"),
        };
        let (meaning, reply) = self.send_standby(&standby, card);
        let operation = follow_up(FollowUpKind::Reverse, &ended.original, ended.original.amount);
        let step = self.resume(&operation, &ended.state, Event::Received(reply));
        let by_plugin = match step.action {
            Action::Finish(Outcome::Acknowledged(_)) => Meaning::Paid,
            Action::Finish(Outcome::Unmatched(_)) => Meaning::Unmatched,
            Action::Finish(Outcome::Refused(_)) => Meaning::Refused,
            other => panic!("a reversal does not end so: {other:?}"),
        };
        assert_eq!(by_plugin, meaning);
        meaning
    }

    /// Sends the repeatable form of a transaction; what it means without the plugin, and its outcome with it.
    pub fn repeat(&mut self, operation: &Operation, ended: &Ended, card: Option<&Plastic>) -> (Meaning, Outcome) {
        let standby = match ended.exchange.as_ref().and_then(|exchange| exchange.remedy.as_ref()) {
            Some(Remedy::Repeat(standby)) => standby.clone(),
            other => panic!("nothing to repeat: {other:?}"),
        };
        let (meaning, reply) = self.send_standby(&standby, card);
        let nodes = self.render(&standby.message, card, UndoReason::NoAnswer);
        let step = self.resume(operation, &ended.state, Event::Received(reply.clone()));
        self.check(&step.proofs, &nodes, &reply.body);
        let Action::Finish(outcome) = step.action else { panic!("a repetition ends: {step:?}") };
        (meaning, outcome)
    }

    /// A message to the bank and its answer, unless one of them is lost.
    pub fn exchange(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        if core::mem::take(&mut self.loses_request) {
            return None;
        }
        let answer = self.bank.answer_under(frame, self.fault.take().as_ref());
        let answer = answer.expect("the acquirer can read every message").expect("the request is not dropped");
        (!core::mem::take(&mut self.loses_answer)).then_some(answer)
    }

    pub fn merchant_total(&self) -> i64 {
        self.bank.ledger().check().expect("the books balance");
        self.bank.ledger().merchant_total(TERMINAL).expect("the terminal is known")
    }

    fn send_standby(&mut self, standby: &Standby, card: Option<&Plastic>) -> (Meaning, Reply) {
        for message in [Some(&standby.message), standby.again.as_ref()].into_iter().flatten() {
            let forbidden = |node: &Node| match node {
                Node::Secret(hole) => !matches!(hole.secret, Secret::Pan | Secret::Expiry),
                node => matches!(node, Node::Track(_) | Node::PinBlock(_)),
            };
            assert!(!message.nodes.iter().any(forbidden), "a standby message holds number, expiry and kept tags alone");
        }
        let nodes = self.render(&standby.message, card, UndoReason::NoAnswer);
        let body = self.exchange(&nodes[standby.message.whole as usize]).expect("nothing is lost here");
        let fits = |pattern: &Pattern| {
            pattern.at.iter().all(|at| {
                let start = usize::try_from(at.offset).expect("from the start");
                body.get(start..start + at.bytes.len()) == Some(&at.bytes[..])
            })
        };
        let reading = standby.answers.iter().find(|reading| fits(&reading.fits));
        let reading = reading.unwrap_or_else(|| panic!("no reading fits {}", hex::encode_upper(&body)));
        self.check(&reading.proofs, &nodes, &body);
        (reading.means, Reply { status: 0, headers: Vec::new(), body: body.clone() })
    }

    fn resume(&self, operation: &Operation, state: &[u8], event: Event) -> Step {
        assert!(state.len() <= 4096);
        UnionPay::resume(&self.context, operation, state, &event).expect("the answer can be read")
    }

    fn take(&mut self, uses: &[String]) {
        for counter in &mut self.context.counters {
            counter.1 += u64::from(uses.contains(&counter.0));
        }
    }

    /// Every proof of a step holds, and a step of money proves trace and terminal.
    fn check(&self, proofs: &[Proof], sent: &[Vec<u8>], body: &[u8]) {
        let mut echoes = Vec::new();
        for proof in proofs {
            match proof {
                Proof::Echo(echo) => {
                    assert_eq!(slice(body, echo.got), sent[echo.sent as usize], "{:?}", echo.what);
                    echoes.push(echo.what);
                }
                Proof::Seal(seal) => {
                    let ([Node::Received(over)], Claim::Body(claimed)) = (&seal.over[..], &seal.claimed) else {
                        panic!("a seal over the answer, in its body")
                    };
                    let (_, mac_key) = self.keys.expect("sealed answers come after sign-in");
                    assert!(MacKind::UnionPayEcb.verify(&mac_key, slice(body, *over), slice(body, *claimed)));
                }
            }
        }
        assert!(echoes.contains(&Echoed::Trace) && echoes.contains(&Echoed::Terminal), "{echoes:?}");
    }

    fn obey(&mut self, effects: Vec<Effect>) {
        let master = Key::from_bytes(&hex::decode(MASTER_KEY).expect("hex")).expect("a key");
        let mut installed = Vec::new();
        for effect in effects {
            match effect {
                Effect::Remember(kept) => {
                    self.context.memory.retain(|(name, _)| *name != kept.0);
                    self.context.memory.push(kept);
                }
                Effect::InstallKey(new) => {
                    let key = Key::from_bytes(&master.decipher(&new.block)).expect("a key");
                    assert_eq!(Some(&key.check_value()[..]), new.check_value.as_deref());
                    installed.push((new.name, key));
                }
                Effect::DropKeys(slots) => {
                    assert_eq!(slots, ["pik", "mak", "tdk"]);
                    (self.keys, self.track_key) = (None, None);
                }
                Effect::LoadKernel(KernelRows { table, rows }) => {
                    self.loaded.extend(rows.into_iter().map(|row| (table, row)));
                }
                Effect::ShowCode(code) => self.shown.push(code),
                Effect::Request((operation, None)) => self.requested.push(operation),
                _ => {}
            }
        }
        let named = |name: &str| installed.iter().find(|(key, _)| key == name).map(|(_, key)| *key);
        self.keys = named("pik").zip(named("mak")).or(self.keys);
        self.track_key = named("tdk").or(self.track_key);
    }

    /// Renders every node as the terminal would.
    pub fn render(&self, message: &Message, card: Option<&Plastic>, reason: UndoReason) -> Vec<Vec<u8>> {
        let mut rendered: Vec<Vec<u8>> = Vec::new();
        for node in &message.nodes {
            let at = |node: &u32| rendered[*node as usize].clone();
            let bytes = match node {
                Node::Literal(bytes) => bytes.clone(),
                Node::Concat(nodes) => nodes.iter().flat_map(at).collect(),
                Node::Secret(hole) => {
                    let of_item = hole.of_item.map(|item| &self.items[item as usize]);
                    secret(of_item.or(card).expect("a card for a hole"), hole)
                }
                Node::Track(hole) => {
                    let key = self.track_key.expect("signed in for tracks");
                    protected(&track(card.expect("a card")), hole.protection, &key)
                }
                Node::PinBlock(_) => {
                    let (card, (pin_key, _)) = (card.expect("a card"), self.keys.expect("signed in"));
                    pin_key.encipher(&pin_block(card.pin, card.secret).expect("a PIN"))
                }
                Node::ChipData(hole) => hole.tags.iter().filter(|tag| CHIP_TAGS.contains(tag)).flat_map(tlv).collect(),
                Node::LengthOf(hole) => {
                    assert_eq!(hole.encoding, LengthEncoding::BcdTwoBytes);
                    hex::decode(format!("{:04}", at(&hole.of).len())).expect("digits")
                }
                Node::Mac(hole) => {
                    let (_, mac_key) = self.keys.expect("signed in");
                    MacKind::UnionPayEcb.compute(&mac_key, &at(&hole.over)).to_vec()
                }
                Node::Reason(reasons) => {
                    let found = reasons.iter().find(|spelled| spelled.reason == reason);
                    found.expect("every reason is spelled").bytes.clone()
                }
                other => panic!("no {other:?} in this protocol"),
            };
            rendered.push(bytes);
        }
        rendered
    }

    fn nothing_yet(&self, operation: &Operation) -> Ended {
        let (kind, amount, card) = match operation {
            Operation::Pay(payment) => {
                let kind = match payment.kind {
                    PaymentKind::Sale => OperationKind::Sale,
                    PaymentKind::Preauthorize => OperationKind::Preauthorize,
                    PaymentKind::ScanToPay => OperationKind::ScanToPay,
                    PaymentKind::ShowToPay => OperationKind::ShowToPay,
                    PaymentKind::Balance => OperationKind::Balance,
                };
                (kind, payment.amount, payment.card.clone())
            }
            Operation::FollowUp(follow_up) => {
                let kind = match follow_up.kind {
                    FollowUpKind::Void => OperationKind::Void,
                    FollowUpKind::Refund => OperationKind::Refund,
                    FollowUpKind::Complete => OperationKind::Complete,
                    FollowUpKind::CancelPreauthorization => OperationKind::CancelPreauthorization,
                    FollowUpKind::CancelCompletion => OperationKind::CancelCompletion,
                    FollowUpKind::Advise => OperationKind::Advise,
                    _ => OperationKind::Inquire,
                };
                let of = match &follow_up.of {
                    Subject::Known(original) => original.card.clone(),
                    _ => None,
                };
                (kind, follow_up.amount, follow_up.card.clone().or(of))
            }
            _ => (OperationKind::SignIn, cny(0), None),
        };
        let original = Original {
            transaction: "T1".to_owned(),
            operation: kind,
            amount,
            at: self.context.now,
            card,
            reference: Vec::new(),
        };
        let outcome = Outcome::Unknown(Unknown { code: String::new(), owed: Owed::Reversal });
        Ended { outcome, original, exchange: None, state: Vec::new(), pauses: 0, sent: Vec::new() }
    }
}

impl Ended {
    /// DE39 or the word for how it ended.
    pub fn code(&self) -> &str {
        match &self.outcome {
            Outcome::Approved(_) => "00",
            Outcome::Declined(declined) => &declined.code,
            Outcome::Unknown(unknown) if unknown.code.is_empty() => "silence",
            Outcome::Unknown(unknown) => &unknown.code,
            other => panic!("a transaction does not end so: {other:?}"),
        }
    }

    /// A field of the first message that was sent, as text; empty where it has none.
    pub fn field(&self, number: u8) -> String {
        let frame = self.sent.first().expect("something was sent");
        fields::read(frame).expect("reads").get(number).map(|value| value.text()).unwrap_or_default()
    }

    /// Kept under this name.
    pub fn kept(&self, name: &str) -> &str {
        self.original.reference.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}
