//! Keys: what a slot is for, where keys rest, how new ones come in. No function here, or above it, gives a key out.

mod ceremony;
mod clear;
pub(crate) mod dukpt;
pub(crate) mod file;
pub(crate) mod fixed;
mod grant;
mod listing;
mod marks;
#[cfg(test)]
mod matrix;
mod pair;
mod published;
pub(crate) mod ring;
mod staging;
#[cfg(test)]
mod tests;

pub use crate::crypto::key_block::KeyBlockError;
pub use crate::crypto::signature::PairError;
pub use ceremony::{CeremonyError, Entered, MAX_COMPONENTS, MAX_CUSTODIAN_BYTES, MIN_COMPONENTS, Progress};
pub use clear::{ClearKey, ClearKeyError};
pub use file::{KeyFileError, KeyPaths};
pub use grant::{GrantError, PluginGrant, SlotError, SlotGrant};
pub use listing::SlotState;
pub use pair::PemKey;
pub use published::PublishedKey;
pub use ring::TransportKeyError;
pub use staging::{KeyDownloadError, StagedKeys};
