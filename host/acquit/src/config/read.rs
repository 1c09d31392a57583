//! Reads the file from its root to its leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::contract::acquirer::Echoed;
use engine::contract::transaction::OperationKind;
use engine::contract::types::Name;
use toml::de::DeTable;

use super::error::{Mistake, Problem};
use super::section::{Item, Section, Source};
use super::words::{key_uses, nearest, route_secrets};
use super::{
    Acquirer, Acquirers, Address, Ceilings, Configuration, Devices, JournalSettings, KeyGrant, Profile, Route,
    Terminal, VirtualDevices, Word,
};
use crate::messages::Currency;
use crate::operator::PublicKey;

type Result<T> = std::result::Result<T, Box<Mistake>>;

/// Names become parts of file names and of journal records; 32 letters are enough to tell acquirers apart.
const NAME_LETTERS_MAX: usize = 32;
/// What a connection or a write may wait at most: a customer stands at the counter.
const NETWORK_TIMEOUT_MS_MAX: u64 = 120_000;
/// What a reply may take at most.
const EXCHANGE_TIMEOUT_MS_MAX: u64 = 600_000;
/// The longest pause between two tries: a debt is tried at least once a day.
const WAIT_MS_MAX: u64 = 86_400_000;
/// What a connection or a write waits where nothing is said.
const NETWORK_TIMEOUT_MS: u64 = 10_000;
/// Ten years: what the law asks of a shop's books in most places.
const RETENTION_DAYS_MAX: u64 = 3_650;
/// More entries than a year of busy trade has; a checkpoint that rare proves little.
const CHECKPOINT_EVERY_MAX: u64 = 1_000_000;
/// Twelve digits: what an ISO 8583 amount field can carry.
const AMOUNT_MINOR_MAX: u64 = 999_999_999_999;

const NAME: &str = "a name of small letters, digits and dashes that begins with a letter, such as \"unionpay\"";

pub(super) fn configuration(file: &Path, text: &str) -> Result<Configuration> {
    let source = Source { file, text };
    let document = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        source.mistake(offset, "", Problem::Syntax(error.message().replace('\n', ", ")))
    })?;
    let folder = Folder(file.parent().unwrap_or(Path::new("")).to_owned());
    let root = Section::root(source, document.get_ref());

    let profile: Profile = root.required("profile", "profile = \"development\"")?.word()?;
    let data = folder.path(&root.required("data", "data = \"data\"")?)?;
    let language = root.required("language", "language = \"zh\" or language = \"en\"")?.word()?;
    let terminal = terminal(&root.required("terminal", "[terminal] with serial and model")?)?;
    let acquirers = acquirers(&root.required("acquirer", "[[acquirer]] with name, plugin and routes")?, &folder)?;
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
    section.finish()?;
    Ok(Terminal { serial, model, merchant, currency })
}

fn acquirers(item: &Item<'_>, folder: &Folder) -> Result<Acquirers> {
    let mut all: Vec<Acquirer> = Vec::new();
    let mut first = None;
    for entry in item.array("[[acquirer]], with two brackets")? {
        let section = entry.table("[[acquirer]]")?;
        let name_item = section.required("name", "name = \"unionpay\"")?;
        let name = name_item.parsed(NAME, name)?;
        if all.iter().any(|other| other.name == name) {
            return Err(name_item.mistake(Problem::Refused(format!(
                "two acquirers are called \"{name}\"; give each its own name, since the journal goes by it"
            ))));
        }
        if let Some(item) = section.optional("first")
            && item.boolean()?
            && let Some(other) = first.replace(all.len())
        {
            let other = &all[other].name;
            return Err(item.mistake(Problem::Refused(format!(
                "\"{other}\" is the first acquirer already; leave `first` on one of them"
            ))));
        }
        all.push(acquirer(section, name, folder)?);
    }
    if all.is_empty() {
        return Err(item.mistake(Problem::Missing { example: "[[acquirer]] with name, plugin and routes".to_owned() }));
    }
    Ok(Acquirers { all, first: first.unwrap_or(0) })
}

fn acquirer(section: Section<'_>, name: Name, folder: &Folder) -> Result<Acquirer> {
    let plugin = folder.path(&section.required("plugin", "plugin = \"unionpay.cwasm\"")?)?;
    let parameters = match section.optional("parameters") {
        Some(item) => parameters(&item)?,
        None => Vec::new(),
    };
    let keys = named(section.optional("keys"), "[acquirer.keys]", key_grant)?;
    let routes_item = section.required("routes", "[acquirer.routes.host] with address, roots and secrets")?;
    let routes = named(Some(routes_item), "[acquirer.routes.host]", |item| route(item, folder))?;
    if routes.is_empty() {
        let example = "[acquirer.routes.host] with address, roots and secrets".to_owned();
        return Err(section.mistake(Problem::Missing { example }));
    }
    let proofs = section.optional("proofs").map(|item| proofs(&item)).transpose()?.unwrap_or_default();
    let ceilings = section.optional("ceilings").map(|item| ceilings(&item)).transpose()?.unwrap_or_default();
    section.finish()?;
    Ok(Acquirer { name, plugin, parameters, keys, routes, proofs, ceilings })
}

fn parameters(item: &Item<'_>) -> Result<Vec<(Name, String)>> {
    let section = item.table("[acquirer.parameters]")?;
    section.named().map(|(key, item)| Ok((key.to_owned(), item.text()?.to_owned()))).collect()
}

/// A table whose keys are names: of key slots, or of routes.
fn named<T>(item: Option<Item<'_>>, example: &str, read: impl Fn(&Item<'_>) -> Result<T>) -> Result<BTreeMap<Name, T>> {
    let Some(item) = item else { return Ok(BTreeMap::new()) };
    let section = item.table(example)?;
    section
        .named()
        .map(|(key, item)| {
            let malformed = || item.mistake(Problem::Malformed { found: key.to_owned(), expected: NAME });
            Ok((name(key).ok_or_else(malformed)?, read(&item)?))
        })
        .collect()
}

/// `algorithm` is a word, or a list where keys of several may be downloaded: `["des", "tdes"]`.
fn key_grant(item: &Item<'_>) -> Result<KeyGrant> {
    let section = item.table("{ algorithm = \"tdes\", use = \"transport\" }")?;
    let algorithm = section.required("algorithm", "algorithm = \"tdes\"")?;
    let algorithms: Vec<_> = match algorithm.array("") {
        Ok(several) => several.iter().map(Item::word).collect::<Result<_>>()?,
        Err(_) => vec![algorithm.word()?],
    };
    if algorithms.is_empty() {
        return Err(algorithm.mistake(Problem::Missing { example: "algorithm = \"tdes\"".to_owned() }));
    }
    let use_ = section.required("use", "use = \"transport\"")?.one_of("use of a key", &key_uses())?;
    section.finish()?;
    Ok(KeyGrant { algorithms, use_ })
}

fn route(item: &Item<'_>, folder: &Folder) -> Result<Route> {
    let section = item.table("[acquirer.routes.host]")?;
    let address = section.required("address", "address = \"acquirer.example:9443\"")?.parsed("host:port", address)?;
    let server_name = section
        .optional("server-name")
        .map(|item| item.parsed("the name in the acquirer's certificate", host))
        .transpose()?
        .unwrap_or_else(|| address.host.clone());
    let roots = folder.path(&section.required("roots", "roots = \"ca.pem\"")?)?;
    let secrets = section
        .required("secrets", "secrets = [\"pan\", \"expiry\"], or [] for none")?
        .array("[\"pan\", \"expiry\"]")?
        .iter()
        .map(|item| item.one_of("secret", &route_secrets()))
        .collect::<Result<BTreeSet<_>>>()?;
    let connect_timeout = milliseconds(&section, "connect-timeout-ms", 1..=NETWORK_TIMEOUT_MS_MAX, NETWORK_TIMEOUT_MS)?;
    let write_timeout = milliseconds(&section, "write-timeout-ms", 1..=NETWORK_TIMEOUT_MS_MAX, NETWORK_TIMEOUT_MS)?;
    section.finish()?;
    Ok(Route { address, server_name, roots, secrets, connect_timeout, write_timeout })
}

fn proofs(item: &Item<'_>) -> Result<BTreeMap<OperationKind, Vec<Echoed>>> {
    let section = item.table("[acquirer.proofs]")?;
    section
        .named()
        .map(|(key, item)| {
            let unknown = || {
                let known: Vec<_> = OperationKind::ALL.iter().map(|kind| kind.word()).collect();
                item.mistake(Problem::UnknownKey {
                    nearest: nearest(key, known.iter().copied()).map(str::to_owned),
                    known: known.into_iter().map(str::to_owned).collect(),
                })
            };
            let kind = OperationKind::from_word(key).ok_or_else(unknown)?;
            let echoes = item.array("[\"trace\", \"terminal\"]")?.iter().map(Item::word).collect::<Result<_>>()?;
            Ok((kind, echoes))
        })
        .collect()
}

fn ceilings(item: &Item<'_>) -> Result<Ceilings> {
    let section = item.table("[acquirer.ceilings]")?;
    let default = Ceilings::default();
    let number = |key, range, default| section.optional(key).map_or(Ok(default), |item| item.integer(range));
    let count = |key, range, default: u32| {
        // The ranges end far below `u32::MAX`.
        number(key, range, u64::from(default)).map(|number| u32::try_from(number).unwrap_or(default))
    };
    let ceilings = Ceilings {
        attempts: count("attempts", 1..=10, default.attempts)?,
        wait: milliseconds(&section, "wait-ms", 0..=WAIT_MS_MAX, as_ms(default.wait))?,
        exchange_timeout: milliseconds(
            &section,
            "exchange-timeout-ms",
            1..=EXCHANGE_TIMEOUT_MS_MAX,
            as_ms(default.exchange_timeout),
        )?,
        refused_debts: count("refused-debts", 0..=1000, default.refused_debts)?,
        amount_minor: number("amount-minor", 1..=AMOUNT_MINOR_MAX, default.amount_minor)?,
    };
    section.finish()?;
    Ok(ceilings)
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
    range: std::ops::RangeInclusive<u64>,
    default_ms: u64,
) -> Result<Duration> {
    section.optional(key).map_or(Ok(default_ms), |item| item.integer(range)).map(Duration::from_millis)
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn name(text: &str) -> Option<Name> {
    let fits = text.len() <= NAME_LETTERS_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    fits.then(|| text.to_owned())
}

fn address(text: &str) -> Option<Address> {
    let (host_text, port) = text.rsplit_once(':')?;
    let host_text = match host_text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())?.to_owned(),
        None => host(host_text)?,
    };
    let port = port.parse().ok().filter(|port| *port != 0)?;
    Some(Address { host: host_text, port })
}

/// A DNS name or an IPv4 address.
fn host(text: &str) -> Option<String> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 253 && text.split('.').all(label)).then(|| text.to_owned())
}
