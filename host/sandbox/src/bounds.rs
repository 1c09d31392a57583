//! Whether an answer stays within its limits, before anybody works on it.

use engine::contract::PluginFault;
use engine::contract::acquirer::{Action, Effect, Exchange, Outcome, Proof, Reading, Remedy, Standby, Step};
use engine::contract::template::Message;

use crate::limits::{STATE_BYTES, STEP_LIST_ENTRIES, TEMPLATE_NODES};

/// Checks a step's state, its lists and the nodes of each of its templates. Its bytes as a whole were counted as they
/// left the guest.
pub(crate) fn step(step: &Step) -> Result<(), PluginFault> {
    state(&step.state)?;
    list(&step.effects)?;
    list(&step.reference)?;
    proofs(&step.proofs)?;
    step.effects.iter().try_for_each(effect)?;
    match &step.action {
        Action::Send(exchange) => self::exchange(exchange),
        Action::Finish(outcome) => self::outcome(outcome),
        Action::Listen(_) | Action::Pause(_) => Ok(()),
    }
}

/// Checks the state of a step, on its way out of the guest and back in.
pub(crate) fn state(state: &[u8]) -> Result<(), PluginFault> {
    if state.len() > STATE_BYTES { Err(PluginFault::StateTooLarge(state.len())) } else { Ok(()) }
}

fn exchange(exchange: &Exchange) -> Result<(), PluginFault> {
    list(&exchange.uses)?;
    message(&exchange.message)?;
    match &exchange.remedy {
        Some(Remedy::Undo(message) | Remedy::Repeat(message) | Remedy::Inquire(Some(message))) => standby(message),
        Some(Remedy::Inquire(None)) | None => Ok(()),
    }
}

fn standby(standby: &Standby) -> Result<(), PluginFault> {
    message(&standby.message)?;
    standby.again.iter().try_for_each(message)?;
    list(&standby.answers)?;
    standby.answers.iter().try_for_each(reading)
}

fn reading(reading: &Reading) -> Result<(), PluginFault> {
    list(&reading.fits.at)?;
    list(&reading.fits.holds)?;
    proofs(&reading.proofs)
}

fn proofs(proofs: &[Proof]) -> Result<(), PluginFault> {
    list(proofs)?;
    proofs.iter().try_for_each(|proof| match proof {
        Proof::Seal(seal) => nodes(seal.over.len()),
        Proof::Echo(_) => Ok(()),
    })
}

fn effect(effect: &Effect) -> Result<(), PluginFault> {
    match effect {
        Effect::DropKeys(names) => list(names),
        // Kernel tables are long by nature; host-call fuel bounds them.
        _ => Ok(()),
    }
}

fn outcome(outcome: &Outcome) -> Result<(), PluginFault> {
    match outcome {
        Outcome::Approved(approved) => list(&approved.receipt),
        Outcome::Settled(settled) => list(&settled.groups),
        _ => Ok(()),
    }
}

fn message(message: &Message) -> Result<(), PluginFault> {
    nodes(message.nodes.len())?;
    message.http.as_ref().map_or(Ok(()), |head| list(&head.headers))
}

fn nodes(count: usize) -> Result<(), PluginFault> {
    if count > TEMPLATE_NODES { Err(PluginFault::TooManyNodes(count)) } else { Ok(()) }
}

fn list<T>(entries: &[T]) -> Result<(), PluginFault> {
    if entries.len() > STEP_LIST_ENTRIES { Err(PluginFault::AnswerTooLarge) } else { Ok(()) }
}
