//! A new terminal: an empty journal and an empty key store, made once and on purpose.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;
use vault::Vault;

use super::House;
use crate::control::Response;
use crate::terminal::{Places, grants, keeping};

pub(super) fn init(house: &House) -> Result<ExitCode> {
    let places = Places::of(&house.configuration);
    let data = places.data();
    fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    // Whoever reaches the socket may take payments, and whoever reads the key files has the keys.
    fs::set_permissions(data, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot close {} to others", data.display()))?;
    // First, since it may want a key that is not there yet.
    keeping::create(&house.configuration)?;
    Vault::create(&places.keys(), &grants(&house.configuration))?;
    let key = keeping::public_key(&house.configuration)?.to_string();
    let lines = vec![
        format!("{}: an empty journal and key store; next: acquit keys load", data.display()),
        house.messages.text("journal-public-key", &[("key", key.clone().into())]),
    ];
    house.show(&Response::done(json!({ "data": data, "journal-key": key }), lines))
}
