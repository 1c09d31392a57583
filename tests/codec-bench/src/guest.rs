//! The codec as a guest: the same code as WebAssembly, under the host's version of Wasmtime, counting fuel.

use std::path::Path;

use acquit_codec_bench::Task;
use anyhow::{Result, anyhow};
use wasmtime::{Config, Engine, Instance, Module, Store, TypedFunc};

use crate::nanoseconds;
use crate::table::{Row, Table};

/// Calls inside one call of the guest, so that entering it weighs little; its memory takes what they leave behind.
const ROUNDS: u32 = 1_000;
/// More than they need.
const FUEL: u64 = 1_000_000_000;

/// Adds a row of times, and a note of fuel.
pub fn measure(module: &Path, table: &mut Table) -> Result<()> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = told(Engine::new(&config))?;
    let module = told(Module::from_file(&engine, module))?;
    let guest = Guest { engine, module };
    // Asked once before it is trusted to be measured.
    let fuel = Task::ALL.map(|task| guest.fuel(task));
    let fuel = fuel.into_iter().collect::<Result<Vec<_>>>()?;
    let mut failed = None;
    let row = Row::of(|task| match guest.time(task) {
        Ok(nanoseconds) => nanoseconds,
        Err(error) => {
            failed = Some(error);
            f64::NAN
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    table.row("Acquit, packed digits, as guest", row);
    let [read_request, write_request, read_answer, write_answer] = fuel[..] else { return Ok(()) };
    table.note(&format!("as guest: fuel of a call {read_request} / {write_request} / {read_answer} / {write_answer}"));
    Ok(())
}

struct Guest {
    engine: Engine,
    module: Module,
}

impl Guest {
    fn instance(&self) -> Result<(Store<()>, TypedFunc<(u32, u32), u32>)> {
        let mut store = Store::new(&self.engine, ());
        told(store.set_fuel(FUEL))?;
        let instance = told(Instance::new(&mut store, &self.module, &[]))?;
        let run = told(instance.get_typed_func(&mut store, "run"))?;
        Ok((store, run))
    }

    fn fuel(&self, task: Task) -> Result<u64> {
        let spent = |rounds: u32| -> Result<u64> {
            let (mut store, run) = self.instance()?;
            told(run.call(&mut store, (task as u32, rounds)))?;
            Ok(FUEL - told(store.get_fuel())?)
        };
        Ok((spent(ROUNDS)? - spent(0)?) / u64::from(ROUNDS))
    }

    fn time(&self, task: Task) -> Result<f64> {
        let (mut store, run) = self.instance()?;
        let mut worst = Ok(());
        let all = nanoseconds(|| {
            let done = store.set_fuel(FUEL).and_then(|()| run.call(&mut store, (task as u32, ROUNDS)));
            if let Err(error) = done {
                worst = Err(error);
            }
        });
        told(worst)?;
        Ok(all / f64::from(ROUNDS))
    }
}

fn told<T>(result: wasmtime::Result<T>) -> Result<T> {
    result.map_err(|error| anyhow!("the guest: {error:#}"))
}
