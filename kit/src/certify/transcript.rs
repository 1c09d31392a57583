//! What went and came in the recorded calls, masked, with what each call costs: what a reader of a report checks its
//! verdicts against.
//!
//! Nothing needs to be taken out. A plugin writes holes where card data, PINs and seals will stand, and a reply has been
//! scrubbed before the plugin saw it.

use engine::contract::acquirer::{Action, Event, Exchange};
use engine::contract::template::{Message, Node};
use engine::contract::types::Name;
use engine::contract::{InspectedField, Plugin};
use serde::Serialize;

use super::{Answered, Asked, Judge};
use crate::recording::RecordedCall;
use crate::replay;

/// Bytes of a literal or a reply that are shown: more than any message of a card has.
const SHOWN_BYTES: usize = 4_096;
/// Nodes of one message that are looked at. A template can refer to a node twice, and that one to another twice, and so on
/// until no report could hold it.
const SHOWN_NODES: usize = 1_024;

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Which, counted from 1.
    pub call: usize,
    /// What was asked: `start Sale`, `resume Reverse`.
    pub asked: String,
    /// Instructions, roughly one unit each.
    pub fuel: u64,
    /// The answer it was given, as the plugin itself names its fields; in hexadecimal where it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
    /// The message it asked to be sent: bytes in hexadecimal, what the terminal fills in between angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
}

/// A reply, scrubbed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// As the plugin reads it for people.
    Fields(Vec<InspectedField>),
    /// Bytes, in hexadecimal.
    Bytes(String),
}

/// All of a recording.
pub fn transcript(judge: &Judge<'_>, recording: &[RecordedCall]) -> Vec<Told> {
    (1..).zip(recording).map(|(at, call)| told(judge, at, call)).collect()
}

fn told(judge: &Judge<'_>, at: usize, call: &RecordedCall) -> Told {
    let answer = call.asked.of(judge.plugin, &call.context);
    let fuel = (judge.spent)().fuel;
    let heard = match &call.asked {
        Asked::Resume { event: Event::Received(reply), .. } => Some(heard(judge.plugin, &reply.body)),
        _ => None,
    };
    let sent = match &answer {
        Answered::Step(step) => match &step.action {
            Action::Send(Exchange { message, .. }) => Some(masked(message)),
            _ => None,
        },
        _ => None,
    };
    Told { call: at, asked: replay::name(&call.asked), fuel, heard, sent }
}

fn heard(plugin: &dyn Plugin, body: &[u8]) -> Heard {
    match plugin.read(body) {
        Ok(fields) if !fields.is_empty() => Heard::Fields(fields),
        _ => Heard::Bytes(hex::encode_upper(&body[..body.len().min(SHOWN_BYTES)])),
    }
}

/// A template as text, without a byte of what the terminal fills in.
fn masked(message: &Message) -> String {
    let mut text = String::new();
    if let Some(head) = &message.http {
        text.push_str(&format!("{} {} ", head.method, head.target));
    }
    Masking { message, left: SHOWN_NODES, text: &mut text }.write(message.whole, message.nodes.len());
    text
}

struct Masking<'a> {
    message: &'a Message,
    left: usize,
    text: &'a mut String,
}

impl Masking<'_> {
    /// Nodes refer to earlier ones alone: `below` is the first that may not be referred to from here.
    fn write(&mut self, node: u32, below: usize) {
        let at = usize::try_from(node).unwrap_or(usize::MAX);
        let (Some(found), Some(left)) = (self.message.nodes.get(at).filter(|_| at < below), self.left.checked_sub(1))
        else {
            return;
        };
        self.left = left;
        let hole = |what: &str, key: &Name| format!("<{what} under {key}>");
        let filled = match found {
            Node::Literal(bytes) => hex::encode_upper(&bytes[..bytes.len().min(SHOWN_BYTES)]),
            Node::Concat(parts) => return parts.iter().for_each(|part| self.write(*part, at)),
            Node::Text(part) => return self.write(part.of, at),
            Node::Secret(hole) => format!("<{:?}>", hole.secret),
            Node::Track(track) => hole(&format!("{:?}", track.track), &track.key),
            Node::PinBlock(key) => hole("PIN block", key),
            Node::KeySerial(serial) => hole("key serial number", &serial.key),
            Node::ChipData(_) => "<chip data>".into(),
            Node::Mac(mac) => hole("MAC", &mac.key),
            Node::Digest(digest) => format!("<{:?}>", digest.algorithm),
            Node::Cipher(cipher) => hole("cipher", &cipher.key),
            Node::Signature(signature) => hole("signature", &signature.key),
            Node::LengthOf(_) => "<length>".into(),
            Node::Nonce(characters) => format!("<{characters} random characters>"),
            Node::Clock(pattern) => format!("<time {pattern}>"),
            Node::Reason(_) => "<reason>".into(),
            Node::Received(_) | Node::ReceivedHeader(_) => "<received>".into(),
        };
        self.text.push_str(&filled);
    }
}

#[cfg(test)]
mod tests {
    use engine::contract::template::{Encoding, MacAlgorithm, MacHole, Secret, SecretHole};

    use super::*;

    #[test]
    fn holes_are_named_and_bytes_are_shown() {
        let pan = SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None };
        let mac = MacHole { over: 2, algorithm: MacAlgorithm::X919, key: "mak".into() };
        let nodes = vec![
            Node::Literal(vec![2, 0]),
            Node::Secret(pan),
            Node::Concat(vec![0, 1]),
            Node::Mac(mac),
            Node::Concat(vec![2, 3, 9]),
        ];
        assert_eq!(masked(&Message { nodes, whole: 4, http: None }), "0200<Pan><MAC under mak>");
    }

    /// A template of forty nodes that each name the one before twice has a million million leaves.
    #[test]
    fn a_template_that_doubles_is_cut_short() {
        for leaf in [vec![0xAB], vec![]] {
            let mut nodes = vec![Node::Literal(leaf)];
            nodes.extend((0..40).map(|at| Node::Concat(vec![at, at])));
            assert!(masked(&Message { nodes, whole: 40, http: None }).len() <= 2 * SHOWN_NODES);
        }
        let loops = Message { nodes: vec![Node::Concat(vec![0])], whole: 0, http: None };
        assert_eq!(masked(&loops), "");
    }
}
