//! Faults to order: what goes wrong, at which message, how often counted.

use std::fmt;
use std::str::FromStr;

use crate::bank::Handling;
use crate::codec::{Message, Mti};
use crate::config::Code;

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// A connection is made.
    Connect,
    /// A request of this type arrives.
    Message(Mti),
    /// A request of this type and transaction type code (60.1) or, where that is `00`, network management code (60.3)
    /// arrives: `0200/23` is a void, `0820/002` a sign-off.
    Operation(Mti, String),
}

/// What goes wrong. "Processed" means that the books hold the result before the fault shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `close`, on `connect` only: the TCP connection is closed before TLS begins.
    Close,
    /// `drop-request`: not processed, the connection is closed.
    DropRequest,
    /// `drop-reply`: processed, no answer, the connection stays open until the terminal closes it.
    DropReply,
    /// `close-after`: processed, no answer, the connection is closed.
    CloseAfter,
    /// `delay`: processed, the answer is sent after `ms` milliseconds.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// `late-reply`: processed, the answer is sent when the control command `release` is given.
    LateReply,
    /// `wrong-mac`: processed, the answer's MAC is wrong.
    WrongMac,
    /// `wrong-trace`: processed, the answer carries the next trace number, under a right MAC.
    WrongTrace,
    /// `wrong-amount`: processed, the answer carries another amount, under a right MAC.
    WrongAmount,
    /// `wrong-check-value`, on `0800` only: signed in, the check value of the MAC key is wrong.
    WrongCheckValue,
    /// `half-frame`: processed, half of the answer is sent, the connection is closed.
    HalfFrame,
    /// `garbage`: processed, well-framed nonsense is sent instead of the answer.
    Garbage,
    /// `trailing-bytes`: processed, four bytes follow the answer.
    TrailingBytes,
    /// `oversized-length`: processed, the answer's length prefix says 65535 and the connection stays open.
    OversizedLength,
    /// `duplicate-reply`: processed, the answer is sent twice.
    DuplicateReply,
    /// `approve-partly`: no more than `amount_minor` of a sale, scanned payment or pre-authorisation is approved; the
    /// answer says 10, with the approved amount in DE4.
    ApprovePartly {
        /// Minor units, above zero.
        amount_minor: i64,
    },
    /// `refuse-code`: not carried out; answered with `code` under a right MAC. A payment so refused is recorded as
    /// declined, unless the code leaves the outcome open (09, 68, 94, 96, 98): then it leaves no record.
    RefuseCode {
        /// DE39.
        code: Code,
    },
    /// `answer-code`: processed; answered with `code` under a right MAC, whatever was decided.
    AnswerCode {
        /// DE39.
        code: Code,
    },
}

/// A fault that was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultOrder {
    /// When.
    pub on: On,
    /// At the how-manieth from now, counted from 1.
    pub nth: u32,
    /// What.
    pub fault: Fault,
}

/// An order that makes no sense; for whoever gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OrderError(String);

/// The orders that have not struck yet.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    orders: Vec<FaultOrder>,
}

impl FaultBook {
    /// Takes an order, unless it could never show or another one waits for the same occasion.
    pub(crate) fn order(&mut self, order: FaultOrder) -> Result<(), OrderError> {
        let refuse = |text: String| Err(OrderError(text));
        if order.nth == 0 {
            return refuse("nth counts from 1".into());
        }
        if (order.on == On::Connect) != (order.fault == Fault::Close) {
            return refuse("on connect there is only `close`, and `close` is only on connect".into());
        }
        let mti = order.on.mti().map(Mti::first);
        if order.fault == Fault::WrongCheckValue && mti != Some(Mti::SIGN_IN) {
            return refuse("only the answer to 0800 has check values".into());
        }
        if order.fault == Fault::WrongMac && matches!(mti, Some(Mti::SIGN_IN | Mti::NETWORK)) {
            return refuse("the answers to 0800 and 0820 have no MAC".into());
        }
        if let Fault::ApprovePartly { amount_minor } = order.fault
            && (amount_minor <= 0 || !matches!(mti, Some(Mti::SALE | Mti::AUTHORISATION)))
        {
            return refuse("only 0200 and 0100 can be approved in part, with more than nothing".into());
        }
        if order.fault == (Fault::RefuseCode { code: Code::approved() }) {
            return refuse("00 is no refusal; `answer-code` answers with any code".into());
        }
        if self.orders.iter().any(|other| other.on == order.on && other.nth == order.nth) {
            return refuse(format!("another fault waits for number {} on {}", order.nth, order.on));
        }
        self.orders.push(order);
        Ok(())
    }

    /// Counts one message under its type and under its operation, and returns the fault that strikes at it; where two
    /// would, the one ordered first.
    pub(crate) fn strike_message(&mut self, message: &Message) -> Option<Fault> {
        let digits = message.digits(60);
        let kind = digits.and_then(|digits| digits.get(..2));
        let detail = if kind == Some("00") { digits.and_then(|digits| digits.get(8..11)) } else { kind };
        self.strike_where(|on| match on {
            On::Connect => false,
            On::Message(mti) => *mti == message.mti,
            On::Operation(mti, wanted) => *mti == message.mti && detail == Some(wanted.as_str()),
        })
    }

    /// Counts one connection and returns the fault that strikes at it.
    pub(crate) fn strike_connection(&mut self) -> Option<Fault> {
        self.strike_where(|on| *on == On::Connect)
    }

    fn strike_where(&mut self, occurs: impl Fn(&On) -> bool) -> Option<Fault> {
        let mut due = None;
        self.orders.retain_mut(|order| {
            if !occurs(&order.on) {
                return true;
            }
            order.nth = order.nth.saturating_sub(1);
            if order.nth == 0 && due.is_none() {
                due = Some(order.fault.clone());
            }
            order.nth > 0
        });
        due
    }

    /// Forgets every order.
    pub(crate) fn clear(&mut self) {
        self.orders.clear();
    }
}

impl Fault {
    /// A fault by the name it has in control commands, with the parameter it takes; `approve-partly` excepted.
    pub fn named(name: &str, ms: Option<u64>, code: Option<Code>) -> Result<Self, OrderError> {
        Self::ordered(name, ms, code, None)
    }

    /// As [`Self::named`], with the amount that `approve-partly` takes.
    pub(crate) fn ordered(
        name: &str,
        ms: Option<u64>,
        code: Option<Code>,
        amount_minor: Option<i64>,
    ) -> Result<Self, OrderError> {
        let takes = |what: &str| Err(OrderError(format!("`{name}` takes {what}")));
        match (name, ms, code, amount_minor) {
            ("delay", Some(ms), None, None) => Ok(Self::Delay { ms }),
            ("delay", ..) => takes("`ms` and nothing else"),
            ("refuse-code", None, Some(code), None) => Ok(Self::RefuseCode { code }),
            ("answer-code", None, Some(code), None) => Ok(Self::AnswerCode { code }),
            ("refuse-code" | "answer-code", ..) => takes("`code` and nothing else"),
            ("approve-partly", None, None, Some(amount_minor)) => Ok(Self::ApprovePartly { amount_minor }),
            ("approve-partly", ..) => takes("`amount_minor` and nothing else"),
            (_, None, None, None) => Self::plain(name),
            _ => takes("no parameter"),
        }
    }

    /// What the bank does with the request.
    pub(crate) fn handling(&self) -> Handling {
        match self {
            Self::RefuseCode { code } => Handling::Refuse(code.clone()),
            Self::AnswerCode { code } => Handling::AnswerWith(code.clone()),
            Self::ApprovePartly { amount_minor } => Handling::ApprovePartly(*amount_minor),
            _ => Handling::Decide,
        }
    }

    fn plain(name: &str) -> Result<Self, OrderError> {
        const NAMES: [(&str, Fault); 14] = [
            ("close", Fault::Close),
            ("drop-request", Fault::DropRequest),
            ("drop-reply", Fault::DropReply),
            ("close-after", Fault::CloseAfter),
            ("late-reply", Fault::LateReply),
            ("wrong-mac", Fault::WrongMac),
            ("wrong-trace", Fault::WrongTrace),
            ("wrong-amount", Fault::WrongAmount),
            ("wrong-check-value", Fault::WrongCheckValue),
            ("half-frame", Fault::HalfFrame),
            ("garbage", Fault::Garbage),
            ("trailing-bytes", Fault::TrailingBytes),
            ("oversized-length", Fault::OversizedLength),
            ("duplicate-reply", Fault::DuplicateReply),
        ];
        let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, fault)| fault.clone());
        found.ok_or_else(|| {
            let known: Vec<_> = NAMES.iter().map(|(known, _)| *known).collect();
            OrderError(format!(
                "no fault `{name}`; there are {}, delay, refuse-code, answer-code, approve-partly",
                known.join(", ")
            ))
        })
    }
}

impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "connect" => Ok(Self::Connect),
            text => {
                let (mti, detail) = text.split_once('/').map_or((text, None), |(mti, detail)| (mti, Some(detail)));
                let mti = mti.parse().map_err(|error| format!("`on` is `connect` or a type; {error}"))?;
                match detail {
                    None => Ok(Self::Message(mti)),
                    Some(detail) if matches!(detail.len(), 2 | 3) && detail.bytes().all(|c| c.is_ascii_digit()) => {
                        Ok(Self::Operation(mti, detail.into()))
                    }
                    Some(_) => Err("behind the `/` of `on` stands 60.1 or 60.3, two or three digits".into()),
                }
            }
        }
    }
}

impl On {
    fn mti(&self) -> Option<Mti> {
        match self {
            Self::Connect => None,
            Self::Message(mti) | Self::Operation(mti, _) => Some(*mti),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Message(mti) => mti.fmt(f),
            Self::Operation(mti, detail) => write!(f, "{mti}/{detail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(on: &str, nth: u32, fault: Fault) -> FaultOrder {
        FaultOrder { on: on.parse().unwrap(), nth, fault }
    }

    fn message(mti: Mti, private: &str) -> Message {
        let mut message = Message::new(mti);
        message.set_digits(60, private);
        message
    }

    #[test]
    fn a_fault_strikes_once_at_the_occasion_counted_from_its_order() {
        let mut book = FaultBook::default();
        let (sale, reversal) = (message(Mti::SALE, "22000042"), message(Mti::REVERSAL, "22000042"));
        assert_eq!(book.strike_message(&sale), None);
        book.order(order("0200", 2, Fault::DropReply)).unwrap();
        assert_eq!(book.strike_message(&reversal), None);
        assert_eq!(book.strike_message(&sale), None);
        book.order(order("0200", 2, Fault::Garbage)).unwrap();
        assert_eq!(book.strike_message(&sale), Some(Fault::DropReply));
        assert_eq!(book.strike_message(&sale), Some(Fault::Garbage));
        assert_eq!(book.strike_message(&sale), None);
    }

    #[test]
    fn a_fault_can_wait_for_one_operation_among_those_of_a_type() {
        let mut book = FaultBook::default();
        book.order(order("0200/23", 1, Fault::DropReply)).unwrap();
        book.order(order("0820/002", 1, Fault::Garbage)).unwrap();
        assert_eq!(book.strike_message(&message(Mti::SALE, "22000042")), None);
        assert_eq!(book.strike_message(&message(Mti::SALE, "23000042")), Some(Fault::DropReply));
        assert_eq!(book.strike_message(&message(Mti::NETWORK, "00000042301")), None);
        assert_eq!(book.strike_message(&message(Mti::NETWORK, "00000042002")), Some(Fault::Garbage));
        assert!("0200/2".parse::<On>().is_err() && "0200/2x".parse::<On>().is_err());
    }

    #[test]
    fn orders_that_could_never_show_are_refused() {
        let mut book = FaultBook::default();
        book.order(order("0200", 1, Fault::Garbage)).unwrap();
        for refused in [
            order("0200", 0, Fault::Garbage),
            order("0200", 1, Fault::DropReply),
            order("0200", 1, Fault::Close),
            order("connect", 1, Fault::Garbage),
            order("0800", 1, Fault::WrongMac),
            order("0200", 2, Fault::WrongCheckValue),
            order("0220", 1, Fault::ApprovePartly { amount_minor: 1 }),
            order("0200", 2, Fault::ApprovePartly { amount_minor: 0 }),
            order("0200", 2, Fault::RefuseCode { code: Code::approved() }),
        ] {
            assert!(book.order(refused.clone()).is_err(), "{refused:?}");
        }
    }
}
