//! The parts of a settlement: its calls, and the transactions each part of an upload is about.

use super::errand::Errand;
use super::world::World;
use crate::books::{Compared, Settling, Transaction};
use crate::contract::Digest;
use crate::contract::transaction::{Operation, OperationKind, Upload};
use crate::effect::{OperationId, SealedItem};
use crate::identity::TransactionId;
use crate::record::{Fact, Incident, Sealed};

/// The transactions one upload call is about.
pub(crate) struct Items<'a> {
    pub items: Vec<&'a TransactionId>,
    /// Those before and between them whose card is not there any more. They cannot be told of and are passed over: a
    /// batch that could never be closed would stop the till for good.
    pub passed_over: Vec<&'a TransactionId>,
    /// So many of the batch are delivered with them, or passed over.
    pub through: u32,
}

impl<'a> Items<'a> {
    /// The next ones from here on.
    pub fn from(first: u32, world: &World<'a>) -> Items<'a> {
        let all = world.books.batch(&world.deployment.acquirer).items();
        let (mut items, mut passed_over) = (Vec::new(), Vec::new());
        let mut through = first as usize;
        for id in all.iter().skip(first as usize) {
            if items.len() >= world.deployment.ceilings.upload_items.max(1) as usize {
                break;
            }
            through += 1;
            if world.can_be_told(id) { items.push(id) } else { passed_over.push(id) }
        }
        Items { items, passed_over, through: u32::try_from(through).unwrap_or(u32::MAX) }
    }
}

/// What is written down when a call of an upload was acknowledged: how far it is, and beside it whom it passed over. The
/// message that ends the upload has no items and stands behind the last one, so what it passes over begins where the
/// upload durably was.
pub fn acknowledged(settlement: &TransactionId, upload: &Upload, settling: &Settling, world: &World<'_>) -> Vec<Fact> {
    let what = Incident::NotUploaded;
    let incident =
        |id: &TransactionId| Fact::Incident { transaction: Some(id.clone()), party: what.party(), what: what.clone() };
    let passed_over = Items::from(settling.uploaded, world).passed_over;
    let through = Items::from(upload.first, world).through;
    let uploaded = Fact::Uploaded { settlement: settlement.clone(), through, of: upload.total };
    passed_over.into_iter().map(incident).chain([uploaded]).collect()
}

/// How many of the first so many items were told of.
pub fn delivered(through: u32, world: &World<'_>) -> u32 {
    let items = world.books.batch(&world.deployment.acquirer).items();
    let told = items.iter().take(through as usize).filter(|id| world.can_be_told(id)).count();
    u32::try_from(told).unwrap_or(u32::MAX)
}

impl World<'_> {
    /// The card of an item, sealed. A tip, or a void for which no card was presented, was paid with its original's.
    pub fn sealed_item(&self, of: &TransactionId) -> SealedItem {
        let card = |of: &TransactionId| match self.books.transaction(of).and_then(Transaction::sealed) {
            Some(Sealed::Here(sealed)) => Some(SealedItem { of: of.clone(), sealed: Some(sealed.clone()) }),
            Some(Sealed::None | Sealed::Destroyed) | None => None,
        };
        let original = self.books.transaction(of).and_then(Transaction::follows);
        let sealed = card(of).or_else(|| card(&original?));
        sealed.unwrap_or(SealedItem { of: of.clone(), sealed: None })
    }

    fn can_be_told(&self, id: &TransactionId) -> bool {
        let item = self.item(id);
        item.is_some_and(|item| item.card.is_none() || self.sealed_item(id).sealed.is_some())
    }
}

/// Whether the batch is uploaded after this verdict.
pub fn uploads(compared: &Compared, world: &World<'_>) -> bool {
    let wanted = !compared.balanced || compared.next == Some(OperationKind::Upload);
    wanted && world.deployment.offers(OperationKind::Upload)
}

/// One call's errand; the exchanges of a settlement are counted through all its calls.
pub fn errand(
    operation: OperationId,
    transaction: TransactionId,
    operator: String,
    subject: Operation,
    world: &World<'_>,
) -> Errand {
    let known = world.books.transaction(&transaction).and_then(|known| known.exchanges.last());
    let exchanges = known.map_or(0, |last| last.intent.exchange.saturating_add(1));
    let plugin = world.deployment.plugin.as_ref().map_or(Digest([0; 32]), |loaded| loaded.digest);
    let kind = subject.kind();
    Errand::new(operation, transaction, kind, subject, plugin, operator).after_exchanges(exchanges)
}
