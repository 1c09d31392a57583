//! Segments of version 2.

use std::io;

use super::identity::unwrap_signer;
use super::image::Image;
use super::tail::is_torn_append;
use super::walk::Walk;
use super::{Access, is_torn_key};
use crate::error::{DamageReason, JournalError};
use crate::format::cipher::{SegmentKeys, SessionKeys};
use crate::format::group::{Clear, GroupFault, GroupPlace};
use crate::format::header::{HeaderFault, HeaderPair, KeyPurpose, SegmentHeader, State};
use crate::format::sector::{GroupKind, Sector, SectorHeader, aligned, gather};
use crate::format::{BLOCK_BYTES, FIRST_GROUP, SECTOR_BYTES, is_zero};
use crate::keys::DataKey;

/// The free end of a segment that may be written to.
pub(super) struct OpenEnd {
    pub offset: usize,
    pub segment_bytes: u64,
    pub keys: SegmentKeys,
    pub ends_with_entries: bool,
}

/// What is used again from group to group.
struct Tools {
    keys: Option<SegmentKeys>,
    session: Option<SessionKeys>,
    contents: Vec<u8>,
    context: Vec<u8>,
}

/// How the groups of a segment ended.
enum Groups {
    /// With sectors never written.
    Clean { offset: usize, ends_with_entries: bool },
    /// With a torn append or with damage.
    Closed,
}

impl Walk<'_> {
    /// Reads a segment, or what is behind `start` in it.
    pub(super) fn read_version_2(
        &mut self,
        image: &mut Image,
        start: Option<usize>,
    ) -> Result<Option<OpenEnd>, JournalError> {
        let header = match self.header(image, start.is_none()) {
            Header::Unknown => return Ok(None),
            Header::Broken => None,
            Header::Known(header) => Some(*header),
        };
        let keys = match &header {
            Some(header) => self.unwrap_keys(header)?,
            None => None,
        };
        let mut tools = Tools { keys, session: None, contents: Vec::new(), context: Vec::new() };
        let groups = self.groups(image, start.unwrap_or(FIRST_GROUP), &mut tools);
        let (Groups::Clean { offset, ends_with_entries }, Some(header), Some(keys)) = (groups, header, tools.keys)
        else {
            return Ok(None);
        };
        let may_go_on =
            !self.damaged_here && header.state == State::Written && keys.records.is_some() && keys.cards.is_some();
        let segment_bytes = header.segment_bytes;
        Ok(may_go_on.then_some(OpenEnd { offset, segment_bytes, keys, ends_with_entries }))
    }

    /// Checks the header. A broken one does not hide the groups, since every sector says what it is, but their keys.
    fn header(&mut self, image: &Image, is_read_from_start: bool) -> Header {
        let header = match HeaderPair::decode(&image.bytes) {
            Ok(HeaderPair { header, stale_copy }) if header.segment == self.number => {
                if let (Some(copy), Access::Settle) = (stale_copy, self.manner.access) {
                    // What cannot be finished now is found unfinished again, and hinders nobody from reading.
                    let _ = finish_header(image, copy, &header);
                }
                header
            }
            Err(HeaderFault::Version(version)) => {
                self.damaged(0, DamageReason::Version(version));
                self.astray();
                return Header::Unknown;
            }
            Ok(_) | Err(HeaderFault::Broken) => {
                let reason = if image.is_unreadable(0) { DamageReason::Unreadable } else { DamageReason::Header };
                self.damaged(0, reason);
                return Header::Broken;
            }
        };
        if header.journal != self.identity.journal || header.verifying_key != self.identity.verifying_key {
            self.damaged(0, DamageReason::Foreign);
            self.astray();
            return Header::Unknown;
        }
        if is_read_from_start {
            self.meet(0, header.first_sequence);
            self.meet_header(header.chain, &header.frontier);
        }
        if header.segment_bytes != image.file_bytes {
            self.damaged(0, DamageReason::Length(image.file_bytes));
        }
        Header::Known(Box::new(header))
    }

    /// Unwraps the data keys; `None` when the journal is read without keys.
    fn unwrap_keys(&mut self, header: &SegmentHeader) -> Result<Option<SegmentKeys>, JournalError> {
        let Some(wrap) = self.manner.keys else { return Ok(None) };
        let mut unwrap = |wrapped: &[u8], purpose| -> Result<Option<DataKey>, JournalError> {
            if wrapped.is_empty() {
                return Ok(None);
            }
            match wrap.unwrap(wrapped, &header.key_context(purpose)) {
                Ok(key) => Ok(Some(key)),
                Err(error) if is_torn_key(&error) => {
                    self.damaged(0, DamageReason::Keys);
                    Ok(None)
                }
                Err(error) => Err(JournalError::Key(error)),
            }
        };
        let records = unwrap(&header.wrapped.records, KeyPurpose::Records)?;
        let cards = unwrap(&header.wrapped.cards, KeyPurpose::Cards)?;
        if header.is_shredded() {
            // Only the wrapping of the signer shows that it was us who destroyed a key.
            match unwrap_signer(header, wrap) {
                Ok(_signer) => {}
                Err(error) if is_torn_key(&error) => self.damaged(0, DamageReason::Keys),
                Err(error) => return Err(JournalError::Key(error)),
            }
        }
        Ok(Some(SegmentKeys { cipher: header.cipher, records, cards }))
    }

    fn groups(&mut self, image: &Image, start: usize, tools: &mut Tools) -> Groups {
        let mut offset = start;
        let (mut ends_with_entries, mut is_frayed) = (false, false);
        let heed_witness = self.manner.weakness.heed_witness;
        loop {
            let rest = image.from(offset);
            if let Some(header) = gather(rest, &mut tools.contents) {
                ends_with_entries = header.kind == GroupKind::Entries;
                (offset, is_frayed) = self.group(image, offset, header, tools);
            } else if is_zero(rest) {
                return if is_frayed { Groups::Closed } else { Groups::Clean { offset, ends_with_entries } };
            } else if !image.is_unreadable_from(offset) && is_torn_append(rest, self.position.sequence, heed_witness) {
                return Groups::Closed;
            } else {
                match self.pass_damage(image, offset, &mut tools.contents) {
                    Some(resumed) => offset = resumed,
                    None => return Groups::Closed,
                }
            }
        }
    }

    /// Takes over a group whose sectors verify. Says where the next one begins, and whether the end of its block is
    /// frayed: a device with larger sectors may have torn one behind the last bytes of a group that is whole all the
    /// same. Nothing was promised there; nothing is written behind it either.
    fn group(&mut self, image: &Image, offset: usize, header: SectorHeader, tools: &mut Tools) -> (usize, bool) {
        self.offset = offset;
        self.meet(offset, header.sequence);
        match header.kind {
            GroupKind::IdleMarker if !is_zero(&tools.contents) => self.damaged(offset, DamageReason::Contents),
            GroupKind::IdleMarker => {}
            GroupKind::Entries if header.sequence == self.position.sequence => self.entries(offset, tools),
            GroupKind::Entries => {}
        }
        let end = offset + usize::from(header.sectors) * SECTOR_BYTES;
        let next = aligned(end, self.manner.weakness.alignment);
        let mut padding = image.bytes.get(end..next).unwrap_or_default().chunks(SECTOR_BYTES).map(Sector::read);
        if padding.clone().any(|sector| matches!(sector, Sector::Broken | Sector::Written(..))) {
            self.damaged(end, DamageReason::Checksum);
        }
        (next, padding.any(|sector| sector == Sector::Torn))
    }

    fn entries(&mut self, offset: usize, tools: &mut Tools) {
        let Some(clear) = Clear::read(&tools.contents) else {
            self.damaged(offset, DamageReason::Contents);
            self.astray();
            return;
        };
        let sequence = self.position.sequence;
        let place = GroupPlace { journal: self.identity.journal, segment: self.number, sequence };
        let entries = match &tools.keys {
            None => Ok(clear.locked()),
            Some(keys) => {
                let session = match tools.session.take() {
                    Some(session) if session.id == clear.session => session,
                    _ => keys.session(clear.session),
                };
                let session = tools.session.insert(session);
                clear.open(&place, session, &mut tools.contents, &mut tools.context)
            }
        };
        match entries {
            Ok(entries) => {
                self.meet_chain(offset, clear.chain);
                entries.iter().for_each(|entry| self.entry(entry));
            }
            Err(fault) => {
                self.damaged(
                    offset,
                    match fault {
                        GroupFault::Contents => DamageReason::Contents,
                        GroupFault::Tampered => DamageReason::Tampered,
                    },
                );
                self.position.sequence = sequence.saturating_add(clear.items.len() as u64);
                self.astray();
            }
        }
    }

    /// Records what does not verify at `offset` and finds the next group that does.
    fn pass_damage(&mut self, image: &Image, offset: usize, contents: &mut Vec<u8>) -> Option<usize> {
        let resumed = (offset..image.bytes.len())
            .step_by(self.manner.weakness.alignment)
            .skip(1)
            .find_map(|at| gather(image.from(at), contents).map(|group| (at, group.sequence)));
        let end = resumed.map_or(image.bytes.len(), |(at, _)| at);
        let bad = (offset..end).step_by(SECTOR_BYTES).find(|&at| {
            let sector = image.from(at);
            let sector = Sector::read(sector.get(..SECTOR_BYTES).unwrap_or(sector));
            image.is_unreadable(at) || matches!(sector, Sector::Broken | Sector::Torn)
        });
        match (bad, resumed) {
            (Some(at), _) if image.is_unreadable(at) => self.damaged(at, DamageReason::Unreadable),
            (Some(at), _) => self.damaged(at, DamageReason::Checksum),
            (None, Some((_, found))) if found > self.position.sequence => {
                self.damaged(offset, DamageReason::Gap { found });
            }
            (None, _) => self.damaged(offset, DamageReason::Contents),
        }
        self.astray();
        resumed.map(|(at, _)| at)
    }
}

/// What came of looking at a header.
enum Header {
    Known(Box<SegmentHeader>),
    Broken,
    /// Its groups must not be touched.
    Unknown,
}

/// Writes the older copy of a header again, from the newer one, if that is on the device: a process that was killed may
/// have left it in the cache alone, and a power cut must not find both copies half written. Where it fails, the cache
/// must not show it as done.
fn finish_header(image: &Image, copy: usize, header: &SegmentHeader) -> io::Result<()> {
    image.file.sync()?;
    image.file.drop_cache()?;
    let mut head = vec![0; FIRST_GROUP];
    image.file.read_at(0, &mut head)?;
    let unfinished = HeaderPair { header: header.clone(), stale_copy: Some(copy) };
    if HeaderPair::decode(&head) != Ok(unfinished) {
        return Ok(());
    }
    let written = image.file.write_at((copy * BLOCK_BYTES) as u64, &header.encode()).and_then(|()| image.file.sync());
    written.or_else(|error| image.file.drop_cache().and(Err(error)))
}
