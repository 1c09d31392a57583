//! How far each DUKPT counter has come, once more, in a file beside the key file.
//!
//! Protects against: an older copy of the key file put back, with counters that were used since. The higher of the two
//! counts.
//! Does not protect against: older copies of both files put back.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::dukpt::{DukptKeys, counter_of, is_of_line};
use super::file::{KeyFile, KeyFileError};

/// Opens the file; authenticated with what follows. The last byte is the version of the format.
const MARKS_MAGIC: &[u8; 8] = b"ACQKSN\0\x01";

impl KeyFile {
    /// Writes how far the counters have come. This file comes first: after a power cut between the two it is the higher.
    pub(super) fn write_marks(&self, keys: &DukptKeys) -> Result<(), KeyFileError> {
        if keys.keys.is_empty() && keys.retired.is_empty() {
            return Ok(());
        }
        let current = keys.keys.values().map(|known| known.key.serial(known.used));
        let mut bytes = Zeroizing::new(Vec::new());
        for serial in keys.retired.iter().cloned().chain(current) {
            bytes.extend(u8::try_from(serial.len()));
            bytes.extend_from_slice(&serial);
        }
        self.sealed(&self.marks(), MARKS_MAGIC, bytes)
    }

    /// Raises counters that the key file has lower. Where there are DUKPT keys the other file must be there.
    pub(super) fn raise_to_marks(&self, keys: &mut DukptKeys) -> Result<(), KeyFileError> {
        if keys.keys.is_empty() && keys.retired.is_empty() {
            return Ok(());
        }
        let marks = self.marks();
        let bytes = self.unsealed(&marks, MARKS_MAGIC)?;
        let serials = serials(&bytes).ok_or(KeyFileError::Damaged { path: marks })?;
        for serial in serials {
            let current = keys.keys.values_mut().find(|known| is_of_line(&known.key.serial(0), serial));
            match current {
                Some(known) => known.used = known.used.max(counter_of(serial)),
                None => keys.retire(serial.to_vec()),
            }
        }
        Ok(())
    }

    fn marks(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".counters");
        path.into()
    }
}

fn serials(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut serials = Vec::new();
    while let Some(length) = bytes.split_off_first() {
        serials.push(bytes.split_off(..usize::from(*length))?);
    }
    Some(serials)
}
