//! How large the journal is, what a payment costs in it, and how long that lasts.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use engine::contract::transaction::Operation;
use journal::{BLOCK_BYTES, Content, MAX_SEGMENTS, RESERVE_BYTES, SEGMENT_BYTES};
use serde_json::json;

use super::progress::Progress;
use crate::command::House;
use crate::control::Response;
use crate::messages::Value as Argument;
use crate::terminal::{BooksRead, Places, keeping};

/// Blocks a size on the disk is counted in, whatever the disk's own. Bytes.
const STAT_BLOCK_BYTES: u64 = 512;

/// How busy the shop is.
#[derive(Debug, Args)]
pub(in crate::command) struct Rate {
    /// Payments a day, for how long the space lasts.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    payments_a_day: u64,
}

/// What the files say.
#[derive(Default)]
struct Files {
    segments: u64,
    spares: u64,
    /// What they take on the disk. Bytes.
    disk: u64,
    /// What of the segments holds groups or headers. Bytes.
    used: u64,
}

pub(super) fn stats(house: &House, rate: &Rate) -> Result<ExitCode> {
    let directory = Places::of(&house.configuration).journal();
    let files = files(&directory)?;
    let begin = || (BooksRead::of_everything(), 0_u64, 0_u64);
    let read = || {
        keeping::read_into(&house.configuration, begin, |(books, entries, gone), entry| {
            books.take(&entry);
            *entries += 1;
            *gone += u64::from(!matches!(entry.content, Content::Whole { .. }));
        })
    };
    let ((books, entries, gone), _) = Progress::over("journal", read)?;
    let books = books.books();
    let payments = books.transactions().filter(|known| matches!(known.operation, Operation::Pay(_))).count() as u64;
    let free = free_bytes(&directory);
    let per_payment = files.used.checked_div(payments);
    let most = MAX_SEGMENTS * SEGMENT_BYTES - RESERVE_BYTES;
    let room = free.map_or(most, |free| free.min(most.saturating_sub(files.disk)));
    let days = per_payment.map(|bytes| room / bytes.max(1) / rate.payments_a_day);
    let facts = json!({
        "segments": files.segments,
        "spares": files.spares,
        "entries": entries,
        "not-whole": gone,
        "disk-bytes": files.disk,
        "used-bytes": files.used,
        "payments": payments,
        "bytes-a-payment": per_payment,
        "free-bytes": free,
        "reserve-bytes": RESERVE_BYTES,
        "payments-a-day": rate.payments_a_day,
        "days-left": days,
        "owed": books.owed(),
        "open-debts": books.open_debts().count(),
    });
    let text = |id: &str, args: &[(&str, Argument<'_>)]| house.messages.text(id, args);
    let mut lines = vec![text(
        "stats-size",
        &[
            ("count", files.segments.into()),
            ("spares", files.spares.into()),
            ("entries", entries.into()),
            ("bytes", bytes(files.disk).into()),
        ],
    )];
    if let Some(per_payment) = per_payment {
        lines.push(text("stats-payment", &[("count", payments.into()), ("bytes", bytes(per_payment).into())]));
    }
    lines.push(text(
        "stats-room",
        &[("free", free.map(bytes).unwrap_or_default().into()), ("reserve", bytes(RESERVE_BYTES).into())],
    ));
    if let Some(days) = days {
        lines.push(text("stats-retention", &[("count", days.into()), ("payments", rate.payments_a_day.into())]));
    }
    lines.push(text("owed", &[("count", books.owed().into())]));
    house.show(&Response::done(facts, lines))
}

fn files(directory: &Path) -> Result<Files> {
    let mut files = Files::default();
    for entry in fs::read_dir(directory)? {
        let (path, metadata) = {
            let entry = entry?;
            (entry.path(), entry.metadata()?)
        };
        files.disk += metadata.blocks() * STAT_BLOCK_BYTES;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".log") {
            files.segments += 1;
            files.used += used(&fs::File::open(&path)?, metadata.len())?;
        } else if name.starts_with("spare-") {
            files.spares += 1;
        }
    }
    Ok(files)
}

/// Where the last block that was ever written ends.
fn used(file: &fs::File, length: u64) -> Result<u64> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(BLOCK_BYTES as u64);
        let block = &mut block[..(end - start) as usize];
        file.read_exact_at(block, start)?;
        if block.iter().any(|byte| *byte != 0) {
            return Ok(end);
        }
        end = start;
    }
    Ok(0)
}

fn free_bytes(directory: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(directory).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

/// `12.3 MiB`
fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    let mut tenths = count.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_units_people_read() {
        for (count, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (8_192 + 512, "8.5 KiB"),
            (4 << 20, "4.0 MiB"),
            (16 << 30, "16.0 GiB"),
            (u64::MAX, "1677721.5 TiB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }
}
