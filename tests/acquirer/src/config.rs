//! What this acquirer knows and how it decides, read from TOML.

mod rules;
mod values;

use serde::{Deserialize, Serialize};

pub use rules::{
    AdjustedAmount, Adjustments, Downloads, ReversalCodes, ScanToPay, SettlementRules, ShowToPay, TrackRules,
    TrackScheme, Voids, WalletConfig,
};
pub use values::{
    CardNumber, Code, Currency, Expiry, HexBytes, MasterKey, MerchantId, PaymentCode, PinDigits, ProcessingCode,
    Scheme, StartTime, TerminalId, TrackTwo, TypeCode, ValueError,
};

use crate::crypto::MacKind;

/// The documented example, also printed by `acquirer --example`.
pub const EXAMPLE_TOML: &str = include_str!("../acquirer.toml");

/// The whole configuration. Every field but terminals and cards has a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcquirerConfig {
    /// Currency of every account and message, ISO 4217 numeric.
    #[serde(default)]
    pub currency: Currency,
    /// How messages are authenticated.
    #[serde(default)]
    pub mac: MacKind,
    /// Whether sign-in hands out a MAK of eight bytes (followed by eight zero bytes) instead of sixteen.
    #[serde(default)]
    pub single_length_mak: bool,
    /// Whether a reversal of an unknown original leaves a tombstone that declines the original when it arrives later.
    #[serde(default = "yes")]
    pub tombstones: bool,
    /// The batch number every terminal is given at sign-in, 1 to 999999.
    #[serde(default = "first_batch")]
    pub batch: u32,
    /// Whether answers carry the card number in DE2, as many acquirers do.
    #[serde(default)]
    pub echo_card_number: bool,
    /// Makes work keys repeatable: equal seeds give equal keys. Without it they come from the system's generator.
    #[serde(default)]
    pub seed: Option<u64>,
    /// A fixed local time for DE12, DE13 and the first business day. Without it the system clock is asked.
    #[serde(default)]
    pub time: Option<StartTime>,
    /// DE3 of the balance inquiry.
    #[serde(default = "balance_processing_code")]
    pub balance_processing_code: ProcessingCode,
    /// How much of what was set aside a completion may take, in percent of it.
    #[serde(default = "completion_limit_percent")]
    pub completion_limit_percent: u32,
    /// Whether refunds that name no original are paid.
    #[serde(default)]
    pub unreferenced_refunds: bool,
    /// Which codes answer reversals that are not simply carried out.
    #[serde(default)]
    pub reversal: ReversalCodes,
    /// How scanned codes are paid with.
    #[serde(default)]
    pub scan_to_pay: ScanToPay,
    /// How codes are given that the customer scans.
    #[serde(default)]
    pub show_to_pay: ShowToPay,
    /// How tracks come.
    #[serde(default)]
    pub tracks: TrackRules,
    /// How sales are changed later.
    #[serde(default)]
    pub adjustments: Adjustments,
    /// What terminals can download.
    #[serde(default)]
    pub downloads: Downloads,
    /// How batches are settled.
    #[serde(default)]
    pub settlement: SettlementRules,
    /// The terminals.
    #[serde(rename = "terminal")]
    pub terminals: Vec<TerminalConfig>,
    /// The cards.
    #[serde(rename = "card")]
    pub cards: Vec<CardConfig>,
    /// The codes on telephones.
    #[serde(rename = "wallet", default)]
    pub wallets: Vec<WalletConfig>,
    /// Sales answered by their amount. Without this key the built-in table holds; see [`default_decisions`].
    #[serde(rename = "decision", default = "default_decisions")]
    pub decisions: Vec<Decision>,
}

/// One terminal of one merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalConfig {
    /// DE41.
    pub terminal: TerminalId,
    /// DE42.
    pub merchant: MerchantId,
    /// The terminal master key, under which work keys are handed out.
    pub tmk: MasterKey,
}

/// One card and the account behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardConfig {
    /// The card number.
    pub pan: CardNumber,
    /// Last month the card is good, YYMM.
    pub expiry: Expiry,
    /// The PIN, where the card has one.
    #[serde(default)]
    pub pin: Option<PinDigits>,
    /// What can be spent, in minor units.
    pub balance_minor: i64,
    /// Whether the card is of another country, for the totals of settlements.
    #[serde(default)]
    pub foreign: bool,
    /// The card's own track two, against which an enciphered one is held.
    #[serde(default)]
    pub track_two: Option<TrackTwo>,
    /// The scheme that DE63.1 of answers names. Without it: `VIS` for a card of another country, nothing for others.
    #[serde(default)]
    pub scheme: Option<Scheme>,
}

/// One line of the table that answers sales by amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The exact amount, in minor units.
    pub amount_minor: i64,
    /// The code it is answered with.
    pub code: Code,
}

/// Why a configuration cannot be used; for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text is not this configuration; the message names line and key.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The parts contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

impl CardConfig {
    /// What DE63.1 of answers about it says, if anything.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        self.scheme.clone().or_else(|| self.foreign.then(|| Scheme::known("VIS")))
    }
}

impl AcquirerConfig {
    /// Reads and checks a configuration.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as TOML, keys and PINs in clear, to be written for the program.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// The documented example: two terminals, five cards, a wallet, the built-in decisions, a fixed seed and the system clock.
    pub fn example() -> Self {
        Self::from_toml(EXAMPLE_TOML).expect("the example is checked by a test")
    }

    /// Whether the parts fit together: terminals and cards named once, amounts and batch in range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let contradiction = |text: String| Err(ConfigError::Contradiction(text));
        for (at, terminal) in self.terminals.iter().enumerate() {
            if self.terminals.iter().take(at).any(|other| other.terminal == terminal.terminal) {
                return contradiction(format!(
                    "terminal {} is listed twice; give each its own number",
                    terminal.terminal
                ));
            }
        }
        for (at, card) in self.cards.iter().enumerate() {
            if self.cards.iter().take(at).any(|other| other.pan == card.pan) {
                return contradiction(format!("card {:?} is listed twice; list each card once", card.pan));
            }
            if card.balance_minor < 0 {
                return contradiction(format!("card {:?}: balance_minor must not be negative", card.pan));
            }
        }
        if self.wallets.iter().any(|wallet| self.cards.iter().all(|card| card.pan != wallet.card)) {
            return contradiction("a wallet names a card that is not listed; list the card".into());
        }
        if !matches!(self.scan_to_pay.field, 59 | 62 | 63) {
            return contradiction(format!("scan_to_pay: field {} must be 59, 62 or 63", self.scan_to_pay.field));
        }
        let show = &self.show_to_pay;
        if !matches!(show.field, 57..=59 | 62 | 63) {
            return contradiction(format!("show_to_pay: field {} must be 57, 58, 59, 62 or 63", show.field));
        }
        let scan = &self.scan_to_pay;
        if [&scan.processing_code, &scan.inquiry_processing_code].iter().any(|code| **code == show.processing_code) {
            return contradiction("show_to_pay: processing_code is one of scan_to_pay; give it another".into());
        }
        if let Some(decision) = self.decisions.iter().find(|decision| decision.code == Code::approved()) {
            let amount = decision.amount_minor;
            return contradiction(format!("decision for {amount}: code 00 is no refusal; leave the amount out"));
        }
        if !(1..=999_999).contains(&self.batch) {
            return contradiction(format!("batch {} must be 1 to 999999", self.batch));
        }
        Ok(())
    }
}

/// The built-in table: an amount of NN.00 yuan is answered with NN for the common refusals, so that 51.00 lacks funds
/// and 98.00 is an issuer that did not answer.
pub fn default_decisions() -> Vec<Decision> {
    ["05", "41", "51", "54", "55", "57", "61", "62", "65", "68", "75", "91", "96", "98"]
        .into_iter()
        .filter_map(|text| {
            let yuan: i64 = text.parse().ok()?;
            Some(Decision { amount_minor: yuan * 100, code: text.parse().ok()? })
        })
        .collect()
}

fn yes() -> bool {
    true
}

fn balance_processing_code() -> ProcessingCode {
    ProcessingCode::known("310000")
}

/// What schemes allow for hotels and the like.
fn completion_limit_percent() -> u32 {
    115
}

/// A number no terminal starts with by itself, so that its adoption shows.
fn first_batch() -> u32 {
    42
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_sound_and_survives_being_written() {
        let example = AcquirerConfig::from_toml(EXAMPLE_TOML).unwrap();
        let again = AcquirerConfig::from_toml(&example.to_toml().unwrap()).unwrap();
        assert_eq!(format!("{example:?}"), format!("{again:?}"));
        assert_eq!(example.decisions, default_decisions());
        assert!(example.cards.iter().zip(&again.cards).all(|(a, b)| a.pan == b.pan && a.pin == b.pin));
    }

    #[test]
    fn debug_output_shows_no_card_number_pin_or_key() {
        let example = AcquirerConfig::example();
        let shown = format!("{example:?}");
        for card in &example.cards {
            assert!(!shown.contains(card.pan.digits()));
            assert!(card.pin.as_ref().is_none_or(|pin| !shown.contains(&format!("\"{}\"", pin.digits()))));
        }
        assert!(!shown.to_lowercase().contains("0123456789abcdef"));
    }

    #[test]
    fn mistakes_are_named_where_they_are() {
        for (from, to, said) in [
            ("batch = 42", "batch = 0", "batch 0 must be 1 to 999999"),
            ("batch = 42", "bach = 42", "unknown field `bach`"),
            ("mac = \"unionpay-ecb\"", "mac = \"sha\"", "unknown variant `sha`"),
            ("terminal = \"50080001\"", "terminal = \"5008\"", "8 printable ASCII"),
            ("terminal = \"50080002\"", "terminal = \"50080001\"", "listed twice"),
            ("expiry = \"3012\"", "expiry = \"3013\"", "YYMM"),
            ("balance_minor = 100000", "balance_minor = -1", "must not be negative"),
        ] {
            assert!(EXAMPLE_TOML.contains(from), "{from}");
            let error = AcquirerConfig::from_toml(&EXAMPLE_TOML.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{to}: {error}");
        }
        let approving = format!("{EXAMPLE_TOML}\n[[decision]]\namount_minor = 1\ncode = \"00\"\n");
        assert!(AcquirerConfig::from_toml(&approving).unwrap_err().to_string().contains("no refusal"));
    }
}
