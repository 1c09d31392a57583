//! A precompiled plugin: exactly the bytes that are hashed are the bytes that are loaded.
#![allow(unsafe_code, reason = "loading native code cannot be safe; the reasons stand at the one place it happens")]

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use engine::contract::{Digest, PluginFault};
use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::limits::ARTEFACT_BYTES;

/// A whole artefact in memory, read once: what the file holds afterwards no longer matters.
pub(crate) struct Artefact(Vec<u8>);

/// What an artefact of these bytes is known by: SHA-256 over all of them. For a host that compares before it loads.
pub fn digest(artefact: &[u8]) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, artefact).as_ref());
    Digest(digest)
}

impl Artefact {
    pub(crate) fn read(path: &Path) -> Result<Self, PluginFault> {
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(ARTEFACT_BYTES + 1).read_to_end(&mut bytes)).map_err(|error| {
            match error.kind() {
                ErrorKind::NotFound => PluginFault::Gone,
                _ => PluginFault::Unloadable(format!("{}: {error}", path.display())),
            }
        })?;
        Self::new(bytes)
    }

    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, PluginFault> {
        if bytes.len() as u64 > ARTEFACT_BYTES {
            return Err(PluginFault::Unloadable(format!("it is larger than {ARTEFACT_BYTES} bytes")));
        }
        Ok(Self(bytes))
    }

    pub(crate) fn digest(&self) -> Digest {
        digest(&self.0)
    }

    pub(crate) fn component(&self, engine: &Engine) -> Result<Component, PluginFault> {
        match Engine::detect_precompiled(&self.0) {
            Some(Precompiled::Component) => {}
            Some(Precompiled::Module) => {
                return Err(PluginFault::Unloadable("it is a precompiled module, not a component".into()));
            }
            None => {
                let hint = if self.0.starts_with(b"\0asm") { "; acquit-compile makes one of this file" } else { "" };
                return Err(PluginFault::Unloadable(format!("it is not a precompiled component{hint}")));
            }
        }
        // SAFETY: the bytes become native code, and Wasmtime checks version, machine and settings of the artefact but
        // cannot see whether the code is what the compiler wrote. So whoever may write the file is trusted as the
        // program itself is: artefacts lie beside it, owned by the same user. The digest of these very bytes is known
        // before they are loaded, so that a deployment can pin or sign it; nothing is read from the file again.
        unsafe { Component::deserialize(engine, &self.0) }
            .map_err(|error| PluginFault::Unloadable(format!("{error:#}")))
    }
}
