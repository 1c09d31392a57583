//! How the journal is kept and who waives: what is read, and what is wrong.

use super::tests::{RIGHT, message, parse};
use super::*;

#[test]
fn how_the_journal_is_kept_and_who_waives() {
    let key = "ed25519:19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    let (before, _) = RIGHT.split_once("[journal]").unwrap();
    let text = format!(
        "{before}[journal]\nkey = \"keyring\"\ncipher = \"aes-256-gcm\"\nretention-days = 30\nanchor = \"../anchor\"\n\
         checkpoint-every = 10\n[operator]\nkeys = [\"{key}\"]\n"
    );
    let configuration = parse(&text).unwrap();
    let journal = JournalSettings {
        key: JournalKey::Keyring,
        cipher: Cipher::Aes256Gcm,
        retention_days: 30,
        anchor: Some(PathBuf::from("/shop/../anchor")),
        checkpoint_every: 10,
    };
    assert_eq!(configuration.journal, journal);
    assert_eq!(configuration.operators, [key.parse().unwrap()]);
}

#[test]
fn a_journal_kept_in_a_way_that_is_not_known() {
    insta::assert_snapshot!(
        message("key = \"file\"", "key = \"files\""),
        @r#"/shop/terminal.toml:73:7: journal.key: "files" is not a known place for a key; did you mean "file"?"#
    );
    insta::assert_snapshot!(
        message("\"chacha20-poly1305\"  ", "\"aes-128-gcm\""),
        @r#"/shop/terminal.toml:74:10: journal.cipher: "aes-128-gcm" is not a known cipher; did you mean "aes-256-gcm"?"#
    );
    insta::assert_snapshot!(
        message("retention-days = 180", "retention-days = 0"),
        @r#"/shop/terminal.toml:75:18: journal.retention-days: is 0, but must be from 1 to 3650"#
    );
}

#[test]
fn an_anchor_that_would_go_back_with_its_journal() {
    insta::assert_snapshot!(
        message("checkpoint-every = 256", "anchor = \"data/anchor\""),
        @r#"/shop/terminal.toml:76:10: journal.anchor: the anchor lies in the data folder and would be put back together with the journal; name a file elsewhere"#
    );
}

#[test]
fn an_operator_key_that_is_none() {
    insta::assert_snapshot!(
        message("keys = []", "keys = [\"ed25519:00\"]"),
        @r#"/shop/terminal.toml:82:9: operator.keys: "ed25519:00" is not a public key, as `acquit operator new-key` prints it"#
    );
    insta::assert_snapshot!(
        message("keys = []", ""),
        @r#"/shop/terminal.toml:81:1: operator.keys: missing; write keys = ["ed25519:..."], as `acquit operator new-key` prints them"#
    );
}
