//! One moment of a recorded disk, and every disk that a power cut at that moment may leave behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MemoryDisk;
use super::state::{NameChange, State};

/// A disk between two operations.
#[derive(Clone)]
pub struct Moment {
    pub(super) state: Arc<State>,
    pub(super) operation: String,
}

/// What a power cut decides, once it is decided which names arrived.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    /// Sectors of files that have a name, in order of file and place.
    pub sectors: Vec<PendingSector>,
    /// Files that have a name and whose length is not settled, with every length they may be found to have: the one on
    /// the medium first, the newest last.
    pub lengths: Vec<(u64, Vec<usize>)>,
}

/// A sector that was written and not synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSector {
    /// Where it is.
    pub place: Place,
    /// How many contents it was given since the last sync; the last of them is what a process sees.
    pub versions: usize,
    /// Whether one of them differs from what the medium holds.
    pub changes: bool,
}

/// A sector of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file.
    pub file: u64,
    /// Which sector of it, from 0.
    pub sector: usize,
}

/// What became of one pending sector; one that is not named stays as the medium had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// This version arrived, counted from 0.
    Arrived(usize),
    /// The newest version was being written.
    Torn(Tear),
}

/// How a sector is found whose writing was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tear {
    /// Which end of it is new.
    pub end: End,
    /// How much of it is new. Bytes.
    pub new_bytes: usize,
    /// What the rest of it holds.
    pub rest: Rest,
}

/// An end of a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// From the first byte.
    Front,
    /// Up to the last byte.
    Back,
}

/// What stands in a torn sector where the new bytes do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rest {
    /// What was there before.
    Old,
    /// Flash that was erased and not written.
    Erased,
    /// Noise, made from this number and the place.
    Noise(u64),
}

/// One outcome of a power cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// For each of [`Moment::name_changes`] whether it arrived.
    pub names: Vec<bool>,
    /// Lengths that files are found to have; one that is not named has the length the medium had.
    pub lengths: Vec<(u64, usize)>,
    /// Fates of sectors.
    pub sectors: Vec<(Place, Fate)>,
}

impl Moment {
    /// The operation before it, for people; empty for the first.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Size of a sector. Bytes.
    pub fn sector_bytes(&self) -> usize {
        self.state.sector_bytes
    }

    /// Creations, renamings and removals that were not synced, in order.
    pub fn name_changes(&self) -> &[NameChange] {
        &self.state.name_changes
    }

    /// The disk as the next process finds it when the power stayed on: nothing is lost, nothing is synced.
    pub fn without_cut(&self) -> MemoryDisk {
        MemoryDisk::of(State::clone(&self.state))
    }

    /// What else is undecided when these name changes arrived; `None` when they cannot arrive without others.
    pub fn pending(&self, names_arrived: &[bool]) -> Option<Pending> {
        let names = self.names(names_arrived)?;
        let mut pending = Pending::default();
        for (id, file) in self.state.files.iter().filter(|(id, _)| names.values().any(|named| named == *id)) {
            if !file.lengths.is_empty() {
                let mut lengths = vec![file.medium.length()];
                lengths.extend(&file.lengths);
                lengths.dedup();
                pending.lengths.push((*id, lengths));
            }
            pending.sectors.extend(file.pending.iter().map(|(&sector, versions)| {
                let old = file.medium.copy(sector * self.state.sector_bytes, self.state.sector_bytes);
                let changes = versions.iter().any(|version| **version != *old);
                PendingSector { place: Place { file: *id, sector }, versions: versions.len(), changes }
            }));
        }
        Some(pending)
    }

    /// The disk that this cut leaves; `None` when its name changes cannot arrive without others.
    pub fn image(&self, cut: &Cut) -> Option<MemoryDisk> {
        let names = self.names(&cut.names)?;
        let mut state = State::clone(&self.state);
        state.files.retain(|id, _| names.values().any(|named| named == id));
        state.durable_names.clone_from(&names);
        state.names = names;
        state.name_changes.clear();
        state.overwrites.clear();
        for (id, length) in &cut.lengths {
            if let Ok(file) = state.file_mut(*id) {
                file.medium.resize(*length);
            }
        }
        for (place, fate) in &cut.sectors {
            self.decide(&mut state, *place, *fate);
        }
        let unsettled =
            |id: &u64| state.files.get(id).is_some_and(|file| !file.pending.is_empty() || !file.lengths.is_empty());
        let ids: Vec<u64> = state.files.keys().copied().filter(unsettled).collect();
        for id in ids {
            if let Ok(file) = state.file_mut(id) {
                file.cut();
            }
        }
        Some(MemoryDisk::of(state))
    }

    /// What a sector holds on the medium.
    pub fn before(&self, place: Place) -> Option<Vec<u8>> {
        let file = self.state.files.get(&place.file)?;
        Some(file.medium.copy(place.sector * self.state.sector_bytes, self.state.sector_bytes))
    }

    /// What a sector holds after this fate, whether or not its file is long enough.
    pub fn contents(&self, place: Place, fate: Fate) -> Option<Vec<u8>> {
        let file = self.state.files.get(&place.file)?;
        let versions = file.pending.get(&place.sector)?;
        match fate {
            Fate::Arrived(version) => Some(versions.get(version)?.to_vec()),
            Fate::Torn(tear) => {
                let old = file.medium.copy(place.sector * self.state.sector_bytes, self.state.sector_bytes);
                Some(tear.of(old, versions.last()?, place))
            }
        }
    }

    fn decide(&self, state: &mut State, place: Place, fate: Fate) {
        let offset = place.sector * state.sector_bytes;
        if let (Some(bytes), Ok(file)) = (self.contents(place, fate), state.file_mut(place.file)) {
            file.medium.write_within(offset, &bytes);
        }
    }

    fn names(&self, arrived: &[bool]) -> Option<BTreeMap<String, u64>> {
        let mut names = self.state.durable_names.clone();
        for (change, _) in self.state.name_changes.iter().zip(arrived).filter(|(_, arrived)| **arrived) {
            if !change.is_possible(&names) {
                return None;
            }
            change.apply(&mut names);
        }
        Some(names)
    }
}

impl Tear {
    fn of(self, old: Vec<u8>, new: &[u8], place: Place) -> Vec<u8> {
        let mut bytes = match self.rest {
            Rest::Old => old,
            Rest::Erased => vec![0xff; new.len()],
            Rest::Noise(number) => noise(number ^ place.file << 32 ^ place.sector as u64, new.len()),
        };
        let kept = self.new_bytes.min(new.len());
        let range = match self.end {
            End::Front => 0..kept,
            End::Back => new.len() - kept..new.len(),
        };
        bytes[range.clone()].copy_from_slice(&new[range]);
        bytes
    }
}

/// Bytes that look like nothing: splitmix64.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    });
    words.flat_map(u64::to_le_bytes).take(length).collect()
}
