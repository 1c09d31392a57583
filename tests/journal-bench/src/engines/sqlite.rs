//! SQLite as one would use it for a journal: a write-ahead log, every commit synced.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, params};

use super::{Engine, OpenStore};
use crate::fold::Index;
use crate::records::{RECORD_BYTES, record};

const FILE: &str = "sqlite";
const INSERT: &str = "INSERT INTO journal (sequence, identity, amount, record) VALUES (?1, ?2, ?3, ?4)";
/// Records of one transaction while a large store is made.
const BUILT_AT_A_TIME: u64 = 10_000;

/// Beside the key of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexes {
    /// Nothing else.
    None,
    /// By identity and by amount.
    Two,
}

/// One connection; whoever commits waits for it.
pub struct Sqlite {
    connection: Mutex<(Connection, u64)>,
}

impl Sqlite {
    /// Makes the table.
    pub fn create(folder: &Path, indexes: Indexes) -> Result<Self> {
        let connection = connect(folder)?;
        connection.execute_batch(
            "CREATE TABLE journal (sequence INTEGER PRIMARY KEY, identity INTEGER NOT NULL, amount INTEGER NOT NULL,
                record BLOB NOT NULL)",
        )?;
        if indexes == Indexes::Two {
            connection.execute_batch(
                "CREATE INDEX journal_identity ON journal (identity); CREATE INDEX journal_amount ON journal (amount)",
            )?;
        }
        Ok(Self { connection: Mutex::new((connection, 0)) })
    }
}

impl Engine for Sqlite {
    fn commit(&self, record: &[u8]) -> Result<()> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (connection, sequence) = &mut *guard;
        *sequence += 1;
        insert(connection, *sequence, record)
    }
}

/// Makes a store of so many records in few transactions.
pub fn build(folder: &Path, records: u64) -> Result<()> {
    let mut store = Sqlite::create(folder, Indexes::None)?;
    let (connection, _) = store.connection.get_mut().unwrap_or_else(PoisonError::into_inner);
    for first in (0..records).step_by(BUILT_AT_A_TIME as usize) {
        let transaction = connection.transaction()?;
        for number in first..records.min(first + BUILT_AT_A_TIME) {
            insert(&transaction, number + 1, &record(number, RECORD_BYTES))?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Opens and reads every row in order.
pub fn open(folder: &Path) -> Result<OpenStore> {
    let connection = connect(folder)?;
    let mut index = Index::default();
    {
        let mut statement = connection.prepare("SELECT record FROM journal ORDER BY sequence")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            index.take(row.get_ref(0)?.as_blob()?)?;
        }
    }
    Ok(OpenStore { index, _store: Box::new(connection) })
}

fn insert(connection: &Connection, sequence: u64, record: &[u8]) -> Result<()> {
    let (identity, rest) = record.split_first_chunk().context("a record has an identity")?;
    let (amount, _) = rest.split_first_chunk().context("a record has an amount")?;
    let values = params![sequence as i64, i64::from_be_bytes(*identity), i64::from_be_bytes(*amount), record];
    connection.prepare_cached(INSERT)?.execute(values)?;
    Ok(())
}

/// Settings are read back: a pragma that is not understood is no error to SQLite.
fn connect(folder: &Path) -> Result<Connection> {
    let connection = Connection::open(folder.join(FILE))?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    ensure!(mode == "wal" && synchronous == 2, "SQLite chose journal_mode {mode}, synchronous {synchronous}");
    Ok(connection)
}
