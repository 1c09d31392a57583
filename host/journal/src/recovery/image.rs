//! A segment file in memory.

use std::io;

use crate::error::JournalError;
use crate::format::{BLOCK_BYTES, SEGMENT_BYTES};
use crate::storage::{Storage, StoredFile};

/// File name of a segment.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:06}.log")
}

/// Numbers of the segments that are there, in order; `NoJournal` when there are none.
pub(crate) fn segments(storage: &dyn Storage) -> Result<Vec<u64>, JournalError> {
    let no_journal = || JournalError::NoJournal { directory: storage.name() };
    let names = match storage.list() {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_journal()),
        Err(error) => return Err(JournalError::storage("list the journal's directory")(error)),
    };
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment_number(name)).collect();
    numbers.sort_unstable();
    if numbers.is_empty() { Err(no_journal()) } else { Ok(numbers) }
}

fn segment_number(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".log")?.parse().ok()?;
    (number > 0 && segment_name(number) == name).then_some(number)
}

/// A segment file in memory. Blocks the device cannot read are filled with ones, which verify as nothing.
pub(crate) struct Image {
    pub file: Box<dyn StoredFile>,
    pub bytes: Vec<u8>,
    pub file_bytes: u64,
    unreadable_blocks: Vec<usize>,
}

impl Image {
    /// Reads all of a file into a buffer, which is used again from segment to segment.
    pub fn read(file: Box<dyn StoredFile>, mut buffer: Vec<u8>) -> io::Result<Self> {
        let file_bytes = file.length()?;
        // No segment is longer than this, whatever a damaged directory says.
        buffer.resize(file_bytes.min(SEGMENT_BYTES) as usize, 0);
        let mut image = Self { file, bytes: buffer, file_bytes, unreadable_blocks: Vec::new() };
        if image.file.read_at(0, &mut image.bytes).is_err() {
            for (index, block) in image.bytes.chunks_mut(BLOCK_BYTES).enumerate() {
                if image.file.read_at((index * BLOCK_BYTES) as u64, block).is_err() {
                    block.fill(0xFF);
                    image.unreadable_blocks.push(index);
                }
            }
        }
        Ok(image)
    }

    /// Whether the device could not read the block of this byte.
    pub fn is_unreadable(&self, offset: usize) -> bool {
        self.unreadable_blocks.contains(&(offset / BLOCK_BYTES))
    }

    /// Whether the device could not read some block from this byte on.
    pub fn is_unreadable_from(&self, offset: usize) -> bool {
        self.unreadable_blocks.iter().any(|block| *block >= offset / BLOCK_BYTES)
    }

    pub fn from(&self, offset: usize) -> &[u8] {
        self.bytes.get(offset..).unwrap_or_default()
    }
}
