//! One acquirer: its plugin and what that is granted.

use std::collections::{BTreeMap, BTreeSet};

use engine::contract::acquirer::{Echoed, Framing, KeyScheme};
use engine::contract::transaction::OperationKind;
use engine::contract::types::Name;

use super::super::error::{ConfigurationError, Problem};
use super::super::profile::AcquirerProfile;
use super::super::section::{Item, Section};
use super::super::words::{key_uses, nearest, route_secrets};
use super::super::{Acquirer, Acquirers, Address, KeyGrant, Profile, Route, Word};
use super::trade::{ceilings, trade};
use super::{Folder, NAME_LETTERS_MAX, Result, milliseconds};

/// What a connection or a write may wait at most: a customer stands at the counter.
const NETWORK_TIMEOUT_MS_MAX: u64 = 120_000;
/// What a connection or a write waits where nothing is said.
const NETWORK_TIMEOUT_MS: u64 = 10_000;

const NAME: &str = "a name of small letters, digits and dashes that begins with a letter, such as \"unionpay\"";

/// All of them, from the first in the file to the last.
pub(super) fn acquirers(item: &Item<'_>, profile: Profile, folder: &Folder) -> Result<Acquirers> {
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
        all.push(acquirer(section, name, profile, folder)?);
    }
    if all.is_empty() {
        return Err(item.mistake(Problem::Missing { example: "[[acquirer]] with name, plugin and routes".to_owned() }));
    }
    Ok(Acquirers { all, first: first.unwrap_or(0) })
}

fn acquirer(section: Section<'_>, name: Name, profile: Profile, folder: &Folder) -> Result<Acquirer> {
    let plugin = folder.path(&section.required("plugin", "plugin = \"unionpay.cwasm\"")?)?;
    let own = section.optional("parameters").map_or(Ok(Vec::new()), |item| parameters(&item))?;
    let parameters = match section.optional("profile") {
        Some(item) => with_profile(&item, &own, folder)?,
        None => own,
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
    let trade = trade(&section, profile)?;
    section.finish()?;
    Ok(Acquirer { name, plugin, parameters, keys, routes, proofs, ceilings, trade })
}

fn parameters(item: &Item<'_>) -> Result<Vec<(Name, String)>> {
    let section = item.table("[acquirer.parameters]")?;
    section.named().map(|(key, item)| Ok((key.to_owned(), item.any_text()?.to_owned()))).collect()
}

/// The terminal's own parameters, before those of the acquirer's profile.
fn with_profile(item: &Item<'_>, own: &[(Name, String)], folder: &Folder) -> Result<Vec<(Name, String)>> {
    let profile = AcquirerProfile::load(&folder.path(item)?).map_err(|error| match error {
        ConfigurationError::Unreadable { file, source } => {
            item.mistake(Problem::Refused(format!("{} cannot be read: {source}", file.display())))
        }
        ConfigurationError::Wrong(mistake) => mistake,
    })?;
    profile.filled(own).map_err(|blanks| item.mistake(Problem::Blanks(blanks)))
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
    let scheme = section.optional("scheme").map(|item| item.word()).transpose()?.unwrap_or(KeyScheme::Session);
    section.finish()?;
    Ok(KeyGrant { algorithms, use_, scheme })
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
    let framing = section.optional("framing").map(|item| item.word()).transpose()?.unwrap_or(Framing::LengthU16);
    section.finish()?;
    Ok(Route { address, server_name, roots, framing, secrets, connect_timeout, write_timeout })
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
