//! Published vectors, the wrapped form byte by byte, and each keeper with everything that can be wrong with it.

mod keepers;
mod vectors;
mod wrapping;

use super::DataKey;

/// A key that a person recognises in a dump.
fn counting_key() -> DataKey {
    DataKey::copy_of(&std::array::from_fn(|index| index as u8))
}

/// Bytes from hex, for vectors as they are printed.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
