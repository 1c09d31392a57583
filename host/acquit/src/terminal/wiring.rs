//! From a configuration to real parts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use devices::virtual_set::VirtualPrinter;
use engine::contract::acquirer::{Descriptor, Echoed, Framing, KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::transaction::{Context as Told, Device, OperationKind, Reader};
use engine::contract::types::Name;
use engine::{Ceilings, Deployment, Loaded, OfflineCeilings, Timestamp};
use network::{DEFAULT_MAX_FRAME_BYTES, Probe, Route, RouteConfig};
use vault::{KeyPaths, PluginGrant, PublishedKey, RouteGrant, SlotGrant, Vault};

use super::grants::granted;
use super::plugins::Shelf;
use crate::config::{Acquirer, Configuration, Devices, Offline, Profile, Route as RouteSection, RouteSecret, Word};

/// Where a terminal keeps its things.
#[derive(Clone, Debug)]
pub struct Places {
    data: PathBuf,
}

/// An acquirer's routes, with what may leave on each.
pub(super) type Routes = BTreeMap<Name, (Route, RouteGrant)>;

impl Places {
    /// Under the configuration's data folder.
    pub fn of(configuration: &Configuration) -> Places {
        Places { data: configuration.data.clone() }
    }

    /// The folder itself.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The journal's folder.
    pub fn journal(&self) -> PathBuf {
        self.data.join("journal")
    }

    /// The key the journal's keys are wrapped under, where it is a file.
    pub fn journal_key(&self) -> PathBuf {
        self.data.join("journal-key")
    }

    /// The key store and the key that opens it.
    pub fn keys(&self) -> KeyPaths {
        KeyPaths { keys: self.data.join("keys"), key_encryption_key: self.data.join("key-encryption-key") }
    }

    /// Copies of plugins that debts may need.
    pub fn plugins(&self) -> PathBuf {
        self.data.join("plugins")
    }

    /// Where other commands reach the running terminal.
    pub fn socket(&self) -> PathBuf {
        self.data.join("socket")
    }
}

/// The key slots each plugin is granted.
pub fn grants(configuration: &Configuration) -> Vec<PluginGrant> {
    configuration
        .acquirers
        .iter()
        .map(|acquirer| PluginGrant {
            plugin: acquirer.name.clone(),
            slots: acquirer
                .keys
                .iter()
                .map(|(slot, grant)| SlotGrant {
                    slot: slot.clone(),
                    algorithms: grant.algorithms.clone(),
                    key_use: grant.use_.clone(),
                    scheme: grant.scheme,
                })
                .collect(),
        })
        .collect()
}

/// Refuses keys that stand printed somewhere: those in the store, and each that an acquirer hands out.
pub(super) fn without_published(vault: &mut Vault) -> Result<()> {
    vault.refuse_published();
    let named = |key: &PublishedKey| format!("{} {} ({})", key.plugin, key.slot, key.printed);
    let published: Vec<_> = vault.published_keys().iter().map(named).collect();
    if published.is_empty() {
        return Ok(());
    }
    bail!(
        "operator: a production terminal takes no published test keys, and these are: {}; load the acquirer's own with \
         `acquit keys ceremony` or `acquit keys load`",
        published.join(", ")
    )
}

/// Deploys an acquirer. A plugin that cannot be loaded, or asks for what it is not granted, leaves its debts to be paid
/// and takes no payment.
pub(super) fn deploy(
    configuration: &Configuration,
    acquirer: &Acquirer,
    vault: &Vault,
    shelf: &mut Shelf,
) -> Deployment {
    let loaded = shelf.load(&acquirer.name, &acquirer.plugin).map_err(|error| error.to_string());
    let plugin = loaded.and_then(|plugin| {
        granted(acquirer, plugin.descriptor())?;
        Ok(Loaded { digest: plugin.digest(), descriptor: plugin.descriptor().clone() })
    });
    let plugin = plugin.inspect_err(|why| tracing::error!(acquirer = %acquirer.name, why, "no payments")).ok();
    let work_keys = work_keys(acquirer, plugin.as_ref());
    let loaded = |slot: &Name| acquirer.work_keys().any(|name| name == slot) && !work_keys.contains(slot);
    Deployment {
        acquirer: acquirer.name.clone(),
        loaded_keys: vault.checked_slots(&acquirer.name).into_iter().filter(loaded).collect(),
        work_keys,
        plugin,
        parameters: acquirer.parameters.clone(),
        echoes: echoes(acquirer),
        ceilings: ceilings(acquirer),
        device: device(configuration),
        locale: configuration.language.to_string(),
        presents: acquirer.trade.presents.clone(),
        typed: acquirer.trade.typed.clone(),
        unreferenced_refunds: acquirer.trade.unreferenced_refunds,
        offline: acquirer.trade.offline.map(offline),
        blocking: acquirer.trade.blocking.clone(),
    }
}

/// What this terminal tells a plugin with every call, but for what its stream of the journal holds and the call itself
/// brings: the latter are empty.
pub fn setting(configuration: &Configuration, acquirer: &Acquirer, descriptor: &Descriptor) -> Told {
    let loaded_by_hand = descriptor.keys.iter().filter(|slot| slot.scheme != KeyScheme::Session);
    Told {
        now: Timestamp::default().local(),
        transaction: String::new(),
        operator: String::new(),
        locale: configuration.language.to_string(),
        parameters: acquirer.parameters.clone(),
        memory: Vec::new(),
        counters: Vec::new(),
        keys: loaded_by_hand.map(|slot| slot.name.clone()).collect(),
        device: device(configuration),
    }
}

/// The slots a sign-in fills. Of a plugin that is not loaded nobody knows which of its keys are loaded by hand.
fn work_keys(acquirer: &Acquirer, plugin: Option<&Loaded>) -> Vec<Name> {
    let is_loaded_by_hand = |name: &Name| {
        let slots = plugin.map(|plugin| plugin.descriptor.keys.iter()).into_iter().flatten();
        slots.filter(|slot| slot.name == *name).any(|slot| slot.scheme != KeyScheme::Session)
    };
    acquirer.work_keys().filter(|name| !is_loaded_by_hand(name)).cloned().collect()
}

/// The echoes an answer must prove: what the configuration says of an operation, and where it says nothing, what
/// ties an answer to its request at the least.
fn echoes(acquirer: &Acquirer) -> BTreeMap<OperationKind, Vec<Echoed>> {
    let least = |kind: &OperationKind| match kind {
        // Nothing in these is worth an amount, or not every answer to them carries one.
        OperationKind::SignIn
        | OperationKind::SignOff
        | OperationKind::Echo
        | OperationKind::Download
        | OperationKind::Balance
        | OperationKind::Inquire
        | OperationKind::Advise
        | OperationKind::ReportScripts
        | OperationKind::Settle
        | OperationKind::Upload => vec![Echoed::Trace, Echoed::Terminal],
        _ => vec![Echoed::Trace, Echoed::Terminal, Echoed::Amount],
    };
    let mut echoes: BTreeMap<_, _> = OperationKind::ALL.iter().map(|kind| (*kind, least(kind))).collect();
    echoes.extend(acquirer.proofs.clone());
    echoes
}

fn ceilings(acquirer: &Acquirer) -> Ceilings {
    let milliseconds = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    Ceilings {
        attempts: acquirer.ceilings.attempts,
        wait_ms: milliseconds(acquirer.ceilings.wait),
        exchange_timeout_ms: milliseconds(acquirer.ceilings.exchange_timeout),
        refused_debts: acquirer.ceilings.refused_debts,
        amount_minor: acquirer.ceilings.amount_minor,
        completion_percent: acquirer.ceilings.completion_percent,
        inquiries: acquirer.ceilings.inquiries,
        upload_items: acquirer.ceilings.upload_items,
        escalate_after_tries: acquirer.ceilings.escalate_after_tries,
    }
}

fn offline(offline: Offline) -> OfflineCeilings {
    let Offline { count, sum_minor, payment_minor, age } = offline;
    OfflineCeilings { count, sum_minor, payment_minor, age_seconds: age.as_secs() }
}

fn device(configuration: &Configuration) -> Device {
    Device {
        serial: configuration.terminal.serial.clone(),
        model: configuration.terminal.model.clone(),
        firmware: env!("CARGO_PKG_VERSION").to_owned(),
        reads: match configuration.devices {
            Devices::None => Vec::new(),
            Devices::Virtual(_) => vec![Reader::Stripe],
        },
        developer_kernel: configuration.profile == Profile::Development,
    }
}

/// What receipts are printed with, if there is anything.
pub(super) fn printer(configuration: &Configuration) -> Option<VirtualPrinter> {
    match &configuration.devices {
        Devices::None => None,
        Devices::Virtual(devices) => Some(VirtualPrinter::to_folder(&devices.receipts)),
    }
}

/// Builds an acquirer's routes; pinned certificates that cannot be read are the operator's to mend.
pub(super) fn routes(acquirer: &Acquirer, probe: Option<&Probe>) -> Result<Routes> {
    acquirer
        .routes
        .iter()
        .map(|(name, section)| {
            let route =
                route(name, section, probe).with_context(|| format!("route {name} of acquirer {}", acquirer.name))?;
            Ok((name.clone(), (route, grant(section))))
        })
        .collect()
}

fn route(name: &str, section: &RouteSection, probe: Option<&Probe>) -> Result<Route> {
    let roots_pem = fs::read(&section.roots).with_context(|| format!("cannot read {}", section.roots.display()))?;
    let route = Route::new(RouteConfig {
        name: name.to_owned(),
        host: section.address.host.clone(),
        port: section.address.port,
        server_name: section.server_name.clone(),
        roots_pem,
        connect_timeout: section.connect_timeout,
        write_timeout: section.write_timeout,
        max_frame_bytes: DEFAULT_MAX_FRAME_BYTES,
        framing: section.framing,
    })?;
    Ok(match probe {
        Some(probe) => route.with_probe(probe.clone()),
        None => route,
    })
}

fn grant(section: &RouteSection) -> RouteGrant {
    let mut grant = RouteGrant { http: section.framing == Framing::Http, ..RouteGrant::default() };
    for secret in &section.secrets {
        match secret {
            RouteSecret::Pin => grant.pin = true,
            RouteSecret::Card(secret) => grant.secrets.push(*secret),
            RouteSecret::ProtectedTrack(track) => grant.protected_tracks.push(*track),
        }
    }
    grant
}

/// Whether a key slot takes a key of this algorithm at all; for the command that loads keys by hand.
pub fn is_transport(acquirer: &Acquirer, slot: &str) -> bool {
    acquirer
        .keys
        .get(slot)
        .is_some_and(|grant| grant.use_ == KeyUse::Transport && grant.algorithms.contains(&KeyAlgorithm::Tdes))
}

/// The slot's keys are derived of an initial key, which a person loads with its serial number.
pub fn is_dukpt(acquirer: &Acquirer, slot: &str) -> bool {
    let scheme = acquirer.keys.get(slot).map(|grant| grant.scheme);
    scheme.is_some_and(|scheme| matches!(scheme, KeyScheme::DukptTdes | KeyScheme::DukptAes))
}

#[cfg(test)]
mod tests {
    use engine::contract::Digest;
    use engine::contract::acquirer::{Descriptor, KeySlot};

    use super::*;

    #[test]
    fn a_configuration_that_names_no_echoes_still_demands_those_that_tie_an_answer_to_its_request() {
        let text = include_str!("../../examples/terminal.toml");
        let configuration = Configuration::parse(Path::new("terminal.toml"), text).unwrap();
        let mut acquirer = configuration.acquirers.first().clone();
        acquirer.proofs.clear();
        assert_eq!(echoes(&acquirer)[&OperationKind::Sale], [Echoed::Trace, Echoed::Terminal, Echoed::Amount]);
        acquirer.proofs.insert(OperationKind::Sale, vec![Echoed::Merchant]);
        assert_eq!(echoes(&acquirer)[&OperationKind::Sale], [Echoed::Merchant]);
        assert_eq!(echoes(&acquirer)[&OperationKind::SignIn], [Echoed::Trace, Echoed::Terminal]);
    }

    /// A plugin whose keys are loaded by hand has no sign-in; it once waited for one for ever and took no payment.
    #[test]
    fn a_sign_in_fills_only_the_slots_whose_keys_are_downloaded() {
        let text = include_str!("../../examples/terminal.toml");
        let configuration = Configuration::parse(Path::new("terminal.toml"), text).unwrap();
        let acquirer = configuration.acquirers.first();
        let slot = |name: &Name, scheme| KeySlot { name: name.clone(), algorithms: vec![], scheme, uses: vec![] };
        let plugin = |scheme| Loaded {
            digest: Digest([0; 32]),
            descriptor: Descriptor {
                acquirer: String::new(),
                version: String::new(),
                operations: vec![],
                routes: vec![],
                keys: acquirer.keys.keys().map(|name| slot(name, scheme)).collect(),
                counters: vec![],
                parameters: vec![],
            },
        };
        let names: Vec<_> = acquirer.work_keys().cloned().collect();
        assert_eq!(work_keys(acquirer, Some(&plugin(KeyScheme::Session))), names);
        assert_eq!(work_keys(acquirer, None), names);
        assert!(work_keys(acquirer, Some(&plugin(KeyScheme::Fixed))).is_empty());
    }
}
