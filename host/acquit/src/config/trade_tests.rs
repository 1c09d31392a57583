//! How a day goes with an acquirer: what is read, what holds where nothing is said, and what is wrong.

use engine::DutyKind;
use engine::contract::transaction::OperationKind;

use super::*;

const RIGHT: &str = include_str!("../../examples/terminal.toml");

fn parse(text: &str) -> Result<Configuration, ConfigurationError> {
    Configuration::parse(Path::new("/shop/terminal.toml"), text)
}

/// The example with these lines in its acquirer's own section.
fn with(lines: &str) -> String {
    RIGHT.replacen("first = true", &format!("{lines}\nfirst = true"), 1)
}

fn message(lines: &str) -> String {
    parse(&with(lines)).expect_err("it is wrong").to_string()
}

#[test]
fn a_day_is_read_whole() {
    let text = with(
        "settle-at = \"23:30\"\npresents = [\"void\"]\ntyped = []\nunreferenced-refunds = false\n\
         offline = { count = 3, sum-minor = 9000, payment-minor = 5000, age-hours = 2 }\n\
         blocking = [\"reversal\", \"advice\"]",
    );
    let text = text.replace("upload-items = 8", "upload-items = 5\nescalate-after-tries = 9");
    let text = text.replace("contact = \"Service desk, 400 000 0000\"", "contact = \"At the door\"\nanswer-ms = 5000");
    let configuration = parse(&text).unwrap();
    let acquirer = configuration.acquirers.first();
    let offline = Offline { count: 3, sum_minor: 9_000, payment_minor: 5_000, age: Duration::from_secs(2 * 60 * 60) };
    let trade = Trade {
        settle_at: TimeOfDay::parse("23:30"),
        presents: [OperationKind::Void].into(),
        typed: [].into(),
        unreferenced_refunds: false,
        offline: Some(offline),
        blocking: [DutyKind::Reverse, DutyKind::Advise].into(),
    };
    assert_eq!(acquirer.trade, trade);
    assert_eq!((acquirer.ceilings.upload_items, acquirer.ceilings.escalate_after_tries), (5, 9));
    assert_eq!(configuration.terminal.contact.as_deref(), Some("At the door"));
    assert_eq!(configuration.terminal.answer_within, Duration::from_secs(5));
}

#[test]
fn the_copies_of_a_receipt_are_those_listed_and_both_where_nothing_is_said() {
    let listed = "copies = [\"merchant\", \"cardholder\"]";
    let copies = |to: &str| parse(&RIGHT.replacen(listed, to, 1)).map(|configuration| configuration.terminal.copies);
    let table: [(&str, &[ReceiptCopy]); 5] = [
        (listed, &[ReceiptCopy::Merchant, ReceiptCopy::Cardholder]),
        ("", &[ReceiptCopy::Merchant, ReceiptCopy::Cardholder]),
        ("copies = [\"cardholder\", \"merchant\"]", &[ReceiptCopy::Merchant, ReceiptCopy::Cardholder]),
        ("copies = [\"merchant\", \"merchant\"]", &[ReceiptCopy::Merchant]),
        ("copies = []", &[]),
    ];
    assert!(RIGHT.contains(listed));
    for (text, expected) in table {
        assert_eq!(copies(text).unwrap(), expected, "{text}");
    }
    insta::assert_snapshot!(
        copies("copies = [\"shop\"]").unwrap_err(),
        @r#"/shop/terminal.toml:13:11: terminal.copies: "shop" is not a known copy of a receipt; known are merchant, cardholder"#
    );
}

#[test]
fn a_development_terminal_does_everything_and_a_production_terminal_what_it_is_told() {
    let development = parse(RIGHT).unwrap().acquirers.first().trade.clone();
    assert_eq!(development, Trade::of(Profile::Development));
    assert!(development.unreferenced_refunds && development.offline == Some(Offline::MODEST));
    assert_eq!(development.typed, Trade::FOLLOW_UPS.into());

    let (before, _) = RIGHT.split_once("[devices.virtual]").unwrap();
    let text = before.replace("\"development\"", "\"production\"");
    let production = parse(&text).unwrap().acquirers.first().trade.clone();
    assert_eq!(production, Trade::of(Profile::Production));
    assert!(!production.unreferenced_refunds && production.offline.is_none() && production.typed.is_empty());
}

#[test]
fn offline_payments_are_switched_off_by_a_count_of_zero() {
    let none = with("offline = { count = 0, sum-minor = 1, payment-minor = 1, age-hours = 1 }");
    assert_eq!(parse(&none).unwrap().acquirers.first().trade.offline, None);
}

#[test]
fn a_day_that_cannot_be() {
    for (lines, said) in [
        ("settle-at = \"24:00\"", "18:13: acquirer.settle-at: \"24:00\" is not a time of the day, such as \"23:30\""),
        ("settle-at = \"9:30\"", "18:13: acquirer.settle-at: \"9:30\" is not a time of the day, such as \"23:30\""),
        ("setle-at = \"23:30\"", "18:1: acquirer.setle-at: unknown key; did you mean \"settle-at\"?"),
        (
            "presents = [\"voids\"]",
            "18:13: acquirer.presents: \"voids\" is not a known follow-up; did you mean \"void\"?",
        ),
        (
            "typed = [\"sale\"]",
            "18:10: acquirer.typed: \"sale\" is not a known follow-up; known are void, refund, complete, \
             cancel-preauthorization, cancel-completion",
        ),
        (
            "blocking = [\"reversals\"]",
            "18:13: acquirer.blocking: \"reversals\" is not a known debt; did you mean \"reversal\"?",
        ),
        (
            "blocking = \"all\"",
            "18:12: acquirer.blocking: is text, but must be a list: [\"reversal\", \"repetition\", \"inquiry\"]",
        ),
        ("offline = { count = 3 }", "18:11: acquirer.offline.sum-minor: missing; write sum-minor = 100000"),
        ("offline = { count = 2000 }", "18:21: acquirer.offline.count: is 2000, but must be from 0 to 1000"),
    ] {
        assert_eq!(message(lines), format!("/shop/terminal.toml:{said}"));
    }
}

#[test]
fn a_time_of_the_day_is_four_digits() {
    assert_eq!(TimeOfDay::parse("00:00").map(TimeOfDay::ms), Some(0));
    assert_eq!(TimeOfDay::parse("23:59").map(TimeOfDay::ms), Some((23 * 60 + 59) * 60_000));
    for text in ["", ":", "2330", "23:60", "24:00", "+1:00", "1:00", "01:0", "01:00:00", "一二:三四"] {
        assert_eq!(TimeOfDay::parse(text), None, "{text}");
    }
}
