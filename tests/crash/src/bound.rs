//! How far the enumeration goes, said in one place. What is not in the bound is not claimed.
//!
//! Left out on purpose, whatever the tier: a sector whose middle was written and both ends were not, or torn in more
//! than two pieces; noise shorter than a word of four bytes (it could imitate what it replaces); an older of several unsynced versions torn (the newest is); a renaming that took place by half; a
//! device that loses what it said it had synced (rot and lost writes are the faults, not the cuts).

use std::fmt;

use journal::memory::{End, Rest, Tear};

/// What is enumerated at each boundary.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Up to this many unsynced sectors that differ from the medium, every choice of them is taken.
    pub sectors: usize,
    /// Places at which a sector is torn, from either end.
    pub tears: Fineness,
    /// Up to this many sectors, every two of them are torn at once.
    pub pairs: usize,
    /// Places for those, and for sectors of groups too large to take every choice.
    pub coarse: Fineness,
    /// Up to this many unsynced directory operations, every possible choice of them is taken.
    pub names: usize,
    /// Random choices taken where not every choice is.
    pub sample: usize,
}

/// How finely sectors are torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fineness {
    /// Not at all.
    None,
    /// In the middle, with old bytes or noise in the rest.
    Coarse,
    /// At the edges of what a sector carries at its ends, and in the middle.
    Medium,
    /// At every edge, from both ends, with old bytes, noise or erased flash in the rest.
    Fine,
}

impl Bound {
    /// For every run of the tests.
    pub fn quick() -> Self {
        Self { sectors: 4, tears: Fineness::Medium, pairs: 2, coarse: Fineness::Coarse, names: 4, sample: 16 }
    }

    /// For the long tier.
    pub fn full() -> Self {
        Self { sectors: 8, tears: Fineness::Fine, pairs: 4, coarse: Fineness::Medium, names: 6, sample: 256 }
    }

    /// For a cut during the recovery from another: both choices multiply.
    pub fn nested() -> Self {
        Self { sectors: 3, tears: Fineness::Coarse, pairs: 0, coarse: Fineness::None, names: 4, sample: 4 }
    }
}

impl Fineness {
    /// The shapes a torn sector takes.
    pub fn tears(self, sector_bytes: usize, noise: u64) -> Vec<Tear> {
        // Where a sector carries its marks and checksum, a byte to each side of them, a flash page's inner sector.
        let edges = [1, 4, 20, sector_bytes / 2, sector_bytes - 8, sector_bytes - 4, sector_bytes - 1];
        let inner = (sector_bytes > 512).then_some([512, 508, 1024 + 4, sector_bytes - 512]);
        let fine = edges.into_iter().chain(inner.into_iter().flatten());
        let (places, rests): (Vec<usize>, &[Rest]) = match self {
            Self::None => return Vec::new(),
            Self::Coarse => (vec![sector_bytes / 2], &[Rest::Old, Rest::Noise(noise)]),
            Self::Medium => (vec![4, sector_bytes / 2, sector_bytes - 4], &[Rest::Old, Rest::Noise(noise)]),
            Self::Fine => (fine.collect(), &[Rest::Old, Rest::Noise(noise), Rest::Erased]),
        };
        let shape = |new_bytes, end, rest| Tear { end, new_bytes, rest };
        let ends = [End::Front, End::Back];
        let shapes = places.iter().flat_map(|&bytes| {
            ends.iter().flat_map(move |&end| rests.iter().map(move |&rest| shape(bytes, end, rest)))
        });
        let is_a_word = |tear: &Tear| sector_bytes - tear.new_bytes >= 4;
        shapes.filter(|tear| !matches!(tear.rest, Rest::Noise(_)) || is_a_word(tear)).collect()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sectors, tears, pairs, coarse, names, sample } = self;
        let (fine, few) = (|of: &Fineness| of.tears(512, 0).len(), |of: &Fineness| of.tears(4096, 0).len());
        write!(
            f,
            "At each boundary between two operations: unsynced directory operations lost in every possible choice up \
             to {names} of them, in every prefix above that; an unsynced length as before, as now, or as in between; \
             up to {sectors} unsynced sectors in every choice of old and new versions, and each of these with each \
             sector torn in {} shapes (of 512 bytes; {} of 4096), and up to {pairs} sectors with every two torn in {} \
             shapes each; above {sectors} sectors: every prefix, every suffix, each sector alone missing, alone \
             there, alone torn, all torn alike, and {sample} random choices by seed. A sector rewritten with the same \
             bytes is torn with noise, four of them at most. And the process killed with nothing lost.",
            fine(tears),
            few(tears),
            fine(coarse),
        )
    }
}
