//! Batch upload 批上送 (A.9): the transactions of a batch, eight a message, and their end.
//!
//! A call delivers the items it is given and ends when each was acknowledged; the call without items says that these
//! were all. A call that is begun again delivers the same rows again, which an acquirer counts once.

use sdk::prelude::{
    Context, ContextLookup, Effect, Encoding, Entry, Fault, Gravity, Node, Original, OriginalLookup, Outcome, Reply,
    Secret, SecretHole, Step, Stray, Upload,
};

use crate::answer::Answer;
use crate::ending::taken_minor;
use crate::managing::{self, DONE, Managing};
use crate::matrix::Kind;
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::settlement::{closing, is_foreign, is_sealed, proofs, side};
use crate::state::State;
use crate::transaction::unsupported;

const REQUEST: u16 = Kind::Upload.row().request;
/// Rows of one message: DE48 holds no more.
const ROWS_MAX: usize = 8;
/// Digits of the count before them, and of a row: class 2, trace 6, card number 20, amount 12.
const COUNT_DIGITS: usize = 2;
const ROW_DIGITS: usize = 40;
const PAN_DIGITS: usize = 20;
/// The most rows the message of the end can count, in four digits.
const TOTAL_MAX: u32 = 9_999;
/// 60.3 of the messages: stripe and the like; chip, after a balanced settlement and after another; the two ends.
const DETAILS: &str = "201";
const CHIP_BALANCED: &str = "203";
const CHIP_UNBALANCED: &str = "205";
const END_UNBALANCED: &str = "202";
const END_BALANCED: &str = "207";
/// Rows delivered of the batch that is being uploaded, four bytes; among what the terminal remembers.
const ROWS_MEMORY: &str = "upload-rows";

/// One message of a call: its 60.3 and its items, by their numbers in the call.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    code: &'static str,
    items: Vec<usize>,
}

/// How far a call has come.
struct Progress {
    /// The message that is on its way.
    frame: u8,
    /// Rows acknowledged before it, of all calls.
    rows: u32,
}

/// Sends the first message of a call, or the end.
///
/// # Errors
/// A fault where an item is not one this plugin made, or there are more than the protocol can count.
pub(crate) fn start(context: &Context, upload: &Upload) -> Result<Step, Fault> {
    let rows = if upload.first == 0 { 0 } else { remembered(context, upload) };
    let frames = frames(context, upload)?;
    match frames.first() {
        Some(frame) => send(context, upload, frame, Progress { frame: 0, rows }),
        None if upload.items.is_empty() => end(context, upload, rows),
        // None of them counts in a settlement, so there is nothing to say.
        None => Ok(delivered(DONE, rows, &[])),
    }
}

/// Goes on with the next message of the call, or ends it.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub(crate) fn resume(context: &Context, upload: &Upload, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::Upload])?;
    let progress = Progress::read(&known.extra)?;
    let answer = Answer::hear(reply, REQUEST + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let proofs = proofs(context, &answer, &known, &settings)?;
    let frames = frames(context, upload)?;
    let mut step = match frames.get(usize::from(progress.frame)) {
        _ if answer.code != DONE => refused(&answer.code, state),
        None => {
            let mut step = delivered(&answer.code, 0, state);
            step.effects.extend(closing(context, &known.batch)?);
            step
        }
        Some(frame) => {
            let rows = progress.rows.saturating_add(u32::try_from(frame.items.len()).unwrap_or(u32::MAX));
            let next = usize::from(progress.frame) + 1;
            match frames.get(next) {
                Some(frame) => {
                    let next = u8::try_from(next).map_err(|_| unsupported("so many items in one call"))?;
                    send(context, upload, frame, Progress { frame: next, rows })?
                }
                None => delivered(&answer.code, rows, state),
            }
        }
    };
    step.proofs = proofs;
    Ok(step)
}

/// The messages of a call: eight rows each, those of chips apart where the acquirer wants that.
fn frames(context: &Context, upload: &Upload) -> Result<Vec<Frame>, Fault> {
    let by_entry = Source(context).is(parameters::UPLOAD_DETAILS, "by-entry")?;
    let chip_code = if upload.balanced { CHIP_BALANCED } else { CHIP_UNBALANCED };
    let mut classes = [(DETAILS, Vec::new()), (chip_code, Vec::new())];
    for (number, item) in upload.items.iter().enumerate() {
        if side(context, item.operation)?.is_some() {
            let is_chip = item.card.as_ref().is_some_and(crate::card::is_chip);
            classes[usize::from(by_entry && is_chip)].1.push(number);
        }
    }
    let frame = |(code, items): &(&'static str, Vec<usize>)| {
        let code = *code;
        items.chunks(ROWS_MAX).map(|items| Frame { code, items: items.to_vec() }).collect::<Vec<_>>()
    };
    Ok(classes.iter().flat_map(frame).collect())
}

fn send(context: &Context, upload: &Upload, frame: &Frame, progress: Progress) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let mut pieces = vec![Node::Literal(bcd(&format!("{:02}", frame.items.len())))];
    for number in &frame.items {
        let item = upload.items.get(*number).ok_or_else(|| unsupported("an item that is not there"))?;
        pieces.extend(row(item, *number)?);
    }
    let digits = COUNT_DIGITS + ROW_DIGITS * frame.items.len();
    message(context, frame.code, progress)?
        .send(context, &settings, |message| message.pieces(48, digits, pieces).map(drop))
}

/// Says that these were all.
fn end(context: &Context, upload: &Upload, rows: u32) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    if rows > TOTAL_MAX {
        return Err(unsupported("an upload of more than 9999 transactions"));
    }
    let code = if upload.balanced { END_BALANCED } else { END_UNBALANCED };
    message(context, code, Progress { frame: 0, rows })?
        .send(context, &settings, |message| message.set(48, &format!("{rows:04}")).map(drop))
}

fn message<'c>(context: &Context, code: &'c str, progress: Progress) -> Result<Managing<'c>, Fault> {
    let sealed = is_sealed(context)?;
    let extra = progress.bytes();
    Ok(Managing { kind: Kind::Upload, request: REQUEST, network_code: code, gravity: Gravity::Owes, sealed, extra })
}

/// Class, trace, card number on the right of twenty digits, amount. A scanned code has no card number.
fn row(item: &Original, number: usize) -> Result<Vec<Node>, Fault> {
    let is_foreign = is_foreign(item.referred("group").unwrap_or_default())?;
    let class = if is_foreign { "01" } else { "00" };
    let head = format!("{class}{}", item.referred("trace")?);
    let amount = format!("{:012}", taken_minor(item));
    if !(head.len() == 8 && head.bytes().all(|digit| digit.is_ascii_digit()) && amount.len() == 12) {
        return Err(Fault::Internal("an item of the upload is not one this plugin made".to_owned()));
    }
    let card = item.card.as_ref().filter(|card| card.entry != Entry::CodeScan && card.pan_length > 0);
    let Some(card) = card else {
        return Ok(vec![Node::Literal(bcd(&format!("{head}{:0PAN_DIGITS$}{amount}", 0)))]);
    };
    let hole = SecretHole {
        secret: Secret::Pan,
        encoding: Encoding::BcdLeftZero,
        of_item: Some(u32::try_from(number).map_err(|_| unsupported("so many items in one call"))?),
    };
    let zeros = PAN_DIGITS.saturating_sub(usize::from(card.pan_length).next_multiple_of(2));
    Ok(vec![
        Node::Literal(bcd(&format!("{head}{}", "0".repeat(zeros)))),
        Node::Secret(hole),
        Node::Literal(bcd(&amount)),
    ])
}

fn delivered(code: &str, rows: u32, state: &[u8]) -> Step {
    let mut step = Step::finish(Outcome::Acknowledged(code.to_owned()), state);
    step.effects.push(Effect::Remember((ROWS_MEMORY.to_owned(), rows.to_be_bytes().to_vec())));
    step
}

fn refused(code: &str, state: &[u8]) -> Step {
    let mut step = Step::finish(Outcome::Refused(code.to_owned()), state);
    step.effects.extend(managing::sign_in_again(code));
    step
}

/// Rows of the calls before this one; as many as there were items where nothing is remembered.
fn remembered(context: &Context, upload: &Upload) -> u32 {
    let bytes = context.memory(ROWS_MEMORY).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    bytes.map_or(upload.first, u32::from_be_bytes)
}

/// An even number of digits, two a byte.
fn bcd(digits: &str) -> Vec<u8> {
    let nibbles: Vec<u8> = digits.bytes().map(|digit| digit & 0x0F).collect();
    nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect()
}

impl Progress {
    fn bytes(&self) -> Vec<u8> {
        [&[self.frame][..], &self.rows.to_be_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let foreign = || Fault::Internal("the state does not say how far the upload is".to_owned());
        let (frame, rows) = bytes.split_first().ok_or_else(foreign)?;
        let rows = <[u8; 4]>::try_from(rows).map_err(|_| foreign())?;
        Ok(Progress { frame: *frame, rows: u32::from_be_bytes(rows) })
    }
}
