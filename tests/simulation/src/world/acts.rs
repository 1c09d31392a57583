//! What people do, done.

use anyhow::Result;
use engine::contract::types::Amount;
use engine::{Input, Maintenance, Order, Payable, PaymentKind, Request, Target, TransactionId};

use super::{Around, Event, Up, timeline};
use crate::ground;
use crate::script::{Act, What};
use crate::terminal::Terminal;

/// Who is named as the operator.
const OPERATOR: &str = "01";

impl Terminal {
    /// Does one act.
    pub fn act(&mut self, around: &mut Around, act: &Act) -> Result<()> {
        if act.what.is_fault() && around.now_ms >= around.shape.calm_from_ms {
            return Ok(());
        }
        timeline!(around, "T{} {} {:?}", self.number, act.name, act.what);
        let acquirer = ground::ACQUIRERS[act.acquirer].0.to_owned();
        match act.what {
            What::SignIn => self.ask(around, act, Order::Maintain(Maintenance::SignIn)),
            What::Echo => self.ask(around, act, Order::Maintain(Maintenance::Echo)),
            What::Sale { minor, card } => self.pay(around, act, PaymentKind::Sale, minor, card),
            What::Preauthorize { minor, card } => self.pay(around, act, PaymentKind::Preauthorize, minor, card),
            What::Balance { card } => self.pay(around, act, PaymentKind::Balance, 0, card),
            What::Follow { kind, ref of, minor } => {
                let of = TransactionId::parse(of)?;
                let card = around.cards.get(&of).copied().unwrap_or_default();
                around.cards.insert(name(act)?, card);
                let of = Target::Known(of);
                self.ask(around, act, Order::FollowUp { kind, of, amount: minor.map(yuan) })
            }
            What::Settle => self.ask(around, act, Order::Settle),
            What::Cancel => {
                let transaction = name(act)?;
                self.request(around, Request::Cancel { transaction })
            }
            What::PayDebts => self.request(around, Request::PayDebts { acquirer }),
            What::Tend => self.tend(around),
            What::Unplug { ms } => {
                around.figures.fault(act.what.word());
                self.unplug(around, ms);
                Ok(())
            }
            What::SetClock { by_ms } => {
                around.figures.fault(act.what.word());
                self.ahead_ms += by_ms;
                Ok(())
            }
            What::AcquirerDown { ms, silent } => {
                around.figures.fault(act.what.word());
                around.desks[act.acquirer].up = if silent { Up::Silent } else { Up::Refuses };
                around.queue.at(around.now_ms + ms, Event::AcquirerUp { acquirer: act.acquirer });
                Ok(())
            }
            What::CutOver => {
                around.figures.fault(act.what.word());
                around.desks[act.acquirer].bank.next_day();
                Ok(())
            }
            What::ForgetKeys => {
                around.figures.fault(act.what.word());
                around.desks[act.acquirer].bank.clear_keys();
                Ok(())
            }
            What::BreakPlugin { ms } => {
                around.figures.fault(act.what.word());
                let mended = Event::PluginMended { terminal: self.number, acquirer: act.acquirer };
                around.queue.at(around.now_ms + ms, mended);
                self.break_plugin(around, act.acquirer)
            }
        }
    }

    fn pay(&mut self, around: &mut Around, act: &Act, kind: PaymentKind, minor: u64, card: usize) -> Result<()> {
        around.cards.insert(name(act)?, card);
        self.ask(around, act, Order::Pay(Payable { kind, amount: yuan(minor), tip: None, cash: None }))
    }

    fn ask(&mut self, around: &mut Around, act: &Act, order: Order) -> Result<()> {
        let transaction = name(act)?;
        if !self.serves() {
            // Nobody is told anything by a terminal that is off.
            return Ok(());
        }
        around.watch.asked(self.number, &transaction, &order);
        self.waits_for(&transaction);
        let acquirer = ground::ACQUIRERS[act.acquirer].0.to_owned();
        self.request(around, Request::Begin { acquirer, transaction, order, operator: OPERATOR.to_owned() })
    }

    fn request(&mut self, around: &mut Around, request: Request) -> Result<()> {
        self.feed(around, Input::Request(request))
    }
}

fn yuan(minor: u64) -> Amount {
    Amount::of(minor, ground::CURRENCY, 2)
}

fn name(act: &Act) -> Result<TransactionId> {
    Ok(TransactionId::parse(&act.name)?)
}
