//! Reversal 冲正 (A.7): the same trace, no PIN, no track; and how its answer is read, with and without this plugin.

use sdk::iso8583::{Composed, Composer, Length};
use sdk::prelude::{
    Action, Context, Echoed, Exchange, Extent, Fault, FollowUp, Gravity, Meaning, Node, Outcome, Owed, Pattern, Proof,
    Reading, ReasonBytes, Reply, Standby, Step, Stray, Subject, UndoReason, Unknown,
};

use crate::answer::{Answer, seal};
use crate::descriptor::{MAC_KEY, ROUTE};
use crate::fields::{BEFORE_MTI_BYTES, TABLE};
use crate::purchase::Purchase;
use crate::settings::Settings;
use crate::state::{Kind, Sent, State};

const REQUEST: u16 = 0x0400;
const ANSWER: u16 = 0x0410;

/// The reversal of a sale of which this terminal stored none.
///
/// # Errors
/// A fault where the original is not one this plugin made, or a parameter is not usable.
pub fn start(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let Subject::Known(original) = &follow_up.of else {
        return Err(Fault::Unsupported("a reversal needs a transaction of this terminal".to_owned()));
    };
    let purchase = Purchase::earlier(&settings, original)?;
    let reason = reason_code(follow_up.reason.unwrap_or(UndoReason::NoAnswer), &settings);
    let composed = message(&purchase, &settings, Node::Literal(reason.into_bytes()))?;
    let sent = Sent::of(&composed);
    let state = State {
        kind: Kind::Reverse,
        trace: purchase.trace,
        batch: purchase.batch,
        entry_mode: purchase.entry_mode,
        terminal: settings.terminal,
        sent,
        undo: sent,
    };
    let exchange = Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Owes,
        timeout: settings.reversal_timeout_ms,
        uses: Vec::new(),
        remedy: None,
    };
    Ok(Step::new(Action::Send(exchange), state.bytes()))
}

/// Reads the answer to a reversal, whether this plugin began it or the terminal sent a sale's standby.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::Sale, Kind::Reverse])?;
    let Some(answer) = Answer::hear(reply, ANSWER, &known)? else { return Ok(Step::listen(Stray::Foreign, state)) };
    let code = answer.code.clone();
    let outcome = if !answer.is_sealed() {
        Outcome::Unknown(Unknown { code, owed: Owed::Reversal })
    } else if settings.reversal_paid.contains(&code) {
        Outcome::Acknowledged(code)
    } else if settings.reversal_unmatched.contains(&code) {
        Outcome::Unmatched(code)
    } else {
        Outcome::Refused(code)
    };
    let mut step = Step::finish(outcome, state);
    step.proofs = answer.proofs(&known.undo, settings.mac);
    Ok(step)
}

/// The standby message of a sale, and which of its nodes an answer must echo.
pub(crate) fn standby(purchase: &Purchase, settings: &Settings) -> Result<(Standby, Sent), Fault> {
    let composed = message(purchase, settings, Node::Reason(reasons(settings)))?;
    let sent = Sent::of(&composed);
    let standby = Standby {
        route: ROUTE.to_owned(),
        message: composed.message,
        again: None,
        timeout: settings.reversal_timeout_ms,
        answers: settings.answer_layouts.readings(purchase, &sent, settings),
    };
    Ok((standby, sent))
}

/// 0400 (rules R3 to R5): the original's own fields and trace, the reason in DE39.
fn message(purchase: &Purchase, settings: &Settings, reason: Node) -> Result<Composed, Fault> {
    let mut message = Composer::new(&TABLE, REQUEST);
    purchase.write_common(&mut message, settings)?;
    purchase.write_card(&mut message)?;
    message.hole(39, 2, reason)?;
    if settings.original_data {
        message.set(61, &format!("{}{}", purchase.batch, purchase.trace))?;
    }
    message.seal(settings.mac, MAC_KEY).mark(&Sent::FIELDS);
    Ok(message.into_template(&settings.before))
}

fn reasons(settings: &Settings) -> Vec<ReasonBytes> {
    use UndoReason::{BadMac, Cancelled, CardRefused, Malfunction, NoAnswer};
    let spelled = |reason| ReasonBytes { reason, bytes: reason_code(reason, settings).into_bytes() };
    [NoAnswer, BadMac, Malfunction, CardRefused, Cancelled].map(spelled).to_vec()
}

/// DE39 of a reversal (A.7).
fn reason_code(reason: UndoReason, settings: &Settings) -> String {
    match reason {
        UndoReason::NoAnswer => "98",
        UndoReason::BadMac => "A0",
        UndoReason::Malfunction => "96",
        UndoReason::CardRefused => "06",
        UndoReason::Cancelled => &settings.reversal_cancelled,
    }
    .to_owned()
}

/// The shapes of 0410 that can be read by offsets alone.
///
/// A bitmap fixes where every field stands as long as the fields before it are of constant length. Two are not:
/// DE2, whose length is the card's own, and DE32, whose lengths the acquirer names. Both prefixes, the trace, the
/// terminal and the merchant are part of the pattern, so that a wrong assumption fits nothing; it cannot misread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLayouts(Vec<Layout>);

#[derive(Debug, Clone, PartialEq, Eq)]
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

impl AnswerLayouts {
    /// 3 4 11 12 13 15 25 32 37 39 41 42 49 60 64, with and without DE2 and DE44.
    pub const DEFAULT_BITMAPS: &'static str = "303A00810AC08011,303A00810AD08011,703A00810AC08011,703A00810AD08011";

    /// The most layouts a deployment may name; each is carried by every sale.
    pub const LAYOUTS_MAX: usize = 8;

    /// Checks bitmaps and lengths of DE32 against the table of fields.
    ///
    /// # Errors
    /// What would be right, as a sentence's end.
    pub fn parse(bitmaps: &[[u8; 8]], acquirer_id_digits: &[usize]) -> Result<Self, String> {
        let mut layouts = Vec::new();
        for bitmap in bitmaps.iter().copied() {
            let lengths = if has(&bitmap, 32) { acquirer_id_digits } else { &[0] };
            layouts.extend(lengths.iter().map(|digits| Layout { bitmap, acquirer_id_digits: *digits }));
        }
        if layouts.len() > Self::LAYOUTS_MAX {
            return Err(format!("at most {} layouts of bitmap and DE32 length", Self::LAYOUTS_MAX));
        }
        // Any card length shows whether the layout can be laid out.
        if layouts.iter().all(|layout| layout.offsets(16).is_some()) {
            return Ok(AnswerLayouts(layouts));
        }
        Err("bitmaps with fields 4, 11, 39, 41, 42 and 64, and before 42 no field of variable length but 2 and 32"
            .to_owned())
    }

    /// Readings for one sale: paid, unmatched, and any other code refused.
    fn readings(&self, purchase: &Purchase, sent: &Sent, settings: &Settings) -> Vec<Reading> {
        let mut readings = Vec::new();
        for layout in &self.0 {
            let Some(offsets) = layout.offsets(usize::from(purchase.card.pan_length)) else { continue };
            let proofs = offsets.proofs(sent, settings);
            let mut reading = |code: Option<&String>, means| {
                let fits = layout.pattern(&offsets, purchase, settings, code);
                readings.push(Reading { fits, proofs: proofs.clone(), means });
            };
            settings.reversal_paid.iter().for_each(|code| reading(Some(code), Meaning::Paid));
            settings.reversal_unmatched.iter().for_each(|code| reading(Some(code), Meaning::Unmatched));
            reading(None, Meaning::Refused);
        }
        readings
    }
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

    fn pattern(&self, at: &Offsets, purchase: &Purchase, settings: &Settings, code: Option<&String>) -> Pattern {
        let head = [&ANSWER.to_be_bytes()[..], &self.bitmap].concat();
        let who = [settings.terminal.as_bytes(), settings.merchant.as_bytes()].concat();
        let fixed = [(BEFORE_MTI_BYTES, head), (at.trace, digits(&purchase.trace)), (at.terminal, who)];
        let code = code.map(|code| (at.code, code.clone().into_bytes()));
        let bytes = fixed.into_iter().chain(at.prefixes.iter().cloned()).chain(code);
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
