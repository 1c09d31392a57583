//! What an author is told where a plugin cannot be begun or built. The way that works is `plugin_guide.rs`.

use std::process::Command;

use acquit_scenarios::programs;
use anyhow::{Result, ensure};
use tempfile::TempDir;

#[test]
fn what_cannot_be_begun_or_built_says_what_to_do() -> Result<()> {
    let home = TempDir::new()?;
    let parent = home.path().to_string_lossy().into_owned();
    let refused = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(programs::acquit()?).args(arguments).output()?;
        ensure!(!output.status.success(), "{arguments:?}");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let new = ["plugin", "new", "hello-bank", "--from", "iso8583", "--in", &parent];
    ensure!(refused(&new)?.contains("name a checkout's plugins/sdk with --sdk"));
    ensure!(refused(&["plugin", "new", "Hello", "--from", "iso8583"])?.contains("small letters"));
    ensure!(refused(&["plugin", "new", "hello", "--from", "iso20022"])?.contains("iso8583"), "the templates are named");
    let built = refused(&["plugin", "build", &parent])?;
    ensure!(built.contains("is no package; begin one with `acquit plugin new`"), "{built}");
    Ok(())
}
