//! A message with holes.

use serde::{Deserialize, Serialize};

use super::types::Name;

/// The place of a node in its message's list.
pub type NodeId = u32;

/// A negative number counts from the end; `end` 0 is the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    pub start: i32,
    pub end: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Node {
    Literal(Vec<u8>),
    Concat(Vec<NodeId>),
    Secret(SecretHole),
    /// Track data under the slot's protection; length as the protection makes it.
    Track(TrackHole),
    /// The PIN the cardholder entered, under this slot, in the slot's own format.
    PinBlock(Name),
    /// The key serial number this message uses for a DUKPT slot.
    KeySerial(KeySerialHole),
    /// EMV data objects in BER-TLV, in this order, as the kernel last held them; absent ones are left out.
    ChipData(ChipDataHole),
    Mac(MacHole),
    Digest(DigestHole),
    Cipher(CipherHole),
    Signature(SignatureHole),
    Text(TextHole),
    LengthOf(LengthHole),
    /// Fresh random characters, alphanumeric.
    Nonce(u8),
    /// The time of rendering, in a strftime pattern.
    Clock(String),
    /// In a standby message: the bytes for each reason.
    Reason(Vec<ReasonBytes>),
    /// In a proof: part of the bytes just received, as they came.
    Received(Extent),
    /// In a proof: a header of the reply.
    ReceivedHeader(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Secret {
    Pan,
    Expiry,
    TrackOne,
    TrackTwo,
    TrackThree,
    CardCode,
    ScannedCode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Encoding {
    Ascii,
    Ebcdic,
    /// Two digits a byte; an odd length is padded on the right with 0.
    BcdRightZero,
    /// Two digits a byte; an odd length is padded on the right with F.
    BcdRightF,
    /// Two digits a byte; an odd length is padded on the left with 0.
    BcdLeftZero,
}

/// `of-item` is the n-th item of an upload; otherwise the card of this transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretHole {
    pub secret: Secret,
    pub encoding: Encoding,
    pub of_item: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChipDataHole {
    pub tags: Vec<u32>,
    pub of_item: Option<u32>,
}

/// How tracks leave the terminal. protocols.md A.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TrackProtection {
    UnionpayLastBlock,
    PaddedF,
    LengthPrefixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackHole {
    pub track: Secret,
    pub protection: TrackProtection,
    pub key: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PinFormat {
    Iso0,
    Iso1,
    Iso3,
    Iso4,
    UnionpayWithoutPan,
    UnionpaySm4,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySerialHole {
    pub key: Name,
    pub text: TextEncoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MacAlgorithm {
    /// XOR of 8-byte blocks, hex, two encryptions; 8 hex characters. protocols.md A.11, MAC-1.
    UnionpayEcb,
    X919,
    X99,
    DesCbc,
    AesCmac,
    Sm4Unionpay,
    Sm4Cbc,
    HmacSha256,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacHole {
    pub over: NodeId,
    pub algorithm: MacAlgorithm,
    pub key: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DigestAlgorithm {
    Sha1,
    Sha256,
    Sm3,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestHole {
    pub over: NodeId,
    pub algorithm: DigestAlgorithm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CipherAlgorithm {
    TdesCbc,
    AesCbc,
    AesGcm,
    Sm4Cbc,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CipherHole {
    pub over: NodeId,
    pub algorithm: CipherAlgorithm,
    pub key: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    RsaSha256,
    RsaPssSha256,
    EcdsaP256Sha256,
    Ed25519,
    Sm2Sm3,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureHole {
    pub over: NodeId,
    pub algorithm: SignatureAlgorithm,
    pub key: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TextEncoding {
    HexUpper,
    HexLower,
    Base64,
    Url,
    JsonString,
    XmlText,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextHole {
    pub of: NodeId,
    pub encoding: TextEncoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LengthEncoding {
    BinaryU8,
    BinaryU16,
    BinaryU32,
    Ber,
    BcdOneByte,
    BcdTwoBytes,
    AsciiTwoDigits,
    AsciiThreeDigits,
    AsciiFourDigits,
}

/// Counts bytes as rendered. Prefixes that count digits come from the lengths in `presented`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LengthHole {
    pub of: NodeId,
    pub encoding: LengthEncoding,
}

/// Why money is taken back; a standby message says how its protocol spells each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UndoReason {
    NoAnswer,
    BadMac,
    Malfunction,
    CardRefused,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonBytes {
    pub reason: UndoReason,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub nodes: Vec<Node>,
    pub whole: NodeId,
    pub http: Option<HttpHead>,
}

/// For a route that speaks HTTP. Scheme, host, length and connection headers are the terminal's.
/// No header and no target may hold a secret; a MAC or signature over a secret is not one, a digest is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpHead {
    pub method: String,
    pub target: String,
    pub headers: Vec<HttpHeader>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpHeader {
    pub name: String,
    pub value: NodeId,
}
