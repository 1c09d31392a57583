//! Card data, keys and PIN blocks; renders templates into bytes.
//!
//! The only crate that sees a card number, a track, a PIN or a key in clear. What leaves it is rendered for one route,
//! scrubbed for a plugin, or sealed for the journal. [`Vault`] is the software store; the head of each module says what
//! it protects against and what not.

mod card;
mod crypto;
mod items;
mod keys;
mod prepare;
mod proof;
mod render;
mod scrub;
mod seal;
mod secret;
#[cfg(test)]
mod testing;
mod tlv;
mod vault;

pub use card::{
    CardCode, CardDataError, CardSession, ChipData, Expiry, MAX_RENDERINGS_WITH_SECRETS, Pan, Pin, ScannedCode, Track,
    UnsealedCard,
};
pub use items::ItemsError;
pub use keys::{
    CeremonyError, ClearKey, ClearKeyError, Entered, GrantError, KeyBlockError, KeyDownloadError, KeyFileError,
    KeyPaths, MAX_COMPONENTS, MAX_CUSTODIAN_BYTES, MIN_COMPONENTS, PairError, PemKey, PluginGrant, Progress,
    PublishedKey, SlotError, SlotGrant, SlotState, StagedKeys, TransportKeyError,
};
pub use prepare::{PrepareError, Prepared, Preparing};
pub use proof::{EchoFault, MAX_PROOFS, ProofFailure, RawReply, SealFault};
pub use render::{
    CardSource, MAX_CLOCK_PATTERN_BYTES, MAX_REFERENCES, MAX_RENDERED_BYTES, MAX_SIGNATURES, MAX_TEMPLATE_NODES,
    MAX_WORKED_BYTES, NodeError, RenderError, RenderInput, Rendered, RenderedHead, RouteGrant,
};
pub use scrub::{Mask, Scrubbed, mask_by_luhn, scrub, scrub_headers};
pub use seal::{Needed, SealError, SealedCard, StandbyError, secrets_needed};
pub use tlv::{EmvTags, MAX_CHIP_BYTES, TlvError};
pub use vault::{Vault, VaultError};
