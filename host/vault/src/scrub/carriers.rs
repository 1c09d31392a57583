//! Text that carries bytes: hex and base64. What it carries is searched like any other bytes.

use super::Buffer;
use super::symbols::{View, hex_pair};
use super::target::Target;
use crate::crypto::base64;

/// Bits of a byte.
const BYTE_BITS: usize = 8;

/// A text encoding of bytes: which characters, and how many bits each carries.
struct Carrier {
    bits: usize,
    value: fn(u8) -> Option<u8>,
    /// Characters that may stand between two others.
    is_gap: fn(u8) -> bool,
    /// A character for a value, in the case of the one it replaces.
    character: fn(u8, u8) -> u8,
}

/// Searches what hex carries; true if a byte changed.
pub(super) fn hex(buffer: &mut Buffer, target: &Target) -> bool {
    let carrier = Carrier {
        bits: 4,
        value: |character| hex_pair(b'0', character),
        is_gap: |character| matches!(character, b' ' | b'-' | b':'),
        character: |value, before| {
            let upper = b"0123456789ABCDEF"[usize::from(value & 15)];
            if before.is_ascii_lowercase() { upper.to_ascii_lowercase() } else { upper }
        },
    };
    carrier.search(buffer, target)
}

/// Searches what base64 carries, of either alphabet; true if a byte changed.
pub(super) fn base64(buffer: &mut Buffer, target: &Target) -> bool {
    let carrier = Carrier {
        bits: 6,
        value: base64::value,
        // Line ends of MIME, and the backslash JSON may put before a slash.
        is_gap: |character| matches!(character, b'\r' | b'\n' | b'\\'),
        character: |value, _| base64::character(u32::from(value)),
    };
    carrier.search(buffer, target)
}

impl Carrier {
    fn search(&self, buffer: &mut Buffer, target: &Target) -> bool {
        // BCD is the shortest form, two digits a byte.
        let fewest = (target.shortest() / 2 * BYTE_BITS).div_ceil(self.bits);
        let runs = self.runs(&buffer.bytes, fewest);
        let mut changed = false;
        for run in &runs {
            // The text may begin anywhere in the run: at every character where another byte boundary begins.
            for skipped in 0..self.phases() {
                changed |= self.search_run(buffer, target, run.get(skipped..).unwrap_or(&[]));
            }
        }
        changed
    }

    /// Characters after which byte boundaries fall as before: two of hex, four of base64.
    fn phases(&self) -> usize {
        if BYTE_BITS.is_multiple_of(self.bits) { BYTE_BITS / self.bits } else { 4 }
    }

    /// Places of characters that follow each other, so many of them at least.
    fn runs(&self, bytes: &[u8], fewest: usize) -> Vec<Vec<usize>> {
        let (mut runs, mut run) = (Vec::new(), Vec::new());
        for (place, byte) in bytes.iter().enumerate() {
            if (self.value)(*byte).is_some() {
                run.push(place);
            } else if !(self.is_gap)(*byte) {
                if run.len() >= fewest {
                    runs.push(std::mem::take(&mut run));
                }
                run.clear();
            }
        }
        if run.len() >= fewest {
            runs.push(run);
        }
        runs
    }

    fn search_run(&self, buffer: &mut Buffer, target: &Target, run: &[usize]) -> bool {
        let carried = self.carried(&buffer.bytes, run);
        if !View::ALL.iter().any(|view| target.is_in(*view, &carried, &mut buffer.run)) {
            return false;
        }
        let mut inner = Buffer::new(&carried);
        if !inner.plain(target) && !inner.mask.contains(&true) {
            return false;
        }
        self.write_back(buffer, run, &inner)
    }

    fn carried(&self, bytes: &[u8], run: &[usize]) -> Vec<u8> {
        let (mut bits, mut count) = (0_u32, 0);
        let mut carried = Vec::with_capacity(run.len() * self.bits / BYTE_BITS);
        for place in run {
            bits = bits << self.bits | u32::from((self.value)(bytes[*place]).unwrap_or(0));
            count += self.bits;
            if count >= BYTE_BITS {
                count -= BYTE_BITS;
                carried.push((bits >> count & 0xFF) as u8);
            }
        }
        carried
    }

    fn write_back(&self, buffer: &mut Buffer, run: &[usize], inner: &Buffer) -> bool {
        let bit = |number: usize| {
            let byte = inner.bytes.get(number / BYTE_BITS)?;
            Some(byte >> (BYTE_BITS - 1 - number % BYTE_BITS) & 1)
        };
        let mut changed = false;
        for (number, place) in run.iter().enumerate() {
            let own = number * self.bits..(number + 1) * self.bits;
            if !own.clone().any(|bit| inner.mask.get(bit / BYTE_BITS).copied().unwrap_or(false)) {
                continue;
            }
            buffer.mask[*place] = true;
            let before = buffer.bytes[*place];
            let old = (self.value)(before).unwrap_or(0);
            let new = own.clone().fold(0, |value, number| {
                let kept = old >> (own.end - 1 - number) & 1;
                value << 1 | bit(number).unwrap_or(kept)
            });
            if new != old {
                buffer.bytes[*place] = (self.character)(new, before);
                changed = true;
            }
        }
        changed
    }
}
