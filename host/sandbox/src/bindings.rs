//! The contract as Wasmtime's types, generated from `wit/`, and the way between them and the host's own.
//!
//! Only the types are used: calls look up the one function they need, where the generated world looks up all.
#![allow(unsafe_code, reason = "generated: each type states its own layout in guest memory")]
#![allow(missing_docs, reason = "generated; wit/ documents every item")]

wasmtime::component::bindgen!({ path: "../../wit", world: "acquirer-plugin" });

engine::contract_conversions!(self::exports::acquit::terminal);
