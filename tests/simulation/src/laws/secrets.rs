//! Card numbers, looked for where they must not be.

use std::fmt::Debug;

use engine::Call;
use engine::contract::acquirer::Event;

use super::{Law, Watch};
use crate::cards;

impl Watch {
    /// Bytes that leave the vault's side: text, or digits packed two in a byte.
    pub fn look(&mut self, bytes: &[u8], what: &str) {
        if self.looks_away {
            return;
        }
        let found = cards::numbers().find(|number| holds(bytes, number));
        if let Some(number) = found {
            let last_four = &number[number.len() - 4..];
            self.breaks(Law::NoCardNumber, format!("the card ending in {last_four} is in {what}"));
        }
    }

    /// What people are shown or a log holds, as it would be written out.
    pub fn look_at(&mut self, shown: &dyn Debug, what: &str) {
        if !self.looks_away {
            self.look(format!("{shown:?}").as_bytes(), what);
        }
    }

    /// What a plugin is given.
    pub fn look_at_call(&mut self, call: &Call) {
        if let Call::Resume(_, _, state, event) = call {
            self.look(state, "a plugin's state");
            if let Event::Received(reply) = event {
                self.look(&reply.body, "an answer a plugin is given");
            }
        }
    }
}

/// Whether digits are in it, as text or packed at either alignment.
fn holds(bytes: &[u8], digits: &str) -> bool {
    if contains(bytes, digits.as_bytes()) {
        return true;
    }
    [0, 1].into_iter().any(|skip| contains(bytes, &packed(&digits[skip..])))
}

/// Whole pairs of digits, two in a byte.
fn packed(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit - b'0'))).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return true;
        }
        from += at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_cashier_is_told_is_noticed() {
        let mut watch = Watch::default();
        let number = cards::numbers().next().unwrap();
        watch.look_at(&engine::NotSent::Storage("620000******6787".to_owned()), "what a cashier is told");
        assert_eq!(watch.broken(), None);
        watch.look_at(&engine::NotSent::Storage(format!("cannot write {number}")), "what a cashier is told");
        assert_eq!(watch.broken().map(|broken| broken.law), Some(Law::NoCardNumber));
    }

    #[test]
    fn a_number_is_found_as_text_and_packed_at_both_alignments() {
        let number = cards::numbers().next().unwrap();
        assert!(holds(format!("track {number}=3012").as_bytes(), number));
        assert!(holds(&hex::decode(format!("02{number}")).unwrap(), number));
        assert!(holds(&hex::decode(format!("0{number}0")).unwrap(), number));
        assert!(!holds(b"620000******6787", number));
    }
}
