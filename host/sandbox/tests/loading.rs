//! What becomes of files that are not what they should be.

mod common;

use std::fs;

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
