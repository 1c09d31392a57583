//! The real plugin, compiled natively, behind the trait that the sandbox implements.

#![allow(clippy::large_stack_frames, reason = "conversions move whole steps")]

use engine::contract::acquirer::{Descriptor, Event, Step};
use engine::contract::retry_policy::{Debt, Decision, Patience, Situation};
use engine::contract::transaction::{Context, Operation};
use engine::contract::types::Fault;
use engine::contract::{Digest, InspectedField, Plugin, PluginError, PluginFault};
use sdk::Plugin as Guest;

/// The plugin's own types, and the way to them from the host's.
mod native {
    engine::contract_conversions!(sdk::bindings::exports::acquit::terminal);
}

use native::Convert;

/// A digest no artefact has: what natively compiled code is recorded under.
const NATIVE: Digest = Digest([0x5a; 32]);

/// A guest's Rust code, called directly.
pub struct Native<G> {
    descriptor: Descriptor,
    digest: Digest,
    guest: std::marker::PhantomData<fn() -> G>,
}

impl<G: Guest> Native<G> {
    /// Asks the guest what it is.
    pub fn load() -> Self {
        Self::under(NATIVE)
    }

    /// The same, recorded under the digest of an artefact of the same code: what is written down is then alike.
    pub fn under(digest: Digest) -> Self {
        Self { descriptor: G::describe().convert(), digest, guest: std::marker::PhantomData }
    }

    fn failed(&self, call: &str, fault: sdk::prelude::Fault) -> PluginError {
        let fault: Fault = fault.convert();
        PluginError {
            plugin: self.descriptor.acquirer.clone(),
            digest: self.digest,
            call: call.to_owned(),
            fault: PluginFault::Answered(fault),
        }
    }
}

impl<G: Guest> Plugin for Native<G> {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn start(&self, context: &Context, operation: &Operation) -> Result<Step, PluginError> {
        let step = G::start(&context.convert(), &operation.convert());
        step.map(Convert::convert).map_err(|fault| self.failed("start", fault))
    }

    fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        state: &[u8],
        event: &Event,
    ) -> Result<Step, PluginError> {
        let step = G::resume(&context.convert(), &operation.convert(), state, &event.convert());
        step.map(Convert::convert).map_err(|fault| self.failed("resume", fault))
    }

    fn decide(&self, context: &Context, situation: &Situation) -> Result<Decision, PluginError> {
        Ok(G::decide(&context.convert(), &situation.convert()).convert())
    }

    fn wait(&self, context: &Context, debt: &Debt) -> Result<Patience, PluginError> {
        Ok(G::wait(&context.convert(), &debt.convert()).convert())
    }

    fn read(&self, masked_frame: &[u8]) -> Result<Vec<InspectedField>, PluginError> {
        let fields = G::read(masked_frame).map_err(|fault| self.failed("read", fault))?;
        Ok(fields.convert())
    }
}
