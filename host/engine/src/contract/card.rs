//! What a plugin may know of the card.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Entry {
    Manual,
    Stripe,
    ContactChip,
    ContactlessChip,
    ContactlessStripe,
    CodeScan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verification {
    None,
    Signature,
    OnlinePin,
    OfflinePin,
    Device,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    pub entry: Entry,
    /// First six digits and last four: enough to route, never enough to pay. For a scanned code, its prefix.
    pub bin: String,
    pub last_four: String,
    pub pan_length: u8,
    pub has_expiry: bool,
    /// Characters without sentinels; 0 where there is none.
    pub track_one_length: u8,
    pub track_two_length: u8,
    pub track_three_length: u8,
    pub sequence_number: Option<u8>,
    pub service_code: Option<String>,
    pub verification: Verification,
    pub pin_length: u8,
    /// The chip was tried first and failed.
    pub fell_back: bool,
    /// EMV tags from an allow-list that holds no card number, track or name.
    pub tags: Vec<(u32, Vec<u8>)>,
}
