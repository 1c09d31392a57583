//! `acquit plugin test`: scenario files played with the real terminal against a scripted acquirer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquit_scenarios::programs::{acquit, plugin};
use acquit_scenarios::{Answer, Process, Terminal, Transcript};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// The scenarios of a plugin of this house.
fn scenarios(plugin: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(plugin).join("scenarios")
}

/// The scenarios every new plugin begins with.
fn starter() -> PathBuf {
    scenarios("starter")
}

/// What `acquit plugin test` answers about these places.
fn test(places: &[&Path]) -> Result<Answer> {
    test_of("starter", places)
}

fn test_of(name: &str, places: &[&Path]) -> Result<Answer> {
    let mut command = Command::new(acquit()?);
    command.args(["--json", "plugin", "test", "--plugin"]).arg(plugin(name)?).args(places);
    Terminal::answer(Process::spawn("acquit plugin test", &mut command, &Transcript::default())?)
}

/// The starter's acquirer and one scenario, changed.
fn changed(name: &str, from: &str, to: &str) -> Result<TempDir> {
    let folder = TempDir::new()?;
    for file in ["acquirer.toml", "approved.toml"] {
        let mut text = fs::read_to_string(starter().join(file))?;
        if file == name {
            ensure!(text.contains(from), "{name} does not say {from}");
            text = text.replacen(from, to, 1);
        }
        fs::write(folder.path().join(file), text)?;
    }
    Ok(folder)
}

/// What failed in a folder of one scenario, and that the folder it was played in is gone again.
fn failure(folder: &TempDir) -> Result<Value> {
    let answer = test(&[folder.path()])?;
    ensure!(!answer.ok, "it held: {}", answer.last());
    let mut line = answer.last().clone();
    let kept = PathBuf::from(line["verdict"]["kept"].as_str().context("nothing was kept")?);
    ensure!(kept.join("transcript.log").is_file() && kept.join("terminal.toml").is_file());
    fs::remove_dir_all(kept)?;
    Ok(line["verdict"].take())
}

/// JSON over HTTP, by the same kind of script: a path is a message type, a member a field, a seal a header.
#[test]
fn the_scenarios_of_the_plugin_in_json_hold() -> Result<()> {
    let answer = test_of("http-json", &[&scenarios("http-json")])?;
    ensure!(answer.ok, "{:#?}", answer.lines);
    Ok(())
}

/// The same acquirer written in C and in JavaScript: the same scenarios, and not a line of the host knows the language.
#[test]
fn the_scenarios_of_the_plugin_in_json_hold_in_other_languages() -> Result<()> {
    for language in ["c", "javascript"] {
        let name = format!("other-languages/{language}");
        if plugin(&name).is_err() {
            // Its tools are not everywhere; where they were asked for, they must be.
            ensure!(std::env::var_os("RUST_WASM_VIA").is_none() || language != "c", "{language} was not built");
            eprintln!("left out: the plugin in {language} was not built; `cargo xtask plugins` says why");
            continue;
        }
        let answer = test_of(&name, &[&scenarios("http-json")])?;
        ensure!(answer.ok, "{language}: {:#?}", answer.lines);
    }
    Ok(())
}

/// AES DUKPT over real sockets: a key of its own for the sale, another for what takes it back, each with its serial number
/// in the message; the acquirer derives them anew, refuses a number that comes twice, and seals its answers under the same
/// numbers, which the terminal checks.
#[test]
fn every_message_has_a_key_of_its_own() -> Result<()> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dukpt/scenarios");
    let answer = test_of("dukpt", &[&scenarios])?;
    ensure!(answer.ok && answer.lines.len() >= 4, "{:#?}", answer.lines);
    Ok(())
}

#[test]
fn the_scenarios_of_the_starter_hold() -> Result<()> {
    let answer = test(&[&starter()])?;
    let failed: Vec<_> = answer.lines.iter().filter(|line| line["holds"] != true).collect();
    ensure!(answer.ok && failed.is_empty(), "{failed:#?}\n{}", answer.errors);
    let shown = |name: &str| answer.lines.iter().any(|line| line["file"].as_str().is_some_and(|it| it.ends_with(name)));
    for name in [
        "approved",
        "declined",
        "silence",
        "power-cut",
        "wrong-mac",
        "anothers-answer",
        "late-answer",
        "half-an-answer",
    ] {
        ensure!(shown(&format!("{name}.toml")), "{name} was not played");
    }
    Ok(())
}

/// Packed digits, a header before the message type, keys handed out at sign-in, another MAC: all of it is data.
#[test]
fn the_scenarios_of_the_unionpay_plugin_hold() -> Result<()> {
    let answer = test_of("unionpay", &[&scenarios("unionpay")])?;
    let failed: Vec<_> = answer.lines.iter().filter(|line| line["holds"] != true).collect();
    ensure!(answer.ok && failed.is_empty() && answer.lines.len() == 4, "{failed:#?}\n{}", answer.errors);
    Ok(())
}

/// A refund whose repetition is marked, 0221 for 0220, is what the law of repetitions is tried on.
#[test]
fn a_marked_repetition_is_judged() -> Result<()> {
    let folder = TempDir::new()?;
    let calls = folder.path().join("calls.jsonl");
    let refund = scenarios("unionpay").join("refund.toml");
    ensure!(test_of("unionpay", &[Path::new("--calls"), &calls, &refund])?.ok);
    let mut command = Command::new(acquit()?);
    command.args(["--json", "plugin", "certify", "--variations", "5", "--calls"]).arg(&calls).arg(plugin("unionpay")?);
    let set = ["terminal=50080001", "merchant=309310083985008", "tpdu=6000000000"];
    command.args(set.iter().flat_map(|set| ["--set", *set]));
    let judged = Terminal::answer(Process::spawn("acquit plugin certify", &mut command, &Transcript::default())?)?;
    let report: Value = serde_json::from_str(judged.last()["report"].as_str().context("no report")?)?;
    let verdicts = report["verdicts"].as_array().context("no verdicts")?;
    let repeats = verdicts.iter().find(|verdict| verdict["law"] == "repeats-the-same").context("no such law")?;
    ensure!(judged.ok && repeats["tried"].as_u64() > Some(0) && repeats["broken"] == 0, "{report:#}");
    Ok(())
}

/// A cash register that calls a payment by the card's number: it stands in the journal, on the receipt and in the answer.
#[test]
fn a_card_number_anywhere_fails_a_scenario_in_which_all_else_is_right() -> Result<()> {
    let sale = "sale 12.34 --card unionpay-stripe";
    let verdict = failure(&changed("approved.toml", sale, &format!("{sale} --id 6200000123456787"))?)?;
    ensure!(verdict["failure"]["expected"] == "no card number and no key anywhere", "{verdict:#}");
    let found = verdict["failure"]["found"].as_str().unwrap_or_default();
    ensure!(found.starts_with("a card number as ASCII"), "{verdict:#}");
    Ok(())
}

/// What was played is what a plugin is judged by: no scenario is recorded twice, none by hand.
#[test]
fn what_scenarios_asked_of_a_plugin_is_what_it_is_judged_by() -> Result<()> {
    let folder = TempDir::new()?;
    let calls = folder.path().join("calls.jsonl");
    let played = ["approved.toml", "declined.toml", "silence.toml"].map(|file| starter().join(file));
    ensure!(test(&[Path::new("--calls"), &calls, &played[0], &played[1], &played[2]])?.ok);
    // A key that a person loaded is one the plugin is told of.
    let recorded = fs::read_to_string(&calls)?;
    let first: Value = serde_json::from_str(recorded.lines().next().context("nothing was recorded")?)?;
    ensure!(first["context"]["keys"] == serde_json::json!(["mak", "pik"]), "{first}");

    let mut command = Command::new(acquit()?);
    command.args(["--json", "plugin", "certify", "--calls"]).arg(&calls).arg(plugin("starter")?);
    command.args(["--set", "terminal=TERM0001", "--set", "merchant=MERCHANT0000001", "--variations", "20"]);
    command.args(["--approves", "00", "--pulley"]).arg(plugin("starter.pulley")?);
    let judged = Terminal::answer(Process::spawn("acquit plugin certify", &mut command, &Transcript::default())?)?;
    let report: Value = serde_json::from_str(judged.last()["report"].as_str().context("no report")?)?;
    let verdicts = report["verdicts"].as_array().context("no verdicts")?;
    ensure!(judged.ok && verdicts.iter().all(|verdict| verdict["broken"] == 0), "{report:#}");
    let tried = |law: &str| verdicts.iter().find(|verdict| verdict["law"] == law).and_then(|v| v["tried"].as_u64());
    // Every call twice: natively, and by the interpreter.
    ensure!(tried("deterministic") == Some(2 * recorded.lines().count() as u64), "{report:#}");
    ensure!(tried("codes-are-known") > Some(1_000), "{report:#}");
    Ok(())
}

/// The first expectation that does not hold is named with what was found, and the messages are shown without the card.
#[test]
fn what_is_not_as_expected_is_said_with_the_messages() -> Result<()> {
    let verdict = failure(&changed("approved.toml", "outcome = \"approved\"", "outcome = \"declined\"")?)?;
    ensure!(verdict["failure"]["place"] == "step 2: sale 12.34 --card unionpay-stripe", "{verdict:#}");
    ensure!(verdict["failure"]["expected"] == "outcome declined" && verdict["failure"]["found"] == "approved");
    let sale = verdict["messages"].as_array().and_then(|messages| messages.get(2)).context("no sale")?;
    let field = |path: &str| {
        let fields = sale["fields"].as_array().into_iter().flatten();
        fields.clone().find(|field| field["path"] == path).map(|field| field["value"].clone())
    };
    ensure!(sale["from"] == "terminal" && field("DE4") == Some("000000001234".into()), "{sale:#}");
    let track = field("DE35").context("no track")?;
    let digits = track.as_str().unwrap_or_default();
    ensure!(digits.len() > 30 && digits.bytes().all(|byte| matches!(byte, b'0' | b'=')), "{track}");
    ensure!(field("DE52") == Some("0000000000000000".into()), "{sale:#}");
    Ok(())
}

/// An acquirer that books more than it was asked for: the terminal alone would never know.
#[test]
fn books_that_disagree_fail_a_scenario_that_expects_nothing_of_them() -> Result<()> {
    let folder = changed("acquirer.toml", "book = \"charge\"", "book = \"refund\"")?;
    let scenario = folder.path().join("approved.toml");
    let text = fs::read_to_string(&scenario)?;
    fs::write(&scenario, text.split("[end]").next().unwrap_or_default())?;
    let verdict = failure(&folder)?;
    ensure!(
        verdict["failure"]["expected"] == "the terminal's books to say what the acquirer's do, -1234",
        "{verdict:#}"
    );
    ensure!(verdict["failure"]["found"] == "1234", "{verdict:#}");
    Ok(())
}

/// A terminal and an acquirer that do not hold the same key: every message is refused, and the reason is said.
#[test]
fn what_the_acquirer_cannot_accept_fails_the_scenario() -> Result<()> {
    let verdict =
        failure(&changed("acquirer.toml", "field = 64\nalgorithm = \"x919\"", "field = 64\nalgorithm = \"des-cbc\"")?)?;
    ensure!(verdict["complaints"][0] == "a 0200 came with a wrong MAC", "{verdict:#}");
    Ok(())
}

#[test]
fn a_wrong_file_is_told_before_anything_is_played() -> Result<()> {
    for (name, from, to, says) in [
        ("approved.toml", "outcome =", "outcom =", "approved.toml:5:22: unknown field `outcom`"),
        ("acquirer.toml", "book = \"charge\"", "book = \"charges\"", "unknown variant `charges`"),
        ("acquirer.toml", "pik = ", "pin = ", "[test-keys]: expected key slots of the plugin: pik, mak; found pin"),
    ] {
        let answer = test(&[changed(name, from, to)?.path()])?;
        let said = format!("{} {}", answer.errors, answer.last());
        ensure!(!answer.ok && said.contains(says), "{said}\nnot {says}");
    }
    Ok(())
}
