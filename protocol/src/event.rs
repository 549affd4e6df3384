//! The live feed: what the index (and a peer, locally) pushes over WebSocket.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::file::FileInfo;
use crate::ids::{FileId, PeerId};
use crate::peer::Peer;
use crate::stats::NetworkStats;

/// Every message of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Envelope {
    /// Grows by one per published event.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// When.
    pub at: Timestamp,
}

/// What happened; `type` and `data` of the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// First message on a socket.
    Hello(Hello),
    /// A peer is here for the first time, or with new facts.
    PeerRegistered(Peer),
    /// A known peer is back.
    PeerOnline(Peer),
    /// A peer has been silent for too long.
    PeerOffline(Peer),
    /// A peer said goodbye.
    PeerLeft(Peer),
    /// A record is new or changed.
    FileRegistered(FileInfo),
    /// A record is gone.
    FileRemoved(FileRemoved),
    /// More than 20 changes of one request.
    FilesChanged(FilesChanged),
    /// A redirect was given.
    Download(FileInfo),
    /// The figures changed.
    NetworkStats(NetworkStats),
    /// Events were lost for this reader: read the lists anew.
    Resync(Resync),
    /// The index is about to stop.
    Goodbye(Goodbye),
    /// Local feed of a peer: a file is shared from now on.
    FileAdded(FileInfo),
    /// Local feed of a peer: bytes went out.
    Upload(Upload),
}

/// Data of `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// The network as it stands.
    pub stats: NetworkStats,
    /// Sequence number of the last published event.
    pub seq: u64,
    /// Id of the index.
    pub server: String,
    /// Its program version.
    pub version: String,
}

/// Data of `file_removed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileRemoved {
    /// The record.
    pub id: FileId,
    /// Whose it was.
    pub owner: PeerId,
    /// The name it went by last.
    pub filename: String,
    /// Its path.
    pub path: String,
}

/// Data of `files_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilesChanged {
    /// Whose files.
    pub owner: PeerId,
    /// New records.
    pub added: u64,
    /// Changed records.
    pub updated: u64,
    /// Records gone.
    pub removed: u64,
    /// Some of the new or changed ones.
    pub sample: Vec<FileInfo>,
}

/// Data of `resync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resync {
    /// Events that this reader missed, where that is known.
    #[schema(required)]
    pub missed: Option<u64>,
}

/// Data of `goodbye`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Goodbye {
    /// Why, in words.
    pub reason: String,
}

/// Data of a peer's local `upload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// The record.
    pub id: FileId,
    /// Its name.
    pub filename: String,
    /// Bytes sent in this answer.
    pub bytes: u64,
}

/// What a reader may narrow the feed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Topic {
    Peers,
    Files,
    Stats,
    Downloads,
}

impl Topic {
    /// Reads `peers,files`.
    ///
    /// # Errors
    /// A sentence that names the topics there are.
    pub fn list(text: &str) -> Result<Vec<Self>, &'static str> {
        let topic = |word: &str| match word.trim() {
            "peers" => Ok(Self::Peers),
            "files" => Ok(Self::Files),
            "stats" => Ok(Self::Stats),
            "downloads" => Ok(Self::Downloads),
            _ => Err("topics are any of peers, files, stats, downloads, with commas between"),
        };
        text.split(',').map(topic).collect()
    }
}

impl Event {
    /// The topic it belongs to; `None` reaches every reader.
    pub const fn topic(&self) -> Option<Topic> {
        match self {
            Self::PeerRegistered(_)
            | Self::PeerOnline(_)
            | Self::PeerOffline(_)
            | Self::PeerLeft(_) => Some(Topic::Peers),
            Self::FileRegistered(_)
            | Self::FileRemoved(_)
            | Self::FilesChanged(_)
            | Self::FileAdded(_) => Some(Topic::Files),
            Self::Download(_) | Self::Upload(_) => Some(Topic::Downloads),
            Self::NetworkStats(_) => Some(Topic::Stats),
            Self::Hello(_) | Self::Resync(_) | Self::Goodbye(_) => None,
        }
    }
}

/// What a client may send on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscribe {
    /// Topics from now on.
    pub subscribe: Vec<Topic>,
}
