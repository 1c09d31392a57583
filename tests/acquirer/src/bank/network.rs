//! Echo test and sign-off (签退).

use crate::codec::Message;
use crate::config::Code;

use super::{Bank, Handling, Verdict};

impl Bank {
    pub(super) fn echo(&mut self, request: &Message, handling: &Handling) -> Result<Verdict, Code> {
        self.known_terminal(request)?;
        handling.obey()?;
        Ok(Verdict::of(Code::approved()))
    }

    /// The terminal's keys are forgotten; signing off twice is no mistake, so that a lost answer can be asked for again.
    pub(super) fn sign_off(&mut self, request: &Message, handling: &Handling) -> Result<Verdict, Code> {
        let terminal = self.known_terminal(request)?;
        handling.obey()?;
        terminal.work_keys = None;
        Ok(Verdict::of(Code::approved()))
    }
}
