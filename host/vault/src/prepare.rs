//! A message made ready to leave, and with it what may have to be sent later to take it back.
//!
//! Protects against: money that moves and cannot be taken back, because the message that would undo it does not render.
//! Does not protect against: a key dropped between now and then; the debt says so when it is tried.

use engine::contract::acquirer::Standby;
use engine::contract::template::{Message, Node, ReasonBytes, UndoReason};
use engine::contract::types::LocalTime;
use engine::{Draft, TransactionId};
use thiserror::Error;

use crate::card::{CardSession, UnsealedCard};
use crate::items::ItemsError;
use crate::keys::dukpt::Counting;
use crate::render::{CardSource, RenderError, RenderInput, Rendered, RouteGrant};
use crate::seal::{SealError, SealedCard, StandbyError, secrets_needed};
use crate::vault::Vault;

/// Reasons a standby message may be asked to spell; each must render before the money moves.
const REASONS: [UndoReason; 5] =
    [UndoReason::NoAnswer, UndoReason::BadMac, UndoReason::Malfunction, UndoReason::CardRefused, UndoReason::Cancelled];

/// On whose behalf, and with what.
pub struct Preparing<'a> {
    /// The plugin whose keys are used.
    pub plugin: &'a str,
    /// The card presented in this operation.
    pub card: Option<&'a mut CardSession>,
    /// What may leave by a route; none where the plugin was not granted it.
    pub allowed: &'a dyn Fn(&str) -> Option<&'a RouteGrant>,
    /// The terminal's time.
    pub now: &'a LocalTime,
}

/// A message ready to leave.
pub struct Prepared {
    /// Its bytes.
    pub rendered: Rendered,
    /// What its standby message needs of the card, sealed to the draft's transaction.
    pub sealed: Option<SealedCard>,
}

/// Why a message is not ready. Holds no card data.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// The deployment grants the plugin no such route.
    #[error("no route {0} is granted to this plugin")]
    NoRoute(String),
    /// Card data does not seal, or what was sealed does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The card of an item of an upload.
    #[error(transparent)]
    Items(#[from] ItemsError),
    /// A standby message that could not be rendered from sealed secrets alone.
    #[error(transparent)]
    Standby(#[from] StandbyError),
    /// The message, or what would take it back, does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The cards a message is rendered with, other than the one presented.
enum Kept {
    None,
    One(UnsealedCard),
    /// Those of an upload's items, and the message naming them by their places among them.
    Items(Vec<UnsealedCard>, Message),
}

impl Vault {
    /// Renders a message and, before any money can move, everything that might have to be sent to take it back.
    ///
    /// # Errors
    /// Nothing of it may be sent then: [`PrepareError`] says why.
    pub fn prepare(&self, draft: &Draft, preparing: Preparing<'_>) -> Result<Prepared, PrepareError> {
        let Preparing { plugin, card, allowed, now } = preparing;
        let kept = self.kept(draft)?;
        let sealed = match &draft.standby {
            None => None,
            Some(standby) => {
                let sealed = self.seal_for(standby, &draft.transaction, &kept, card.as_deref())?;
                let allowed = allowed(&standby.route).ok_or_else(|| PrepareError::NoRoute(standby.route.clone()))?;
                self.try_out(plugin, standby, sealed.as_ref(), &draft.transaction, allowed, now)?;
                sealed
            }
        };
        let allowed = allowed(&draft.route).ok_or_else(|| PrepareError::NoRoute(draft.route.clone()))?;
        let (message, card) = match &kept {
            Kept::One(card) => (&*draft.message, CardSource::Unsealed(card)),
            Kept::Items(cards, message) => (message, CardSource::Items(cards)),
            Kept::None => (&*draft.message, card.map_or(CardSource::None, CardSource::Live)),
        };
        let input = RenderInput { card, reason: draft.reason, allowed, now };
        // What may have to be taken back leaves counters of DUKPT keys to do it with.
        let counting = if draft.standby.is_some() { Counting::LeavingSome } else { Counting::ToTheLast };
        Ok(Prepared { rendered: self.render_counting(plugin, message, input, counting)?, sealed })
    }

    fn kept(&self, draft: &Draft) -> Result<Kept, PrepareError> {
        Ok(match &draft.card {
            engine::CardSource::Sealed { of, sealed } => {
                Kept::One(self.unseal(&SealedCard::from(sealed.clone()), of.as_str().as_bytes())?)
            }
            engine::CardSource::Items(items) => {
                let (cards, message) = self.unseal_items(items, &draft.message)?;
                Kept::Items(cards, message)
            }
            engine::CardSource::Presented | engine::CardSource::None => Kept::None,
        })
    }

    /// What the standby message needs, sealed to the transaction it belongs to; nothing where there is no card.
    fn seal_for(
        &self,
        standby: &Standby,
        transaction: &TransactionId,
        kept: &Kept,
        card: Option<&CardSession>,
    ) -> Result<Option<SealedCard>, PrepareError> {
        let needed = secrets_needed(standby)?;
        let context = transaction.as_str().as_bytes();
        let sealed = match (kept, card) {
            (Kept::One(card), _) => Some(self.seal_again(card, &needed, context)),
            (_, Some(card)) => Some(self.seal(card, &needed, context)),
            (_, None) => None,
        };
        Ok(sealed.transpose()?)
    }

    /// Renders the standby message as it would be sent one day, from what was sealed.
    fn try_out(
        &self,
        plugin: &str,
        standby: &Standby,
        sealed: Option<&SealedCard>,
        transaction: &TransactionId,
        allowed: &RouteGrant,
        now: &LocalTime,
    ) -> Result<(), PrepareError> {
        let card = sealed.map(|sealed| self.unseal(sealed, transaction.as_str().as_bytes())).transpose()?;
        for message in [Some(&standby.message), standby.again.as_ref()].into_iter().flatten() {
            let reasons = if one_reason_shows_all(message) { &REASONS[..1] } else { &REASONS[..] };
            for reason in reasons {
                let card = card.as_ref().map_or(CardSource::None, CardSource::Unsealed);
                let input = RenderInput { card, reason: Some(*reason), allowed, now };
                self.render_counting(plugin, message, input, Counting::Trial)?;
            }
        }
        Ok(())
    }
}

/// A rendering depends on the reason only through the bytes that spell it. Where every reason is spelled, in as many
/// bytes, and nothing is written as text, which alone may refuse bytes for what they are, one rendering shows all.
fn one_reason_shows_all(message: &Message) -> bool {
    let spelled_alike = |spelled: &[ReasonBytes]| {
        let length_of =
            |reason| spelled.iter().find(|spelling| spelling.reason == reason).map(|found| found.bytes.len());
        let first = length_of(REASONS[0]);
        first.is_some() && REASONS.iter().all(|reason| length_of(*reason) == first)
    };
    message.nodes.iter().all(|node| match node {
        Node::Reason(spelled) => spelled_alike(spelled),
        Node::Text(_) => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::contract::template::{Encoding, LengthEncoding, LengthHole, Secret, SecretHole};

    use super::*;
    use crate::testing::{PLUGIN, card, noon, signed_in};

    fn message(nodes: Vec<Node>) -> Message {
        let whole = u32::try_from(nodes.len() - 1).unwrap();
        Message { nodes, whole, http: None }
    }

    fn number() -> Node {
        Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None })
    }

    fn spelled(length: impl Fn(usize) -> usize, reasons: &[UndoReason]) -> Node {
        let of = |(index, reason): (usize, &UndoReason)| ReasonBytes { reason: *reason, bytes: vec![7; length(index)] };
        Node::Reason(reasons.iter().enumerate().map(of).collect())
    }

    fn draft(standby: Vec<Node>, card: engine::CardSource) -> Draft {
        Draft {
            transaction: TransactionId::parse("P1").unwrap(),
            message: message(vec![Node::Literal(vec![1])]).into(),
            standby: Some(Arc::new(Standby {
                route: "host".into(),
                message: message(standby),
                again: None,
                timeout: 1_000,
                answers: Vec::new(),
            })),
            route: "host".into(),
            card,
            reason: None,
        }
    }

    fn prepared(vault: &Vault, draft: &Draft, card: Option<&mut CardSession>) -> Result<Prepared, PrepareError> {
        let grant = RouteGrant { secrets: vec![Secret::Pan], ..RouteGrant::default() };
        let allowed = |route: &str| (route == "host").then_some(&grant);
        vault.prepare(draft, Preparing { plugin: PLUGIN, card, allowed: &allowed, now: &noon() })
    }

    /// A message whose undo does not render must never leave: the money would be taken for good.
    #[test]
    fn nothing_is_ready_whose_undo_does_not_render_for_every_reason() {
        let (_folder, vault) = signed_in();
        let counted = |longest: usize| {
            let length = move |index: usize| if index == REASONS.len() - 1 { longest } else { 2 };
            let counts = Node::LengthOf(LengthHole { of: 0, encoding: LengthEncoding::BcdOneByte });
            vec![spelled(length, &REASONS), counts]
        };
        let cases = [
            (vec![spelled(|_| 2, &REASONS)], true, "every reason alike"),
            (vec![spelled(|_| 2, &REASONS[..4])], false, "one reason without a spelling"),
            (counted(2), true, "a length that can be written"),
            (counted(100), false, "a length of the last reason that cannot be written"),
            (vec![number()], true, "a card number, sealed"),
        ];
        for (standby, is_ready, what) in cases {
            let made = prepared(&vault, &draft(standby, engine::CardSource::Presented), Some(&mut card()));
            assert_eq!(made.is_ok(), is_ready, "{what}");
        }
    }

    /// What takes a message back that has no card is tried out too.
    #[test]
    fn an_undo_that_needs_a_card_is_refused_where_there_is_none() {
        let (_folder, vault) = signed_in();
        let without = draft(vec![spelled(|_| 2, &REASONS)], engine::CardSource::None);
        assert!(prepared(&vault, &without, None).is_ok_and(|made| made.sealed.is_none()));
        let with = draft(vec![number()], engine::CardSource::None);
        assert!(matches!(prepared(&vault, &with, None), Err(PrepareError::Render(_))));
    }

    #[test]
    fn what_is_sealed_opens_for_its_own_transaction_only() {
        let (_folder, vault) = signed_in();
        let sale = draft(vec![number()], engine::CardSource::Presented);
        let sealed = prepared(&vault, &sale, Some(&mut card())).unwrap().sealed.unwrap();
        let void = Draft {
            transaction: TransactionId::parse("P2").unwrap(),
            ..draft(vec![number()], engine::CardSource::Sealed { of: sale.transaction.clone(), sealed: sealed.into() })
        };
        let again = prepared(&vault, &void, None).unwrap().sealed.unwrap();
        assert!(vault.unseal(&again, b"P2").is_ok() && vault.unseal(&again, b"P1").is_err());
        let elsewhere = Draft { route: "other".into(), ..void };
        let refused = prepared(&vault, &elsewhere, None).map(drop).unwrap_err().to_string();
        assert_eq!(refused, "no route other is granted to this plugin");
    }
}
