//! A terminal that was made before journals were encrypted is updated: it goes on from what its journal says.
//!
//! `version-1/` is what such a program left on the disk: a segment up to its last byte that is not zero, and its key
//! store. In it are a sale that was taken, OLD1, and one whose reversal nobody has answered, OLD2.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use acquit_scenarios::House;
use anyhow::{Context, Result};
use common::Shop;

const SEGMENT: &[u8] = include_bytes!("version-1/segment");
const KEYS: &[u8] = include_bytes!("version-1/keys");
const KEY_ENCRYPTION_KEY: &[u8] = include_bytes!("version-1/key-encryption-key");
/// How long segments were made. Bytes.
const SEGMENT_BYTES: usize = 4 << 20;

/// A house whose terminal holds the old files and no key for a journal.
fn old() -> Result<House> {
    let house = House::new()?;
    let data = house.terminal.data();
    fs::remove_file(data.join("journal-key"))?;
    fs::remove_dir_all(data.join("journal"))?;
    fs::create_dir(data.join("journal"))?;
    let mut segment = SEGMENT.to_vec();
    segment.resize(SEGMENT_BYTES, 0);
    for (name, bytes) in
        [("journal/000001.log", segment.as_slice()), ("keys", KEYS), ("key-encryption-key", KEY_ENCRYPTION_KEY)]
    {
        fs::write(data.join(name), bytes)?;
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600))?;
    }
    Ok(house)
}

#[test]
fn an_old_journal_goes_on_encrypted() -> Result<()> {
    let house = old()?;
    assert_eq!(house.terminal.owed()?, 1, "it is read before anything is changed");
    assert_eq!(house.terminal.total_minor()?, 501);
    assert!(!house.terminal.data().join("journal-key").exists());

    let shop = Shop { host: house.terminal.start()?, house };
    shop.house.terminal.sign_in()?.done()?;
    shop.host.wait_owed(0)?;
    assert!(!shop.received("0400").is_empty(), "sent with the card data sealed in the old record");
    assert_eq!(shop.sale("5.01")?.outcome(), "approved");
    let again = shop.sale_as("OLD1", "5.01")?;
    assert_eq!(again.outcome(), "approved", "{:?}", again.last());
    assert_eq!(shop.received("0200").len(), 1, "an old name pays once");
    assert_eq!(shop.house.terminal.total_minor()?, 1002);

    let shop = shop.restart()?;
    // The build that began it is long gone: its own readings say what the answer means, not the acquirer's code.
    assert!(shop.story("OLD2")?.contains("took the reversal (-)"));
    let verified = shop.house.terminal.run(&["journal", "verify"])?;
    assert_eq!(verified.done()?["segments"], 2, "the old segment was left as it was");
    let first = fs::read(shop.house.terminal.data().join("journal/000001.log"))?;
    assert_eq!(first.get(..SEGMENT.len()), Some(SEGMENT));
    let key = shop.house.terminal.data().join("journal-key");
    assert_eq!(fs::metadata(&key)?.permissions().mode() & 0o777, 0o600);
    let Shop { house, host } = shop;
    host.kill()?;
    house.assert_no_secrets()?;

    // From here on it is like any other: without its key nothing is begun, and none is made up.
    fs::remove_file(&key)?;
    let refused = house.terminal.run(&["run"])?;
    assert!(!refused.ok && refused.errors.contains("restore it"), "{}", refused.errors);
    assert!(!key.exists());
    Ok(())
}

#[test]
fn an_old_payment_is_proven_like_a_new_one() -> Result<()> {
    let house = old()?;
    house.terminal.start()?.kill()?;
    let file = house.folder().join("evidence");
    let out = file.to_string_lossy().into_owned();
    let exported = house.terminal.run(&["evidence", "export", "OLD1", "--out", &out])?;
    let key = exported.done()?["journal-key"].as_str().context("no key")?.to_owned();
    let verified = house.terminal.run(&["evidence", "verify", &out, "--key", &key])?;
    assert_eq!(verified.done()?["story-follows"], true, "{}", verified.last());
    Ok(())
}
