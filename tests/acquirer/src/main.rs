//! The acquirer as a program.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use acquit_test_acquirer::config::EXAMPLE_TOML;
use acquit_test_acquirer::{Acquirer, AcquirerConfig, Options};
use anyhow::{Context, Result, bail};
use clap::Parser;

/// An acquirer and issuer for tests: UnionPay messages over TLS, a double-entry ledger, faults to order.
///
/// When it is ready it prints one line of JSON: {"listening":"127.0.0.1:PORT","control":"PATH","ca":"FILE"}. Its log
/// goes to standard error. It runs until it is told to stop.
#[derive(Parser)]
#[command(name = "acquirer", version, override_usage = USAGE, after_long_help = CONTROL_HELP)]
struct Arguments {
    /// Terminals, cards and decisions; `acquirer --example` prints one to start from
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    config: Option<PathBuf>,
    /// Where the TLS server listens; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Path of the control socket
    #[arg(long, value_name = "PATH", required_unless_present = "example")]
    control: Option<PathBuf>,
    /// File to write the certificate of the authority to, which terminals must pin
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    ca: Option<PathBuf>,
    /// Print the documented example configuration and stop
    #[arg(long)]
    example: bool,
}

const USAGE: &str = "acquirer --config <FILE> --control <PATH> --ca <FILE> [--listen <ADDRESS>]\n       \
                     acquirer --example";

const CONTROL_HELP: &str = r#"Control socket: one JSON object a line in, one a line out, {"ok":true,...} or
{"ok":false,"error":"..."}.

  {"do":"fault","on":"0200","nth":1,"fault":"drop-reply"}
      order a fault for the nth message of a kind from now:
      not processed  drop-request, refuse-code (with "code"), close (on "connect" only)
      no answer      drop-reply (line held open), close-after
      later          delay (with "ms"), late-reply (until release)
      wrong within   wrong-mac, wrong-trace, wrong-check-value (0800), answer-code (with "code")
      wrong around   half-frame, garbage, trailing-bytes, oversized-length, duplicate-reply
  {"do":"clear-faults"}
      forget faults that have not struck
  {"do":"await","kind":"0200","count":1,"timeout_ms":10000}
      wait until that many have been booked since the start;
      "stage" may be received, processed (default) or answered
  {"do":"release"}
      send the answers that late-reply holds back
  {"do":"messages"}
      everything received and sent, masked
  {"do":"ledger"}
      every entry of the books
  {"do":"sum","terminal":"50080001"}
      what the merchant got there, and both sides of the books
  {"do":"set-decision","amount_minor":5100,"code":"51"}
      answer sales of that amount with that code; "00" undoes it
  {"do":"clear-keys"}
      forget work keys: terminals must sign in again
  {"do":"next-day"}
      begin the next business day
  {"do":"stop"}
      stop

Try: printf '{"do":"ledger"}\n' | socat - UNIX-CONNECT:PATH"#;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.example {
        print!("{EXAMPLE_TOML}");
        return Ok(());
    }
    let (Some(config), Some(control), Some(ca)) = (arguments.config, arguments.control, arguments.ca) else {
        bail!("--config, --control and --ca are needed");
    };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let text = fs::read_to_string(&config).with_context(|| format!("reading {}", config.display()))?;
    let parsed = AcquirerConfig::from_toml(&text).with_context(|| format!("in {}", config.display()))?;
    let options = Options { listen: arguments.listen, control: Some(control.clone()), ca: Some(ca.clone()) };
    let running = Acquirer::start(parsed, options)?;
    let ready = serde_json::json!({ "listening": running.address().to_string(), "control": control, "ca": ca });
    println!("{ready}");
    running.wait();
    Ok(())
}
