//! What commands that the running terminal does have in common: who asks, how to reach it, and what is shown until it
//! answers.

use std::io::{IsTerminal, Write, stdin, stdout};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use engine::contract::types::Amount;
use engine::{Order, TransactionId};
use jiff::Zoned;
use serde_json::json;

use super::House;
use crate::control::{self, AcceptPartial, Ask, Begin, Reached, Request, Response, Told};
use crate::messages::{format_amount, parse_amount};
use crate::terminal::Places;

/// Nobody needs to hear of progress before this has passed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who stands at the counter, and with what.
#[derive(Debug, Args)]
pub(super) struct Counter {
    /// The cash register's identity for this: 1 to 28 letters and digits. One is made where none is given. The same
    /// identity never moves money twice: asked again, it tells the same result again.
    #[arg(long)]
    pub id: Option<String>,
    /// Which acquirer; the original's, or the first of the configuration, where nothing is said.
    #[arg(long)]
    pub acquirer: Option<String>,
    /// The virtual card to present (development): a profile's name or file.
    #[arg(long)]
    pub card: Option<String>,
    /// Who is at the counter.
    #[arg(long, default_value = "01")]
    pub operator: String,
}

/// What is answered where only a part is approved.
#[derive(Debug, Args)]
pub(super) struct Partial {
    /// Whether to take a part where the acquirer approves no more.
    #[arg(long, value_enum, default_value_t = AcceptPartial::Ask, value_name = "ANSWER")]
    pub accept_partial: AcceptPartial,
}

/// Begins an operation that moves money, under an identity that is shown before anything is asked for, so that nobody
/// ever holds a payment without a name.
pub(super) fn begin(house: &House, counter: Counter, order: Order, accept_partial: AcceptPartial) -> Result<ExitCode> {
    let transaction = match &counter.id {
        Some(id) => TransactionId::parse(id)?,
        None => fresh_identity("A")?,
    };
    let mut out = stdout().lock();
    if house.json {
        writeln!(out, "{}", json!({ "transaction": transaction }))?;
    } else {
        let line = house.messages.text("sale-identity", &[("transaction", transaction.to_string().into())]);
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    drop(out);
    let Counter { acquirer, card, operator, .. } = counter;
    let begin = Begin { transaction, order, acquirer, card, operator, accept_partial };
    house.show(&ask(house, Ask::Begin(Box::new(begin)))?)
}

/// Reads an amount as the cashier typed it.
pub(super) fn amount(house: &House, text: &str) -> Result<Amount> {
    let currency = house.configuration.terminal.currency;
    parse_amount(text, currency).map_err(|_| {
        let example = Amount { minor: 1234, currency: currency.number, exponent: currency.exponent };
        let example = format_amount(&example, house.configuration.language);
        let args = [("text", text.to_owned().into()), ("example", example.into())];
        anyhow!(house.messages.text("sale-bad-amount", &args))
    })
}

/// Asks the running terminal.
pub(super) fn ask(house: &House, ask: Ask) -> Result<Response> {
    match try_ask(house, ask)? {
        Reached::Answered(response) => Ok(response),
        Reached::NobodyThere => bail!("the terminal is not running; start it with `acquit run`"),
    }
}

/// Asks the running terminal, if one runs. People are shown what its screen shows, once that takes longer than they
/// would wait for without a word.
pub(super) fn try_ask(house: &House, ask: Ask) -> Result<Reached> {
    let socket = Places::of(&house.configuration).socket();
    let request = Request { language: house.configuration.language, meanwhile: !house.json, ask };
    if house.json {
        return control::ask(&socket, &request, &mut |_| {});
    }
    thread::scope(|scope| {
        let (told, tells) = mpsc::channel();
        let asked = scope.spawn(|| {
            let told = told;
            control::ask(&socket, &request, &mut |meanwhile| drop(told.send(meanwhile)))
        });
        let mut shown = Shown { house, since: Instant::now(), newest: None };
        loop {
            match tells.recv_timeout(shown.quiet_for()) {
                Ok(Told::Question { question, transaction }) => shown.question(&question, transaction),
                Ok(Told::Screen { screen }) => shown.screen(screen),
                Ok(Told::Answer(_)) => {}
                Err(RecvTimeoutError::Timeout) => shown.out(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        asked.join().map_err(|_| anyhow!("what came from the terminal could not be read"))?
    })
}

/// A name no other operation of this terminal has: the time to the microsecond, in base 36.
pub(super) fn fresh_identity(prefix: &str) -> Result<TransactionId> {
    let mut number = u64::try_from(Zoned::now().timestamp().as_microsecond()).context("the clock is before 1970")?;
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
    }
    Ok(TransactionId::parse(&format!("{prefix}{}", digits.iter().rev().collect::<String>()))?)
}

/// What people have seen of the terminal's screen; on standard error, so that the answer stands alone.
struct Shown<'a> {
    house: &'a House,
    since: Instant,
    /// The newest line nobody has seen yet.
    newest: Option<String>,
}

impl Shown<'_> {
    /// How long to wait in silence for what comes next.
    fn quiet_for(&self) -> Duration {
        match self.newest {
            Some(_) => PATIENCE.saturating_sub(self.since.elapsed()),
            // Nothing is held back; whatever comes wakes us.
            None => PATIENCE * 60,
        }
    }

    fn screen(&mut self, line: String) {
        self.newest = Some(line);
        if self.since.elapsed() >= PATIENCE {
            self.out();
        }
    }

    fn out(&mut self) {
        if let Some(line) = self.newest.take() {
            eprintln!("{line}");
        }
    }

    /// A question is never held back. Whoever sits at a keyboard answers it here; others use `acquit answer`.
    fn question(&mut self, question: &str, transaction: TransactionId) {
        self.newest = None;
        eprintln!("{question}");
        if !stdin().is_terminal() {
            return;
        }
        let socket = Places::of(&self.house.configuration).socket();
        let language = self.house.configuration.language;
        // Left behind when nobody types: the terminal stops waiting by itself.
        thread::spawn(move || {
            let mut line = String::new();
            let typed = stdin().read_line(&mut line);
            let yes = typed.is_ok() && matches!(line.trim(), "y" | "yes" | "是" | "好");
            let ask = Ask::Answer { yes, transaction: Some(transaction) };
            let _ = control::ask(&socket, &Request { language, meanwhile: false, ask }, &mut |_| {});
        });
    }
}
