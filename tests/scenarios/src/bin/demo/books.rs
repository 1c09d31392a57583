//! The terminal's books and the acquirer's ledger, side by side.

use acquit_scenarios::TERMINAL;
use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::acts::{APPROVED, DECLINED, LOST};
use crate::page::{Page, money, padded};
use crate::stage::Stage;
use crate::words::words;

/// Columns of the ledger's table.
const MOVEMENT: usize = 14;
const TRACE: usize = 8;
const ACCOUNT: usize = 30;
const AMOUNT: usize = 10;

/// Shows both; says whether they are equal to the cent with nothing owed.
pub fn compare(stage: &mut Stage, page: &mut Page) -> Result<bool> {
    page.progress("the books");
    page.heading(words("对账", "The books"));
    let terminal_minor = stage.terminal.total_minor()?;
    let owed = stage.terminal.owed()?;
    let sum = stage.acquirer.order(&json!({ "do": "sum", "terminal": TERMINAL }))?;
    let acquirer_minor = sum["merchant_total_minor"].as_i64().context("no sum")?;
    let balanced = sum["balanced"] == true;
    let ledger = stage.acquirer.order(&json!({ "do": "ledger" }))?;
    let entries = ledger["entries"].as_array().cloned().unwrap_or_default();
    let equal = terminal_minor == acquirer_minor && balanced && owed == 0;

    let mut terminal = vec![words("终端账", "the terminal's books").all(page.languages())];
    for identity in [APPROVED, DECLINED, LOST] {
        let story = stage.terminal.run(&["explain", identity])?;
        terminal.push(payment(identity, story.done()?));
    }
    let mut acquirer = vec![words("收单机构账", "the acquirer's ledger").all(page.languages())];
    acquirer.extend(entries.iter().map(movement));
    let height = terminal.len().max(acquirer.len());
    for (column, total) in [(&mut terminal, terminal_minor), (&mut acquirer, acquirer_minor)] {
        column.resize(height, String::new());
        column.push(format!("{}{:>10}", padded(&words("合计", "total").all(page.languages()), 28), money(total)));
    }
    page.beside(&[terminal, acquirer]);
    page.gap();
    page.block(&entries.iter().flat_map(legs).collect::<Vec<_>>());
    page.gap();
    let sides = |side: &str| sum[side].as_i64().map(money).unwrap_or_default();
    page.fact(
        words("借方 = 贷方", "debits = credits"),
        &format!("{} = {}", sides("debits_minor"), sides("credits_minor")),
    );
    page.fact(words("尚欠", "owed"), &owed.to_string());
    match equal {
        true => page.sentence(words("两本账分毫不差。", "The books are equal to the cent.")),
        false => page.sentence(words("两本账不符！", "The books differ!")),
    }
    let facts = json!({
        "owed": owed,
        "terminal_minor": terminal_minor,
        "acquirer_minor": acquirer_minor,
        "debits_minor": sum["debits_minor"],
        "credits_minor": sum["credits_minor"],
        "entries": entries,
        "equal": equal,
    });
    page.facts("books", facts);
    Ok(equal)
}

/// A payment by the terminal's books: what it asked for, how it stands, what the shop gets.
fn payment(identity: &str, story: &Value) -> String {
    let amount = story["amount"]["minor"].as_i64().unwrap_or_default();
    let paid = story["paid"] == "yes";
    let state = match (paid, story["charged"].as_str()) {
        (true, _) => "approved",
        (false, Some("taken-back")) => "reversed",
        (false, Some("no")) => "declined",
        (false, _) => "unknown",
    };
    let counted = if paid { amount } else { 0 };
    format!("{identity:<8}{:>8}  {state:<10}{:>10}", money(amount), money(counted))
}

/// A movement by the acquirer's ledger, from the shop's side.
fn movement(entry: &Value) -> String {
    let amount = entry["amount_minor"].as_i64().unwrap_or_default();
    let counted = if entry["what"] == "reversal" { -amount } else { amount };
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    format!("{:>3}  {:<9}trace {:<8}{:>10}", entry["number"], text("what"), text("trace"), money(counted))
}

/// The legs of an entry: what was taken from where, and given to whom.
fn legs(entry: &Value) -> Vec<String> {
    let legs = entry["legs"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    legs.as_chunks::<2>()
        .0
        .iter()
        .enumerate()
        .map(|(row, [from, to])| {
            let first = row == 0;
            let name = if first { format!("{:>3}  {}", entry["number"], text(&entry["what"])) } else { String::new() };
            let trace = if first { text(&entry["trace"]) } else { String::new() };
            let amount = from["amount_minor"].as_i64().map(money).unwrap_or_default();
            format!(
                "{}{}{}{}{amount:>AMOUNT$}",
                padded(&name, MOVEMENT),
                padded(&trace, TRACE),
                padded(&text(&from["account"]), ACCOUNT),
                padded(&text(&to["account"]), ACCOUNT),
            )
        })
        .collect()
}
