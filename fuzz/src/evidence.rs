//! Evidence: any bytes are a file that verifies or an error that names what does not hold, and none verifies that was
//! not signed.

use std::sync::LazyLock;

use journal::checkpoint::Signer;
use journal::evidence::{Verified, verify};

/// Name of the journal the seeds come from.
pub const ORIGIN: &str = "journal.fuzz.example";
/// Seed of its signing key.
pub const SIGNING_SEED: [u8; 32] = [0x5E; 32];

/// The seeds, as `examples/seeds.rs` made them.
const SIGNED: [&str; 2] = [include_str!("../corpus/evidence/seed-one"), include_str!("../corpus/evidence/seed-three")];

static SIGNER: LazyLock<Signer> = LazyLock::new(signer);
static PROVEN: LazyLock<Vec<Verified>> =
    LazyLock::new(|| SIGNED.iter().map(|file| verify(file, SIGNER.key()).expect("a seed verifies")).collect());

/// Whose evidence the seeds are.
pub fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &SIGNING_SEED).expect("the name is one that C2SP allows")
}

/// Verifies an input.
pub fn check(input: &[u8]) {
    if let Ok(verified) = verify(input, SIGNER.key()) {
        assert!(PROVEN.contains(&verified), "this was never signed");
    }
}
