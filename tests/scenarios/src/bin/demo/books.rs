//! The terminal's books and the acquirer's ledger, side by side.

use acquit_scenarios::TERMINAL;
use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::acts::{APPROVED, DECLINED, LOST, Payment};
use crate::day::{COMPLETED, HELD, IN_DOUBT, NOT_SENT, TIP};
use crate::page::{Page, money, padded};
use crate::stage::Stage;
use crate::words::{Language, Words, words};

/// Columns of the tables, wide enough for both languages.
const MOVEMENT: usize = 21;
const TRACE: usize = 8;
const ACCOUNT: usize = 28;
const STATE: usize = 17;
const AMOUNT: usize = 9;
/// Columns before the last one of each table of payments.
const PAYMENTS: usize = 35;
const MOVEMENTS: usize = MOVEMENT + TRACE + 1;

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
    for Payment { identity, .. } in [APPROVED, DECLINED, LOST, HELD, COMPLETED, TIP, IN_DOUBT, NOT_SENT] {
        let story = stage.terminal.run(&["explain", identity])?;
        terminal.push(payment(identity, story.done()?, page.languages()));
    }
    let mut acquirer = vec![words("收单机构账", "the acquirer's ledger").all(page.languages())];
    acquirer.extend(entries.iter().map(|entry| movement(entry, page.languages())));
    let height = terminal.len().max(acquirer.len());
    let totals = [(&mut terminal, terminal_minor, PAYMENTS), (&mut acquirer, acquirer_minor, MOVEMENTS)];
    for (column, total, before) in totals {
        column.resize(height, String::new());
        column.push(format!(
            "{}{:>AMOUNT$}",
            padded(&words("合计", "total").all(page.languages()), before),
            money(total)
        ));
    }
    page.beside(&[terminal, acquirer]);
    page.gap();
    let side = |side: Words| padded(&side.all(page.languages()), ACCOUNT);
    let (debit, credit) = (side(words("借方", "debit")), side(words("贷方", "credit")));
    page.block(&[format!("{}{debit}{credit}", padded("", MOVEMENT + TRACE))]);
    page.block(&entries.iter().flat_map(|entry| legs(entry, page.languages())).collect::<Vec<_>>());
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
fn payment(identity: &str, story: &Value, languages: &[Language]) -> String {
    let amount = story["amount"]["minor"].as_i64().unwrap_or_default();
    let paid = story["paid"] == "yes";
    let state = match (paid, story["charged"].as_str()) {
        (true, _) => words("成功", "approved"),
        (false, Some("held")) => words("已冻结", "held"),
        (false, Some("taken-back")) => words("已冲正", "reversed"),
        (false, Some("no")) if story["outcome"] == "not-sent" => words("未发送", "not sent"),
        (false, Some("no")) => words("被拒绝", "declined"),
        (false, _) => words("未知", "unknown"),
    };
    let counted = if paid { amount } else { 0 };
    let state = padded(&state.all(languages), STATE);
    format!("{identity:<8}{:>8}  {state}{:>AMOUNT$}", money(amount), money(counted))
}

/// A movement by the acquirer's ledger, from the shop's side.
fn movement(entry: &Value, languages: &[Language]) -> String {
    let counted = merchant_minor(entry);
    let trace = entry["trace"].as_str().unwrap_or_default();
    let what = what(entry).all(languages);
    let name = padded(&format!("{:>3}  {what}", entry["number"]), MOVEMENT);
    format!("{name}{}{:>AMOUNT$}", padded(trace, TRACE + 1), money(counted))
}

/// What the shop got by an entry, less what it gave.
fn merchant_minor(entry: &Value) -> i64 {
    let legs = entry["legs"].as_array().into_iter().flatten();
    let merchants = legs.filter(|leg| leg["account"].as_str().is_some_and(|account| account.starts_with("merchant:")));
    let signed = |leg: &Value| {
        let amount = leg["amount_minor"].as_i64().unwrap_or_default();
        if leg["side"] == "debit" { -amount } else { amount }
    };
    merchants.map(signed).sum()
}

/// The legs of an entry, two by two: what was taken from where, and given to whom.
fn legs(entry: &Value, languages: &[Language]) -> Vec<String> {
    let legs = entry["legs"].as_array().cloned().unwrap_or_default();
    let first = [
        format!("{:>3}  {}", entry["number"], what(entry).all(languages)),
        entry["trace"].as_str().unwrap_or_default().to_owned(),
    ];
    let heads = std::iter::once(first).chain(std::iter::repeat_with(Default::default));
    let row = |([name, trace], [from, to]): ([String; 2], &[Value; 2])| {
        let account = |leg: &Value| padded(leg["account"].as_str().unwrap_or_default(), ACCOUNT);
        let amount = from["amount_minor"].as_i64().map(money).unwrap_or_default();
        let (name, trace) = (padded(&name, MOVEMENT), padded(&trace, TRACE));
        format!("{name}{trace}{}{}{amount:>AMOUNT$}", account(from), account(to))
    };
    heads.zip(legs.as_chunks::<2>().0).map(row).collect()
}

fn what(entry: &Value) -> Words {
    match entry["what"].as_str() {
        Some("sale") => words("消费", "sale"),
        Some("scan-to-pay") => words("扫码", "scan"),
        Some("show-to-pay") => words("付款码", "shown code"),
        Some("offline-sale") => words("离线消费", "offline"),
        Some("void") => words("撤销", "void"),
        Some("refund") => words("退货", "refund"),
        Some("pre-authorisation") => words("预授权", "hold"),
        Some("pre-authorisation-void") => words("预授撤销", "release"),
        Some("completion") => words("完成", "completion"),
        Some("completion-void") => words("完成撤销", "undone"),
        Some("adjustment") => words("小费", "tip"),
        Some("reversal") => words("冲正", "reversal"),
        _ => words("其他", "other"),
    }
}
