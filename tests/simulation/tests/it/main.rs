//! Worlds that must hold, worlds that must break, and the same worlds through Wasm.

mod exhaustive;
mod regressions;
mod replays;
mod sins;
