//! Messages that manage the terminal: trace, terminal, merchant, 60.1 to 60.3, and what each adds (A.3).

use sdk::iso8583::{Composer, EncodeError};
use sdk::prelude::{Action, Context, Declined, Effect, Exchange, Fault, Gravity, Outcome, Proof, Step};

use crate::answer::Answer;
use crate::codes;
use crate::descriptor::{ROUTE, TRACE_COUNTER};
use crate::fields::TABLE;
use crate::layouts::CUSTOM;
use crate::matrix::Kind;
use crate::settings::Settings;
use crate::state::{NO_ENTRY_MODE, NO_PROCESSING_CODE, Sent, State};
use crate::transaction::{batch, next_trace, seal, settling};

/// The code of every such message that was carried out.
pub(crate) const DONE: &str = "00";

/// One such message.
pub(crate) struct Managing<'a> {
    pub kind: Kind,
    /// Message type, its four digits written as hexadecimal.
    pub request: u16,
    /// 60.3.
    pub network_code: &'a str,
    pub gravity: Gravity,
    /// Whether it has a MAC.
    pub sealed: bool,
    /// What the operation keeps until the answer.
    pub extra: Vec<u8>,
}

impl Managing<'_> {
    /// Writes and sends it, under the next trace number and the batch of today; what closes a batch, under that batch.
    pub fn send(
        self,
        context: &Context,
        settings: &Settings,
        write: impl FnOnce(&mut Composer) -> Result<(), EncodeError>,
    ) -> Result<Step, Fault> {
        let Managing { kind, request, network_code, gravity, sealed, extra } = self;
        let closes = matches!(kind, Kind::Settle | Kind::Upload);
        let (trace, batch) = (next_trace(context)?, if closes { settling(context)? } else { batch(context)? });
        let message_type = kind.row().message_type;
        let mut message = Composer::new(&TABLE, request);
        message
            .set(11, &trace)?
            .set(41, &settings.terminal)?
            .set(42, &settings.merchant)?
            .set_parts_of(60, CUSTOM, &[message_type, &batch, network_code])?
            .mark(&Sent::FIELDS);
        write(&mut message)?;
        if sealed {
            seal(&mut message, settings)?;
        }
        let composed = message.into_template(&settings.before);
        let state = State {
            kind,
            trace,
            batch,
            entry_mode: NO_ENTRY_MODE.to_owned(),
            terminal: settings.terminal.clone(),
            processing: NO_PROCESSING_CODE.to_owned(),
            sent: Sent::of(&composed),
            extra,
        };
        let exchange = Exchange {
            route: ROUTE.to_owned(),
            message: composed.message,
            gravity,
            timeout: settings.timeout_ms,
            uses: vec![TRACE_COUNTER.to_owned()],
            remedy: None,
        };
        Ok(Step::new(Action::Send(exchange), state.bytes()))
    }
}

/// What of an answer without a MAC must be proven: its echoes.
pub(crate) fn echoes(answer: &Answer<'_>, known: &State, settings: &Settings) -> Vec<Proof> {
    let proofs = answer.proofs(&known.sent, settings.mac);
    proofs.into_iter().filter(|proof| matches!(proof, Proof::Echo(_))).collect()
}

/// No money stands behind such a message: whatever is not 00 is a refusal.
pub(crate) fn declined(code: &str, locale: &str) -> Outcome {
    let (reason, message) = match codes::find(code) {
        Some(found) => (found.reason(), found.sentence(locale).to_owned()),
        None => (sdk::prelude::Reason::Other, String::new()),
    };
    Outcome::Declined(Declined { code: code.to_owned(), reason, message, capture_card: false, chip_data: Vec::new() })
}

/// A new sign-in, where the code asks for one.
pub(crate) fn sign_in_again(code: &str) -> Option<Effect> {
    let found = codes::find(code).filter(|code| code.next_step() == codes::NextStep::SignIn);
    found.map(|_| Effect::Request((sdk::prelude::OperationKind::SignIn, None)))
}
