//! Segments of version 1: not encrypted, and so never written to again.

use super::image::Image;
use super::walk::Walk;
use crate::error::DamageReason;
use crate::format::group::{GroupEntry, Salted};
use crate::format::sector::aligned;
use crate::format::version1::{FIRST_GROUP, Sector, SegmentHeader, group_at, is_torn};
use crate::format::{BLOCK_BYTES, SECTOR_BYTES, is_zero};
use crate::seal::SALT_BYTES;

/// What an entry without encryption is committed to with.
const NO_SALT: [u8; SALT_BYTES] = [0; SALT_BYTES];

impl Walk<'_> {
    /// Reads a segment of version 1. A broken header alone does not hide the groups, since every sector says what it is.
    pub(super) fn read_version_1(&mut self, image: &Image) {
        match SegmentHeader::decode(image.bytes.get(..BLOCK_BYTES).unwrap_or(&image.bytes)) {
            Some(header) if header.segment == self.number => {
                self.meet(0, header.first_sequence);
                if header.segment_bytes != image.file_bytes {
                    self.damaged(0, DamageReason::Length(image.file_bytes));
                }
            }
            _ => self.damaged(0, DamageReason::Header),
        }
        let mut offset = FIRST_GROUP;
        loop {
            if let Some(group) = group_at(image.from(offset)) {
                self.offset = offset;
                self.meet(offset, group.sequence);
                if group.sequence == self.position.sequence {
                    group.bodies.iter().for_each(|body| self.plain_entry(body));
                }
                let (end, next) = (offset + group.end, aligned(offset + group.end, BLOCK_BYTES));
                if !is_zero(image.bytes.get(end..next).unwrap_or_default()) {
                    self.damaged(end, DamageReason::Checksum);
                }
                offset = next;
            } else if is_zero(image.from(offset)) || is_torn(image.from(offset), self.position.sequence) {
                return;
            } else {
                match self.pass_version_1_damage(image, offset) {
                    Some(resumed) => offset = resumed,
                    None => return,
                }
            }
        }
    }

    fn plain_entry(&mut self, body: &[u8]) {
        self.entry(&GroupEntry::plain(Salted { salt: &NO_SALT, bytes: body }));
    }

    /// Records what does not verify at `offset` and finds the next group that does.
    fn pass_version_1_damage(&mut self, image: &Image, offset: usize) -> Option<usize> {
        let resumed = (offset..image.bytes.len())
            .step_by(BLOCK_BYTES)
            .skip(1)
            .find_map(|at| group_at(image.from(at)).map(|group| (at, group.sequence)));
        let end = resumed.map_or(image.bytes.len(), |(at, _)| at);
        let sector = |at: usize| image.from(at).get(..SECTOR_BYTES).unwrap_or(image.from(at));
        let broken = (offset..end).step_by(SECTOR_BYTES).find(|&at| Sector::read(sector(at)) == Sector::Broken);
        match (broken, resumed) {
            (Some(at), _) if image.is_unreadable(at) => self.damaged(at, DamageReason::Unreadable),
            (Some(at), _) => self.damaged(at, DamageReason::Checksum),
            (None, Some((_, found))) => self.damaged(offset, DamageReason::Gap { found }),
            (None, None) => self.damaged(offset, DamageReason::Contents),
        }
        resumed.map(|(at, _)| at)
    }
}
