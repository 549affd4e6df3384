//! Unfinished downloads that others may already read from.
//!
//! A table that running downloads write and the serving side reads; knows neither of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::hash::ContentHash;

use crate::serve::PartialContent;

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

    /// Hides it; tells whether it was shown.
    pub fn remove(&self, hash: &ContentHash) -> bool {
        self.lock().remove(hash).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ContentHash, PartialContent>> {
        // Each change is one call of the map, so a panic elsewhere leaves it whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
