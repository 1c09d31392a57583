//! Faults to order: what goes wrong, at which message, how often counted.

use std::fmt;
use std::str::FromStr;

use crate::bank::Handling;
use crate::codec::Mti;
use crate::config::Code;

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A connection is made.
    Connect,
    /// A request of this type arrives.
    Message(Mti),
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
    /// `refuse-code`: not carried out; answered with `code` under a right MAC. A sale so refused is recorded as declined,
    /// unless the code leaves the outcome open (09, 68, 94, 96, 98): then it leaves no record.
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
        if order.fault == Fault::WrongCheckValue && order.on != On::Message(Mti::SIGN_IN) {
            return refuse("only the answer to 0800 has check values".into());
        }
        if order.fault == Fault::WrongMac && ![On::Message(Mti::SALE), On::Message(Mti::REVERSAL)].contains(&order.on) {
            return refuse("only the answers to 0200 and 0400 have a MAC".into());
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

    /// Counts one occasion and returns the fault that strikes at it.
    pub(crate) fn strike(&mut self, on: On) -> Option<Fault> {
        let mut due = None;
        self.orders.retain_mut(|order| {
            if order.on != on {
                return true;
            }
            order.nth = order.nth.saturating_sub(1);
            if order.nth == 0 {
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
    /// A fault by the name it has in control commands, with the parameter it takes.
    pub fn named(name: &str, ms: Option<u64>, code: Option<Code>) -> Result<Self, OrderError> {
        let fault = match (name, ms, code) {
            ("delay", Some(ms), None) => Self::Delay { ms },
            ("delay", _, _) => return Err(OrderError("`delay` takes `ms` and nothing else".into())),
            ("refuse-code", None, Some(code)) => Self::RefuseCode { code },
            ("answer-code", None, Some(code)) => Self::AnswerCode { code },
            ("refuse-code" | "answer-code", _, _) => {
                return Err(OrderError(format!("`{name}` takes `code` and nothing else")));
            }
            (_, None, None) => Self::plain(name)?,
            _ => return Err(OrderError(format!("`{name}` takes neither `ms` nor `code`"))),
        };
        Ok(fault)
    }

    /// What the bank does with the request.
    pub(crate) fn handling(&self) -> Handling {
        match self {
            Self::RefuseCode { code } => Handling::Refuse(code.clone()),
            Self::AnswerCode { code } => Handling::AnswerWith(code.clone()),
            _ => Handling::Decide,
        }
    }

    fn plain(name: &str) -> Result<Self, OrderError> {
        const NAMES: [(&str, Fault); 13] = [
            ("close", Fault::Close),
            ("drop-request", Fault::DropRequest),
            ("drop-reply", Fault::DropReply),
            ("close-after", Fault::CloseAfter),
            ("late-reply", Fault::LateReply),
            ("wrong-mac", Fault::WrongMac),
            ("wrong-trace", Fault::WrongTrace),
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
            OrderError(format!("no fault `{name}`; there are {}, delay, refuse-code, answer-code", known.join(", ")))
        })
    }
}

impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "connect" => Ok(Self::Connect),
            mti => mti.parse().map(Self::Message).map_err(|error| format!("`on` is `connect` or a type; {error}")),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Message(mti) => mti.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(on: &str, nth: u32, fault: Fault) -> FaultOrder {
        FaultOrder { on: on.parse().unwrap(), nth, fault }
    }

    #[test]
    fn a_fault_strikes_once_at_the_occasion_counted_from_its_order() {
        let mut book = FaultBook::default();
        let sale = On::Message(Mti::SALE);
        assert_eq!(book.strike(sale), None);
        book.order(order("0200", 2, Fault::DropReply)).unwrap();
        assert_eq!(book.strike(On::Message(Mti::REVERSAL)), None);
        assert_eq!(book.strike(sale), None);
        book.order(order("0200", 2, Fault::Garbage)).unwrap();
        assert_eq!(book.strike(sale), Some(Fault::DropReply));
        assert_eq!(book.strike(sale), Some(Fault::Garbage));
        assert_eq!(book.strike(sale), None);
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
            order("0200", 2, Fault::RefuseCode { code: Code::approved() }),
        ] {
            assert!(book.order(refused.clone()).is_err(), "{refused:?}");
        }
    }
}
