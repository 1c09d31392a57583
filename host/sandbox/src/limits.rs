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

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit is part of what plugins are written against: changing one changes this table too.
    #[test]
    fn the_table_of_limits() {
        let table = [
            ("fuel a call", FUEL_PER_CALL),
            ("deadline of a call, ms", DEADLINE_TICKS * EPOCH_TICK.as_millis() as u64),
            ("linear memory, bytes", MEMORY_BYTES as u64),
            ("linear memories", MEMORIES as u64),
            ("table elements", TABLE_ELEMENTS as u64),
            ("tables", TABLES as u64),
            ("core instances", INSTANCES as u64),
            ("guest stack, bytes", STACK_BYTES as u64),
            ("host-call fuel, bytes out", HOST_CALL_FUEL as u64),
            ("input, bytes in", INPUT_BYTES as u64),
            ("state, bytes", STATE_BYTES as u64),
            ("template nodes", TEMPLATE_NODES as u64),
            ("entries in a list of a step", STEP_LIST_ENTRIES as u64),
            ("inspected fields", INSPECTED_FIELDS as u64),
            ("entries in a list of a descriptor", DESCRIPTOR_LIST_ENTRIES as u64),
            ("name, bytes", NAME_BYTES as u64),
            ("sentence, bytes", SENTENCE_BYTES as u64),
            ("artefact, bytes", ARTEFACT_BYTES),
        ];
        let printed: String = table.iter().map(|(limit, value)| format!("{limit:<34}{value:>10}\n")).collect();
        println!("{printed}");
        assert_eq!(
            printed,
            "\
fuel a call                         50000000
deadline of a call, ms                  2000
linear memory, bytes                 8388608
linear memories                            4
table elements                         20000
tables                                     8
core instances                            16
guest stack, bytes                    262144
host-call fuel, bytes out             262144
input, bytes in                       524288
state, bytes                            4096
template nodes                           256
entries in a list of a step              128
inspected fields                        1024
entries in a list of a descriptor         64
name, bytes                               64
sentence, bytes                          512
artefact, bytes                     67108864
"
        );
    }
}
