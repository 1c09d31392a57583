//! redb: a copy-on-write tree in Rust, every commit durable.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::Result;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use super::{Engine, OpenStore};
use crate::fold::Index;
use crate::records::{RECORD_BYTES, record};

const FILE: &str = "redb";
const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");
/// Records of one transaction while a large store is made.
const BUILT_AT_A_TIME: u64 = 10_000;

/// How a commit is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phases {
    /// One sync; what a crash left is told by checksums.
    One,
    /// Two syncs.
    Two,
}

/// A database; it makes writers wait for each other itself.
pub struct Redb {
    database: Database,
    phases: Phases,
    sequence: AtomicU64,
}

impl Redb {
    /// Makes an empty one.
    pub fn create(folder: &Path, phases: Phases) -> Result<Self> {
        Ok(Self { database: Database::create(folder.join(FILE))?, phases, sequence: AtomicU64::new(0) })
    }

    fn write(&self, records: impl Iterator<Item: AsRef<[u8]>>) -> Result<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_two_phase_commit(self.phases == Phases::Two);
        {
            let mut table = transaction.open_table(TABLE)?;
            for record in records {
                table.insert(self.sequence.fetch_add(1, Relaxed), record.as_ref())?;
            }
        }
        Ok(transaction.commit()?)
    }
}

impl Engine for Redb {
    fn commit(&self, record: &[u8]) -> Result<()> {
        self.write(std::iter::once(record))
    }
}

/// Makes a store of so many records in few transactions.
pub fn build(folder: &Path, records: u64) -> Result<()> {
    let store = Redb::create(folder, Phases::One)?;
    for first in (0..records).step_by(BUILT_AT_A_TIME as usize) {
        store.write((first..records.min(first + BUILT_AT_A_TIME)).map(|number| record(number, RECORD_BYTES)))?;
    }
    Ok(())
}

/// Opens and reads every record in order.
pub fn open(folder: &Path) -> Result<OpenStore> {
    let database = Database::open(folder.join(FILE))?;
    let table = database.begin_read()?.open_table(TABLE)?;
    let mut index = Index::default();
    for entry in table.iter()? {
        index.take(entry?.1.value())?;
    }
    Ok(OpenStore { index, _store: Box::new(database) })
}
