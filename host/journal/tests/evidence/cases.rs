//! Bad files, and the first check that must find each.

use acquit_journal::evidence::MAX_EVIDENCE_BYTES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::journal::{Journal, ORIGIN, good, other, signer};

/// The text under the journal's signature anew: what a holder of the key could make.
pub fn signed_again(file: &str) -> String {
    let (text, _) = file.rsplit_once("\n\n").unwrap();
    let text = format!("{text}\n");
    let seed = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let signature = [&signer().key().id()[..], seed.sign(text.as_bytes()).as_ref()].concat();
    format!("{text}\n— {ORIGIN} {}\n", BASE64.encode(signature))
}

/// The file with the nth line (from 1) that begins with `"field":` changed.
fn with(file: &str, field: &str, nth: usize, change: impl Fn(&str) -> String) -> String {
    let wanted = format!("\"{field}\":");
    let mut seen = 0;
    let lines = file.split_inclusive('\n').map(|line| {
        if line.trim_start().starts_with(&wanted) {
            seen += 1;
            if seen == nth {
                return change(line);
            }
        }
        line.to_owned()
    });
    let altered: String = lines.collect();
    assert_ne!(altered, file, "nothing was changed");
    altered
}

/// The file with the digits of the nth such line changed where they are hex: the last hex digit turned.
fn turned(file: &str, field: &str, nth: usize) -> String {
    with(file, field, nth, |line| {
        let at = line.rfind(|c: char| c.is_ascii_hexdigit()).unwrap();
        let other = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{other}{}", &line[..at], &line[at + 1..])
    })
}

/// The lines of the nth entry, brackets included.
fn entry(file: &str, nth: usize) -> &str {
    let from = file.match_indices("    {\n      \"sequence\"").nth(nth - 1).unwrap().0;
    &file[from..from + file[from..].find("\n    }").unwrap() + "\n    }".len()]
}

/// The file with the first hash of the nth proof changed by `change` (given its line).
fn with_proof(file: &str, nth: usize, change: impl Fn(&str) -> String) -> String {
    let from = file.match_indices("\"proof\": [\n").nth(nth - 1).unwrap().0 + "\"proof\": [\n".len();
    let end = from + file[from..].find('\n').unwrap() + 1;
    format!("{}{}{}", &file[..from], change(&file[from..end]), &file[end..])
}

fn swapped(line: &str, from: &str, to: &str) -> String {
    assert!(line.contains(from), "{line:?} has no {from:?}");
    line.replacen(from, to, 1)
}

/// A bad file, the key it is held against, and the first check that must fail, as the verifiers write it.
pub struct Bad {
    pub name: &'static str,
    pub file: Vec<u8>,
    pub verdict: &'static str,
}

pub fn bad(name: &'static str, file: impl Into<Vec<u8>>, verdict: &'static str) -> Bad {
    Bad { name, file: file.into(), verdict }
}

/// What does not even have the form.
pub fn malformed() -> Vec<Bad> {
    let good = good();
    let first = entry(&good, 1).to_owned();
    let number = |to: &str| with(&good, "sequence", 1, |line| swapped(line, "5", to));
    vec![
        bad("empty", "", "note"),
        bad("too long", "x".repeat(MAX_EVIDENCE_BYTES + 1), "size"),
        bad("no text at all", [0xFF, 0xFE, b'\n'], "note"),
        bad("cut in the middle", &good[..good.len() / 2], "note"),
        bad("last byte cut", &good[..good.len() - 1], "note"),
        bad("trailing garbage", format!("{good}garbage\n"), "note"),
        bad("trailing blank line", format!("{good}\n"), "note"),
        bad("line ends of another system", good.replace('\n', "\r\n"), "note"),
        bad("signature line taken away", good.rsplit_once('—').unwrap().0, "note"),
        bad("seventeen signatures", format!("{good}{}", last_line(&good).repeat(16)), "note"),
        bad("other version", swapped(&good, "evidence 1", "evidence 2"), "version"),
        bad("a checkpoint instead", Journal::of(4).checkpoint(4).as_str(), "version"),
        bad("no document", format!("acquit evidence 1\n\n{}", last_line(&good)), "form"),
        bad("field twice", with(&good, "leaf", 1, |line| line.repeat(2)), "form"),
        bad(
            "field twice with two values",
            with(&good, "salt", 1, |line| format!("      \"salt\": null,\n{line}")),
            "form",
        ),
        bad("unknown field", with(&good, "leaf", 1, |line| format!("{line}      \"pan\": 1,\n")), "form"),
        bad("field missing", with(&good, "card", 1, |_| String::new()), "form"),
        bad("fields in another order", with(&good, "sequence", 1, |line| swapped(line, "sequence", "leaf")), "form"),
        bad("more spaces", swapped(&good, "{\n  \"tr", "{\n   \"tr"), "form"),
        bad("escaped where it need not be", swapped(&good, "消", "\\u6d88"), "form"),
        bad("half a character", swapped(&good, "消", "\\ud83d"), "form"),
        bad("control character in the story", swapped(&good, "消", "\\u001b[2J"), "form"),
        bad("delete character in the story", swapped(&good, "消", "\u{7f}"), "form"),
        bad("huge number", number("18446744073709551616"), "form"),
        bad("hugest number", number(&"9".repeat(5000)), "form"),
        bad("number beyond all floats", number("1e999"), "form"),
        bad("not a number", number("NaN"), "form"),
        bad("infinite number", number("Infinity"), "form"),
        bad("number with a fraction", number("5.0"), "form"),
        bad("number with a leading zero", number("05"), "form"),
        bad("negative number", number("-5"), "form"),
        bad("negative zero", number("-0"), "form"),
        bad("number as text", number("\"5\""), "form"),
        bad("truth for a number", with(&good, "kind", 1, |line| swapped(line, "0", "true")), "form"),
        bad("unknown kind", with(&good, "kind", 1, |line| swapped(line, "0", "2")), "form"),
        bad(
            "upper-case hex",
            with(&good, "journal", 1, |line| line.to_uppercase().replace("JOURNAL", "journal")),
            "form",
        ),
        bad("odd hex", with(&good, "journal", 1, |line| swapped(line, "\",", "0\",")), "form"),
        bad("short salt", with(&good, "salt", 1, |line| format!("{}\",\n", &line[..line.len() - 5])), "form"),
        bad("salt without record", with(&good, "record", 1, |_| "      \"record\": null,\n".to_owned()), "form"),
        bad("no entries", swapped_all_entries(&good), "form"),
        bad("entries no list", swapped(&good, "\"entries\": [", "\"entries\": {"), "form"),
        bad("nested without end", swapped(&good, "\"7-000042\"", &"[".repeat(100_000)), "form"),
        bad("transaction of two lines", swapped(&good, "7-000042", "7-0000\\n42"), "form"),
        bad("story of one line too long", swapped(&good, "消", &"消".repeat(1366)), "form"),
        bad("proof longer than any tree", with_proof(&good, 1, |line| line.repeat(70)), "form"),
        bad("entry as a list", swapped(&good, &first, "    [\n      5\n    ]"), "form"),
    ]
}

/// What has the form and does not hold; where the journal's key signed the lie itself, the same check finds it.
pub fn untrue() -> Vec<Bad> {
    let good = good();
    let [one, two] = [entry(&good, 1).to_owned(), entry(&good, 2).to_owned()];
    let exchanged = good.replacen(&one, "ONE", 1).replacen(&two, &one, 1).replacen("ONE", &two, 1);
    let other_checkpoint = Journal::of(24).checkpoint(24).to_string().replace('\n', "\\n");
    let checkpoint_line = |line: &str| format!("{}\"{other_checkpoint}\",\n", &line[..line.find(": ").unwrap() + 2]);
    vec![
        bad(
            "checkpoint altered",
            with(&good, "checkpoint", 1, |line| swapped(line, "\\n23\\n", "\\n24\\n")),
            "checkpoint",
        ),
        bad("checkpoint unsigned", with(&good, "checkpoint", 1, |line| swapped(line, "— ", "- ")), "checkpoint"),
        bad("checkpoint empty", with(&good, "checkpoint", 1, |_| "  \"checkpoint\": \"\",\n".to_owned()), "checkpoint"),
        bad(
            "checkpoint by nobody known",
            with(&good, "checkpoint", 1, |line| swapped(line, "— ex", "— x")),
            "checkpoint",
        ),
        bad("origin altered", with(&good, "origin", 1, |line| swapped(line, "terminal-7", "terminal-8")), "origin"),
        bad("entries swapped", exchanged, "order 2"),
        bad("entry twice", good.replacen(&one, &format!("{one},\n{one}"), 1), "order 2"),
        bad("sequence nought", with(&good, "sequence", 1, |line| swapped(line, "5", "0")), "order 1"),
        bad("sequence altered", with(&good, "sequence", 2, |line| swapped(line, "6", "7")), "position 2"),
        bad("leaf altered", with(&good, "leaf", 3, |line| swapped(line, "8", "9")), "position 3"),
        bad("largest leaf", with(&good, "leaf", 4, |line| swapped(line, "20", "18446744073709551615")), "position 4"),
        bad("record altered", turned(&good, "record", 2), "record 2"),
        bad("record emptied", with(&good, "record", 1, |_| "      \"record\": \"\",\n".to_owned()), "record 1"),
        bad("salt altered", turned(&good, "salt", 4), "record 4"),
        bad("commitment altered", turned(&good, "commitment", 1), "record 1"),
        bad("commitment of a lost record altered", turned(&good, "commitment", 3), "inclusion 3"),
        bad("journal altered", turned(&good, "journal", 1), "inclusion 1"),
        bad("kind altered", with(&good, "kind", 2, |line| swapped(line, "0", "1")), "inclusion 2"),
        bad("card commitment altered", turned(&good, "card", 3), "inclusion 3"),
        bad(
            "card commitment taken away",
            with(&good, "card", 2, |_| "      \"card\": null,\n".to_owned()),
            "inclusion 2",
        ),
        bad(
            "card commitment made up",
            with(&good, "card", 1, |line| swapped(line, "null", &hash_text())),
            "inclusion 1",
        ),
        bad("sequence and leaf altered", renumbered(&good), "inclusion 4"),
        bad(
            "sequence beyond the tree",
            renumbered(&good).replace(": 22,", ": 24,").replace(": 21,", ": 23,"),
            "inclusion 4",
        ),
        bad("proof altered", with_proof(&good, 2, |_| format!("        {},\n", hash_text())), "inclusion 2"),
        bad("proof cut", with_proof(&good, 1, |_| String::new()), "inclusion 1"),
        bad("proof lengthened", with_proof(&good, 4, |line| line.repeat(2)), "inclusion 4"),
        bad("other checkpoint", with(&good, "checkpoint", 1, checkpoint_line), "inclusion 1"),
        bad(
            "earlier checkpoint altered",
            with(&good, "checkpoint", 3, |line| swapped(line, "\\n6\\n", "\\n7\\n")),
            "earlier 2",
        ),
        bad("earlier checkpoint later", with(&good, "checkpoint", 2, |line| checkpoint_line(line)), "consistency 1"),
        bad(
            "consistency proof altered",
            with_proof(&good, 5, |_| format!("        {},\n", hash_text())),
            "consistency 1",
        ),
        bad("consistency proof cut", with_proof(&good, 7, |_| String::new()), "consistency 3"),
    ]
}

/// What only the signature over the whole finds; signed by the journal's key it would hold.
pub fn unsigned() -> Vec<Bad> {
    let good = good();
    let second = format!("{},\n", entry(&good, 2));
    let line = last_line(&good);
    vec![
        bad("story altered", swapped(&good, "12.34 元", "12.35 元"), "signature"),
        bad("English story altered", swapped(&good, "12.34 CNY", "1234 CNY"), "signature"),
        bad(
            "story taken away",
            swapped(&good, "    \"zh\": [\n      \"消费 12.34 元\",\n", "    \"zh\": [\n"),
            "signature",
        ),
        bad("transaction altered", swapped(&good, "7-000042", "7-000043"), "signature"),
        bad("entry removed", swapped(&good, &second, ""), "signature"),
        bad("earlier checkpoints removed", without_earlier(&good), "signature"),
        bad(
            "signature of another file",
            format!("{}{}", &good[..good.len() - line.len()], last_line(&other())),
            "signature",
        ),
        bad("signed by another name", swapped_last(&good, "— example", "— exampel"), "signature"),
    ]
}

pub fn last_line(file: &str) -> &str {
    file.split_inclusive('\n').next_back().unwrap()
}

fn swapped_last(file: &str, from: &str, to: &str) -> String {
    let (before, after) = file.rsplit_once(from).unwrap();
    format!("{before}{to}{after}")
}

fn swapped_all_entries(file: &str) -> String {
    let from = file.find("\"entries\": [").unwrap();
    let end = file.find("\n  ],\n  \"checkpoint\"").unwrap();
    format!("{}\"entries\": [],{}", &file[..from], &file[end + "\n  ],".len()..])
}

fn without_earlier(file: &str) -> String {
    let from = file.find("\"earlier\": [").unwrap();
    let end = file.rfind("\n  ]\n}").unwrap();
    format!("{}\"earlier\": []{}", &file[..from], &file[end + "\n  ]".len()..])
}

/// The last entry at the next place.
fn renumbered(file: &str) -> String {
    file.replace("\"sequence\": 21,", "\"sequence\": 22,").replace("\"leaf\": 20,", "\"leaf\": 21,")
}

fn hash_text() -> String {
    format!("\"{}\"", "5a".repeat(32))
}
