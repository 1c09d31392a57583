//! The work that is measured: a payment of thirteen fields and an answer with chip data, decoded and encoded, in
//! packed digits as UnionPay writes them and in characters as the other codecs know them.

mod messages;

use std::hint::black_box;

use iso8583::{Encoder, Format, NoHole, decode};

pub use messages::{ANSWER, CHARACTERS, Message, PACKED, REQUEST};

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Task {
    /// The frame is taken apart and the bytes of every field are looked at.
    DecodeRequest,
    /// The frame is made from the text of its fields.
    EncodeRequest,
    /// As the payment, of the answer.
    DecodeAnswer,
    /// As the payment, of the answer.
    EncodeAnswer,
}

impl Task {
    /// All, in the order of the columns.
    pub const ALL: [Task; 4] = [Task::DecodeRequest, Task::EncodeRequest, Task::DecodeAnswer, Task::EncodeAnswer];

    /// The message it is about.
    pub fn message(self) -> &'static Message {
        match self {
            Task::DecodeRequest | Task::EncodeRequest => &REQUEST,
            Task::DecodeAnswer | Task::EncodeAnswer => &ANSWER,
        }
    }

    /// Whether a frame is read, not written.
    pub fn decodes(self) -> bool {
        matches!(self, Task::DecodeRequest | Task::DecodeAnswer)
    }
}

/// A task of this codec, ready to be done over and over.
#[derive(Debug)]
pub struct Work {
    format: &'static Format,
    task: Task,
    frame: Vec<u8>,
}

impl Work {
    /// Writes the frame that will be read.
    ///
    /// # Panics
    /// Where the message does not fit the format: a mistake of this crate, seen by its tests.
    pub fn new(format: &'static Format, task: Task) -> Self {
        Work { format, task, frame: encode(format, task.message()) }
    }

    /// The frame.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Does it once; the sum keeps the compiler from leaving it out.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn once(&self) -> usize {
        if !self.task.decodes() {
            return black_box(encode(self.format, self.task.message())).len();
        }
        let read = decode(self.format, black_box(&self.frame), 0).expect("the frame is whole");
        read.values().map(|value| black_box(value.bytes()).len()).sum()
    }
}

fn encode(format: &'static Format, message: &Message) -> Vec<u8> {
    let mut encoder = Encoder::<NoHole>::new(format, message.message_type);
    for (number, text) in message.fields {
        encoder.set(*number, black_box(text)).expect("the value fits");
    }
    encoder.to_bytes().expect("there are no holes")
}

/// The guest's side: does a task, by its place in [`Task::ALL`], so many times, in packed digits.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "an export has a name that nobody else may use")]
#[unsafe(no_mangle)]
pub extern "C" fn run(task: u32, rounds: u32) -> u32 {
    let work = Work::new(&PACKED, Task::ALL[task as usize]);
    (0..rounds).map(|_| work.once() as u32).fold(0, u32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_says_what_its_message_says() {
        for format in [&PACKED, &CHARACTERS] {
            for message in [&REQUEST, &ANSWER] {
                let frame = encode(format, message);
                let read = decode(format, &frame, 0).expect("reads");
                assert_eq!(read.message_type(), message.message_type);
                let texts: Vec<_> = read.values().map(|value| (value.number(), value.text())).collect();
                let meant: Vec<_> = message.fields.iter().map(|(number, text)| (*number, (*text).to_owned())).collect();
                assert_eq!(texts, meant);
            }
        }
    }

    #[test]
    fn the_payment_has_thirteen_fields_and_the_answer_chip_data() {
        assert_eq!(REQUEST.fields.len(), 13);
        assert!(ANSWER.fields.iter().any(|(number, _)| *number == 55));
    }

    #[test]
    fn reading_and_writing_look_at_every_byte() {
        for task in Task::ALL {
            let work = Work::new(&PACKED, task);
            // Message type, bitmap and prefixes are no bytes of values.
            let least = if task.decodes() { work.frame().len() - 20 } else { work.frame().len() };
            assert!((least..=work.frame().len()).contains(&work.once()), "{task:?}");
        }
    }
}
