//! A terminal takes over an acquirer's profile: every blank is named before it trades, and filled it trades.

mod common;

use std::fs;

use acquit_scenarios::House;
use acquit_scenarios::programs::plugin;
use anyhow::{Context, Result, ensure};
use common::{Shop, edit_configuration};
use serde_json::Value;

const FAMILY: &str = include_str!("../../../plugins/unionpay/profiles/family.toml");
const PROFILES: [(&str, &str); 3] = [
    ("lakala.toml", include_str!("../../../plugins/unionpay/profiles/lakala.toml")),
    ("shengpay.toml", include_str!("../../../plugins/unionpay/profiles/shengpay.toml")),
    ("ruiyinxin.toml", include_str!("../../../plugins/unionpay/profiles/ruiyinxin.toml")),
];

/// The profile as the program reads it, from a copy in the terminal's folder.
fn placed(house: &House, name: &str, text: &str) -> Result<Value> {
    let folder = house.terminal.folder();
    fs::write(folder.join("family.toml"), FAMILY)?;
    fs::write(folder.join(name), text)?;
    let file = folder.join(name).to_string_lossy().into_owned();
    Ok(house.terminal.run(&["plugin", "profile", &file])?.done()?.clone())
}

/// Each blank of a profile and what others of its family answer.
fn blanks(profile: &Value) -> Result<Vec<(String, Option<String>)>> {
    let parameters = profile["parameters"].as_object().context("no parameters")?;
    let question = |(name, known): (&String, &Value)| {
        let blank = known.get("blank")?;
        Some((name.clone(), blank["usual"].as_str().map(str::to_owned)))
    };
    Ok(parameters.iter().filter_map(question).collect())
}

/// Every parameter a profile names is one of the plugin's, and what the plugin cannot do without is never passed over.
#[test]
fn a_profile_speaks_of_what_the_plugin_has_and_leaves_nothing_it_needs_unsaid() -> Result<()> {
    let house = House::new()?;
    let artefact = plugin("unionpay")?.to_string_lossy().into_owned();
    let inspected = house.terminal.run(&["plugin", "inspect", &artefact])?;
    let declared = inspected.done()?["parameters"].as_array().context("no parameters")?;
    for (name, text) in PROFILES {
        let profile = placed(&house, name, text)?;
        let parameters = profile["parameters"].as_object().context("no parameters")?;
        for known in parameters.keys() {
            ensure!(declared.iter().any(|declared| declared["name"] == known.as_str()), "{name}: {known}");
        }
        for needed in declared.iter().filter(|declared| declared["required"] == true) {
            let needed = needed["name"].as_str().context("no name")?;
            ensure!(parameters.contains_key(needed), "{name} says nothing of {needed}");
        }
        ensure!(profile["supplies"]["transport-key"].is_string(), "{name}");
    }
    Ok(())
}

#[test]
fn a_terminal_lists_every_blank_of_its_profile_and_trades_once_all_are_filled() -> Result<()> {
    let house = House::new()?;
    let (name, text) = PROFILES[0];
    let blanks = blanks(&placed(&house, name, text)?)?;
    ensure!(blanks.len() > 10, "{blanks:?}");
    let takes_over = format!("profile = \"{name}\"\nplugin = ");
    edit_configuration(&house, "plugin = ", &takes_over)?;

    let refused = house.terminal.run(&["run"])?;
    ensure!(!refused.ok && refused.errors.contains("acquirer.profile: Lakala"), "{}", refused.errors);
    let file = fs::read_to_string(house.terminal.folder().join("terminal.toml"))?;
    let is_set = |name: &str| file.lines().any(|line| line.starts_with(&format!("{name} = ")));
    let mut filled = String::from("[acquirer.parameters]\n");
    for (name, usual) in blanks {
        let asked = refused.errors.contains(&format!("\n    {name} = \"...\"   # "));
        ensure!(asked != is_set(&name), "{name}: {}", refused.errors);
        if asked {
            // What no other answers is this acquirer's own.
            filled += &format!("{name} = \"{}\"\n", usual.as_deref().unwrap_or("310000"));
        }
    }
    edit_configuration(&house, "[acquirer.parameters]\n", &filled)?;

    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    ensure!(shop.sale("5.01")?.outcome() == "approved");
    shop.house.terminal.run(&["settle"])?.done()?;
    shop.close(501)
}
