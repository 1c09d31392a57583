use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// The ids of a Fluent file, each with the variables its text names.
fn ids(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
            current = id.to_owned();
            assert!(ids.insert(current.clone(), BTreeSet::new()).is_none(), "{id} stands there twice");
        }
        let variables = line.split('$').skip(1).map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default().to_owned()
        });
        ids.entry(current.clone()).or_default().extend(variables);
    }
    ids.remove("");
    ids
}

fn both() -> [Messages; 2] {
    [Messages::new(Language::Chinese), Messages::new(Language::English)]
}

#[test]
fn both_languages_hold_the_same_ids_with_the_same_variables() {
    let (chinese, english) = (ids(Language::Chinese.source()), ids(Language::English.source()));
    assert!(english.len() > 100, "the files are read");
    assert_eq!(chinese, english);
}

#[test]
fn every_text_can_be_said_and_leaves_no_placeable() {
    for messages in both() {
        for (id, variables) in ids(messages.language.source()) {
            for count in [1_u64, 2] {
                // Counting variables choose between plural forms; the others take text.
                let args: Vec<_> = variables
                    .iter()
                    .map(|name| match name.as_str() {
                        "count" | "attempts" | "attempt" | "limit" => (name.as_str(), Value::from(count)),
                        _ => (name.as_str(), Value::from("X")),
                    })
                    .collect();
                let text = messages.text(&id, &args);
                assert!(!text.is_empty() && !text.contains(['{', '}', '$']), "{id}: {text}");
                assert!(!text.contains(['\u{2068}', '\u{2069}']), "{id} has isolation marks");
            }
        }
    }
}

#[test]
fn every_reason_has_its_three_texts_and_no_two_reasons_say_the_same() {
    for messages in both() {
        let mut said = BTreeSet::new();
        for reason in Reason::ALL {
            let Decline { reason: short, customer, cashier } = messages.decline(*reason);
            for text in [&short, &customer, &cashier] {
                assert!(!text.is_empty() && !text.starts_with("decline-"), "{reason:?}: {text}");
            }
            assert!(said.insert(short), "{reason:?} has another's words");
        }
    }
}

#[test]
fn no_text_about_a_decline_belongs_to_no_reason() {
    let known: BTreeSet<_> = Reason::ALL
        .iter()
        .flat_map(|reason| ["reason", "customer", "cashier"].map(|who| format!("decline-{}-{who}", reason.word())))
        .collect();
    let written: BTreeSet<_> =
        ids(Language::English.source()).into_keys().filter(|id| id.starts_with("decline-")).collect();
    assert_eq!(written, known);
}

#[test]
fn counts_read_like_language() {
    let [chinese, english] = both();
    let args = |count: u64| [("acquirer", Value::from("unionpay")), ("count", Value::from(count))];
    assert_eq!(english.text("owed", &[("count", 2_u64.into())]), "owed: 2");
    assert_eq!(chinese.text("owed", &[("count", 2_u64.into())]), "欠 2 笔");
    assert_eq!(
        english.text("sale-debts-first", &args(1)),
        "unionpay must first answer for an earlier payment. No new payment until then."
    );
    assert_eq!(
        english.text("sale-debts-first", &args(3)),
        "unionpay must first answer for 3 earlier payments. No new payment until then."
    );
    assert_eq!(chinese.text("sale-debts-first", &args(3)), "unionpay 尚有 3 笔交易未确认，确认前不能发起新交易。");
}

/// A slip in an id shows only when its line is reached, perhaps first in a shop.
#[test]
fn every_id_the_program_names_exists() {
    const FAMILIES: [&str; 20] = [
        "screen-",
        "sale-",
        "receipt-",
        "owed-",
        "unknown-slip-",
        "explain-",
        "answered-",
        "open-batch-",
        "errand-",
        "following-",
        "reprint-",
        "settlement-",
        "totals-",
        "event-",
        "outcome-",
        "operation-",
        "undo-",
        "waive-",
        "evidence-",
        "stats-",
    ];
    let known = ids(Language::English.source());
    let mut named = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("messages/tests.rs")
            {
                let source = std::fs::read_to_string(&path).unwrap();
                for literal in source.split('"').filter(|text| FAMILIES.iter().any(|family| text.starts_with(family))) {
                    assert!(known.contains_key(literal), "{} names {literal}", path.display());
                    named += 1;
                }
            }
        }
    }
    assert!(named > 50, "the program names its texts by these families");
}
