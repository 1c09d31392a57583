//! Scenario files that are right, and those that are wrong.

use std::path::Path;

use super::Scenario;
use crate::scripted::Script;

const SCRIPT: &str = include_str!("../../../plugins/starter/scenarios/acquirer.toml");
const SCENARIO: &str = r#"title = "A sale"

[[step]]
order = "sale 12.34 --id 'ORDER 1'"
expect = { exit = 0, outcome = "approved" }

[[step]]
received = "0200"
times = 1

[end]
total-minor = 1234
"#;

fn scenario(text: &str) -> Result<Scenario, String> {
    let script = Script::parse(Path::new("acquirer.toml"), SCRIPT).unwrap();
    Scenario::parse(Path::new("sale.toml"), text, &script).map_err(|mistake| mistake.to_string())
}

#[test]
fn an_order_is_the_words_of_a_command_line() {
    let scenario = scenario(SCENARIO).unwrap();
    let super::file::Does::Order(words) = &scenario.steps[0].does else { panic!("an order") };
    assert_eq!(words, &["sale", "12.34", "--id", "ORDER 1"]);
    assert_eq!(scenario.steps[0].name, "step 1: sale 12.34 --id 'ORDER 1'");
}

#[test]
fn mistakes_are_told_with_their_place_and_what_is_right() {
    for (right, wrong, says) in [
        ("title", "titel", "sale.toml:1:1: unknown field `titel`, expected one of `title`"),
        ("order = ", "power = \"cut\"\norder = ", "sale.toml:3:1: a step does one thing"),
        ("received = \"0200\"", "received = \"200\"", "sale.toml:8:12: \"200\" is no message type"),
        ("times = 1\n", "times = 1\ndays-later = 1\n", "sale.toml:10:14: `days-later` stands beside power = \"on\""),
        ("received = \"0200\"\n", "", "sale.toml:8:9: `times` stands beside `received`"),
        ("'ORDER 1'", "'ORDER 1", "sale.toml:4:9: a quote is not closed"),
        ("12.34 --id", "12.34 --json --id", "sale.toml:4:9: a scenario says --json itself"),
        ("exit = 0", "exits = 0", "sale.toml:5:12: unknown field `exits`"),
        ("total-minor = 1234", "total-minor = \"12.34\"", "sale.toml:12:15: invalid type"),
        (
            "times = 1",
            "times = 1\nexpect = { exit = 0 }",
            "sale.toml:10:10: `expect` stands beside `order` or `finish`",
        ),
    ] {
        assert!(SCENARIO.contains(right), "{right}");
        let Err(said) = scenario(&SCENARIO.replacen(right, wrong, 1)) else { panic!("taken: {wrong}") };
        assert!(said.starts_with(says), "{said}\nnot {says}");
    }
}
