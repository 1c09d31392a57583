//! Plugins as the host sees them: loaded once, checked, and called by name.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use engine::contract::acquirer::{Descriptor, Event, Step};
use engine::contract::retry_policy::{Debt, Decision, Patience, Situation};
use engine::contract::transaction::{Context, Operation};
use engine::contract::{Digest, InspectedField, Plugin, PluginError, PluginFault};
use wasmtime::component::{Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower};
use wasmtime::{Config, Engine};

use crate::artefact::Artefact;
use crate::bindings::exports::acquit::terminal::{acquirer, inspector, retry_policy, transaction, types};
use crate::bindings::{Convert, Weigh};
use crate::call::{Allowance, Call, Spent, Usage, one_line};
use crate::configuration::{INTERPRETED, configuration};
use crate::limits::{INPUT_BYTES, INSPECTED_FIELDS};
use crate::ticker::Ticker;
use crate::{bounds, descriptor};

/// The digest in an error about a file of which nothing could be read.
pub const NOT_READ: Digest = Digest([0; 32]);

/// Where plugins run: one engine and one deadline clock, shared by all plugins loaded into it. A process needs one.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

/// Why there is no sandbox; the terminal itself is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The processor or the operating system lacks what Wasmtime needs.
    #[error("the sandbox cannot run on this machine: {0}")]
    Engine(String),
    /// No thread could be started.
    #[error("the sandbox cannot start its deadline clock: {0}")]
    Clock(#[from] io::Error),
}

/// A checked plugin. Every call gets a fresh instance, so nothing a call did is left for the next.
pub struct LoadedPlugin {
    sandbox: Sandbox,
    name: String,
    digest: Digest,
    build: Arc<Build>,
    spent: Mutex<Spent>,
}

impl Sandbox {
    /// An engine with this house's [`configuration`] and its clock, which runs only while calls do.
    ///
    /// # Errors
    /// [`SandboxError`] if the machine does not provide what is needed.
    pub fn new() -> Result<Self, SandboxError> {
        Self::with(&configuration())
    }

    /// The same laws and limits over Wasmtime's interpreter: it loads what was compiled for [`INTERPRETED`] and nothing
    /// else, as a sandbox of [`Sandbox::new`] loads native artefacts and nothing else. A terminal with a native back
    /// end never trades by it; it is what such a plugin is judged by for terminals that have none.
    ///
    /// # Errors
    /// [`SandboxError`] if the machine does not provide what is needed.
    pub fn interpreting() -> Result<Self, SandboxError> {
        let mut configuration = configuration();
        configuration.target(INTERPRETED).map_err(|error| SandboxError::Engine(one_line(&error)))?;
        Self::with(&configuration)
    }

    fn with(configuration: &Config) -> Result<Self, SandboxError> {
        let engine = Engine::new(configuration).map_err(|error| SandboxError::Engine(one_line(&error)))?;
        let ticker = Ticker::start(engine.clone())?;
        Ok(Self(Arc::new(Shared { engine, ticker, builds: Mutex::default() })))
    }

    /// Reads an artefact once, and loads and checks what was read. `name` is the acquirer's in the deployment.
    ///
    /// # Errors
    /// [`PluginFault::Gone`] where there is no file (with the digest [`NOT_READ`]), else as [`Sandbox::load_bytes`].
    pub fn load(&self, name: &str, artefact: &Path) -> Result<LoadedPlugin, PluginError> {
        let artefact = Artefact::read(artefact).map_err(|fault| failed(name, NOT_READ, LOAD, fault))?;
        self.load_artefact(name, &artefact)
    }

    /// Loads and checks an artefact: precompiled by this version, no imports, functions of the contract's types, a
    /// first instance within its limits, and a sound description.
    ///
    /// # Errors
    /// [`PluginFault::Unloadable`], [`PluginFault::Imports`], [`PluginFault::WrongType`],
    /// [`PluginFault::Description`], or how its first instance or `describe` failed.
    pub fn load_bytes(&self, name: &str, artefact: Vec<u8>) -> Result<LoadedPlugin, PluginError> {
        let artefact = Artefact::new(artefact).map_err(|fault| failed(name, NOT_READ, LOAD, fault))?;
        self.load_artefact(name, &artefact)
    }

    fn load_artefact(&self, name: &str, artefact: &Artefact) -> Result<LoadedPlugin, PluginError> {
        let digest = artefact.digest();
        let build = match self.0.in_memory(digest) {
            Some(build) => build,
            None => {
                let built = self.build(artefact).map_err(|(call, fault)| failed(name, digest, call, fault))?;
                self.0.remember(digest, Arc::new(built))
            }
        };
        Ok(LoadedPlugin { sandbox: self.clone(), name: name.into(), digest, build, spent: Mutex::default() })
    }

    /// Loads and checks; says what failed in which call.
    fn build(&self, artefact: &Artefact) -> Result<Build, (&'static str, PluginFault)> {
        let load = || {
            let component = artefact.component(&self.0.engine)?;
            refuse_imports(&self.0.engine, &component)?;
            let exports = Exports::find(&component)?;
            let instance = Linker::new(&self.0.engine)
                .instantiate_pre(&component)
                .map_err(|error| PluginFault::WrongType(one_line(&error)))?;
            exports.check(&mut Call::new(&self.0.ticker, &instance, Allowance::CALL)?)?;
            let ty = component.component_type();
            let interfaces = ty.exports(&self.0.engine).map(|(name, _)| name.to_owned()).collect();
            Ok((exports, instance, interfaces))
        };
        let (exports, instance, interfaces) = load().map_err(|fault| (LOAD, fault))?;
        let describe = || {
            let call = Call::new(&self.0.ticker, &instance, Allowance::CALL)?;
            let (described,) = call.run::<(), Described>(&exports.describe, ()).0?;
            let described = described.convert();
            descriptor::check(&described)?;
            Ok(described)
        };
        let descriptor = describe().map_err(|fault| ("describe", fault))?;
        Ok(Build { instance, exports, interfaces, descriptor })
    }
}

impl LoadedPlugin {
    /// What the call that ended last has cost: for whoever measures a plugin, one call at a time.
    pub fn spent(&self) -> Spent {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every interface it exports, those the host has no use for too.
    pub fn exports(&self) -> &[String] {
        &self.build.interfaces
    }

    fn call<P, R>(&self, export: &ComponentExportIndex, arguments: P) -> Result<R, PluginFault>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let call = Call::new(&self.sandbox.0.ticker, &self.build.instance, Allowance::CALL)?;
        let (answer, spent) = call.run(export, arguments);
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) = spent;
        answer
    }

    fn named<T>(&self, call: &str, answer: Result<T, PluginFault>) -> Result<T, PluginError> {
        answer.map_err(|fault| failed(&self.name, self.digest, call, fault))
    }

    fn step(&self, (answer,): Stepped) -> Result<Step, PluginFault> {
        let step = answer.map_err(|fault| PluginFault::Answered(fault.convert()))?.convert();
        bounds::step(&step)?;
        Ok(step)
    }
}

impl Plugin for LoadedPlugin {
    fn digest(&self) -> Digest {
        self.digest
    }

    fn descriptor(&self) -> &Descriptor {
        &self.build.descriptor
    }

    fn start(&self, context: &Context, operation: &Operation) -> Result<Step, PluginError> {
        let answer = input(&[context.bytes(), operation.bytes()])
            .and_then(|()| self.call(&self.build.exports.start, (&context.convert(), &operation.convert())))
            .and_then(|stepped| self.step(stepped));
        self.named("start", answer)
    }

    fn resume(
        &self,
        context: &Context,
        operation: &Operation,
        state: &[u8],
        event: &Event,
    ) -> Result<Step, PluginError> {
        let answer = input(&[context.bytes(), operation.bytes(), state.len(), event.bytes()])
            .and_then(|()| bounds::state(state))
            .and_then(|()| {
                let arguments = (&context.convert(), &operation.convert(), state, &event.convert());
                self.call(&self.build.exports.resume, arguments)
            })
            .and_then(|stepped| self.step(stepped));
        self.named("resume", answer)
    }

    fn decide(&self, context: &Context, situation: &Situation) -> Result<Decision, PluginError> {
        let answer = input(&[context.bytes(), situation.bytes()])
            .and_then(|()| self.call(&self.build.exports.decide, (&context.convert(), &situation.convert())))
            .map(|(decision,): Decided| decision.convert());
        self.named("decide", answer)
    }

    fn wait(&self, context: &Context, debt: &Debt) -> Result<Patience, PluginError> {
        let answer = input(&[context.bytes(), debt.bytes()])
            .and_then(|()| self.call(&self.build.exports.wait, (&context.convert(), &debt.convert())))
            .map(|(patience,): Waited| patience.convert());
        self.named("wait", answer)
    }

    fn read(&self, masked_frame: &[u8]) -> Result<Vec<InspectedField>, PluginError> {
        let answer = input(&[masked_frame.len()])
            .and_then(|()| self.call(&self.build.exports.read, (masked_frame,)))
            .and_then(|(fields,): Inspected| fields.map_err(|fault| PluginFault::Answered(fault.convert())))
            .and_then(|fields| {
                if fields.len() > INSPECTED_FIELDS { Err(PluginFault::AnswerTooLarge) } else { Ok(fields.convert()) }
            });
        self.named("read", answer)
    }
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPlugin").field("name", &self.name).field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// The call named in an error that came before any function was called.
const LOAD: &str = "load";

struct Shared {
    engine: Engine,
    ticker: Ticker,
    /// Builds that some plugin still uses: acquirers of one family share one, and it is in memory once.
    builds: Mutex<BTreeMap<Digest, Weak<Build>>>,
}

/// One artefact, loaded and checked.
struct Build {
    instance: InstancePre<Usage>,
    exports: Exports,
    interfaces: Vec<String>,
    descriptor: Descriptor,
}

impl Shared {
    fn in_memory(&self, digest: Digest) -> Option<Arc<Build>> {
        self.builds.lock().unwrap_or_else(PoisonError::into_inner).get(&digest)?.upgrade()
    }

    /// Keeps a build for the next who asks, and forgets those nobody uses any more.
    fn remember(&self, digest: Digest, build: Arc<Build>) -> Arc<Build> {
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        builds.retain(|_, build| build.strong_count() > 0);
        builds.insert(digest, Arc::downgrade(&build));
        build
    }
}

type Described = (acquirer::Descriptor,);
type Stepped = (Result<acquirer::Step, types::Fault>,);
type Decided = (retry_policy::Decision,);
type Waited = (retry_policy::Patience,);
type Inspected = (Result<Vec<inspector::Field>, types::Fault>,);

/// The contract's functions, found once when the component is loaded.
struct Exports {
    describe: ComponentExportIndex,
    start: ComponentExportIndex,
    resume: ComponentExportIndex,
    read: ComponentExportIndex,
    decide: ComponentExportIndex,
    wait: ComponentExportIndex,
}

impl Exports {
    fn find(component: &Component) -> Result<Self, PluginFault> {
        let find = |interface: &str, function: &str| {
            let interface = format!("acquit:terminal/{interface}@0.1.0");
            let missing = |what: &str| PluginFault::WrongType(format!("it does not export {what}"));
            let instance = component.get_export_index(None, &*interface).ok_or_else(|| missing(&interface))?;
            component
                .get_export_index(Some(&instance), function)
                .ok_or_else(|| missing(&format!("{function} of {interface}")))
        };
        Ok(Self {
            describe: find("acquirer", "describe")?,
            start: find("acquirer", "start")?,
            resume: find("acquirer", "resume")?,
            read: find("inspector", "read")?,
            decide: find("retry-policy", "decide")?,
            wait: find("retry-policy", "wait")?,
        })
    }

    /// Types are compared when a function is looked up in an instance, so a component that loads can be called.
    fn check(&self, call: &mut Call<'_>) -> Result<(), PluginFault> {
        type Of<'a> = (&'a transaction::Context, &'a transaction::Operation);
        type Since<'a> = (&'a transaction::Context, &'a transaction::Operation, &'a [u8], &'a acquirer::Event);
        check::<(), Described>(call, "describe", &self.describe)?;
        check::<Of, Stepped>(call, "start", &self.start)?;
        check::<Since, Stepped>(call, "resume", &self.resume)?;
        check::<(&[u8],), Inspected>(call, "read", &self.read)?;
        check::<(&transaction::Context, &retry_policy::Situation), Decided>(call, "decide", &self.decide)?;
        check::<(&transaction::Context, &retry_policy::Debt), Waited>(call, "wait", &self.wait)
    }
}

fn check<P, R>(call: &mut Call<'_>, name: &str, export: &ComponentExportIndex) -> Result<(), PluginFault>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    match call.function::<P, R>(export) {
        Err(PluginFault::WrongType(how)) => Err(PluginFault::WrongType(format!("{name}: {how}"))),
        other => other.map(drop),
    }
}

fn refuse_imports(engine: &Engine, component: &Component) -> Result<(), PluginFault> {
    match component.component_type().imports(engine).next() {
        Some((name, _)) => Err(PluginFault::Imports(name.into())),
        None => Ok(()),
    }
}

fn input(parts: &[usize]) -> Result<(), PluginFault> {
    let bytes = parts.iter().copied().fold(0, usize::saturating_add);
    if bytes > INPUT_BYTES { Err(PluginFault::InputTooLarge(bytes)) } else { Ok(()) }
}

fn failed(plugin: &str, digest: Digest, call: &str, fault: PluginFault) -> PluginError {
    PluginError { plugin: plugin.into(), digest, call: call.into(), fault }
}
