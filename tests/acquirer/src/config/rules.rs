//! Where acquirers deviate from each other: rules with their usual values.

use serde::{Deserialize, Serialize};

use super::{CardNumber, Code, HexBytes, PaymentCode, ProcessingCode, TypeCode};

/// Answers to reversals by the state of the original (UnionPay server-side matching).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReversalCodes {
    /// No such original. Default `00` with tombstones (the terminal may stop), `25` without.
    pub not_found: Option<Code>,
    /// The original is reversed already. Default: the answer given the first time, so that a repetition after a lost
    /// answer is acknowledged. UnionPay's matching table says `25`.
    pub already_reversed: Option<Code>,
    /// The original is of an earlier business day. Default `25`.
    pub earlier_day: Option<Code>,
    /// The original was declined. Default `01`.
    pub failed: Option<Code>,
    /// The amounts differ. Default `64`.
    pub amount_differs: Option<Code>,
}

/// How codes shown on telephones are paid with over ISO 8583.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanToPay {
    /// The field with the scanned code: 59, 62 or 63.
    pub field: u8,
    /// DE3 of the payment.
    pub processing_code: ProcessingCode,
    /// DE3 of the question what became of it.
    pub inquiry_processing_code: ProcessingCode,
    /// 60.1 of both.
    pub kind: TypeCode,
}

impl Default for ScanToPay {
    /// DE59, and a sale by all other fields.
    fn default() -> Self {
        Self {
            field: 59,
            processing_code: ProcessingCode::known("000000"),
            inquiry_processing_code: ProcessingCode::known("310000"),
            kind: TypeCode::known("22"),
        }
    }
}

/// How codes are given that the terminal shows and the customer scans.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShowToPay {
    /// DE3 of the order; 60.1 and the question what became of it are those of a scanned payment.
    pub processing_code: ProcessingCode,
    /// The field of the answer with the code: 57, 58, 59, 62 or 63.
    pub field: u8,
}

impl Default for ShowToPay {
    /// DE59, and a DE3 of this acquirer's own.
    fn default() -> Self {
        Self { processing_code: ProcessingCode::known("510000"), field: 59 }
    }
}

/// One code that a telephone shows, and the card that is charged for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletConfig {
    /// The digits in the scanned code.
    pub code: PaymentCode,
    /// A card of the list.
    pub card: CardNumber,
}

/// How tracks come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackRules {
    /// How a track is enciphered where the third digit of DE53 says that it is.
    pub encryption: TrackScheme,
    /// Whether a track in clear is refused.
    pub required: bool,
}

/// The ways to encipher a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrackScheme {
    /// T-a: the eight bytes that end before the last byte; the length stays.
    #[default]
    LastBlock,
    /// T-b: the whole track, filled with F to whole blocks.
    PaddedF,
    /// T-c: a byte of length, the track, filled with zeros to whole blocks.
    LengthPrefixed,
}

/// What terminals can download.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Downloads {
    /// DE62 of the answer to 0800/360, as it is.
    pub parameters: String,
    /// Public keys of card schemes, a row each, beginning with the tags 9F06 and 9F22.
    pub public_keys: Vec<HexBytes>,
    /// Applications, a row each, beginning with the tag 9F06.
    pub applications: Vec<HexBytes>,
}

/// How a sale is changed later (tips and adjustments).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adjustments {
    /// What DE4 says.
    pub amount: AdjustedAmount,
    /// How much may be added to a sale, in percent of it.
    pub limit_percent: u32,
}

impl Default for Adjustments {
    /// The new total, and no more than doubled.
    fn default() -> Self {
        Self { amount: AdjustedAmount::NewTotal, limit_percent: 100 }
    }
}

/// What DE4 of a tip or an adjustment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustedAmount {
    /// What the sale comes to now.
    NewTotal,
    /// What is added.
    Difference,
}

/// How batches are settled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettlementRules {
    /// Whether settlements and uploads must have a MAC. Without it one that a terminal sends is checked all the same.
    pub mac: bool,
    /// How a voided sale counts.
    pub voids: Voids,
}

/// How a sale or completion and its void count in the totals of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Voids {
    /// The sale as a debit, the void as a credit.
    #[default]
    BothSides,
    /// Neither.
    CancelledOut,
}
