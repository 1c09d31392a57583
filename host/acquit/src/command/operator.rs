//! The operator's own keys. No terminal is needed, and none should be near: a private key belongs elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::operator::SigningKey;

/// What to do with an operator's key.
#[derive(Debug, Subcommand)]
pub(super) enum Operator {
    /// Make a key pair that signs waivers. The private key goes to a new file; the public one is printed.
    NewKey {
        /// The file to make. Keep it off the terminal.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the public key of a key file.
    PublicKey {
        /// The file with the private key: PKCS#8, PEM, Ed25519.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(super) fn operator(operator: &Operator, json: bool) -> Result<ExitCode> {
    let (file, key) = match operator {
        Operator::NewKey { file } => (file, SigningKey::create(file)?),
        Operator::PublicKey { file } => (file, SigningKey::open(file)?),
    };
    let public = key.public();
    if json {
        println!("{}", json!({ "file": file, "public-key": public.to_string() }));
    } else if let Operator::NewKey { .. } = operator {
        println!("{public}");
        eprintln!("The private key is in {}; keep it off the terminal.", file.display());
        eprintln!("The terminal's configuration takes the public key: [operator] keys = [\"{public}\"]");
    } else {
        println!("{public}");
    }
    Ok(ExitCode::SUCCESS)
}
