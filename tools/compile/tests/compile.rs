//! What the compiler takes and what it refuses.

use acquit_compile::{Refusal, component, precompile};

/// A component of the author's own types, with no import.
const HARMLESS: &str = r#"(component
    (core module $m (func (export "f") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

#[test]
fn a_component_that_imports_is_refused_by_name() {
    let text = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64))))))"#;
    let binary = component(text.as_bytes()).expect("a component in text");
    let refusal = precompile(&binary, None).expect_err("it imports");
    assert_eq!(refusal.to_string(), "imports wasi:clocks/wall-clock@0.2.0; a plugin may import nothing");
}

#[test]
fn a_core_module_that_imports_is_refused_by_name() {
    let text = r#"(module (import "env" "system" (func)) (import "env" "exit" (func)))"#;
    let refusal = component(text.as_bytes()).expect_err("it imports");
    assert_eq!(refusal.to_string(), "imports env system, env exit; a plugin may import nothing");
}

#[test]
fn imports_between_the_parts_of_a_component_are_its_own_business() {
    let text = r#"(component
        (core module $a (func (export "f")))
        (core module $b (import "a" "f" (func)))
        (core instance $i (instantiate $a))
        (core instance (instantiate $b (with "a" (instance $i)))))"#;
    let binary = component(text.as_bytes()).expect("a component in text");
    assert!(precompile(&binary, None).is_ok());
}

#[test]
fn what_is_not_webassembly_is_refused_in_one_line() {
    for garbage in [&b"PK\x03\x04"[..], b"(module", b"", b"\0asm", b"\0asm\x63\0\0\0", b"\xff\xfe"] {
        let refusal = component(garbage).expect_err("garbage");
        assert!(matches!(refusal, Refusal::NotWebAssembly(_) | Refusal::NotAComponent(_)), "{garbage:?}: {refusal:?}");
        assert!(!refusal.to_string().contains('\n'), "{refusal}");
    }
}

#[test]
fn a_module_without_the_contracts_exports_is_refused() {
    let refusal =
        component(b"(module (memory (export \"memory\") 1))").expect_err("it exports nothing of the contract");
    assert!(matches!(refusal, Refusal::NotAComponent(_)), "{refusal:?}");
    assert!(refusal.to_string().contains("acquit:terminal"), "{refusal}");
}

#[test]
fn equal_input_gives_equal_bytes() {
    let binary = component(HARMLESS.as_bytes()).expect("a component in text");
    assert_eq!(binary, component(HARMLESS.as_bytes()).expect("again"));
    assert_eq!(precompile(&binary, None).expect("compiles"), precompile(&binary, None).expect("again"));
}

#[test]
fn an_unknown_target_is_named() {
    let binary = component(HARMLESS.as_bytes()).expect("a component in text");
    let refusal = precompile(&binary, Some("toaster-unknown-none")).expect_err("no such machine");
    assert!(matches!(&refusal, Refusal::Target(target, _) if target == "toaster-unknown-none"), "{refusal:?}");
}

#[test]
fn what_the_terminal_does_not_run_is_not_compiled() {
    let text = "(component (core module (memory i64 1)))";
    let binary = component(text.as_bytes()).expect("a component in text");
    assert!(matches!(precompile(&binary, None), Err(Refusal::Compiler(_))));
}
