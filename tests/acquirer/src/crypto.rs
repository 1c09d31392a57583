//! TDES, check values, message authentication codes and PIN blocks, as the acquirer computes them.

use std::fmt;

use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use subtle::ConstantTimeEq;

use crate::codec::MAC_BYTES;

/// Bytes of a DES block.
const BLOCK_BYTES: usize = 8;
/// Bytes of a check value in a key download.
pub const CHECK_VALUE_BYTES: usize = 4;

type Block = [u8; BLOCK_BYTES];

/// A DES key of one or two lengths.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Eight bytes: plain DES.
    Single([u8; 8]),
    /// Sixteen bytes: TDES, encrypt-decrypt-encrypt.
    Double([u8; 16]),
}

impl Key {
    /// A key of eight or sixteen bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <[u8; 8]>::try_from(bytes).map(Self::Single).or_else(|_| <[u8; 16]>::try_from(bytes).map(Self::Double)).ok()
    }

    /// Enciphers whole blocks one by one (ECB). Bytes that fill no whole block are left out.
    pub fn encipher(&self, clear: &[u8]) -> Vec<u8> {
        clear.as_chunks::<BLOCK_BYTES>().0.iter().flat_map(|block| self.encipher_block(*block)).collect()
    }

    /// Deciphers whole blocks one by one (ECB). Bytes that fill no whole block are left out.
    pub fn decipher(&self, cipher: &[u8]) -> Vec<u8> {
        cipher.as_chunks::<BLOCK_BYTES>().0.iter().flat_map(|block| self.decipher_block(*block)).collect()
    }

    /// The check value: the first four bytes of eight enciphered zero bytes.
    pub fn check_value(&self) -> [u8; CHECK_VALUE_BYTES] {
        let [a, b, c, d, ..] = self.encipher_block([0; BLOCK_BYTES]);
        [a, b, c, d]
    }

    fn encipher_block(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Single(key) => Des::new(&(*key).into()).encrypt_block(&mut block),
            Self::Double(key) => TdesEde2::new(&(*key).into()).encrypt_block(&mut block),
        }
        block.into()
    }

    fn decipher_block(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Single(key) => Des::new(&(*key).into()).decrypt_block(&mut block),
            Self::Double(key) => TdesEde2::new(&(*key).into()).decrypt_block(&mut block),
        }
        block.into()
    }

    /// Left and right half; the same twice for a key of one length.
    fn halves(&self) -> (Self, Self) {
        match self {
            Self::Single(_) => (*self, *self),
            Self::Double([a, b, c, d, e, f, g, h, right @ ..]) => {
                (Self::Single([*a, *b, *c, *d, *e, *f, *g, *h]), Self::Single(*right))
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// How messages are authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MacKind {
    /// UnionPay's own (MAC-1): XOR of all blocks, spelt in hexadecimal, enciphered; DE64 holds eight hex characters.
    #[default]
    #[serde(rename = "unionpay-ecb")]
    UnionPayEcb,
    /// The retail MAC of ANSI X9.19 (MAC-2); DE64 holds eight raw bytes.
    #[serde(rename = "x919")]
    X919,
}

impl MacKind {
    /// The MAC of the bytes from the message type to the field before DE64.
    pub fn compute(self, key: &Key, data: &[u8]) -> [u8; MAC_BYTES] {
        match self {
            Self::UnionPayEcb => unionpay_ecb(key, data),
            Self::X919 => x919(key, data),
        }
    }

    /// Whether `mac` is the MAC of `data`, compared in constant time.
    pub fn verify(self, key: &Key, data: &[u8], mac: &[u8]) -> bool {
        self.compute(key, data).ct_eq(mac).into()
    }
}

/// A PIN in clear from a block of format 0 enciphered under the PIN key, or `None` if the block is none for this card
/// number: the wrong key, the wrong card or a broken block.
pub fn pin_from_block(pin_key: &Key, block: &[u8], card_number: &str) -> Option<Pin> {
    let clear = pin_key.decipher(block);
    let account = account_block(card_number)?;
    let field: Vec<u8> = clear.iter().zip(account).map(|(a, b)| a ^ b).collect();
    let nibbles: Vec<u8> = field.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect();
    let [0, length @ 4..=12, rest @ ..] = nibbles.as_slice() else { return None };
    let (digits, filler) = rest.split_at_checked(usize::from(*length))?;
    let sound = digits.iter().all(|nibble| *nibble <= 9) && filler.iter().all(|nibble| *nibble == 0xf);
    (sound && block.len() == BLOCK_BYTES).then(|| Pin(digits.iter().map(|nibble| b'0' + nibble).collect()))
}

/// The clear block of format 0 for a PIN and a card number; for tests and for what stands in for a PIN pad.
pub fn pin_block(pin: &str, card_number: &str) -> Option<[u8; 8]> {
    if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let field = hex::decode(format!("0{:X}{pin:F<14}", pin.len())).ok()?;
    let account = account_block(card_number)?;
    let block: Vec<u8> = field.iter().zip(account).map(|(a, b)| a ^ b).collect();
    block.try_into().ok()
}

/// A clear PIN; compared in constant time and never printed.
pub struct Pin(Vec<u8>);

impl Pin {
    /// Whether these are the digits.
    pub fn is(&self, digits: &str) -> bool {
        self.0.ct_eq(digits.as_bytes()).into()
    }
}

/// Four zero digits and the rightmost twelve of the card number without its check digit.
fn account_block(card_number: &str) -> Option<Block> {
    let last = card_number.len().checked_sub(1)?;
    let digits = card_number.get(last.checked_sub(12)?..last)?;
    hex::decode(format!("0000{digits}")).ok()?.try_into().ok()
}

fn unionpay_ecb(key: &Key, data: &[u8]) -> [u8; MAC_BYTES] {
    let folded = padded_blocks(data).fold([0; BLOCK_BYTES], xor);
    let [left, right] = hex_halves(folded);
    let result = key.encipher_block(xor(key.encipher_block(left), right));
    hex_halves(result)[0]
}

fn x919(key: &Key, data: &[u8]) -> [u8; MAC_BYTES] {
    let (left, right) = key.halves();
    let chained = padded_blocks(data).fold([0; BLOCK_BYTES], |chain, block| left.encipher_block(xor(chain, block)));
    match key {
        Key::Single(_) => chained,
        Key::Double(_) => left.encipher_block(right.decipher_block(chained)),
    }
}

fn padded_blocks(data: &[u8]) -> impl Iterator<Item = Block> + '_ {
    data.chunks(BLOCK_BYTES).map(|chunk| {
        let mut block = [0; BLOCK_BYTES];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        block
    })
}

fn xor(a: Block, b: Block) -> Block {
    std::array::from_fn(|at| a[at] ^ b[at])
}

/// Eight bytes as sixteen upper-case hexadecimal characters, in two blocks.
fn hex_halves(block: Block) -> [Block; 2] {
    const CHARACTERS: &[u8; 16] = b"0123456789ABCDEF";
    let character = |at: usize| {
        let byte = block[at / 2];
        CHARACTERS[usize::from(if at.is_multiple_of(2) { byte >> 4 } else { byte & 0xf })]
    };
    [std::array::from_fn(character), std::array::from_fn(|at| character(at + BLOCK_BYTES))]
}
