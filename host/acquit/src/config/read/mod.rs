//! Reads the file from its root to its leaves.

mod acquirer;
mod trade;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::error::{Mistake, Problem};
use super::section::{Item, Section, Source};
use super::{Configuration, Devices, JournalSettings, Profile, ReceiptCopy, Terminal, VirtualDevices, Word};
use crate::messages::Currency;
use crate::operator::PublicKey;

use acquirer::acquirers;

type Result<T> = std::result::Result<T, Box<Mistake>>;

/// Names become parts of file names and of journal records; 32 letters are enough to tell acquirers apart.
const NAME_LETTERS_MAX: usize = 32;
/// Ten years: what the law asks of a shop's books in most places.
const RETENTION_DAYS_MAX: u64 = 3_650;
/// More entries than a year of busy trade has; a checkpoint that rare proves little.
const CHECKPOINT_EVERY_MAX: u64 = 1_000_000;
/// A question that waits longer than ten minutes has been forgotten.
const ANSWER_MS_MAX: u64 = 600_000;
/// How long a cashier is given where nothing is said: long enough to ask the customer.
const ANSWER_MS: u64 = 60_000;

pub(super) fn configuration(file: &Path, text: &str) -> Result<Configuration> {
    let source = Source { file, text };
    let document = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
    let folder = Folder(file.parent().unwrap_or(Path::new("")).to_owned());
    let root = Section::root(source, document.get_ref());

    let profile: Profile = root.required("profile", "profile = \"development\"")?.word()?;
    let data = folder.path(&root.required("data", "data = \"data\"")?)?;
    let language = root.required("language", "language = \"zh\" or language = \"en\"")?.word()?;
    let terminal = terminal(&root.required("terminal", "[terminal] with serial and model")?)?;
    let acquirer = root.required("acquirer", "[[acquirer]] with name, plugin and routes")?;
    let acquirers = acquirers(&acquirer, profile, &folder)?;
    let devices = devices(&root, profile, &folder)?;
    let journal = match root.optional("journal") {
        Some(item) => journal(&item, &folder, &data)?,
        None => JournalSettings::default(),
    };
    let operators = root.optional("operator").map_or(Ok(Vec::new()), |item| operators(&item))?;
    root.finish()?;
    Ok(Configuration { profile, data, language, terminal, acquirers, devices, journal, operators })
}

/// The folder the file stands in; the paths it names begin there.
struct Folder(PathBuf);

impl Folder {
    fn path(&self, item: &Item<'_>) -> Result<PathBuf> {
        Ok(self.0.join(item.text()?))
    }
}

fn terminal(item: &Item<'_>) -> Result<Terminal> {
    let section = item.table("[terminal]")?;
    let serial = section.required("serial", "serial = \"T0001\"")?.parsed(
        "a serial number of at most 32 letters, digits and dashes",
        |text| {
            let fits = text.len() <= NAME_LETTERS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            fits.then(|| text.to_owned())
        },
    )?;
    let model = section.required("model", "model = \"desk\"")?.text()?.to_owned();
    let merchant = section.optional("merchant").map(|item| item.text().map(str::to_owned)).transpose()?;
    let currency = section
        .optional("currency")
        .map(|item| item.parsed("an ISO 4217 code known here, such as \"CNY\"", Currency::from_code))
        .transpose()?
        .unwrap_or(Currency::CNY);
    let contact = section.optional("contact").map(|item| item.text().map(str::to_owned)).transpose()?;
    let copies = section.optional("copies").map_or(Ok(ReceiptCopy::ALL.to_vec()), |item| copies(&item))?;
    let answer_within = milliseconds(&section, "answer-ms", 1..=ANSWER_MS_MAX, ANSWER_MS)?;
    section.finish()?;
    Ok(Terminal { serial, model, merchant, currency, contact, copies, answer_within })
}

/// In the order in which they are printed, however they are listed.
fn copies(item: &Item<'_>) -> Result<Vec<ReceiptCopy>> {
    let listed = item.array("[\"merchant\", \"cardholder\"]")?;
    let wanted = listed.iter().map(Item::word).collect::<Result<Vec<ReceiptCopy>>>()?;
    Ok(ReceiptCopy::ALL.iter().copied().filter(|copy| wanted.contains(copy)).collect())
}

fn devices(root: &Section<'_>, profile: Profile, folder: &Folder) -> Result<Devices> {
    let Some(item) = root.optional("devices") else { return Ok(Devices::None) };
    let section = item.table("[devices.virtual]")?;
    let Some(item) = section.optional("virtual") else {
        section.finish()?;
        return Ok(Devices::None);
    };
    let set = item.table("[devices.virtual]")?;
    if profile == Profile::Production {
        return Err(set.mistake(Problem::Refused(
            "a production terminal takes no virtual cards; remove this section, or write profile = \"development\""
                .to_owned(),
        )));
    }
    let card = set.required("card", "card = \"unionpay-stripe\"")?.text()?.to_owned();
    let receipts = folder.path(&set.required("receipts", "receipts = \"receipts\"")?)?;
    let allow_fallback = set.optional("allow-fallback").map_or(Ok(false), |item| item.boolean())?;
    set.finish()?;
    section.finish()?;
    Ok(Devices::Virtual(VirtualDevices { card, receipts, allow_fallback }))
}

fn journal(item: &Item<'_>, folder: &Folder, data: &Path) -> Result<JournalSettings> {
    let section = item.table("[journal]")?;
    let default = JournalSettings::default();
    let key = section.optional("key").map_or(Ok(default.key), |item| item.word())?;
    let cipher = section.optional("cipher").map_or(Ok(default.cipher), |item| item.word())?;
    let retention_days = match section.optional("retention-days") {
        // The range ends far below `u32::MAX`.
        Some(item) => u32::try_from(item.integer(1..=RETENTION_DAYS_MAX)?).unwrap_or(default.retention_days),
        None => default.retention_days,
    };
    let anchor = match section.optional("anchor") {
        Some(item) => Some(anchor(&item, folder, data)?),
        None => None,
    };
    let checkpoint_every = section
        .optional("checkpoint-every")
        .map_or(Ok(default.checkpoint_every), |item| item.integer(1..=CHECKPOINT_EVERY_MAX))?;
    section.finish()?;
    Ok(JournalSettings { key, cipher, retention_days, anchor, checkpoint_every })
}

/// An anchor inside the data folder would go back in time with the journal it is to watch.
fn anchor(item: &Item<'_>, folder: &Folder, data: &Path) -> Result<PathBuf> {
    let anchor = folder.path(item)?;
    if anchor.starts_with(data) {
        return Err(item.mistake(Problem::Refused(
            "the anchor lies in the data folder and would be put back together with the journal; name a file elsewhere"
                .to_owned(),
        )));
    }
    Ok(anchor)
}

fn operators(item: &Item<'_>) -> Result<Vec<PublicKey>> {
    let section = item.table("[operator]")?;
    let keys = section
        .required("keys", "keys = [\"ed25519:...\"], as `acquit operator new-key` prints them")?
        .array("[\"ed25519:...\"]")?
        .iter()
        .map(|item| item.parsed("a public key, as `acquit operator new-key` prints it", |text| text.parse().ok()))
        .collect::<Result<_>>()?;
    section.finish()?;
    Ok(keys)
}

fn milliseconds(
    section: &Section<'_>,
    key: &'static str,
    range: RangeInclusive<u64>,
    default_ms: u64,
) -> Result<Duration> {
    section.optional(key).map_or(Ok(default_ms), |item| item.integer(range)).map(Duration::from_millis)
}
