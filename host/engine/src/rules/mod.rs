//! The safety rules: small tables that stand above every answer a plugin gives.

mod after_failure;
mod follow_up;
mod gravity;
mod head;
mod outcomes;
mod standby;

pub use after_failure::{Failed, Left, Ruling, after_failure, legal};
pub use follow_up::{Ended, Followed, Past, may_follow};
pub use gravity::{gravity, holds_card_data, moves_money};
pub use head::{
    HeadFault, MAX_HEADER_NAME_BYTES, MAX_HEADER_VALUE_BYTES, MAX_HEADERS, MAX_TARGET_BYTES, METHODS, TERMINAL_HEADERS,
    check_head, check_header_value, check_request,
};
pub use outcomes::{Evidence, Judgement, ProvenBy, VerdictJudgement, Weighed, judge_payment, judge_reversal};
pub use standby::{can_be_paid, fits, secrets_allowed};
