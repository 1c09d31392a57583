//! The acquirer's script, `acquirer.toml`: parsed once, and from then on only things that are right.

use std::collections::BTreeMap;
use std::path::Path;

use engine::contract::acquirer::{Framing, KeyAlgorithm};
use engine::contract::template::MacAlgorithm;
use iso8583::Format;
use serde::Deserialize;
use toml::Spanned;
use vault::ClearKey;

use super::format::FormatText;
use super::http::{Http, HttpText};
use super::rule::{Rule, RuleText};
use crate::mistake::{Mistake, Source};

/// What an acquirer hands to a deployment, and how it answers.
pub struct Script {
    /// How messages are told apart on a connection.
    pub framing: Framing,
    /// What the terminal's configuration says of this acquirer.
    pub deployment: Deployment,
    /// Published test keys by slot, in hexadecimal.
    pub test_keys: BTreeMap<String, String>,
    /// Of those that are initial keys of DUKPT slots, the serial numbers they come with, in hexadecimal.
    pub test_serials: BTreeMap<String, String>,
    pub(super) format: &'static Format,
    pub(super) header_bytes: usize,
    pub(super) seal: Option<Seal>,
    pub(super) ledger: Option<LedgerFields>,
    pub(super) rules: Vec<Rule>,
    /// On a route that speaks HTTP.
    pub(super) http: Option<Http>,
}

/// What the terminal's configuration says of this acquirer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deployment {
    /// The plugin's route.
    #[serde(default = "host")]
    pub route: String,
    /// Which secrets may leave by it, as the configuration spells them.
    pub secrets: Vec<String>,
    /// The currency of the terminal.
    #[serde(default = "yuan")]
    pub currency: String,
    /// The virtual card that is presented where an order names none.
    #[serde(default = "stripe")]
    pub card: String,
    /// What a key slot is for, where the plugin names several uses: `mac:x919`.
    #[serde(default)]
    pub key_uses: BTreeMap<String, String>,
    /// Parameters of the plugin.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Echoes that an answer must prove, by operation.
    #[serde(default)]
    pub proofs: BTreeMap<String, Vec<String>>,
    /// The longest wait for an answer, milliseconds.
    #[serde(default = "short_exchange")]
    pub exchange_timeout_ms: u32,
    /// The longest wait between two tries of a debt, milliseconds.
    #[serde(default = "short_wait")]
    pub wait_ms: u32,
}

/// Where a MAC stands, and how it is made.
pub(super) struct Seal {
    pub field: u8,
    pub algorithm: KeyAlgorithm,
    pub mac: MacAlgorithm,
    pub key: ClearKey,
    /// Message types that carry one: requests whose MAC is checked, answers that get one.
    pub types: Vec<u16>,
}

/// Which fields speak of money.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LedgerFields {
    /// The amount, minor units.
    pub amount: u8,
    /// What names a payment, in the request and in what takes it back.
    pub identity: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScriptText {
    framing: Framed,
    deployment: Deployment,
    format: FormatText,
    #[serde(default)]
    test_keys: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    test_serials: BTreeMap<String, String>,
    http: Option<Spanned<HttpText>>,
    mac: Option<SealText>,
    ledger: Option<Spanned<LedgerFields>>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<RuleText>>,
}

#[derive(Clone, Copy, Deserialize)]
enum Framed {
    #[serde(rename = "length-u16")]
    LengthU16,
    #[serde(rename = "length-ascii-four")]
    LengthAsciiFour,
    #[serde(rename = "http")]
    Http,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SealText {
    field: Spanned<u8>,
    algorithm: MacText,
    key: Spanned<String>,
    types: Vec<Spanned<String>>,
}

#[derive(Clone, Copy, Deserialize)]
enum MacText {
    #[serde(rename = "unionpay-ecb")]
    UnionpayEcb,
    #[serde(rename = "x919")]
    X919,
    #[serde(rename = "des-cbc")]
    DesCbc,
    #[serde(rename = "aes-cmac")]
    AesCmac,
    #[serde(rename = "sm4-unionpay")]
    Sm4Unionpay,
    #[serde(rename = "sm4-cbc")]
    Sm4Cbc,
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong; with line and column.
    pub fn load(file: &Path) -> Result<Self, Mistake> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Source { file, text: "" }.whole(format!("cannot be read: {error}")))?;
        Self::parse(file, &text)
    }

    /// Reads the text of a script. `file` is where it stands, for mistakes.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Mistake> {
        let source = Source { file, text };
        let read: ScriptText = source.parse()?;
        let format = read.format.table(&source)?;
        let keys = read.test_keys.iter().map(|(slot, key)| {
            let wrong = |error| source.mistake(key.span(), format!("test-keys.{slot}: {error}"));
            ClearKey::from_hex(key.get_ref()).map_err(wrong)?;
            Ok((slot.clone(), key.get_ref().clone()))
        });
        let test_keys: BTreeMap<_, _> = keys.collect::<Result<_, Mistake>>()?;
        let seal = read.mac.map(|mac| mac.read(format, &test_keys, &source)).transpose()?;
        if let Some(ledger) = &read.ledger {
            let fields = ledger.get_ref().identity.iter().chain([&ledger.get_ref().amount]);
            known(fields, format).map_err(|what| source.mistake(ledger.span(), what))?;
        }
        let http = match (read.framing, read.http) {
            (Framed::Http, Some(http)) => Some(http.into_inner().read(&source)?),
            (Framed::Http, None) => return Err(source.whole("framing \"http\" needs [http] with its paths")),
            (_, Some(http)) => return Err(source.mistake(http.span(), "[http] is for framing = \"http\"")),
            (_, None) => None,
        };
        let rules = read.rules.iter().map(|rule| Rule::read(rule, format, seal.as_ref(), http.is_some(), &source));
        Ok(Script {
            framing: match read.framing {
                Framed::LengthU16 => Framing::LengthU16,
                Framed::LengthAsciiFour => Framing::LengthAsciiFour,
                Framed::Http => Framing::Http,
            },
            deployment: read.deployment,
            rules: rules.collect::<Result<_, _>>()?,
            http,
            test_keys,
            test_serials: read.test_serials,
            format,
            header_bytes: read.format.header_bytes.into(),
            seal,
            ledger: read.ledger.map(Spanned::into_inner),
        })
    }

    /// Rules of a scenario, to be tried before the script's own.
    pub(crate) fn rules_of(&self, rules: &[Spanned<RuleText>], source: &Source<'_>) -> Result<Vec<Rule>, Mistake> {
        rules
            .iter()
            .map(|rule| Rule::read(rule, self.format, self.seal.as_ref(), self.http.is_some(), source))
            .collect()
    }
}

impl SealText {
    fn read(&self, format: &Format, keys: &BTreeMap<String, String>, source: &Source<'_>) -> Result<Seal, Mistake> {
        let field = *self.field.get_ref();
        let is_last = format.fields.last().is_some_and(|last| last.number == field);
        if !is_last {
            let right = "a MAC stands in the last field of the table, over everything before it";
            return Err(source.mistake(self.field.span(), right));
        }
        let slot = self.key.get_ref();
        let key = keys.get(slot).and_then(|key| ClearKey::from_hex(key).ok());
        let key = key.ok_or_else(|| source.mistake(self.key.span(), format!("[test-keys] has no {slot}")))?;
        let (mac, algorithms) = self.algorithm.means();
        let fits = |algorithm: &&KeyAlgorithm| key.mac(**algorithm, mac, b"").is_some();
        let algorithm = algorithms.iter().find(fits).copied();
        let wrong = || source.mistake(self.key.span(), format!("the key {slot} is too short or too long for this MAC"));
        let types = self.types.iter().map(|text| message_type(text, source)).collect::<Result<_, _>>()?;
        Ok(Seal { field, algorithm: algorithm.ok_or_else(wrong)?, mac, key, types })
    }
}

impl MacText {
    /// The algorithm, and the kinds of key it works with.
    fn means(self) -> (MacAlgorithm, &'static [KeyAlgorithm]) {
        const DES: &[KeyAlgorithm] = &[KeyAlgorithm::Tdes];
        const SM4: &[KeyAlgorithm] = &[KeyAlgorithm::Sm4];
        match self {
            MacText::UnionpayEcb => (MacAlgorithm::UnionpayEcb, DES),
            MacText::X919 => (MacAlgorithm::X919, DES),
            MacText::DesCbc => (MacAlgorithm::DesCbc, DES),
            MacText::AesCmac => (MacAlgorithm::AesCmac, &[KeyAlgorithm::Aes128, KeyAlgorithm::Aes256]),
            MacText::Sm4Unionpay => (MacAlgorithm::Sm4Unionpay, SM4),
            MacText::Sm4Cbc => (MacAlgorithm::Sm4Cbc, SM4),
            MacText::HmacSha256 => (MacAlgorithm::HmacSha256, &[KeyAlgorithm::Hmac]),
        }
    }
}

/// Four digits as they are written, read as hexadecimal: `"0200"` is `0x0200`.
pub(crate) fn message_type(text: &Spanned<String>, source: &Source<'_>) -> Result<u16, Mistake> {
    let digits = text.get_ref();
    let fits = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let wrong =
        || source.mistake(text.span(), format!("{digits:?} is no message type; write four digits, like \"0200\""));
    if fits { u16::from_str_radix(digits, 16).map_err(|_| wrong()) } else { Err(wrong()) }
}

/// Every one of these fields is in the table.
pub(super) fn known<'f>(fields: impl IntoIterator<Item = &'f u8>, format: &Format) -> Result<(), String> {
    match fields.into_iter().find(|number| format.field(**number).is_none()) {
        None => Ok(()),
        Some(number) => Err(format!("DE{number} is not in [format] fields")),
    }
}

fn host() -> String {
    "host".to_owned()
}

fn stripe() -> String {
    "unionpay-stripe".to_owned()
}

fn yuan() -> String {
    "CNY".to_owned()
}

/// Long enough for an honest answer on a loaded machine, short enough to wait for.
fn short_exchange() -> u32 {
    1_500
}

fn short_wait() -> u32 {
    1_000
}
