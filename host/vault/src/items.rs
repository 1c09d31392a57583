//! The cards of an upload's items, as a rendering wants them: all of those there are, in a row.
//!
//! Protects against: a hole filled with another item's card.
//! Does not protect against: items in another order than the plugin was told of; the engine sees to that.

use engine::SealedItem;
use engine::contract::template::{ChipDataHole, Message, Node, SecretHole};
use thiserror::Error;

use crate::card::UnsealedCard;
use crate::seal::{SealError, SealedCard};
use crate::vault::Vault;

/// Why the cards of an upload are not there. Holds no card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ItemsError {
    /// One of them does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A hole names an item without one.
    #[error("item {0} has no card, or it is not there any more")]
    NoCard(u32),
}

impl Vault {
    /// Unseals the card of every item that has one, and lets the message's holes name them by their place among those.
    ///
    /// # Errors
    /// A card cannot be unsealed, or a hole names an item that has none.
    pub fn unseal_items(
        &self,
        items: &[SealedItem],
        message: &Message,
    ) -> Result<(Vec<UnsealedCard>, Message), ItemsError> {
        let mut cards = Vec::new();
        let mut places = Vec::new();
        for SealedItem { of, sealed } in items {
            places.push(sealed.as_ref().map(|_| cards.len()));
            if let Some(sealed) = sealed {
                cards.push(self.unseal(&SealedCard::from(sealed.clone()), of.as_str().as_bytes())?);
            }
        }
        Ok((cards, renumbered(message, &places)?))
    }
}

/// The message with its holes naming cards by their new places.
fn renumbered(message: &Message, places: &[Option<usize>]) -> Result<Message, ItemsError> {
    let mut message = message.clone();
    for node in &mut message.nodes {
        let (Node::Secret(SecretHole { of_item: Some(item), .. })
        | Node::ChipData(ChipDataHole { of_item: Some(item), .. })) = node
        else {
            continue;
        };
        let place = places.get(*item as usize).copied().flatten().and_then(|place| u32::try_from(place).ok());
        *item = place.ok_or(ItemsError::NoCard(*item))?;
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use engine::contract::template::{Encoding, Secret};

    use super::*;

    fn message(item: u32) -> Message {
        let hole = SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: Some(item) };
        Message { whole: 0, nodes: vec![Node::Literal(vec![1]), Node::Secret(hole)], http: None }
    }

    #[test]
    fn holes_name_the_cards_there_are_and_no_others() {
        let places = [None, Some(0), Some(1)];
        assert_eq!(renumbered(&message(1), &places), Ok(message(0)));
        assert_eq!(renumbered(&message(2), &places), Ok(message(1)));
        for hole in [0, 3] {
            let error = renumbered(&message(hole), &places).unwrap_err().to_string();
            assert!(error.contains(&format!("item {hole} ")), "{error}");
        }
    }
}
