//! One record of every fact, and of every case inside a fact that is cheap to name: what golden files are made of.

mod later;

use std::sync::Arc;

use super::{CardProblem, Doubt, Fact, Incident, Intent, NotSent, Outcome, Party, Reader, Record, Verdict};
use crate::contract::Digest;
use crate::contract::acquirer::{
    Approved, Balance, BytesAt, Claim, Declined, Echo, Echoed, Meaning, NewKey, Pattern, Proof, Reading, Reason,
    Remedy, Reply, Seal, SealAlgorithm, Standby, Wrapping,
};
use crate::contract::card::{Entry, Presented, Verification};
use crate::contract::retry_policy::{Delivery, Failure};
use crate::contract::template::{
    ChipDataHole, CipherAlgorithm, CipherHole, DigestAlgorithm, DigestHole, Encoding, Extent, HttpHead, HttpHeader,
    KeySerialHole, LengthEncoding, LengthHole, MacAlgorithm, MacHole, Message, Node, ReasonBytes, Secret, SecretHole,
    SignatureAlgorithm, SignatureHole, TextEncoding, TextHole, TrackHole, TrackProtection, UndoReason,
};
use crate::contract::transaction::{
    FollowUp, FollowUpKind, Gravity, Maintenance, Operation, OperationKind, Original, Payment, PaymentKind, Subject,
    Totals, Upload,
};
use crate::contract::types::{Amount, LocalTime};
use crate::identity::TransactionId;
use crate::time::Timestamp;

fn id() -> TransactionId {
    TransactionId::parse("A1").unwrap()
}

fn debt() -> TransactionId {
    id().reversal()
}

fn yuan(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}

fn reference() -> Vec<(String, String)> {
    vec![("trace".into(), "000001".into()), ("batch".into(), "000042".into())]
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
        track_three_length: 104,
        sequence_number: Some(1),
        service_code: Some("201".into()),
        verification: Verification::OnlinePin,
        pin_length: 6,
        fell_back: false,
        tags: vec![(0x9f26, vec![1, 2, 3, 4, 5, 6, 7, 8])],
    }
}

fn payment() -> Operation {
    Operation::Pay(Payment {
        kind: PaymentKind::Sale,
        amount: yuan(1234),
        tip: Some(yuan(34)),
        cash: None,
        card: Some(card()),
    })
}

fn original() -> Original {
    Original {
        transaction: "A0".into(),
        operation: OperationKind::Preauthorize,
        amount: yuan(5000),
        at: LocalTime { year: 2026, month: 11, day: 22, hour: 16, minute: 20, second: 59, utc_offset: 480 },
        card: Some(card()),
        reference: reference(),
    }
}

fn operations() -> Vec<(&'static str, Operation)> {
    let follow_up =
        |kind, of, reason| Operation::FollowUp(FollowUp { kind, of, amount: yuan(5000), card: None, reason });
    vec![
        ("sign-in", Operation::Maintain(Maintenance::SignIn)),
        ("download", Operation::Download("blacklist".into())),
        ("sale", payment()),
        ("complete", follow_up(FollowUpKind::Complete, Subject::Known(original()), None)),
        ("refund", follow_up(FollowUpKind::Refund, Subject::None, None)),
        ("reverse", follow_up(FollowUpKind::Reverse, Subject::Typed(reference()), Some(UndoReason::CardRefused))),
        (
            "settle",
            Operation::Settle(vec![Totals {
                group: "domestic".into(),
                operation: OperationKind::Sale,
                count: 3,
                amount: yuan(300),
            }]),
        ),
        ("upload", Operation::Upload(Upload { balanced: false, first: 1, total: 65, items: vec![original()] })),
    ]
}

/// A message with every kind of node.
fn message() -> Message {
    let key = || String::from("mac");
    let nodes = vec![
        Node::Literal(vec![0, 1, 0xff]),
        Node::Concat(vec![0]),
        Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::BcdRightF, of_item: Some(2) }),
        Node::Track(TrackHole {
            track: Secret::TrackTwo,
            protection: TrackProtection::UnionpayLastBlock,
            key: "track".into(),
        }),
        Node::PinBlock("pin".into()),
        Node::KeySerial(KeySerialHole { key: "dukpt".into(), text: TextEncoding::HexUpper }),
        Node::ChipData(ChipDataHole { tags: vec![0x9f26, 0x95], of_item: None }),
        Node::Mac(MacHole { over: 1, algorithm: MacAlgorithm::UnionpayEcb, key: key() }),
        Node::Digest(DigestHole { over: 1, algorithm: DigestAlgorithm::Sm3 }),
        Node::Cipher(CipherHole { over: 1, algorithm: CipherAlgorithm::AesGcm, key: "data".into() }),
        Node::Signature(SignatureHole { over: 1, algorithm: SignatureAlgorithm::Sm2Sm3, key: "sign".into() }),
        Node::Text(TextHole { of: 1, encoding: TextEncoding::Base64 }),
        Node::LengthOf(LengthHole { of: 1, encoding: LengthEncoding::BcdTwoBytes }),
        Node::Nonce(16),
        Node::Clock("%H%M%S".into()),
        Node::Reason(vec![ReasonBytes { reason: UndoReason::NoAnswer, bytes: b"98".to_vec() }]),
        Node::Received(Extent { start: -8, end: 0 }),
        Node::ReceivedHeader("x-signature".into()),
    ];
    let header = HttpHeader { name: "content-type".into(), value: 0 };
    let http = HttpHead { method: "POST".into(), target: "/pay".into(), headers: vec![header] };
    Message { whole: 17, nodes, http: Some(http) }
}

fn standby() -> Standby {
    let seal = |claimed, algorithm| {
        Proof::Seal(Seal {
            over: vec![Node::Received(Extent { start: 0, end: -8 })],
            claimed,
            algorithm,
            key: "mac".into(),
        })
    };
    let echo = Echo { what: Echoed::Trace, sent: 3, got: Extent { start: 4, end: 7 } };
    let reading = |means| Reading {
        fits: Pattern {
            status: Some(200),
            at: vec![BytesAt { offset: -2, bytes: b"00".to_vec() }],
            holds: vec![b"SUCCESS".to_vec()],
        },
        proofs: vec![
            seal(Claim::Body(Extent { start: -8, end: 0 }), SealAlgorithm::Mac(MacAlgorithm::X919)),
            seal(Claim::HeaderHex("x-mac".into()), SealAlgorithm::Signature(SignatureAlgorithm::RsaSha256)),
            seal(Claim::HeaderBase64("x-sign".into()), SealAlgorithm::Signature(SignatureAlgorithm::Ed25519)),
            Proof::Echo(echo.clone()),
        ],
        means,
    };
    Standby {
        route: "host".into(),
        message: message(),
        again: Some(message()),
        timeout: 60_000,
        answers: vec![reading(Meaning::Paid), reading(Meaning::Unmatched), reading(Meaning::Refused)],
    }
}

fn intent(operation: Operation, gravity: Gravity, remedy: Option<Remedy>, sealed: Option<Vec<u8>>) -> Fact {
    Fact::Intent(Arc::new(Intent {
        transaction: id(),
        operation,
        exchange: 0,
        plugin: Digest([7; 32]),
        gravity,
        route: "host".into(),
        uses: vec![("trace".into(), 1)],
        timeout: 60_000,
        remedy,
        sealed: sealed.into(),
        undo_demands_seal: true,
        state: b"state".to_vec(),
        reference: reference(),
    }))
}

fn concluded(outcome: Outcome) -> Fact {
    Fact::Concluded { transaction: id(), operation: Box::new(payment()), outcome, reference: reference() }
}

fn declined() -> Declined {
    Declined {
        code: "51".into(),
        reason: Reason::InsufficientFunds,
        message: "余额不足".into(),
        capture_card: true,
        chip_data: Vec::new(),
    }
}

fn approved() -> Approved {
    Approved {
        amount: yuan(1234),
        authorization: "123456".into(),
        retrieval_reference: "123456789012".into(),
        chip_data: vec![0x91, 2, 0, 0],
        balance: Some(Balance { amount: yuan(1), negative: true }),
        settlement_group: "domestic".into(),
        receipt: vec![("issuer".into(), "ICBC".into())],
    }
}

fn reply() -> Reply {
    Reply { status: 200, headers: vec![("server".into(), "pos".into())], body: vec![0x60, 0, 0xff] }
}

fn incidents() -> Vec<Incident> {
    vec![
        Incident::PluginFailed("out of fuel".into()),
        Incident::IllegalDecision("Fail".into()),
        Incident::IllegalStep("a route it never declared: x".into()),
        Incident::MissingRemedy,
        Incident::BadSeal("mac".into()),
        Incident::BadEcho("trace".into()),
        Incident::MissingProof("seal".into()),
        Incident::BadCheckValue("pin".into()),
        Incident::ClockWentBack,
    ]
}

fn not_sent() -> Vec<NotSent> {
    let mut known = vec![
        NotSent::Card(CardProblem::TimedOut),
        NotSent::Cancelled,
        NotSent::DebtsOwed { unheard: 1, refused: 2 },
        NotSent::Unreachable(Failure::Connect),
        NotSent::Plugin(Incident::MissingRemedy),
        NotSent::Template("no track".into()),
        NotSent::Storage("no space left".into()),
        NotSent::NotSignedIn,
        NotSent::Refused(declined()),
        NotSent::BadCheckValue("pin".into()),
        NotSent::Suspended,
        NotSent::Amount,
        NotSent::Interrupted,
        NotSent::Unsupported,
    ];
    known.extend(later::not_sent());
    known
}

fn doubts() -> Vec<Doubt> {
    vec![
        Doubt::Unheard(Failure::Timeout),
        Doubt::Unproven,
        Doubt::Acquirer { code: "96".into() },
        Doubt::Plugin(Incident::PluginFailed("trap".into())),
        Doubt::OtherAmount { approved_minor: 1233 },
        Doubt::Interrupted,
        Doubt::Storage,
        Doubt::CardRefused,
        Doubt::StoppedWaiting,
    ]
}

fn outcomes() -> Vec<(String, Outcome)> {
    let mut outcomes = vec![
        ("approved".to_owned(), Outcome::Approved(approved())),
        ("declined".to_owned(), Outcome::Declined(declined())),
        ("done".to_owned(), Outcome::Done),
        ("failed".to_owned(), Outcome::Failed(NotSent::Unreachable(Failure::Tls))),
    ];
    let numbered = |word: &str, number: usize| format!("{word}-{number}");
    outcomes
        .extend(not_sent().into_iter().enumerate().map(|(n, why)| (numbered("not-sent", n), Outcome::NotSent(why))));
    outcomes
        .extend(doubts().into_iter().enumerate().map(|(n, doubt)| (numbered("unknown", n), Outcome::Unknown(doubt))));
    outcomes
}

fn key() -> NewKey {
    NewKey {
        name: "mac".into(),
        under: "transport".into(),
        wrapping: Wrapping::TdesEcb,
        block: vec![9; 16],
        check_value: Some(vec![1, 2, 3, 4]),
    }
}

/// Every fact.
pub(crate) fn facts() -> Vec<(String, Fact)> {
    let mut facts: Vec<(String, Fact)> = Vec::new();
    let mut fact = |name: &str, fact: Fact| facts.push((name.to_owned(), fact));
    for (word, operation) in operations() {
        fact(&format!("intent-{word}"), intent(operation, Gravity::Asks, None, None));
    }
    let grave = |remedy, sealed| intent(payment(), Gravity::MovesMoney, Some(remedy), sealed);
    fact("intent-undo-sealed", grave(Remedy::Undo(standby().into()), Some(b"sealed card data".to_vec())));
    fact("intent-undo-sealed-empty", grave(Remedy::Undo(standby().into()), Some(Vec::new())));
    fact("intent-undo", grave(Remedy::Undo(standby().into()), None));
    fact("intent-repeat", grave(Remedy::Repeat(standby().into()), Some(vec![0; 3])));
    fact("intent-inquire", grave(Remedy::Inquire(None), None));
    fact("intent-inquire-standby", grave(Remedy::Inquire(Some(standby().into())), Some(vec![0; 3])));
    fact("resent", Fact::Resent { transaction: id(), exchange: 1, route: "backup".into() });
    let sent = |delivery, failure| Fact::Sent { transaction: id(), exchange: 0, delivery, failure };
    fact("sent-not-sent", sent(Delivery::NotSent, Some(Failure::NoRoute)));
    fact("sent-maybe", sent(Delivery::MaybeSent, Some(Failure::Closed)));
    fact("sent", sent(Delivery::Sent, None));
    fact("heard", Fact::Heard { transaction: id(), exchange: 0, reply: reply(), proven: true });
    for (word, outcome) in outcomes() {
        fact(&format!("concluded-{word}"), concluded(outcome));
    }
    for (number, reason) in [
        UndoReason::NoAnswer,
        UndoReason::BadMac,
        UndoReason::Malfunction,
        UndoReason::CardRefused,
        UndoReason::Cancelled,
    ]
    .into_iter()
    .enumerate()
    {
        fact(&format!("owed-{number}"), Fact::Owed { debt: debt(), of: id(), reason });
    }
    fact("tried", Fact::Tried { debt: debt(), number: 1, route: "host".into() });
    let unheard = |failure| Fact::Unheard { debt: debt(), number: 1, delivery: Delivery::Sent, failure };
    fact("unheard-malformed", unheard(Failure::Malformed));
    fact("unheard-bad-proof", unheard(Failure::BadProof));
    fact("unheard-plugin-fault", unheard(Failure::PluginFault));
    fact("unheard-cancelled", unheard(Failure::Cancelled));
    let answered = |verdict, code: &str, read_by| Fact::Answered {
        debt: debt(),
        number: 300,
        reply: reply(),
        verdict,
        code: code.into(),
        read_by,
    };
    fact("answered-paid", answered(Verdict::Paid, "00", Reader::Plugin));
    fact("answered-unmatched", answered(Verdict::Unmatched, "25", Reader::Standby));
    fact("answered-refused", answered(Verdict::Refused, "58", Reader::Plugin));
    fact("keys-installed", Fact::KeysInstalled { keys: vec![key()] });
    fact("keys-dropped", Fact::KeysDropped { slots: vec!["mac".into(), "pin".into()] });
    fact("remembered", Fact::Remembered { name: "batch".into(), value: b"000042".to_vec() });
    fact("counter-set", Fact::CounterSet { name: "trace".into(), value: u64::MAX });
    let parties = [Party::Acquirer, Party::Plugin, Party::Terminal, Party::Storage, Party::Operator];
    for (number, what) in incidents().into_iter().enumerate() {
        let (transaction, party) = ((number % 2 == 0).then(id), parties[number % parties.len()]);
        fact(&format!("incident-{number}"), Fact::Incident { transaction, party, what });
    }
    facts.extend(since_version_2());
    facts.extend(later::since_version_3());
    facts
}

/// Facts that version 1 did not know.
fn since_version_2() -> Vec<(String, Fact)> {
    let (transaction, party) = (Some(id()), Party::Storage);
    let waived = Fact::Waived {
        debt: debt(),
        reason: "退款已由柜台现金支付".into(),
        signed_by: "operator+1a2b3c4d+AQ==".into(),
        statement: "acquit waiver 1\n".into(),
        signature: vec![0xab; 64],
    };
    let carried = Fact::Carried {
        counters: vec![("trace".into(), 123_456), ("invoice".into(), 1)],
        memory: vec![("batch".into(), b"000042".to_vec())],
        keys: vec![key()],
        failed_proofs: 2,
    };
    vec![
        ("incident-card-data-gone".into(), Fact::Incident { transaction, party, what: Incident::CardDataGone }),
        ("waived".into(), waived),
        ("carried".into(), carried),
    ]
}

/// The same as records.
pub(crate) fn records() -> Vec<(String, Record)> {
    let at = Timestamp { unix_ms: 1_795_000_000_123, utc_offset_minutes: -570 };
    facts().into_iter().map(|(name, fact)| (name, Record { at, acquirer: "unionpay".into(), fact })).collect()
}
