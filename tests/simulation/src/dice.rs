//! Chance that can be repeated, and that does not depend on what else was asked.

use crash::Dice;

/// Dice for one question: the same seed and the same words give the same numbers, whatever was thrown in between. So a
/// script that loses one of its acts keeps the chances of all others.
pub fn dice_for(seed: u64, words: &[&str], number: u64) -> Dice {
    let mut hash = Hash::of(seed);
    for word in words {
        word.bytes().for_each(|byte| hash.take(u64::from(byte)));
        // So that ["ab", "c"] is not ["a", "bc"].
        hash.take(0x100);
    }
    hash.take(number);
    let mut dice = Dice::new(hash.0);
    // The hash is short; one throw mixes it.
    Dice::new(dice.number())
}

/// Whether something happens that happens so many times in ten thousand.
pub fn happens(dice: &mut Dice, in_ten_thousand: u32) -> bool {
    dice.below(10_000) < in_ten_thousand as usize
}

/// FNV-1a over words.
struct Hash(u64);

impl Hash {
    fn of(seed: u64) -> Hash {
        Hash(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn take(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_others_have_others() {
        let number = |seed, words: &[&str], nth| dice_for(seed, words, nth).number();
        assert_eq!(number(1, &["a", "b"], 0), number(1, &["a", "b"], 0));
        let all = [
            number(1, &["a", "b"], 0),
            number(2, &["a", "b"], 0),
            number(1, &["ab"], 0),
            number(1, &["a", "b"], 1),
            number(1, &["b", "a"], 0),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_chance_comes_up_about_as_often_as_it_says() {
        let times = (0..10_000).filter(|nth| happens(&mut dice_for(7, &["x"], *nth), 500)).count();
        assert!((400..600).contains(&times), "{times}");
    }
}
