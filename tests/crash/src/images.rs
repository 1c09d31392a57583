//! Every power cut at one moment within a [`Bound`], each outcome once.

use std::collections::HashSet;
use std::ops::ControlFlow;

use journal::memory::{Cut, Fate, Moment, Pending, Place, Rest, Tear};

use crate::bound::Bound;
use crate::dice::Dice;

/// Sectors rewritten with what they held, of which some are torn all the same.
const REWRITTEN_SECTORS_TORN: usize = 4;
/// More combinations of unsynced lengths than this are not taken; then all old and all new are.
const MAX_LENGTHS: usize = 16;

/// Calls `visit` for every cut at this moment, until it breaks. The same moment, bound and seed give the same cuts in
/// the same order.
pub fn each_cut(
    moment: &Moment,
    bound: &Bound,
    seed: u64,
    visit: &mut dyn FnMut(&Cut) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for names in name_choices(moment, bound) {
        let Some(pending) = moment.pending(&names) else { continue };
        for lengths in length_choices(&pending) {
            let sectors = Sectors::new(moment, bound, seed, &pending, &lengths);
            sectors.each_choice(bound, seed, &mut |fates| {
                let cut = Cut { names: names.clone(), lengths: lengths.clone(), sectors: fates };
                visit(&cut)
            })?;
        }
    }
    ControlFlow::Continue(())
}

fn name_choices(moment: &Moment, bound: &Bound) -> Vec<Vec<bool>> {
    let changes = moment.name_changes().len();
    if changes > bound.names {
        return (0..=changes).map(|kept| (0..changes).map(|index| index < kept).collect()).collect();
    }
    (0..1_u32 << changes).map(|choice| (0..changes).map(|index| choice >> index & 1 == 1).collect()).collect()
}

fn length_choices(pending: &Pending) -> Vec<Vec<(u64, usize)>> {
    let combinations: usize = pending.lengths.iter().map(|(_, lengths)| lengths.len()).product();
    if combinations > MAX_LENGTHS {
        let all = |pick: fn(&[usize]) -> Option<&usize>| {
            pending.lengths.iter().filter_map(|(file, lengths)| Some((*file, *pick(lengths)?))).collect()
        };
        return vec![all(<[usize]>::first), all(<[usize]>::last)];
    }
    pending.lengths.iter().fold(vec![Vec::new()], |choices, (file, lengths)| {
        let longer = |choice: &Vec<(u64, usize)>, length: &usize| [&choice[..], &[(*file, *length)]].concat();
        choices.iter().flat_map(|choice| lengths.iter().map(|length| longer(choice, length))).collect()
    })
}

/// What may become of the sectors that matter, contents that are alike taken once.
struct Sectors {
    live: Vec<Sector>,
    /// Rewritten with what they held.
    still: Vec<Sector>,
}

struct Sector {
    place: Place,
    /// Old, then each version that differs; the newest last.
    whole: Vec<Option<Fate>>,
    fine: Vec<Fate>,
    coarse: Vec<Fate>,
}

type Visit<'a> = &'a mut dyn FnMut(Vec<(Place, Fate)>) -> ControlFlow<()>;

impl Sectors {
    fn new(moment: &Moment, bound: &Bound, seed: u64, pending: &Pending, lengths: &[(u64, usize)]) -> Self {
        let bytes = moment.sector_bytes();
        let (fine, coarse) = (bound.tears.tears(bytes, seed), bound.coarse.tears(bytes, seed));
        let is_there = |place: Place| {
            let length = lengths.iter().find(|(file, _)| *file == place.file).map(|(_, length)| *length);
            length.is_none_or(|length| place.sector * bytes < length)
        };
        let (mut live, mut still) = (Vec::new(), Vec::new());
        for sector in pending.sectors.iter().filter(|sector| is_there(sector.place)) {
            let list = if sector.changes { &mut live } else { &mut still };
            if sector.changes || list.len() < REWRITTEN_SECTORS_TORN {
                list.push(Sector::new(moment, sector.place, sector.versions, &fine, &coarse));
            }
        }
        Self { live, still }
    }

    fn each_choice(&self, bound: &Bound, seed: u64, visit: Visit<'_>) -> ControlFlow<()> {
        let choices = self.live.iter().try_fold(1_usize, |product, sector| product.checked_mul(sector.whole.len()));
        if choices.is_some_and(|choices| choices <= 1 << bound.sectors) {
            self.all_choices(bound, visit)?;
        } else {
            self.some_choices(bound, seed, visit)?;
        }
        for sector in &self.still {
            for fate in &sector.coarse {
                visit([self.all_newest(), vec![(sector.place, *fate)]].concat())?;
                visit(vec![(sector.place, *fate)])?;
            }
        }
        ControlFlow::Continue(())
    }

    fn all_choices(&self, bound: &Bound, visit: Visit<'_>) -> ControlFlow<()> {
        self.products(&[], visit)?;
        for (index, sector) in self.live.iter().enumerate() {
            for fate in &sector.fine {
                self.products(&[(index, *fate)], visit)?;
            }
        }
        if self.live.len() > bound.pairs {
            return ControlFlow::Continue(());
        }
        for (second, other) in self.live.iter().enumerate() {
            for (first, one) in self.live[..second].iter().enumerate() {
                for (fate, fate_of_other) in one.coarse.iter().flat_map(|a| other.coarse.iter().map(move |b| (a, b))) {
                    self.products(&[(first, *fate), (second, *fate_of_other)], visit)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Every choice of whole versions for all sectors but those whose fate is given.
    fn products(&self, given: &[(usize, Fate)], visit: Visit<'_>) -> ControlFlow<()> {
        let free: Vec<usize> = (0..self.live.len()).filter(|index| given.iter().all(|(at, _)| at != index)).collect();
        let mut digits = vec![0; free.len()];
        loop {
            let chosen = free.iter().zip(&digits).filter_map(|(&index, &digit)| self.live[index].whole(digit));
            visit(chosen.chain(given.iter().map(|(index, fate)| (self.live[*index].place, *fate))).collect())?;
            let Some(place) = (0..free.len()).find(|&at| digits[at] + 1 < self.live[free[at]].whole.len()) else {
                return ControlFlow::Continue(());
            };
            digits[place] += 1;
            digits[..place].fill(0);
        }
    }

    fn some_choices(&self, bound: &Bound, seed: u64, visit: Visit<'_>) -> ControlFlow<()> {
        let (live, count) = (&self.live, self.live.len());
        let mut seen = HashSet::new();
        let mut once = |fates: Vec<(Place, Fate)>| {
            if seen.insert(fates.clone()) { visit(fates) } else { ControlFlow::Continue(()) }
        };
        let newest = |keep: &dyn Fn(usize) -> bool| -> Vec<(Place, Fate)> {
            (0..count).filter(|index| keep(*index)).filter_map(|index| live[index].newest()).collect()
        };
        for edge in 0..=count {
            once(newest(&|index| index < edge))?;
            once(newest(&|index| index >= edge))?;
        }
        for (alone, sector) in live.iter().enumerate() {
            once(newest(&|index| index != alone))?;
            once(newest(&|index| index == alone))?;
            for fate in &sector.coarse {
                let torn = (sector.place, *fate);
                once([newest(&|index| index != alone), vec![torn]].concat())?;
                once([newest(&|index| index < alone), vec![torn]].concat())?;
                once(vec![torn])?;
            }
        }
        for shape in 0..live.iter().map(|sector| sector.fine.len()).max().unwrap_or(0) {
            once(live.iter().filter_map(|sector| Some((sector.place, *sector.fine.get(shape)?))).collect())?;
        }
        let mut dice = Dice::new(seed);
        for _ in 0..bound.sample {
            once(live.iter().filter_map(|sector| sector.random(&mut dice)).collect())?;
        }
        ControlFlow::Continue(())
    }

    fn all_newest(&self) -> Vec<(Place, Fate)> {
        self.live.iter().filter_map(Sector::newest).collect()
    }
}

impl Sector {
    fn new(moment: &Moment, place: Place, versions: usize, fine: &[Tear], coarse: &[Tear]) -> Self {
        let mut seen: HashSet<Option<Vec<u8>>> = HashSet::from([moment.before(place)]);
        let mut whole = vec![None];
        // The newest first, so that it is the one kept where two versions are alike; then in the order of time.
        let newest = Fate::Arrived(versions.saturating_sub(1));
        let newest = seen.insert(moment.contents(place, newest)).then_some(newest);
        let older = (0..versions.saturating_sub(1)).map(Fate::Arrived);
        whole.extend(older.filter(|fate| seen.insert(moment.contents(place, *fate))).map(Some));
        whole.extend(newest.map(Some));
        let torn = |tears: &[Tear], seen: &mut HashSet<Option<Vec<u8>>>| {
            let fates = tears.iter().map(|tear| Fate::Torn(*tear));
            fates.filter(|fate| seen.insert(moment.contents(place, *fate))).collect()
        };
        let fine = torn(fine, &mut seen.clone());
        let coarse = torn(coarse, &mut seen);
        Self { place, whole, fine, coarse }
    }

    fn whole(&self, digit: usize) -> Option<(Place, Fate)> {
        self.whole.get(digit).copied().flatten().map(|fate| (self.place, fate))
    }

    fn newest(&self) -> Option<(Place, Fate)> {
        self.whole.last().copied().flatten().map(|fate| (self.place, fate))
    }

    fn random(&self, dice: &mut Dice) -> Option<(Place, Fate)> {
        if !self.fine.is_empty() && dice.one_in(8) {
            return Some((self.place, self.fine[dice.below(self.fine.len())]));
        }
        self.whole(dice.below(self.whole.len()))
    }
}

/// A cut chosen at random, beyond any bound on choices: for long scripts.
pub fn random_cut(moment: &Moment, dice: &mut Dice) -> Cut {
    let changes = moment.name_changes().len();
    // A prefix is always possible; a random choice often is.
    let kept = dice.below(changes + 1);
    let random: Vec<bool> = (0..changes).map(|_| dice.one_in(2)).collect();
    let prefix: Vec<bool> = (0..changes).map(|index| index < kept).collect();
    let names = if moment.pending(&random).is_some() { random } else { prefix };
    let pending = moment.pending(&names).unwrap_or_default();
    let lengths: Vec<(u64, usize)> =
        pending.lengths.iter().map(|(file, lengths)| (*file, lengths[dice.below(lengths.len())])).collect();
    let bytes = moment.sector_bytes();
    let sectors = pending.sectors.iter().filter_map(|sector| {
        let fate = match dice.below(8) {
            0..3 => return None,
            3..6 => Fate::Arrived(dice.below(sector.versions)),
            _ => Fate::Torn(random_tear(bytes, dice)),
        };
        Some((sector.place, fate))
    });
    Cut { names, sectors: sectors.collect(), lengths }
}

fn random_tear(sector_bytes: usize, dice: &mut Dice) -> Tear {
    let end = if dice.one_in(2) { journal::memory::End::Front } else { journal::memory::End::Back };
    let rest = match dice.below(4) {
        0 | 1 => Rest::Old,
        2 => Rest::Erased,
        _ => Rest::Noise(dice.number()),
    };
    Tear { end, new_bytes: dice.below(sector_bytes), rest }
}
