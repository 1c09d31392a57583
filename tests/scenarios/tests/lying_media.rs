//! A file system that lies about sync: a production terminal does not start on one, and a desk is told.

mod common;

use std::fs;
use std::path::Path;

use acquit_scenarios::House;
use anyhow::{Context, Result, ensure};
use common::{Shop, edit_configuration};

/// Memory that looks like a disk, where this system has it.
const MEMORY: &str = "/dev/shm";

/// A terminal whose data folder is in memory; none where there is no such place.
fn in_memory() -> Result<Option<(House, tempfile::TempDir)>> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    if !mounts.lines().any(|line| line.contains(&format!(" {MEMORY} tmpfs "))) {
        eprintln!("{MEMORY} is no tmpfs here: not tested");
        return Ok(None);
    }
    let house = House::new()?;
    let place = tempfile::tempdir_in(MEMORY)?;
    copy(&house.terminal.data(), &place.path().join("data"))?;
    let data = place.path().join("data");
    edit_configuration(&house, "data = \"data\"", &format!("data = {data:?}"))?;
    Ok(Some((house, place)))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() { copy(&entry.path(), &to)? } else { fs::copy(entry.path(), to).map(drop)? }
    }
    Ok(())
}

#[test]
fn a_production_terminal_does_not_start_on_memory() -> Result<()> {
    let Some((house, _place)) = in_memory()? else { return Ok(()) };
    let file = house.terminal.folder().join("terminal.toml");
    let text = fs::read_to_string(&file)?;
    let (without_devices, _) = text.split_once("[devices.virtual]").context("no devices")?;
    fs::write(&file, without_devices)?;
    edit_configuration(&house, "profile = \"development\"", "profile = \"production\"")?;
    let answer = house.terminal.run(&["run"])?;
    assert!(!answer.ok, "it started: {:?}", answer.lines);
    let said = answer.errors;
    assert!(said.contains("is tmpfs, which is memory and gone with the power"), "{said}");
    assert!(said.contains("keep the journal on a disk with ext4"), "it does not say what to do: {said}");
    Ok(())
}

#[test]
fn a_desk_is_told_and_sells() -> Result<()> {
    let Some((house, _place)) = in_memory()? else { return Ok(()) };
    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    assert_eq!(shop.house.assert_books_balance()?, 501);
    let errors = shop.host.kill()?;
    assert!(errors.contains("is tmpfs, which is memory"), "{errors}");
    Ok(())
}
