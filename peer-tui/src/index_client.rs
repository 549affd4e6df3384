//! The peer's side of the index: a session that comes back by itself, calls, the feed, and the
//! publishing of share changes.
//!
//! Knows the share only as a view and a list of changes; knows no disk.

pub mod api;
pub mod feed;
pub mod handle;
pub mod lookup;
pub mod peers;
pub mod publish;
pub mod register;
pub mod session;
pub mod share_source;
pub mod task;
pub mod url;

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::problem::Problem;
use protocol::stats::NetworkStats;

pub use api::IndexApi;
pub use handle::{IndexClient, IndexClientConfig, PartialFile};
pub use peers::PeerTable;
pub use share_source::{ShareSnapshot, ShareSource};
pub use url::{IndexUrl, UrlError};

/// How the session with the index stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// Not there; tried again at `retry_at`.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Why, in words for a person.
        reason: String,
        /// Next try.
        retry_at: Timestamp,
        /// How many tries have failed in a row.
        tries: u32,
    },
    /// Being set up.
    Registering,
    /// Registered; files still being sent, or all sent.
    Live {
        /// Since when.
        since: Timestamp,
        /// Id of this peer at the index.
        id: PeerId,
        /// Files still to be sent.
        unsent_files: u64,
        /// Last heartbeat's figures.
        stats: NetworkStats,
    },
}

/// Why a call to the index failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IndexError {
    /// No answer.
    #[error("index {url}: {reason}")]
    Unreachable {
        /// Which index.
        url: String,
        /// Why.
        reason: String,
    },
    /// It said no.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// It has too much to do now, and said after how long to ask again.
    #[error("{}", problem.detail)]
    Busy {
        /// What it said.
        problem: Problem,
        /// How long to leave it alone.
        retry_after: Duration,
    },
    /// It said something that makes no sense.
    #[error("index {url} answered something unexpected: {reason}")]
    Unexpected {
        /// Which index.
        url: String,
        /// What.
        reason: String,
    },
}

/// Between tries to register.
pub const RETRY_EVERY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
