//! What the file says of one acquirer: who it is, what its plugin is granted, and how a day goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use engine::contract::acquirer::{Echoed, Framing, KeyAlgorithm, KeyScheme, KeyUse};
use engine::contract::transaction::OperationKind;
use engine::contract::types::Name;
use engine::{Deployment, DutyKind};

use super::{Profile, RouteSecret};

/// The acquirers of this terminal: at least one, each with its own name, one of them the first choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquirers {
    pub(super) all: Vec<Acquirer>,
    pub(super) first: usize,
}

/// One acquirer: its plugin, and what that plugin is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquirer {
    /// The operator's name for it; fit for a file name.
    pub name: Name,
    /// The precompiled component.
    pub plugin: PathBuf,
    /// What the acquirer gave the shop (terminal number, merchant number), as the plugin declares them.
    pub parameters: Vec<(Name, String)>,
    /// The key slots, each with the one thing its key may do.
    pub keys: BTreeMap<Name, KeyGrant>,
    /// Where messages may go; never empty.
    pub routes: BTreeMap<Name, Route>,
    /// The echoes each operation needs besides its seal before its outcome counts.
    pub proofs: BTreeMap<OperationKind, Vec<Echoed>>,
    /// What the plugin can only undercut.
    pub ceilings: Ceilings,
    /// How a day of trade goes with it.
    pub trade: Trade,
}

/// What a key slot is and may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    /// What a key in it may be: several where the acquirer hands out keys of several lengths. Never empty.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Its one use.
    pub use_: KeyUse,
    /// How its keys come; `Session` where nothing is said, which holds a key loaded by hand as well.
    pub scheme: KeyScheme,
}

/// A way to an acquirer, over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Host and port.
    pub address: Address,
    /// The name its certificate must carry; the host of the address where nothing is said.
    pub server_name: String,
    /// The certificates, in PEM, that may have signed it.
    pub roots: PathBuf,
    /// How messages are told apart on a connection; the plugin's route must be the same.
    pub framing: Framing,
    /// What may leave here beside the plugin's own bytes.
    pub secrets: BTreeSet<RouteSecret>,
    /// How long to wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// How long to wait until a request has left.
    pub write_timeout: Duration,
}

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address; an IPv6 address stands without its brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

/// Limits a plugin can undercut and never exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceilings {
    /// Tries of one exchange, the first included.
    pub attempts: u32,
    /// The longest pause between two tries.
    pub wait: Duration,
    /// The longest wait for a reply.
    pub exchange_timeout: Duration,
    /// Debts the acquirer has refused before new payments stop.
    pub refused_debts: u32,
    /// The largest payment, in the minor unit of the terminal's currency.
    pub amount_minor: u64,
    /// How much of a pre-authorisation may be taken, in hundredths of it.
    pub completion_percent: u32,
    /// How often a running operation asks what became of its own message.
    pub inquiries: u32,
    /// Transactions that are uploaded in one go after a settlement that does not balance.
    pub upload_items: u32,
    /// Tries of a debt in vain after which somebody is told.
    pub escalate_after_tries: u32,
}

/// How a day of trade goes with one acquirer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// When the terminal settles by itself, each day; never where nothing is said.
    pub settle_at: Option<TimeOfDay>,
    /// Follow-ups of this terminal's own transactions for which the card is presented again.
    pub presents: BTreeSet<OperationKind>,
    /// Follow-ups that may be about a transaction made elsewhere, typed from its receipt.
    pub typed: BTreeSet<OperationKind>,
    /// Whether a refund may refer to nothing.
    pub unreferenced_refunds: bool,
    /// What may be approved without the acquirer; nothing where there is none.
    pub offline: Option<Offline>,
    /// Debts that must be heard by the acquirer before it gets another payment.
    pub blocking: BTreeSet<DutyKind>,
}

/// How much a terminal may approve by itself while an acquirer cannot be reached: sales alone, with chip cards that
/// approve them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offline {
    /// Payments that may wait to be delivered.
    pub count: u32,
    /// Their sum, in minor units.
    pub sum_minor: u64,
    /// The largest of them, in minor units.
    pub payment_minor: u64,
    /// How long the oldest of them may have waited.
    pub age: Duration,
}

/// A time of the day by the terminal's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// Minutes since midnight, up to 1439.
    minutes: u16,
}

impl Acquirers {
    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Acquirer> {
        self.all.iter()
    }

    /// The one that takes a payment when nobody says which: marked `first`, else the first in the file.
    pub fn first(&self) -> &Acquirer {
        &self.all[self.first]
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<&Acquirer> {
        self.all.iter().find(|acquirer| acquirer.name == name)
    }
}

impl Acquirer {
    /// Slots whose keys are downloaded at a sign-in, and without which nothing is sent.
    pub fn work_keys(&self) -> impl Iterator<Item = &Name> {
        self.keys.iter().filter(|(_, grant)| grant.use_ != KeyUse::Transport).map(|(slot, _)| slot)
    }
}

impl Trade {
    /// Follow-ups that may need a card, or an original made elsewhere.
    pub const FOLLOW_UPS: [OperationKind; 5] = [
        OperationKind::Void,
        OperationKind::Refund,
        OperationKind::Complete,
        OperationKind::CancelPreauthorization,
        OperationKind::CancelCompletion,
    ];

    /// For a file that says nothing. A refund wants the card again, since it mostly comes when the card data of its
    /// original is gone. A development terminal does everything; in production what risks money is allowed by name.
    pub fn of(profile: Profile) -> Trade {
        let cautious = Trade {
            settle_at: None,
            presents: BTreeSet::from([OperationKind::Refund]),
            typed: BTreeSet::new(),
            unreferenced_refunds: false,
            offline: None,
            blocking: Deployment::IN_DOUBT.into(),
        };
        match profile {
            Profile::Production => cautious,
            Profile::Development => Trade {
                typed: Trade::FOLLOW_UPS.into(),
                unreferenced_refunds: true,
                offline: Some(Offline::MODEST),
                ..cautious
            },
        }
    }
}

impl Offline {
    /// Ten payments of up to 200.00, together up to 1,000.00, for a day.
    pub const MODEST: Offline =
        Offline { count: 10, sum_minor: 100_000, payment_minor: 20_000, age: Duration::from_secs(24 * 60 * 60) };
}

impl TimeOfDay {
    /// Reads `23:30`.
    pub fn parse(text: &str) -> Option<TimeOfDay> {
        let (hours, minutes) = text.split_once(':')?;
        let part = |text: &str, below: u16| {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u16| is_number && *number < below)
        };
        Some(TimeOfDay { minutes: part(hours, 24)? * 60 + part(minutes, 60)? })
    }

    /// Milliseconds since midnight.
    pub fn ms(self) -> i64 {
        i64::from(self.minutes) * 60_000
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Default for Ceilings {
    /// For a file that says nothing: three tries, a minute for each wait, ten refused debts, 50,000.00,
    /// and what the engine takes for the rest.
    fn default() -> Self {
        let engine = engine::Ceilings::default();
        Ceilings {
            attempts: 3,
            wait: Duration::from_secs(60),
            exchange_timeout: Duration::from_secs(60),
            refused_debts: 10,
            amount_minor: 5_000_000,
            completion_percent: engine.completion_percent,
            inquiries: engine.inquiries,
            upload_items: 8,
            escalate_after_tries: engine.escalate_after_tries,
        }
    }
}
