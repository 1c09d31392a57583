//! What the sandbox costs: one sale's plugin work through it against the same Rust code compiled natively, and what an
//! idle host holds resident. `cargo bench -p acquit-scenarios --bench sandbox` prints the table.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use sandbox::contract::acquirer::{Action, Event, Outcome, Reply, Step};
use sandbox::contract::card::{Entry, Presented, Verification};
use sandbox::contract::retry_policy::{Attempt, Delivery, Failure, Situation};
use sandbox::contract::transaction::{
    Context, Device, Gravity, Operation, OperationKind, Payment, PaymentKind, Reader,
};
use sandbox::contract::types::{Amount, LocalTime};
use sandbox::contract::{Plugin, PluginError};
use sandbox::{LoadedPlugin, Sandbox};
use sdk::prelude::Plugin as _;
use unionpay::UnionPay;

/// The plugin's own types, and the way to them from the host's.
mod native {
    sandbox::contract_conversions!(sdk::bindings::exports::acquit::terminal);
}

use native::Convert;

/// Rounds of each figure; the median is printed.
const ROUNDS: usize = 2_000;
/// The argument by which this program runs itself to weigh an idle host.
const IDLE: &str = "--idle-with-plugins";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == IDLE) {
        let count = |place: usize| arguments.get(place).and_then(|count| count.parse().ok()).expect("a count");
        println!("{}", resident_kib_with(count(at + 1), count(at + 2)));
        return;
    }
    let sandbox = Sandbox::new().expect("a sandbox");
    let plugin = sandbox.load("unionpay", &artefact()).expect("the plugin loads");
    println!("{:<28}{:>12}{:>12}{:>12}", "microseconds an operation", "sandbox", "native", "difference");
    let sale = Sale::new(&plugin);
    let figures = [
        ("start (sale)", median(|| sale.start(&plugin)), median(sale.native_start())),
        ("resume (approved)", median(|| sale.resume(&plugin)), median(sale.native_resume())),
        ("decide (no answer)", median(|| sale.decide(&plugin)), median(sale.native_decide())),
    ];
    for (operation, through, direct) in figures {
        row(operation, through, direct);
    }
    let sum = |pick: fn(&(&str, Duration, Duration)) -> Duration| figures.iter().map(pick).sum();
    row("the three together", sum(|figure| figure.1), sum(|figure| figure.2));
    println!("\n{:<28}{:>12}", "resident, idle host", "MiB");
    for (acquirers, builds) in [(0, 0), (1, 1), (10, 1), (10, 10)] {
        let what = format!("{acquirers} acquirers, {builds} builds");
        println!("{what:<28}{:>12.1}", idle_host_kib(acquirers, builds) as f64 / 1024.0);
    }
}

fn row(operation: &str, through: Duration, direct: Duration) {
    let us = |duration: Duration| duration.as_secs_f64() * 1e6;
    let (through, direct) = (us(through), us(direct));
    println!("{operation:<28}{through:>12.1}{direct:>12.1}{:>12.1}", through - direct);
}

fn median<T>(mut operation: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            black_box(operation());
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// One sale: what the plugin is asked, and what the acquirer answered.
struct Sale {
    context: Context,
    operation: Operation,
    state: Vec<u8>,
    reply: Event,
    situation: Situation,
}

impl Sale {
    /// Asks once, so that what is measured is known to be an approval and not an early refusal.
    fn new(plugin: &LoadedPlugin) -> Self {
        let mut sale = Self {
            context: context(),
            operation: operation(),
            state: Vec::new(),
            reply: approval(),
            situation: silence(),
        };
        sale.state = sale.start(plugin).expect("a first step").state;
        let step = sale.resume(plugin).expect("a last step");
        assert!(matches!(step.action, Action::Finish(Outcome::Approved(_))), "{:?}", step.action);
        sale.decide(plugin).expect("a decision");
        sale
    }

    fn start(&self, plugin: &LoadedPlugin) -> Result<Step, PluginError> {
        plugin.start(&self.context, &self.operation)
    }

    fn resume(&self, plugin: &LoadedPlugin) -> Result<Step, PluginError> {
        plugin.resume(&self.context, &self.operation, &self.state, &self.reply)
    }

    fn decide(&self, plugin: &LoadedPlugin) -> Result<sandbox::contract::retry_policy::Decision, PluginError> {
        plugin.decide(&self.context, &self.situation)
    }

    fn native_start(&self) -> impl FnMut() -> Result<sdk::prelude::Step, sdk::prelude::Fault> {
        let (context, operation) = (self.context.convert(), self.operation.convert());
        move || UnionPay::start(black_box(&context), black_box(&operation))
    }

    fn native_resume(&self) -> impl FnMut() -> Result<sdk::prelude::Step, sdk::prelude::Fault> {
        let (context, operation, reply) = (self.context.convert(), self.operation.convert(), self.reply.convert());
        let state = self.state.clone();
        move || UnionPay::resume(black_box(&context), &operation, black_box(&state), &reply)
    }

    fn native_decide(&self) -> impl FnMut() -> sdk::prelude::Decision {
        let (context, situation) = (self.context.convert(), self.situation.convert());
        move || UnionPay::decide(black_box(&context), black_box(&situation))
    }
}

fn context() -> Context {
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Context {
        now: LocalTime { year: 2026, month: 3, day: 14, hour: 15, minute: 9, second: 26, utc_offset: 480 },
        transaction: "T0001".into(),
        operator: "01".into(),
        locale: "zh-CN".into(),
        parameters: [("terminal", "12345678"), ("merchant", "123456789012345"), ("tpdu", "6000000000")]
            .map(text)
            .to_vec(),
        memory: vec![("batch".into(), b"000001".to_vec())],
        counters: vec![("trace".into(), 1)],
        keys: ["tmk", "pik", "mak"].map(String::from).to_vec(),
        device: Device {
            serial: "S1".into(),
            model: "desk".into(),
            firmware: "1".into(),
            reads: vec![Reader::Stripe],
            developer_kernel: true,
        },
    }
}

fn operation() -> Operation {
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

/// A 0210 with code 00. The plugin cannot check its MAC; the vault would.
fn approval() -> Event {
    let fields: [(u8, &[u8]); 11] = [
        (3, &[0x00, 0x00, 0x00]),
        (4, &[0x00, 0x00, 0x00, 0x00, 0x12, 0x34]),
        (11, &[0x00, 0x00, 0x01]),
        (12, &[0x15, 0x09, 0x26]),
        (13, &[0x03, 0x14]),
        (37, b"000000000001"),
        (38, b"123456"),
        (39, b"00"),
        (41, b"12345678"),
        (42, b"123456789012345"),
        (64, &[0; 8]),
    ];
    let bitmap = fields.iter().fold(0_u64, |bitmap, (number, _)| bitmap | 1 << (64 - number));
    let mut body = vec![0x60, 0, 0, 0, 0, 0x60, 0x22, 0, 0, 0, 0, 0x02, 0x10];
    body.extend(bitmap.to_be_bytes());
    fields.iter().for_each(|(_, bytes)| body.extend_from_slice(bytes));
    Event::Received(Reply { status: 0, headers: Vec::new(), body })
}

fn silence() -> Situation {
    Situation {
        operation: OperationKind::Sale,
        attempts: vec![Attempt {
            route: "host".into(),
            gravity: Gravity::MovesMoney,
            delivery: Delivery::Sent,
            failure: Failure::Timeout,
            elapsed: 60_000,
        }],
        routes: vec!["host".into()],
        offline_allowed: false,
    }
}

fn artefact() -> PathBuf {
    let plugins = std::env::var_os("ACQUIT_PLUGINS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins")), PathBuf::from);
    let artefact = plugins.join("unionpay.cwasm");
    assert!(artefact.exists(), "{} is missing: run cargo xtask plugins first", artefact.display());
    artefact
}

/// A process of its own, so that nothing measured before counts.
fn idle_host_kib(acquirers: usize, builds: usize) -> u64 {
    let this = std::env::current_exe().expect("this program");
    let counts = [acquirers, builds].map(|count| count.to_string());
    let weighed = Command::new(this).arg(IDLE).args(counts).output().expect("it runs");
    String::from_utf8_lossy(&weighed.stdout).trim().parse().expect("a number of KiB")
}

fn resident_kib_with(acquirers: usize, builds: usize) -> u64 {
    let sandbox = Sandbox::new().expect("a sandbox");
    let loaded: Vec<LoadedPlugin> = (0..acquirers)
        .map(|number| {
            let mut bytes = std::fs::read(artefact()).expect("the artefact");
            // A byte behind the end makes another build of it: another digest, the same code.
            bytes.push((number % builds) as u8);
            sandbox.load_bytes(&format!("acquirer {number}"), bytes).expect("the plugin loads")
        })
        .collect();
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident size");
    black_box(&loaded);
    resident.trim().trim_end_matches(" kB").trim().parse().expect("a number of kB")
}
