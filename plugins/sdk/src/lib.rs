//! What plugin authors use: the contract as Rust types, message templates, ISO 8583 as data, JSON and XML over HTTP.
//!
//! A plugin is a pure function. Implement [`Plugin`] for a unit type, name it in [`export_plugin!`], and build the
//! crate for `wasm32-unknown-unknown` with a stack of 32 KiB (`-zstack-size=32768`, see [`STACK_BYTES`]); the result
//! imports nothing. The same crate builds natively, where its tests run.
//!
//! Begin with [`prelude`]: it names each type of the contract once.

pub mod bindings;
pub mod http;
pub mod iso8583;
pub mod json;
pub mod lookup;
pub mod template;
pub mod xml;

#[cfg(target_arch = "wasm32")]
mod arena;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod exports;
mod plugin;
mod step;

pub use plugin::{Export, Plugin};

/// Stack of a plugin's instance, in bytes: deep enough for any message, and small so that a fresh instance a call
/// stays cheap. A plugin's build script passes it to the linker.
pub const STACK_BYTES: u32 = 32 * 1024;

/// Every type of the contract, named once, and what a plugin uses of this crate.
pub mod prelude {
    pub use crate::bindings::exports::acquit::terminal::{
        acquirer::{
            Action, Approved, Balance, BytesAt, Claim, Counter, Declined, Descriptor, Echo, Echoed, Effect, Event,
            Exchange, Framing, KernelRows, KernelTable, KeyAlgorithm, KeyScheme, KeySlot, KeyUse, Meaning, NewKey,
            OperationSpec, Outcome, Owed, Parameter, Pattern, Proof, Reading, Reason, Remedy, Reply, Route, Seal,
            SealAlgorithm, Settled, Standby, Step, Stray, Unknown, Verdict, Wrapping,
        },
        card::{Entry, Presented, Verification},
        inspector::Field,
        retry_policy::{Attempt, Debt, Decision, Delivery, Failure, Patience, Resend, Situation},
        template::{
            ChipDataHole, CipherAlgorithm, CipherHole, DigestAlgorithm, DigestHole, Encoding, Extent, HttpHead,
            HttpHeader, KeySerialHole, LengthEncoding, LengthHole, MacAlgorithm, MacHole, Message, Node, NodeId,
            PinFormat, ReasonBytes, Secret, SecretHole, SignatureAlgorithm, SignatureHole, TextEncoding, TextHole,
            TrackHole, TrackProtection, UndoReason,
        },
        transaction::{
            Context, Device, FollowUp, FollowUpKind, Gravity, Maintenance, Operation, OperationKind, Original, Payment,
            PaymentKind, Reader, Subject, Totals, Upload,
        },
        types::{Amount, Fault, LocalTime, Malformed, Milliseconds, Name},
    };
    pub use crate::{
        Plugin,
        lookup::{ContextLookup, OriginalLookup},
        template::TemplateBuilder,
    };
}
