//! The hash of the whole file, made on another core behind the pieces as they come: when the last
//! piece is there, little is left to read.
//!
//! Knows the unfinished file; knows no source.

use protocol::hash::ContentHash;
use protocol::pieces::PieceSet;
use sha2::{Digest as _, Sha256};

use super::super::source::blocking;
use super::super::store::{Store, StoreError};

/// How far the whole-file hash is.
#[derive(Debug, Clone)]
struct Progress {
    whole: Sha256,
    next_piece: u32,
}

/// Follows an unfinished file with the whole-file hash.
pub(super) struct Follower {
    store: Store,
    /// `None` while a step is under way.
    progress: Option<Progress>,
    step: Option<tokio::task::JoinHandle<Result<Progress, StoreError>>>,
}

impl Follower {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            progress: Some(Progress {
                whole: Sha256::new(),
                next_piece: 0,
            }),
            step: None,
        }
    }

    /// Starts over.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.store.clone());
    }

    /// Goes on as far as pieces are there, unless a step is under way.
    pub(super) async fn advance(&mut self, have: &PieceSet) -> Result<(), StoreError> {
        if let Some(step) = self.step.take_if(|step| step.is_finished()) {
            self.progress = Some(joined(step).await?);
        }
        let layout = self.store.layout();
        let is_next_there = |progress: &Progress| {
            let piece = layout.piece(progress.next_piece);
            piece.is_some_and(|piece| have.contains(piece))
        };
        if let Some(progress) = self.progress.take_if(|progress| is_next_there(progress)) {
            let (store, have) = (self.store.clone(), have.clone());
            self.step = Some(tokio::task::spawn_blocking(move || {
                follow(&store, progress, &have)
            }));
        }
        Ok(())
    }

    /// The hash of the whole file; all pieces must be there.
    pub(super) async fn finish(&mut self) -> Result<ContentHash, StoreError> {
        let progress = match (self.step.take(), self.progress.take()) {
            (Some(step), _) => joined(step).await?,
            (None, Some(progress)) => progress,
            (None, None) => Progress {
                whole: Sha256::new(),
                next_piece: 0,
            },
        };
        let store = self.store.clone();
        let all = PieceSet::all(store.layout().count());
        let progress = blocking(move || follow(&store, progress, &all)).await?;
        Ok(ContentHash::from_bytes(progress.whole.finalize().into()))
    }
}

async fn joined(
    step: tokio::task::JoinHandle<Result<Progress, StoreError>>,
) -> Result<Progress, StoreError> {
    match step.await {
        Ok(progress) => progress,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

fn follow(store: &Store, mut progress: Progress, have: &PieceSet) -> Result<Progress, StoreError> {
    let layout = store.layout();
    while let Some(piece) = layout.piece(progress.next_piece)
        && have.contains(piece)
    {
        let range = layout.range(piece);
        store.read(range.first(), range.len(), |bytes| {
            progress.whole.update(bytes);
        })?;
        progress.next_piece += 1;
    }
    Ok(progress)
}
