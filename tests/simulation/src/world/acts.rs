//! What people do, done.

use acquirer::bank::SettlementFault;
use anyhow::Result;
use engine::books::{Debt, Standing};
use engine::contract::types::Amount;
use engine::{
    FollowUpKind, Input, Maintenance, Order, Outcome, Payable, PaymentKind, Request, SignedWaiver, Target,
    TransactionId, Waiver,
};

use super::{Around, Event, Up, timeline};
use crate::cards;
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
            What::ScanToPay { minor } => self.pay(around, act, PaymentKind::ScanToPay, minor, cards::CODE),
            What::ShowToPay { minor } => self.pay(around, act, PaymentKind::ShowToPay, minor, cards::CODE),
            What::RefundTyped { ref of, minor } => self.refund_typed(around, act, of, minor),
            What::RefundBare { minor, card } => {
                around.cards.insert(name(act)?, card);
                self.refund(around, act, Target::Nothing, minor)
            }
            What::Waive => self.waive(around, act),
            What::SignOff => self.ask(around, act, Order::Maintain(Maintenance::SignOff)),
            What::Download { ref rows } => self.ask(around, act, Order::Download(rows.clone())),
            What::Settle => self.ask(around, act, Order::Settle),
            What::Cancel => {
                let transaction = name(act)?;
                self.request(around, Request::Cancel { transaction })
            }
            What::PayDebts => self.request(around, Request::PayDebts { acquirer }),
            What::Tend => self.tend(around),
            _ => self.suffer(around, act),
        }
    }

    /// Something goes wrong.
    fn suffer(&mut self, around: &mut Around, act: &Act) -> Result<()> {
        around.figures.fault(act.what.word());
        match act.what {
            What::Unplug { ms } => {
                self.unplug(around, ms);
                Ok(())
            }
            What::SetClock { by_ms } => {
                self.ahead_ms += by_ms;
                Ok(())
            }
            What::AcquirerDown { ms, silent } => {
                around.desks[act.acquirer].up = if silent { Up::Silent } else { Up::Refuses };
                around.queue.at(around.now_ms + ms, Event::AcquirerUp { acquirer: act.acquirer });
                Ok(())
            }
            What::RouteDown { ms, silent } => {
                around.desks[act.acquirer].first_route = if silent { Up::Silent } else { Up::Refuses };
                around.queue.at(around.now_ms + ms, Event::RouteUp { acquirer: act.acquirer });
                Ok(())
            }
            What::CutOver => {
                around.desks[act.acquirer].bank.next_day();
                Ok(())
            }
            What::ForgetKeys => {
                around.desks[act.acquirer].bank.clear_keys();
                Ok(())
            }
            What::RefuseAdvices { ms } => {
                around.desks[act.acquirer].bank.refuse_advices(Some("05".parse()?));
                around.queue.at(around.now_ms + ms, Event::AdvicesTaken { acquirer: act.acquirer });
                Ok(())
            }
            What::Miscount { fails } => {
                let result = if fails { SettlementFault::Failed } else { SettlementFault::Unbalanced };
                around.desks[act.acquirer].bank.answer_settlement(Some(result));
                Ok(())
            }
            What::BreakPlugin { ms } => {
                let mended = Event::PluginMended { terminal: self.number, acquirer: act.acquirer };
                around.queue.at(around.now_ms + ms, mended);
                self.break_plugin(around, act.acquirer)
            }
            _ => Ok(()),
        }
    }

    fn pay(&mut self, around: &mut Around, act: &Act, kind: PaymentKind, minor: u64, card: usize) -> Result<()> {
        around.cards.insert(name(act)?, card);
        self.ask(around, act, Order::Pay(Payable { kind, amount: yuan(minor), tip: None, cash: None }))
    }

    /// With what stands on the receipt of that payment; there is none of one that was not approved.
    fn refund_typed(&mut self, around: &mut Around, act: &Act, of: &str, minor: u64) -> Result<()> {
        let of = TransactionId::parse(of)?;
        let Some(known) = self.books().and_then(|books| books.transaction(&of)) else { return Ok(()) };
        let Some(Outcome::Approved(approved)) = known.outcome() else { return Ok(()) };
        let date = known.reference.iter().find(|(name, _)| name == "date").map(|(_, date)| date.clone());
        let typed = vec![
            ("date".to_owned(), date.unwrap_or_default()),
            ("rrn".to_owned(), approved.retrieval_reference.clone()),
        ];
        let card = around.cards.get(&of).copied().unwrap_or_default();
        around.cards.insert(name(act)?, card);
        self.refund(around, act, Target::Typed(typed), minor)
    }

    fn refund(&mut self, around: &mut Around, act: &Act, of: Target, minor: u64) -> Result<()> {
        let amount = Some(yuan(minor));
        self.ask(around, act, Order::FollowUp { kind: FollowUpKind::Refund, of, amount })
    }

    /// The operator signs away the first debt that was refused, or whose original the acquirer does not know.
    fn waive(&mut self, around: &mut Around, act: &Act) -> Result<()> {
        let acquirer = ground::ACQUIRERS[act.acquirer].0;
        let is_lost = |debt: &&Debt| {
            debt.acquirer == acquirer && matches!(debt.standing, Standing::Refused | Standing::Unmatched)
        };
        let debt = self.books().and_then(|books| books.open_debts().find(is_lost)).map(|debt| debt.id.clone());
        let Some(debt) = debt else { return Ok(()) };
        let at = around.moment(self.ahead_ms, 0).wall;
        let waiver = Waiver { debt, journal: "simulated".into(), reason: "settled by hand".into(), at };
        let signed = SignedWaiver { waiver, signed_by: "operator".into(), signature: vec![0x5a; 64] };
        self.request(around, Request::Waive(Box::new(signed)))
    }

    fn ask(&mut self, around: &mut Around, act: &Act, order: Order) -> Result<()> {
        let transaction = name(act)?;
        if !self.serves() {
            // Nobody is told anything by a terminal that is off.
            return Ok(());
        }
        around.watch.asked(self.number, act.acquirer, &transaction, &order);
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
