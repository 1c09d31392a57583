//! Writes the state machines' page into a folder: `cargo run -p acquit-engine --example diagrams -- docs/`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: diagrams FOLDER");
        return ExitCode::FAILURE;
    };
    let path = folder.join("state-machines.md");
    match std::fs::write(&path, acquit_engine::state_machines_page()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
