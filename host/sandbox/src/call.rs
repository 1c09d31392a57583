//! One call in a store of its own, and how each way to fail is told from the others.

use engine::contract::PluginFault;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc};
use wasmtime::{ResourceLimiter, Store, Trap};

use crate::limits::{
    DEADLINE_TICKS, FUEL_PER_CALL, HOST_CALL_FUEL, INSTANCES, MEMORIES, MEMORY_BYTES, TABLE_ELEMENTS, TABLES,
};
use crate::ticker::{Running, Ticker};

/// The start of the only message by which Wasmtime tells that host-call fuel is exhausted; its error type is private.
const HOST_CALL_FUEL_EXHAUSTED: &str = "too much data is being copied between the host and the guest";

/// What a call has cost. Equal calls of one artefact cost the same on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Instructions, roughly one unit each: the instance's start and the call itself.
    pub fuel: u64,
    /// What the instance's linear memories held when it was done, bytes.
    pub memory_bytes: usize,
}

/// What a call may use up: instructions, and ticks of the deadline clock.
#[derive(Clone, Copy)]
pub(crate) struct Allowance {
    fuel: u64,
    ticks: u64,
}

impl Allowance {
    pub(crate) const CALL: Self = Self { fuel: FUEL_PER_CALL, ticks: DEADLINE_TICKS };
}

/// A fresh instance with everything a call may use. Dropping it forgets all the guest did.
pub(crate) struct Call<'a> {
    store: Store<Usage>,
    instance: Instance,
    fuel: u64,
    _running: Running<'a>,
}

impl<'a> Call<'a> {
    /// Instantiates; what a component declares for its start already counts against its limits.
    pub(crate) fn new(
        ticker: &'a Ticker,
        plugin: &InstancePre<Usage>,
        allowance: Allowance,
    ) -> Result<Self, PluginFault> {
        let running = ticker.running();
        let mut store = Store::new(plugin.engine(), Usage::default());
        store.limiter(|usage| usage);
        store.set_hostcall_fuel(HOST_CALL_FUEL);
        store.set_fuel(allowance.fuel).map_err(|error| PluginFault::Unloadable(one_line(&error)))?;
        store.set_epoch_deadline(allowance.ticks);
        match plugin.instantiate(&mut store) {
            Ok(instance) => Ok(Self { store, instance, fuel: allowance.fuel, _running: running }),
            Err(error) => Err(fault(&error, store.data())),
        }
    }

    /// The function behind an export, if it has these types.
    pub(crate) fn function<P, R>(&mut self, export: &ComponentExportIndex) -> Result<TypedFunc<P, R>, PluginFault>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        self.instance.get_typed_func(&mut self.store, export).map_err(|error| PluginFault::WrongType(one_line(&error)))
    }

    /// Calls an export, takes its answer out of the guest and says what that cost. An instance serves once: after a
    /// trap it cannot be entered again, and without one it has a past.
    pub(crate) fn run<P, R>(mut self, export: &ComponentExportIndex, arguments: P) -> (Result<R, PluginFault>, Spent)
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let answer = self.function::<P, R>(export).and_then(|function| {
            function.call(&mut self.store, arguments).map_err(|error| fault(&error, self.store.data()))
        });
        let fuel = self.fuel.saturating_sub(self.store.get_fuel().unwrap_or_default());
        (answer, Spent { fuel, memory_bytes: self.store.data().memory_bytes })
    }
}

/// What an instance holds, and whether it was refused more.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    memory_bytes: usize,
    table_elements: usize,
    memory_refused: bool,
    table_refused: bool,
}

impl ResourceLimiter for Usage {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(grow(&mut self.memory_bytes, &mut self.memory_refused, desired.saturating_sub(current), MEMORY_BYTES))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(grow(&mut self.table_elements, &mut self.table_refused, desired.saturating_sub(current), TABLE_ELEMENTS))
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// The limit holds for all memories, or all tables, of an instance together.
fn grow(held: &mut usize, refused: &mut bool, more: usize, limit: usize) -> bool {
    let wanted = held.saturating_add(more);
    if wanted > limit {
        *refused = true;
        return false;
    }
    *held = wanted;
    true
}

/// A guest that was refused memory usually gives up by a trap, so the refusal is the better reason; fuel, time and
/// stack are told by traps of their own.
fn fault(error: &wasmtime::Error, usage: &Usage) -> PluginFault {
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => PluginFault::OutOfFuel,
        Some(Trap::Interrupt) => PluginFault::Deadline,
        Some(Trap::StackOverflow) => PluginFault::StackOverflow,
        _ if usage.memory_refused => PluginFault::Memory,
        _ if usage.table_refused => PluginFault::Table,
        Some(trap) => PluginFault::Trapped(trap.to_string().trim_start_matches("wasm trap: ").into()),
        None => {
            let text = one_line(error);
            if text.contains(HOST_CALL_FUEL_EXHAUSTED) {
                PluginFault::AnswerTooLarge
            } else {
                PluginFault::Trapped(text)
            }
        }
    }
}

/// The error and its causes.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wasmtime::Engine;
    use wasmtime::component::Linker;

    use super::*;
    use crate::artefact::Artefact;

    /// On a fast machine fuel ends everything first; here the guest has fuel for centuries.
    #[test]
    fn the_deadline_ends_what_fuel_does_not() {
        let engine = Engine::new(&crate::configuration()).expect("an engine");
        let ticker = Ticker::start(engine.clone()).expect("a ticker");
        let plugins = std::env::var_os("ACQUIT_PLUGINS")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins")), PathBuf::from);
        let artefact =
            Artefact::read(&plugins.join("hostile/endless-initializer.cwasm")).expect("run cargo xtask plugins first");
        let component = artefact.component(&engine).expect("a component");
        let plugin = Linker::new(&engine).instantiate_pre(&component).expect("no imports");
        let allowance = Allowance { fuel: u64::MAX, ticks: 2 };
        assert_eq!(Call::new(&ticker, &plugin, allowance).err(), Some(PluginFault::Deadline));
        assert_eq!(Call::new(&ticker, &plugin, Allowance::CALL).err(), Some(PluginFault::OutOfFuel));
    }
}
