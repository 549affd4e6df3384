//! Unfinished downloads that others may already read from.
//!
//! A table that downloads write and the serving side reads; knows neither of them. One that does not
//! run (paused, without a source, waiting for its turn) stays in it with what it has.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{PieceLayout, PieceSet};
use tokio::sync::watch;

use crate::serve::PartialContent;

/// The share knows a finished download long before.
const HAND_OVER: Duration = Duration::from_secs(10);

/// An unfinished download at rest.
#[derive(Debug, Clone)]
pub struct Resting {
    /// Its safe name, with folders.
    pub name: String,
    /// Where its bytes lie.
    pub path: PathBuf,
    /// How it is cut.
    pub layout: PieceLayout,
    /// Root that its pieces were checked against.
    pub root: PiecesRoot,
    /// All its piece hashes.
    pub pieces: Arc<[PieceHash]>,
    /// Verified pieces.
    pub held: PieceSet,
}

/// The ends that tell who reads of more pieces and of others who hold them.
type Told = (watch::Sender<Arc<PieceSet>>, watch::Sender<Arc<[u32]>>);

#[derive(Debug)]
struct Shown {
    content: PartialContent,
    /// Of one at rest: whoever waits for more pieces waits on, until it runs again.
    rest: Option<Told>,
    /// Cancelled, and may come back.
    is_concealed: bool,
}

/// The unfinished downloads with at least one verified piece, by content; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Partials {
    table: Arc<Mutex<HashMap<ContentHash, Shown>>>,
}

impl Partials {
    /// The unfinished download of this content.
    pub fn get(&self, hash: &ContentHash) -> Option<PartialContent> {
        let table = self.lock();
        let shown = table.get(hash).filter(|shown| !shown.is_concealed)?;
        Some(shown.content.clone())
    }

    /// All of them.
    pub fn all(&self) -> Vec<(ContentHash, PartialContent)> {
        let table = self.lock();
        let shown = table.iter().filter(|(_, shown)| !shown.is_concealed);
        shown
            .map(|(hash, shown)| (*hash, shown.content.clone()))
            .collect()
    }

    /// Shows an unfinished download that runs to others.
    pub fn insert(&self, hash: ContentHash, content: PartialContent) {
        let shown = Shown {
            content,
            rest: None,
            is_concealed: false,
        };
        self.lock().insert(hash, shown);
    }

    /// Shows one that does not run.
    pub fn rest(&self, hash: ContentHash, resting: Resting) {
        let (held_in, held) = watch::channel(Arc::new(resting.held));
        // Nobody looks who else holds what.
        let (holders_in, holders) = watch::channel(Arc::default());
        let content = PartialContent {
            name: resting.name,
            path: resting.path,
            layout: resting.layout,
            pieces_root: resting.root,
            pieces: resting.pieces,
            held,
            holders,
        };
        let shown = Shown {
            content,
            rest: Some((held_in, holders_in)),
            is_concealed: false,
        };
        self.lock().insert(hash, shown);
    }

    /// It is finished and lies at its place now: it is read from there until the share, which gets
    /// to know of it, serves it.
    pub fn hand_over(&self, hash: ContentHash, path: PathBuf) {
        if let Some(shown) = self.lock().get_mut(&hash) {
            shown.content.path.clone_from(&path);
        } else {
            return;
        }
        let partials = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(HAND_OVER).await;
            let mut table = partials.lock();
            if table
                .get(&hash)
                .is_some_and(|shown| shown.content.path == path)
            {
                table.remove(&hash);
            }
        });
    }

    /// Takes it away; tells whether it was shown.
    pub fn remove(&self, hash: &ContentHash) -> bool {
        let removed = self.lock().remove(hash);
        removed.is_some_and(|shown| !shown.is_concealed)
    }

    /// Hides one at rest, or shows it again; yields it where that is a change.
    pub fn conceal(&self, hash: &ContentHash, is_concealed: bool) -> Option<PartialContent> {
        let mut table = self.lock();
        let shown = table.get_mut(hash).filter(|shown| shown.rest.is_some())?;
        let was_concealed = std::mem::replace(&mut shown.is_concealed, is_concealed);
        (was_concealed != is_concealed).then(|| shown.content.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ContentHash, Shown>> {
        // Each change is one call of the map, so a panic elsewhere leaves it whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
