//! The contents of a group: in clear what the chain and the tree need, encrypted what the entries say.

use std::ops::Range;

use super::cipher::{SESSION_BYTES, SessionId, SessionKeys, TAG_BYTES};
use super::sector::sectors_for;
use super::{Fields, MAX_GROUP_BYTES, is_zero};
use crate::entry::{Card, Content, Entry};
use crate::seal::{JournalId, Kind, SALT_BYTES, Seal, commit_card, commit_record, leaf_data};
use crate::tree::{self, Hash};

const CONTEXT_LABEL: &[u8] = b"acquit journal 2 group";
/// Count, session, chain before, lengths of both parts.
pub(super) const CLEAR_BYTES: usize = 4 + SESSION_BYTES + 32 + 4 + 4;
/// Kind, flags, two zeros, commitment to the record.
const ITEM_BYTES: usize = 4 + 32;
const CARD_ITEM_BYTES: usize = 32;

/// The entry has, or had, a card part.
pub(super) const HAS_CARD: u8 = 1;
/// The record was dropped by compaction.
pub(super) const DROPPED: u8 = 2;
/// A summary stands in place of the record.
pub(super) const SUMMARY: u8 = 4;
/// The card part was dropped by compaction.
pub(super) const CARD_DROPPED: u8 = 8;

/// What a group says of one entry in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub kind: Kind,
    pub record: Hash,
    pub card: Option<Hash>,
    pub(super) flags: u8,
}

/// Where a group stands; part of what it is encrypted with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupPlace {
    pub journal: JournalId,
    pub segment: u64,
    /// Of the first entry.
    pub sequence: u64,
}

/// A body with its salt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Salted<'a> {
    pub salt: &'a [u8; SALT_BYTES],
    pub bytes: &'a [u8],
}

/// The record of one entry as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordPart<'a> {
    Whole(Salted<'a>),
    Summary(&'a [u8]),
    /// Dropped, or its key is gone.
    Gone,
}

/// The card part of one entry as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CardPart<'a> {
    None,
    Whole(Salted<'a>),
    /// Dropped, or its key is gone.
    Gone,
}

/// One entry of a group as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupEntry<'a> {
    pub item: Item,
    pub record: RecordPart<'a>,
    pub card: CardPart<'a>,
}

/// Why the contents of a group whose sectors verify cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupFault {
    /// They contradict themselves.
    Contents,
    /// They were not written by this journal: a tag or a commitment does not hold.
    Tampered,
}

impl Item {
    /// The entry's leaf.
    pub fn leaf(&self, journal: &JournalId, sequence: u64) -> Hash {
        tree::leaf_hash(&leaf_data(journal, sequence, self.kind, &self.record, self.card.as_ref()))
    }

    fn has_record_part(&self) -> bool {
        self.flags & DROPPED == 0
    }

    fn has_card_part(&self) -> bool {
        self.card.is_some() && self.flags & CARD_DROPPED == 0
    }

    /// Bytes it takes in the clear part.
    pub(super) fn bytes(&self) -> usize {
        ITEM_BYTES + self.card.map_or(0, |_| CARD_ITEM_BYTES)
    }
}

impl<'a> GroupEntry<'a> {
    /// A record without card part, as version 1 wrote them all.
    pub fn plain(record: Salted<'a>) -> Self {
        let commitment = commit_record(record.salt, record.bytes);
        let item = Item { kind: Kind::Record, record: commitment, card: None, flags: 0 };
        Self { item, record: RecordPart::Whole(record), card: CardPart::None }
    }

    /// A copy to hand out, without the salt of the card part.
    pub fn to_entry(self, sequence: u64) -> Entry {
        let (content, salt) = match self.record {
            RecordPart::Whole(record) => {
                let card = match self.card {
                    CardPart::None => Card::None,
                    CardPart::Whole(card) => Card::Here(card.bytes.to_vec()),
                    CardPart::Gone => Card::Destroyed,
                };
                (Content::Whole { record: record.bytes.to_vec(), card }, Some(*record.salt))
            }
            RecordPart::Summary(line) => (Content::Summary(line.to_vec()), None),
            RecordPart::Gone => (Content::Gone, None),
        };
        let seal = Seal { record: self.item.record, card: self.item.card, salt };
        Entry { sequence, kind: self.item.kind, content, seal }
    }
}

/// The clear part of a group, and where the encrypted parts lie behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clear {
    pub session: SessionId,
    /// The chain's value before the first entry, as the group itself says: what the entries behind a damaged place
    /// are read with.
    pub chain: Hash,
    pub items: Vec<Item>,
    records: Range<usize>,
    cards: Range<usize>,
}

impl Clear {
    /// Reads the clear part from the joined shares of a group's sectors.
    pub fn read(contents: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(contents);
        let count = fields.u32() as usize;
        let (session, chain) = (fields.array(), Hash(fields.array()));
        let (record_bytes, card_bytes) = (fields.u32() as usize, fields.u32() as usize);
        if count == 0 || count > fields.rest().len() / ITEM_BYTES {
            return None;
        }
        let items = (0..count).map(|_| read_item(&mut fields)).collect::<Option<Vec<_>>>()?;
        let start = contents.len() - fields.rest().len();
        let middle = start.checked_add(record_bytes)?;
        let (records, cards) = (start..middle, middle..middle.checked_add(card_bytes)?);
        let is_consistent = record_bytes >= TAG_BYTES
            && items.iter().any(Item::has_card_part) == (card_bytes > 0)
            && cards.end <= MAX_GROUP_BYTES
            && sectors_for(cards.end) == sectors_for(contents.len())
            && !fields.ended_early();
        (is_consistent && is_zero(contents.get(cards.end..)?)).then_some(Self { session, chain, items, records, cards })
    }

    /// Verifies and decrypts what the keys allow, in place, and checks every commitment.
    pub fn open<'a>(
        &self,
        place: &GroupPlace,
        keys: &SessionKeys,
        contents: &'a mut [u8],
        scratch: &mut Vec<u8>,
    ) -> Result<Vec<GroupEntry<'a>>, GroupFault> {
        let (clear, sealed) = contents.split_at_mut_checked(self.records.start).ok_or(GroupFault::Contents)?;
        place.put_context(clear, scratch);
        let (records, rest) = sealed.split_at_mut_checked(self.records.len()).ok_or(GroupFault::Contents)?;
        let cards = rest.get_mut(..self.cards.len()).ok_or(GroupFault::Contents)?;
        let mut records = match &keys.records {
            Some(key) if !records.is_empty() => {
                Some(Fields::new(key.open(place.sequence, scratch, records).map_err(|_| GroupFault::Tampered)?))
            }
            _ => None,
        };
        let mut cards = match &keys.cards {
            Some(key) if !cards.is_empty() => {
                Some(Fields::new(key.open(place.sequence, scratch, cards).map_err(|_| GroupFault::Tampered)?))
            }
            _ => None,
        };
        let entries = self.items.iter().map(|item| read_entry(*item, &mut records, &mut cards));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let is_used_up = |part: &Option<Fields<'_>>| {
            part.as_ref().is_none_or(|fields| fields.rest().is_empty() && !fields.ended_early())
        };
        if is_used_up(&records) && is_used_up(&cards) { Ok(entries) } else { Err(GroupFault::Contents) }
    }

    /// The entries as they are without any key.
    pub fn locked<'a>(&self) -> Vec<GroupEntry<'a>> {
        let card = |item: &Item| if item.card.is_some() { CardPart::Gone } else { CardPart::None };
        let entry = |item: &Item| GroupEntry { item: *item, record: RecordPart::Gone, card: card(item) };
        self.items.iter().map(entry).collect()
    }
}

impl GroupPlace {
    pub(super) fn context(&self, clear: &[u8]) -> Vec<u8> {
        let mut context = Vec::new();
        self.put_context(clear, &mut context);
        context
    }

    fn put_context(&self, clear: &[u8], context: &mut Vec<u8>) {
        context.clear();
        context.extend_from_slice(CONTEXT_LABEL);
        context.extend_from_slice(&self.journal.0);
        context.extend_from_slice(&self.segment.to_be_bytes());
        context.extend_from_slice(&self.sequence.to_be_bytes());
        context.extend_from_slice(clear);
    }
}

fn read_item(fields: &mut Fields<'_>) -> Option<Item> {
    let kind = Kind::from_code(fields.u8())?;
    let flags = fields.u8();
    let zero = fields.u16();
    let record = Hash(fields.array());
    let card = (flags & HAS_CARD != 0).then(|| Hash(fields.array()));
    let is_known = flags & !(HAS_CARD | DROPPED | SUMMARY | CARD_DROPPED) == 0;
    let is_consistent =
        flags & (DROPPED | SUMMARY) != DROPPED | SUMMARY && (card.is_some() || flags & CARD_DROPPED == 0);
    (zero == 0 && is_known && is_consistent && !fields.ended_early()).then_some(Item { kind, record, card, flags })
}

fn read_entry<'a>(
    item: Item,
    records: &mut Option<Fields<'a>>,
    cards: &mut Option<Fields<'a>>,
) -> Result<GroupEntry<'a>, GroupFault> {
    let record = match records {
        Some(fields) if item.flags & SUMMARY != 0 => {
            let bytes = fields.u32() as usize;
            RecordPart::Summary(fields.take(bytes))
        }
        Some(fields) if item.has_record_part() => RecordPart::Whole(take_salted(fields)?),
        _ => RecordPart::Gone,
    };
    let card = match cards {
        _ if item.card.is_none() => CardPart::None,
        Some(fields) if item.has_card_part() => CardPart::Whole(take_salted(fields)?),
        _ => CardPart::Gone,
    };
    let holds = match (record, card, item.card) {
        (RecordPart::Whole(record), ..) if commit_record(record.salt, record.bytes) != item.record => false,
        (_, CardPart::Whole(card), Some(commitment)) => commit_card(card.salt, card.bytes) == commitment,
        _ => true,
    };
    if holds { Ok(GroupEntry { item, record, card }) } else { Err(GroupFault::Tampered) }
}

fn take_salted<'a>(fields: &mut Fields<'a>) -> Result<Salted<'a>, GroupFault> {
    let bytes = fields.u32() as usize;
    let salt = fields.take(SALT_BYTES).first_chunk().ok_or(GroupFault::Contents)?;
    Ok(Salted { salt, bytes: fields.take(bytes) })
}
