//! Whole days of terminals, acquirers and cashiers, deterministic, with every fault as an input.
//!
//! One seed makes one world. The engine, the journal and the vault are the real ones, and so is the plugin, compiled
//! natively; the disk is [`journal::memory`], the acquirer is the test acquirer's bank, network and clock are a queue.
//! A phase of faults is followed by a phase of calm, in which all that can be paid must be paid. What must hold is
//! listed in [`Law`]; the first law that does not hold ends a world, and what happened in it shrinks to a short script.

pub mod bench;
pub mod campaign;
mod cards;
mod dice;
pub mod exhaustive;
mod fault;
mod figures;
mod ground;
mod laws;
mod plugin;
mod script;
pub mod seed;
pub mod shrink;
pub mod sins;
mod source;
pub mod spent;
mod stories;
mod terminal;
mod world;

pub use engine::sabotage::{SINS, Sin};
pub use fault::{Fault, KINDS, Kind, Occasion, Step};
pub use figures::Figures;
pub use laws::{Broken, Law};
pub use plugin::Native;
pub use script::{Act, Script, Shape, What};
pub use source::{Odds, Source};
pub use world::{Ended, Ground, World};
