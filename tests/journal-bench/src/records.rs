//! The records that every engine is given: the same for all, from a seed, and too random to compress.

/// Length of a record.
pub const RECORD_BYTES: usize = 512;
/// What the records are made from.
const SEED: u64 = 0x0ac9_0117_0ac9_0117;

/// Record number `number`: its identity and an amount, eight big-endian bytes each, then noise up to `bytes`.
pub fn record(number: u64, bytes: usize) -> Vec<u8> {
    let mut noise = Noise(SEED ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut record = Vec::with_capacity(bytes + 8);
    record.extend_from_slice(&number.to_be_bytes());
    record.extend_from_slice(&(noise.next() % 1_000_000).to_be_bytes());
    while record.len() < bytes {
        record.extend_from_slice(&noise.next().to_be_bytes());
    }
    record.truncate(bytes);
    record
}

/// SplitMix64: small, and random enough for ballast.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_the_same_every_time_and_no_other() {
        assert_eq!(record(7, RECORD_BYTES), record(7, RECORD_BYTES));
        assert_ne!(record(7, RECORD_BYTES)[16..], record(8, RECORD_BYTES)[16..]);
        assert_eq!(record(7, RECORD_BYTES).len(), RECORD_BYTES);
        assert_eq!(record(7, 700)[..8], 7_u64.to_be_bytes());
    }
}
