//! The acquirer as its own process, ordered about by its control socket.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use acquirer::AcquirerConfig;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::{Process, Transcript};
use crate::programs;

/// A running acquirer. Dropping it ends it.
pub struct AcquirerProcess {
    process: Process,
    control: BufReader<UnixStream>,
    address: SocketAddr,
    ca: PathBuf,
    transcript: Transcript,
}

impl AcquirerProcess {
    /// Starts one that keeps its files in this folder; it takes connections when this returns.
    pub fn start(folder: &Path, config: &AcquirerConfig, transcript: &Transcript) -> Result<AcquirerProcess> {
        fs::create_dir_all(folder)?;
        let file = folder.join("acquirer.toml");
        let (control, ca) = (folder.join("control"), folder.join("ca.pem"));
        fs::write(&file, config.to_toml()?)?;
        let mut command = Command::new(programs::acquirer()?);
        command.arg("--config").arg(file).arg("--control").arg(&control).arg("--ca").arg(&ca);
        let process = Process::spawn("the acquirer", &mut command, transcript)?;
        let Some(ready) = process.next_line()? else { bail!("the acquirer did not start:\n{}", process.errors()) };
        let ready: Value = serde_json::from_str(&ready).context("the acquirer's first line")?;
        let address = ready["listening"].as_str().context("no address in the acquirer's first line")?.parse()?;
        let control = BufReader::new(UnixStream::connect(&control)?);
        Ok(AcquirerProcess { process, control, address, ca, transcript: transcript.clone() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that terminals must pin.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Orders something; an order it refuses is an error.
    pub fn order(&mut self, order: &Value) -> Result<Value> {
        let stream = self.control.get_mut();
        stream.write_all(format!("{order}\n").as_bytes()).context("the acquirer went away")?;
        let mut line = String::new();
        self.control.read_line(&mut line).context("the acquirer went away")?;
        self.transcript.note(line.trim_end().as_bytes());
        let answer: Value = serde_json::from_str(&line).context("the acquirer's answer")?;
        if answer["ok"] != true {
            bail!("the acquirer refused {order}: {}", answer["error"]);
        }
        Ok(answer)
    }

    /// Waits until this many messages of a type have been booked since it started.
    pub fn wait_for(&mut self, kind: &str, count: u64) -> Result<()> {
        self.order(&json!({ "do": "await", "kind": kind, "count": count, "timeout_ms": 30_000 }))?;
        Ok(())
    }
}
