//! The museum: a plugin of every draft of the contract meets the newest host, and trades or is told why not.

mod hellopay;

use std::fs;
use std::path::{Path, PathBuf};

use acquit_kit::Trial;
use engine::contract::acquirer::Outcome;
use engine::contract::transaction::OperationKind;
use hellopay::{ECHO, REVERSAL, SALE, answered, body, exchange, undo, word};
use ring::digest::{SHA256, digest};
use sandbox::Sandbox;

/// One row of the table.
struct Draft {
    name: String,
    digest: String,
    /// Why the newest host does not run it; nothing where it does.
    refusal: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn drafts() -> Vec<Draft> {
    let table = fs::read_to_string(root().join("tests/museum/README.md")).expect("the table");
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [number, digest, _, now] = cells[..] else { return None };
        number.parse::<u32>().ok()?;
        let refusal = now.strip_prefix("refused: ").map(str::to_owned);
        assert!(refusal.is_some() || now == "trades", "draft {number}: {now:?}");
        Some(Draft { name: format!("draft-{number}"), digest: digest.trim_matches('`').to_owned(), refusal })
    });
    rows.collect()
}

/// The contract's words: mended comments are no new draft.
fn contract() -> String {
    let files = fs::read_dir(root().join("wit")).expect("the contract");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let text = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(file).expect("the contract");
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        format!("{name}\n{}\n", words.join(" "))
    };
    files.iter().map(text).collect()
}

/// The contract once lost a field (`step.standby`), and every plugin in the field with it, without a word anywhere of
/// who would be refused.
#[test]
fn a_contract_that_changes_gets_a_row() {
    let now = hex::encode(digest(&SHA256, contract().as_bytes()));
    let drafts = drafts();
    let newest = drafts.last().expect("a draft");
    assert_eq!(newest.digest, now, "the contract has changed: tests/museum/README.md says what to keep and to write");
    assert!(newest.refusal.is_none(), "the newest draft must run");
}

#[test]
fn every_draft_trades_or_is_refused_by_a_sentence() {
    let built = std::env::var_os("ACQUIT_PLUGINS").expect("ACQUIT_PLUGINS names the built plugins: cargo xtask test");
    let sandbox = Sandbox::new().expect("a sandbox");
    for draft in drafts() {
        let artefact = Path::new(&built).join("museum").join(&draft.name).with_extension("cwasm");
        let loaded = sandbox.load(&draft.name, &artefact);
        let Some(refusal) = draft.refusal else {
            trades(&loaded.unwrap_or_else(|error| panic!("{}: {error}", draft.name)));
            continue;
        };
        let error = loaded.err().unwrap_or_else(|| panic!("{} is not refused any more: change its row", draft.name));
        let expected = format!(
            "not of the contract's types: {refusal}; it was built for another draft of the contract: build it again \
             with the SDK of this version"
        );
        assert_eq!(error.fault.to_string(), expected, "{}", draft.name);
    }
}

/// A whole small payment: asked, taken, declined, taken back.
fn trades(plugin: &sandbox::LoadedPlugin) {
    let parameters = vec![("terminal".into(), "T0000001".into())];
    let trial = Trial::new(engine::contract::Plugin::descriptor(plugin), parameters).after_a_sale(plugin);
    assert_eq!(body(&exchange(plugin, &trial, OperationKind::Echo).message), ECHO);
    let sale = exchange(plugin, &trial, OperationKind::Sale);
    assert_eq!((body(&sale.message), body(&undo(&sale).message)), (SALE.to_owned(), REVERSAL.to_owned()));
    let approved = answered(plugin, &trial, OperationKind::Sale, "approved", "00");
    assert!(matches!(&approved, Outcome::Approved(approved) if approved.amount.minor == 1_234), "{approved:?}");
    assert_eq!(word(&answered(plugin, &trial, OperationKind::Sale, "declined", "51")), "declined");
    assert_eq!(word(&answered(plugin, &trial, OperationKind::Reverse, "reversed", "00")), "acknowledged");
}
