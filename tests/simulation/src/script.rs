//! What happens in a world: who is there, what people do, and what goes wrong where. A script says all of it, so that
//! playing it again gives the same world again.

use std::fmt;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use engine::FollowUpKind;

use crate::fault::{Fault, Occasion};

/// A world from its first minute to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Who is there.
    pub shape: Shape,
    /// What people do, in any order.
    pub acts: Vec<Act>,
    /// What goes wrong.
    pub strikes: Vec<(Occasion, Fault)>,
}

/// Who is there, and what they are like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// What chance is left is taken from this: which sectors a power cut leaves, for instance.
    pub seed: u64,
    /// How many terminals.
    pub terminals: usize,
    /// How many acquirers each of them has.
    pub acquirers: usize,
    /// One way through the network. Milliseconds.
    pub latency_ms: u64,
    /// How long the plugins wait for an answer. Milliseconds.
    pub timeout_ms: u64,
    /// Whether a reversal of what never came declines it when it comes.
    pub tombstones: bool,
    /// Whether a reversal of what is reversed already is answered 25, and not as before.
    pub forgets_reversals: bool,
    /// What the devices write whole or torn. Bytes.
    pub sector_bytes: usize,
    /// How many refused debts may stand before payments stop.
    pub refused_debts_max: u32,
    /// Length of the journals' segments. Bytes.
    #[serde(default = "short_segments")]
    pub segment_bytes: u64,
    /// Whether a second route leads to each acquirer.
    #[serde(default)]
    pub second_route: bool,
    /// When the phase of faults is over. Milliseconds.
    pub calm_from_ms: u64,
}

/// One thing somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When. Milliseconds since the beginning.
    pub at_ms: u64,
    /// At which terminal, counted from 0.
    pub terminal: usize,
    /// At which acquirer, counted from 0.
    pub acquirer: usize,
    /// What it is called: the cash register's identity, where money is asked for.
    pub name: String,
    /// What.
    pub what: What,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Sign in.
    SignIn,
    /// Take money from a card. One that was asked for under this name before is asked for again.
    Sale {
        /// How much, minor units.
        minor: u64,
        /// Whose card, counted from 0.
        card: usize,
    },
    /// Set money aside on a card.
    Preauthorize {
        /// How much, minor units.
        minor: u64,
        /// Whose card, counted from 0.
        card: usize,
    },
    /// Ask what a card holds.
    Balance {
        /// Whose card, counted from 0.
        card: usize,
    },
    /// Something about an earlier payment of this name.
    Follow {
        /// What: void, refund, complete and so on.
        kind: FollowUpKind,
        /// The name of the earlier payment.
        of: String,
        /// How much, minor units; none is all of it.
        minor: Option<u64>,
    },
    /// Take money by a code on a telephone.
    ScanToPay {
        /// How much, minor units.
        minor: u64,
    },
    /// Take money by a code that the terminal shows.
    ShowToPay {
        /// How much, minor units.
        minor: u64,
    },
    /// Give money back for a payment that is named by what is typed from its receipt.
    RefundTyped {
        /// The name of the payment on the receipt.
        of: String,
        /// How much, minor units.
        minor: u64,
    },
    /// Give money back for nothing that is named.
    RefundBare {
        /// How much, minor units.
        minor: u64,
        /// Whose card, counted from 0.
        card: usize,
    },
    /// The operator gives up the first debt that was refused, and signs that.
    Waive,
    /// Sign off.
    SignOff,
    /// Fetch parameters or rows of the kernel's tables.
    Download {
        /// By their name.
        rows: String,
    },
    /// Compare totals and close the batch.
    Settle,
    /// Ask the acquirer whether it is there.
    Echo,
    /// Press cancel for the payment of this name.
    Cancel,
    /// Try every debt now.
    PayDebts,
    /// Pull the plug.
    Unplug {
        /// For how long. Milliseconds.
        ms: u64,
    },
    /// Set the wall clock, forward or back.
    SetClock {
        /// By how much. Milliseconds.
        by_ms: i64,
    },
    /// The acquirer refuses connections, or takes them and says nothing.
    AcquirerDown {
        /// For how long. Milliseconds.
        ms: u64,
        /// Connections are taken, requests are not.
        silent: bool,
    },
    /// The first route to the acquirer is down; the second, where there is one, is not.
    RouteDown {
        /// For how long. Milliseconds.
        ms: u64,
        /// Connections are taken, requests are not.
        silent: bool,
    },
    /// The acquirer begins its next business day: what was sold before cannot be reversed any more.
    CutOver,
    /// The acquirer forgets every work key.
    ForgetKeys,
    /// The acquirer refuses whatever it is only told: advices and refunds.
    RefuseAdvices {
        /// For how long. Milliseconds.
        ms: u64,
    },
    /// The acquirer finds the next settlement unequal, though it is equal; or cannot compare it.
    Miscount {
        /// It cannot compare.
        fails: bool,
    },
    /// An update breaks the plugin of this terminal, and is mended later.
    BreakPlugin {
        /// For how long. Milliseconds.
        ms: u64,
    },
    /// Nobody is there: the journal's own duties are done.
    Tend,
}

/// Many segments, so that beginning one is often met.
pub fn short_segments() -> u64 {
    128 << 10
}

impl What {
    /// Whether it is a fault, and has no place in the calm.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            What::Unplug { .. }
                | What::SetClock { .. }
                | What::AcquirerDown { .. }
                | What::RouteDown { .. }
                | What::CutOver
                | What::ForgetKeys
                | What::RefuseAdvices { .. }
                | What::Miscount { .. }
                | What::BreakPlugin { .. }
        )
    }

    /// Its name in the figures.
    pub fn word(&self) -> &'static str {
        match self {
            What::SignIn => "sign-in",
            What::Sale { .. } => "sale",
            What::Preauthorize { .. } => "pre-authorisation",
            What::Balance { .. } => "balance",
            What::ScanToPay { .. } => "scan-to-pay",
            What::Follow { .. } => "follow-up",
            What::ShowToPay { .. } => "show-to-pay",
            What::RefundTyped { .. } => "refund by receipt",
            What::RefundBare { .. } => "refund without reference",
            What::Waive => "waiver",
            What::SignOff => "sign-off",
            What::Download { .. } => "download",
            What::Settle => "settlement",
            What::Echo => "echo",
            What::Cancel => "cancel",
            What::PayDebts => "pay debts",
            What::Unplug { .. } => "power cut",
            What::SetClock { .. } => "clock set",
            What::AcquirerDown { .. } => "acquirer down",
            What::RouteDown { .. } => "first route down",
            What::CutOver => "cut-over",
            What::ForgetKeys => "acquirer forgot keys",
            What::RefuseAdvices { .. } => "acquirer refused advices",
            What::Miscount { .. } => "acquirer miscounted",
            What::BreakPlugin { .. } => "plugin broken by an update",
            What::Tend => "tend",
        }
    }
}

impl Script {
    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Result<Script> {
        let mut shape = None;
        let (mut acts, mut strikes) = (Vec::new(), Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (kind, rest) = line.split_once(' ').with_context(|| format!("a line of one word: {line}"))?;
            let wrong = || format!("cannot be read: {line}");
            match kind {
                "world" => shape = Some(serde_json::from_str(rest).with_context(wrong)?),
                "act" => acts.push(serde_json::from_str(rest).with_context(wrong)?),
                "strike" => strikes.push(serde_json::from_str(rest).with_context(wrong)?),
                _ => bail!("a line begins with world, act or strike: {line}"),
            }
        }
        Ok(Script { shape: shape.context("no line begins with world")?, acts, strikes })
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |value: serde_json::Result<String>| value.map_err(|_| fmt::Error);
        writeln!(f, "world {}", json(serde_json::to_string(&self.shape))?)?;
        for act in &self.acts {
            writeln!(f, "act {}", json(serde_json::to_string(act))?)?;
        }
        for strike in &self.strikes {
            writeln!(f, "strike {}", json(serde_json::to_string(strike))?)?;
        }
        Ok(())
    }
}
