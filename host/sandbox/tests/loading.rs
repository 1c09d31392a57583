//! What becomes of files that are not what they should be.

mod common;

use std::fs;

use acquit_sandbox::contract::transaction::Context;
use acquit_sandbox::contract::{Plugin, PluginFault};
use acquit_sandbox::{NOT_READ, Sandbox};
use common::{artefact, context, sale};

#[test]
fn a_file_that_is_not_there_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::new().expect("a sandbox");
    let error = sandbox.load("unionpay", &folder.path().join("unionpay.cwasm")).expect_err("no file");
    assert_eq!((error.fault, error.digest, error.plugin.as_str()), (PluginFault::Gone, NOT_READ, "unionpay"));
}

#[test]
fn what_cannot_be_read_is_not_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Sandbox::new().expect("a sandbox").load("unionpay", folder.path()).expect_err("a folder is no file");
    assert!(matches!(error.fault, PluginFault::Unloadable(_)), "{error}");
}

#[test]
fn what_is_not_a_precompiled_component_is_named() {
    let sandbox = Sandbox::new().expect("a sandbox");
    let table: [(&[u8], &str); 4] = [
        (b"", "it is not a precompiled component"),
        (b"\x7fELF\x02\x01\x01", "it is not a precompiled component"),
        (b"key = 1", "it is not a precompiled component"),
        (b"\0asm\x0d\0\x01\0", "it is not a precompiled component; acquit-compile makes one of this file"),
    ];
    for (bytes, reason) in table {
        let error = sandbox.load_bytes("unionpay", bytes.to_vec()).expect_err("no artefact");
        assert_eq!(error.fault, PluginFault::Unloadable(reason.into()));
    }
}

#[test]
fn an_artefact_cut_short_anywhere_is_refused() {
    let whole = fs::read(artefact("hostile/keeps-memory")).expect("the artefact");
    let sandbox = Sandbox::new().expect("a sandbox");
    for length in (0..whole.len()).step_by(997) {
        let error = sandbox.load_bytes("cut", whole[..length].to_vec()).expect_err("half an artefact");
        assert!(matches!(error.fault, PluginFault::Unloadable(_)), "{length}: {error}");
    }
}

#[test]
fn the_digest_is_that_of_the_file() {
    let path = artefact("hostile/keeps-memory");
    let plugin = Sandbox::new().expect("a sandbox").load("keeps-memory", &path).expect("it loads");
    let expected = ring::digest::digest(&ring::digest::SHA256, &fs::read(&path).expect("the artefact"));
    assert_eq!(plugin.digest().0, expected.as_ref());
}

#[test]
fn acquirers_of_one_build_share_it_and_keep_their_names() {
    let path = artefact("hostile/trap");
    let sandbox = Sandbox::new().expect("a sandbox");
    let named = |name: &str| sandbox.load(name, &path).expect("it loads");
    let (first, second) = (named("first"), named("second"));
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.start(&context(), &sale()).expect_err("it traps").plugin, "first");
    drop(first);
    assert_eq!(second.start(&context(), &sale()).expect_err("it traps").plugin, "second");
    drop(second);
    assert_eq!(named("third").start(&context(), &sale()).expect_err("it traps").plugin, "third");
}

/// A terminal trades by one back end, the one it was built for: what was compiled for the other is refused by name, and
/// only the kit makes a sandbox that interprets.
#[test]
fn each_back_end_loads_its_own_artefacts_only() {
    let (native, interpreting) = (Sandbox::new().expect("a sandbox"), Sandbox::interpreting().expect("another"));
    let (compiled, bytecode) = (artefact("starter"), artefact("starter.pulley"));
    for (sandbox, artefact) in [(&native, &bytecode), (&interpreting, &compiled)] {
        let error = sandbox.load("starter", artefact).expect_err("made for the other back end");
        assert!(matches!(&error.fault, PluginFault::Unloadable(how) if how.contains("architecture")), "{error}");
    }
    let one = native.load("starter", &compiled).expect("it loads");
    let other = interpreting.load("starter", &bytecode).expect("it loads");
    assert_eq!(one.descriptor(), other.descriptor());
    assert_ne!(one.digest(), other.digest());
}

/// Fuel is counted in the instructions of WebAssembly, by code the compiler puts in before there is a back end.
#[test]
fn both_back_ends_answer_alike_for_the_same_fuel() {
    let one = Sandbox::new().expect("a sandbox").load("starter", &artefact("starter")).expect("it loads");
    let other = Sandbox::interpreting().expect("another").load("starter", &artefact("starter.pulley"));
    let other = other.expect("it loads");
    let mut context = context();
    context.counters = one.descriptor().counters.iter().map(|counter| (counter.name.clone(), counter.first)).collect();
    let parameters = [("terminal", "TERM0001"), ("merchant", "MERCHANT0000001")];
    let complete = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    for (parameters, begins) in [(complete, true), (Vec::new(), false)] {
        let context = Context { parameters, ..context.clone() };
        let (native, interpreted) = (one.start(&context, &sale()), other.start(&context, &sale()));
        assert_eq!(native.is_ok(), begins, "{native:?}");
        assert_eq!(native.map_err(|error| error.fault), interpreted.map_err(|error| error.fault));
        assert_eq!(one.spent(), other.spent());
        assert!(one.spent().fuel > 0, "{:?}", one.spent());
    }
}
