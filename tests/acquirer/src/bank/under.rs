//! One request answered as an ordered fault has it: what is wrong inside a message, the same on a socket and in a
//! simulation. What is wrong around it (silence, delay, half a frame) is the line's.

use crate::codec::{CodecError, Frame, MAC_BYTES, MAC_FIELD, Message};
use crate::faults::Fault;

use super::{Bank, Unanswerable};

impl Bank {
    /// Answers one request, both without length prefix; none where the fault drops the request unread.
    pub fn answer_under(&mut self, body: &[u8], fault: Option<&Fault>) -> Result<Option<Vec<u8>>, Unanswerable> {
        let request = Frame::decode(body)?;
        if fault == Some(&Fault::DropRequest) {
            return Ok(None);
        }
        let handling = fault.map(Fault::handling).unwrap_or_default();
        let answer = self.process(&request, body, &handling)?;
        Ok(Some(self.seal_under(&request, answer, fault)?.encode()?))
    }

    /// Seals the answer, with what is wrong inside the message if a fault says so.
    pub(crate) fn seal_under(
        &self,
        request: &Frame,
        mut answer: Message,
        fault: Option<&Fault>,
    ) -> Result<Frame, CodecError> {
        match fault {
            Some(Fault::WrongTrace) => {
                let trace = answer.digits(11).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or_default();
                answer.set_digits(11, format!("{:06}", (trace + 1) % 1_000_000));
            }
            Some(Fault::WrongAmount) => {
                let amount = answer.digits(4).and_then(|digits| digits.parse::<u64>().ok()).unwrap_or_default();
                answer.set_digits(4, format!("{:012}", (amount + 1) % 1_000_000_000_000));
            }
            Some(Fault::WrongCheckValue) => {
                let mut download = answer.binary(62).unwrap_or_default().to_vec();
                if let Some(last) = download.last_mut() {
                    *last ^= 0xff;
                    answer.set_binary(62, download);
                }
            }
            _ => {}
        }
        let mut frame = self.seal(request, answer)?;
        if fault == Some(&Fault::WrongMac) {
            let mac = frame.message.binary(MAC_FIELD).map(another_mac);
            mac.map(|mac| frame.message.set_binary(MAC_FIELD, mac));
        }
        Ok(frame)
    }
}

/// A MAC of the same alphabet that is not this one.
fn another_mac(mac: &[u8]) -> [u8; MAC_BYTES] {
    let mut other: [u8; MAC_BYTES] = mac.try_into().unwrap_or_default();
    other[0] = if other[0] == b'0' { b'1' } else { b'0' };
    other
}
