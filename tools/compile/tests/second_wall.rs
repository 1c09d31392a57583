//! The terminal refuses what this program would not have written, in the terminal's own words.

use acquit_compile::component;
use sandbox::contract::PluginFault;
use wasmtime::Engine;

/// Compiled by the right engine, but past this program's checks.
fn smuggled(text: &str) -> Vec<u8> {
    let engine = Engine::new(&sandbox::configuration()).expect("an engine");
    let component = component(text.as_bytes()).expect("a component in text");
    engine.precompile_component(&component).expect("an artefact")
}

fn refusal(artefact: Vec<u8>) -> PluginFault {
    let sandbox = sandbox::Sandbox::new().expect("a sandbox");
    sandbox.load_bytes("smuggled", artefact).expect_err("refused").fault
}

#[test]
fn an_import_is_refused_by_name() {
    let wasi = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func (result u64))))))"#;
    assert_eq!(refusal(smuggled(wasi)), PluginFault::Imports("wasi:clocks/wall-clock@0.2.0".into()));
    let log =
        r#"(component (import "acquit:terminal/log@0.1.0" (instance (export "line" (func (param "text" string))))))"#;
    assert_eq!(refusal(smuggled(log)), PluginFault::Imports("acquit:terminal/log@0.1.0".into()));
}

#[test]
fn an_import_of_types_alone_is_an_import() {
    let types = r#"(component (import "acquit:terminal/types@0.1.0" (instance)))"#;
    assert_eq!(refusal(smuggled(types)), PluginFault::Imports("acquit:terminal/types@0.1.0".into()));
}

#[test]
fn an_artefact_of_other_settings_is_not_loaded() {
    let mut config = sandbox::configuration();
    config.consume_fuel(false);
    let engine = Engine::new(&config).expect("an engine");
    let artefact = engine.precompile_component(&component(b"(component)").expect("a component")).expect("an artefact");
    assert!(matches!(refusal(artefact), PluginFault::Unloadable(reason) if reason.contains("fuel")));
}

#[test]
fn a_precompiled_core_module_is_not_a_plugin() {
    let engine = Engine::new(&sandbox::configuration()).expect("an engine");
    let artefact = engine.precompile_module(b"\0asm\x01\0\0\0").expect("an artefact");
    assert_eq!(refusal(artefact), PluginFault::Unloadable("it is a precompiled module, not a component".into()));
}
