//! Payments: what a card or a code is presented for.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use engine::contract::transaction::PaymentKind;
use engine::contract::types::Amount;
use engine::{Order, Payable};

use super::House;
use super::ask::{self, Counter, Partial};
use crate::control::AcceptPartial;

/// Take money, hold it, or ask for a balance.
#[derive(Debug, Subcommand)]
pub(super) enum Pay {
    /// Take a payment from a card. Prints the identity first; the same identity never pays twice.
    #[command(after_help = "Examples:\n  \
        acquit sale 12.34\n  \
        acquit sale 110.00 --tip 10.00          the tip is within the amount\n  \
        acquit sale 88.00 --id ORDER17          asked again, ORDER17 pays nothing again and tells the same result\n  \
        acquit sale 88.00 --accept-partial no   a part is given back without asking")]
    Sale(Sale),
    /// Hold an amount on a card, to be taken later with `acquit complete`.
    #[command(after_help = "Then: `acquit complete 80.00 --of ID` takes the money, `acquit cancel-preauth --of ID` \
                            lets it go.")]
    Preauth(Amounted),
    /// Scan the customer's code and take a payment from it.
    Scan(Amounted),
    /// Show a code that the customer scans and pays.
    Show(Amounted),
    /// Ask for the balance of a card. Moves no money.
    Balance(Counter),
}

/// A sale.
#[derive(Debug, Args)]
pub(super) struct Sale {
    /// All that is to be taken, as a cashier types it: 12.34
    amount: String,
    /// How much of it is a tip.
    #[arg(long, value_name = "AMOUNT")]
    tip: Option<String>,
    #[command(flatten)]
    partial: Partial,
    #[command(flatten)]
    counter: Counter,
}

/// A payment of another kind.
#[derive(Debug, Args)]
pub(super) struct Amounted {
    /// As a cashier types it: 12.34
    amount: String,
    #[command(flatten)]
    partial: Partial,
    #[command(flatten)]
    counter: Counter,
}

pub(super) fn pay(house: &House, pay: Pay) -> Result<ExitCode> {
    let (kind, Amounted { amount, partial, counter }) = match pay {
        Pay::Sale(sale) => return self::sale(house, sale),
        Pay::Balance(counter) => return balance(house, counter),
        Pay::Preauth(asked) => (PaymentKind::Preauthorize, asked),
        Pay::Scan(asked) => (PaymentKind::ScanToPay, asked),
        Pay::Show(asked) => (PaymentKind::ShowToPay, asked),
    };
    let amount = ask::amount(house, &amount)?;
    let order = Order::Pay(Payable { kind, amount, tip: None, cash: None });
    ask::begin(house, counter, order, partial.accept_partial)
}

fn sale(house: &House, sale: Sale) -> Result<ExitCode> {
    let amount = ask::amount(house, &sale.amount)?;
    let tip = sale.tip.as_deref().map(|tip| ask::amount(house, tip)).transpose()?;
    if tip.is_some_and(|tip| tip.minor >= amount.minor) {
        bail!(house.messages.text("sale-tip-too-large", &[]));
    }
    let order = Order::Pay(Payable { kind: PaymentKind::Sale, amount, tip, cash: None });
    ask::begin(house, sale.counter, order, sale.partial.accept_partial)
}

fn balance(house: &House, counter: Counter) -> Result<ExitCode> {
    let currency = house.configuration.terminal.currency;
    let amount = Amount { minor: 0, currency: currency.number, exponent: currency.exponent };
    let order = Order::Pay(Payable { kind: PaymentKind::Balance, amount, tip: None, cash: None });
    ask::begin(house, counter, order, AcceptPartial::No)
}
