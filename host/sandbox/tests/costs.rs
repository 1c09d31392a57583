//! What each plugin costs, held to the table in `costs.txt`: a plugin that grows or shrinks by a tenth fails until
//! somebody has looked at it and written the new figure down. Equal code costs the same on every machine, so no figure
//! here is a time. To write the table anew, put what the failing test prints into it.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use acquit_sandbox::contract::Plugin;
use acquit_sandbox::contract::acquirer::{Action, Event, Outcome, Reply};
use acquit_sandbox::contract::retry_policy::{Attempt, Delivery, Failure, Situation};
use acquit_sandbox::contract::transaction::{Context, Gravity, Maintenance, Operation, OperationKind, Totals};
use acquit_sandbox::contract::types::Amount;
use acquit_sandbox::{LoadedPlugin, Sandbox};
use common::{artefact, context, sale};

/// A line a figure: plugin, figure, unit, what is measured.
const TABLE: &str = include_str!("costs.txt");
/// How far a figure may be from the table's, in percent of it: compilers differ a little from release to release.
const SLACK_PERCENT: u64 = 10;
/// What ends the name of a component's file.
const COMPONENT: &str = ".component.wasm";

/// By plugin and what is measured.
type Costs = BTreeMap<(String, String), (u64, &'static str)>;

#[test]
fn no_plugin_has_grown_or_shrunk_by_a_tenth() {
    let measured = measured();
    let told: BTreeMap<_, _> = TABLE.lines().filter_map(row).collect();
    let mut wrong = String::new();
    for (what, (figure, unit)) in &measured {
        match told.get(what) {
            Some(told) if figure.abs_diff(*told) * 100 <= told * SLACK_PERCENT => {}
            Some(told) => writeln!(wrong, "{what:?}: {figure} {unit}, the table says {told}").expect("a string"),
            None => writeln!(wrong, "{what:?}: {figure} {unit}, not in the table").expect("a string"),
        }
    }
    for what in told.keys().filter(|what| !measured.contains_key(*what)) {
        writeln!(wrong, "{what:?} is in the table and nowhere else").expect("a string");
    }
    assert!(wrong.is_empty(), "{wrong}\nAs measured:\n{}", written(&measured));
}

fn row(line: &str) -> Option<((String, String), u64)> {
    let mut words = line.split_whitespace();
    let (plugin, figure, _unit) = (words.next()?, words.next()?, words.next()?);
    let what = words.collect::<Vec<_>>().join(" ");
    let figure = figure.replace('_', "").parse().unwrap_or_else(|_| panic!("no figure in {line:?}"));
    Some(((plugin.to_owned(), what), figure))
}

fn written(costs: &Costs) -> String {
    let row = |((plugin, what), (figure, unit)): (&(String, String), &(u64, &str))| {
        format!("{plugin:<12}{figure:>9} {unit:<6}{what}\n")
    };
    costs.iter().map(row).collect()
}

fn measured() -> Costs {
    let unionpay = artefact("unionpay");
    let folder = unionpay.parent().expect("a folder");
    let mut costs = sizes(folder);
    for (plugin, fuels) in
        [("unionpay", fuel_of_unionpay()), ("starter", fuel_of_starter()), ("http-json", fuel_of_http_json())]
    {
        for (what, fuel) in fuels {
            costs.insert((plugin.to_owned(), what.to_owned()), (fuel, "fuel"));
        }
    }
    costs
}

/// Every component that is shipped. The hostile ones, in a folder below, are not.
fn sizes(folder: &Path) -> Costs {
    let files = std::fs::read_dir(folder).expect("the plugins' folder").map(|entry| entry.expect("an entry"));
    let sizes = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let plugin = name.strip_suffix(COMPONENT)?.to_owned();
        let bytes = file.metadata().expect("its size").len();
        Some(((plugin, "component".to_owned()), (bytes, "bytes")))
    });
    sizes.collect()
}

fn fuel_of_unionpay() -> Vec<(&'static str, u64)> {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("unionpay")).expect("it loads");
    let context = deployed();
    let started = plugin.start(&context, &sale()).expect("a first step");
    let mut costs = vec![("sale, started", plugin.spent().fuel)];
    let step = plugin.resume(&context, &sale(), &started.state, &approval()).expect("a last step");
    assert!(matches!(step.action, Action::Finish(Outcome::Approved(_))), "{:?}", step.action);
    costs.push(("sale, approved", plugin.spent().fuel));
    plugin.decide(&context, &unanswered()).expect("a decision");
    costs.push(("what now, after silence", plugin.spent().fuel));
    let began = |operation| begun(&plugin, &context, &operation);
    costs.push(("sign-in, started", began(Operation::Maintain(Maintenance::SignIn))));
    costs.push(("settlement, started", began(Operation::Settle(vec![totals()]))));
    plugin.read(&body()).expect("a frame");
    costs.push(("an answer, named field by field", plugin.spent().fuel));
    costs
}

fn fuel_of_starter() -> Vec<(&'static str, u64)> {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("starter")).expect("it loads");
    let context = Context {
        parameters: [("terminal", "TERM0001"), ("merchant", "MERCHANT0000001")]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        ..deployed()
    };
    vec![
        ("echo, started", begun(&plugin, &context, &Operation::Maintain(Maintenance::Echo))),
        ("sale, started", begun(&plugin, &context, &sale())),
    ]
}

fn fuel_of_http_json() -> Vec<(&'static str, u64)> {
    let plugin = Sandbox::new().expect("a sandbox").load("bank", &artefact("http-json")).expect("it loads");
    let context = Context {
        parameters: vec![("terminal".into(), "T0000001".into())],
        counters: vec![("order".into(), 1)],
        ..deployed()
    };
    let mut costs = vec![
        ("echo, started", begun(&plugin, &context, &Operation::Maintain(Maintenance::Echo))),
        ("sale, started", begun(&plugin, &context, &sale())),
    ];
    let body = br#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","result":"approved","code":"00","authorization":"123456","reference":"000000000077"}"#;
    let headers = vec![("x-seal".into(), "00".repeat(32))];
    let event = Event::Received(Reply { status: 200, headers, body: body.to_vec() });
    let step = plugin.resume(&context, &sale(), b"000000000001", &event).expect("a last step");
    assert!(matches!(step.action, Action::Finish(Outcome::Approved(_))), "{:?}", step.action);
    costs.push(("sale, approved", plugin.spent().fuel));
    costs
}

/// What it costs to send the first message of an operation.
fn begun(plugin: &LoadedPlugin, context: &Context, operation: &Operation) -> u64 {
    let step = plugin.start(context, operation).expect("a first step");
    assert!(matches!(step.action, Action::Send(_)), "{:?}", step.action);
    plugin.spent().fuel
}

fn deployed() -> Context {
    let set = [("terminal", "12345678"), ("merchant", "123456789012345"), ("tpdu", "6000000000")];
    Context {
        parameters: set.map(|(name, value)| (name.into(), value.into())).to_vec(),
        memory: vec![("batch".into(), b"000001".to_vec())],
        counters: vec![("trace".into(), 1)],
        keys: ["tmk", "pik", "mak"].map(String::from).to_vec(),
        ..context()
    }
}

fn totals() -> Totals {
    let amount = Amount { minor: 1234, currency: 156, exponent: 2 };
    Totals { group: "domestic".into(), operation: OperationKind::Sale, count: 1, amount }
}

fn approval() -> Event {
    Event::Received(Reply { status: 0, headers: Vec::new(), body: body() })
}

/// A 0210 with code 00. The plugin cannot check its MAC; the vault would.
fn body() -> Vec<u8> {
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
    body
}

fn unanswered() -> Situation {
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
