//! Sign-in (签到): work keys under the terminal master key, and the batch number to adopt.

use crate::codec::{Message, Value};
use crate::config::Code;
use crate::crypto::Key;

use super::keys::WorkKeys;
use super::{Bank, Handling, Verdict, private};

/// 60.3 of the sign-in that hands out double-length keys.
const DOUBLE_LENGTH_KEYS: &str = "003";

impl Bank {
    pub(super) fn sign_in(&mut self, request: &Message, handling: &Handling) -> Result<Verdict, Code> {
        let asked = private(request)?;
        self.known_terminal(request)?;
        if asked.kind != "00" || asked.network_code != Some(DOUBLE_LENGTH_KEYS) {
            return Err(Code::known("40"));
        }
        if let Handling::Refuse(code) = handling {
            return Err(code.clone());
        }
        let no_keys = || Code::known("96");
        let pin = Key::Double(self.keys.double().ok_or_else(no_keys)?);
        let mac = match self.config.single_length_mak {
            true => Key::Single(self.keys.single().ok_or_else(no_keys)?),
            false => Key::Double(self.keys.double().ok_or_else(no_keys)?),
        };
        let terminal = self.known_terminal(request)?;
        terminal.work_keys = Some(WorkKeys { pin, mac });
        let adopted = format!("00{}{DOUBLE_LENGTH_KEYS}", terminal.batch);
        let download = [wrapped(&terminal.master_key, &pin), wrapped(&terminal.master_key, &mac)].concat();
        let mut verdict = Verdict::of(Code::approved());
        verdict.fields = vec![(60, Value::Digits(adopted)), (62, Value::Binary(download))];
        Ok(verdict)
    }
}

/// One key of layout 003: sixteen bytes under the master key and four of check value. A key of one length is followed
/// by eight zero bytes, which are not enciphered.
fn wrapped(master: &Key, key: &Key) -> Vec<u8> {
    let mut bytes = match key {
        Key::Single(clear) => [master.encipher(clear), vec![0; 8]].concat(),
        Key::Double(clear) => master.encipher(clear),
    };
    bytes.extend_from_slice(&key.check_value());
    bytes
}
