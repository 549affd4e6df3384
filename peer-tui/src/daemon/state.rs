//! All that the daemon shows: sections that are sent whole when they change, never more than a
//! window of a list. Names in here are as strangers gave them: clean before showing.

mod peers;
mod search;
mod shares;
mod transfers;

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::file::ContentInfo;
use protocol::ids::PeerId;
use protocol::search::SearchResponse;
use protocol::stats::NetworkStats;
use serde::{Deserialize, Serialize};

pub use self::peers::{PeerLimit, PeerRow, Peers};
pub use self::search::{Browse, BrowseRow, Own, ResultRow, Results};
pub use self::shares::{ShareKind, ShareRow, Shares};
pub use self::transfers::{
    Dock, SPEED_MAX_COUNT, Speed, Stuck, TransferCounts, TransferRow, Transfers,
};
use super::command::Action;
pub use crate::fetch::{
    DownloadDetail, DownloadId, DownloadState, DownloadStatus, SourceState, SourceStatus, Wish,
};

/// Daemon to client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Answer to hello.
    Welcome {
        /// [`SOCKET_VERSION`](super::command::SOCKET_VERSION) of the daemon.
        socket_version: u32,
        /// Program version of the daemon.
        version: String,
        /// Process id.
        pid: u32,
    },
    /// Sections that changed.
    Update(Box<Update>),
    /// Answer to `do`.
    Reply {
        /// Of which `do`.
        number: u64,
        /// What came of it.
        result: Result<Reply, Failure>,
    },
    /// The daemon is about to stop.
    Goodbye {
        /// Why.
        reason: String,
    },
}

/// Why an action was not done, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Kind, for exit codes: `not_found`, `index_unreachable`, `refused`, `failed`.
    pub kind: FailureKind,
    /// What happened and what to do.
    pub message: String,
}

/// Kinds of failure, for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum FailureKind {
    NotFound,
    IndexUnreachable,
    Refused,
    Failed,
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Done; a line for the toast, and what would undo it.
    Done {
        /// `queued debian.iso`.
        note: String,
        /// What undoes it.
        undo: Option<Box<Action>>,
        /// Downloads that were made or meant.
        ids: Vec<DownloadId>,
    },
    /// Search results.
    Found(Box<SearchResponse>),
    /// Everything in figures.
    Status(Box<Status>),
    /// Holders.
    Content(Box<ContentInfo>),
}

/// Sections that changed since the last update to this client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Update {
    /// State line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The most relevant transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dock: Option<Dock>,
    /// Search results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// The list of transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfers: Option<Transfers>,
    /// The download that got stuck since the last update, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// One transfer closely; `Some(None)` is not sent: a transfer that is gone leaves the section out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Box<DownloadDetail>>,
    /// The shares tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// The list of peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<Peers>,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Log>,
    /// The files of one peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browse: Option<Browse>,
    /// One content closely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentInfo>,
    /// Last round trips, in milliseconds, to the holders of `content` and the sources of `transfer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latencies: Option<BTreeMap<PeerId, u32>>,
}

/// Link to the index, for the state line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum LinkState {
    /// No index found yet.
    Searching,
    /// Being set up.
    Registering,
    /// Up.
    Live,
    /// Down.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Next try.
        retry_at: Timestamp,
        /// Tries that failed in a row.
        tries: u32,
        /// Why.
        reason: String,
    },
}

/// The state line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// This peer's name.
    pub name: String,
    /// URL of the index, empty before one is known.
    pub index: String,
    /// Link to it.
    pub link: LinkState,
    /// Peers online, this one included.
    pub online_peers: u64,
    /// Known peers.
    pub total_peers: u64,
    /// Complete records of the network.
    pub total_files: u64,
    /// Bytes a second, in.
    pub down_rate: u64,
    /// Bytes a second, out.
    pub up_rate: u64,
    /// In, the last eight samples, oldest first (1 s each).
    pub down_history: Vec<u64>,
    /// Downloads that are not done.
    pub open_downloads: usize,
    /// Running uploads.
    pub active_uploads: usize,
    /// Files shared.
    pub shared_files: u64,
    /// Files waiting to be hashed.
    pub hashing_files: u64,
    /// Where to drop files (first share folder), for empty states.
    pub share_folder: String,
    /// Limit in.
    pub down_limit: Option<u64>,
    /// Limit out.
    pub up_limit: Option<u64>,
    /// How others join, one line (`peer-tui http://192.168.1.5:7070`).
    pub join_hint: String,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// Grows by one a line.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// `info`, `warn`, `error`.
    pub level: String,
    /// In words.
    pub text: String,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows, oldest first.
    pub rows: Vec<LogRow>,
    /// Rows under this filter.
    pub total: usize,
}

/// Everything in figures, for `peer-tui status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// State line.
    pub header: Header,
    /// Process id of the daemon.
    pub pid: u32,
    /// Program version.
    pub version: String,
    /// This peer's id.
    pub id: PeerId,
    /// Where it serves, `ip:port`.
    pub listen: String,
    /// Data folder.
    pub data: String,
    /// Share folders.
    pub shares: Vec<String>,
    /// Download folder.
    pub downloads: String,
    /// Bytes shared.
    pub shared_bytes: u64,
    /// Figures of the network, where known.
    pub network: Option<NetworkStats>,
    /// Bytes sent and answers given, ever.
    pub uploads: (u64, u64),
    /// Verified bytes fetched and files finished, ever.
    pub downloads_done: (u64, u64),
    /// Transfers.
    pub counts: TransferCounts,
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Limits of peers, each for itself.
    #[serde(default)]
    pub peer_limits: Vec<PeerLimit>,
}

/// Whether a state is one that will go on by itself.
pub const fn is_open(state: &DownloadState) -> bool {
    !matches!(state, DownloadState::Done | DownloadState::Cancelled { .. })
}
