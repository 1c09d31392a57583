//! What a step wishes besides its message: which of it may come true in this kind of operation.

use super::Errand;
use crate::contract::acquirer::{Effect as Wish, KernelRows, NewKey};
use crate::contract::transaction::{Maintenance, OperationKind};
use crate::contract::types::Name;
use crate::effect::Effect;
use crate::machine::world::World;
use crate::order::Order;
use crate::record::{Fact, Incident, Party};

/// Further errands one operation may ask for: a sign-off, a sign-in, a download or two.
const REQUESTS: usize = 4;

/// What the steps' wishes come to, once looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Granted {
    pub install: Vec<NewKey>,
    pub drop: Vec<Name>,
    /// Rows for the tables of the EMV kernel.
    pub kernel: Vec<KernelRows>,
    /// What is to be done once this has ended.
    pub then: Vec<Order>,
}

impl Errand {
    /// Looks at a step's wishes: which may come true in this kind of operation. What is to be remembered goes with
    /// the next durable record; keys wait for the end, since none of a download is used before all of it is checked.
    pub fn grant(&mut self, wishes: Vec<Wish>, world: &World<'_>) {
        for wish in wishes {
            match (self.kind, wish) {
                (OperationKind::SignIn, Wish::InstallKey(key)) => self.granted.install.push(key),
                (_, Wish::DropKeys(names)) => self.granted.drop.extend(names),
                (_, Wish::Remember((name, value))) => self.pending.push(Fact::Remembered { name, value }),
                (OperationKind::SignIn | OperationKind::Download, Wish::SetCounter((name, value)))
                    if world.may_set(&name, value) =>
                {
                    self.pending.push(Fact::CounterSet { name, value });
                }
                (OperationKind::Download, Wish::LoadKernel(rows)) => self.granted.kernel.push(rows),
                (OperationKind::ShowToPay, Wish::ShowCode(code)) => self.codes.push(code),
                // A hint this terminal does not take: its clock is the operator's.
                (_, Wish::SetClock(_)) => {}
                (_, Wish::Request((kind, name))) if self.granted.then.len() < REQUESTS => match errand_of(kind, name) {
                    Some(order) => self.granted.then.push(order),
                    None => self.refuse_wish(),
                },
                _ => self.refuse_wish(),
            }
        }
    }

    fn refuse_wish(&mut self) {
        let what = Incident::IllegalStep("an effect that this operation may not have".into());
        self.pending.push(self.incident(Party::Plugin, what));
    }

    /// Whether the newest step wished a code to be shown.
    pub fn has_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Codes the newest step wished to be shown.
    pub fn show_codes(&mut self) -> Vec<Effect> {
        let operation = self.operation;
        std::mem::take(&mut self.codes).into_iter().map(|code| Effect::ShowCode { operation, code }).collect()
    }

    /// Everything that was granted, now that the operation ends.
    pub fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }
}

/// What a plugin may ask for once an operation has ended: errands that move no money, nothing else.
fn errand_of(kind: OperationKind, name: Option<Name>) -> Option<Order> {
    match (kind, name) {
        (OperationKind::SignIn, _) => Some(Order::Maintain(Maintenance::SignIn)),
        (OperationKind::SignOff, _) => Some(Order::Maintain(Maintenance::SignOff)),
        (OperationKind::Echo, _) => Some(Order::Maintain(Maintenance::Echo)),
        (OperationKind::Download, Some(name)) => Some(Order::Download(name)),
        _ => None,
    }
}

impl World<'_> {
    /// A counter is only ever moved forwards, within its own bounds: a number given twice is a payment confused.
    fn may_set(&self, name: &str, value: u64) -> bool {
        let declared = self.deployment.plugin.iter().flat_map(|loaded| &loaded.descriptor.counters);
        let counter = declared.into_iter().find(|counter| counter.name == name);
        counter.is_some_and(|counter| self.books.may_move(&self.deployment.acquirer, counter, value))
    }
}
