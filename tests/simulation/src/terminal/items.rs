//! The cards of an upload's items, as the vault wants them: all of those there are, in a row.

use engine::contract::template::{ChipDataHole, Message, Node, SecretHole};
use engine::{SealedItem, TransactionId};
use vault::{SealedCard, UnsealedCard, Vault};

/// Unseals the card of every item that has one, and lets the message's holes name them by their place among those.
///
/// # Errors
/// A card cannot be unsealed, or a hole names an item that has none.
pub(super) fn unseal(
    vault: &Vault,
    items: &[SealedItem],
    message: &Message,
) -> Result<(Vec<UnsealedCard>, Message), String> {
    let mut cards = Vec::new();
    let mut places = Vec::new();
    for SealedItem { of, sealed } in items {
        places.push(sealed.as_ref().map(|_| cards.len()));
        if let Some(sealed) = sealed {
            cards.push(open(vault, of, sealed)?);
        }
    }
    Ok((cards, renumbered(message, &places)?))
}

/// The message with its holes naming cards by their new places.
fn renumbered(message: &Message, places: &[Option<usize>]) -> Result<Message, String> {
    let mut message = message.clone();
    for node in &mut message.nodes {
        let (Node::Secret(SecretHole { of_item: Some(item), .. })
        | Node::ChipData(ChipDataHole { of_item: Some(item), .. })) = node
        else {
            continue;
        };
        let place = places.get(*item as usize).copied().flatten().and_then(|place| u32::try_from(place).ok());
        *item = place.ok_or_else(|| format!("item {item} has no card, or it is not there any more"))?;
    }
    Ok(message)
}

fn open(vault: &Vault, of: &TransactionId, sealed: &[u8]) -> Result<UnsealedCard, String> {
    vault.unseal(&SealedCard::from(sealed.to_vec()), of.as_str().as_bytes()).map_err(|error| error.to_string())
}
