//! What holds for any value and any bytes.

use iso8583::{Content, Encoder, Format, Inside, Length, NoHole, decode, neutral, outline};
use proptest::prelude::*;

use crate::table::{EBCDIC, PACKED};

const FORMATS: [&Format; 4] = [&PACKED, &EBCDIC, &neutral::V1987_ASCII, &neutral::V1987_TEXT];

/// A value of the field, as text; objects and parts have laws of their own.
fn value(field: &'static iso8583::Field) -> BoxedStrategy<String> {
    let (least, most) = match field.length {
        Length::Fixed(units) => (units, units),
        Length::Variable { max, .. } => (0, max),
    };
    let (least, most) = (usize::from(least), usize::from(most));
    let of = |pattern: &str| {
        proptest::string::string_regex(&format!("{pattern}{{{least},{most}}}")).expect("a pattern").boxed()
    };
    match field.content {
        Content::Digits => of("[0-9]"),
        Content::Track => of("[0-9=]"),
        Content::SignedDigits => "[CD][0-9]{8}".boxed(),
        Content::Alphanumeric => of("[A-Za-z0-9 ]"),
        Content::Printable | Content::Text => of("[ -~]"),
        Content::Bytes => of("([0-9A-F]{2})"),
    }
}

fn message() -> impl Strategy<Value = (&'static Format, Vec<(u8, String)>)> {
    proptest::sample::select(&FORMATS[..]).prop_flat_map(|format| {
        let plain: Vec<_> = format.fields.iter().filter(|field| field.inside == Inside::Whole).collect();
        let some = proptest::sample::subsequence(plain.clone(), 0..=plain.len().min(12));
        let values = some.prop_flat_map(|fields| {
            fields.into_iter().map(|field| value(field).prop_map(|text| (field.number, text))).collect::<Vec<_>>()
        });
        (Just(format), values)
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read((format, values) in message()) {
        let message_type = u16::from(format.version.digit()) << 12 | 0x200;
        let mut message = Encoder::<NoHole>::new(format, message_type);
        for (number, text) in &values {
            message.set(*number, text).expect("made to fit");
        }
        let frame = message.to_bytes().expect("no holes");
        let read = decode(format, &frame, 0).expect("reads");
        prop_assert_eq!(read.message_type(), message_type);
        prop_assert_eq!(read.values().count(), values.len());
        for (number, text) in &values {
            let value = read.need(*number).expect("present");
            // An odd number of digits gains its padding where bytes are counted.
            let padded = if value.units() == text.len() + 1 { format!("{text}0") } else { text.clone() };
            prop_assert!(value.is(&padded), "DE{}", number);
        }
        let again = decode(format, &[b"before", &frame[..]].concat(), 6).map(|message| message.values().count());
        prop_assert_eq!(again, Ok(values.len()));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        start in 0..320usize,
        which in 0..FORMATS.len(),
    ) {
        read_all(FORMATS[which], &bytes, start);
    }

    #[test]
    fn a_message_with_flipped_bytes_is_a_message_or_an_error(
        (format, values) in message(),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut message = Encoder::<NoHole>::new(format, u16::from(format.version.digit()) << 12 | 0x200);
        for (number, text) in &values {
            message.set(*number, text).expect("made to fit");
        }
        let mut frame = message.to_bytes().expect("no holes");
        for (at, byte) in flips {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        read_all(format, &frame, 0);
        frame.truncate(cut.index(frame.len()));
        read_all(format, &frame, 0);
    }
}

/// Reads everything a reader may ask for; an error's offset lies in the frame.
fn read_all(format: &'static Format, bytes: &[u8], start: usize) {
    if let Ok(outline) = outline(format, bytes, start) {
        outline.values().for_each(|value| drop(value.text()));
    }
    match decode(format, bytes, start) {
        Err(error) => assert!(error.offset <= bytes.len().max(start), "{error}"),
        Ok(message) => {
            for value in message.values() {
                drop((value.text(), value.to_number(), value.part(0).map(|(_, part)| part.count())));
                value.objects().for_each(|object| assert!(object.is_ok(), "checked before"));
            }
        }
    }
}
