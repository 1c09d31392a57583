//! Where the programs and plugins are: said by `cargo xtask`, or looked for beside the program that asks.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// The terminal's program, `ACQUIT_BIN`. It must be a development build: `--features acquit/development`.
pub fn acquit() -> Result<PathBuf> {
    program("ACQUIT_BIN", "acquit")
}

/// The acquirer's program, `ACQUIRER_BIN`.
pub fn acquirer() -> Result<PathBuf> {
    program("ACQUIRER_BIN", "acquirer")
}

/// A plugin's precompiled artefact, by name, in `ACQUIT_PLUGINS`.
pub fn plugin(name: &str) -> Result<PathBuf> {
    let folder = match env::var_os("ACQUIT_PLUGINS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins")),
    };
    there(folder.join(format!("{name}.cwasm")), "cargo xtask plugins")
}

fn program(variable: &str, name: &str) -> Result<PathBuf> {
    let place = match env::var_os(variable) {
        Some(place) => PathBuf::from(place),
        None => {
            let this = env::current_exe()?;
            // Tests are one folder further down than the programs.
            let folders = this.ancestors().skip(1).take(2);
            let beside = folders.map(|folder| folder.join(name)).find(|place| place.is_file());
            beside.unwrap_or_else(|| PathBuf::from(name))
        }
    };
    there(
        place,
        "cargo build --workspace --exclude acquit-compile --exclude xtask --bins --features acquit/development",
    )
}

fn there(place: PathBuf, make: &str) -> Result<PathBuf> {
    if !place.is_file() {
        bail!("{} is missing; make it with: {make}", place.display());
    }
    Ok(place)
}
