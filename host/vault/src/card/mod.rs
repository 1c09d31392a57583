//! What was read from one card, and what a plugin may know of it.

mod data;
mod session;

pub use data::{CardCode, CardDataError, Expiry, Pan, Pin, ScannedCode, Track};
pub use session::{CardSession, ChipData, MAX_RENDERINGS_WITH_SECRETS, UnsealedCard};
