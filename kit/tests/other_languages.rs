//! HelloPay, written in other languages than Rust: each such plugin says what the protocol says and keeps every law.
//!
//! They are built where their tools are (`cargo xtask plugins` says so). Where `RUST_WASM_VIA` asks Debian for tools,
//! as CI does, they must be there.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use acquit_kit::{Judge, Law, Recorder, Trial, certify, read_recording};
use engine::contract::Plugin;
use engine::contract::acquirer::{Action, Event, Exchange, Meaning, Outcome, Remedy, Reply, Standby};
use engine::contract::template::{Message, Node, Secret, UndoReason};
use engine::contract::transaction::{Operation, OperationKind};
use engine::contract::types::Name;
use sandbox::{LoadedPlugin, Sandbox};

/// Every language there is a plugin in.
const LANGUAGES: [&str; 2] = ["c", "javascript"];
/// Those whose calls are cheap enough for the thousands that the laws take; an interpreter is tried by hand, by
/// `acquit plugin certify`.
const JUDGED: [&str; 1] = ["c"];
const ECHO: &str = r#"{"terminal":"T0000001","order":"000000000001"}"#;
const SALE: &str = concat!(
    r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","currency":"156","#,
    r#""card":"<pan>","expiry":"<expiry>"}"#
);
const REVERSAL: &str = concat!(
    r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","currency":"156","#,
    r#""reason":"98"}"#
);

#[test]
fn the_messages_are_the_protocols() {
    for_each_plugin(&LANGUAGES, |plugin, trial| {
        let echo = exchange(plugin.as_ref(), trial, OperationKind::Echo);
        assert_eq!((body(&echo.message), target(&echo.message)), (ECHO.to_owned(), "/v1/echo"));
        let sale = exchange(plugin.as_ref(), trial, OperationKind::Sale);
        assert_eq!((body(&sale.message), target(&sale.message)), (SALE.to_owned(), "/v1/sales"));
        assert_eq!(sale.uses, ["order"]);
        let undo = undo(&sale);
        assert_eq!((body(&undo.message), target(&undo.message)), (REVERSAL.to_owned(), "/v1/reversals"));
        let means: Vec<Meaning> = undo.answers.iter().map(|reading| reading.means).collect();
        assert_eq!(means, [Meaning::Paid, Meaning::Unmatched, Meaning::Refused]);
        let reversal = exchange(plugin.as_ref(), trial, OperationKind::Reverse);
        assert_eq!(body(&reversal.message), REVERSAL);
        for message in [&echo.message, &sale.message, &undo.message, &reversal.message] {
            let headers = &message.http.as_ref().expect("a head").headers;
            let seal = &message.nodes[headers[0].value as usize];
            assert_eq!((headers[0].name.as_str(), matches!(seal, Node::Text(_))), ("x-seal", true));
        }
    });
}

#[test]
fn codes_mean_what_the_table_says() {
    for_each_plugin(&LANGUAGES, |plugin, trial| {
        for (result, code, expected) in [
            ("approved", "00", "approved"),
            ("declined", "51", "declined"),
            ("declined", "94", "declined"),
            // Result and code contradict each other, or the code is in no table.
            ("approved", "51", "unknown"),
            ("declined", "00", "unknown"),
            ("approved", "77", "unknown"),
            ("declined", "77", "unknown"),
        ] {
            let outcome = answered(plugin.as_ref(), trial, OperationKind::Sale, result, code);
            assert_eq!(word(&outcome), expected, "a sale, {result} {code}");
        }
        for (result, expected) in [
            ("reversed", "acknowledged"),
            ("unknown-order", "unmatched"),
            ("declined", "refused"),
            ("alive", "unknown"),
        ] {
            let outcome = answered(plugin.as_ref(), trial, OperationKind::Reverse, result, "00");
            assert_eq!(word(&outcome), expected, "a reversal, {result}");
        }
    });
}

#[test]
fn every_law_is_kept() {
    for_each_plugin(&JUDGED, |plugin, trial| {
        let written = Arc::new(Mutex::new(Vec::new()));
        let recorder = Recorder::new(plugin.clone(), written.clone());
        for (kind, result, code) in [
            (OperationKind::Echo, "alive", "00"),
            (OperationKind::Sale, "approved", "00"),
            (OperationKind::Sale, "declined", "51"),
            (OperationKind::Reverse, "reversed", "00"),
            (OperationKind::Reverse, "unknown-order", "25"),
            (OperationKind::Reverse, "declined", "96"),
        ] {
            recorder.start(trial.context(), &trial.operation(kind)).expect("it begins");
            answered(&recorder, trial, kind, result, code);
        }
        let bytes = written.lock().expect("nobody panicked").clone();
        let calls = read_recording(bytes.as_slice()).expect("what was recorded");
        let spent = || plugin.spent();
        let judge = Judge {
            plugin: plugin.as_ref(),
            spent: &spent,
            interpreted: None,
            variations: 200,
            approving_codes: Some(vec!["00".to_owned()]),
        };
        for verdict in certify(&judge, &calls) {
            // Nothing is repeated in this protocol: what moves money is taken back.
            let holds = verdict.holds() || (verdict.law == Law::RepeatsTheSame && verdict.tried == 0);
            assert!(holds, "{verdict:#?}");
        }
    });
}

fn for_each_plugin(languages: &[&str], check: impl Fn(&Arc<LoadedPlugin>, &Trial)) {
    let folder = std::env::var_os("ACQUIT_PLUGINS").expect("ACQUIT_PLUGINS names the built plugins: cargo xtask test");
    for &language in languages {
        let file = PathBuf::from(&folder).join("other-languages").join(language).with_extension("cwasm");
        if !file.is_file() {
            // An interpreter is fetched besides, which a machine without a network cannot.
            let must = language == "c" && std::env::var("RUST_WASM_VIA").is_ok_and(|via| via == "debian");
            assert!(!must, "{} was not built", file.display());
            eprintln!("left out: the plugin in {language} was not built; `cargo xtask plugins` says why");
            continue;
        }
        let plugin = Arc::new(Sandbox::new().expect("a sandbox").load(language, &file).expect("it loads"));
        let parameters: Vec<(Name, String)> = vec![("terminal".into(), "T0000001".into())];
        let trial = Trial::new(plugin.descriptor(), parameters).after_a_sale(plugin.as_ref());
        check(&plugin, &trial);
    }
}

fn exchange(plugin: &dyn Plugin, trial: &Trial, kind: OperationKind) -> Exchange {
    let step = plugin.start(trial.context(), &trial.operation(kind)).expect("it begins");
    let Action::Send(exchange) = step.action else { panic!("it sends nothing") };
    exchange
}

fn undo(exchange: &Exchange) -> &Standby {
    let Some(Remedy::Undo(standby)) = &exchange.remedy else { panic!("it takes nothing back") };
    standby
}

/// What becomes of the operation when this is answered.
fn answered(plugin: &dyn Plugin, trial: &Trial, kind: OperationKind, result: &str, code: &str) -> Outcome {
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

fn word(outcome: &Outcome) -> &'static str {
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

fn target(message: &Message) -> &str {
    &message.http.as_ref().expect("a head").target
}

/// The body as text, card data by name, the reason as for silence.
fn body(message: &Message) -> String {
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
