//! Where built plugins are, and a sale to ask them for.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;

use acquit_sandbox::contract::card::{Entry, Presented, Verification};
use acquit_sandbox::contract::transaction::{Context, Device, Operation, Payment, PaymentKind, Reader};
use acquit_sandbox::contract::types::{Amount, LocalTime};

/// The artefact of this name, such as `unionpay` or `hostile/trap`.
pub fn artefact(name: &str) -> PathBuf {
    let plugins = std::env::var_os("ACQUIT_PLUGINS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins")), PathBuf::from);
    let path = plugins.join(format!("{name}.cwasm"));
    assert!(path.exists(), "{} is missing: run cargo xtask plugins first", path.display());
    path
}

/// What a terminal tells with a call.
pub fn context() -> Context {
    Context {
        now: LocalTime { year: 2026, month: 3, day: 14, hour: 15, minute: 9, second: 26, utc_offset: 480 },
        transaction: "T0001".into(),
        operator: "01".into(),
        locale: "zh-CN".into(),
        parameters: Vec::new(),
        memory: Vec::new(),
        counters: Vec::new(),
        keys: Vec::new(),
        device: Device {
            serial: "S1".into(),
            model: "desk".into(),
            firmware: "1".into(),
            reads: vec![Reader::Stripe],
            developer_kernel: true,
        },
    }
}

/// 12.34 CNY by stripe, with a PIN.
pub fn sale() -> Operation {
    Operation::Pay(Payment {
        kind: PaymentKind::Sale,
        amount: Amount { minor: 1234, currency: 156, exponent: 2 },
        tip: None,
        cash: None,
        card: Some(Presented {
            entry: Entry::Stripe,
            bin: "622848".into(),
            last_four: "0000".into(),
            pan_length: 19,
            has_expiry: true,
            track_one_length: 0,
            track_two_length: 37,
            track_three_length: 0,
            sequence_number: None,
            service_code: Some("220".into()),
            verification: Verification::OnlinePin,
            pin_length: 6,
            fell_back: false,
            tags: Vec::new(),
        }),
    })
}
