//! What Acquit is for, in one run: a sign-in, a sale, a decline, a sale whose host is killed in the middle, a
//! pre-authorisation completed, an outage ridden out, a day closed by upload, and books that balance to the cent. The acquirer and the host are real programs, joined by TLS over TCP.
//!
//! The demonstration goes to standard output, progress to standard error; with `--json` standard output carries one
//! object a step. The exit code is zero only if every step went as told and the books are equal.

mod acts;
mod books;
mod day;
mod page;
mod stage;
mod words;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::page::Page;
use crate::stage::Stage;
use crate::words::Language;

/// Shows what Acquit is for: a terminal and an acquirer on this machine.
#[derive(Debug, Parser)]
#[command(name = "demo")]
struct Arguments {
    /// In which language the terminal speaks
    #[arg(long, value_enum, default_value = "both")]
    lang: Lang,
    /// One JSON object a step
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    Zh,
    En,
    Both,
}

fn main() -> ExitCode {
    let Arguments { lang, json } = Arguments::parse();
    let languages = match lang {
        Lang::Zh => vec![Language::Chinese],
        Lang::En => vec![Language::English],
        Lang::Both => vec![Language::Chinese, Language::English],
    };
    let mut page = Page::new(languages, json);
    match play(&mut page) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            page.facts("failed", json!({ "error": format!("{error:#}") }));
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Plays every act; says whether the books are equal and nothing is owed.
fn play(page: &mut Page) -> anyhow::Result<bool> {
    let mut stage = Stage::set(page)?;
    acts::sign_in(&mut stage, page)?;
    acts::sale(&stage, page)?;
    acts::decline(&stage, page)?;
    acts::lost_reply(&mut stage, page)?;
    acts::recovery(&mut stage, page)?;
    day::preauthorization(&mut stage, page)?;
    day::outage(&mut stage, page)?;
    day::closing(&mut stage, page)?;
    books::compare(&mut stage, page)
}
