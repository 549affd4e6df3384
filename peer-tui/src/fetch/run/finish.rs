//! After bytes: the whole file against its hash, safe on disk, at its place; or all that is
//! verified kept for another time.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::hash::{PieceHash, PiecesRoot};
use protocol::peer::Outcome as Report;
use protocol::pieces::{FileHashes, PieceSet};

use super::super::partial::Resting;
use super::super::source::blocking;
use super::super::store::place::place;
use super::super::store::{self, Store, StoreError};
use super::{Halt, Runner};

impl Runner {
    /// Gives the file its name; `None` when it is not what its hash says, and all begins again.
    pub(super) async fn finish(&mut self) -> Result<Option<(PathBuf, FileHashes)>, Halt> {
        let (Some(open), Some(root)) = (&mut self.open, self.job.root()) else {
            return Ok(None);
        };
        let hash = open.follower.finish().await?;
        if hash != self.task.hash {
            tracing::warn!(name = %self.task.name, "all pieces fit, the whole file does not");
            let store = open.store.clone();
            self.open = None;
            self.done_bytes = 0;
            self.hide_partial();
            for peer in self.job.root_was_wrong() {
                self.shared.refused.strike(peer);
                self.report(peer, Report::Corrupt);
            }
            blocking(move || store.clear()).await?;
            return Ok(None);
        }
        let (store, target) = (open.store.clone(), self.task.target.clone());
        let destination = blocking(move || place(&store, &target)).await?;
        let hashes = FileHashes {
            hash,
            root,
            pieces: open.hashes.to_vec(),
            size_bytes: self.layout.size_bytes(),
        };
        let (partials, path) = (&self.shared.partials, destination.clone());
        partials.hand_over(self.task.hash, path);
        Ok(Some((destination, hashes)))
    }

    /// Making it safe failed, so nobody knows what of it the disk holds. Trying that again would
    /// tell nothing: the system takes what it could not write for written. What is on disk is
    /// hashed again as after a crash, or thrown away where it cannot be told from what is in
    /// memory.
    pub(super) async fn begin_anew(&mut self) -> Result<(), Halt> {
        self.hide_partial();
        let store = self.open.take().map(|open| open.store);
        self.done_bytes = 0;
        self.job.restart();
        let (folder, hash) = (self.shared.folder.clone(), self.task.hash);
        blocking(move || match store {
            Some(store) if store.forget_cached() => Ok(()),
            _ => store::remove(&folder, &hash),
        })
        .await?;
        Ok(())
    }

    /// Ends for now: what is verified is made safe, so that it need not be hashed again, and others
    /// read it until it goes on.
    pub(super) async fn suspend(&mut self) {
        let Some(open) = &self.open else {
            // What others read is as it was.
            return;
        };
        let (root, scheduler) = (self.job.root(), self.job.scheduler());
        let have = scheduler.map(|scheduler| scheduler.have().clone());
        let have = have.filter(|have| have.held() > 0);
        let (Some(root), Some(have)) = (root, have) else {
            self.hide_partial();
            return;
        };
        let (store, hash, pieces) = (open.store.clone(), self.task.hash, open.hashes.clone());
        self.rest_partial(&store, root, &pieces, have.clone());
        let kept = blocking(move || store.suspend(&hash, (root, &pieces), &have)).await;
        if let Err(error) = kept {
            if matches!(error, StoreError::Unsafe { .. }) {
                self.hide_partial();
            }
            tracing::warn!(%error, "what came so far is checked again at the next start");
        }
    }

    /// Lets others read what is verified although nothing more comes for now.
    fn rest_partial(
        &self,
        store: &Store,
        root: PiecesRoot,
        pieces: &Arc<[PieceHash]>,
        held: PieceSet,
    ) {
        if self.layout.count() < 2 {
            return;
        }
        let resting = Resting {
            name: self.task.name.clone(),
            path: store.path().to_owned(),
            layout: self.layout,
            root,
            pieces: pieces.clone(),
            held,
        };
        self.shared.partials.rest(self.task.hash, resting);
    }
}
