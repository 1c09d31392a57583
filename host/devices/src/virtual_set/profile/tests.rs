use super::*;

const RIGHT: &str = r#"
    [card]
    label = "Test"
    entry = "stripe"
    track-two = "6200000000000005=30121010000000000000"
    pin = "123456"
"#;

#[test]
fn every_built_in_card_is_right_and_every_file_is_built_in() {
    for (name, _) in BUILT_IN_CARDS {
        let card = CardProfile::find(name).unwrap();
        assert!(!card.label.is_empty());
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/cards")).unwrap();
    for file in files {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(BUILT_IN_CARDS.iter().any(|(built_in, _)| *built_in == name), "{name}");
        CardProfile::find(file.to_str().unwrap()).unwrap();
    }
}

#[test]
fn a_card_that_is_not_there() {
    let error = CardProfile::find("gold").unwrap_err().to_string();
    assert!(error.starts_with("there is no card called \"gold\"; there are unionpay-stripe, "), "{error}");
    let error = CardProfile::find("/nowhere/at/all.toml").unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at/all.toml: cannot be read: "), "{error}");
}

#[test]
fn what_is_wrong_is_named_and_what_is_on_the_card_is_not() {
    let table = [
        ("entry = \"stripe\"", "", "card.entry is missing"),
        ("label = \"Test\"", "", "card.label is missing"),
        (
            "[card]",
            "[crad]",
            "crad is no key of a card; there are label, entry, track-two, pin, fault, code, number, expiry, last-word, scripts-fail, approves-offline",
        ),
        (
            "pin =",
            "pni =",
            "card.pni is no key of a card; there are label, entry, track-two, pin, fault, code, number, expiry, last-word, scripts-fail, approves-offline",
        ),
        ("\"stripe\"", "\"tattoo\"", "card.entry must be one of stripe, chip, contactless, code, typed"),
        (
            "\"123456\"",
            "\"123456\"\nfault = \"fire\"",
            "card.fault must be one of unreadable, removed, wrong-pin, cancelled-at-pin, no-pin",
        ),
        ("\"123456\"", "123456", "card.pin must be text in quotes"),
        ("\"123456\"", "\"123\"", "card.pin: a PIN has 4 to 12 digits and nothing else"),
        ("\"123456\"", "\"12345a\"", "card.pin: a PIN has 4 to 12 digits and nothing else"),
        ("=30121010000000000000", "", "card.track-two: track 2 has no separator after the card number"),
        (
            "\"6200000000000005",
            "\"6200000000000005 ",
            "card.track-two: track 2 has a character at place 16 that is neither digit nor separator",
        ),
        ("\"6200000000000005", "6200000000000005", "line 5 is not TOML"),
        (
            "6200000000000005",
            "6222021234567894",
            "card holds a card number that is no known test number; never put a real card in a file",
        ),
    ];
    for (from, to, message) in table {
        assert!(RIGHT.contains(from), "{from}");
        assert_eq!(CardProfile::parse(&RIGHT.replacen(from, to, 1)).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_profile_prints_without_its_card() {
    let printed = format!("{:?}", CardProfile::parse(RIGHT).unwrap());
    assert_eq!(printed, "CardProfile { label: \"Test\", fault: None, .. }");
}

#[test]
fn a_wrong_pin_has_as_many_keys_and_no_right_digit() {
    let wrong = RIGHT.replace("\"123456\"", "\"1239\"\nfault = \"wrong-pin\"");
    let (typed, keys) = CardProfile::parse(&wrong).unwrap().typed_pin().unwrap();
    assert!(typed == Pin::parse("2340").unwrap());
    assert_eq!(keys, 4);
}
