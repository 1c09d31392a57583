//! Plugins that mean harm: each ends in the one error that says what it did, and the host goes on.

mod common;

use acquit_sandbox::contract::acquirer::{Event, Reply};
use acquit_sandbox::contract::{Plugin, PluginError, PluginFault};
use acquit_sandbox::{LoadedPlugin, NOT_READ, Sandbox};
use common::{artefact, context, sale};

fn load(sandbox: &Sandbox, name: &str) -> Result<LoadedPlugin, PluginError> {
    sandbox.load(name, &artefact(&format!("hostile/{name}")))
}

#[test]
fn every_way_to_fail_in_a_call_has_its_own_name() {
    let table = [
        ("trap", PluginFault::Trapped("wasm `unreachable` instruction executed".into())),
        ("endless-loop", PluginFault::OutOfFuel),
        ("bulk-copy", PluginFault::OutOfFuel),
        ("memory-bomb", PluginFault::Memory),
        ("table-growth", PluginFault::Table),
        ("deep-recursion", PluginFault::StackOverflow),
        ("aliasing-bomb", PluginFault::AnswerTooLarge),
        ("many-effects", PluginFault::AnswerTooLarge),
        ("large-state", PluginFault::StateTooLarge(4097)),
        ("many-nodes", PluginFault::TooManyNodes(257)),
        ("wild-pointer", PluginFault::Trapped("pointer out of bounds of memory".into())),
    ];
    let sandbox = Sandbox::new().expect("a sandbox");
    for (name, fault) in table {
        let plugin = load(&sandbox, name).expect("it loads");
        assert_eq!(plugin.descriptor().acquirer, "hostile");
        let expected = PluginError { plugin: name.into(), digest: plugin.digest(), call: "start".into(), fault };
        assert_eq!(plugin.start(&context(), &sale()), Err(expected.clone()));
        assert_eq!(plugin.start(&context(), &sale()), Err(expected), "{name}: the second time as the first");
    }
}

#[test]
fn answers_that_are_not_of_their_type_are_traps() {
    let sandbox = Sandbox::new().expect("a sandbox");
    for (name, reason) in [("wild-case", "discriminant"), ("wild-text", "utf-8")] {
        let error = load(&sandbox, name).expect("it loads").start(&context(), &sale()).expect_err("no such answer");
        assert!(matches!(&error.fault, PluginFault::Trapped(text) if text.contains(reason)), "{error}");
    }
}

#[test]
fn what_cannot_be_a_plugin_is_refused_when_it_is_loaded() {
    let table = [
        ("wrong-typed", "load", "not of the contract's types: describe: "),
        ("empty", "load", "not of the contract's types: it does not export acquit:terminal/acquirer@0.1.0"),
        ("huge-memory", "load", "memory limit reached"),
        ("endless-initializer", "load", "out of fuel"),
        ("trap-in-describe", "describe", "trapped: wasm `unreachable` instruction executed"),
        ("nameless", "describe", "its description is unsound: acquirer is empty"),
    ];
    let sandbox = Sandbox::new().expect("a sandbox");
    for (name, call, reason) in table {
        let error = load(&sandbox, name).expect_err("refused");
        let start = format!("plugin {name} ({}) failed in {call}: {reason}", error.digest);
        assert!(error.to_string().starts_with(&start), "{error}");
        assert_ne!(error.digest, NOT_READ);
    }
}

#[test]
fn the_host_goes_on_after_all_of_them() {
    let sandbox = Sandbox::new().expect("a sandbox");
    let honest = load(&sandbox, "keeps-memory").expect("it loads");
    for name in ["trap", "endless-loop", "memory-bomb", "deep-recursion", "aliasing-bomb"] {
        assert!(load(&sandbox, name).expect("it loads").start(&context(), &sale()).is_err());
        assert!(honest.start(&context(), &sale()).is_ok(), "after {name}");
    }
}

#[test]
fn nothing_is_left_in_guest_memory_for_the_next_call() {
    let sandbox = Sandbox::new().expect("a sandbox");
    let plugin = load(&sandbox, "keeps-memory").expect("it loads");
    for _ in 0..3 {
        assert_eq!(plugin.start(&context(), &sale()).expect("a step").state.len(), 1);
    }
}

#[test]
fn plugins_run_on_many_threads_at_once() {
    let sandbox = Sandbox::new().expect("a sandbox");
    let plugin = load(&sandbox, "keeps-memory").expect("it loads");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(plugin.start(&context(), &sale()).expect("a step").state.len(), 1);
                }
            });
        }
    });
}

#[test]
fn a_guest_is_not_given_more_than_it_may_take() {
    let sandbox = Sandbox::new().expect("a sandbox");
    let plugin = load(&sandbox, "keeps-memory").expect("it loads");
    let reply = Event::Received(Reply { status: 0, headers: Vec::new(), body: vec![0; 600 << 10] });
    let error = plugin.resume(&context(), &sale(), &[], &reply).expect_err("too much");
    assert!(matches!(error.fault, PluginFault::InputTooLarge(bytes) if bytes > 600 << 10), "{error}");
    let error = plugin.resume(&context(), &sale(), &[0; 4097], &Event::Woke).expect_err("too large a state");
    assert_eq!(error.fault, PluginFault::StateTooLarge(4097));
    let error = plugin.read(&vec![0; 600 << 10]).expect_err("too long a frame");
    assert_eq!(error.fault, PluginFault::InputTooLarge(600 << 10));
}
