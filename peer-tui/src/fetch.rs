//! Fetching: a queue that survives restarts, jobs built on verified pieces, finished files that are
//! byte for byte what their hash names.
//!
//! Knows the index through a trait and peers through HTTP; knows no screen.

pub mod batch;
pub mod change;
pub mod handle;
pub mod job;
pub mod keeper;
pub mod limits;
pub mod partial;
pub mod queue;
pub mod refused;
pub mod run;
pub mod scheduler;
pub mod source;
pub mod sources;
pub mod store;
pub mod task;
pub mod verify;
pub mod whole;

use std::path::PathBuf;

use jiff::Timestamp;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use serde::{Deserialize, Serialize};

pub use change::{Change, Move};
pub use handle::{Fetch, FetchConfig, FetchError, FetchEvent, FetchView, Finished, Unfinished};
pub use limits::Timing;
pub use sources::Holders;

/// The number of a download, unique in this data folder for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DownloadId(pub u64);

impl std::fmt::Display for DownloadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What somebody wants to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which content.
    pub hash: ContentHash,
    /// Bytes, as the index told.
    pub size_bytes: u64,
    /// Name to save it under (a stranger's; made safe by the queue). With folders where a whole
    /// folder is fetched.
    pub path: String,
    /// Another place than the download folder (an absolute path, from `get -o`).
    pub save_as: Option<PathBuf>,
}

/// Where a download stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadState {
    /// Waits for a place.
    Queued,
    /// Asks the index who has it.
    Looking,
    /// Bytes arrive.
    Downloading,
    /// Somebody paused it.
    Paused,
    /// All pieces are there: whole file checked, being made safe on disk.
    Finishing,
    /// It is at its place.
    Done,
    /// Nobody who has it is online; tried again by itself.
    NoSource {
        /// In words.
        reason: String,
    },
    /// What is missing has no room; tried again by itself.
    DiskFull {
        /// In words, with what to free.
        reason: String,
    },
    /// Cannot go on without a person (no permission, content is not what its hash says).
    Failed {
        /// In words, with what to do.
        reason: String,
    },
    /// Taken away; partial data kept until `until`, then forgotten.
    Cancelled {
        /// When it is forgotten.
        until: Timestamp,
    },
}

impl DownloadState {
    /// Whether it stands for now and is tried again without a person.
    pub const fn waits_by_itself(&self) -> bool {
        matches!(self, Self::NoSource { .. } | Self::DiskFull { .. })
    }
}

/// One peer as a source of one download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Who.
    pub peer: PeerId,
    /// Name as given.
    pub name: String,
    /// What it does, one word for the screen.
    pub state: SourceState,
    /// Bytes a second.
    pub rate_bytes: u64,
    /// Pieces it has and pieces in all.
    pub has_pieces: (u32, u32),
    /// Verified bytes from it.
    pub gave_bytes: u64,
    /// Failed or corrupt answers.
    pub errors: u32,
    /// 0 to 100.
    pub reputation: u8,
    /// Why it is not asked, where that is so.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum SourceState {
    Idle,
    Connecting,
    Sending,
    Busy,
    Failed,
    Corrupt,
    Offline,
}

/// Everything that is shown of one download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DownloadStatus {
    /// Its number.
    pub id: DownloadId,
    /// Which content.
    pub hash: ContentHash,
    /// The safe name it is saved under, with folders.
    pub name: String,
    /// Where it is (done) or will be.
    pub destination: PathBuf,
    /// Bytes.
    pub size_bytes: u64,
    /// Verified bytes on disk.
    pub done_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
    /// Where it stands.
    pub state: DownloadState,
    /// Higher goes first.
    pub priority: i8,
    /// Among those of its priority, the lowest goes first.
    #[serde(default)]
    pub place: i64,
    /// Bytes a second that it may take.
    #[serde(default)]
    pub limit_bytes: Option<u64>,
    /// When it was asked for.
    pub added_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Sources in use and known.
    pub sources: (u32, u32),
}

/// What is shown of one download when it is looked at closely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DownloadDetail {
    /// As in the list.
    pub status: DownloadStatus,
    /// Bytes of a piece.
    pub piece_bytes: u64,
    /// One character a piece: `#` have, `~` arriving, `.` wanted, `!` nobody has it.
    pub pieces: String,
    /// Sources, those in use first.
    pub sources: Vec<SourceStatus>,
    /// Notes in words (bad sources that were dropped and why).
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests;
