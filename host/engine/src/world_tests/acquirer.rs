//! The other side: an acquirer that moves money when a sale arrives and takes it back when a reversal does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What happens to one message on its way and to its answer on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Good,
    /// No connection: not a byte leaves.
    NotSent,
    /// It leaves and never arrives.
    LostRequest,
    /// It arrives, and its answer does not.
    LostReply,
    /// It arrives after the terminal's next message has.
    LateRequest,
    WrongMac,
    WrongTrace,
    /// An answer to something else comes first.
    StrayFirst,
    /// Nothing but answers to something else.
    OnlyStrays,
    /// The answer is no message at all.
    Garbage,
}

/// A message of the model protocol: what, trace, amount, code, seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    pub what: String,
    pub trace: u64,
    pub amount: u64,
    pub code: String,
    pub seal: String,
}

impl Wire {
    pub fn read(bytes: &[u8]) -> Option<Wire> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ');
        let what = words.next()?.to_owned();
        let trace = words.next()?.parse().ok()?;
        let amount = words.next()?.parse().ok()?;
        let code = words.next().unwrap_or_default().to_owned();
        Some(Wire { what, trace, amount, code, seal: words.next().unwrap_or_default().to_owned() })
    }

    pub fn bytes(&self) -> Vec<u8> {
        format!("{} {} {} {} {}", self.what, self.trace, self.amount, self.code, self.seal).into_bytes()
    }
}

/// Its ledger and its habits.
#[derive(Debug)]
pub struct Acquirer {
    /// Money taken and not given back, by trace.
    taken: BTreeMap<u64, u64>,
    /// Times a card was charged under a trace.
    pub debits: BTreeMap<u64, u32>,
    reversed: BTreeSet<u64>,
    late: Option<Wire>,
    /// What happens to the messages to come; good when it runs out.
    pub line: VecDeque<Line>,
    /// The code of every sale's answer; "00" takes the money.
    pub sale_code: &'static str,
    /// Answers a sale with this amount instead of its own.
    pub approves: Option<u64>,
    /// Answers every reversal with this code and does nothing.
    pub refuses_reversals: Option<&'static str>,
    /// Every message that arrived.
    pub arrived: Vec<Wire>,
    pub bad_keys: bool,
}

impl Acquirer {
    pub fn new() -> Acquirer {
        Acquirer {
            taken: BTreeMap::new(),
            debits: BTreeMap::new(),
            reversed: BTreeSet::new(),
            late: None,
            line: VecDeque::new(),
            sale_code: "00",
            approves: None,
            refuses_reversals: None,
            arrived: Vec::new(),
            bad_keys: false,
        }
    }

    /// What its ledger says it took.
    pub fn sum(&self) -> u64 {
        self.taken.values().sum()
    }

    pub fn count(&self, what: &str) -> usize {
        self.arrived.iter().filter(|wire| wire.what == what).count()
    }

    /// Keeps a message that is under way until the next one has arrived.
    pub fn delay(&mut self, wire: Wire) {
        self.late = Some(wire);
    }

    /// A message arrives; this is the answer it sends.
    pub fn receive(&mut self, wire: &Wire) -> Wire {
        let answer = self.book(wire);
        if let Some(late) = self.late.take() {
            self.book(&late);
        }
        answer
    }

    fn book(&mut self, wire: &Wire) -> Wire {
        self.arrived.push(wire.clone());
        let code = match wire.what.as_str() {
            "sale" => self.sale(wire),
            "reversal" => self.reversal(wire),
            _ => "00".to_owned(),
        };
        let amount = self.approves.filter(|_| wire.what == "sale").unwrap_or(wire.amount);
        Wire { code, amount, seal: "good".into(), ..wire.clone() }
    }

    fn sale(&mut self, wire: &Wire) -> String {
        // A reversal came before its original: the original is declined when it comes.
        if self.reversed.contains(&wire.trace) {
            return "12".into();
        }
        if matches!(self.sale_code, "00" | "09") {
            self.taken.insert(wire.trace, self.approves.unwrap_or(wire.amount));
            *self.debits.entry(wire.trace).or_default() += 1;
        }
        self.sale_code.to_owned()
    }

    fn reversal(&mut self, wire: &Wire) -> String {
        if let Some(code) = self.refuses_reversals {
            return code.to_owned();
        }
        let is_known = self.taken.remove(&wire.trace).is_some() || self.reversed.contains(&wire.trace);
        self.reversed.insert(wire.trace);
        if is_known { "00".into() } else { "25".into() }
    }
}
