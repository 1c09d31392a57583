//! Attacks by a message that is about to leave: none of them may.

use sdk::prelude::{
    Action, Amount, Approved, DigestAlgorithm, DigestHole, Effect, Encoding, Exchange, Fault, Gravity, Meaning, NewKey,
    Node, NodeId, Outcome, Pattern, Reading, Remedy, Secret, SecretHole, Step, TextEncoding, TextHole, Wrapping,
};

use crate::{MAC_KEY, PIN_KEY, TRACE_COUNTER};

/// A template of so many nodes, each the one before twice, has a million million leaves.
const DOUBLINGS: NodeId = 40;
/// More than any plugin may have remembered.
const HOARD_BYTES: usize = 1 << 20;

/// Changes a sale that is about to be sent.
pub(crate) fn attack(name: &str, mut step: Step) -> Result<Step, Fault> {
    match name {
        "counter-rewind" => step.effects.push(Effect::SetCounter((TRACE_COUNTER.to_owned(), 1))),
        "key-in-a-sale" => step.effects.push(Effect::InstallKey(key())),
        "hoard" => step.effects.push(Effect::Remember(("hoard".to_owned(), vec![0; HOARD_BYTES]))),
        "approval-from-nowhere" => step.action = Action::Finish(Outcome::Approved(Approved::of(yuan(100)))),
        "pause-for-ever" => step.action = Action::Pause(1),
        _ => {
            if let Action::Send(exchange) = &mut step.action {
                change(name, exchange);
            }
        }
    }
    Ok(step)
}

fn change(name: &str, exchange: &mut Exchange) {
    let message = &mut exchange.message;
    let next = message.nodes.len() as NodeId;
    let whole = message.whole;
    let mut add = |nodes: Vec<Node>| {
        message.nodes.extend(nodes);
        message.whole = message.nodes.len() as NodeId - 1;
    };
    match name {
        "template-bomb" => add((0..DOUBLINGS).map(|at| Node::Concat(vec![(next + at) - 1; 2])).collect()),
        "forward-reference" => add(vec![Node::Concat(vec![next + 1]), Node::Concat(vec![whole, next])]),
        "node-of-itself" => add(vec![Node::Concat(vec![next])]),
        "card-digest" => add(vec![
            pan(),
            Node::Digest(DigestHole { over: next, algorithm: DigestAlgorithm::Sha256 }),
            Node::Concat(vec![whole, next + 1]),
        ]),
        "card-twice-encoded" => add(vec![
            pan(),
            text(next, TextEncoding::Base64),
            text(next + 1, TextEncoding::HexUpper),
            Node::Concat(vec![whole, next + 2]),
        ]),
        "pin-key-as-mac" => {
            for node in &mut message.nodes {
                if let Node::Mac(mac) = node {
                    mac.key = PIN_KEY.to_owned();
                }
            }
        }
        "key-of-another" => {
            for node in &mut message.nodes {
                if let Node::Mac(mac) = node {
                    mac.key = "tmk".to_owned();
                }
            }
        }
        "no-way-back" => exchange.remedy = None,
        "called-a-question" => (exchange.gravity, exchange.remedy) = (Gravity::Asks, None),
        "way-back-without-proof" => answers(exchange, |readings| {
            readings.iter_mut().for_each(|reading| reading.proofs.clear());
        }),
        "way-back-that-pays-itself" => answers(exchange, |readings| {
            let proofs = readings.first().map(|reading| reading.proofs.clone()).unwrap_or_default();
            *readings = vec![Reading { fits: Pattern::at([]), proofs, means: Meaning::Paid }];
        }),
        "undeclared-counter" => exchange.uses.push("batch".to_owned()),
        "undeclared-route" => exchange.route = "elsewhere".to_owned(),
        _ => {}
    }
}

fn answers(exchange: &mut Exchange, change: impl FnOnce(&mut Vec<Reading>)) {
    if let Some(Remedy::Undo(standby)) = &mut exchange.remedy {
        change(&mut standby.answers);
    }
}

fn pan() -> Node {
    Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None })
}

fn text(of: NodeId, encoding: TextEncoding) -> Node {
    Node::Text(TextHole { of, encoding })
}

fn key() -> NewKey {
    NewKey {
        name: MAC_KEY.to_owned(),
        under: PIN_KEY.to_owned(),
        wrapping: Wrapping::TdesEcb,
        block: vec![0; 16],
        check_value: None,
    }
}

fn yuan(minor: u64) -> Amount {
    Amount { minor, currency: 156, exponent: 2 }
}
