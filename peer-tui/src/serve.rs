//! The HTTP side of a peer: bytes of shared files to whoever asks, fairly.
//!
//! Knows the share's view and unfinished downloads through [`PartialContents`]; knows nothing of
//! fetching.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{PieceLayout, PieceSet};
use tokio::sync::watch;

/// An unfinished download that others may already read from.
#[derive(Debug, Clone)]
pub struct PartialContent {
    /// Where the bytes lie.
    pub path: PathBuf,
    /// How it is cut.
    pub layout: PieceLayout,
    /// Its root.
    pub pieces_root: PiecesRoot,
    /// Piece hashes.
    pub pieces: Arc<[PieceHash]>,
    /// Verified pieces; changes as more arrive (the value's version is what `since` counts).
    pub held: watch::Receiver<Arc<PieceSet>>,
}

/// Who knows of unfinished downloads.
pub trait PartialContents: Send + Sync + 'static {
    /// The unfinished download of this content.
    fn partial(&self, hash: &ContentHash) -> Option<PartialContent>;
    /// (downloads finished ever, verified bytes fetched ever, active now), for `/api/v1/stats`.
    fn totals(&self) -> (u64, u64, u64);
}

/// One running upload.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadStatus {
    /// Which content.
    pub hash: ContentHash,
    /// Its name here.
    pub name: String,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// To whom.
    pub client: SocketAddr,
    /// Bytes sent to this client of this content, in all recent requests together.
    pub sent_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
}

/// Figures of the serving side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServeStatus {
    /// Answers with bytes, ever.
    pub total_uploads: u64,
    /// Bytes sent, ever.
    pub total_bytes: u64,
    /// Running now, one row a client and content.
    pub active: Vec<UploadStatus>,
    /// Slots in use and in all.
    pub slots: (usize, usize),
    /// Bytes a second, lately.
    pub rate_bytes: u64,
}
