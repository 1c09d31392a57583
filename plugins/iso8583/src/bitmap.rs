//! Which fields a message has: one to three bitmaps.

use crate::character::{self, hex_digit};
use crate::error::Reason;
use crate::format::Bitmap;

/// The bit that says another bitmap follows; also field 1 of the first and field 65 of the second.
const CONTINUES: u64 = 1 << 63;

/// The fields a message has; no bit of it announces a bitmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Present {
    maps: [u64; 3],
}

impl Present {
    /// Whether the field is there. Fields 1 and 65 never are: they announce bitmaps.
    pub fn has(&self, number: u8) -> bool {
        place(number).is_some_and(|(map, bit)| self.maps[map] & bit != 0)
    }

    /// How many fields are there.
    pub fn count(&self) -> usize {
        self.maps.iter().map(|map| map.count_ones() as usize).sum()
    }

    /// The numbers of the fields, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        let mut maps = self.maps;
        let mut at = 0;
        core::iter::from_fn(move || {
            loop {
                let map = maps.get_mut(at)?;
                if *map == 0 {
                    at += 1;
                    continue;
                }
                let zeros = map.leading_zeros();
                *map &= !(CONTINUES >> zeros);
                return Some((64 * at) as u8 + zeros as u8 + 1);
            }
        })
    }

    /// Adds a field; numbers that are no field change nothing.
    pub(crate) fn insert(&mut self, number: u8) {
        if let Some((map, bit)) = place(number) {
            self.maps[map] |= bit & !CONTINUES;
        }
    }

    /// How many fields stand before this one.
    pub(crate) fn rank(&self, number: u8) -> usize {
        let Some((map, bit)) = place(number) else { return 0 };
        let before = self.maps[..map].iter().map(|map| map.count_ones()).sum::<u32>();
        let above = !(bit | (bit - 1));
        (before + (self.maps[map] & above).count_ones()) as usize
    }

    /// Reads the bitmaps at the beginning of `bytes`, and how many bytes they took.
    pub(crate) fn read(bytes: &[u8], written: Bitmap) -> Result<(Present, usize), Reason> {
        let mut present = Present::default();
        let mut taken = 0;
        for map in &mut present.maps {
            let rest = bytes.get(taken..).unwrap_or_default();
            let needed = written.bytes();
            let chunk = rest.get(..needed).ok_or(Reason::Short { needed, left: rest.len() })?;
            *map = bits(chunk, written)?;
            taken += needed;
            if *map & CONTINUES == 0 {
                return Ok((present, taken));
            }
            *map &= !CONTINUES;
        }
        Err(Reason::FourthBitmap)
    }

    /// Writes as many bitmaps as the fields need.
    pub(crate) fn write(&self, written: Bitmap, into: &mut Vec<u8>) {
        let last = self.maps.iter().rposition(|map| *map != 0).unwrap_or(0);
        for (index, map) in self.maps.iter().enumerate().take(last + 1) {
            let map = if index < last { map | CONTINUES } else { *map };
            match written {
                Bitmap::Binary => into.extend(map.to_be_bytes()),
                Bitmap::HexAscii => into.extend(character::hex(&map.to_be_bytes())),
                Bitmap::HexEbcdic => {
                    into.extend(character::hex(&map.to_be_bytes()).map(character::to_ebcdic));
                }
            }
        }
    }
}

fn place(number: u8) -> Option<(usize, u64)> {
    let index = number.checked_sub(1)?;
    (index < 192).then(|| (usize::from(index / 64), CONTINUES >> (index % 64)))
}

impl Bitmap {
    /// Bytes of 64 bits.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Bitmap::Binary => 8,
            Bitmap::HexAscii | Bitmap::HexEbcdic => 16,
        }
    }
}

fn bits(chunk: &[u8], written: Bitmap) -> Result<u64, Reason> {
    let shift = |sum: u64, nibble: u8| (sum << 4) | u64::from(nibble);
    chunk.iter().try_fold(0u64, |sum, byte| match written {
        Bitmap::Binary => Ok((sum << 8) | u64::from(*byte)),
        Bitmap::HexAscii => hex_digit(*byte).map(|nibble| shift(sum, nibble)).ok_or(Reason::BadCharacter),
        Bitmap::HexEbcdic => {
            hex_digit(character::from_ebcdic(*byte)).map(|nibble| shift(sum, nibble)).ok_or(Reason::BadCharacter)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[u8]) -> Present {
        let mut present = Present::default();
        numbers.iter().for_each(|number| present.insert(*number));
        present
    }

    #[test]
    fn as_many_bitmaps_are_written_as_fields_need() {
        let cases: [(&[u8], &str); 4] = [
            (&[2, 64], "4000000000000001"),
            (&[3, 66], "A0000000000000004000000000000000"),
            (&[130], "800000000000000080000000000000004000000000000000"),
            (&[], "0000000000000000"),
        ];
        for (numbers, expected) in cases {
            let mut written = Vec::new();
            of(numbers).write(Bitmap::Binary, &mut written);
            assert_eq!(hex::encode_upper(&written), expected);
            let (read, taken) = Present::read(&written, Bitmap::Binary).expect("reads");
            assert_eq!((read.iter().collect::<Vec<_>>().as_slice(), taken), (numbers, written.len()));
        }
    }

    #[test]
    fn the_bits_that_announce_bitmaps_are_no_fields() {
        let bytes = hex::decode("8000000000000000C000000000000000C000000000000000").expect("hex");
        assert_eq!(Present::read(&bytes, Bitmap::Binary), Err(Reason::FourthBitmap));
        assert_eq!(Present::read(&bytes[..16], Bitmap::Binary), Err(Reason::Short { needed: 8, left: 0 }));
        let present = of(&[66, 1, 65, 0, 255]);
        assert!(present.has(66) && !present.has(1) && !present.has(65) && !present.has(0) && !present.has(255));
        assert_eq!((present.count(), present.rank(66), present.rank(128)), (1, 0, 1));
    }

    #[test]
    fn hexadecimal_bitmaps_read_as_binary_ones() {
        for written in [Bitmap::HexAscii, Bitmap::HexEbcdic] {
            let mut bytes = Vec::new();
            of(&[2, 11, 70]).write(written, &mut bytes);
            let (read, taken) = Present::read(&bytes, written).expect("reads");
            assert_eq!((read, taken), (of(&[2, 11, 70]), 32));
            bytes[3] = b'!';
            assert_eq!(Present::read(&bytes, written), Err(Reason::BadCharacter));
        }
    }
}
