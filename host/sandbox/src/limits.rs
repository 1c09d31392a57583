//! What a plugin may use, each limit with its unit and its reason.
//!
//! All of them are far above what a real plugin needs and far below what would hurt the terminal: a sale uses some
//! 70 thousand units of fuel, 2 KiB of host-call fuel and a few hundred bytes of state.

use std::time::Duration;

/// Instructions a call may execute, roughly one unit each. A sale needs some 70,000; a download of kernel tables may
/// need a hundred times that. Deterministic: the same call runs out at the same instruction on every machine.
pub const FUEL_PER_CALL: u64 = 50_000_000;

/// The length of one epoch tick. Short enough that the deadline is exact to a few per cent, long enough that the
/// ticker costs nothing.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Epoch ticks a call may last: two seconds. Fuel ends a loop long before on any machine fast enough to trade; the
/// deadline is for what fuel does not see, such as bulk memory operations on a slow processor.
pub const DEADLINE_TICKS: u64 = 200;

/// Bytes of linear memory an instance may have. A plugin needs about 0.2 MiB; interpreters in a component need more.
pub const MEMORY_BYTES: usize = 8 << 20;

/// Linear memories an instance may have; components made from C or Rust have one, adapters a second.
pub const MEMORIES: usize = 4;

/// Entries all tables of an instance may have: one per function that is called indirectly, with room.
pub const TABLE_ELEMENTS: usize = 20_000;

/// Tables an instance may have.
pub const TABLES: usize = 8;

/// Core instances a component may be made of. One module and the adapters `wit-component` writes make fewer.
pub const INSTANCES: usize = 16;

/// Bytes of native stack a guest may use. Host threads have at least 2 MiB, of which the host keeps the rest.
pub const STACK_BYTES: usize = 256 << 10;

/// Host-call fuel of a call, about one unit for each byte taken out of the guest. Wasm fuel does not count what the
/// host copies, and a guest of 1 MiB can return one list a thousand times over. A sale needs 2 KiB; a download of
/// kernel tables stays under this.
pub const HOST_CALL_FUEL: usize = 256 << 10;

/// Bytes a call is given, counted as the text and lists in its arguments. An upload carries at most 64 originals.
pub const INPUT_BYTES: usize = 512 << 10;

/// Bytes of state a step may return; the contract says 4 KiB, since the journal writes it with every step.
pub const STATE_BYTES: usize = 4 << 10;

/// Nodes a message template may have. A full ISO 8583 sale with its MAC has some 30.
pub const TEMPLATE_NODES: usize = 256;

/// Entries in any other list of a step (proofs, effects, references, answers, patterns). Real ones have a handful.
pub const STEP_LIST_ENTRIES: usize = 128;

/// Fields the inspector may name in one frame.
pub const INSPECTED_FIELDS: usize = 1024;

/// Entries in each list of a descriptor.
pub const DESCRIPTOR_LIST_ENTRIES: usize = 64;

/// Bytes of a name a plugin declares (a route, a key slot, a counter, a parameter), and of its acquirer and version.
pub const NAME_BYTES: usize = 64;

/// Bytes of a sentence for people: what a parameter means, the pattern its value must match.
pub const SENTENCE_BYTES: usize = 512;

/// Bytes of a precompiled artefact. Large interpreters stay under it; what is larger is not a plugin.
pub const ARTEFACT_BYTES: u64 = 64 << 20;
