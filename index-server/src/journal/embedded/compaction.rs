//! How a snapshot is written between appends, and how it comes to count.

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{EmbeddedJournal, GENERATION, META, SEAL, TAIL, THROUGH, meta, snapshot_name};
use crate::journal::{JournalError, Position, Sizes, Snapshot, frame};

/// Snapshot bytes written in one transaction: an append never waits for more than this.
const SNAPSHOT_STEP_BYTES: usize = 2 * 1024 * 1024;

/// A snapshot that does not count yet.
pub(super) struct Written {
    pub(super) generation: u64,
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl EmbeddedJournal {
    /// Writes the next snapshot beside the current one.
    pub(super) fn write_snapshot(
        database: &Database,
        snapshot: &mut Snapshot<'_>,
        refused: &impl Fn(redb::Error) -> JournalError,
    ) -> Result<Written, JournalError> {
        let generation = Self::begin_snapshot(database).map_err(refused)?;
        let name = snapshot_name(generation);
        let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(&name);
        let (mut records, mut bytes) = (0u64, 0u64);
        loop {
            let mut step = Vec::new();
            let mut step_bytes = 0;
            while step_bytes < SNAPSHOT_STEP_BYTES
                && let Some(record) = snapshot.next()
            {
                let record = record?;
                step_bytes += record.len();
                step.push(frame::seal(&record));
            }
            if step.is_empty() {
                return Ok(Written {
                    generation,
                    records,
                    bytes,
                });
            }
            Self::write_step(database, table, records, &step).map_err(refused)?;
            records += step.len() as u64;
            bytes += step_bytes as u64;
        }
    }

    /// An empty table for the next snapshot; yields its number.
    fn begin_snapshot(database: &Database) -> Result<u64, redb::Error> {
        let transaction = database.begin_write()?;
        let generation = meta(&transaction, GENERATION)? + 1;
        let name = snapshot_name(generation);
        let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(&name);
        // Left by a compaction that failed while this process ran.
        transaction.delete_table(table)?;
        transaction.open_table(table)?;
        transaction.commit()?;
        Ok(generation)
    }

    fn write_step(
        database: &Database,
        table: TableDefinition<'_, u64, &[u8]>,
        first: u64,
        step: &[Vec<u8>],
    ) -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        {
            let mut rows = transaction.open_table(table)?;
            for (number, row) in (first..).zip(step) {
                rows.insert(number, row.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The one transaction that makes a written snapshot count.
    pub(super) fn switch_to(
        database: &Database,
        generation: u64,
        through: Position,
    ) -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        let seal = match transaction.open_table(TAIL)?.get(through.0)? {
            Some(framed) => frame::checksum_of(framed.value()).unwrap_or_default(),
            None => meta(&transaction, SEAL)?,
        };
        let earlier = snapshot_name(meta(&transaction, GENERATION)?);
        let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(&earlier);
        transaction.delete_table(table)?;
        {
            let mut meta = transaction.open_table(META)?;
            meta.insert(GENERATION, generation)?;
            meta.insert(THROUGH, through.0)?;
            meta.insert(SEAL, seal)?;
            let mut tail = transaction.open_table(TAIL)?;
            tail.retain_in(..=through.0, |_, _| false)?;
        }
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn count_tail(database: &Database) -> Result<Sizes, redb::Error> {
        let transaction = database.begin_read()?;
        let tail = transaction.open_table(TAIL)?;
        let mut sizes = Sizes::default();
        for row in tail.iter()? {
            let (_, value) = row?;
            let record = frame::open(value.value()).unwrap_or_default();
            sizes.tail_records += 1;
            sizes.tail_bytes += record.len() as u64;
        }
        Ok(sizes)
    }
}
