//! All that a screen or a script may ask of the daemon. Frames on the socket are a u32 length (big
//! endian) and that many bytes of JSON; a client sends [`ClientMessage`], the daemon
//! [`ServerMessage`](super::state::ServerMessage).

use std::path::PathBuf;

use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::search::{Order, SearchParams, Sort};
use serde::{Deserialize, Serialize};

pub use crate::fetch::Move;
use crate::fetch::{DownloadId, Wish};

/// Version of this conversation; a daemon of another version says so and the screen tells what to
/// do (`peer-tui stop`, then start again).
pub const SOCKET_VERSION: u32 = 2;

/// Client to daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ClientMessage {
    /// First message.
    Hello {
        /// [`SOCKET_VERSION`] of the client.
        socket_version: u32,
    },
    /// What the client shows from now on; replaces the last one whole. Sections that are `None`
    /// are not sent.
    Watch(Box<Watch>),
    /// Do something; answered by a reply with the same number.
    Do {
        /// Chosen by the client.
        number: u64,
        /// What.
        action: Box<Action>,
    },
}

/// A window into a list: rows `first .. first + count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    /// Position of the first row.
    pub first: usize,
    /// How many rows.
    pub count: usize,
}

/// What a client shows. The state line (header) is always sent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// Rows of the transfers dock, 0 without one.
    pub dock_rows: usize,
    /// Search results.
    pub search: Option<SearchWatch>,
    /// The list of transfers.
    pub transfers: Option<TransfersWatch>,
    /// One transfer closely.
    pub transfer: Option<DownloadId>,
    /// The shares tree.
    pub shares: Option<SharesWatch>,
    /// The list of peers.
    pub peers: Option<PeersWatch>,
    /// The log.
    pub log: Option<LogWatch>,
    /// The files of one peer.
    pub browse: Option<BrowseWatch>,
    /// One result or file closely (detail pane): all holders of this content.
    pub content: Option<ContentHash>,
}

/// A live search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchWatch {
    /// Grows with each change of query, filter or sort; echoed in the results.
    pub generation: u64,
    /// In the search grammar.
    pub query: String,
    /// Only this kind.
    pub category: Option<Category>,
    /// Bytes, inclusive.
    pub min_size: Option<u64>,
    /// Bytes, inclusive.
    pub max_size: Option<u64>,
    /// Order by.
    pub sort: Sort,
    /// Direction; the sort's own where absent.
    pub order: Option<Order>,
    /// Rows wanted.
    pub window: Window,
}

/// Which transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum TransferFilter {
    #[default]
    All,
    Downloading,
    Paused,
    Queued,
    Failed,
    Uploads,
    Done,
}

/// The list of transfers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TransfersWatch {
    /// Which.
    pub filter: TransferFilter,
    /// Only names that hold this text, without regard to case.
    pub text: String,
    /// Column to sort by.
    pub sort: TransferSort,
    /// The other way round.
    pub is_reversed: bool,
    /// Rows wanted.
    pub window: Window,
    /// Include the speed history of the last five minutes.
    pub with_speed: bool,
    /// One row for a file that goes out, however many it goes to.
    #[serde(default)]
    pub is_by_file: bool,
}

/// Columns that transfers sort by; `State` is active first, then paused, queued, failed, done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum TransferSort {
    #[default]
    State,
    Name,
    Size,
    Progress,
    Rate,
    Sources,
    Added,
}

/// The shares tree.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SharesWatch {
    /// Keys of the open folders (as in [`ShareRow::key`](super::state::ShareRow::key)).
    pub open: Vec<String>,
    /// Only files whose path holds this text (a flat list then).
    pub text: String,
    /// Rows wanted.
    pub window: Window,
}

/// Which peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum PeerFilter {
    #[default]
    Online,
    All,
    Verified,
    Blocked,
}

/// Columns that peers sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum PeerSort {
    #[default]
    Name,
    Latency,
    Trust,
    Shares,
    Got,
    Gave,
}

/// The list of peers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PeersWatch {
    /// Which.
    pub filter: PeerFilter,
    /// Only names that hold this text.
    pub text: String,
    /// Column to sort by.
    pub sort: PeerSort,
    /// The other way round.
    pub is_reversed: bool,
    /// Rows wanted.
    pub window: Window,
}

/// The log, newest last. `window.first` counts from the oldest line held.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LogWatch {
    /// Only this level and worse: `info`, `warn`, `error`.
    pub level: Option<String>,
    /// Only lines that hold this text.
    pub text: String,
    /// Rows wanted; ignored while following.
    pub window: Window,
    /// Always the newest rows (`window.count` of them).
    pub is_following: bool,
}

/// The files of one peer, as a folder listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowseWatch {
    /// Whose.
    pub peer: PeerId,
    /// Folder, without a slash at the end; empty at the top.
    pub folder: String,
    /// Rows wanted.
    pub window: Window,
}

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none from now on.
    Lift,
    /// So many bytes a second.
    To(u64),
}

impl LimitChange {
    /// What makes a limit `wanted`.
    pub fn to(wanted: Option<u64>) -> Self {
        wanted.map_or(Self::Lift, Self::To)
    }

    /// What a limit that was `before` is after it.
    pub const fn of(self, before: Option<u64>) -> Option<u64> {
        match self {
            Self::Keep => before,
            Self::Lift => None,
            Self::To(limit) => Some(limit),
        }
    }
}

/// All that can be asked for. A person's undo is the action that the reply hands back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Fetch these.
    Download {
        /// What.
        wishes: Vec<Wish>,
    },
    /// Fetch a whole folder of one peer, structure kept.
    DownloadFolder {
        /// Peer by id or name.
        peer: String,
        /// Folder, empty for all that it shares.
        folder: String,
    },
    /// Pause these.
    Pause {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Go on with these.
    Resume {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Take these away; partial data is kept for 10 s so that it can be undone.
    Cancel {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Undo a cancel.
    Restore {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Take finished or failed rows off the list.
    Remove {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Try failed ones again.
    Retry {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Ask the index for sources again now.
    MoreSources {
        /// Which.
        ids: Vec<DownloadId>,
    },
    /// Raise or lower the priority.
    Prioritise {
        /// Which.
        ids: Vec<DownloadId>,
        /// +1 or -1.
        step: i8,
    },
    /// Set the priority.
    SetPriority {
        /// Which.
        ids: Vec<DownloadId>,
        /// Above 0 goes before, below 0 behind the others.
        priority: i8,
    },
    /// Move among those of the same priority.
    Reorder {
        /// Which.
        ids: Vec<DownloadId>,
        /// Where.
        to: Move,
    },
    /// Put these into this order, on the places that they hold.
    Arrange {
        /// The first one first.
        order: Vec<DownloadId>,
    },
    /// Bytes a second of each of these downloads.
    LimitTransfers {
        /// Which.
        ids: Vec<DownloadId>,
        /// `None` for no limit of its own.
        down: Option<u64>,
    },
    /// No limits for an hour; then those that were set before hold again.
    LiftLimits,
    /// Bytes a second; `None` for no limit.
    SetLimits {
        /// In.
        down: Option<u64>,
        /// Out.
        up: Option<u64>,
    },
    /// Limits of one peer, over all that comes from it and goes to it; remembered.
    LimitPeer {
        /// Peer by id or name.
        peer: String,
        /// In.
        down: LimitChange,
        /// Out: to the address of the peer, whoever else is there.
        up: LimitChange,
    },
    /// Share a folder; remembered.
    AddShare {
        /// Which.
        folder: PathBuf,
    },
    /// Stop sharing a folder; remembered.
    RemoveShare {
        /// Which.
        folder: PathBuf,
    },
    /// Look at all shares again.
    RescanShares,
    /// Try the index again now.
    Reconnect,
    /// Use another index; remembered.
    Connect {
        /// URL or `host:port`.
        index: String,
    },
    /// Never fetch from a peer.
    Block {
        /// Whom.
        peer: PeerId,
    },
    /// Fetch from it again.
    Unblock {
        /// Whom.
        peer: PeerId,
    },
    /// End the daemon; uploads and downloads stop, the index is told.
    Stop,
    /// One search, answered by [`Reply::Found`](super::state::Reply::Found).
    Search {
        /// What.
        params: Box<SearchParams>,
    },
    /// Everything in figures, answered by [`Reply::Status`](super::state::Reply::Status).
    Status,
    /// Holders of a content, answered by [`Reply::Content`](super::state::Reply::Content).
    Content {
        /// Which.
        hash: ContentHash,
    },
}
