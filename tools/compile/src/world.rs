//! The contract's world, for modules that do not carry it themselves.

use anyhow::{Context, Result};
use wit_component::{StringEncoding, embed_component_metadata, metadata};
use wit_parser::{Resolve, SourceMap};

/// The world that a module without one is taken to be written for.
const WORLD: &str = "acquirer-plugin";

/// The contract as this program was built with it: file names and texts.
const CONTRACT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/contract.rs"));

/// The module with its world: the one it brought, or the contract's.
pub(crate) fn embedded_in(mut module: Vec<u8>) -> Result<Vec<u8>> {
    let (stripped_of_its_world, _) = metadata::decode(&module)?;
    if stripped_of_its_world.is_none() {
        let (resolve, package) = contract()?;
        let world = resolve.select_world(&[package], Some(WORLD))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    }
    Ok(module)
}

fn contract() -> Result<(Resolve, wit_parser::PackageId)> {
    let mut sources = SourceMap::default();
    for (path, text) in CONTRACT {
        sources.push_str(path, *text);
    }
    let mut resolve = Resolve::default();
    let group = sources.parse().map_err(|(_, error)| error).context("the contract does not parse")?;
    let package = resolve.push_group(group)?;
    Ok((resolve, package))
}
