//! Readings of an 0410 by offsets alone, for the day this plugin is gone.
//!
//! A bitmap fixes where every field stands as long as the fields before it are of constant length. Two are not:
//! DE2, whose length is the card's own, and DE32, whose lengths the acquirer names. Both prefixes, the trace, the
//! terminal and the merchant are part of the pattern, so that a wrong assumption fits nothing; it cannot misread.

use sdk::iso8583::Length;
use sdk::lookup::LookupError;
use sdk::prelude::{BytesAt, Context, Echoed, Extent, Meaning, Pattern, Proof, Reading};

use crate::answer::seal;
use crate::fields::{BEFORE_MTI_BYTES, TABLE};
use crate::purchase::Purchase;
use crate::reversal::ANSWER;
use crate::settings::{AnswerShapes, Settings};
use crate::state::Sent;

/// The most layouts of bitmap and DE32 length a deployment may name; each is carried by every sale.
const LAYOUTS_MAX: usize = 8;

/// Readings for one sale: paid, unmatched, and any other code refused.
pub(crate) fn readings(
    context: &Context,
    purchase: &Purchase,
    sent: &Sent,
    settings: &Settings,
) -> Result<Vec<Reading>, LookupError> {
    let mut readings = Vec::new();
    for layout in layouts(Settings::answer_shapes(context)?)? {
        let offsets = layout.offsets(usize::from(purchase.card.pan_length)).ok_or_else(cannot_be_laid_out)?;
        let proofs = offsets.proofs(sent, settings);
        let any_code = layout.pattern(&offsets, purchase, settings);
        let mut reading = |code: Option<&String>, means| {
            let mut fits = any_code.clone();
            let code = code.map(|code| BytesAt { offset: signed(offsets.code), bytes: code.clone().into_bytes() });
            fits.at.extend(code);
            readings.push(Reading { fits, proofs: proofs.clone(), means });
        };
        settings.reversal_paid.iter().for_each(|code| reading(Some(code), Meaning::Paid));
        settings.reversal_unmatched.iter().for_each(|code| reading(Some(code), Meaning::Unmatched));
        reading(None, Meaning::Refused);
    }
    Ok(readings)
}

struct Layout {
    bitmap: [u8; 8],
    acquirer_id_digits: usize,
}

/// Offsets in one 0410 of the fields a reading needs.
struct Offsets {
    trace: usize,
    amount: usize,
    code: usize,
    /// Terminal and merchant, one after the other.
    terminal: usize,
    prefixes: Vec<(usize, Vec<u8>)>,
}

fn layouts(shapes: AnswerShapes) -> Result<Vec<Layout>, LookupError> {
    let mut layouts = Vec::new();
    for bitmap in shapes.bitmaps {
        let lengths = if has(&bitmap, 32) { &shapes.acquirer_id_digits[..] } else { &[0] };
        layouts.extend(lengths.iter().map(|digits| Layout { bitmap, acquirer_id_digits: *digits }));
    }
    if layouts.len() <= LAYOUTS_MAX {
        return Ok(layouts);
    }
    Err(Settings::bad_answer_shapes(format!("at most {LAYOUTS_MAX} layouts of bitmap and DE32 length")))
}

fn cannot_be_laid_out() -> LookupError {
    let needed = "bitmaps with fields 4, 11, 39, 41, 42 and 64, and before 42 no field of variable length but 2 and 32";
    Settings::bad_answer_shapes(needed.to_owned())
}

impl Layout {
    /// Walks the fields up to the merchant. `None` where one of them has no known length.
    fn offsets(&self, pan_digits: usize) -> Option<Offsets> {
        if has(&self.bitmap, 1) || [4, 11, 39, 41, 42, 64].iter().any(|number| !has(&self.bitmap, *number)) {
            return None;
        }
        let mut at = BEFORE_MTI_BYTES + 2 + self.bitmap.len();
        let mut offsets = Offsets { trace: 0, amount: 0, code: 0, terminal: 0, prefixes: Vec::new() };
        for number in (2..=42).filter(|number| has(&self.bitmap, *number)) {
            let format = TABLE.format(number)?;
            let units = match (number, format.length) {
                (_, Length::Fixed(units)) => usize::from(units),
                (2, _) => pan_digits,
                (32, _) => self.acquirer_id_digits,
                _ => return None,
            };
            let prefix = format.prefix(units)?;
            match number {
                4 => offsets.amount = at,
                11 => offsets.trace = at,
                39 => offsets.code = at,
                41 => offsets.terminal = at,
                _ if !prefix.is_empty() => offsets.prefixes.push((at, prefix.clone())),
                _ => {}
            }
            at += prefix.len() + format.bytes_of(units);
        }
        Some(offsets)
    }

    fn pattern(&self, at: &Offsets, purchase: &Purchase, settings: &Settings) -> Pattern {
        let head = [&ANSWER.to_be_bytes()[..], &self.bitmap].concat();
        let who = [settings.terminal.as_bytes(), settings.merchant.as_bytes()].concat();
        let fixed = [(BEFORE_MTI_BYTES, head), (at.trace, digits(&purchase.trace)), (at.terminal, who)];
        let bytes = fixed.into_iter().chain(at.prefixes.iter().cloned());
        Pattern::at(bytes.map(|(offset, bytes)| (signed(offset), bytes)))
    }
}

impl Offsets {
    fn proofs(&self, sent: &Sent, settings: &Settings) -> Vec<Proof> {
        let extent = |start: usize, bytes: usize| Extent { start: signed(start), end: signed(start + bytes) };
        let echoes = [
            (Echoed::Trace, sent.trace, extent(self.trace, 3)),
            (Echoed::Terminal, sent.terminal, extent(self.terminal, 8)),
            (Echoed::Merchant, sent.merchant, extent(self.terminal + 8, 15)),
            (Echoed::Amount, sent.amount, extent(self.amount, 6)),
        ];
        let echoes = echoes.into_iter().filter_map(|(what, node, got)| Some(Proof::echo(what, node?, got)));
        [seal(settings.mac)].into_iter().chain(echoes).collect()
    }
}

fn has(bitmap: &[u8; 8], number: u8) -> bool {
    u64::from_be_bytes(*bitmap) & (1 << (64 - number)) != 0
}

fn signed(offset: usize) -> i32 {
    i32::try_from(offset).unwrap_or(i32::MAX)
}

/// A trace in packed digits; it is six decimal digits by construction.
fn digits(text: &str) -> Vec<u8> {
    let nibbles: Vec<u8> = text.bytes().map(|digit| digit & 0x0F).collect();
    nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect()
}
