//! The program: one line when it is ready, commands on its control socket, gone when told to stop.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use acquit_test_acquirer::config::EXAMPLE_TOML;
use acquit_test_acquirer::crypto::MacKind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::line::Line;
use crate::requests::PAYMENT_CODE;
use crate::support::{CARD, TERMINAL, Terminal};

/// Ends the process if a test fails before it is told to stop.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(folder: &TempDir, config: &str) -> Command {
    let file = folder.path().join("acquirer.toml");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquirer"));
    command.arg("--config").arg(file);
    command.arg("--control").arg(folder.path().join("control.sock"));
    command.arg("--ca").arg(folder.path().join("ca.pem"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The control socket.
struct Told {
    control: UnixStream,
    answers: Lines<BufReader<UnixStream>>,
}

impl Told {
    fn connect(ready: &Value) -> Self {
        let control = UnixStream::connect(ready["control"].as_str().unwrap()).unwrap();
        let answers = BufReader::new(control.try_clone().unwrap()).lines();
        Self { control, answers }
    }

    fn tell(&mut self, command: &Value) -> Value {
        writeln!(&self.control, "{command}").unwrap();
        serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap()
    }
}

/// Standard output, behind its first line, and that line.
fn ready(process: &mut Process) -> (BufReader<ChildStdout>, Value) {
    let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (stdout, serde_json::from_str(&line).unwrap())
}

#[test]
fn the_program_is_controlled_by_json_lines() {
    let folder = TempDir::new().unwrap();
    let mut process = Process(program(&folder, EXAMPLE_TOML).spawn().unwrap());
    let (mut stdout, ready) = ready(&mut process);
    let ca_pem = fs::read_to_string(ready["ca"].as_str().unwrap()).unwrap();
    let mut control = Told::connect(&ready);
    let mut tell = |command: Value| control.tell(&command);
    let address = ready["listening"].as_str().unwrap().parse().unwrap();

    let mut terminal = Terminal::new(MacKind::UnionPayEcb);
    let mut line = Line::connect(address, &ca_pem).unwrap();
    let answer = line.ask(&terminal, terminal.sign_in());
    terminal.adopt(&answer);
    assert_eq!(tell(json!({"do": "fault", "on": "0200", "nth": 2, "fault": "refuse-code", "code": "61"})), ok());
    assert_eq!(tell(json!({"do": "set-decision", "amount_minor": 5100, "code": "00"})), ok());
    assert_eq!(line.code(&terminal, terminal.sale(2, 5100)), "00");
    assert_eq!(line.code(&terminal, terminal.sale(3, 1234)), "61");

    assert_eq!(tell(json!({"do": "await", "kind": "0200", "count": 2}))["count"], 2);
    let sum = tell(json!({"do": "sum", "terminal": TERMINAL}));
    assert_eq!((&sum["merchant_total_minor"], &sum["balanced"]), (&json!(5100), &json!(true)));
    let entries = tell(json!({"do": "ledger"}));
    assert_eq!(entries["entries"][0]["trace"], "000002");
    assert_eq!(entries["entries"][0]["what"], "sale");
    let messages = tell(json!({"do": "messages"}));
    assert_eq!(messages["messages"].as_array().unwrap().len(), 6);
    assert_eq!(messages["messages"][5]["fields"]["39"], "61");

    for (wrong, said) in [
        (json!({"do": "fault", "on": "0200", "fault": "explode"}), "there are close"),
        (json!({"do": "fault", "on": "0200", "fault": "delay"}), "takes `ms`"),
        (json!({"do": "fault", "on": "0200", "nht": 2, "fault": "garbage"}), "unknown field `nht`"),
        (json!({"do": "await", "kind": "0400", "count": 1, "timeout_ms": 0}), "0 came"),
        (json!({"do": "dance"}), "unknown variant"),
        (json!({"do": "batch", "terminal": "x"}), "no terminal x"),
        (json!({"do": "set-chip-answer", "data": "7"}), "hexadecimal"),
        (json!({"do": "fault", "on": "0200/x", "fault": "garbage"}), "60.1 or 60.3"),
        (json!({"do": "fault", "on": "0200", "fault": "approve-partly"}), "takes `amount_minor`"),
        (json!({"do": "ledger", "terminal": "x"}), "unknown field"),
    ] {
        let answer = tell(wrong.clone());
        assert_eq!(answer["ok"], false, "{wrong}");
        assert!(answer["error"].as_str().unwrap().contains(said), "{wrong}: {answer}");
    }

    assert_eq!(tell(json!({"do": "stop"})), ok());
    assert!(process.0.wait().unwrap().success());
    let mut more = String::new();
    stdout.read_to_string(&mut more).unwrap();
    assert!(more.is_empty(), "more than one line on standard output: {more}");
    let mut log = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("0210") && !log.contains(CARD));
    assert!(!folder.path().join("control.sock").exists());
}

#[test]
fn the_books_can_be_asked_about_and_the_issuer_told_what_to_do() {
    let folder = TempDir::new().unwrap();
    let mut process = Process(program(&folder, EXAMPLE_TOML).spawn().unwrap());
    let (_stdout, ready) = ready(&mut process);
    let ca_pem = fs::read_to_string(ready["ca"].as_str().unwrap()).unwrap();
    let mut control = Told::connect(&ready);
    let mut tell = |command: Value| control.tell(&command);
    let mut terminal = Terminal::new(MacKind::UnionPayEcb);
    let mut line = Line::connect(ready["listening"].as_str().unwrap().parse().unwrap(), &ca_pem).unwrap();
    let answer = line.ask(&terminal, terminal.sign_in());
    terminal.adopt(&answer);
    assert_eq!(line.code(&terminal, terminal.plain_sale(2, 5000)), "00");
    assert_eq!(line.code(&terminal, terminal.plain_sale(3, 6100)), "61");

    let accounts = tell(json!({"do": "accounts"}));
    assert_eq!((&accounts["sum_minor"], &accounts["accounts"]["clearing"]), (&json!(0), &json!(0)));
    let listed = tell(json!({"do": "transactions", "terminal": TERMINAL, "batch": "000042"}));
    assert_eq!(
        (&listed["transactions"][0]["state"], &listed["transactions"][1]["code"]),
        (&json!("approved"), &json!("61"))
    );
    let batch = tell(json!({"do": "batch", "terminal": TERMINAL}));
    assert_eq!((&batch["totals"]["domestic"]["debit_minor"], &batch["balanced"]), (&json!(5000), &Value::Null));
    let charged = tell(json!({"do": "charged", "card": "620000******6787"}));
    assert_eq!((&charged["charged_minor"], &charged["times"]), (&json!(5000), &json!(1)));
    assert_eq!(charged["by"][0]["trace"], "000002");
    assert_eq!(tell(json!({"do": "refuse-advices", "code": "05"})), ok());
    assert_eq!(line.code(&terminal, terminal.offline_sale(4, 100)), "05");
    assert_eq!(tell(json!({"do": "refuse-advices"})), ok());
    assert_eq!(line.code(&terminal, terminal.offline_sale(5, 100)), "00");
    assert_eq!(tell(json!({"do": "set-chip-answer", "data": "7200"})), ok());
    let part = json!({"do": "fault", "on": "0200/22", "fault": "approve-partly", "amount_minor": 7});
    assert_eq!(tell(part), ok());
    assert_eq!(line.code(&terminal, terminal.plain_sale(6, 100)), "10");

    assert_eq!(tell(json!({"do": "set-decision", "amount_minor": 300, "code": "09"})), ok());
    assert_eq!(line.code(&terminal, terminal.scan(7, 300)), "09");
    let finish = json!({"do": "finish-scan", "terminal": TERMINAL, "batch": "000042", "trace": "000007", "code": "00"});
    assert_eq!(tell(finish.clone())["code"], "00");
    assert!(tell(finish)["error"].as_str().unwrap().contains("waits"));

    let mut order = terminal.scan(8, 400);
    order.remove(59).set_digits(3, "510000");
    assert_eq!(line.code(&terminal, order), "00");
    let listed = tell(json!({"do": "transactions"}));
    let listed = listed["transactions"].as_array().unwrap().iter().find(|listed| listed["trace"] == "000008").unwrap();
    assert_eq!((&listed["operation"], &listed["state"]), (&json!("show-to-pay"), &json!("pending")));
    let code = format!("https://pay.example/{}", listed["reference"].as_str().unwrap());
    let pay = json!({"do": "pay-code", "code": code, "wallet": PAYMENT_CODE});
    assert_eq!((&tell(pay.clone())["code"], &tell(pay)["code"]), (&json!("00"), &json!("12")));
    let other = json!({"do": "pay-code", "code": "https://pay.example/1", "wallet": PAYMENT_CODE});
    assert!(tell(other)["error"].as_str().unwrap().contains("no such code"));
    assert_eq!(tell(json!({"do": "accounts"}))["sum_minor"], 0);
}

#[test]
fn a_wrong_configuration_names_file_line_and_what_would_be_right() {
    let folder = TempDir::new().unwrap();
    let wrong = EXAMPLE_TOML.replacen("currency = \"156\"", "currency = \"yuan\"", 1);
    let output = program(&folder, &wrong).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    for part in ["acquirer.toml", "line 4", "three digits of ISO 4217"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

fn ok() -> Value {
    json!({"ok": true})
}
