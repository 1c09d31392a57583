//! Readings of an answer by offsets alone, for the day this plugin is gone.
//!
//! A bitmap fixes where every field stands as long as the fields before it are of constant length. Two are not:
//! DE2, whose length is the card's own, and DE32, whose lengths the acquirer names. Both prefixes, the trace, the
//! terminal and the merchant are part of the pattern, so that a wrong assumption fits nothing; it cannot misread.
//!
//! Fields after the merchant, DE42, move nothing that is read: the seal is counted from the end. So bitmaps that agree
//! up to there are one layout. Each layout is carried by every transaction, in fuel and in bytes of journal.

use sdk::iso8583::Length;
use sdk::lookup::LookupError;
use sdk::prelude::{BytesAt, Context, Echoed, Extent, Meaning, Pattern, Proof, Reading};

use crate::answer::seal;
use crate::fields::{BEFORE_MTI_BYTES, TABLE};
use crate::parameters::{self, Declared, Source};
use crate::settings::Settings;
use crate::state::Sent;

/// The most layouts of bitmap and DE32 length a deployment may name; each is carried by every transaction.
const LAYOUTS_MAX: usize = 8;
/// DE42, the last field whose place a reading needs, and the bits up to it.
const MERCHANT: u8 = 42;
const UP_TO_MERCHANT: u64 = u64::MAX << (64 - MERCHANT);
/// The bits of the fields that the table has.
const TOLD: u64 = told();
/// Fields every reading speaks of, and the one only some do.
const NEEDED: [u8; 5] = [11, 39, 41, MERCHANT, 64];
const AMOUNT: u8 = 4;
/// The field that holds a card number; no answer about a scanned code has it.
const CARD_NUMBER: u8 = 2;
/// Stands for the codes no other reading names.
pub(crate) const ANY_CODE: &str = "";

/// An answer that is to be read without this plugin.
pub(crate) struct Expected<'a> {
    /// Its message type.
    pub answer: u16,
    /// The parameter that names its bitmaps.
    pub bitmaps: &'static Declared,
    /// DE11.
    pub trace: &'a str,
    /// Digits of the card number; `None` where there is none.
    pub pan_digits: Option<usize>,
    /// What it echoes of the standby message.
    pub sent: Sent,
}

/// Readings of one answer: what each code means, in this order; [`ANY_CODE`] is for the codes not named.
pub(crate) fn readings(
    context: &Context,
    settings: &Settings,
    expected: &Expected<'_>,
    meanings: &[(&str, Meaning)],
) -> Result<Vec<Reading>, LookupError> {
    let layouts = layouts(context, expected)?;
    let who = [settings.terminal.as_bytes(), settings.merchant.as_bytes()].concat();
    let trace = digits(expected.trace);
    let mut readings = Vec::with_capacity(layouts.len() * meanings.len());
    for layout in &layouts {
        let offsets = layout.offsets(expected.pan_digits.unwrap_or_default());
        let offsets = offsets.ok_or_else(|| cannot_be_laid_out(expected.bitmaps))?;
        let (common, proofs) =
            (layout.common(expected.answer, &offsets, &trace), offsets.proofs(&expected.sent, settings));
        for (code, means) in meanings {
            let fits = offsets.pattern(&common, code, &who);
            readings.push(Reading { fits, proofs: proofs.clone(), means: *means });
        }
    }
    Ok(readings)
}

#[derive(PartialEq, Eq)]
struct Layout {
    /// The bits of the fields up to the merchant.
    bits: u64,
    acquirer_id_digits: usize,
}

/// Offsets in one 0410 of the fields a reading needs.
struct Offsets {
    trace: usize,
    amount: usize,
    /// Response code, terminal and merchant stand one after the other: the table has no field between them.
    code: usize,
    terminal: usize,
    prefixes: Vec<BytesAt>,
}

fn layouts(context: &Context, expected: &Expected<'_>) -> Result<Vec<Layout>, LookupError> {
    let (source, name) = (Source(context), expected.bitmaps);
    let lengths = source.acquirer_id_digits()?;
    let mut layouts = Vec::new();
    for bits in source.bitmaps(name)? {
        let lacks_amount = expected.sent.amount.is_some() && !has(bits, AMOUNT);
        if lacks_amount || NEEDED.iter().any(|number| !has(bits, *number)) {
            return Err(cannot_be_laid_out(name));
        }
        if has(bits, CARD_NUMBER) && expected.pan_digits.is_none() {
            continue;
        }
        let lengths = if has(bits, 32) { &lengths[..] } else { &[0] };
        for digits in lengths {
            let layout = Layout { bits: bits & UP_TO_MERCHANT, acquirer_id_digits: *digits };
            if !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
    }
    if layouts.len() <= LAYOUTS_MAX {
        return Ok(layouts);
    }
    Err(parameters::bad(name, &format!("at most {LAYOUTS_MAX} layouts of bitmap and DE32 length")))
}

fn cannot_be_laid_out(bitmaps: &Declared) -> LookupError {
    let needed = "bitmaps with fields 4, 11, 39, 41, 42 and 64, and before 42 no field of variable length but 2 and 32";
    parameters::bad(bitmaps, needed)
}

impl Layout {
    /// Walks the fields up to the merchant. `None` where one of them has no known length.
    fn offsets(&self, pan_digits: usize) -> Option<Offsets> {
        if self.bits & !TOLD != 0 {
            return None;
        }
        let mut at = BEFORE_MTI_BYTES + 2 + size_of_val(&self.bits);
        let mut offsets = Offsets { trace: 0, amount: 0, code: 0, terminal: 0, prefixes: Vec::new() };
        for field in TABLE.fields.iter().take_while(|field| field.number <= MERCHANT) {
            let number = field.number;
            if !has(self.bits, number) {
                continue;
            }
            let units = match (number, field.length) {
                (_, Length::Fixed(units)) => usize::from(units),
                (2, _) => pan_digits,
                (32, _) => self.acquirer_id_digits,
                _ => return None,
            };
            match number {
                4 => offsets.amount = at,
                11 => offsets.trace = at,
                39 => offsets.code = at,
                41 => offsets.terminal = at,
                _ => {}
            }
            if let Length::Variable { .. } = field.length {
                offsets.prefixes.push(bytes_at(at, field.prefix_of(units)?));
            }
            at += field.prefix_bytes() + field.bytes_of(units);
        }
        Some(offsets)
    }

    /// What stands in every answer of this layout before its code, and where.
    fn common(&self, answer: u16, at: &Offsets, trace: &[u8]) -> [BytesAt; 2] {
        let bits = self.bits.to_be_bytes();
        // The bytes of fields 1 to 40; those of terminal and merchant are told by their values.
        let head = [&answer.to_be_bytes()[..], &bits[..5]].concat();
        [bytes_at(BEFORE_MTI_BYTES, head), bytes_at(at.trace, trace.to_vec())]
    }
}

impl Offsets {
    /// Fits an answer with this code, or with any.
    fn pattern(&self, common: &[BytesAt], code: &str, who: &[u8]) -> Pattern {
        let from = if code == ANY_CODE { self.terminal } else { self.code };
        let mut at = Vec::with_capacity(common.len() + 1 + self.prefixes.len());
        at.extend_from_slice(common);
        at.push(bytes_at(from, [code.as_bytes(), who].concat()));
        at.extend_from_slice(&self.prefixes);
        Pattern { status: None, at, holds: Vec::new() }
    }

    fn proofs(&self, sent: &Sent, settings: &Settings) -> Vec<Proof> {
        let extent = |start: usize, bytes: usize| Extent { start: signed(start), end: signed(start + bytes) };
        let echoes = [
            (Echoed::Trace, sent.trace, extent(self.trace, 3)),
            (Echoed::Terminal, sent.terminal, extent(self.terminal, 8)),
            (Echoed::Merchant, sent.merchant, extent(self.terminal + 8, 15)),
            (Echoed::Amount, sent.amount, extent(self.amount, 6)),
        ];
        let mut proofs = Vec::with_capacity(1 + echoes.len());
        proofs.push(seal(settings.mac));
        proofs.extend(echoes.into_iter().filter_map(|(what, node, got)| Some(Proof::echo(what, node?, got))));
        proofs
    }
}

const fn told() -> u64 {
    let (mut bits, mut index) = (0, 0);
    while index < TABLE.fields.len() {
        bits |= 1 << (64 - TABLE.fields[index].number);
        index += 1;
    }
    bits
}

fn has(bits: u64, number: u8) -> bool {
    bits & (1 << (64 - number)) != 0
}

fn bytes_at(offset: usize, bytes: Vec<u8>) -> BytesAt {
    BytesAt { offset: signed(offset), bytes }
}

fn signed(offset: usize) -> i32 {
    i32::try_from(offset).unwrap_or(i32::MAX)
}

/// A trace in packed digits; it is six decimal digits by construction.
fn digits(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | (digit & 0x0F))).collect()
}
