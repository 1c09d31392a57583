//! Gives the guest a small stack, so that a fresh instance a call stays cheap.

use std::env;

/// As `acquit_plugin_sdk::STACK_BYTES`.
const STACK_BYTES: u32 = 32 * 1024;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
    }
}
