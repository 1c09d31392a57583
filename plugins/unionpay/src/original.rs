//! What a later message says of the transaction it refers to: DE37, DE38, DE61 (A.6) and, in a refund, DE63.1.

use sdk::iso8583::Composer;
use sdk::prelude::{Context, Fault, FollowUp, OperationKind, Original, OriginalLookup, Parameter, Presented, Subject};

use crate::card;
use crate::layouts::write_original;
use crate::matrix::Kind;
use crate::parameters::{self, Source};
use crate::transaction::unsupported;

/// Stands in DE61 for a batch or trace that is not told.
const NOT_TOLD: &str = "000000";

/// The transaction a follow-up refers to, as far as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub batch: String,
    pub trace: String,
    /// MMDD.
    pub date: String,
    pub rrn: String,
    pub authorization: String,
    pub scheme: String,
    pub group: String,
}

/// What the cashier types of an original made elsewhere.
pub(crate) fn typed(kind: OperationKind) -> Vec<Parameter> {
    let date = ("date", true, "[0-9]{4}", "Month and day of the original, MMDD.");
    let rrn = |required| ("rrn", required, "[0-9A-Za-z]{12}", "Retrieval reference of the original.");
    let authorization = |required| ("authorization", required, "[0-9A-Za-z]{6}", "Authorisation code of the original.");
    let trace = ("trace", true, "[0-9]{6}", "Trace number of the original.");
    let batch = ("batch", false, "[0-9]{6}", "Batch number of the original.");
    let wanted = match kind {
        OperationKind::Refund => vec![date, rrn(true), authorization(false)],
        OperationKind::Complete | OperationKind::CancelPreauthorization => {
            vec![authorization(true), date, trace, batch, rrn(false)]
        }
        _ => Vec::new(),
    };
    let parameter = |(name, required, pattern, meaning): (&str, bool, &str, &str)| Parameter {
        name: name.to_owned(),
        required,
        pattern: pattern.to_owned(),
        meaning: meaning.to_owned(),
    };
    wanted.into_iter().map(parameter).collect()
}

/// The original of a follow-up that moves money, and the card that goes with it: presented again, or as it is kept.
pub(crate) fn of(kind: Kind, follow_up: &FollowUp, context: &Context) -> Result<(Named, Option<Presented>), Fault> {
    let (named, absent) = match &follow_up.of {
        Subject::Known(original) => {
            if !may_follow(kind, original.operation) {
                return Err(unsupported("this after what it refers to"));
            }
            let absent = original.card.as_ref().map(|card| card::absent(card, context)).transpose()?;
            (Named::known(original)?, absent)
        }
        Subject::Typed(entries) => (Named::typed(kind, entries)?, None),
        Subject::None if kind == Kind::Refund => (Named::default(), None),
        Subject::None => return Err(unsupported("this without an original")),
    };
    let card = follow_up.card.clone().or(absent);
    if card.is_none() && !matches!(follow_up.of, Subject::Known(_)) {
        return Err(unsupported("this without a card"));
    }
    Ok((named, card))
}

impl Named {
    /// DE37, DE38, DE61 and, in a refund, DE63.1.
    pub fn write(&self, message: &mut Composer, kind: Kind, context: &Context) -> Result<(), Fault> {
        for (number, value) in [(37, &self.rrn), (38, &self.authorization)] {
            if !value.is_empty() {
                message.set(number, value)?;
            }
        }
        if let Some([batch, trace, date]) = self.original_data(kind, context)? {
            write_original(message, batch, trace, date)?;
        }
        if kind == Kind::Refund {
            let default = Source(context).value(parameters::CARD_SCHEME)?;
            let scheme = if self.scheme.is_empty() { default } else { &self.scheme };
            if !scheme.is_empty() {
                message.set(63, scheme)?;
            }
        }
        Ok(())
    }

    /// DE61. A void names batch and trace; a refund the date alone; the others trace and date, the batch by parameter.
    fn original_data(&self, kind: Kind, context: &Context) -> Result<Option<[&str; 3]>, Fault> {
        Ok(match kind {
            Kind::Void => Some([self.batch.as_str(), self.trace.as_str(), ""]),
            Kind::Refund if self.date.is_empty() => None,
            Kind::Refund => Some([NOT_TOLD, NOT_TOLD, self.date.as_str()]),
            _ => {
                let by_date = Source(context).is(parameters::COMPLETION_ORIGINAL, "date")?;
                let batch = if by_date { "" } else { &self.batch };
                Some([or_not_told(batch), or_not_told(&self.trace), self.date.as_str()])
            }
        })
    }

    fn known(original: &Original) -> Result<Self, Fault> {
        let optional = |name: &str| original.referred(name).unwrap_or_default().to_owned();
        Ok(Named {
            batch: original.referred("batch")?.to_owned(),
            trace: original.referred("trace")?.to_owned(),
            date: optional("date"),
            rrn: optional("rrn"),
            authorization: optional("authorization"),
            scheme: optional("scheme"),
            group: optional("group"),
        })
    }

    /// What the cashier typed; each entry of the length the protocol gives it.
    fn typed(kind: Kind, entries: &[(String, String)]) -> Result<Self, Fault> {
        let wanted = match kind {
            Kind::Refund => typed(OperationKind::Refund),
            Kind::Complete | Kind::CompleteAdvice => typed(OperationKind::Complete),
            Kind::CancelPreauthorization => typed(OperationKind::CancelPreauthorization),
            _ => return Err(unsupported("this to a transaction made elsewhere")),
        };
        let value = |name: &str| {
            let Some(declared) = wanted.iter().find(|declared| declared.name == name) else { return Ok(String::new()) };
            let value = entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).unwrap_or_default();
            let (length, digits_only) = shape(name);
            let fits = value.len() == length
                && value.bytes().all(|b| b.is_ascii_digit() || (!digits_only && b.is_ascii_alphanumeric()));
            match fits || (value.is_empty() && !declared.required) {
                true => Ok(value.to_owned()),
                false => Err(Fault::Unsupported(format!("the original's {name} must be like {}", declared.pattern))),
            }
        };
        Ok(Named {
            batch: value("batch")?,
            trace: value("trace")?,
            date: value("date")?,
            rrn: value("rrn")?,
            authorization: value("authorization")?,
            ..Named::default()
        })
    }
}

fn or_not_told(digits: &str) -> &str {
    if digits.is_empty() { NOT_TOLD } else { digits }
}

/// Which operation may refer to which; whether it may now is the terminal's to say.
fn may_follow(kind: Kind, original: OperationKind) -> bool {
    use OperationKind::{Complete, Preauthorize, Sale, ScanToPay, ShowToPay};
    match kind {
        Kind::Void => matches!(original, Sale | ScanToPay | ShowToPay),
        Kind::Refund => matches!(original, Sale | ScanToPay | ShowToPay | Complete),
        Kind::Complete | Kind::CompleteAdvice | Kind::CancelPreauthorization => original == Preauthorize,
        Kind::CancelCompletion => original == Complete,
        _ => false,
    }
}

/// Length of a typed entry, and whether it holds digits only.
fn shape(name: &str) -> (usize, bool) {
    match name {
        "date" => (4, true),
        "rrn" => (12, false),
        "authorization" => (6, false),
        _ => (6, true),
    }
}
