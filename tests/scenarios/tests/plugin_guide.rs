//! The guide for authors of plugins, done as it says: every command in it is run, and says what stands under it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquit_scenarios::programs;
use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../docs/plugin-guide.md");
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Commands, and the lines that must be said.
struct Block {
    commands: String,
    said: Vec<String>,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fences = GUIDE.split("```");
    // Between fences stands prose; a block begins with what it is.
    while let (Some(_prose), Some(block)) = (fences.next(), fences.next()) {
        match block.split_once('\n') {
            Some(("sh", commands)) => blocks.push(Block { commands: commands.to_owned(), said: Vec::new() }),
            Some(("text", lines)) => {
                let last = blocks.last_mut().expect("what is said follows what is run");
                last.said.extend(lines.lines().map(str::to_owned));
            }
            _ => {}
        }
    }
    blocks
}

/// Whether a line has these words in this order; between them may stand figures and paths.
fn says(line: &str, words: &str) -> bool {
    words.split_whitespace().try_fold(line, |rest, word| Some(rest.split_once(word)?.1)).is_some()
}

/// Takes minutes, since a plugin is compiled from nothing: run by `cargo xtask test --all`.
#[test]
#[ignore = "compiles a plugin from nothing"]
fn every_command_of_the_guide_does_what_it_says() -> Result<()> {
    let home = TempDir::new()?;
    let acquit = programs::acquit()?;
    let beside = acquit.parent().context("no folder")?.to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([beside].into_iter().chain(env::split_paths(&path)))?;
    let mut folder = home.path().to_owned();
    let blocks = blocks();
    ensure!(blocks.len() > 6, "{} blocks", blocks.len());
    for Block { commands, said } in blocks {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &format!("{commands}\npwd")]).current_dir(&folder);
        shell.env("PATH", &path).env("ACQUIT", Path::new(CHECKOUT).canonicalize()?).env_remove("CARGO_TARGET_DIR");
        shell.env_remove("ACQUIT_CONFIG").env("LANG", "C.UTF-8");
        let output = shell.output()?;
        let (out, errors) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "{commands}\n{out}\n{errors}");
        for words in said {
            ensure!(out.lines().any(|line| says(line, &words)), "{commands}\nsays nothing of {words:?}:\n{out}");
        }
        folder = PathBuf::from(out.lines().last().context("no folder")?);
    }
    Ok(())
}

#[test]
fn the_guide_has_commands_and_each_says_something() {
    let blocks = blocks();
    assert!(blocks.iter().all(|block| block.commands.contains("acquit") || block.commands.contains("cargo")));
    assert!(blocks.iter().filter(|block| !block.said.is_empty()).count() > 5);
    assert!(says("sale   yes  130,938", "sale yes") && !says("yes sale", "sale yes"));
}
