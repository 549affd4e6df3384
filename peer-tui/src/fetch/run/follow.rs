//! Behind the pieces as they come: the hash of the whole file where pieces came out of order, and
//! what makes them safe on disk bit by bit, so that little is left to do when the last one is there.
//!
//! Knows the unfinished file; knows no source.

use protocol::hash::ContentHash;
use protocol::pieces::PieceSet;
use tokio::task::JoinHandle;

use super::super::source::blocking;
use super::super::store::{Store, StoreError};
use super::super::whole::{CATCH_UP_MAX_COUNT, Whole};

/// Bytes that come until the disk is told to write them: enough to be written in one go, little
/// enough to leave nothing to wait for at the end.
const FLUSH_BYTES: u64 = 128 * 1024 * 1024;

type Step = JoinHandle<Result<(), StoreError>>;

/// Follows an unfinished file.
pub(super) struct Follower {
    store: Store,
    whole: Whole,
    /// Reads pieces again that came out of order.
    reading: Option<Step>,
    /// Makes safe what came.
    flushing: Option<Step>,
    flushed_count: u32,
}

impl Follower {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            whole: Whole::default(),
            reading: None,
            flushing: None,
            flushed_count: 0,
        }
    }

    /// For whoever verifies pieces.
    pub(super) fn whole(&self) -> Whole {
        self.whole.clone()
    }

    /// Goes on as far as pieces are there, unless a step is under way.
    pub(super) async fn advance(&mut self, have: &PieceSet) -> Result<(), StoreError> {
        for step in [&mut self.reading, &mut self.flushing] {
            if let Some(step) = step.take_if(|step| step.is_finished()) {
                joined(step).await?;
            }
        }
        if self.reading.is_none() && self.is_next_there(have) {
            let (store, whole, have) = (self.store.clone(), self.whole.clone(), have.clone());
            let read = move || follow(&store, &whole, &have);
            self.reading = Some(tokio::task::spawn_blocking(read));
        }
        let new_count = have.held().saturating_sub(self.flushed_count);
        let new_bytes = u64::from(new_count) * self.store.layout().piece_bytes();
        if self.flushing.is_none() && new_bytes >= FLUSH_BYTES {
            self.flushed_count = have.held();
            let store = self.store.clone();
            self.flushing = Some(tokio::task::spawn_blocking(move || store.sync()));
        }
        Ok(())
    }

    /// The hash of the whole file; all pieces must be there.
    pub(super) async fn finish(&mut self) -> Result<ContentHash, StoreError> {
        for step in [&mut self.reading, &mut self.flushing] {
            if let Some(step) = step.take() {
                joined(step).await?;
            }
        }
        let (store, whole) = (self.store.clone(), self.whole.clone());
        blocking(move || {
            follow(&store, &whole, &PieceSet::all(store.layout().count()))?;
            Ok(whole.hash())
        })
        .await
    }

    fn is_next_there(&self, have: &PieceSet) -> bool {
        let layout = self.store.layout();
        let Some(next) = self.whole.try_lock().map(|progress| progress.next_piece) else {
            return false;
        };
        // A few are read again by whoever verifies the next one: in order, both hashes cost less.
        let mut wanted =
            (next..=next.saturating_add(CATCH_UP_MAX_COUNT)).map(|number| layout.piece(number));
        wanted.all(|piece| piece.is_some_and(|piece| have.contains(piece)))
    }
}

async fn joined(step: Step) -> Result<(), StoreError> {
    match step.await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down: nothing awaits this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

fn follow(store: &Store, whole: &Whole, have: &PieceSet) -> Result<(), StoreError> {
    let layout = store.layout();
    let mut progress = whole.lock();
    while let Some(piece) = layout.piece(progress.next_piece)
        && have.contains(piece)
    {
        let range = layout.range(piece);
        let mut advanced = progress.clone();
        store.read(range.first(), range.len(), |bytes| {
            advanced.hasher.update(bytes);
        })?;
        advanced.next_piece += 1;
        *progress = advanced;
    }
    Ok(())
}
