//! The limit: one write and one sync a record, in a file that was filled with zeros ahead.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};

use super::Engine;
use crate::records::RECORD_BYTES;

/// Zeros are written this many bytes at a time.
const FILL_BYTES: usize = 1 << 20;

/// A file, and where the next record goes.
pub struct Raw {
    file: File,
    length: u64,
    offset: Mutex<u64>,
}

impl Raw {
    /// Fills a file with zeros and syncs it.
    pub fn create(folder: &Path, records: u64) -> Result<Self> {
        let file = File::create_new(folder.join("raw"))?;
        let length = (records * RECORD_BYTES as u64).next_multiple_of(FILL_BYTES as u64);
        let zeros = vec![0; FILL_BYTES];
        for offset in (0..length).step_by(FILL_BYTES) {
            file.write_all_at(&zeros, offset)?;
        }
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { file, length, offset: Mutex::new(0) })
    }
}

impl Engine for Raw {
    fn commit(&self, record: &[u8]) -> Result<()> {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(*offset + record.len() as u64 <= self.length, "the file is full");
        self.file.write_all_at(record, *offset)?;
        self.file.sync_data()?;
        *offset += record.len() as u64;
        Ok(())
    }
}
