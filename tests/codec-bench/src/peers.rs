//! Two published Rust crates, each on the frames it can read: characters, with a binary bitmap. Each is asked for what
//! [`Work`](acquit_codec_bench::Work) is asked for: the bytes of every field, or a frame from the text of its fields.

use std::hint::black_box;

use acquit_codec_bench::{CHARACTERS, Task, Work};
use anyhow::{Result, anyhow, ensure};
use iso8583_codec::{FieldSpec, FieldValue, Length, Mti, Spec};
use iso8583_core::field::Field;
use iso8583_core::{ISO8583Message, MessageType};

use crate::nanoseconds;
use crate::table::{Row, Table};

/// Chip data, which both know as bytes and the messages as hexadecimal.
const CHIP_DATA: u8 = 55;

/// Adds a row for each.
pub fn measure(table: &mut Table) -> Result<()> {
    table.row("iso8583-codec 0.1.1, characters", codec()?);
    table.row("iso8583-core 0.1.0, characters", core()?);
    table.note(
        "iso8583-core copies every field into a map as it reads, iso8583-codec too; both check less than this codec",
    );
    Ok(())
}

fn codec() -> Result<Row> {
    let spec = spec().map_err(|error| anyhow!("iso8583-codec: {error}"))?;
    let written = |task: Task| -> Result<Vec<u8>, iso8583_codec::Error> {
        let message = task.message();
        let mti = format!("{:04x}", message.message_type);
        let mut written = iso8583_codec::Message::new(Mti::parse(mti.as_bytes())?);
        for (number, text) in message.fields {
            let text = black_box(*text);
            let value = match spec.field(*number).map(|field| field.kind) {
                Some(iso8583_codec::FieldKind::Binary) => FieldValue::binary(bytes(text)),
                Some(iso8583_codec::FieldKind::Numeric) => FieldValue::digits(text)?,
                _ => FieldValue::text(text)?,
            };
            written.set_field(*number, value)?;
        }
        written.encode(&spec)
    };
    for task in Task::ALL {
        let frame = written(task).map_err(|error| anyhow!("iso8583-codec does not write {task:?}: {error}"))?;
        ensure!(frame == Work::new(&CHARACTERS, task).frame(), "iso8583-codec writes {task:?} otherwise");
    }
    Ok(Row::of(|task| {
        if !task.decodes() {
            return nanoseconds(|| written(task).map(|frame| frame.len()));
        }
        let frame = Work::new(&CHARACTERS, task).frame().to_vec();
        nanoseconds(|| {
            let read = iso8583_codec::Message::parse(&spec, black_box(&frame)).ok()?;
            Some(read.fields().map(|(_, value)| black_box(value.as_bytes()).len()).sum::<usize>())
        })
    }))
}

/// The fields of this codec's own table, for the other.
fn spec() -> Result<Spec, iso8583_codec::Error> {
    let numbers = Task::ALL.iter().flat_map(|task| task.message().fields).map(|(number, _)| *number);
    let mut numbers: Vec<u8> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let usual = Spec::iso8583_1987();
    let fields = numbers.into_iter().filter_map(|number| match number {
        CHIP_DATA => Some(FieldSpec::binary(CHIP_DATA, "chip data", Length::lllvar(512))),
        _ => usual.field(number).copied(),
    });
    Spec::new("bench", fields.collect())
}

fn core() -> Result<Row> {
    for task in Task::ALL {
        let frame = core_written(task).map_err(|error| anyhow!("iso8583-core does not write {task:?}: {error}"))?;
        ensure!(frame == Work::new(&CHARACTERS, task).frame(), "iso8583-core writes {task:?} otherwise");
    }
    Ok(Row::of(|task| {
        if !task.decodes() {
            return nanoseconds(|| core_written(task).map(|frame| frame.len()));
        }
        let frame = Work::new(&CHARACTERS, task).frame().to_vec();
        let numbers: Vec<u8> = task.message().fields.iter().map(|(number, _)| *number).collect();
        nanoseconds(|| {
            let read = ISO8583Message::from_bytes(black_box(&frame)).ok()?;
            let field = |number: &u8| read.get_field(Field::from_number(*number).ok()?).map(|value| black_box(value));
            Some(numbers.iter().filter_map(field).count())
        })
    }))
}

fn core_written(task: Task) -> Result<Vec<u8>, iso8583_core::ISO8583Error> {
    let message = task.message();
    let mti = MessageType::from_bytes(format!("{:04x}", message.message_type).as_bytes())?;
    let mut builder = ISO8583Message::builder().mti(mti);
    for (number, text) in message.fields {
        let (field, text) = (Field::from_number(*number)?, black_box(*text));
        builder = match *number {
            CHIP_DATA => builder.binary_field(field, bytes(text)),
            _ => builder.field(field, text),
        };
    }
    // Its own check of required fields belongs to its messages, and is done by `build`.
    Ok(builder.build()?.to_bytes())
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default() as u8;
    hexadecimal.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(digit))).collect()
}
