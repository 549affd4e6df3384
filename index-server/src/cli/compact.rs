//! `compact`: makes the journal of an index that is not running as short as it can be.

use std::fs;

use crate::config::{Config, JournalChoice};
use crate::journal::{EmbeddedJournal, Journal};
use crate::sequencer;
use anyhow::{Context, bail};
use protocol::byte_size::format_bytes;

/// Folds the records of the data folder, puts a snapshot in their place and gives the space back.
/// What it yields is told to the user.
///
/// # Errors
/// While an index uses the folder, when there is no journal, and what the store said; the records
/// are there in any case.
pub(super) fn compact(config: &Config) -> anyhow::Result<String> {
    if config.journal == JournalChoice::Memory {
        bail!("an index with --journal memory keeps nothing that could be compacted");
    }
    let path = EmbeddedJournal::path_in(&config.data);
    let size = || -> anyhow::Result<u64> {
        let facts = fs::metadata(&path).with_context(|| {
            let shown = path.display();
            format!("look at the journal {shown}: name the folder of the index with --data")
        })?;
        Ok(facts.len())
    };
    let before = size()?;
    let journal = EmbeddedJournal::open(&config.data)?;
    sequencer::compact(&journal)?;
    journal.shrink()?;
    let records = journal.sizes().snapshot_records;
    journal.close();
    drop(journal);
    Ok(format!(
        "{}: {} before, {} now, {records} records\n",
        path.display(),
        format_bytes(before),
        format_bytes(size()?),
    ))
}
