//! Unfinished downloads that others may already read from.
//!
//! A table that running downloads write and the serving side reads; knows neither of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::hash::ContentHash;

use crate::serve::PartialContent;

/// The share knows a finished download long before.
const HAND_OVER: Duration = Duration::from_secs(10);

/// The unfinished downloads with at least one verified piece, by content; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Partials {
    table: Arc<Mutex<HashMap<ContentHash, PartialContent>>>,
}

impl Partials {
    /// The unfinished download of this content.
    pub fn get(&self, hash: &ContentHash) -> Option<PartialContent> {
        self.lock().get(hash).cloned()
    }

    /// Shows an unfinished download to others.
    pub fn insert(&self, hash: ContentHash, partial: PartialContent) {
        self.lock().insert(hash, partial);
    }

    /// It is finished and lies at its place now: it is read from there until the share, which gets
    /// to know of it, serves it.
    pub fn hand_over(&self, hash: ContentHash, path: PathBuf) {
        if let Some(partial) = self.lock().get_mut(&hash) {
            partial.path.clone_from(&path);
        } else {
            return;
        }
        let partials = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(HAND_OVER).await;
            let mut table = partials.lock();
            if table.get(&hash).is_some_and(|partial| partial.path == path) {
                table.remove(&hash);
            }
        });
    }

    /// Hides it; tells whether it was shown.
    pub fn remove(&self, hash: &ContentHash) -> bool {
        self.lock().remove(hash).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ContentHash, PartialContent>> {
        // Each change is one call of the map, so a panic elsewhere leaves it whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
