//! Cards and codes in customers' hands, and what a terminal reads of them.

use acquirer::crypto::Key;
use sdk::prelude::*;

use crate::support::cny;

/// A card in a customer's hand, or a code on a telephone.
#[derive(Clone)]
pub struct Plastic {
    pub secret: &'static str,
    pub expiry: &'static str,
    pub pin: &'static str,
    pub presented: Presented,
}

/// A card of the acquirer's example.
pub fn plastic(secret: &'static str, pin: &'static str, entry: Entry) -> Plastic {
    let has_track = !matches!(entry, Entry::Manual | Entry::CodeScan);
    let is_chip = matches!(entry, Entry::ContactChip | Entry::ContactlessChip);
    let presented = Presented {
        entry,
        bin: secret[..6].to_owned(),
        last_four: if entry == Entry::CodeScan { String::new() } else { secret[secret.len() - 4..].to_owned() },
        pan_length: secret.len() as u8,
        has_expiry: entry != Entry::CodeScan,
        track_one_length: 0,
        track_two_length: if has_track { secret.len() as u8 + 1 + 4 + 3 } else { 0 },
        track_three_length: 0,
        sequence_number: is_chip.then_some(1),
        service_code: None,
        verification: if pin.is_empty() { Verification::Signature } else { Verification::OnlinePin },
        pin_length: pin.len() as u8,
        fell_back: false,
        tags: Vec::new(),
    };
    Plastic { secret, expiry: "3012", pin, presented }
}

/// A payment with this card.
pub fn pay(kind: PaymentKind, minor: u64, card: &Plastic) -> Operation {
    Operation::Pay(Payment { kind, amount: cny(minor), tip: None, cash: None, card: Some(card.presented.clone()) })
}

/// What follows a transaction of this terminal, without its card.
pub fn follow_up(kind: FollowUpKind, original: &Original, amount: Amount) -> Operation {
    let of = Subject::Known(original.clone());
    Operation::FollowUp(FollowUp { kind, of, amount, card: None, reason: None })
}

/// A hole filled from this card.
pub fn secret(card: &Plastic, hole: &SecretHole) -> Vec<u8> {
    let packed = |digits: String| hex::decode(digits.clone() + &"0"[..digits.len() % 2]).expect("digits");
    match (hole.secret, hole.encoding) {
        (Secret::Pan, Encoding::BcdRightZero) => packed(card.secret.to_owned()),
        (Secret::Pan, Encoding::BcdLeftZero) => packed("0"[..card.secret.len() % 2].to_owned() + card.secret),
        (Secret::Expiry, Encoding::BcdRightZero) => packed(card.expiry.to_owned()),
        (Secret::TrackTwo, Encoding::BcdRightZero) => packed(track(card)),
        (Secret::ScannedCode, Encoding::Ascii) => card.secret.as_bytes().to_vec(),
        other => panic!("no {other:?} in this protocol"),
    }
}

/// Track two as DE35 holds it.
pub fn track(card: &Plastic) -> String {
    format!("{}D{}101", card.secret, card.expiry)
}

/// A track as A.12 protects it.
pub fn protected(track: &str, protection: TrackProtection, key: &Key) -> Vec<u8> {
    let packed = |digits: String| hex::decode(digits).expect("digits");
    match protection {
        TrackProtection::UnionpayLastBlock => {
            let clear = packed(track.to_owned() + &"0"[..track.len() % 2]);
            let (from, to) = (clear.len() - 9, clear.len() - 1);
            [&clear[..from], &key.encipher(&clear[from..to]), &clear[to..]].concat()
        }
        TrackProtection::PaddedF => {
            let width = track.len().next_multiple_of(16);
            key.encipher(&packed(format!("{track:F<width$}")))
        }
        TrackProtection::LengthPrefixed => {
            let even = track.to_owned() + &"0"[..track.len() % 2];
            let width = (even.len() + 2).next_multiple_of(16);
            key.encipher(&packed(format!("{:0<width$}", format!("{:02}{even}", track.len()))))
        }
    }
}

/// One data object of a virtual chip.
pub fn tlv(tag: &u32) -> Vec<u8> {
    let tag: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    [&tag[..], &[2, 0xAB, 0xCD]].concat()
}
