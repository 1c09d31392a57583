//! What a terminal writes down in a day's trade, as real records of the engine.

use std::sync::Arc;

use engine::contract::Digest;
use engine::contract::acquirer::{
    Approved, Meaning, Pattern, Proof, Reading, Remedy, Reply, Seal, SealAlgorithm, Standby,
};
use engine::contract::card::{Entry, Presented, Verification};
use engine::contract::retry_policy::{Delivery, Failure};
use engine::contract::template::{
    Extent, MacAlgorithm, MacHole, Message, Node, ReasonBytes, Secret, SecretHole, UndoReason,
};
use engine::contract::transaction::{Gravity, Operation, Original, Payment, PaymentKind, Upload};
use engine::contract::types::{Amount, LocalTime};
use engine::{Doubt, Fact, Intent, Outcome, Reader, Record, Timestamp, TransactionId, Verdict};

/// The one acquirer of these scripts.
const ACQUIRER: &str = "unionpay";
/// The first record's time, in milliseconds since 1970; each later one is a second younger.
const FIRST_UNIX_MS: i64 = 1_795_000_000_000;
/// Bytes of card data the vault seals to a transaction: a track, a tag list and the sealing.
const SEALED_BYTES: usize = 180;
/// Originals in one upload call, the most the contract allows.
const UPLOAD_ITEMS: u32 = 64;

/// The moment after the last record of any script.
pub fn after_all() -> engine::Moment {
    engine::Moment { wall: at(1_000_000), monotonic_ms: 0 }
}

/// Writes one terminal's records, each a second after the one before.
#[derive(Clone, Debug, Default)]
pub struct Clerk {
    written: u32,
    payments: u32,
}

impl Clerk {
    /// The name of the next payment.
    pub fn next_payment(&mut self) -> TransactionId {
        self.payments += 1;
        let name = format!("P{:06}", self.payments);
        TransactionId::parse(&name).unwrap_or_else(|_| unreachable!("{name} is letters and digits"))
    }

    /// A sale will be sent, and this takes it back.
    pub fn sale(&mut self, id: &TransactionId) -> Record {
        let number = u64::from(self.payments);
        self.intent(id, sale_of(number), Gravity::MovesMoney, Some(Remedy::Undo(standby(number).into())))
    }

    /// A sale at an acquirer that is asked about silence instead.
    pub fn sale_to_be_asked_for(&mut self, id: &TransactionId) -> Record {
        let number = u64::from(self.payments);
        self.intent(id, sale_of(number), Gravity::MovesMoney, Some(Remedy::Inquire(Some(standby(number).into()))))
    }

    /// It was sent, heard and approved.
    pub fn approval(&mut self, id: &TransactionId) -> Vec<Record> {
        let number = u64::from(self.payments);
        let approved = Approved {
            amount: yuan(number),
            authorization: "123456".into(),
            retrieval_reference: format!("{number:012}"),
            chip_data: vec![0x91, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            balance: None,
            settlement_group: "domestic".into(),
            receipt: vec![("issuer".into(), "ICBC".into())],
        };
        vec![
            self.sent(id, Delivery::Sent, None),
            self.record(Fact::Heard { transaction: id.clone(), exchange: 0, reply: reply(number), proven: true }),
            self.concluded(id, Outcome::Approved(approved)),
        ]
    }

    /// It was sent and nothing was heard: its reversal is owed.
    pub fn silence(&mut self, id: &TransactionId) -> Vec<Record> {
        vec![
            self.sent(id, Delivery::MaybeSent, Some(Failure::Timeout)),
            self.concluded(id, Outcome::Unknown(Doubt::Unheard(Failure::Timeout))),
            self.record(Fact::Owed { debt: id.reversal(), of: id.clone(), reason: UndoReason::NoAnswer }),
        ]
    }

    /// Its reversal will be sent.
    pub fn try_to_reverse(&mut self, id: &TransactionId, number: u32) -> Record {
        self.record(Fact::Tried { debt: id.reversal(), number, route: "host".into() })
    }

    /// Nothing was heard of that either.
    pub fn reversal_unheard(&mut self, id: &TransactionId, number: u32) -> Record {
        let (delivery, failure) = (Delivery::Sent, Failure::Timeout);
        self.record(Fact::Unheard { debt: id.reversal(), number, delivery, failure })
    }

    /// The acquirer took it back.
    pub fn reversal_acknowledged(&mut self, id: &TransactionId, number: u32) -> Record {
        self.record(Fact::Answered {
            debt: id.reversal(),
            number,
            reply: reply(u64::from(number)),
            verdict: Verdict::Paid,
            code: "00".into(),
            read_by: Reader::Plugin,
        })
    }

    /// A full call of a batch upload, and that it was done.
    pub fn upload(&mut self, first: u32, total: u32) -> Vec<Record> {
        let id = self.next_payment();
        let items = (first..first + UPLOAD_ITEMS).map(original).collect();
        let operation = Operation::Upload(Upload { balanced: false, first, total, items });
        let intent = self.intent(&id, operation.clone(), Gravity::Asks, None);
        let done = Fact::Concluded {
            transaction: id,
            operation: Box::new(operation),
            outcome: Outcome::Done,
            reference: Vec::new(),
        };
        vec![intent, self.record(done)]
    }

    /// Something a plugin wants kept.
    pub fn remembered(&mut self, bytes: usize) -> Record {
        let value = (0..bytes).map(|place| (place as u32 ^ self.written) as u8).collect();
        self.record(Fact::Remembered { name: "batch".into(), value })
    }

    fn intent(&mut self, id: &TransactionId, operation: Operation, gravity: Gravity, remedy: Option<Remedy>) -> Record {
        let sealed = remedy.as_ref().map(|_| (0..SEALED_BYTES).map(|place| (place * 7 + 3) as u8).collect());
        self.record(Fact::Intent(Arc::new(Intent {
            transaction: id.clone(),
            operation,
            exchange: 0,
            plugin: Digest([7; 32]),
            gravity,
            route: "host".into(),
            uses: vec![("trace".into(), u64::from(self.payments))],
            timeout: 60_000,
            remedy,
            sealed: Option::<Vec<u8>>::into(sealed),
            undo_demands_seal: true,
            state: (0..400).map(|place| (place * 5) as u8).collect(),
            reference: vec![("trace".into(), format!("{:06}", self.payments)), ("batch".into(), "000042".into())],
        })))
    }

    fn sent(&mut self, id: &TransactionId, delivery: Delivery, failure: Option<Failure>) -> Record {
        self.record(Fact::Sent { transaction: id.clone(), exchange: 0, delivery, failure })
    }

    fn concluded(&mut self, id: &TransactionId, outcome: Outcome) -> Record {
        let operation = Box::new(sale_of(u64::from(self.payments)));
        self.record(Fact::Concluded { transaction: id.clone(), operation, outcome, reference: Vec::new() })
    }

    fn record(&mut self, fact: Fact) -> Record {
        self.written += 1;
        Record { at: at(self.written), acquirer: ACQUIRER.into(), fact }
    }
}

fn at(second: u32) -> Timestamp {
    Timestamp { unix_ms: FIRST_UNIX_MS + i64::from(second) * 1000, utc_offset_minutes: 480 }
}

fn yuan(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}

fn sale_of(minor: u64) -> Operation {
    let (kind, card) = (PaymentKind::Sale, Some(card()));
    Operation::Pay(Payment { kind, amount: yuan(minor), tip: None, cash: None, card })
}

fn original(number: u32) -> Original {
    Original {
        transaction: format!("P{number:06}"),
        operation: engine::contract::transaction::OperationKind::Sale,
        amount: yuan(u64::from(number)),
        at: LocalTime { year: 2026, month: 11, day: 22, hour: 16, minute: 20, second: 59, utc_offset: 480 },
        card: Some(card()),
        reference: vec![("trace".into(), format!("{number:06}"))],
    }
}

fn card() -> Presented {
    Presented {
        entry: Entry::ContactChip,
        bin: "621234".into(),
        last_four: "1234".into(),
        pan_length: 19,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 37,
        track_three_length: 0,
        sequence_number: Some(1),
        service_code: Some("201".into()),
        verification: Verification::OnlinePin,
        pin_length: 6,
        fell_back: false,
        tags: vec![(0x9f26, vec![1, 2, 3, 4, 5, 6, 7, 8])],
    }
}

fn reply(number: u64) -> Reply {
    Reply { status: 0, headers: Vec::new(), body: (0..160).map(|place| (place as u64 * 3 + number) as u8).collect() }
}

/// An ISO 8583 reversal: literals, the card, the reason, a MAC; and how its answer is read.
fn standby(number: u64) -> Standby {
    let literal = (0..420).map(|place| (place as u64 ^ number) as u8).collect();
    let nodes = vec![
        Node::Literal(literal),
        Node::Secret(SecretHole {
            secret: Secret::Pan,
            encoding: engine::contract::template::Encoding::BcdRightF,
            of_item: None,
        }),
        Node::Reason(vec![ReasonBytes { reason: UndoReason::NoAnswer, bytes: b"98".to_vec() }]),
        Node::Concat(vec![0, 1, 2]),
        Node::Mac(MacHole { over: 3, algorithm: MacAlgorithm::UnionpayEcb, key: "mac".into() }),
        Node::Concat(vec![3, 4]),
    ];
    let seal = Proof::Seal(Seal {
        over: vec![Node::Received(Extent { start: 0, end: -8 })],
        claimed: engine::contract::acquirer::Claim::Body(Extent { start: -8, end: 0 }),
        algorithm: SealAlgorithm::Mac(MacAlgorithm::UnionpayEcb),
        key: "mac".into(),
    });
    let reading = |means| Reading {
        fits: Pattern { status: None, at: Vec::new(), holds: vec![b"00".to_vec()] },
        proofs: vec![seal.clone()],
        means,
    };
    Standby {
        route: "host".into(),
        message: Message { whole: 5, nodes, http: None },
        again: None,
        timeout: 60_000,
        answers: vec![reading(Meaning::Paid), reading(Meaning::Unmatched), reading(Meaning::Refused)],
    }
}
