//! Chip data (BER-TLV), as a kernel gives it: any bytes are objects or an error, and what was read can be put again.

use vault::{EmvTags, MAX_CHIP_BYTES};

/// Objects that name card or cardholder, which nobody opens.
const SECRET: [u32; 3] = [0x57, 0x5A, 0x5F20];

/// Reads an input.
///
/// # Panics
/// Where more was read than the input holds, or a secret was opened.
pub fn check(input: &[u8]) {
    let read = match EmvTags::parse(input) {
        Err(why) => return assert!(!why.to_string().is_empty()),
        Ok(read) => read,
    };
    assert!(input.len() <= MAX_CHIP_BYTES);
    assert!(SECRET.iter().all(|tag| read.open(*tag).is_none()), "a secret was opened");
    let tags = read.tags();
    assert!(tags.is_sorted());
    let mut again = EmvTags::new();
    let mut bytes = 0;
    for tag in &tags {
        let value = read.open(*tag).unwrap_or_default();
        again.set(*tag, value).expect("what was read can be put again");
        assert_eq!(again.open(*tag), read.open(*tag));
        bytes += 2 + value.len();
    }
    assert_eq!(again.tags(), tags);
    assert!(bytes <= input.len(), "more was read than there is");
}

/// Whether an input is read to its end.
pub fn is_read(input: &[u8]) -> bool {
    EmvTags::parse(input).is_ok_and(|tags| !tags.tags().is_empty())
}

/// What messages carry, objects that are secret, and every form of a length.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let sale: &[&[u8]] = &[
        b"\x9F\x26\x08\x01\x02\x03\x04\x05\x06\x07\x08\x9F\x27\x01\x80",
        b"\x9F\x10\x07\x07\x01\x01\x03\xA0\x00\x00\x9F\x37\x04\xDE\xAD\xBE\xEF",
        b"\x9F\x36\x02\x00\x1D\x95\x05\x00\x00\x00\x00\x00\x5F\x34\x01\x01\xDF\x31\x01\x00",
    ];
    let secret: &[&[u8]] = &[b"\x5A\x08\x62\x00\x00\x01\x23\x45\x67\x87", b"\x00\x00", b"\x5F\x20\x03A/B\x82\x00"];
    let long: &[&[u8]] = &[b"\x9F\x10\x81\x80", &[7; 0x80], b"\x9F\x81\x01\x82\x01\x00", &[8; 0x100]];
    [("sale", sale), ("secret", secret), ("long", long)].map(|(name, parts)| (name, parts.concat())).to_vec()
}
