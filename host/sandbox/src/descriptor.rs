//! Whether what a plugin says of itself makes sense.

use std::collections::HashSet;
use std::hash::Hash;

use engine::contract::PluginFault;
use engine::contract::acquirer::{Counter, Descriptor, KeySlot, OperationSpec, Parameter};

use crate::limits::{DESCRIPTOR_LIST_ENTRIES, NAME_BYTES, SENTENCE_BYTES};

/// Refuses a description no deployment could be checked against, with the sentence that says which part.
pub(crate) fn check(descriptor: &Descriptor) -> Result<(), PluginFault> {
    sound(descriptor).map_err(PluginFault::Description)
}

fn sound(descriptor: &Descriptor) -> Result<(), String> {
    name("acquirer", &descriptor.acquirer)?;
    name("version", &descriptor.version)?;
    list("operations", &descriptor.operations, |spec| spec.kind)?;
    list("routes", &descriptor.routes, |route| route.name.clone())?;
    list("keys", &descriptor.keys, |slot| slot.name.clone())?;
    list("counters", &descriptor.counters, |counter| counter.name.clone())?;
    parameters("parameters", &descriptor.parameters)?;
    descriptor.operations.iter().try_for_each(operation)?;
    descriptor.routes.iter().try_for_each(|route| name("a route's name", &route.name))?;
    descriptor.keys.iter().try_for_each(key)?;
    descriptor.counters.iter().try_for_each(counter)
}

fn operation(spec: &OperationSpec) -> Result<(), String> {
    let place = format!("operation {:?}", spec.kind);
    parameters(&format!("{place}, typed"), &spec.typed)?;
    list(&format!("{place}, keeps"), &spec.keeps, |tag| *tag)
}

fn key(slot: &KeySlot) -> Result<(), String> {
    name("a key slot's name", &slot.name)?;
    let place = format!("key slot {}", slot.name);
    list(&format!("{place}, algorithms"), &slot.algorithms, |algorithm| *algorithm)?;
    if slot.algorithms.is_empty() || slot.uses.is_empty() {
        return Err(format!("{place} names no algorithm or no use"));
    }
    at_most(&format!("{place}, uses"), slot.uses.len(), DESCRIPTOR_LIST_ENTRIES, "entries")
}

fn counter(counter: &Counter) -> Result<(), String> {
    name("a counter's name", &counter.name)?;
    if counter.first > counter.last {
        return Err(format!("counter {} runs from {} to {}", counter.name, counter.first, counter.last));
    }
    Ok(())
}

fn parameters(place: &str, parameters: &[Parameter]) -> Result<(), String> {
    list(place, parameters, |parameter| parameter.name.clone())?;
    parameters.iter().try_for_each(|parameter| {
        name(&format!("{place}: a name"), &parameter.name)?;
        at_most(
            &format!("{place}: the pattern of {}", parameter.name),
            parameter.pattern.len(),
            SENTENCE_BYTES,
            "bytes",
        )?;
        at_most(
            &format!("{place}: the meaning of {}", parameter.name),
            parameter.meaning.len(),
            SENTENCE_BYTES,
            "bytes",
        )
    })
}

/// Bounded, and nothing named twice.
fn list<T, K: Eq + Hash>(place: &str, entries: &[T], key: impl Fn(&T) -> K) -> Result<(), String> {
    at_most(place, entries.len(), DESCRIPTOR_LIST_ENTRIES, "entries")?;
    let mut seen = HashSet::new();
    if entries.iter().all(|entry| seen.insert(key(entry))) {
        Ok(())
    } else {
        Err(format!("{place}: one is named twice"))
    }
}

/// Printable, so that it can stand in a configuration file, a log line and on a screen.
fn name(place: &str, name: &str) -> Result<(), String> {
    at_most(place, name.len(), NAME_BYTES, "bytes")?;
    if name.is_empty() {
        return Err(format!("{place} is empty"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("{place} holds control characters"));
    }
    Ok(())
}

fn at_most(place: &str, count: usize, limit: usize, unit: &str) -> Result<(), String> {
    if count > limit { Err(format!("{place} has {count} {unit}, at most {limit} are taken")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use engine::contract::acquirer::{Framing, KeyAlgorithm, KeyScheme, KeyUse, Route};

    use super::*;

    fn description() -> Descriptor {
        Descriptor {
            acquirer: "unionpay".into(),
            version: "1".into(),
            operations: Vec::new(),
            routes: vec![Route { name: "host".into(), framing: Framing::LengthU16 }],
            keys: vec![KeySlot {
                name: "tmk".into(),
                algorithms: vec![KeyAlgorithm::Tdes],
                scheme: KeyScheme::Fixed,
                uses: vec![KeyUse::Transport],
            }],
            counters: vec![Counter { name: "trace".into(), first: 1, last: 999_999 }],
            parameters: Vec::new(),
        }
    }

    #[test]
    fn each_unsound_part_is_named() {
        type Spoil = fn(&mut Descriptor);
        let table: [(Spoil, &str); 9] = [
            (|d| d.acquirer.clear(), "acquirer is empty"),
            (|d| d.version = "1\n2".into(), "version holds control characters"),
            (|d| d.acquirer = "x".repeat(65), "acquirer has 65 bytes, at most 64 are taken"),
            (|d| d.routes.push(d.routes[0].clone()), "routes: one is named twice"),
            (|d| d.routes[0].name.clear(), "a route's name is empty"),
            (|d| d.keys[0].uses.clear(), "key slot tmk names no algorithm or no use"),
            (|d| d.counters[0].first = 1_000_000, "counter trace runs from 1000000 to 999999"),
            (|d| d.counters = vec![d.counters[0].clone(); 65], "counters has 65 entries, at most 64 are taken"),
            (
                |d| {
                    d.parameters.push(Parameter {
                        name: "terminal".into(),
                        required: true,
                        pattern: String::new(),
                        meaning: "m".repeat(513),
                    });
                },
                "parameters: the meaning of terminal has 513 bytes, at most 512 are taken",
            ),
        ];
        assert_eq!(check(&description()), Ok(()));
        for (spoil, sentence) in table {
            let mut spoilt = description();
            spoil(&mut spoilt);
            assert_eq!(check(&spoilt), Err(PluginFault::Description(sentence.into())));
        }
    }
}
