//! What the terminal's owner grants one acquirer's plugin.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Digest;
use crate::contract::acquirer::{Descriptor, Echoed};
use crate::contract::transaction::{Device, OperationKind};
use crate::contract::types::Name;
use crate::record::DutyKind;

/// One acquirer as this terminal trades with it.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The acquirer's name on this terminal; its stream in the journal.
    pub acquirer: String,
    /// The plugin new transactions begin with; none when it could not be loaded, and then only debts are paid.
    pub plugin: Option<Loaded>,
    /// Handed to the plugin with every call.
    pub parameters: Vec<(Name, String)>,
    /// Echoes each operation's answer must prove before it counts.
    pub echoes: BTreeMap<OperationKind, Vec<Echoed>>,
    /// What a plugin can only undercut.
    pub ceilings: Ceilings,
    /// What the terminal is.
    pub device: Device,
    /// BCP 47.
    pub locale: String,
    /// Key slots that must hold a checked key before a payment or a debt can be sent.
    pub work_keys: Vec<Name>,
    /// Key slots whose key a person loaded: no sign-in brings or takes it, and the plugin is told of it.
    pub loaded_keys: Vec<Name>,
    /// Follow-ups of a known original for which the card is presented again.
    pub presents: BTreeSet<OperationKind>,
    /// Follow-ups that may be about a transaction made elsewhere, typed from its receipt.
    pub typed: BTreeSet<OperationKind>,
    /// Refunds may refer to nothing.
    pub unreferenced_refunds: bool,
    /// What may be approved without the acquirer; none is nothing.
    pub offline: Option<OfflineCeilings>,
    /// Unheard debts of these kinds stop new payments at this acquirer.
    pub blocking: BTreeSet<DutyKind>,
}

/// A plugin that was loaded and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Of the very bytes that were loaded.
    pub digest: Digest,
    /// What it says of itself.
    pub descriptor: Descriptor,
}

/// Bounds on what a plugin proposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// Times one exchange is sent before it is given up.
    pub attempts: u32,
    /// The longest wait between two tries of anything, but for a debt that nobody has answered for an hour.
    pub wait_ms: u32,
    /// The longest an answer is waited for.
    pub exchange_timeout_ms: u32,
    /// Refused debts that may stand before new payments stop.
    pub refused_debts: u32,
    /// The largest payment, in minor units.
    pub amount_minor: u64,
    /// How much of what was reserved may be taken, in hundredths of it.
    pub completion_percent: u32,
    /// Transactions one upload call is given.
    pub upload_items: u32,
    /// Times a running operation asks what became of its own message.
    pub inquiries: u32,
    /// Tries of a debt in vain after which somebody is told, whatever the plugin says.
    pub escalate_after_tries: u32,
}

/// How much a terminal may approve by itself while the acquirer cannot be reached: chip cards only, sales only, and
/// only with the card's own approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineCeilings {
    /// Payments that may wait to be delivered.
    pub count: u32,
    /// Their sum, in minor units.
    pub sum_minor: u64,
    /// The largest of them, in minor units.
    pub payment_minor: u64,
    /// How long the oldest of them may have waited.
    pub age_seconds: u64,
}

impl Default for Ceilings {
    fn default() -> Self {
        Ceilings {
            attempts: 3,
            wait_ms: 60_000,
            exchange_timeout_ms: 60_000,
            refused_debts: 10,
            amount_minor: 5_000_000,
            completion_percent: 115,
            upload_items: 8,
            inquiries: 5,
            escalate_after_tries: 6,
        }
    }
}

impl Deployment {
    /// The debts that block where nothing else is said: those that leave open whether money moved.
    pub const IN_DOUBT: [DutyKind; 3] = [DutyKind::Reverse, DutyKind::Repeat, DutyKind::Inquire];

    /// Whether answers to this operation must carry a seal, by the plugin's own word. A plugin that is gone cannot
    /// lower the demand.
    pub fn demands_seal(&self, kind: OperationKind) -> bool {
        let Some(loaded) = &self.plugin else { return true };
        loaded.descriptor.operations.iter().find(|spec| spec.kind == kind).is_none_or(|spec| spec.proved)
    }

    /// The echoes an answer to this operation must prove.
    pub fn demanded_echoes(&self, kind: OperationKind) -> &[Echoed] {
        self.echoes.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// EMV tags that the plugin wants kept for any later message.
    pub fn kept_tags(&self) -> Vec<u32> {
        let specs = self.plugin.iter().flat_map(|loaded| &loaded.descriptor.operations);
        let kept: BTreeSet<u32> = specs.flat_map(|spec| spec.keeps.iter().copied()).collect();
        kept.into_iter().collect()
    }

    /// Whether the plugin does this operation at all.
    pub fn offers(&self, kind: OperationKind) -> bool {
        self.plugin.as_ref().is_some_and(|loaded| loaded.descriptor.operations.iter().any(|spec| spec.kind == kind))
    }
}
