//! Writes the seeds: `cargo run --example seeds` in `fuzz/`. The same bytes on every machine, until the format changes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fuzz::evidence::{ORIGIN, signer};
use fuzz::segment::{CARD, KEEPER, RECORDS, Segments, options, pack};
use journal::checkpoint::{Checkpoint, SignedNote};
use journal::evidence::{Evidence, Shown, Story};
use journal::keys::{Cipher, FixedKey};
use journal::memory::MemoryDisk;
use journal::tree::{Frontier, Hash};
use journal::{Body, Journal, JournalId, Options, Purpose, Reading, SECTOR_BYTES};

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, bytes) in segments() {
        put(&corpus.join("segment"), name, &bytes);
    }
    for (name, bytes) in fuzz::message::seeds() {
        put(&corpus.join("iso8583"), name, &bytes);
    }
    for (name, bytes) in fuzz::answer::seeds() {
        put(&corpus.join("answer"), name, &bytes);
    }
    for (name, bytes) in fuzz::json::seeds() {
        put(&corpus.join("json"), name, &bytes);
    }
    for (name, bytes) in fuzz::chip_data::seeds() {
        put(&corpus.join("chip_data"), name, &bytes);
    }
    for (name, bytes) in fuzz::key_block::seeds() {
        put(&corpus.join("key_block"), name, &bytes);
    }
    for (name, text) in evidence() {
        put(&corpus.join("evidence"), name, text.as_bytes());
    }
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("seed-{name}")), bytes).unwrap();
    println!("{name}: {} bytes", bytes.len());
}

/// A sale, a batch of records in one group, an idle marker, a second segment, a torn end; both ciphers; version 1.
fn segments() -> Vec<(&'static str, Vec<u8>)> {
    let one = written(options(1), 1);
    let three = written(Options { cipher: Cipher::Aes256Gcm, ..options(2) }, 1);
    let two = written(options(3), 2);
    let mut torn = files(&one);
    if let Some(segment) = torn.get_mut(&1) {
        // The idle marker never got there, and of the append before it the last half sector did not.
        let last = |segment: &[u8]| segment.iter().rposition(|&byte| byte != 0).unwrap() / SECTOR_BYTES * SECTOR_BYTES;
        let marker = last(segment);
        segment[marker..].fill(0);
        let torn = last(segment) + SECTOR_BYTES / 2;
        segment[torn..].fill(0);
    }
    let old = golden(include_str!("../../host/journal/tests/golden/version-1.hex"));
    vec![
        ("one", pack(&files(&one))),
        ("aes", pack(&files(&three))),
        ("rotated", pack(&files(&two))),
        ("torn", pack(&torn)),
        ("version-1", pack(&Segments::from([(1, old)]))),
    ]
}

/// A journal with the records, once each until it has so many segments.
fn written(options: Options, segments: u64) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let opened = Journal::create_in(Arc::new(disk.clone()), Arc::new(FixedKey::new(KEEPER)), options).unwrap();
    let journal = opened.journal;
    loop {
        let [intent, empty, rest @ ..] = &RECORDS;
        let card = Body { record: intent, card: Some(CARD) };
        journal.append(Purpose::Payment, &[card, Body::from(*empty)]).map(drop).unwrap();
        for record in rest {
            journal.append(Purpose::Obligation, &[Body::from(*record)]).map(drop).unwrap();
        }
        if journal.stats().segments >= segments {
            break;
        }
    }
    journal.tend().unwrap();
    disk
}

fn files(disk: &MemoryDisk) -> Segments {
    let number = |name: &str| name.strip_suffix(".log")?.parse::<u8>().ok();
    disk.names().iter().filter_map(|name| Some((number(name)?, disk.bytes(name)?))).collect()
}

/// Reads a dump: lines of an offset and sixteen bytes in hex, a star for repetition, and the length on top.
fn golden(dump: &str) -> Vec<u8> {
    let mut lines = dump.lines();
    let length = lines.next().and_then(|line| usize::from_str_radix(line.split(' ').next()?, 16).ok()).unwrap();
    let (mut bytes, mut at, mut repeats) = (vec![0; length], 0, false);
    let mut row = [0; 16];
    for line in lines {
        if line == "*" {
            repeats = true;
            continue;
        }
        let mut fields = line.split_whitespace();
        let offset = usize::from_str_radix(fields.next().unwrap(), 16).unwrap();
        while repeats && at < offset {
            bytes[at..at + 16].copy_from_slice(&row);
            at += 16;
        }
        repeats = false;
        let read: Vec<u8> = fields.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        bytes[offset..offset + read.len()].copy_from_slice(&read);
        row = read.try_into().unwrap_or(row);
        at = offset + 16;
    }
    bytes
}

fn evidence() -> Vec<(&'static str, String)> {
    let disk = written(options(4), 1);
    let reading = Journal::read_in(&disk, Some(&FixedKey::new(KEEPER))).unwrap();
    let leaves: Vec<Hash> =
        reading.entries.iter().map(|entry| entry.seal.leaf(&reading.journal, entry.sequence, entry.kind)).collect();
    let notes: Vec<SignedNote> = [2, 4, leaves.len()].map(|size| checkpoint(&leaves[..size])).to_vec();
    let story = Story { zh: vec!["消费 12.34 已批准".into()], en: vec!["sale 12.34 approved".into()] };
    let file = |notes: &[SignedNote], story: &Story, chosen: &[usize]| {
        let shown: Vec<_> = chosen.iter().map(|&index| shown(&reading, index)).collect();
        let journal: &JournalId = &reading.journal;
        Evidence::build(&signer(), journal, &leaves, notes, "20261122-0001", story, &shown)
            .unwrap()
            .to_text()
            .to_owned()
    };
    vec![("one", file(&notes[2..], &Story::default(), &[0])), ("three", file(&notes, &story, &[0, 2, 4]))]
}

fn shown(reading: &Reading, index: usize) -> Shown<'_> {
    let entry = &reading.entries[index];
    Shown { sequence: entry.sequence, kind: entry.kind, record: entry.record(), seal: &entry.seal }
}

fn checkpoint(leaves: &[Hash]) -> SignedNote {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    signer().sign(&Checkpoint { origin: ORIGIN.to_owned(), size: frontier.size(), root: frontier.root() }).unwrap()
}
