use super::ProvenBy;
use crate::contract::acquirer::{Echoed, Meaning, Pattern, Reply, Standby};
use crate::contract::template::{Message, Node, Secret};

/// Whether an answer, scrubbed, is the one a reading is for. A pattern that names no byte fits nothing.
pub fn fits(pattern: &Pattern, reply: &Reply) -> bool {
    names_a_byte(pattern)
        && pattern.status.is_none_or(|status| status == reply.status)
        && pattern.at.iter().all(|at| bytes_at(&reply.body, at.offset, at.bytes.len()) == Some(&at.bytes))
        && pattern.holds.iter().all(|bytes| bytes.is_empty() || reply.body.windows(bytes.len()).any(|w| w == bytes))
}

/// Whether one of the standby message's own readings could pay it: it names bytes, and proves what is demanded.
pub fn can_be_paid(standby: &Standby, demands_seal: bool, demands_echoes: &[Echoed]) -> bool {
    standby.answers.iter().any(|reading| {
        let proven = ProvenBy::all_of(&reading.proofs);
        reading.means == Meaning::Paid
            && names_a_byte(&reading.fits)
            && !reading.proofs.is_empty()
            && proven.meets(demands_seal, demands_echoes)
    })
}

/// What a standby message may hold of a card: number, expiry and kept EMV tags; never a track, a PIN or a card code.
pub fn secrets_allowed(standby: &Standby) -> bool {
    let allowed = |message: &Message| {
        message.nodes.iter().all(|node| match node {
            Node::Secret(hole) => matches!(hole.secret, Secret::Pan | Secret::Expiry),
            Node::Track(_) | Node::PinBlock(_) => false,
            _ => true,
        })
    };
    allowed(&standby.message) && standby.again.as_ref().is_none_or(allowed)
}

fn names_a_byte(pattern: &Pattern) -> bool {
    pattern.at.iter().any(|at| !at.bytes.is_empty()) || pattern.holds.iter().any(|bytes| !bytes.is_empty())
}

/// The bytes from an offset, which counts from the end when negative.
fn bytes_at(body: &[u8], offset: i32, length: usize) -> Option<&[u8]> {
    let start = if offset < 0 { body.len().checked_sub(offset.unsigned_abs() as usize)? } else { offset as usize };
    body.get(start..start.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::acquirer::BytesAt;

    fn reply(body: &[u8]) -> Reply {
        Reply { status: 0, headers: Vec::new(), body: body.to_vec() }
    }

    fn pattern(at: &[(i32, &[u8])], holds: &[&[u8]]) -> Pattern {
        Pattern {
            status: None,
            at: at.iter().map(|(offset, bytes)| BytesAt { offset: *offset, bytes: bytes.to_vec() }).collect(),
            holds: holds.iter().map(|bytes| bytes.to_vec()).collect(),
        }
    }

    #[test]
    fn offsets_count_from_either_end_and_never_outside() {
        let body = reply(b"abcdef");
        for (at, expected) in [
            ((0, b"ab".as_slice()), true),
            ((-2, b"ef"), true),
            ((-2, b"efg"), false),
            ((5, b"fg"), false),
            ((-7, b"a"), false),
            ((i32::MIN, b"a"), false),
        ] {
            assert_eq!(fits(&pattern(&[at], &[]), &body), expected, "{at:?}");
        }
        assert!(fits(&pattern(&[], &[b"cd"]), &body));
        assert!(!fits(&pattern(&[], &[b"ce"]), &body));
    }

    #[test]
    fn a_pattern_without_bytes_fits_nothing() {
        assert!(!fits(&pattern(&[], &[]), &reply(b"abc")));
        assert!(!fits(&pattern(&[(0, b"")], &[b""]), &reply(b"abc")));
    }
}
