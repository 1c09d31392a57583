//! Entries on their way into a group.

use zeroize::Zeroizing;

use super::cipher::{BadTag, SessionKeys, TAG_BYTES};
use super::group::{
    CARD_DROPPED, CLEAR_BYTES, CardPart, DROPPED, GroupEntry, GroupPlace, HAS_CARD, Item, RecordPart, SUMMARY, Salted,
};
use super::sector::{GroupKind, frame, sectors_for};
use super::{MAX_ENTRY_BYTES, MAX_GROUP_BYTES, SECTOR_BYTES};
use crate::error::JournalError;
use crate::seal::{Kind, SALT_BYTES, commit_card, commit_record};
use crate::tree::Hash;

/// Entries on their way into a group: committed to, not yet encrypted.
#[derive(Default)]
pub(crate) struct Draft {
    items: Vec<Item>,
    records: Zeroizing<Vec<u8>>,
    cards: Zeroizing<Vec<u8>>,
}

impl Draft {
    /// With room for these parts and for what encrypting them adds: a vector that grows is copied, and leaves a copy of
    /// its bytes behind.
    pub fn with_room<'a>(parts: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + Clone) -> Self {
        let part = |bytes: &[u8]| size_of::<u32>() + SALT_BYTES + bytes.len();
        let records: usize = parts.clone().map(|(record, _)| part(record)).sum();
        let cards: usize = parts.clone().filter_map(|(_, card)| card.map(part)).sum();
        let room = |bytes: usize| Zeroizing::new(Vec::with_capacity(if bytes == 0 { 0 } else { bytes + TAG_BYTES }));
        Self { items: Vec::with_capacity(parts.count()), records: room(records), cards: room(cards) }
    }

    /// Adds an entry with its record and, if it has one, its card part.
    pub fn push(&mut self, kind: Kind, record: Salted<'_>, card: Option<Salted<'_>>) {
        put_salted(&mut self.records, record);
        if let Some(card) = card {
            put_salted(&mut self.cards, card);
        }
        self.items.push(Item {
            kind,
            record: commit_record(record.salt, record.bytes),
            card: card.map(|card| commit_card(card.salt, card.bytes)),
            flags: if card.is_some() { HAS_CARD } else { 0 },
        });
    }

    /// Adds an entry as compaction keeps it: the same commitments, with whatever is left of its parts.
    pub fn push_kept(&mut self, entry: &GroupEntry<'_>) {
        let mut flags = 0;
        match entry.record {
            RecordPart::Whole(record) => put_salted(&mut self.records, record),
            RecordPart::Summary(summary) => {
                flags |= SUMMARY;
                put_length(&mut self.records, summary);
                self.records.extend_from_slice(summary);
            }
            RecordPart::Gone => flags |= DROPPED,
        }
        match entry.card {
            CardPart::None if entry.item.card.is_none() => {}
            CardPart::Whole(card) => {
                flags |= HAS_CARD;
                put_salted(&mut self.cards, card);
            }
            CardPart::None | CardPart::Gone => flags |= HAS_CARD | CARD_DROPPED,
        }
        self.items.push(Item { flags, ..entry.item });
    }

    /// Takes over all entries of another draft, behind its own.
    pub fn append(&mut self, mut other: Self) {
        if self.items.is_empty() {
            *self = other;
            return;
        }
        self.items.append(&mut other.items);
        self.records.extend_from_slice(&other.records);
        self.cards.extend_from_slice(&other.cards);
    }

    pub fn entries(&self) -> usize {
        self.items.len()
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Bytes of the contents this draft becomes.
    pub fn content_bytes(&self) -> usize {
        CLEAR_BYTES + self.bytes_besides()
    }

    /// What this draft adds to the contents of a group it is merged into, at most.
    pub fn bytes_besides(&self) -> usize {
        let items: usize = self.items.iter().map(Item::bytes).sum();
        items + self.record_bytes() + self.card_bytes()
    }

    /// Bytes of the sectors this draft becomes.
    pub fn framed_bytes(&self) -> usize {
        sectors_for(self.content_bytes()) * SECTOR_BYTES
    }

    /// Refuses what is empty or larger than a group may be.
    pub fn check_size(&self) -> Result<(), JournalError> {
        if self.items.is_empty() {
            return Err(JournalError::EmptyGroup);
        }
        let bytes = self.content_bytes();
        if bytes > MAX_GROUP_BYTES {
            return Err(JournalError::GroupTooLarge { bytes, limit: MAX_GROUP_BYTES });
        }
        Ok(())
    }

    /// The sectors of the group, encrypted, ready to be written.
    pub fn seal(&mut self, place: &GroupPlace, chain: &Hash, keys: &SessionKeys) -> Result<Vec<u8>, BadTag> {
        let mut contents = Vec::with_capacity(self.content_bytes());
        // All lengths are bounded by MAX_GROUP_BYTES, which four bytes count with ease.
        contents.extend_from_slice(&(self.items.len() as u32).to_be_bytes());
        contents.extend_from_slice(&keys.id);
        contents.extend_from_slice(&chain.0);
        contents.extend_from_slice(&(self.record_bytes() as u32).to_be_bytes());
        contents.extend_from_slice(&(self.card_bytes() as u32).to_be_bytes());
        for item in &self.items {
            contents.extend_from_slice(&[item.kind.code(), item.flags, 0, 0]);
            contents.extend_from_slice(&item.record.0);
            item.card.iter().for_each(|card| contents.extend_from_slice(&card.0));
        }
        let context = place.context(&contents);
        let has_cards = !self.cards.is_empty();
        // Also where no record is left: its tag is what shows that they were dropped by us.
        keys.records.as_ref().ok_or(BadTag)?.seal(place.sequence, &context, &mut self.records)?;
        contents.extend_from_slice(&self.records);
        if has_cards {
            keys.cards.as_ref().ok_or(BadTag)?.seal(place.sequence, &context, &mut self.cards)?;
            contents.extend_from_slice(&self.cards);
        }
        frame(GroupKind::Entries, place.sequence, &contents).ok_or(BadTag)
    }

    /// Bytes of the records once they are encrypted.
    fn record_bytes(&self) -> usize {
        self.records.len() + TAG_BYTES
    }

    /// Bytes of the card parts once they are encrypted.
    fn card_bytes(&self) -> usize {
        if self.cards.is_empty() { 0 } else { self.cards.len() + TAG_BYTES }
    }
}

/// Refuses an entry that is larger than the format allows.
pub(crate) fn check_entry(index: usize, bytes: usize) -> Result<(), JournalError> {
    if bytes > MAX_ENTRY_BYTES {
        return Err(JournalError::EntryTooLarge { index, bytes, limit: MAX_ENTRY_BYTES });
    }
    Ok(())
}

fn put_length(part: &mut Vec<u8>, bytes: &[u8]) {
    // MAX_ENTRY_BYTES is far below what four bytes can count.
    part.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
}

fn put_salted(part: &mut Vec<u8>, body: Salted<'_>) {
    put_length(part, body.bytes);
    part.extend_from_slice(body.salt);
    part.extend_from_slice(body.bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::cipher::SegmentKeys;
    use crate::format::group::{Clear, GroupFault};
    use crate::format::sector::gather;
    use crate::keys::{Cipher, DataKey};
    use crate::seal::JournalId;

    const PLACE: GroupPlace = GroupPlace { journal: JournalId([1; 16]), segment: 2, sequence: 3 };

    /// Seals a draft of one entry with a card part after `change`, and opens it again.
    fn reopened(change: impl FnOnce(&mut Draft)) -> Result<(), GroupFault> {
        let [records, cards] = [4, 5].map(|byte| Some(DataKey::copy_of(&[byte; 32])));
        let keys = SegmentKeys { cipher: Cipher::ChaCha20Poly1305, records, cards }.session([6; 16]);
        let mut draft = Draft::default();
        let body = |bytes| Salted { salt: &[7; 32], bytes };
        draft.push(Kind::Record, body(b"record"), Some(body(b"card")));
        change(&mut draft);
        let group = draft.seal(&PLACE, &Hash([8; 32]), &keys).unwrap();
        let mut contents = Vec::new();
        gather(&group, &mut contents).unwrap();
        let clear = Clear::read(&contents).unwrap();
        clear.open(&PLACE, &keys, &mut contents, &mut Vec::new()).map(|entries| assert_eq!(entries.len(), 1))
    }

    #[test]
    fn a_seal_that_holds_over_other_commitments_or_more_bytes_is_refused() {
        // Whoever has the keys can encrypt anything; that it is what the tree speaks of is a check of its own.
        assert_eq!(reopened(|_| {}), Ok(()));
        assert_eq!(reopened(|draft| draft.items[0].record = Hash([9; 32])), Err(GroupFault::Tampered));
        assert_eq!(reopened(|draft| draft.items[0].card = Some(Hash([9; 32]))), Err(GroupFault::Tampered));
        assert_eq!(reopened(|draft| draft.records.push(0)), Err(GroupFault::Contents));
        assert_eq!(reopened(|draft| draft.cards.push(0)), Err(GroupFault::Contents));
    }
}
