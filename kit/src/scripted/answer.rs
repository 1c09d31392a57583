//! Making an answer of a rule and a request.

use iso8583::{Decoded, EncodeError, Encoder, NoHole};

use super::rule::{Answer, Manner};
use super::script::{Script, Seal};

/// Stands in a script for a number that grows with each answer.
const COUNT: &str = "@count";

impl Answer {
    /// The answer as bytes, header first. `count` is what [`COUNT`] stands for.
    pub(super) fn to_bytes(
        &self,
        script: &Script,
        request: &Decoded<'_>,
        header: &[u8],
        count: u64,
        manner: Manner,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut message = Encoder::<NoHole>::new(script.format, self.kind);
        for value in self.copy.iter().filter_map(|number| request.get(*number)) {
            message.set(value.number(), &value.text())?;
        }
        for (number, text) in &self.set {
            if text == COUNT {
                message.set_number(*number, count)?
            } else {
                message.set(*number, text)?
            };
        }
        let seal = script.seal.as_ref().filter(|seal| seal.types.contains(&self.kind));
        let mut body = match seal {
            Some(seal) => seal.sealed(&mut message, script)?,
            None => message.to_bytes()?,
        };
        if let (Manner::BadMac, Some(last)) = (manner, body.last_mut()) {
            *last ^= 1;
        }
        Ok([header, &body].concat())
    }
}

impl Seal {
    /// The MAC over bytes: by the key as it is, or by the DUKPT key of a message with this serial number.
    pub(super) fn under(&self, serial: Option<&[u8]>, is_answer: bool, data: &[u8]) -> Vec<u8> {
        let Self { algorithm, mac, key, .. } = self;
        let made = match serial {
            None => key.mac(*algorithm, *mac, data),
            Some(serial) => key.dukpt_mac(*algorithm, *mac, serial, is_answer, data),
        };
        made.unwrap_or_default()
    }

    /// The MAC of a message whose MAC field begins at this offset of it.
    pub(super) fn over(&self, message: &[u8], before: usize, bytes: usize) -> Vec<u8> {
        let data = message.get(..before).unwrap_or_default();
        let mut mac = self.under(None, false, data);
        mac.truncate(bytes);
        mac
    }

    /// A message whose MAC is right.
    pub(super) fn sealed(&self, message: &mut Encoder<NoHole>, script: &Script) -> Result<Vec<u8>, EncodeError> {
        let field = script.format.field(self.field).ok_or(EncodeError::UnknownField(self.field))?;
        let iso8583::Length::Fixed(units) = field.length else {
            return Err(EncodeError::Length { number: self.field, units: 0 });
        };
        message.set_bytes(self.field, &vec![b'0'; units.into()])?;
        let mut body = message.to_bytes()?;
        let before = body.len().saturating_sub(field.bytes_of(units.into()));
        let mac = self.over(&body, before, body.len() - before);
        body.truncate(before);
        body.extend(mac);
        Ok(body)
    }
}
