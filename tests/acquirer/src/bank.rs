//! Acquirer and issuer without a socket: a request goes in, the answer comes out, and money has moved before it does.

mod adjustment;
mod balance;
mod card;
mod clock;
mod decide;
mod download;
mod keys;
mod network;
mod operation;
mod orders;
mod original;
mod payment;
mod reversal;
mod scan;
mod script;
mod settlement;
mod show;
mod sign_in;
mod tracks;
mod transaction;
mod under;
mod upload;
mod views;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::codec::{CodecError, Frame, MAC_BYTES, MAC_FIELD, Message, Mti, Value, mac_data};
use crate::config::{AcquirerConfig, CardConfig, Code, ConfigError};
use crate::crypto::Key;
use crate::ledger::Ledger;

pub use operation::Operation;
pub use settlement::{BatchTotals, SettlementFault, Sums};
pub use transaction::{Listed, State};
pub use upload::{Row, RowState};
pub use views::{BatchReport, Charged};

use clock::Clock;
use keys::{KeySource, WorkKeys};
use settlement::Settlement;
use transaction::Transactions;

/// DE32 of every answer: this acquirer.
const ACQUIRER_ID: &str = "03099988";
/// DE44 of every financial answer: issuer, then acquirer, eleven characters each.
const INSTITUTIONS: &str = "01020000   03099988   ";
/// Fields of a request that come back as they were, where present.
const ECHOED_FIELDS: [u8; 8] = [3, 4, 11, 25, 41, 42, 49, 60];

/// The state of acquirer and issuer.
pub struct Bank {
    config: AcquirerConfig,
    terminals: BTreeMap<String, Terminal>,
    cards: Vec<CardAccount>,
    transactions: Transactions,
    /// By terminal and batch.
    settlements: BTreeMap<(String, String), Settlement>,
    /// What refuses advices, if ordered.
    advice_refusal: Option<Code>,
    /// What the next settlement is answered with, if ordered.
    settlement_answer: Option<u8>,
    /// Whether the day is being cut over.
    in_cut_over: bool,
    /// What the issuer adds to approvals of chip cards, DE55; empty for nothing.
    chip_answer: Vec<u8>,
    ledger: Ledger,
    keys: KeySource,
    clock: Clock,
    references: u64,
}

/// What the acquirer holds about a terminal.
struct Terminal {
    merchant: String,
    master_key: Key,
    batch: String,
    work_keys: Option<WorkKeys>,
}

/// What the issuer holds about a card beside its configuration, at the same index.
struct CardAccount {
    available_minor: i64,
    wrong_pins: u32,
}

/// A request that gets no answer; the connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unanswerable {
    /// The frame cannot be read; the terminal or what is between is at fault.
    #[error("terminal sent a frame that cannot be read: {0}")]
    Unreadable(#[from] CodecError),
    /// An answer, or a type that is neither.
    #[error("terminal sent message type {0}, which is no request")]
    NotARequest(Mti),
    /// Without these fields an answer could not be told from another.
    #[error("terminal sent a request without DE{0}, so that no answer could be matched to it")]
    Anonymous(u8),
}

/// What a fault orders the bank to do with one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Handling {
    /// Decide it.
    #[default]
    Decide,
    /// Do not carry it out and answer with this code.
    Refuse(Code),
    /// Decide it and answer with this code whatever was decided.
    AnswerWith(Code),
    /// Approve no more than this of a charge, minor units.
    ApprovePartly(i64),
}

impl Handling {
    /// The refusal, if one is ordered.
    fn obey(&self) -> Result<(), Code> {
        match self {
            Self::Refuse(code) => Err(code.clone()),
            _ => Ok(()),
        }
    }
}

/// Code and further fields of an answer.
struct Verdict {
    code: Code,
    authorisation: Option<String>,
    fields: Vec<(u8, Value)>,
}

impl Verdict {
    /// A code and nothing more.
    fn of(code: Code) -> Self {
        Self { code, authorisation: None, fields: Vec::new() }
    }

    fn digits(&mut self, field: u8, digits: String) {
        self.fields.push((field, Value::Digits(digits)));
    }

    fn text(&mut self, field: u8, text: String) {
        self.fields.push((field, Value::Text(text)));
    }
}

impl Bank {
    /// A bank with empty books; no terminal is signed in.
    pub fn new(config: AcquirerConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let batch = format!("{:06}", config.batch);
        let mut terminals = BTreeMap::new();
        for listed in &config.terminals {
            let wrong = || ConfigError::Contradiction(format!("terminal {}: tmk is no key", listed.terminal));
            let terminal = Terminal {
                merchant: listed.merchant.to_string(),
                master_key: listed.tmk.key().ok_or_else(wrong)?,
                batch: batch.clone(),
                work_keys: None,
            };
            terminals.insert(listed.terminal.to_string(), terminal);
        }
        let cards = config.cards.iter().map(|card| CardAccount { available_minor: card.balance_minor, wrong_pins: 0 });
        Ok(Self {
            terminals,
            cards: cards.collect(),
            transactions: Transactions::default(),
            settlements: BTreeMap::new(),
            advice_refusal: None,
            settlement_answer: None,
            in_cut_over: false,
            chip_answer: Vec::new(),
            ledger: Ledger::default(),
            keys: KeySource::new(config.seed),
            clock: Clock::new(config.time.as_ref()),
            references: 0,
            config,
        })
    }

    /// Answers one request; both without length prefix.
    pub fn answer(&mut self, body: &[u8]) -> Result<Vec<u8>, Unanswerable> {
        let request = Frame::decode(body)?;
        let message = self.process(&request, body, &Handling::Decide)?;
        Ok(self.seal(&request, message)?.encode()?)
    }

    /// The books.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Decides a request and moves the money; the answer has no MAC yet.
    pub(crate) fn process(
        &mut self,
        request: &Frame,
        body: &[u8],
        handling: &Handling,
    ) -> Result<Message, Unanswerable> {
        let message = &request.message;
        let mti = message.mti.answer().ok_or(Unanswerable::NotARequest(message.mti))?;
        for field in [11, 41, 42] {
            message.get(field).ok_or(Unanswerable::Anonymous(field))?;
        }
        let clear = self.with_clear_tracks(message);
        let mut answer = self.blank_answer(mti, clear.as_deref().unwrap_or(message));
        let operation = Operation::of(message, &self.config);
        let verdict = operation.and_then(|operation| self.carry_out(operation, clear?.as_ref(), body, handling));
        let Verdict { code: decided, authorisation, fields } = verdict.unwrap_or_else(Verdict::of);
        let code = match handling {
            Handling::AnswerWith(ordered) => ordered.clone(),
            _ => decided.clone(),
        };
        answer.set_text(39, code.as_str());
        if code == decided {
            authorisation.map(|authorisation| answer.set_text(38, authorisation));
            fields.into_iter().for_each(|(field, value)| _ = answer.set(field, value));
        }
        // An issuer speaks to its card also while it declines.
        if message.get(55).is_some() && !self.chip_answer.is_empty() {
            answer.set_binary(55, self.chip_answer.clone());
        }
        Ok(answer)
    }

    fn carry_out(
        &mut self,
        operation: Operation,
        request: &Message,
        body: &[u8],
        handling: &Handling,
    ) -> Result<Verdict, Code> {
        if self.in_cut_over && !operation.is_maintenance() {
            return Err(Code::known("90"));
        }
        match operation {
            Operation::Download => self.download(request, handling),
            Operation::SignIn => self.sign_in(request, handling),
            Operation::SignOff => self.sign_off(request, handling),
            Operation::Echo => self.echo(request, handling),
            Operation::Reversal => self.reverse(request, body, handling),
            Operation::Balance => self.balance(request, body, handling),
            Operation::ScanInquiry => self.scan_inquiry(request, body, handling),
            Operation::ScriptResult => self.script_result(request, body, handling),
            Operation::Settlement => self.settle(request, body, handling),
            Operation::Upload => self.upload(request, body, handling),
            _ => self.pay(operation, request, body, handling),
        }
    }

    /// Puts the answer into its envelope, with a MAC where the terminal has a key and the message carries one.
    pub(crate) fn seal(&self, request: &Frame, mut message: Message) -> Result<Frame, CodecError> {
        let tpdu = request.tpdu.swapped();
        let header = request.header;
        let carries_mac = is_financial(&request.message) || self.carries_settlement_mac(&request.message);
        let mac_key = self.work_keys(&message).map(|keys| keys.mac);
        let (true, Some(key)) = (carries_mac, mac_key) else {
            return Ok(Frame { tpdu, header, message });
        };
        message.set_binary(MAC_FIELD, [0; MAC_BYTES]);
        let frame = Frame { tpdu, header, message };
        let body = frame.encode()?;
        let mac = self.config.mac.compute(&key, mac_data(&body).unwrap_or_default());
        let Frame { mut message, .. } = frame;
        message.set_binary(MAC_FIELD, mac);
        Ok(Frame { tpdu, header, message })
    }

    fn blank_answer(&mut self, mti: Mti, request: &Message) -> Message {
        let mut answer = Message::new(mti);
        for field in ECHOED_FIELDS {
            if let Some(value) = request.get(field) {
                answer.set(field, value.clone());
            }
        }
        self.references += 1;
        let (time, date) = self.clock.local_time_and_date();
        answer
            .set_digits(12, time)
            .set_digits(13, date)
            .set_digits(15, self.clock.business_date())
            .set_digits(32, ACQUIRER_ID)
            .set_text(37, self.reference());
        if is_financial(request) {
            answer.set_text(44, INSTITUTIONS);
            let number = card_number(request);
            let card = self.config.cards.iter().find(|card| Some(card.pan.digits()) == number);
            if let Some(scheme) = card.and_then(CardConfig::scheme) {
                answer.set_text(63, scheme.as_str());
            }
            if let Some(card) = self.config.echo_card_number.then(|| card_number(request)).flatten() {
                answer.set_digits(2, card);
            }
        }
        answer
    }

    /// DE37 of the answer being made.
    fn reference(&self) -> String {
        format!("{:012}", self.references)
    }

    /// DE38 of the approval being made: the end of its DE37.
    fn authorisation(&self) -> String {
        format!("{:06}", self.references % 1_000_000)
    }

    /// The terminal, if it is known and belongs to the merchant it names.
    fn known_terminal(&mut self, request: &Message) -> Result<&mut Terminal, Code> {
        let id = request.text(41).ok_or_else(format_error)?;
        let merchant = request.text(42).ok_or_else(format_error)?;
        let terminal = self.terminals.get_mut(id).ok_or(Code::known("97"))?;
        if terminal.merchant == merchant { Ok(terminal) } else { Err(Code::known("03")) }
    }

    /// The terminal's keys, if it is known, signed in, and the MAC of the request is right.
    fn authenticated(&mut self, request: &Message, body: &[u8]) -> Result<WorkKeys, Code> {
        let kind = self.config.mac;
        let keys = self.known_terminal(request)?.work_keys.ok_or(Code::known("99"))?;
        let mac = request.binary(MAC_FIELD).ok_or(Code::known("A0"))?;
        let data = mac_data(body).ok_or_else(format_error)?;
        if kind.verify(&keys.mac, data, mac) { Ok(keys) } else { Err(Code::known("A0")) }
    }

    /// As [`Self::authenticated`], but a message without DE64 passes where settlement carries none.
    fn authenticated_for_settlement(&mut self, request: &Message, body: &[u8]) -> Result<(), Code> {
        if self.carries_settlement_mac(request) {
            return self.authenticated(request, body).map(drop);
        }
        self.known_terminal(request)?.work_keys.map(drop).ok_or(Code::known("99"))
    }

    /// Whether a settlement or upload and its answer have a MAC: where configured, and where the terminal sent one.
    fn carries_settlement_mac(&self, request: &Message) -> bool {
        let settling = matches!(request.mti.first(), Mti::SETTLEMENT | Mti::UPLOAD);
        settling && (self.config.settlement.mac || request.get(MAC_FIELD).is_some())
    }

    fn work_keys(&self, message: &Message) -> Option<WorkKeys> {
        self.terminals.get(message.text(41)?)?.work_keys
    }
}

/// What DE60 says.
struct Private<'a> {
    /// 60.1, message type code.
    kind: &'a str,
    /// 60.2, batch number.
    batch: &'a str,
    /// 60.3, network management code.
    network_code: Option<&'a str>,
}

fn private(request: &Message) -> Result<Private<'_>, Code> {
    let digits = request.digits(60).ok_or_else(format_error)?;
    let part = |range: std::ops::Range<usize>| digits.get(range);
    match (part(0..2), part(2..8)) {
        (Some(kind), Some(batch)) => Ok(Private { kind, batch, network_code: part(8..11) }),
        _ => Err(format_error()),
    }
}

/// Whether a request and its answer always have a MAC.
fn is_financial(request: &Message) -> bool {
    let mti = request.mti.first();
    [Mti::AUTHORISATION, Mti::SALE, Mti::ADVICE, Mti::REVERSAL, Mti::SCRIPT_RESULT].contains(&mti)
}

/// The card number of DE2, or of the track.
fn card_number(request: &Message) -> Option<&str> {
    request.digits(2).or_else(|| request.digits(35)?.split('D').next())
}

/// The amount of DE4 in minor units.
fn amount_minor(request: &Message) -> Result<i64, Code> {
    request.digits(4).and_then(|digits| digits.parse().ok()).ok_or_else(format_error)
}

/// Code 30: the message is not what the protocol says.
fn format_error() -> Code {
    Code::known("30")
}
