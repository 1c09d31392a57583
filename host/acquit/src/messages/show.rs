//! Times and cards as they stand on screens and receipts, alike in every language.

use engine::contract::card::Presented;
use engine::contract::types::LocalTime;

/// `2026-11-22 13:05:07 +08:00`
pub fn format_time(time: &LocalTime) -> String {
    time.to_string()
}

/// `620000******0005`: the first six digits and the last four, and a star for each digit between (PCI DSS 3.4.1).
pub fn mask_card(card: &Presented) -> String {
    let shown = card.bin.chars().count() + card.last_four.chars().count();
    let hidden = usize::from(card.pan_length).saturating_sub(shown);
    format!("{}{}{}", card.bin, "*".repeat(hidden), card.last_four)
}

#[cfg(test)]
mod tests {
    use engine::contract::card::{Entry, Verification};

    use super::*;

    fn time(utc_offset: i16) -> LocalTime {
        LocalTime { year: 2026, month: 11, day: 22, hour: 13, minute: 5, second: 7, utc_offset }
    }

    fn card(bin: &str, last_four: &str, pan_length: u8) -> Presented {
        Presented {
            entry: Entry::Stripe,
            bin: bin.to_owned(),
            last_four: last_four.to_owned(),
            pan_length,
            has_expiry: true,
            track_one_length: 0,
            track_two_length: 37,
            track_three_length: 0,
            sequence_number: None,
            service_code: None,
            verification: Verification::OnlinePin,
            pin_length: 6,
            fell_back: false,
            tags: Vec::new(),
        }
    }

    #[test]
    fn times_carry_their_zone() {
        assert_eq!(format_time(&time(480)), "2026-11-22 13:05:07 +08:00");
        assert_eq!(format_time(&time(-210)), "2026-11-22 13:05:07 -03:30");
        assert_eq!(format_time(&time(0)), "2026-11-22 13:05:07 +00:00");
        assert_eq!(format_time(&time(i16::MIN)), "2026-11-22 13:05:07 -546:08");
    }

    #[test]
    fn cards_show_six_and_four_digits_and_how_many_are_hidden() {
        assert_eq!(mask_card(&card("620000", "0005", 16)), "620000******0005");
        assert_eq!(mask_card(&card("679999", "9990", 19)), "679999*********9990");
        assert_eq!(mask_card(&card("286", "", 18)), "286***************");
        assert_eq!(mask_card(&card("620000", "0005", 4)), "6200000005");
    }
}
