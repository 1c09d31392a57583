//! Runs acquirer plugins within limits: a fresh instance for every call, no imports, typed errors.
//!
//! A plugin is a component compiled ahead of time by `acquit-compile`; this crate holds no compiler. It imports
//! nothing, so all it can do is compute within its [limits] and answer. [`Sandbox::load`] checks it and hands back a
//! [`contract::Plugin`]; nothing of Wasmtime shows, so that a worker process can stand behind the same trait.

mod artefact;
mod bindings;
mod bounds;
mod call;
mod configuration;
mod descriptor;
pub mod limits;
mod loaded;
mod ticker;

pub use artefact::digest;
pub use call::Spent;
pub use configuration::{INTERPRETED, configuration};
pub use engine::{contract, contract_conversions};
pub use loaded::{LoadedPlugin, NOT_READ, Sandbox, SandboxError};
