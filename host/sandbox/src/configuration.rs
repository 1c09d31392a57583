//! The engine's settings, in one place: what the compiler writes into an artefact and what the host expects of it are
//! compared when it is loaded.

use wasmtime::{Config, WasmBacktraceDetails};

use crate::limits::{MEMORY_BYTES, STACK_BYTES};

/// The bytes after a linear memory that trap when touched. One large page on every supported machine; more would cost
/// address space, which is scarce where `ulimit -v` is set.
const MEMORY_GUARD_BYTES: u64 = 64 << 10;

/// What the compiler calls the interpreter of a machine like this one. Its artefacts hold bytecode, the same for every
/// processor of this width and byte order; a 32-bit terminal needs its own, `pulley32`.
pub const INTERPRETED: &str = if cfg!(target_pointer_width = "64") { "pulley64" } else { "pulley32" };

/// The settings that the terminal and the compiler share. A change here makes every artefact built before it
/// unloadable, with a sentence that says so.
///
/// The compiler adds what concerns only code generation; the terminal is built without one.
pub fn configuration() -> Config {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).max_wasm_stack(STACK_BYTES);
    // An instance reserves exactly what it may use, in one piece that never moves: ten plugins fit into any address
    // space. The default reserves 4 GiB for each.
    config
        .memory_reservation(MEMORY_BYTES as u64)
        .memory_reservation_for_growth(0)
        .memory_may_move(false)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .guard_before_linear_memory(false);
    // Equal results on every machine.
    config.relaxed_simd_deterministic(true).wasm_memory64(false).wasm_multi_memory(false).concurrency_support(false);
    // What a plugin's author would debug with is in the component; the artefact carries none of it, and no
    // environment variable changes what is loaded.
    config
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
