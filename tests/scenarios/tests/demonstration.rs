//! The demonstration is a promise of its own: its last line of JSON and its exit code are what others rely on.

use std::path::Path;
use std::process::{Command, Output};

use acquit_scenarios::programs;
use anyhow::Result;
use serde_json::Value;

fn demo(arguments: &[&str], host: &Path) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.args(arguments).env("ACQUIT_BIN", host);
    command.env("ACQUIRER_BIN", programs::acquirer()?);
    Ok(command.output()?)
}

#[test]
fn every_step_is_a_line_of_json_and_the_last_one_has_the_sums() -> Result<()> {
    let output = demo(&["--json", "--lang", "both"], &programs::acquit()?)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.starts_with("[demo"), "no progress: {said}");
    let lines: Vec<Value> =
        String::from_utf8(output.stdout)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let steps: Vec<_> = lines.iter().map(|line| line["step"].as_str().unwrap_or_default()).collect();
    let all =
        ["sign-in", "sale", "decline", "lost-reply", "recovery", "pre-authorisation", "outage", "closing", "books"];
    assert_eq!(steps, all);
    let [sign_in, sale, decline, lost, recovery, held, outage, closing, books] = lines.as_slice() else {
        unreachable!()
    };
    assert_ne!(sign_in["batch_before"], sign_in["batch_after"]);
    assert_eq!(sale["outcome"], "approved");
    for language in ["zh", "en"] {
        for sentence in ["reason", "customer", "cashier"] {
            assert!(decline[language][sentence].as_str().is_some_and(|said| !said.is_empty()), "{decline}");
        }
    }
    assert_eq!((&lost["owed"], &recovery["owed"]), (&1.into(), &0.into()));
    assert_eq!(recovery["story"]["charged"], "taken-back");
    assert_eq!((&books["owed"], &books["equal"]), (&0.into(), &true.into()));
    assert_eq!(held["taken_minor"], 8000);
    assert_eq!((&outage["owed"], &outage["owed_after"]), (&2.into(), &0.into()));
    let settlement = &closing["settlement"];
    assert_eq!((&settlement["balanced"], &settlement["uploaded"]), (&false.into(), &3.into()));
    assert_eq!((&books["terminal_minor"], &books["acquirer_minor"]), (&9434.into(), &9434.into()));
    let entries = books["entries"].as_array().into_iter().flatten();
    let mut moved: Vec<_> = entries.map(|entry| entry["what"].as_str().unwrap_or_default()).collect();
    // Whether the tip or the sale in doubt comes first is the terminal's affair.
    moved.sort_unstable();
    let all = ["adjustment", "completion", "pre-authorisation", "reversal", "reversal", "sale", "sale", "sale"];
    assert_eq!(moved, all);
    Ok(())
}

#[test]
fn each_language_stands_alone() -> Result<()> {
    for (language, there, not_there) in [("zh", "余额不足", "Insufficient"), ("en", "Insufficient", "余额不足")]
    {
        let output = demo(&["--lang", language], &programs::acquit()?)?;
        let page = String::from_utf8(output.stdout)?;
        assert!(output.status.success() && page.contains(there) && !page.contains(not_there), "{language}: {page}");
    }
    Ok(())
}

#[test]
fn a_step_that_fails_is_said_and_shows_in_the_exit_code() -> Result<()> {
    // A program that is no terminal: it does nothing, successfully.
    let output = demo(&["--json"], Path::new("/bin/true"))?;
    assert!(!output.status.success());
    let last = String::from_utf8(output.stdout)?;
    assert!(last.lines().last().is_some_and(|line| line.contains("\"step\":\"failed\"")), "{last}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("demo: the host did not start"));
    Ok(())
}
