//! A whole world around the engine: an executor of its effects with a plugin, an acquirer with a ledger, a journal of
//! encoded records, virtual time and a power switch. It holds every effect against the laws of the house.

mod acquirer;
mod asked_later;
mod asking;
mod bad_answers;
mod bad_input;
mod books;
mod card_gone;
mod closing;
mod counters;
mod coverage;
mod day;
mod day_cuts;
mod duties;
mod errands;
mod failed_save;
mod flatness;
mod full_disk;
pub(crate) mod guest;
mod hostile;
mod house;
mod lanes;
mod last_word;
pub(crate) mod laws;
mod line;
mod long_ago;
mod one_reader;
mod passed_over;
mod power_cuts;
mod rejected_reversal;
mod settlements;
mod stop_waiting;
mod teller;
mod till;
mod unreadable;
mod waivers;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use closing::closed;
use guest::{MAC_KEY, descriptor};
pub(crate) use house::House;

use crate::contract::Digest;
use crate::contract::acquirer::Echoed;
use crate::contract::card::{Entry, Presented, Verification};
use crate::contract::transaction::{Device, OperationKind};
use crate::{Ceilings, Deployment, Fact, Loaded, Record, Timestamp};

pub(crate) const ACQUIRER: &str = "model";
pub(crate) fn deployment() -> Deployment {
    let device = Device {
        serial: "1".into(),
        model: "model".into(),
        firmware: "1".into(),
        reads: Vec::new(),
        developer_kernel: true,
    };
    Deployment {
        acquirer: ACQUIRER.into(),
        plugin: Some(Loaded { digest: Digest([7; 32]), descriptor: descriptor() }),
        parameters: Vec::new(),
        echoes: BTreeMap::from([
            (OperationKind::Sale, vec![Echoed::Trace, Echoed::Amount]),
            (OperationKind::Reverse, vec![Echoed::Trace]),
        ]),
        ceilings: Ceilings::default(),
        device,
        locale: "en".into(),
        work_keys: vec![MAC_KEY.into()],
        loaded_keys: Vec::new(),
        presents: BTreeSet::new(),
        typed: BTreeSet::new(),
        unreferenced_refunds: false,
        offline: None,
        blocking: Deployment::IN_DOUBT.into(),
    }
}

pub(crate) fn card() -> Presented {
    Presented {
        entry: Entry::Stripe,
        bin: "621234".into(),
        last_four: "1234".into(),
        pan_length: 16,
        has_expiry: true,
        track_one_length: 0,
        track_two_length: 37,
        track_three_length: 0,
        sequence_number: None,
        service_code: None,
        verification: Verification::OnlinePin,
        pin_length: 6,
        fell_back: false,
        tags: Vec::new(),
    }
}

pub(crate) fn record(fact: Fact) -> Record {
    let at = Timestamp { unix_ms: 1_795_000_000_000, utc_offset_minutes: 480 };
    Record { at, acquirer: ACQUIRER.into(), fact }
}

/// An acquirer that books a sale and whose answer never comes back.
pub(crate) fn lost_reply() -> acquirer::Line {
    acquirer::Line::LostReply
}
