//! Where records are kept: acknowledged is durable, and what is loaded is what was appended, in
//! order.
//!
//! Records are bytes here; what they mean is the world's. All calls may block on a disk.

pub mod embedded;
pub mod frame;
#[cfg(test)]
pub mod kit;
pub mod memory;
pub mod snapshot;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use embedded::{Damaged, EmbeddedJournal, Reached};
pub use memory::MemoryJournal;
pub use snapshot::Sizes;

/// How much has been appended: opaque and ordered; the start of an empty journal is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position(u64);

/// What tells the records up to a position from those of another journal that stands there too.
pub type Seal = u64;

impl Position {
    /// So many records further on.
    #[must_use]
    pub const fn after(self, count: u64) -> Self {
        Self(self.0 + count)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why the journal did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error(
        "another index uses the data folder {}: stop it, or give this one a folder of its own with --data",
        folder.display()
    )]
    InUse {
        /// Which folder.
        folder: PathBuf,
    },
    /// The store refused.
    #[error("{operation} journal {}: {detail}", path.display())]
    Store {
        /// What was tried.
        operation: &'static str,
        /// Which file.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
    /// There is no room for it.
    #[error("{operation} journal {}: the disk is full", path.display())]
    Full {
        /// What was tried.
        operation: &'static str,
        /// Which file.
        path: PathBuf,
    },
    /// A record is not what was written.
    #[error(
        "journal {} cannot be read at {place}: {detail}; {remedy}",
        path.display()
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Which record.
        place: String,
        /// What is wrong with it.
        detail: String,
        /// What to do.
        remedy: String,
        /// Whether the file is not what was written; otherwise its reader does not take it.
        is_damage: bool,
    },
    /// Somebody else appended, or an append that failed was durable after all.
    #[error("the journal stands at {last}, not at {expected}: load it again")]
    Moved {
        /// Where the caller thought it stood.
        expected: Position,
        /// Where it stands.
        last: Position,
    },
    /// It was closed.
    #[error("the journal is closed")]
    Closed,
}

impl JournalError {
    /// Whether the file is not what was written to it.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unreadable { is_damage, .. } if *is_damage)
    }

    /// What is wrong, without what to do about it: for whoever does that.
    pub fn fault(&self) -> String {
        match self {
            Self::Unreadable {
                path,
                place,
                detail,
                ..
            } => format!("journal {} at {place}: {detail}", path.display()),
            other => other.to_string(),
        }
    }
}

/// What [`Journal::load`] calls for each record; an error stops the load and says what is wrong
/// with it and, where it can be told, what to do.
pub type Visit<'v> = dyn FnMut(&[u8]) -> Result<(), BadRecord> + 'v;

/// The records of a snapshot, made one by one.
pub type Snapshot<'s> = dyn Iterator<Item = Result<Vec<u8>, JournalError>> + 's;

/// A record that its reader cannot take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// What is wrong.
    pub detail: String,
    /// What to do; the journal's own advice where there is none.
    pub remedy: Option<String>,
}

/// An ordered, durable list of records.
///
/// The promise, which one suite proves for every implementation: once `append` yields `Ok`, its
/// records are there after any crash; of an append that failed either all or none are; `load`
/// yields a state that `append`s led to, in their order.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Appends `records` as one, if the journal stands at `expected`; yields where it then stands.
    ///
    /// # Errors
    /// [`JournalError::Moved`] when it stands elsewhere, otherwise when they are not durable.
    fn append(&self, expected: Position, records: &[Vec<u8>]) -> Result<Position, JournalError>;

    /// Yields the snapshot and then everything appended since, in order; then where that ends.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`] for the first record that is damaged or that `visit` refuses.
    fn load(&self, visit: &mut Visit<'_>) -> Result<Position, JournalError>;

    /// The seal of a position, where the journal still knows it; never known by journals that nobody
    /// starts from.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn seal(&self, at: Position) -> Result<Option<Seal>, JournalError> {
        let _ = at;
        Ok(None)
    }

    /// Yields what was appended after `from`, in order, then where that ends; none, and no call of
    /// `visit`, unless all of it is still there and `seal` is that of `from`. `sizes` are those at
    /// `from`.
    ///
    /// # Errors
    /// As [`Self::load`].
    fn load_after(
        &self,
        from: Position,
        seal: Seal,
        sizes: Sizes,
        visit: &mut Visit<'_>,
    ) -> Result<Option<Position>, JournalError> {
        let _ = (from, seal, sizes, visit);
        Ok(None)
    }

    /// How many records were acknowledged and were not there any more when it was opened, as far as
    /// that is known.
    fn missing_count(&self) -> u64 {
        0
    }

    /// Puts a snapshot in the place of everything up to `through`. Appends go on meanwhile.
    ///
    /// # Errors
    /// When it is not durable, and the first error that `snapshot` yields; what was there before is
    /// then still there.
    fn compact(&self, through: Position, snapshot: &mut Snapshot<'_>) -> Result<(), JournalError>;

    /// Reads all of it, to find what is damaged, beside whoever appends. `go_on` is told how many
    /// bytes were read since, and ends it where it says no.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`] for the first damage.
    fn look_through(&self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<(), JournalError> {
        let _ = go_on;
        Ok(())
    }

    /// As [`Self::compact`], without trust in what is there: all is written anew. Yields the name
    /// under which what was there is kept, if it is.
    ///
    /// # Errors
    /// As [`Self::compact`], and when what was appended after `through` cannot be read.
    fn renew(
        &self,
        through: Position,
        snapshot: &mut Snapshot<'_>,
    ) -> Result<Option<PathBuf>, JournalError> {
        self.compact(through, snapshot)?;
        Ok(None)
    }

    /// How much it holds.
    fn sizes(&self) -> Sizes;

    /// Lets go of the store; later calls fail with [`JournalError::Closed`].
    fn close(&self);
}
