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

    /// The kind of message.
    pub fn word(&self) -> &str {
        self.what.split('/').next().unwrap_or_default()
    }

    /// The trace of the message it is about.
    pub fn of(&self) -> u64 {
        self.what.split('/').nth(1).and_then(|trace| trace.parse().ok()).unwrap_or_default()
    }

    pub fn bytes(&self) -> Vec<u8> {
        format!("{} {} {} {} {}", self.what, self.trace, self.amount, self.code, self.seal).into_bytes()
    }
}

/// Its ledger and its habits.
#[derive(Debug)]
pub struct Acquirer {
    /// Money taken and not given back, by trace.
    taken: BTreeMap<u64, i64>,
    /// What it answered to a message that moves money: a repetition is answered alike and moves nothing.
    answered: BTreeMap<(String, u64), (String, u64)>,
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
    /// The codes of the next inquiries' answers; by its ledger when they run out.
    pub inquiry_codes: VecDeque<&'static str>,
    /// Answers every advice with this code and does nothing.
    pub refuses_advices: Option<&'static str>,
    /// Answers every reversal with this code and does nothing.
    pub refuses_reversals: Option<&'static str>,
    /// Every message that arrived.
    pub arrived: Vec<Wire>,
    /// Batches it has closed, by their number, each with all that its ledger held then.
    pub closed: BTreeMap<String, i64>,
    /// Compares every batch as different until it has been uploaded.
    pub differs: bool,
    pub bad_keys: bool,
}

impl Acquirer {
    pub fn new() -> Acquirer {
        Acquirer {
            taken: BTreeMap::new(),
            answered: BTreeMap::new(),
            inquiry_codes: VecDeque::new(),
            debits: BTreeMap::new(),
            reversed: BTreeSet::new(),
            late: None,
            line: VecDeque::new(),
            sale_code: "00",
            approves: None,
            refuses_advices: None,
            refuses_reversals: None,
            arrived: Vec::new(),
            closed: BTreeMap::new(),
            differs: false,
            bad_keys: false,
        }
    }

    /// What its ledger says it took.
    pub fn sum(&self) -> i64 {
        self.taken.values().sum()
    }

    pub fn count(&self, what: &str) -> usize {
        self.arrived.iter().filter(|wire| wire.word() == what).count()
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
        let code = match wire.word() {
            "sale" | "scan" | "show" | "complete" => self.move_money(wire, 1),
            "void" | "refund" | "cancel-completion" => self.move_money(wire, -1),
            "preauth" | "cancel-preauth" => self.move_money(wire, 0),
            "advise" => self.refuses_advices.map_or_else(|| self.move_money(wire, 1), str::to_owned),
            "reversal" => self.reversal(wire),
            "settle" => self.settle(wire),
            "uploaded" => self.close(wire),
            "inquire" => return self.inquiry(wire),
            _ => "00".to_owned(),
        };
        let pays = matches!(wire.word(), "sale" | "scan" | "show" | "complete" | "refund" | "preauth");
        let amount = self.approves.filter(|_| pays).unwrap_or(wire.amount);
        Wire { code, amount, seal: "good".into(), ..wire.clone() }
    }

    /// A batch it has closed already is closed in the same way again, when the first answer was lost.
    fn settle(&mut self, wire: &Wire) -> String {
        let before = self.closed.values().last().copied().unwrap_or_default();
        let agrees = wire.amount as i64 == self.sum() - before;
        if self.closed.contains_key(&wire.what["settle/".len()..]) || (agrees && !self.differs) {
            return self.close(wire);
        }
        "77".into()
    }

    fn close(&mut self, wire: &Wire) -> String {
        let number = wire.what.split('/').next_back().unwrap_or_default().to_owned();
        let sum = self.sum();
        self.closed.entry(number).or_insert(sum);
        "00".into()
    }

    fn move_money(&mut self, wire: &Wire, sign: i64) -> String {
        let name = (wire.what.clone(), wire.trace);
        if let Some((code, _)) = self.answered.get(&name) {
            return code.clone();
        }
        // A reversal came before its original: the original is declined when it comes.
        let code = if self.reversed.contains(&wire.trace) { "12" } else { self.sale_code };
        if matches!(code, "00" | "09") {
            self.taken.insert(wire.trace, sign * self.approves.unwrap_or(wire.amount) as i64);
            if sign > 0 {
                *self.debits.entry(wire.trace).or_default() += 1;
            }
        }
        self.answered.insert(name, (code.to_owned(), wire.amount));
        code.to_owned()
    }

    /// What became of a message, and of how much it was.
    fn inquiry(&mut self, wire: &Wire) -> Wire {
        let of = wire.of();
        let booked = self.taken.get(&of).map(|minor| minor.unsigned_abs());
        let refused = self.answered.iter().find(|((_, trace), _)| *trace == of).map(|(_, (code, _))| code.clone());
        let by_ledger = match (booked, refused) {
            (Some(_), _) => "00".to_owned(),
            (None, Some(code)) if code != "00" => code,
            _ => "25".to_owned(),
        };
        let code = self.inquiry_codes.pop_front().map_or(by_ledger, str::to_owned);
        Wire { code, amount: booked.unwrap_or(wire.amount), seal: "good".into(), ..wire.clone() }
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
