//! Mistakes in the configuration: the terminal does not start, and says in which file and line, at which key, and what
//! would be right. What is right by itself and wrong for a production terminal is refused too.

mod common;

use std::fs;

use acquit_scenarios::House;
use anyhow::{Context, Result};
use common::{Shop, edit_configuration};

/// What `acquit run` says of the configuration.
fn refused(house: &House) -> Result<String> {
    let answer = house.terminal.run(&["run"])?;
    assert!(!answer.ok, "it started: {:?}", answer.lines);
    Ok(answer.errors)
}

/// The line of the configuration that says this, counted from 1.
fn line_of(house: &House, text: &str) -> Result<usize> {
    let file = fs::read_to_string(house.terminal.folder().join("terminal.toml"))?;
    Ok(1 + file.lines().position(|line| line.contains(text)).context("no such line")?)
}

#[test]
fn a_mistake_is_said_with_file_line_key_and_what_would_be_right() -> Result<()> {
    let house = House::new()?;
    let table = [
        ("server-name = ", "sever-name = ", "sever-name", "server-name"),
        ("profile = \"development\"", "profile = \"developement\"", "profile", "did you mean \"development\"?"),
        ("attempts = 3", "attempts = 0", "acquirer.ceilings.attempts", "must be from 1 to 10"),
        ("currency = \"CNY\"", "currency = 156", "terminal.currency", "must be"),
        ("use = \"transport\"", "use = \"transprot\"", "acquirer.keys.tmk.use", "did you mean \"transport\"?"),
    ];
    for (right, wrong, key, sentence) in table {
        edit_configuration(&house, right, wrong)?;
        let said = refused(&house)?;
        let place = format!("terminal.toml:{}:", line_of(&house, wrong)?);
        assert!(said.contains(&place), "{wrong}: {place} {said}");
        assert!(said.contains(key) && said.contains(sentence), "{wrong}: {said}");
        edit_configuration(&house, wrong, right)?;
    }
    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved", "mended, it trades");
    shop.close(501)
}

#[test]
fn a_production_terminal_takes_no_virtual_devices_and_no_development_build() -> Result<()> {
    let house = House::new()?;
    edit_configuration(&house, "profile = \"development\"", "profile = \"production\"")?;
    let said = refused(&house)?;
    assert!(said.contains("a production terminal takes no virtual cards; remove this section"), "{said}");
    assert!(said.contains(&format!("terminal.toml:{}:", line_of(&house, "[devices.virtual]")?)), "{said}");

    let file = house.terminal.folder().join("terminal.toml");
    let text = fs::read_to_string(&file)?;
    let (without_devices, _) = text.split_once("[devices.virtual]").context("no devices")?;
    fs::write(&file, without_devices)?;
    let said = refused(&house)?;
    assert!(said.contains("this is a development build"), "{said}");

    fs::write(&file, text)?;
    edit_configuration(&house, "profile = \"production\"", "profile = \"development\"")?;
    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    shop.close(501)
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() -> Result<()> {
    let house = House::new()?;
    let file = house.terminal.folder().join("terminal.toml");
    let text = fs::read_to_string(&file)?;
    fs::write(&file, format!("{text}\nthis is no toml\n"))?;
    let said = refused(&house)?;
    let last = text.lines().count() + 2;
    assert!(said.contains(&format!("terminal.toml:{last}:")) && said.contains("not TOML"), "{said}");
    fs::remove_file(&file)?;
    let said = refused(&house)?;
    assert!(said.contains("terminal.toml: cannot be read") && said.contains("--config"), "{said}");
    fs::write(&file, text)?;
    house.terminal.start()?.kill()?;
    assert_eq!(house.assert_books_balance()?, 0);
    Ok(())
}
