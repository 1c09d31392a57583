//! Settlement 批结算 (A.9): the terminal's totals in DE48, and how the acquirer's compare.

use sdk::iso8583::Reason;
use sdk::prelude::{
    Context, Effect, Fault, Gravity, OperationKind, Outcome, Reply, Settled, Step, Stray, Totals, Verdict,
};

use crate::answer::Answer;
use crate::descriptor::BATCH_MEMORY;
use crate::ending::{DOMESTIC, FOREIGN};
use crate::layouts::{RESULTS, TOTALS, units};
use crate::managing::{self, DONE, Managing};
use crate::matrix::Kind;
use crate::parameters::{self, Source};
use crate::settings::Settings;
use crate::state::State;
use crate::transaction::{remember_settling, unsupported};

const REQUEST: u16 = Kind::Settle.row().request;
/// The most a count and an amount of DE48 can say.
const COUNT_MAX: u32 = 999;
const AMOUNT_MAX: u64 = 999_999_999_999;
/// Batch numbers run from 1 to this and start over.
const BATCH_LAST: u32 = 999_999;

/// On which side of the settlement an operation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Taken from cards.
    Debit,
    /// Given back to cards.
    Credit,
    /// Taken out of what was taken, as if it had never been.
    LessDebit,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    minor: u64,
    count: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Half {
    debit: Sum,
    credit: Sum,
}

/// Sends the totals.
///
/// # Errors
/// A fault where a total is of another currency or group, or larger than DE48 can say.
pub(crate) fn start(context: &Context, totals: &[Totals]) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let halves = halves(context, &settings, totals)?;
    let digits = halves.iter().map(|half| half.digits()).collect::<Option<String>>();
    let digits = digits.ok_or_else(|| unsupported("a settlement of more than 999 transactions of one kind"))?;
    let message = Managing {
        kind: Kind::Settle,
        request: REQUEST,
        network_code: Kind::Settle.row().network_code,
        gravity: Gravity::Owes,
        sealed: is_sealed(context)?,
        extra: Vec::new(),
    };
    let mut step = message.send(context, &settings, |message| {
        message.set(48, &digits)?.set(49, &settings.currency)?.set(63, &settings.operator)?;
        Ok(())
    })?;
    step.effects.push(remember_settling(context)?);
    Ok(step)
}

/// Reads how the totals compared.
///
/// # Errors
/// [`Fault::Malformed`] where the answer cannot be read; [`Fault::Internal`] for a foreign state.
pub(crate) fn resume(context: &Context, totals: &[Totals], state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let known = State::read(state, &[Kind::Settle])?;
    let answer = Answer::hear(reply, REQUEST + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let outcome = if answer.code == DONE {
        Outcome::Settled(settled(context, &answer, &halves(context, &settings, totals)?)?)
    } else {
        managing::declined(&answer.code, &context.locale)
    };
    let is_closed = matches!(&outcome, Outcome::Settled(settled) if settled.next.is_none());
    let mut step = Step::finish(outcome, state);
    step.effects.extend(managing::sign_in_again(&answer.code));
    if is_closed {
        step.effects.extend(closing(context, &known.batch)?);
    }
    step.proofs = proofs(context, &answer, &known, &settings)?;
    Ok(step)
}

/// Whether settlement and upload have a MAC.
pub(crate) fn is_sealed(context: &Context) -> Result<bool, Fault> {
    Ok(Source(context).yes(parameters::SETTLEMENT_MAC)?)
}

/// What must be proven of an answer: its seal where there has to be one or is one, and its echoes. Only an answer that
/// takes something has to have a seal: an acquirer that has lost the key says so without one.
pub(crate) fn proofs(
    context: &Context,
    answer: &Answer<'_>,
    known: &State,
    settings: &Settings,
) -> Result<Vec<sdk::prelude::Proof>, Fault> {
    if is_sealed(context)? && answer.code == DONE {
        answer.need(64)?;
    }
    Ok(answer.proofs(&known.sent, settings.mac))
}

/// What a closed batch brings: the next number, and the sign-off or sign-in that follows.
pub(crate) fn closing(context: &Context, batch: &str) -> Result<Vec<Effect>, Fault> {
    let source = Source(context);
    let mut effects = Vec::new();
    if source.is(parameters::BATCH_AFTER_SETTLEMENT, "next")? {
        let next = batch.parse::<u32>().unwrap_or_default() % BATCH_LAST + 1;
        effects.push(Effect::Remember((BATCH_MEMORY.to_owned(), format!("{next:06}").into_bytes())));
    }
    let following = [("sign-in", OperationKind::SignIn), ("sign-off", OperationKind::SignOff)];
    for (word, operation) in following {
        if source.is(parameters::AFTER_SETTLEMENT, word)? {
            effects.push(Effect::Request((operation, None)));
        }
    }
    Ok(effects)
}

/// Where an operation counts; `None` for one that does not.
pub(crate) fn side(context: &Context, operation: OperationKind) -> Result<Option<Side>, Fault> {
    use OperationKind::{Advise, CancelCompletion, Complete, Refund, Sale, ScanToPay, ShowToPay, Void};
    let both_sides = Source(context).is(parameters::SETTLE_VOIDS, "both-sides")?;
    Ok(match operation {
        Sale | ScanToPay | ShowToPay | Complete | Advise => Some(Side::Debit),
        Refund => Some(Side::Credit),
        Void | CancelCompletion if both_sides => Some(Side::Credit),
        Void | CancelCompletion => Some(Side::LessDebit),
        _ => None,
    })
}

/// Whether a settlement group is the foreign one. What the acquirer never named, a payment without it, is domestic.
pub(crate) fn is_foreign(group: &str) -> Result<bool, Fault> {
    match group {
        DOMESTIC | "" => Ok(false),
        FOREIGN => Ok(true),
        _ => Err(Fault::Internal("a settlement group is not one this plugin named".to_owned())),
    }
}

/// Domestic and foreign.
fn halves(context: &Context, settings: &Settings, totals: &[Totals]) -> Result<[Half; 2], Fault> {
    let too_large = || unsupported("a settlement of more than twelve digits");
    let mut halves = [Half::default(); 2];
    let mut annulled = [Sum::default(); 2];
    for total in totals {
        let Some(side) = side(context, total.operation)? else { continue };
        if format!("{:03}", total.amount.currency) != settings.currency {
            return Err(unsupported("the settlement of another currency"));
        }
        let at = usize::from(is_foreign(&total.group)?);
        let sum = match side {
            Side::Debit => &mut halves[at].debit,
            Side::Credit => &mut halves[at].credit,
            Side::LessDebit => &mut annulled[at],
        };
        *sum = sum.plus(total.amount.minor, total.count).ok_or_else(too_large)?;
    }
    let more_back_than_taken = || Fault::Internal("more was voided in this batch than was sold".to_owned());
    for (half, annulled) in halves.iter_mut().zip(annulled) {
        half.debit = half.debit.less(annulled).ok_or_else(more_back_than_taken)?;
    }
    Ok(halves)
}

fn settled(context: &Context, answer: &Answer<'_>, halves: &[Half; 2]) -> Result<Settled, Fault> {
    let compared = answer.need(48)?;
    let result = |half: usize| compared.part_of(TOTALS, *RESULTS.get(half)?).and_then(|(_, mut digit)| digit.next());
    let unexpected = || compared.wrong(Reason::Unexpected("62 digits with a result of 0 to 3 in each half"));
    if compared.units() != units(TOTALS) {
        return Err(unexpected().into());
    }
    let mut groups = Vec::with_capacity(2);
    for (at, (group, half)) in [DOMESTIC, FOREIGN].into_iter().zip(halves).enumerate() {
        let verdict = match result(at) {
            Some(b'1') => Verdict::Balanced,
            Some(b'2') => Verdict::Unbalanced,
            Some(b'3') => Verdict::Failed,
            // Some acquirers do not compare what is empty.
            Some(b'0') if *half == Half::default() => Verdict::Balanced,
            Some(b'0') => Verdict::Failed,
            _ => return Err(unexpected().into()),
        };
        groups.push((group.to_owned(), verdict));
    }
    let is_balanced = groups.iter().all(|(_, verdict)| *verdict == Verdict::Balanced);
    let uploads = !is_balanced || Source(context).yes(parameters::UPLOAD_BALANCED)?;
    Ok(Settled { groups, next: uploads.then_some(OperationKind::Upload) })
}

impl Half {
    /// DE48 of a request: the result is 0.
    fn digits(&self) -> Option<String> {
        let Half { debit, credit } = self;
        let fits = [debit, credit].iter().all(|sum| sum.minor <= AMOUNT_MAX && sum.count <= COUNT_MAX);
        fits.then(|| format!("{:012}{:03}{:012}{:03}0", debit.minor, debit.count, credit.minor, credit.count))
    }
}

impl Sum {
    fn plus(self, minor: u64, count: u32) -> Option<Sum> {
        Some(Sum { minor: self.minor.checked_add(minor)?, count: self.count.checked_add(count)? })
    }

    fn less(self, other: Sum) -> Option<Sum> {
        Some(Sum { minor: self.minor.checked_sub(other.minor)?, count: self.count.checked_sub(other.count)? })
    }
}
