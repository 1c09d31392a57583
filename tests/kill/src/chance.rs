//! Numbers that look drawn and can be drawn again: SplitMix64.

/// A sequence of numbers decided by its seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence for two numbers that say where we are: a seed, and a place within it.
    pub fn new(seed: u64, place: u64) -> Self {
        let mut chance = Self(seed);
        Self(chance.next() ^ place)
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "it never ends, and nobody iterates over it")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `below` less one; 0 when there is none.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next().checked_rem(below).unwrap_or(0)
    }

    /// A number below `2^bits` of which small ones are as likely as large ones: first its length is drawn.
    pub fn of_any_size(&mut self, bits: u32) -> u64 {
        let length = self.below(u64::from(bits.min(63)) + 1);
        self.below(1 << length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The first outputs for seed 0 in the reference implementation.
        let mut chance = Chance(0);
        assert_eq!(chance.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(chance.next(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(chance.next(), 0x06c4_5d18_8009_454f);
    }

    #[test]
    fn sizes_stay_within_their_bound() {
        let mut chance = Chance::new(1, 2);
        assert!((0..1_000).all(|_| chance.of_any_size(10) < 1 << 10));
        assert_eq!(chance.below(0), 0);
    }
}
