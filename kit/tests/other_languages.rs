//! HelloPay, written in other languages than Rust: each such plugin says what the protocol says and keeps every law.
//!
//! They are built where their tools are (`cargo xtask plugins` says so). Where `RUST_WASM_VIA` asks Debian for tools,
//! as CI does, they must be there.

mod hellopay;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use acquit_kit::{Judge, Law, Recorder, Trial, certify, read_recording};
use engine::contract::Plugin;
use engine::contract::acquirer::Meaning;
use engine::contract::template::Node;
use engine::contract::transaction::OperationKind;
use engine::contract::types::Name;
use hellopay::{ECHO, REVERSAL, SALE, answered, body, exchange, target, undo, word};
use sandbox::{LoadedPlugin, Sandbox};

/// Every language there is a plugin in.
const LANGUAGES: [&str; 2] = ["c", "javascript"];
/// Those whose calls are cheap enough for the thousands that the laws take; an interpreter is tried by hand, by
/// `acquit plugin certify`.
const JUDGED: [&str; 1] = ["c"];

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
