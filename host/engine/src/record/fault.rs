//! Who said what, who is at fault, and what should not have happened.
#![allow(missing_docs, reason = "each type is documented; a field or variant whose name says it all has no sentence")]

use serde::{Deserialize, Serialize};

/// What an answer to a debt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The acquirer took it: nothing is owed any more.
    Paid,
    /// The acquirer does not know the original. Not sent again; closed by settlement or statement.
    Unmatched,
    /// Understood and not accepted. Stays owed.
    Refused,
}

/// Who read the answer to a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reader {
    /// The plugin that began the transaction.
    Plugin,
    /// The standby message's own readings, because that plugin is gone or failed.
    Standby,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    Acquirer,
    Plugin,
    Terminal,
    Storage,
    Operator,
}

/// What should not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Incident {
    /// A plugin call failed; the text names plugin, digest and fault.
    PluginFailed(String),
    /// The retry policy answered what is not legal; the safe answer was taken.
    IllegalDecision(String),
    /// A step claimed what is not legal here.
    IllegalStep(String),
    /// A message that moves money came without what takes it back. It was not sent.
    MissingRemedy,
    /// A seal did not hold: the answer was forged or damaged, or the keys differ.
    BadSeal(String),
    /// An echoed field was another than the one sent.
    BadEcho(String),
    /// An answer lacked a proof its operation demands.
    MissingProof(String),
    /// A key did not match its check value.
    BadCheckValue(String),
    /// The clock went back.
    ClockWentBack,
    /// A reversal is owed and the card data it needs is gone: it can never be sent, and stays owed until somebody
    /// settles it with the acquirer and waives it.
    CardDataGone,
    /// The running sums of a batch and an independent count of it differ.
    BooksDiffer(String),
    /// It was left out of a batch upload, since the card data its part of the message needs is gone: the acquirer has it
    /// only if its own books do.
    NotUploaded,
}
