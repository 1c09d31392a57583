//! Turns a plugin into a component and a precompiled artefact. The only crate of the house that holds a compiler.

mod world;

use std::fmt;

use target_lexicon::Triple;
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::{Engine, OptLevel};
use wit_component::ComponentEncoder;

/// Why a plugin was not compiled. Its author is at fault in each case but `Target` and `Compiler`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Neither WebAssembly nor its text.
    #[error("is neither WebAssembly nor WebAssembly text: {0}")]
    NotWebAssembly(String),
    /// The core module does not make a component of its world.
    #[error("cannot be made a component: {0}")]
    NotAComponent(String),
    /// The component imports something.
    #[error("imports {}; a plugin may import nothing", .0.join(", "))]
    Imports(Vec<String>),
    /// The target is unknown or has no compiler here.
    #[error("cannot be compiled for {0}: {1}")]
    Target(String, String),
    /// The component is invalid or uses what the terminal does not allow.
    #[error("cannot be compiled: {0}")]
    Compiler(String),
}

/// Makes a component of a core module, a component, or the text of either. Core modules in which no world is embedded
/// get the contract's `acquirer-plugin`, so that a module written by hand in text needs no other tool.
pub fn component(input: &[u8]) -> Result<Vec<u8>, Refusal> {
    let binary = wat::parse_bytes(input).map_err(|error| Refusal::NotWebAssembly(one_line(error)))?;
    match first_payload(&binary)? {
        Encoding::Component => Ok(binary.into_owned()),
        Encoding::Module => {
            refuse_imports(&binary)?;
            let module = world::embedded_in(binary.into_owned()).map_err(|e| Refusal::NotAComponent(one_line(e)))?;
            encode(&module).map_err(|error| Refusal::NotAComponent(one_line(error)))
        }
    }
}

/// Compiles a component ahead of time, after refusing it if it imports anything. Without a target: for this kind of
/// machine, in its oldest form. Equal input gives equal bytes.
pub fn precompile(component: &[u8], target: Option<&str>) -> Result<Vec<u8>, Refusal> {
    refuse_imports(component)?;
    compiler(target)?.precompile_component(component).map_err(|error| Refusal::Compiler(one_line(error)))
}

fn first_payload(binary: &[u8]) -> Result<Encoding, Refusal> {
    match Parser::new(0).parse_all(binary).next() {
        Some(Ok(Payload::Version { encoding, .. })) => Ok(encoding),
        Some(Err(error)) => Err(Refusal::NotWebAssembly(one_line(error))),
        Some(Ok(_)) | None => Err(Refusal::NotWebAssembly("it has no header".into())),
    }
}

/// Looks at the outermost module or component only: what is nested may import from its siblings.
fn refuse_imports(binary: &[u8]) -> Result<(), Refusal> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(binary) {
        match payload.map_err(|error| Refusal::NotWebAssembly(one_line(error)))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ImportSection(imports) if depth == 0 => {
                for import in imports.into_imports() {
                    let import = import.map_err(|error| Refusal::NotWebAssembly(one_line(error)))?;
                    names.push(format!("{} {}", import.module, import.name));
                }
            }
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    let import = import.map_err(|error| Refusal::NotWebAssembly(one_line(error)))?;
                    names.push(import.name.name.to_string());
                }
            }
            _ => {}
        }
    }
    if names.is_empty() { Ok(()) } else { Err(Refusal::Imports(names)) }
}

fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default().module(module)?.validate(true).encode()
}

/// The terminal's own settings and what concerns only the compiler.
fn compiler(target: Option<&str>) -> Result<Engine, Refusal> {
    // Naming the target keeps the compiler from using what only this machine's processor has.
    let target = target.map_or_else(|| Triple::host().to_string(), str::to_owned);
    let mut config = sandbox::configuration();
    // A float's undefined bits would otherwise differ between machines.
    config.cranelift_nan_canonicalization(true).cranelift_opt_level(OptLevel::Speed);
    config
        .target(&target)
        .and_then(|config| Engine::new(config))
        .map_err(|error| Refusal::Target(target, one_line(error)))
}

/// An error and its causes in one line; the tools below explain over many.
fn one_line(error: impl fmt::Display) -> String {
    let text = format!("{error:#}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
