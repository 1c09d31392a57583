//! The safety rules: small tables that stand above every answer a plugin gives.

mod after_failure;
mod gravity;
mod outcomes;
mod standby;

pub use after_failure::{Left, Ruling, after_failure, legal};
pub use gravity::{gravity, holds_card_data};
pub use outcomes::{Evidence, Judgement, ProvenBy, VerdictJudgement, judge_payment, judge_reversal};
pub use standby::{can_be_paid, fits, secrets_allowed};
