//! Sign-in (签到): work keys under the terminal master key, and the batch number to adopt.

use crate::codec::{Message, Value};
use crate::config::Code;
use crate::crypto::Key;

use super::keys::WorkKeys;
use super::{Bank, Handling, Verdict, private};

/// What a sign-in hands out, by its 60.3.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `001`: keys of eight bytes.
    Single,
    /// `003`: keys of sixteen bytes.
    Double,
    /// `004`: the same, and a key for tracks.
    DoubleWithTracks,
}

impl Bank {
    pub(super) fn sign_in(&mut self, request: &Message, handling: &Handling) -> Result<Verdict, Code> {
        let asked = private(request)?;
        self.known_terminal(request)?;
        let code = asked.network_code.filter(|_| asked.kind == "00").ok_or(Code::known("40"))?;
        let layout = Layout::of(code).ok_or(Code::known("40"))?;
        if let Handling::Refuse(code) = handling {
            return Err(code.clone());
        }
        let keys = self.new_keys(layout).ok_or(Code::known("96"))?;
        let terminal = self.known_terminal(request)?;
        let adopted = format!("00{}{code}", terminal.batch);
        let wrap = |key: &Key| match layout {
            Layout::Single => wrapped(&terminal.master_key, key),
            Layout::Double | Layout::DoubleWithTracks => wrapped_double(&terminal.master_key, key),
        };
        let download = [Some(keys.pin), Some(keys.mac), keys.track].iter().flatten().flat_map(wrap).collect();
        terminal.work_keys = Some(keys);
        let mut verdict = Verdict::of(Code::approved());
        verdict.fields = vec![(60, Value::Digits(adopted)), (62, Value::Binary(download))];
        Ok(verdict)
    }

    /// New keys as the layout has them; none if the system's generator fails.
    fn new_keys(&mut self, layout: Layout) -> Option<WorkKeys> {
        let source = &mut self.keys;
        if layout == Layout::Single {
            return Some(WorkKeys {
                pin: Key::Single(source.single()?),
                mac: Key::Single(source.single()?),
                track: None,
            });
        }
        let pin = Key::Double(source.double()?);
        let mac = match self.config.single_length_mak {
            true => Key::Single(source.single()?),
            false => Key::Double(source.double()?),
        };
        let track = match layout {
            Layout::DoubleWithTracks => Some(Key::Double(source.double()?)),
            _ => None,
        };
        Some(WorkKeys { pin, mac, track })
    }
}

impl Layout {
    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "001" => Self::Single,
            "003" => Self::Double,
            "004" => Self::DoubleWithTracks,
            _ => return None,
        })
    }
}

/// A key under the master key and four bytes of check value.
fn wrapped(master: &Key, key: &Key) -> Vec<u8> {
    let cipher = match key {
        Key::Single(clear) => master.encipher(clear),
        Key::Double(clear) => master.encipher(clear),
    };
    [cipher, key.check_value().into()].concat()
}

/// The same in sixteen bytes: a key of one length is followed by eight zero bytes, which are not enciphered.
fn wrapped_double(master: &Key, key: &Key) -> Vec<u8> {
    match key {
        Key::Single(clear) => [master.encipher(clear), vec![0; 8], key.check_value().into()].concat(),
        Key::Double(_) => wrapped(master, key),
    }
}
