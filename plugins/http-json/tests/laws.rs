//! What must stay true, whatever the protocol becomes.

use acquit_plugin_http_json::{HttpJson, SEAL_HEADER, codes};
use sdk::prelude::*;

const TERMINAL: &str = "T0000001";
const ORDER: &str = "000000000042";

fn context() -> Context {
    Context {
        now: LocalTime { year: 2026, month: 5, day: 10, hour: 10, minute: 0, second: 0, utc_offset: 480 },
        transaction: "T1".to_owned(),
        operator: "01".to_owned(),
        locale: "en".to_owned(),
        parameters: vec![("terminal".to_owned(), TERMINAL.to_owned())],
        memory: Vec::new(),
        counters: vec![("order".to_owned(), 42)],
        keys: vec!["seal".to_owned()],
        device: Device {
            serial: "S".to_owned(),
            model: "M".to_owned(),
            firmware: "F".to_owned(),
            reads: vec![Reader::Stripe],
            developer_kernel: false,
        },
    }
}

fn amount() -> Amount {
    Amount { minor: 1234, currency: 156, exponent: 2 }
}

fn sale() -> Operation {
    Operation::Pay(Payment {
        kind: PaymentKind::Sale,
        amount: amount(),
        tip: None,
        cash: None,
        card: Some(Presented {
            entry: Entry::Stripe,
            bin: "620000".to_owned(),
            last_four: "6787".to_owned(),
            pan_length: 16,
            has_expiry: true,
            track_one_length: 0,
            track_two_length: 35,
            track_three_length: 0,
            sequence_number: None,
            service_code: None,
            verification: Verification::Signature,
            pin_length: 0,
            fell_back: false,
            tags: Vec::new(),
        }),
    })
}

fn reversal() -> Operation {
    Operation::FollowUp(FollowUp {
        kind: FollowUpKind::Reverse,
        of: Subject::None,
        amount: amount(),
        card: None,
        reason: None,
    })
}

fn text(result: &str, code: &str) -> String {
    format!(
        r#"{{"terminal":"{TERMINAL}","order":"{ORDER}","amount":"000000001234","result":"{result}","code":"{code}","authorization":"123456","reference":"000000000077"}}"#
    )
}

fn answer(status: u16, seal: Option<&str>, body: String) -> Event {
    let headers = seal.map(|seal| (SEAL_HEADER.to_owned(), seal.to_owned())).into_iter().collect();
    Event::Received(Reply { status, headers, body: body.into_bytes() })
}

/// Who checks the seal is the terminal.
fn sealed(result: &str, code: &str) -> Event {
    answer(200, Some("00FF"), text(result, code))
}

fn begun() -> Exchange {
    match HttpJson::start(&context(), &sale()).expect("a sale").action {
        Action::Send(exchange) => exchange,
        other => panic!("{other:?}"),
    }
}

fn resumed(operation: &Operation, event: &Event) -> Step {
    HttpJson::resume(&context(), operation, ORDER.as_bytes(), event).expect("reads")
}

fn ended(operation: &Operation, event: &Event) -> Outcome {
    match resumed(operation, event).action {
        Action::Finish(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

/// The body of a request, holes by what they are.
fn body(message: &Message) -> String {
    let Node::Concat(parts) = &message.nodes[message.whole as usize] else { panic!("one piece") };
    let piece = |node: &Node| match node {
        Node::Literal(bytes) => String::from_utf8(bytes.clone()).expect("text"),
        Node::Secret(hole) => format!("<{:?}>", hole.secret),
        Node::Reason(spelled) => String::from_utf8(spelled[0].bytes.clone()).expect("text"),
        other => panic!("{other:?}"),
    };
    parts.iter().map(|part| piece(&message.nodes[*part as usize])).collect()
}

fn undo(exchange: &Exchange) -> &Standby {
    let Some(Remedy::Undo(standby)) = &exchange.remedy else { panic!("it takes nothing back") };
    standby
}

#[test]
fn messages_are_as_the_protocol_writes_them() {
    let sale = begun();
    let common = format!(r#"{{"terminal":"{TERMINAL}","order":"{ORDER}","amount":"000000001234","currency":"156""#);
    assert_eq!(body(&sale.message), format!(r#"{common},"card":"<Secret::Pan>","expiry":"<Secret::Expiry>"}}"#));
    assert_eq!(body(&undo(&sale).message), format!(r#"{common},"reason":"98"}}"#));
    for (message, target) in [(&sale.message, "/v1/sales"), (&undo(&sale).message, "/v1/reversals")] {
        let head = message.http.as_ref().expect("a head");
        assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", target));
        assert!(head.headers.iter().any(|header| header.name == SEAL_HEADER));
    }
}

#[test]
fn what_moves_money_has_a_remedy() {
    let sale = begun();
    assert_eq!(sale.gravity, Gravity::MovesMoney);
    assert!(undo(&sale).answers.iter().all(|reading| reading.proofs.len() == 4), "a seal and three echoes");
}

#[test]
fn codes_decide_and_only_those_of_the_table() {
    assert!(matches!(ended(&sale(), &sealed("approved", "00")), Outcome::Approved(_)));
    for (code, reason, _) in codes::DECLINED {
        let declined = ended(&sale(), &sealed("declined", code));
        assert!(matches!(&declined, Outcome::Declined(declined) if declined.reason == *reason), "{declined:?}");
    }
    for (result, code) in [("approved", "51"), ("declined", "00"), ("declined", "X7"), ("", "00"), ("reversed", "00")] {
        assert!(matches!(ended(&sale(), &sealed(result, code)), Outcome::Unknown(_)), "{result} {code}");
    }
}

/// A gateway that gives up need not know what became of the order behind it.
#[test]
fn a_status_that_is_not_200_says_nothing_about_money() {
    for status in [204, 302, 400, 404, 500, 504] {
        let step = resumed(&sale(), &answer(status, Some("00FF"), text("declined", "51")));
        let Action::Finish(Outcome::Unknown(unknown)) = step.action else { panic!("{:?}", step.action) };
        assert_eq!((unknown.code, unknown.owed), (status.to_string(), Owed::Reversal));
        assert!(matches!(ended(&reversal(), &answer(status, None, String::new())), Outcome::Unknown(_)));
    }
}

#[test]
fn an_answer_without_a_seal_is_never_an_approval() {
    for (result, code) in [("approved", "00"), ("declined", "51")] {
        assert!(matches!(ended(&sale(), &answer(200, None, text(result, code))), Outcome::Unknown(_)));
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_the_acquirers_fault() {
    for body in [String::new(), "{}".to_owned(), text("approved", "00") + "x", "<html>".to_owned()] {
        let read = HttpJson::resume(&context(), &sale(), ORDER.as_bytes(), &answer(200, Some("00"), body));
        assert!(matches!(read, Err(Fault::Malformed(_))), "{read:?}");
    }
    let foreign = HttpJson::resume(&context(), &sale(), b"x", &sealed("approved", "00"));
    assert!(matches!(foreign, Err(Fault::Internal(_))));
}

/// An answer to another order has other bytes where the echo points: the terminal then finds the proof false.
#[test]
fn every_echo_points_at_what_came_back() {
    let event = sealed("approved", "00");
    let Event::Received(reply) = &event else { panic!("a reply") };
    let step = resumed(&sale(), &event);
    let pointed_at = |proof: &Proof| match proof {
        Proof::Echo(echo) => Some(reply.body[echo.got.start as usize..echo.got.end as usize].to_vec()),
        Proof::Seal(_) => None,
    };
    let got: Vec<Vec<u8>> = step.proofs.iter().filter_map(pointed_at).collect();
    assert_eq!(got, [TERMINAL.as_bytes(), ORDER.as_bytes(), b"000000001234"].map(<[u8]>::to_vec));
}

/// The terminal reads the answer to a reversal by patterns where the plugin is gone; both must say the same.
#[test]
fn the_terminal_reads_an_answer_to_a_reversal_as_the_plugin_does() {
    let sale = begun();
    for (result, means) in
        [("reversed", Meaning::Paid), ("unknown-order", Meaning::Unmatched), ("declined", Meaning::Refused)]
    {
        let event = sealed(result, "00");
        let Event::Received(reply) = &event else { panic!("a reply") };
        let fits = |reading: &&Reading| {
            reading.fits.status == Some(200)
                && reading.fits.at.iter().all(|at| reply.body[at.offset as usize..].starts_with(&at.bytes))
        };
        let reading = undo(&sale).answers.iter().find(fits).expect("one fits");
        assert_eq!((reading.means, &reading.proofs), (means, &resumed(&reversal(), &event).proofs));
        let same = match ended(&reversal(), &event) {
            Outcome::Acknowledged(_) => Meaning::Paid,
            Outcome::Unmatched(_) => Meaning::Unmatched,
            Outcome::Refused(_) => Meaning::Refused,
            other => panic!("{other:?}"),
        };
        assert_eq!(means, same);
    }
}
