//! What a plugin says it needs, against what its deployment grants it; what is missing is said in one sentence.

use engine::contract::acquirer::{Descriptor, KeyScheme, KeySlot, KeyUse};

use crate::config::{Acquirer, KeyGrant, Word as _};

/// Why a plugin is not deployed, for the operator to mend in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotGranted {
    #[error("the plugin needs the route {0}; add [acquirer.routes.{0}] to the configuration")]
    Route(String),
    #[error("the plugin frames its route {0} otherwise; set framing = \"{1}\" in [acquirer.routes.{0}]")]
    Framing(String, &'static str),
    #[error("the plugin needs the key slot {0}; add {0} to [acquirer.keys] in the configuration")]
    Slot(String),
    #[error("the plugin has no key slot {0}; take it out of [acquirer.keys]")]
    UnknownSlot(String),
    #[error("the key slot {0} is granted a use, an algorithm or a scheme that the plugin does not have for it")]
    Use(String),
    #[error("the plugin needs the parameter {name} ({meaning}); add it to [acquirer.parameters]")]
    Parameter { name: String, meaning: String },
    #[error("the plugin has no parameter {0}; take it out of [acquirer.parameters]")]
    UnknownParameter(String),
}

/// Checks that everything the plugin needs is granted, and nothing that it does not know.
pub(super) fn granted(acquirer: &Acquirer, plugin: &Descriptor) -> Result<(), String> {
    routes(acquirer, plugin)
        .and_then(|()| slots(acquirer, plugin))
        .and_then(|()| parameters(acquirer, plugin))
        .map_err(|missing| missing.to_string())
}

fn routes(acquirer: &Acquirer, plugin: &Descriptor) -> Result<(), NotGranted> {
    for route in &plugin.routes {
        let Some(granted) = acquirer.routes.get(&route.name) else {
            return Err(NotGranted::Route(route.name.clone()));
        };
        if route.framing != granted.framing {
            return Err(NotGranted::Framing(route.name.clone(), route.framing.word()));
        }
    }
    Ok(())
}

fn slots(acquirer: &Acquirer, plugin: &Descriptor) -> Result<(), NotGranted> {
    let is_missing = |slot: &&KeySlot| !acquirer.keys.contains_key(&slot.name) && !is_optional(slot);
    if let Some(missing) = plugin.keys.iter().find(is_missing) {
        return Err(NotGranted::Slot(missing.name.clone()));
    }
    for (name, grant) in &acquirer.keys {
        let declared = plugin.keys.iter().find(|slot| slot.name == *name);
        let declared = declared.ok_or_else(|| NotGranted::UnknownSlot(name.clone()))?;
        if !fits(grant, declared) {
            return Err(NotGranted::Use(name.clone()));
        }
    }
    Ok(())
}

/// Many acquirers take tracks in clear and hand out no key for them; a message that needs one is refused when it is
/// rendered.
fn is_optional(slot: &KeySlot) -> bool {
    !slot.uses.is_empty() && slot.uses.iter().all(|use_| matches!(use_, KeyUse::Track(_)))
}

/// A slot is granted one of the uses the plugin named for it, only algorithms it can work with, and a scheme of DUKPT
/// where the plugin builds its messages for that one. Whether another key is downloaded or loaded is not the grant's.
fn fits(grant: &KeyGrant, declared: &KeySlot) -> bool {
    let is_dukpt = |scheme| matches!(scheme, KeyScheme::DukptTdes | KeyScheme::DukptAes);
    let same_scheme = grant.scheme == declared.scheme || !(is_dukpt(grant.scheme) || is_dukpt(declared.scheme));
    same_scheme
        && declared.uses.contains(&grant.use_)
        && grant.algorithms.iter().all(|algorithm| declared.algorithms.contains(algorithm))
}

fn parameters(acquirer: &Acquirer, plugin: &Descriptor) -> Result<(), NotGranted> {
    let given = |name: &str| acquirer.parameters.iter().any(|(known, _)| known == name);
    if let Some(missing) = plugin.parameters.iter().find(|wanted| wanted.required && !given(&wanted.name)) {
        return Err(NotGranted::Parameter { name: missing.name.clone(), meaning: missing.meaning.clone() });
    }
    let declared = |name: &str| plugin.parameters.iter().any(|known| known.name == name);
    match acquirer.parameters.iter().find(|(name, _)| !declared(name)) {
        Some((unknown, _)) => Err(NotGranted::UnknownParameter(unknown.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::contract::acquirer::{Framing, KeyAlgorithm, Parameter, Route};
    use engine::contract::template::TrackProtection;

    use super::*;
    use crate::config::Configuration;

    fn acquirer() -> Acquirer {
        let text = include_str!("../../examples/terminal.toml");
        let configuration = Configuration::parse(Path::new("terminal.toml"), text).unwrap();
        configuration.acquirers.first().clone()
    }

    /// A plugin that needs exactly what the example grants.
    fn plugin(acquirer: &Acquirer) -> Descriptor {
        Descriptor {
            acquirer: "unionpay".into(),
            version: "1".into(),
            operations: Vec::new(),
            routes: vec![Route { name: "host".into(), framing: Framing::LengthU16 }],
            keys: acquirer
                .keys
                .iter()
                .map(|(name, grant)| KeySlot {
                    name: name.clone(),
                    algorithms: vec![KeyAlgorithm::Des, KeyAlgorithm::Tdes],
                    scheme: KeyScheme::Session,
                    uses: vec![grant.use_.clone()],
                })
                .collect(),
            counters: Vec::new(),
            parameters: acquirer
                .parameters
                .iter()
                .map(|(name, _)| Parameter {
                    name: name.clone(),
                    required: true,
                    pattern: String::new(),
                    meaning: "as the acquirer gave it".into(),
                })
                .collect(),
        }
    }

    #[test]
    fn what_is_needed_and_granted_is_deployed() {
        let acquirer = acquirer();
        assert_eq!(granted(&acquirer, &plugin(&acquirer)), Ok(()));
    }

    #[test]
    fn a_slot_for_tracks_may_be_left_out() {
        let acquirer = acquirer();
        let mut plugin = plugin(&acquirer);
        plugin.keys.push(KeySlot {
            name: "tdk".into(),
            algorithms: vec![KeyAlgorithm::Tdes],
            scheme: KeyScheme::Session,
            uses: vec![KeyUse::Track(TrackProtection::PaddedF)],
        });
        assert_eq!(granted(&acquirer, &plugin), Ok(()));
    }

    #[test]
    fn what_is_missing_or_unknown_is_said_in_one_sentence() {
        let whole = acquirer();
        let wrong = |change: fn(&mut Acquirer, &mut Descriptor)| {
            let (mut acquirer, mut plugin) = (whole.clone(), plugin(&whole));
            change(&mut acquirer, &mut plugin);
            granted(&acquirer, &plugin).unwrap_err()
        };
        for (said, names) in [
            (wrong(|acquirer, _| acquirer.routes.clear()), "the route host"),
            (
                wrong(|_, plugin| plugin.routes[0].framing = Framing::Http),
                "set framing = \"http\" in [acquirer.routes.host]",
            ),
            (
                wrong(|_, plugin| plugin.routes[0].framing = Framing::LengthAsciiFour),
                "set framing = \"length-ascii-four\" in [acquirer.routes.host]",
            ),
            (wrong(|acquirer, _| drop(acquirer.keys.remove("pik"))), "the key slot pik"),
            (wrong(|_, plugin| plugin.keys.retain(|slot| slot.name != "pik")), "no key slot pik"),
            (wrong(|_, plugin| plugin.keys.iter_mut().for_each(|slot| slot.uses = vec![KeyUse::Transport])), "a use"),
            (wrong(|_, plugin| plugin.keys.iter_mut().for_each(|slot| slot.algorithms.clear())), "an algorithm"),
            (wrong(|_, plugin| plugin.keys.iter_mut().for_each(|slot| slot.scheme = KeyScheme::DukptAes)), "a scheme"),
            (wrong(|acquirer, _| acquirer.keys.get_mut("pik").unwrap().scheme = KeyScheme::DukptTdes), "a scheme"),
            (wrong(|acquirer, _| acquirer.parameters.retain(|(name, _)| name != "terminal")), "the parameter terminal"),
            (wrong(|acquirer, _| acquirer.parameters.push(("termnal".into(), "1".into()))), "no parameter termnal"),
        ] {
            assert!(said.contains(names), "{said}");
        }
    }
}
