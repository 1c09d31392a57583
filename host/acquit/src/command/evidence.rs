//! Evidence: what the journal holds of one payment, in a file that others verify without the terminal, its keys or its
//! word.

use std::fs::OpenOptions;
use std::io::{Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use engine::books::Books;
use engine::{Record, TransactionId};
use journal::checkpoint::{Signer, VerifyingKey};
use journal::evidence::{self as file, Gathering, Story, Verified};
use serde_json::json;

use super::journal::progress::Progress;
use super::journal::shown::Shown;
use super::{House, ask};
use crate::control::{Ask, Reached, Response};
use crate::messages::{Language, Messages};
use crate::show;
use crate::terminal::{BooksRead, Places, keeping};

/// What to do with evidence.
#[derive(Debug, Subcommand)]
pub(super) enum Evidence {
    /// Write down what the journal holds of a payment and its debt, with proofs. Card data is not in it.
    Export(Export),
    /// Check such a file; it takes the journal's public key and nothing else.
    Verify(Verify),
}

/// Of which payment, and where to.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The payment, or the debt owed for it.
    id: String,
    /// A new file; standard output where nothing is said.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Which file, and whose key.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The file, as `acquit evidence export` wrote it.
    file: PathBuf,
    /// The journal's public key, as `acquit journal key` prints it; had from the shop, not from the file.
    #[arg(long, value_name = "KEY")]
    key: String,
}

pub(super) fn export(house: &House, export: &Export) -> Result<ExitCode> {
    let asked = TransactionId::parse(&export.id)?;
    // Proven against what is signed now, so that the newest entries are in it.
    sign_now(house)?;
    let configuration = &house.configuration;
    let keys = keeping::keeper(configuration).context("the journal's key cannot be used")?;
    let signer = Signer::of_journal(&Places::of(configuration).journal(), keys.as_ref())?;
    let read = || keeping::read_into(configuration, BooksRead::of_everything, |books, entry| books.take(&entry));
    let (books, reading) = Progress::over("journal", read)?;
    let books = books.books();
    let of = books.debt(&asked).map_or(&asked, |debt| &debt.of).clone();
    let Some(story) = story(&books, &of) else {
        let args = [("transaction", asked.to_string().into())];
        return house.show(&Response::failed(house.messages.text("explain-no-such", &args)));
    };
    let sequences = sequences(house, &books, &of)?;
    let begin = || Gathering::new(reading.journal, &sequences);
    let (gathering, _) = keeping::read_into(configuration, begin, Gathering::take)?;
    let evidence = gathering.finish(&signer, of.as_str(), &story)?;
    let Some(out) = &export.out else {
        stdout().lock().write_all(evidence.to_text().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let mut written = made.with_context(|| format!("cannot make {}", out.display()))?;
    written.write_all(evidence.to_text().as_bytes()).and_then(|()| written.sync_all())?;
    let key = signer.key().to_string();
    let line = house.messages.text(
        "evidence-written",
        &[
            ("transaction", of.to_string().into()),
            ("count", (sequences.len() as u64).into()),
            ("file", out.display().to_string().into()),
            ("key", key.clone().into()),
        ],
    );
    let facts = json!({ "transaction": of, "entries": sequences.len(), "file": out, "journal-key": key });
    house.show(&Response::done(facts, vec![line]))
}

pub(super) fn verify(verify: &Verify, json: bool, language: Language) -> Result<ExitCode> {
    let messages = Messages::new(language);
    let key: VerifyingKey = verify.key.parse().context("the key is not one of a journal")?;
    let response = match file::verify(read(&verify.file)?, &key) {
        Ok(verified) => holds(&verified, &messages),
        Err(error) => {
            let line = messages.text("evidence-fails", &[("why", error.to_string().into())]);
            let facts = json!({
                "holds": false,
                "check": error.check(),
                "error": error.to_string(),
            });
            Response { ok: false, facts, lines: vec![line] }
        }
    };
    super::show(&response, json)
}

/// What a file proves, and whether its story is the one this program tells from its records.
fn holds(verified: &Verified, messages: &Messages) -> Response {
    let mut books = Books::default();
    let mut records = Vec::new();
    for entry in &verified.entries {
        let record = entry.record.as_deref().and_then(|record| Record::decode(record, None).ok());
        records.push(json!({
            "sequence": entry.sequence,
            "fact": record.as_ref().map(|record| super::journal::shown::word(&record.fact)),
            "card-data": entry.has_card,
        }));
        if let Some(record) = record {
            let _ = books.apply(&record);
        }
    }
    let told = TransactionId::parse(&verified.transaction).ok().and_then(|id| story(&books, &id));
    let follows = told.as_ref() == Some(&verified.story);
    let checkpoint = &verified.checkpoint;
    let mut lines = vec![messages.text(
        "evidence-holds",
        &[
            ("transaction", verified.transaction.clone().into()),
            ("count", (verified.entries.len() as u64).into()),
            ("size", checkpoint.size.into()),
            ("origin", checkpoint.origin.clone().into()),
        ],
    )];
    if !verified.earlier.is_empty() {
        lines.push(messages.text("evidence-earlier", &[("count", (verified.earlier.len() as u64).into())]));
    }
    lines.push(messages.text(if follows { "evidence-story-follows" } else { "evidence-story-differs" }, &[]));
    lines.push(String::new());
    lines.extend(match messages.language() {
        Language::Chinese => verified.story.zh.clone(),
        Language::English => verified.story.en.clone(),
    });
    let facts = json!({
        "holds": true,
        "transaction": verified.transaction,
        "journal": verified.journal.to_string(),
        "checkpoint": { "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.to_string() },
        "earlier": verified.earlier.iter().map(|earlier| earlier.size).collect::<Vec<_>>(),
        "entries": records,
        "story-follows": follows,
        "story": { "zh": verified.story.zh, "en": verified.story.en },
    });
    Response::done(facts, lines)
}

/// Has the journal sign what it holds by now: by the running terminal, or by opening it.
fn sign_now(house: &House) -> Result<()> {
    let failed = match ask::try_ask(house, Ask::Checkpoint)? {
        Reached::Answered(response) => (!response.ok).then(|| response.lines.join(" ")),
        Reached::NobodyThere => {
            let mut books = BooksRead::of_everything();
            let signed = keeping::open(&house.configuration, None, &mut books)?.journal.checkpoint();
            signed.err().map(|error| error.to_string())
        }
    };
    if let Some(why) = failed {
        eprintln!("acquit: {why}");
    }
    Ok(())
}

/// The story in both languages; none where there is no such transaction.
fn story(books: &Books, id: &TransactionId) -> Option<Story> {
    // What followed it is another story, with evidence of its own.
    let known = books.transaction(id)?;
    let tell = |language| show::alone(books, known, &Messages::new(language)).lines;
    Some(Story { zh: tell(Language::Chinese), en: tell(Language::English) })
}

/// The entries about a transaction and its debts.
fn sequences(house: &House, books: &Books, of: &TransactionId) -> Result<Vec<u64>> {
    let debts = books.transaction(of).map(|known| known.debts.as_slice()).unwrap_or_default();
    let mut sequences = Vec::new();
    keeping::visit(&house.configuration, |entry| {
        let shown = Shown::of(&entry);
        if shown.about().and_then(|(_, _, id)| id).is_some_and(|id| id == of || debts.contains(id)) {
            sequences.push(entry.sequence);
        }
        Ok(())
    })?;
    Ok(sequences)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let about = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    let limit = file::MAX_EVIDENCE_BYTES as u64;
    anyhow::ensure!(about.len() <= limit, "{} is no evidence: it has {} bytes", file.display(), about.len());
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
