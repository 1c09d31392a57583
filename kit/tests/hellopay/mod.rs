//! HelloPay, the demonstration acquirer: its messages, and what a plugin of it makes of answers.
#![allow(dead_code, reason = "each test takes what it needs")]

use engine::contract::Plugin;
use engine::contract::acquirer::{Action, Event, Exchange, Outcome, Remedy, Reply, Standby};
use engine::contract::template::{Message, Node, Secret, UndoReason};
use engine::contract::transaction::{Operation, OperationKind};

use acquit_kit::Trial;

pub const ECHO: &str = r#"{"terminal":"T0000001","order":"000000000001"}"#;
pub const SALE: &str = concat!(
    r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","currency":"156","#,
    r#""card":"<pan>","expiry":"<expiry>"}"#
);
pub const REVERSAL: &str = concat!(
    r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","currency":"156","#,
    r#""reason":"98"}"#
);

pub fn exchange(plugin: &dyn Plugin, trial: &Trial, kind: OperationKind) -> Exchange {
    let step = plugin.start(trial.context(), &trial.operation(kind)).expect("it begins");
    let Action::Send(exchange) = step.action else { panic!("it sends nothing") };
    exchange
}

pub fn undo(exchange: &Exchange) -> &Standby {
    let Some(Remedy::Undo(standby)) = &exchange.remedy else { panic!("it takes nothing back") };
    standby
}

/// What becomes of the operation when this is answered.
pub fn answered(plugin: &dyn Plugin, trial: &Trial, kind: OperationKind, result: &str, code: &str) -> Outcome {
    let operation: Operation = trial.operation(kind);
    let state = plugin.start(trial.context(), &operation).expect("it begins").state;
    let body = format!(
        r#"{{"terminal":"T0000001","order":"000000000001","amount":"000000001234","result":"{result}","code":"{code}","authorization":"123456","reference":"000000000077"}}"#
    );
    let headers = vec![("x-seal".to_owned(), "00".repeat(32))];
    let event = Event::Received(Reply { status: 200, headers, body: body.into_bytes() });
    let step = plugin.resume(trial.context(), &operation, &state, &event).expect("it reads the answer");
    let Action::Finish(outcome) = step.action else { panic!("it does not end") };
    outcome
}

pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Declined(_) => "declined",
        Outcome::Unknown(_) => "unknown",
        Outcome::Acknowledged(_) => "acknowledged",
        Outcome::Unmatched(_) => "unmatched",
        Outcome::Refused(_) => "refused",
        _ => "other",
    }
}

pub fn target(message: &Message) -> &str {
    &message.http.as_ref().expect("a head").target
}

/// The body as text, card data by name, the reason as for silence.
pub fn body(message: &Message) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let one = |node: &Node| match node {
        Node::Literal(bytes) => text(bytes),
        Node::Secret(hole) if hole.secret == Secret::Pan => "<pan>".to_owned(),
        Node::Secret(hole) if hole.secret == Secret::Expiry => "<expiry>".to_owned(),
        Node::Reason(reasons) => {
            assert_eq!(reasons.len(), 5, "a standby message spells every reason");
            reasons.iter().find(|it| it.reason == UndoReason::NoAnswer).map(|it| text(&it.bytes)).expect("silence")
        }
        other => panic!("{other:?} in a body"),
    };
    let Node::Concat(parts) = &message.nodes[message.whole as usize] else { panic!("the body is no sequence") };
    parts.iter().map(|part| one(&message.nodes[*part as usize])).collect()
}
