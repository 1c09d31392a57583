//! The contract with plugins, as the host's own types.
//!
//! `wit/` is where each item is documented; these mirror it name by name, so that no other crate needs Wasmtime's
//! generated types and so that a record in the journal outlives any one version of the bindings.
#![allow(missing_docs, reason = "wit/ documents every item; a second copy would drift")]

pub mod acquirer;
pub mod card;
mod conversions;
mod kinds;
mod plugin;
pub mod retry_policy;
pub mod template;
pub mod transaction;
pub mod types;

pub use plugin::{Digest, InspectedField, Plugin, PluginError, PluginFault};
