//! Why a template was not rendered. For the journal and the plugin's author in development; never for the guest.

use engine::contract::template::{Encoding, LengthEncoding, NodeId, Secret, UndoReason};
use engine::rules::HeadFault;
use thiserror::Error;

use super::budget::{MAX_REFERENCES, MAX_RENDERED_BYTES, MAX_SIGNATURES, MAX_TEMPLATE_NODES, MAX_WORKED_BYTES};
use super::clock::MAX_CLOCK_PATTERN_BYTES;
use crate::keys::SlotError;

/// A template that cannot be rendered. Nothing has been sent. Holds no card data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// More nodes than a template may have.
    #[error("plugin: the template has {nodes} nodes; at most {MAX_TEMPLATE_NODES} are allowed")]
    TooManyNodes {
        /// How many.
        nodes: usize,
    },
    /// `whole` is no node.
    #[error("plugin: the whole message is node {whole}, which does not exist")]
    NoWhole {
        /// What it says.
        whole: NodeId,
    },
    /// A head on a route of another framing.
    #[error("plugin: the message has an HTTP head, and its route does not speak HTTP")]
    NoHttpRoute,
    /// A route that speaks HTTP needs one.
    #[error("plugin: the message has no HTTP head, and its route speaks HTTP")]
    NoHead,
    /// The head of an HTTP request could not be sent.
    #[error("plugin: the head of its request is refused: {0}")]
    Head(#[from] HeadFault),
    /// A header's value is no node.
    #[error("plugin: the header {name} is node {value}, which does not exist")]
    NoHeaderValue {
        /// Its name.
        name: String,
        /// What it says.
        value: NodeId,
    },
    /// Headers are logged on their way.
    #[error("plugin: the header {name} would hold a secret; only a MAC or a signature over one may stand there")]
    SecretInHeader {
        /// Its name.
        name: String,
    },
    /// This card was rendered as often as one payment may.
    #[error("terminal: this card was rendered as often as a payment may; present the card again")]
    CardUsedUp,
    /// The message has no key of a DUKPT slot.
    #[error(transparent)]
    Key(#[from] SlotError),
    /// One node cannot be rendered.
    #[error("node {node}: {error}")]
    At {
        /// Which.
        node: NodeId,
        /// Why.
        error: NodeError,
    },
}

/// Why one node cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NodeError {
    /// All nodes together are too large.
    #[error("plugin: the nodes together have more than {MAX_RENDERED_BYTES} bytes")]
    TooLarge,
    /// Too many bytes to authenticate.
    #[error("plugin: MACs and digests go over more than {MAX_WORKED_BYTES} bytes")]
    TooMuchWork,
    /// Too many signatures.
    #[error("plugin: a message has at most {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Too many references.
    #[error("plugin: concatenations refer to more than {MAX_REFERENCES} nodes")]
    TooManyReferences,
    /// To itself, a later node, or none.
    #[error("plugin: it refers to node {to}, which is not before it")]
    NotBefore {
        /// The node referred to.
        to: NodeId,
    },
    /// Known to the contract, not to this version.
    #[error("{what} is not supported yet")]
    NotSupportedYet {
        /// Its name in the contract.
        what: String,
    },
    /// `received` outside a proof.
    #[error("plugin: bytes of the reply can only be used in a proof")]
    OnlyInProof,
    /// Card data, clocks, nonces and the like inside a proof.
    #[error("plugin: {what} cannot be used in a proof")]
    NotInProof {
        /// The node's kind.
        what: &'static str,
    },
    /// `reason` in a message that takes nothing back.
    #[error("plugin: a reason stands in a message that is not sent for a reason")]
    NoReason,
    /// The standby message does not spell the reason there is.
    #[error("plugin: it has no bytes for the reason {0:?}")]
    ReasonNotSpelled(UndoReason),
    /// Not for this route.
    #[error("deployment: this route is not granted {0:?}")]
    SecretNotGranted(Secret),
    /// Not for this route.
    #[error("deployment: this route is not granted PIN blocks")]
    PinNotGranted,
    /// A secret of nobody.
    #[error("plugin: it asks for card data in an operation without a card")]
    NoCard,
    /// An item this upload does not have.
    #[error("plugin: it asks for the card of item {0}, which this call does not have")]
    NoItem(u32),
    /// A chip's object that names card or cardholder.
    #[error("chip object {0:X} names card or cardholder and leaves in no message")]
    TagNotGranted(u32),
    /// Nothing of it would be enciphered.
    #[error("the track is too short for this protection")]
    TrackTooShort,
    /// The card does not have it, or it was not sealed.
    #[error("plugin: the card has no {0:?}, as `presented` said")]
    CardLacks(Secret),
    /// No PIN was entered, or its one block has been made.
    #[error("there is no PIN to make a block of: none was entered, or its one block has been made")]
    NoPin,
    /// ISO 9564-1 format 0 needs 13 digits.
    #[error("the card number is too short for this PIN block format")]
    PanTooShort,
    /// Letters in BCD.
    #[error("plugin: {secret:?} cannot be written as {encoding:?}")]
    Encoding {
        /// Which secret.
        secret: Secret,
        /// How.
        encoding: Encoding,
    },
    /// An oracle: the card number can be found by trying.
    #[error("plugin: a digest over card data is refused; sign or authenticate it instead")]
    DigestOverCardData,
    /// It could come back unrecognised.
    #[error("plugin: card data that is already encoded cannot be encoded again")]
    CardDataEncodedTwice,
    /// A MAC or a signature over no bytes proves nothing.
    #[error("plugin: a MAC or a signature over no bytes is refused")]
    MacOverNothing,
    /// The length has more digits than the field.
    #[error("plugin: a length of {length} does not fit {encoding:?}")]
    Length {
        /// Bytes.
        length: usize,
        /// The field.
        encoding: LengthEncoding,
    },
    /// JSON and XML are text.
    #[error("plugin: bytes that are not UTF-8 text cannot be put into JSON or XML")]
    NotText,
    /// Unknown conversion, or too long.
    #[error("plugin: the clock pattern is unknown, or longer than {MAX_CLOCK_PATTERN_BYTES} bytes")]
    ClockPattern,
    /// No such day or hour.
    #[error("terminal: the clock shows a time that does not exist")]
    Clock,
    /// No random numbers.
    #[error("terminal: the system gives no random numbers")]
    NoRandomness,
    /// The slot is not for this, or empty.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// The slot holds a key of a length the algorithm does not take.
    #[error("terminal: the key in slot {slot} does not go with the algorithm")]
    KeyLength {
        /// Which slot.
        slot: String,
    },
    /// Part of the reply that is not there, or is empty.
    #[error("the reply has no bytes there: {start}..{end} of {length}")]
    NoSuchBytes {
        /// As the extent says.
        start: i32,
        /// As the extent says.
        end: i32,
        /// Bytes the reply has.
        length: usize,
    },
    /// A header that is not in the reply, or twice, or empty.
    #[error("the reply does not have the header {0} exactly once with a value")]
    NoSuchHeader(String),
}
