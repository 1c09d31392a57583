//! DUKPT on the command line: an initial key is loaded with its serial number, shows nowhere, and is used by no plugin that
//! was not made for it.

mod common;

use std::fs;

use acquit_scenarios::House;
use anyhow::Result;
use common::edit_configuration;

/// The initial key of ANSI X9.24-1, annex A, its check value and its serial number.
const KEY: &str = "6AC292FAA1315B4D858AB3A3D7D5933A";
const CHECK_VALUE: &str = "AF8C07";
const SERIAL: &str = "FFFF9876543210E00000";
const SLOT: &str = "pik = { algorithm = \"tdes\", use = \"pin:iso-0\" }";
const DUKPT_SLOT: &str = "pik = { algorithm = \"tdes\", use = \"pin:iso-0\", scheme = \"dukpt-tdes\" }";

#[test]
fn an_initial_key_is_loaded_with_its_serial_number_and_shows_nowhere() -> Result<()> {
    let house = House::new()?;
    let file = house.terminal.folder().join("components");
    fs::write(&file, KEY)?;
    let from = file.to_string_lossy().into_owned();
    let load = |more: &[&str]| {
        let words = ["keys", "load", "--slot", "pik", "--from", &from, "--check-value", CHECK_VALUE];
        house.terminal.run(&[&words, more].concat())
    };
    let refused = |more: &[&str], says: &str| -> Result<()> {
        let answer = load(more)?;
        assert!(!answer.ok && answer.errors.contains(says), "{more:?}: {}", answer.errors);
        Ok(())
    };
    refused(&["--serial", SERIAL], "no DUKPT slot")?;
    edit_configuration(&house, SLOT, DUKPT_SLOT)?;
    refused(&[], "--serial")?;
    refused(&["--serial", "FFFF98765432"], "20 digits")?;
    refused(&["--serial", "no hex"], "not hexadecimal")?;
    load(&["--serial", SERIAL])?.done()?;

    let block = house.terminal.folder().join("block");
    fs::write(&block, "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E\n")?;
    let answer = house.terminal.run(&["keys", "load", "--slot", "pik", "--block", &block.to_string_lossy()])?;
    assert!(!answer.ok && answer.errors.contains("its MAC does not fit"), "{}", answer.errors);
    fs::remove_file(&file)?;

    let key = hex::decode(KEY)?;
    let is_in = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_uppercase();
        text.contains(KEY) || bytes.windows(key.len()).any(|window| window == key)
    };
    assert!(!is_in(&house.transcript.bytes()), "it was printed");
    let data = fs::read_dir(house.terminal.data())?.flatten().filter(|entry| entry.path().is_file());
    let files: Vec<_> = data.map(|entry| entry.path()).collect();
    assert!(files.iter().any(|file| file.ends_with("keys.counters")), "{files:?}");
    for file in files {
        assert!(!is_in(&fs::read(&file)?), "it is in {}", file.display());
    }

    // This plugin downloads its PIN key, and would send no serial number with a derived one.
    let host = house.terminal.start()?;
    assert_ne!(house.terminal.sale("1.00")?.outcome(), "approved");
    assert!(host.kill()?.contains("a scheme that the plugin does not have"));
    Ok(())
}
