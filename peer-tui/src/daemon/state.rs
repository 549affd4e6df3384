//! All that the daemon shows: sections that are sent whole when they change, never more than a
//! window of a list. Names in here are as strangers gave them: clean before showing.

use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::search::SearchResponse;
use protocol::stats::NetworkStats;
use serde::{Deserialize, Serialize};

use super::command::Action;
use crate::fetch::{DownloadDetail, DownloadId, DownloadState, DownloadStatus};

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

/// What this peer has to do with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "own", rename_all = "snake_case")]
pub enum Own {
    /// Nothing.
    None,
    /// It shares this content itself.
    Shared,
    /// Being fetched, percent.
    Downloading {
        /// 0 to 100.
        percent: u8,
    },
    /// Waits in the queue, paused or failed.
    Queued,
    /// Fetched.
    Done,
}

/// A row of results: one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Identity of the row.
    pub hash: ContentHash,
    /// The record shown.
    pub file_id: FileId,
    /// File name as given.
    pub name: String,
    /// Share path as given.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Kind.
    pub category: Category,
    /// Online holders.
    pub sources: u64,
    /// Holder shown.
    pub owner: PeerId,
    /// Its name.
    pub owner_name: String,
    /// Round trip to it, where measured.
    pub latency_ms: Option<u32>,
    /// Its reputation, 0 to 100.
    pub reputation: u8,
    /// What this peer has to do with it.
    pub own: Own,
}

/// Search results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Of which search.
    pub generation: u64,
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<ResultRow>,
    /// Matches in all.
    pub total: u64,
    /// Whether that is exact.
    pub total_is_exact: bool,
    /// Microseconds from asking to having the answer.
    pub took_us: u64,
    /// Why there are none: query error or index lost, in words.
    pub trouble: Option<String>,
}

/// A row of transfers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "direction", rename_all = "snake_case")]
pub enum TransferRow {
    /// In.
    Down(DownloadStatus),
    /// Out, one row a client and content.
    Up {
        /// Which content.
        hash: ContentHash,
        /// Its name here.
        name: String,
        /// To whom: name where known, else address.
        client: String,
        /// Bytes of the file.
        size_bytes: u64,
        /// Bytes sent.
        sent_bytes: u64,
        /// Bytes a second.
        rate_bytes: u64,
    },
}

/// Transfers under each filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub struct TransferCounts {
    pub all: usize,
    pub downloading: usize,
    pub paused: usize,
    pub queued: usize,
    pub failed: usize,
    pub uploads: usize,
    pub done: usize,
}

/// The dock under the search.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dock {
    /// The most relevant, in order.
    pub rows: Vec<TransferRow>,
    /// For its title.
    pub counts: TransferCounts,
}

/// The list of transfers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfers {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<TransferRow>,
    /// Rows under this filter and text.
    pub total: usize,
    /// For the filter line.
    pub counts: TransferCounts,
    /// Where asked for: one sample a second, oldest first, at most 300: (in, out) bytes a second.
    pub speed: Option<Vec<(u64, u64)>>,
    /// Free bytes on the disk of the download folder.
    pub disk_free_bytes: Option<u64>,
    /// Upload slots in use and in all.
    pub slots: (usize, usize),
}

/// What a row of the shares tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum ShareKind {
    Root,
    Folder,
    File,
}

/// A row of the shares tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRow {
    /// Identity, and what `open` lists.
    pub key: String,
    /// What it is.
    pub kind: ShareKind,
    /// 0 for roots.
    pub depth: usize,
    /// Name to show.
    pub name: String,
    /// Full path on this disk (lossy), for copying.
    pub path: String,
    /// Whether an open folder.
    pub is_open: bool,
    /// Files below it.
    pub files: u64,
    /// Bytes below it.
    pub size_bytes: u64,
    /// `None` when ready; else in words (`checking`, `not there`, `62% partial`).
    pub note: Option<String>,
    /// Whether `note` is trouble.
    pub is_trouble: bool,
    /// For files.
    pub hash: Option<ContentHash>,
}

/// The shares tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<ShareRow>,
    /// Rows in all, as the tree is open now.
    pub total: usize,
    /// Files shared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files found so far, waiting ones included.
    pub found_files: u64,
    /// Files waiting to be hashed.
    pub hashing_files: u64,
    /// Bytes waiting to be hashed.
    pub hashing_bytes: u64,
    /// Bytes hashed a second, lately.
    pub hash_rate: u64,
    /// Running uploads.
    pub uploads: usize,
    /// Files and folders that cannot be shared: (path, why).
    pub troubles: Vec<(String, String)>,
}

/// A row of peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerRow {
    /// Identity.
    pub id: PeerId,
    /// Name as given.
    pub name: String,
    /// `ip:port`.
    pub address: String,
    /// Within its deadline.
    pub is_online: bool,
    /// This peer itself.
    pub is_me: bool,
    /// Registered with a key.
    pub is_verified: bool,
    /// Never fetched from.
    pub is_blocked: bool,
    /// Last heard by the index.
    pub last_seen: Timestamp,
    /// Last round trip.
    pub latency_ms: Option<u32>,
    /// The last 20, oldest first; `None` for a failed one.
    pub latencies_ms: Vec<Option<u32>>,
    /// 0 to 100.
    pub reputation: u8,
    /// Complete records.
    pub shared_files: u64,
    /// Their bytes.
    pub shared_bytes: u64,
    /// Bytes this peer got from it, ever.
    pub got_bytes: u64,
    /// Bytes this peer gave to it, since the daemon started.
    pub gave_bytes: u64,
    /// Program version it told.
    pub version: String,
    /// Region it told.
    pub region: String,
}

/// The list of peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// Position of the first row sent.
    pub first: usize,
    /// Rows.
    pub rows: Vec<PeerRow>,
    /// Rows under this filter.
    pub total: usize,
    /// For the filter line: online, all, verified, blocked.
    pub counts: (usize, usize, usize, usize),
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

/// An entry of a peer's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum BrowseRow {
    /// A folder.
    Folder {
        /// Name.
        name: String,
        /// Whole path.
        path: String,
        /// Files below it.
        files: u64,
        /// Their bytes.
        size_bytes: u64,
    },
    /// A file.
    File(ResultRow),
}

/// The files of one peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Browse {
    /// Whose.
    pub peer: PeerId,
    /// Its name.
    pub peer_name: String,
    /// Which folder.
    pub folder: String,
    /// Position of the first row sent.
    pub first: usize,
    /// Folders first, then files, by name.
    pub rows: Vec<BrowseRow>,
    /// Rows in all.
    pub total: usize,
    /// Still being read from the index.
    pub is_loading: bool,
    /// Why it could not be read.
    pub trouble: Option<String>,
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
}

/// Whether a state is one that will go on by itself.
pub const fn is_open(state: &DownloadState) -> bool {
    !matches!(state, DownloadState::Done | DownloadState::Cancelled { .. })
}
