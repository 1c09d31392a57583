//! What is asked of an acquirer, and what it may refer to.

use serde::{Deserialize, Serialize};

use super::card::Presented;
use super::template::UndoReason;
use super::types::{Amount, LocalTime, Name};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OperationKind {
    SignIn,
    SignOff,
    Echo,
    Download,
    Sale,
    Preauthorize,
    ScanToPay,
    ShowToPay,
    Balance,
    Void,
    Refund,
    Complete,
    CancelPreauthorization,
    CancelCompletion,
    Reverse,
    Inquire,
    Advise,
    ReportScripts,
    Settle,
    Upload,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    Maintain(Maintenance),
    Download(Name),
    Pay(Payment),
    FollowUp(FollowUp),
    Settle(Vec<Totals>),
    Upload(Upload),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Maintenance {
    SignIn,
    SignOff,
    Echo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PaymentKind {
    Sale,
    Preauthorize,
    ScanToPay,
    ShowToPay,
    Balance,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub kind: PaymentKind,
    pub amount: Amount,
    pub tip: Option<Amount>,
    pub cash: Option<Amount>,
    pub card: Option<Presented>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FollowUpKind {
    Void,
    Refund,
    Complete,
    CancelPreauthorization,
    CancelCompletion,
    Reverse,
    Inquire,
    Advise,
    ReportScripts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    pub kind: FollowUpKind,
    pub of: Subject,
    pub amount: Amount,
    /// Presented again, where the acquirer wants it; holes mean this card, else the original's. The
    /// terminal refuses a void or referenced refund with another card than the original's.
    pub card: Option<Presented>,
    /// Of a reversal.
    pub reason: Option<UndoReason>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    Known(Original),
    /// Made elsewhere: what the cashier typed from its receipt.
    Typed(Vec<(Name, String)>),
    /// A refund that refers to nothing.
    None,
}

/// An earlier transaction of this terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    pub transaction: String,
    pub operation: OperationKind,
    pub amount: Amount,
    pub at: LocalTime,
    pub card: Option<Presented>,
    /// What this plugin attached to it.
    pub reference: Vec<(Name, String)>,
}

/// Sums over one settlement group and operation, as named by the plugin in `approved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub group: String,
    pub operation: OperationKind,
    pub count: u32,
    pub amount: Amount,
}

/// At most 64 items a call, of `total`, from number `first`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub balanced: bool,
    pub first: u32,
    pub total: u32,
    pub items: Vec<Original>,
}

/// What an exchange does in the world. The terminal treats silence accordingly, and does not take the
/// plugin's word for it: in a payment, what holds card data moves money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gravity {
    /// Moves money: silence means the outcome is unknown.
    MovesMoney,
    /// Takes money back, or tells of money moved: must be delivered, may be repeated.
    Owes,
    /// Only asks: silence means ask again.
    Asks,
}

/// What the terminal tells with every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    pub now: LocalTime,
    /// Identifies this attempt everywhere and for ever; up to 32 letters and digits. A debt keeps one
    /// across all its tries.
    pub transaction: String,
    pub operator: String,
    /// BCP 47.
    pub locale: String,
    pub parameters: Vec<(Name, String)>,
    /// What this plugin asked to be remembered, as it was when the operation began.
    pub memory: Vec<(Name, Vec<u8>)>,
    /// The next value of each counter; `exchange.uses` takes it.
    pub counters: Vec<(Name, u64)>,
    /// Key slots that hold a checked key.
    pub keys: Vec<Name>,
    pub device: Device,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub serial: String,
    pub model: String,
    pub firmware: String,
    pub reads: Vec<Reader>,
    pub developer_kernel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reader {
    Manual,
    Stripe,
    Contact,
    Contactless,
    Code,
}
