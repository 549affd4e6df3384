//! `compact`: makes the journal of an index that is not running as short as it can be.

use std::fs;

use crate::config::{Config, JournalChoice};
use crate::journal::{EmbeddedJournal, Journal, JournalError};
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
    let journal = EmbeddedJournal::open(&config.data).map_err(in_words)?;
    sequencer::compact(&journal).map_err(in_words)?;
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

/// What to do about damage: whoever mends a journal must say what is lost, and a running index does.
fn in_words(error: JournalError) -> anyhow::Error {
    if !error.is_damage() {
        return error.into();
    }
    anyhow::anyhow!(
        "{}; start the index on this folder once: it writes the journal anew from all that can be \
         read, says what is lost, and keeps the damaged file",
        error.fault()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_journal_is_left_to_the_index_that_says_what_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = EmbeddedJournal::path_in(folder.path());
        fs::write(&path, b"not a journal").expect("written");
        let refused = compact(&Config::in_folder(folder.path().to_owned()));
        let text = refused.expect_err("refused").to_string();
        for part in ["journal.redb", "start the index on this folder once"] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
        assert_eq!(fs::read(&path).expect("kept"), b"not a journal");
    }
}
