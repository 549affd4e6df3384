//! What fetching asks of the index, as a trait: who holds a content, and where to say how it went.
//!
//! Knows no HTTP: a test answers from a list.

use std::path::PathBuf;

use futures::future::BoxFuture;
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::peer::TransferReport;

use crate::index_client::{IndexClient, IndexError};

/// Who knows the holders of contents.
pub trait Holders: Send + Sync + 'static {
    /// Everybody who holds the content; `None` when nobody ever registered it.
    fn content(&self, hash: ContentHash) -> BoxFuture<'_, Result<Option<ContentInfo>, IndexError>>;
    /// Says what a transfer was like; a failure of that is nobody's concern.
    fn report(&self, peer: PeerId, report: TransferReport) -> BoxFuture<'_, ()>;
    /// Id of this peer, which is never a source.
    fn own_id(&self) -> PeerId;
    /// A file of this machine with that content, which need not be fetched then; it is checked
    /// while it is copied.
    fn local_copy(&self, _hash: &ContentHash) -> Option<PathBuf> {
        None
    }
}

impl Holders for IndexClient {
    fn content(&self, hash: ContentHash) -> BoxFuture<'_, Result<Option<ContentInfo>, IndexError>> {
        Box::pin(Self::content(self, hash))
    }

    fn report(&self, peer: PeerId, report: TransferReport) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = Self::report(self, &peer, &report).await {
                tracing::debug!(%peer, %error, "report to the index failed");
            }
        })
    }

    fn own_id(&self) -> PeerId {
        Self::own_id(self)
    }
}
