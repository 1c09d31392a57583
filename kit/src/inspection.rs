//! What a plugin is and what it costs.

use engine::contract::Plugin;
use engine::contract::acquirer::{Counter, KeySlot, Parameter, Route};
use engine::contract::transaction::OperationKind;
use sandbox::LoadedPlugin;
use serde::Serialize;

use crate::Trial;

/// What a plugin says of itself, and what was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The acquirer's name, as the plugin gives it.
    pub acquirer: String,
    /// The plugin's own version.
    pub version: String,
    /// SHA-256 of the artefact, in hexadecimal: what the journal names the build by.
    pub digest: String,
    /// Size of the artefact.
    pub artefact_bytes: u64,
    /// The interfaces it exports; it imports none.
    pub exports: Vec<String>,
    /// What it does, in the order it says so.
    pub operations: Vec<OperationFacts>,
    /// Routes it sends by; the deployment grants them addresses.
    pub routes: Vec<Route>,
    /// Keys it needs.
    pub keys: Vec<KeySlot>,
    /// Numbers that the terminal counts for it.
    pub counters: Vec<Counter>,
    /// What the deployment may or must set.
    pub parameters: Vec<Parameter>,
}

/// One operation.
#[derive(Clone, Debug, Serialize)]
pub struct OperationFacts {
    /// Which.
    pub operation: OperationKind,
    /// Its answers carry a proof; one without is not believed.
    pub proved: bool,
    /// What a cashier types where the original was made elsewhere.
    pub typed: Vec<String>,
    /// EMV tags kept, sealed, for what may follow.
    pub keeps: Vec<String>,
    /// What beginning an example of it costs.
    pub cost: Cost,
}

/// What a call costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// It answered.
    Measured {
        /// Instructions, roughly one unit each.
        fuel: u64,
        /// Linear memory at its end, bytes.
        memory_bytes: usize,
    },
    /// It would not begin, and says this: often that a parameter is missing.
    Refused(String),
}

/// Looks at a plugin, and begins an example of each operation it declares.
pub fn inspect(plugin: &LoadedPlugin, artefact_bytes: u64, trial: &Trial) -> Inspection {
    let descriptor = plugin.descriptor();
    let operations = descriptor.operations.iter().map(|spec| OperationFacts {
        operation: spec.kind,
        proved: spec.proved,
        typed: spec.typed.iter().map(|field| field.name.clone()).collect(),
        keeps: spec.keeps.iter().map(|tag| format!("{tag:X}")).collect(),
        cost: cost(plugin, trial, spec.kind),
    });
    Inspection {
        acquirer: descriptor.acquirer.clone(),
        version: descriptor.version.clone(),
        digest: format!("{:?}", plugin.digest()),
        artefact_bytes,
        exports: plugin.exports().to_vec(),
        operations: operations.collect(),
        routes: descriptor.routes.clone(),
        keys: descriptor.keys.clone(),
        counters: descriptor.counters.clone(),
        parameters: descriptor.parameters.clone(),
    }
}

fn cost(plugin: &LoadedPlugin, trial: &Trial, kind: OperationKind) -> Cost {
    match plugin.start(trial.context(), &trial.operation(kind)) {
        Ok(_) => {
            let spent = plugin.spent();
            Cost::Measured { fuel: spent.fuel, memory_bytes: spent.memory_bytes }
        }
        Err(error) => Cost::Refused(error.fault.to_string()),
    }
}
