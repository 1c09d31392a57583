//! A suite that no wrong engine can fail proves nothing. Each of these engines is wrong in one way, and each is caught,
//! by a law that is there for it.

use acquit_simulation::{Ground, Law, SINS, Sin, sins};

/// Seeds within which each must be caught.
const SEEDS: u64 = 60;

/// The laws that speak of it.
fn laws(sin: Sin) -> &'static [Law] {
    match sin {
        Sin::DropDebtOnRefusal => &[Law::FailedIsNotCharged, Law::ApprovedIsNotLost],
        Sin::TellBeforeDurable => &[Law::ToldIsDurable],
        Sin::ResendAfterMaybeSent => &[Law::SentOnce, Law::FailedIsNotCharged],
        // Where one route leads to the acquirer, there is no other.
        Sin::SendOnOtherRoute => &[Law::OneRoute, Law::SentOnce, Law::FailedIsNotCharged],
        Sin::SkipProof => &[Law::ApprovedIsNotLost, Law::FailedIsNotCharged],
        Sin::ReuseTrace => &[Law::TraceIsUnique],
        Sin::BelieveGravity => &[Law::FailedIsNotCharged, Law::SentOnce],
        Sin::TellUnknownAsFailed => &[Law::ToldIsDurable],
    }
}

#[test]
fn every_wrong_engine_is_caught() {
    let ground = Ground::native().unwrap();
    for sin in SINS {
        let caught = sins::first_caught(&ground, sin, 0..SEEDS).unwrap();
        let (seed, broken) = caught.unwrap_or_else(|| panic!("{sin:?} breaks no law in {SEEDS} worlds"));
        assert!(laws(sin).contains(&broken.law), "{sin:?}, seed {seed}: {broken}");
    }
}
