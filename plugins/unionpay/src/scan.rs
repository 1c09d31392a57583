//! Scan-to-pay 扫码 over ISO 8583 (A.13, C.4): the customer's code in a field the acquirer names, and the question what
//! became of it until that is final. The questions are those of a payment by a shown code too.

use sdk::iso8583::{Composed, Composer};
use sdk::prelude::{
    Action, Context, Encoding, Event, Exchange, Fault, FollowUp, Gravity, Node, OperationKind, Original,
    OriginalLookup, Outcome, Owed, Payment, Reason, Secret, SecretHole, Step, Stray, Subject,
};

use crate::answer::Answer;
use crate::codes::{self, Verdict};
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::ending::{self, Asked};
use crate::layouts::write_original;
use crate::matrix::{Kind, Shape};
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::show;
use crate::state::{Sent, State};
use crate::transaction::{Transaction, next_trace, seal, unsupported};

/// Digits of a trace at the head of the state's own part; a byte that counts the questions follows.
const TRACE_DIGITS: usize = 6;
/// The order number among what the terminal keeps of a payment.
const ORDER: &str = "order";

/// Writes the customer's code and, where the acquirer wants it, the order number into a payment. Returns the order
/// number as the terminal keeps it, answer or none.
pub(crate) fn write(
    message: &mut Composer,
    context: &Context,
    settings: &Settings,
    transaction: &Transaction,
) -> Result<(String, String), Fault> {
    let source = Source(context);
    let field =
        source.field(parameters::SCAN_FIELD)?.ok_or_else(|| unsupported("a code without a field to carry it"))?;
    let code = SecretHole { secret: Secret::ScannedCode, encoding: Encoding::Ascii, of_item: None };
    message.measured(field, Node::Secret(code))?;
    if source.field(parameters::SCAN_ORDER_FIELD)? == Some(field) {
        return Ok((ORDER.to_owned(), order(settings, &transaction.batch, &transaction.trace)));
    }
    write_order(message, context, settings, transaction)
}

/// Writes the order number where the acquirer wants it, and returns it as the terminal keeps it.
pub(crate) fn write_order(
    message: &mut Composer,
    context: &Context,
    settings: &Settings,
    transaction: &Transaction,
) -> Result<(String, String), Fault> {
    let order = order(settings, &transaction.batch, &transaction.trace);
    if let Some(field) = Source(context).field(parameters::SCAN_ORDER_FIELD)? {
        message.set_bytes(field, order.as_bytes())?;
    }
    Ok((ORDER.to_owned(), order))
}

/// Whether a payment in doubt is asked about rather than reversed at once.
pub(crate) fn inquires(context: &Context) -> Result<bool, Fault> {
    Ok(Source(context).is(parameters::SCAN_DOUBT, "inquire")?)
}

/// How long to wait before a question.
pub(crate) fn poll_ms(context: &Context) -> Result<u32, Fault> {
    Ok(Source(context).milliseconds(parameters::SCAN_POLL_MS)?)
}

/// Goes on with a payment by a code: its answer, a wait that is over, the answer to a question, or the cashier who
/// stops.
///
/// # Errors
/// [`Fault::Malformed`] where an answer cannot be read; [`Fault::Internal`] for a foreign state.
pub fn resume(context: &Context, payment: &Payment, state: &[u8], event: &Event) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::of_payment(payment.kind)])?;
    let is_order = known.kind == Kind::ShowToPay;
    let questions = Questions::of(&known)?;
    let owed = owed(context)?;
    let asked = Asked { amount: payment.amount, takes_part: !is_order, owed, group: "" };
    let reply = match event {
        Event::Received(reply) => reply,
        Event::Cancelled => return Ok(Step::finish(ending::unknown("", owed), state)),
        Event::Woke => return ask_again(context, &settings, payment, known, questions),
    };
    let Some(own) = questions.state(&known, context)? else {
        let Some(answer) = Answer::hear(reply, answer_type(), &known)? else {
            return Ok(Step::listen(Stray::Foreign, state));
        };
        let mut step = ending::end(context, &settings, &known, &answer, &asked)?;
        keep_order(&mut step, order(&settings, &known.batch, &known.trace));
        return match is_pending(&answer) {
            _ if is_order => show::ordered(context, &answer, step),
            true => pend(context, step, known, questions),
            false => Ok(step),
        };
    };
    let Some(answer) = Answer::hear(reply, answer_type(), &own)? else {
        let is_late = Answer::hear(reply, answer_type(), &known)?.is_some();
        return Ok(Step::listen(if is_late { Stray::Late } else { Stray::Foreign }, state));
    };
    let mut step = judge(context, &settings, &known, &answer, &asked)?;
    keep_order(&mut step, order(&settings, &known.batch, &known.trace));
    if is_pending(&answer) { pend(context, step, known, questions) } else { Ok(step) }
}

/// Asks what became of a payment by a code, as an operation of its own.
///
/// # Errors
/// A fault where the original is none this protocol can ask about.
pub fn start_inquiry(context: &Context, follow_up: &FollowUp) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let original = by_code(follow_up)?;
    let transaction = Transaction::earlier(context, &settings, original)?;
    let (trace, order) = (next_trace(context)?, original.referred(ORDER).unwrap_or_default());
    let composed = question(context, &settings, &transaction, &trace, order)?;
    let shape = Shape::of(Kind::ScanInquiry, context)?;
    let asking = Transaction { shape, trace, ..transaction };
    let state = asking.state(&settings, Sent::of(&composed));
    Ok(Step::new(Action::Send(exchange(composed, &settings)), state.bytes()))
}

/// Reads the answer to it: it ends as the payment it asks about. "Not found" is no decline, since the payment may
/// still be on its way.
///
/// # Errors
/// As [`resume`].
pub fn resume_inquiry(context: &Context, follow_up: &FollowUp, state: &[u8], event: &Event) -> Result<Step, Fault> {
    let Event::Received(reply) = event else {
        return Err(Fault::Internal("an inquiry has only its answer to wait for".to_owned()));
    };
    let settings = Settings::read(context)?;
    let own = State::read(state, &[Kind::ScanInquiry])?;
    let Some(answer) = Answer::hear(reply, answer_type(), &own)? else {
        return Ok(Step::listen(Stray::Foreign, state));
    };
    let original = by_code(follow_up)?;
    let payment = Transaction::earlier(context, &settings, original)?.state(&settings, own.sent);
    let owed = if show::is_unpaid(context, original, &answer)? { Owed::Reversal } else { Owed::Inquiry };
    let takes_part = payment.kind == Kind::ScanToPay;
    let asked = Asked { amount: original.amount, takes_part, owed, group: "" };
    let mut step = judge(context, &settings, &payment, &answer, &asked)?;
    step.state = state.to_vec();
    if let Ok(order) = original.referred(ORDER) {
        keep_order(&mut step, order.to_owned());
    }
    Ok(step)
}

/// Number of questions that were asked within the payment, and the trace of the last one.
struct Questions {
    count: u8,
    trace: Option<String>,
}

impl Questions {
    fn of(known: &State) -> Result<Self, Fault> {
        let foreign = || Fault::Internal("the state of a payment by a code is cut short".to_owned());
        let Some((count, trace)) = known.extra.split_last() else { return Ok(Questions { count: 0, trace: None }) };
        let trace = String::from_utf8(trace.to_vec()).ok().filter(|trace| trace.len() == TRACE_DIGITS);
        Ok(Questions { count: *count, trace: Some(trace.ok_or_else(foreign)?) })
    }

    /// What the answer to the last question must agree with.
    fn state(&self, known: &State, context: &Context) -> Result<Option<State>, Fault> {
        let Some(trace) = self.trace.clone() else { return Ok(None) };
        let processing = Shape::of(Kind::ScanInquiry, context)?.processing;
        Ok(Some(State { kind: Kind::ScanInquiry, trace, processing, ..known.clone() }))
    }
}

/// Sends the next question.
fn ask_again(
    context: &Context,
    settings: &Settings,
    payment: &Payment,
    known: State,
    questions: Questions,
) -> Result<Step, Fault> {
    let trace = next_trace(context)?;
    let transaction = Transaction {
        shape: Shape::of(known.kind, context)?,
        amount: payment.amount,
        trace: known.trace.clone(),
        batch: known.batch.clone(),
        entry_mode: known.entry_mode.clone(),
        card: None,
    };
    let order = order(settings, &known.batch, &known.trace);
    let composed = question(context, settings, &transaction, &trace, &order)?;
    let extra = [trace.as_bytes(), &[questions.count.saturating_add(1)]].concat();
    let state = State { extra, ..known };
    let mut step = Step::new(Action::Send(exchange(composed, settings)), state.bytes());
    // Whoever asks later, because this question stayed without an answer, asks by the same numbers.
    step.reference = transaction.reference();
    keep_order(&mut step, order);
    Ok(step)
}

/// Waits before the next question, as often as the acquirer wants it; then nobody knows. `ended` is how it ends then.
fn pend(context: &Context, ended: Step, known: State, questions: Questions) -> Result<Step, Fault> {
    let polls = match known.kind {
        Kind::ShowToPay => show::polls(context)?,
        _ => Source(context).number(parameters::SCAN_POLLS)?,
    };
    if questions.count >= polls {
        return Ok(ended);
    }
    let mut step = Step::new(Action::Pause(poll_ms(context)?), known.bytes());
    (step.proofs, step.reference) = (ended.proofs, ended.reference);
    Ok(step)
}

/// What the answer to a question says of the payment. A code that may speak of the question itself settles nothing.
fn judge(
    context: &Context,
    settings: &Settings,
    payment: &State,
    answer: &Answer<'_>,
    asked: &Asked<'_>,
) -> Result<Step, Fault> {
    let mut step = ending::end(context, settings, payment, answer, asked)?;
    if payment.kind == Kind::ShowToPay && show::is_closed(context, answer)? {
        step.action = Action::Finish(show::closed(&answer.code));
        return Ok(step);
    }
    let not_found = Source(context).codes(parameters::INQUIRY_NOT_FOUND, 0)?.contains(&answer.code);
    let of_the_payment = matches!(&step.action, Action::Finish(Outcome::Declined(declined))
        if is_of_the_customer(declined.reason) && !not_found);
    if matches!(&step.action, Action::Finish(Outcome::Declined(_))) && !of_the_payment {
        let owed = if not_found { Owed::Reversal } else { asked.owed };
        step.action = Action::Finish(ending::unknown(&answer.code, owed));
    }
    Ok(step)
}

/// Reasons that only a payment can have, and no question about one.
fn is_of_the_customer(reason: Reason) -> bool {
    use Reason::{
        CallIssuer, DoNotHonour, ExpiredCard, FraudSuspected, InsufficientFunds, InvalidCard, LimitExceeded,
        LostOrStolen, PinTriesExceeded, RestrictedCard, WrongPin,
    };
    matches!(
        reason,
        CallIssuer
            | DoNotHonour
            | ExpiredCard
            | FraudSuspected
            | InsufficientFunds
            | InvalidCard
            | LimitExceeded
            | LostOrStolen
            | PinTriesExceeded
            | RestrictedCard
            | WrongPin
    )
}

/// The customer is still being asked, or the acquirer does not know yet.
fn is_pending(answer: &Answer<'_>) -> bool {
    let is_not_final = codes::find(&answer.code).is_some_and(|code| code.verdict == Verdict::NotFinal);
    is_not_final && answer.is_sealed()
}

/// The question: the payment's own fields under a trace of its own, the payment named in DE61.
fn question(
    context: &Context,
    settings: &Settings,
    payment: &Transaction,
    trace: &str,
    order: &str,
) -> Result<Composed, Fault> {
    let asking =
        Transaction { shape: Shape::of(Kind::ScanInquiry, context)?, trace: trace.to_owned(), ..payment.clone() };
    let mut message = Composer::new(&crate::fields::TABLE, asking.shape.request);
    asking.write_common(&mut message, settings)?;
    write_original(&mut message, &payment.batch, &payment.trace, "")?;
    if let Some(field) = Source(context).field(parameters::SCAN_ORDER_FIELD)?.filter(|_| !order.is_empty()) {
        message.set_bytes(field, order.as_bytes())?;
    }
    seal(&mut message, settings)?;
    Ok(message.into_template(&settings.before))
}

fn exchange(composed: Composed, settings: &Settings) -> Exchange {
    Exchange {
        route: ROUTE.to_owned(),
        message: composed.message,
        gravity: Gravity::Asks,
        timeout: settings.timeout_ms,
        uses: vec![TRACE_COUNTER.to_owned()],
        remedy: None,
    }
}

/// The terminal's own number of an order: merchant, terminal, batch, trace.
fn order(settings: &Settings, batch: &str, trace: &str) -> String {
    format!("{}{}{batch}{trace}", settings.merchant, settings.terminal)
}

/// What a step keeps replaces what was kept before it.
fn keep_order(step: &mut Step, order: String) {
    step.reference.push((ORDER.to_owned(), order));
}

fn owed(context: &Context) -> Result<Owed, Fault> {
    Ok(if inquires(context)? { Owed::Inquiry } else { Owed::Reversal })
}

fn answer_type() -> u16 {
    Kind::ScanToPay.row().request + 0x10
}

fn by_code(follow_up: &FollowUp) -> Result<&Original, Fault> {
    match &follow_up.of {
        Subject::Known(original)
            if matches!(original.operation, OperationKind::ScanToPay | OperationKind::ShowToPay) =>
        {
            Ok(original)
        }
        _ => Err(unsupported("inquiries but of payments of this terminal by a code")),
    }
}
