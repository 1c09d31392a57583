//! What follows an earlier transaction: taking it back, completing it, adding to it, asking after it.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use engine::contract::transaction::FollowUpKind;
use engine::contract::types::Name;
use engine::{Order, Target, TransactionId};

use super::House;
use super::ask::{self, Counter};
use crate::control::AcceptPartial;

/// Take back, complete, add to, or ask after an earlier transaction.
#[derive(Debug, Subcommand)]
pub(super) enum Follow {
    /// Take the money of a pre-authorisation: all of it, or another amount.
    #[command(after_help = "Examples:\n  acquit complete --of ORDER17\n  acquit complete 80.00 --of ORDER17\n  \
                            acquit complete 80.00 --typed date=1122,authorization=123456")]
    Complete(OfOriginal),
    /// Let a held amount go.
    CancelPreauth(OfOriginal),
    /// Take a completion back, while its batch is open. The amount is held again.
    CancelCompletion(OfOriginal),
    /// Take a sale of the open batch back, all of it, as if it had never been.
    #[command(after_help = "Once the batch is settled, a sale is taken back with `acquit refund`.")]
    Void(OfOriginal),
    /// Give money back: all or a part of a payment made here, made elsewhere, or of none.
    #[command(after_help = "Examples:\n  \
        acquit refund --of ORDER17                                all of it\n  \
        acquit refund 5.00 --of ORDER17                           a part of it; several are possible\n  \
        acquit refund 5.00 --typed date=1122,rrn=000000000042     of a payment made elsewhere, by its receipt\n  \
        acquit refund 5.00 --unreferenced                         of none, where the configuration allows that")]
    Refund(Refund),
    /// Add a tip to an approved sale of the open batch.
    Tip(Tip),
    /// Ask the acquirer what became of a transaction whose outcome is unknown.
    Inquire(Inquire),
}

/// Which earlier transaction.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Original {
    /// The identity of a transaction made on this terminal.
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// What the receipt of a transaction made elsewhere says: name=value, with commas between. The acquirer's plugin
    /// says which names it takes, such as date, trace, rrn and authorization.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = pair)]
    typed: Vec<(Name, String)>,
}

/// A follow-up, and of what.
#[derive(Debug, Args)]
pub(super) struct OfOriginal {
    /// How much; all of it where nothing is said. Needed with --typed.
    amount: Option<String>,
    #[command(flatten)]
    original: Original,
    #[command(flatten)]
    counter: Counter,
}

/// A refund.
#[derive(Debug, Args)]
pub(super) struct Refund {
    /// How much; all of it where nothing is said. Needed with --typed and --unreferenced.
    amount: Option<String>,
    #[command(flatten)]
    what: Refunded,
    #[command(flatten)]
    counter: Counter,
}

/// What is refunded.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Refunded {
    /// The identity of a transaction made on this terminal.
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// What the receipt of a transaction made elsewhere says: name=value, with commas between.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = pair)]
    typed: Vec<(Name, String)>,
    /// Refers to no payment.
    #[arg(long)]
    unreferenced: bool,
}

/// A tip.
#[derive(Debug, Args)]
pub(super) struct Tip {
    /// The tip alone.
    amount: String,
    /// The identity of the sale.
    #[arg(long, value_name = "ID")]
    of: String,
    #[command(flatten)]
    counter: Counter,
}

/// An inquiry.
#[derive(Debug, Args)]
pub(super) struct Inquire {
    /// The identity of the transaction.
    #[arg(long, value_name = "ID")]
    of: String,
    #[command(flatten)]
    counter: Counter,
}

pub(super) fn follow(house: &House, follow: Follow) -> Result<ExitCode> {
    let (kind, OfOriginal { amount, original, counter }) = match follow {
        Follow::Complete(asked) => (FollowUpKind::Complete, asked),
        Follow::CancelPreauth(asked) => (FollowUpKind::CancelPreauthorization, asked),
        Follow::CancelCompletion(asked) => (FollowUpKind::CancelCompletion, asked),
        Follow::Void(asked) => (FollowUpKind::Void, asked),
        Follow::Refund(Refund { amount, what, counter }) => {
            let of = target(what.of, what.typed)?;
            return begin(house, FollowUpKind::Refund, of, amount, counter);
        }
        Follow::Tip(Tip { amount, of, counter }) => {
            let of = Target::Known(TransactionId::parse(&of)?);
            return begin(house, FollowUpKind::Advise, of, Some(amount), counter);
        }
        Follow::Inquire(Inquire { of, counter }) => {
            let of = Target::Known(TransactionId::parse(&of)?);
            return begin(house, FollowUpKind::Inquire, of, None, counter);
        }
    };
    begin(house, kind, target(original.of, original.typed)?, amount, counter)
}

fn begin(house: &House, kind: FollowUpKind, of: Target, amount: Option<String>, counter: Counter) -> Result<ExitCode> {
    let amount = amount.map(|amount| ask::amount(house, &amount)).transpose()?;
    if amount.is_none() && !matches!(of, Target::Known(_)) {
        bail!(house.messages.text("following-amount-needed", &[]));
    }
    ask::begin(house, counter, Order::FollowUp { kind, of, amount }, AcceptPartial::No)
}

fn target(of: Option<String>, typed: Vec<(Name, String)>) -> Result<Target> {
    Ok(match of {
        Some(id) => Target::Known(TransactionId::parse(&id)?),
        None if typed.is_empty() => Target::Nothing,
        None => Target::Typed(typed),
    })
}

fn pair(text: &str) -> Result<(Name, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write name=value".to_owned()),
    }
}
