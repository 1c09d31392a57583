//! `acquit-bindings`: the contract as C, for plugins that are not written in Rust.
//!
//! Types and functions to include, what carries them over the border of the component to compile, and an object that
//! embeds the world, to link: the compile tool then knows what the module is. For interpreters, the same as tables.

mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use wit_bindgen_core::{Files, wit_parser::Resolve};

/// Writes a world of the contract as C: a header, a source file, and an object that embeds the world.
#[derive(Parser)]
#[command(name = "acquit-bindings", version)]
struct Arguments {
    /// The folder of the contract
    wit: PathBuf,
    /// The world the plugin is made for
    #[arg(long, default_value = "acquirer-plugin")]
    world: String,
    /// The folder to write into
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// What the files are named after, and what types without a name of their own begin with.
const NAME: &str = "plugin";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("acquit-bindings: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let files = bindings(&arguments.wit, &arguments.world)?;
    fs::create_dir_all(&arguments.out).with_context(|| format!("{} cannot be made", arguments.out.display()))?;
    for (name, bytes) in files.iter() {
        let path = arguments.out.join(name);
        fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn bindings(wit: &Path, world: &str) -> Result<Files> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).with_context(|| format!("{} holds no contract", wit.display()))?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut generated = Files::default();
    let options = wit_bindgen_c::Opts { rename_world: Some(NAME.to_owned()), ..Default::default() };
    options.build().generate(&mut resolve, world, &mut generated)?;
    let mut files = Files::default();
    files.push("contract_tables.h", tables::tables(&resolve, world)?.as_bytes());
    for (name, bytes) in generated.iter() {
        match std::str::from_utf8(bytes) {
            Ok(text) if !name.ends_with(".o") => files.push(name, shortened(text).as_bytes()),
            _ => files.push(name, bytes),
        }
    }
    Ok(files)
}

/// A module has one contract, so its names need not say whose they are: `acquirer_step_t`.
fn shortened(text: &str) -> String {
    text.replace("exports_acquit_terminal_", "").replace("EXPORTS_ACQUIT_TERMINAL_", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_becomes_a_header_a_source_and_an_object() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let files = bindings(&wit, "acquirer-plugin").unwrap();
        let mut names: Vec<&str> = files.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["contract_tables.h", "plugin.c", "plugin.h", "plugin_component_type.o"]);
        let (_, header) = files.iter().find(|(name, _)| *name == "plugin.h").unwrap();
        let header = String::from_utf8_lossy(header);
        assert!(header.contains("void acquirer_describe(acquirer_descriptor_t *ret)"), "{header}");
    }

    #[test]
    fn a_world_that_is_not_there_is_an_error() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        assert!(bindings(&wit, "no-such-world").is_err());
    }
}
