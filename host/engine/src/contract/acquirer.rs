//! The acquirer's protocol: what a plugin is, what it wants done, how it ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::template::{
    CipherAlgorithm, Extent, MacAlgorithm, Message, Node, NodeId, PinFormat, SignatureAlgorithm, TrackProtection,
};
use super::transaction::{Gravity, OperationKind};
use super::types::{Amount, LocalTime, Milliseconds, Name};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    pub acquirer: String,
    pub version: String,
    pub operations: Vec<OperationSpec>,
    pub routes: Vec<Route>,
    pub keys: Vec<KeySlot>,
    pub counters: Vec<Counter>,
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationSpec {
    pub kind: OperationKind,
    /// What the cashier must type where the original was made elsewhere.
    pub typed: Vec<Parameter>,
    /// EMV tags to keep, sealed, for the reversal, advice or report that may follow.
    pub keeps: Vec<u32>,
    /// Its answers carry a proof; one without is not believed.
    pub proved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Framing {
    LengthU16,
    LengthAsciiFour,
    Http,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub name: Name,
    pub framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    Des,
    Tdes,
    Aes128,
    Aes256,
    Sm4,
    Hmac,
    Rsa,
    P256,
    Ed25519,
    Sm2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyScheme {
    Fixed,
    Session,
    DukptTdes,
    DukptAes,
}

/// The deployment grants a slot one use among those named; it then does that one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyUse {
    Pin(PinFormat),
    Mac(MacAlgorithm),
    Track(TrackProtection),
    Data(CipherAlgorithm),
    Sign(SignatureAlgorithm),
    Verify(SignatureAlgorithm),
    Transport,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySlot {
    pub name: Name,
    pub algorithms: Vec<KeyAlgorithm>,
    pub scheme: KeyScheme,
    pub uses: Vec<KeyUse>,
}

/// Runs from `first` to `last` and starts over; durable; no number twice within a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    pub name: Name,
    pub first: u64,
    pub last: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: Name,
    pub required: bool,
    pub pattern: String,
    pub meaning: String,
}

/// State, effects, reference and action become durable together, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Opaque to the terminal, at most 4 KiB.
    pub state: Vec<u8>,
    pub proofs: Vec<Proof>,
    pub effects: Vec<Effect>,
    /// What later operations on this transaction will need; replaces what was there.
    pub reference: Vec<(Name, String)>,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    Send(Exchange),
    /// What arrived is not the answer: keep listening.
    Listen(Stray),
    Pause(Milliseconds),
    Finish(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stray {
    Late,
    Duplicate,
    Foreign,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub route: Name,
    pub message: Message,
    pub gravity: Gravity,
    pub timeout: Milliseconds,
    /// Counters whose next value this message carries; taken when it is journalled.
    pub uses: Vec<Name>,
    /// Demanded for `moves-money`.
    pub remedy: Option<Remedy>,
}

/// What is done about silence. Its message is in the journal before the first byte leaves, and is sent
/// even if the plugin is gone. It is large, and known in many places: shared, and not copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remedy {
    /// Takes the money back.
    Undo(Arc<Standby>),
    /// The same message in a form that may be repeated (no PIN, no track) until an answer is proven.
    Repeat(Arc<Standby>),
    /// Ask first, by `inquire`. The message (a revoke, a cancel) is for when the plugin is gone.
    Inquire(Option<Arc<Standby>>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standby {
    pub route: Name,
    pub message: Message,
    /// The form of a repetition, where the protocol marks one; keeps the node numbers of `message`.
    pub again: Option<Message>,
    pub timeout: Milliseconds,
    /// How to read the answer without the plugin: the first that fits and is proven decides.
    pub answers: Vec<Reading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub fits: Pattern,
    pub proofs: Vec<Proof>,
    pub means: Meaning,
}

/// Over scrubbed bytes; one without bytes is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    pub status: Option<u16>,
    pub at: Vec<BytesAt>,
    pub holds: Vec<Vec<u8>>,
}

/// A negative offset counts from the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BytesAt {
    pub offset: i32,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Meaning {
    Paid,
    Unmatched,
    Refused,
}

/// What the terminal must find true, on the raw bytes, before anything in this step counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    Seal(Seal),
    Echo(Echo),
}

/// `over`, rendered, gives what the reply claims under this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub over: Vec<Node>,
    pub claimed: Claim,
    pub algorithm: SealAlgorithm,
    pub key: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    Body(Extent),
    HeaderHex(String),
    HeaderBase64(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealAlgorithm {
    Mac(MacAlgorithm),
    Signature(SignatureAlgorithm),
}

/// These bytes of the reply equal this node of the request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    pub what: Echoed,
    pub sent: NodeId,
    pub got: Extent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Echoed {
    Trace,
    Terminal,
    Merchant,
    Amount,
    Currency,
    Card,
    Order,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// All of a step's keys are installed; one bad check value empties every slot under its transport key.
    InstallKey(NewKey),
    DropKeys(Vec<Name>),
    Remember((Name, Vec<u8>)),
    SetCounter((Name, u64)),
    /// A hint; the terminal bounds it.
    SetClock(LocalTime),
    LoadKernel(KernelRows),
    /// Show the customer a code to scan.
    ShowCode(String),
    /// Ask for another operation once this one has ended: a new sign-in, a download.
    Request((OperationKind, Option<Name>)),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub name: Name,
    pub under: Name,
    pub wrapping: Wrapping,
    pub block: Vec<u8>,
    pub check_value: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Wrapping {
    TdesEcb,
    TdesCbc,
    Sm4Ecb,
    Tr31,
    RsaOaep,
    Sm2Envelope,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelRows {
    pub table: KernelTable,
    pub rows: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KernelTable {
    Applications,
    PublicKeys,
    Contactless,
    Revocations,
    Exceptions,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Approved(Approved),
    /// Final: no money moved and none will.
    Declined(Declined),
    /// The acquirer itself does not know, or its answer is not final.
    Unknown(Unknown),
    /// A debt is paid: the acquirer took the reversal, the advice, the report.
    Acknowledged(String),
    /// The acquirer does not know the original: no more tries, settled by settlement or statement.
    Unmatched(String),
    /// A debt was understood and not accepted. It stays owed.
    Refused(String),
    Settled(Settled),
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub amount: Amount,
    pub authorization: String,
    pub retrieval_reference: String,
    /// Issuer authentication data and scripts for the card.
    pub chip_data: Vec<u8>,
    pub balance: Option<Balance>,
    pub settlement_group: String,
    pub receipt: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub amount: Amount,
    pub negative: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    pub code: String,
    pub reason: Reason,
    pub message: String,
    pub capture_card: bool,
    /// Issuer authentication data and scripts. The card's alone: no record needs them, and none holds them.
    #[serde(skip)]
    pub chip_data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    InsufficientFunds,
    LimitExceeded,
    ExpiredCard,
    WrongPin,
    PinTriesExceeded,
    InvalidCard,
    LostOrStolen,
    RestrictedCard,
    DoNotHonour,
    CallIssuer,
    InvalidAmount,
    InvalidMerchant,
    NotPermitted,
    Duplicate,
    IssuerUnavailable,
    AcquirerUnavailable,
    CutOver,
    FormatError,
    SecurityFailure,
    NotSignedIn,
    BatchMismatch,
    FraudSuspected,
    OriginalNotFound,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    pub code: String,
    pub owed: Owed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Owed {
    Reversal,
    Inquiry,
    Repetition,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub groups: Vec<(String, Verdict)>,
    pub next: Option<OperationKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    Balanced,
    Unbalanced,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    Received(Reply),
    /// A pause is over.
    Woke,
    /// The cashier stopped waiting, between exchanges. Only `finish` is legal.
    Cancelled,
}

/// A whole frame without its length prefix, or an HTTP body. Every window of digits that could be a card
/// of this operation, by what the plugin knows of it, is replaced by as many zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub path: String,
    pub name: String,
    pub value: String,
    pub note: String,
}
