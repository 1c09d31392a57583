use std::fs;

use crate::config::tests::{RIGHT, parse as parse_terminal};

use super::*;

/// A folder with these files, and the profile of the first.
fn loaded(files: &[(&str, &str)]) -> std::result::Result<AcquirerProfile, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let place = folder.path().display().to_string();
    AcquirerProfile::load(&folder.path().join(files[0].0)).map_err(|error| error.to_string().replace(&place, ""))
}

const BANK: &str = r#"
    acquirer = "Example Bank"
    public = "Nothing."
    extends = "family.toml"
    [parameters]
    mac = { value = "x919", source = "its leaflet" }
    tpdu = { ask = "The TPDU." }
"#;
const FAMILY: &str = r#"
    acquirer = "Family"
    public = "Little."
    [supplies]
    address = "Where?"
    [parameters]
    mac = { ask = "Which MAC?", usual = "unionpay-ecb" }
    tpdu = { value = "6000000000", source = "an article" }
    header = { ask = "The header.", usual = "602200000000" }
"#;

fn bank() -> AcquirerProfile {
    loaded(&[("bank.toml", BANK), ("family.toml", FAMILY)]).unwrap()
}

#[test]
fn a_profile_goes_before_what_it_extends_and_a_terminal_before_both() {
    let own = |text: &[(&str, &str)]| -> Vec<(Name, String)> {
        text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let bank = bank();
    assert_eq!((bank.acquirer.as_str(), bank.supplies["address"].as_str()), ("Example Bank", "Where?"));

    let blanks = bank.filled(&own(&[("terminal", "1")])).unwrap_err();
    insta::assert_snapshot!(blanks, @r#"
    Example Bank has not said 2; ask it, and add to [acquirer.parameters]:
        header = "..."   # The header. Often "602200000000".
        tpdu = "..."   # The TPDU.
    "#);
    let filled = bank.filled(&own(&[("tpdu", "6000010000"), ("header", "")])).unwrap();
    assert_eq!(filled, own(&[("tpdu", "6000010000"), ("header", ""), ("mac", "x919")]));
    let filled = bank.filled(&own(&[("tpdu", "6000010000"), ("header", "1"), ("mac", "unionpay-ecb")])).unwrap();
    assert_eq!(filled.len(), 3, "{filled:?}");
}

#[test]
fn a_profile_that_is_wrong_says_where() {
    let wrong = |from: &str, to: &str| {
        assert!(BANK.contains(from));
        loaded(&[("bank.toml", &BANK.replacen(from, to, 1)), ("family.toml", FAMILY)]).unwrap_err()
    };
    insta::assert_snapshot!(
        wrong(", source = \"its leaflet\"", ""),
        @r#"/bank.toml:6:5: parameters.mac.source: missing; write source = "who says so": a value without one is a guess"#
    );
    insta::assert_snapshot!(
        wrong("{ ask = \"The TPDU.\" }", "\"6000000000\""),
        @r#"/bank.toml:7:5: parameters.tpdu: is text, but must be a table: { value = "156", source = "who says so" }, or { ask = "the question" }"#
    );
    insta::assert_snapshot!(
        wrong("ask = \"The TPDU.\"", "ask = \"The TPDU.\", value = \"1\""),
        @r#"/bank.toml:7:33: parameters.tpdu.value: unknown key; known are ask, usual"#
    );
    insta::assert_snapshot!(
        wrong("public = \"Nothing.\"", ""),
        @r#"/bank.toml:1:1: public: missing; write public = "what is known of its interface, and who says so""#
    );
    insta::assert_snapshot!(
        wrong("family.toml", "bank.toml"),
        @r#"/bank.toml:1:1: extends: a profile that is extended extends no other; put it all into one of the two"#
    );
    let gone = wrong("family.toml", "kin.toml");
    assert!(gone.starts_with("/kin.toml: cannot be read"), "{gone}");
}

#[test]
fn a_terminal_with_a_blank_is_told_all_of_them_and_begins_only_without() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bank.toml"), BANK).unwrap();
    fs::write(folder.path().join("family.toml"), FAMILY).unwrap();
    let profile = folder.path().join("bank.toml").display().to_string();
    let text = RIGHT.replacen("first = true ", &format!("profile = \"{profile}\"\nfirst = true "), 1);

    let told = parse_terminal(&text).unwrap_err().to_string();
    insta::assert_snapshot!(told, @r#"
    /shop/terminal.toml:18:11: acquirer.profile: Example Bank has not said 1; ask it, and add to [acquirer.parameters]:
        header = "..."   # The header. Often "602200000000".
    "#);
    let filled = text.replacen("tpdu = \"6000000000\"", "tpdu = \"6000000000\"\nheader = \"602200000000\"", 1);
    let configuration = parse_terminal(&filled).unwrap();
    let parameters = &configuration.acquirers.first().parameters;
    let value = |name: &str| parameters.iter().find(|(known, _)| known == name).unwrap().1.as_str();
    assert_eq!((value("mac"), value("tpdu"), value("header")), ("x919", "6000000000", "602200000000"));
}

#[test]
fn a_terminal_whose_profile_is_not_there_says_which() {
    let text = RIGHT.replacen("first = true ", "profile = \"nowhere.toml\"\nfirst = true ", 1);
    insta::assert_snapshot!(
        parse_terminal(&text).unwrap_err(),
        @"/shop/terminal.toml:18:11: acquirer.profile: /shop/nowhere.toml cannot be read: No such file or directory (os error 2)"
    );
}
