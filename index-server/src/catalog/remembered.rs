//! What searches of one view found, kept for whoever asks the same again: the first letters that
//! many type, what one types again going back, what a screen asks anew since something was shared.
//!
//! A view never changes, so what was found in it stays right as long as it is the view; with the
//! next one everything is forgotten. Bounded in bytes. Knows nothing of how a search is done.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;
use protocol::search::SearchParams;

use super::search::Outcome;

/// Bytes of a generation at most; two are held. Enough for the pages of some thousand searches.
const GENERATION_MAX_BYTES: usize = if cfg!(test) { 4_000 } else { 2 * 1024 * 1024 };
/// What took fewer steps is found again as quickly as it is remembered.
const WORTH_STEPS: u64 = if cfg!(test) { 1 } else { 500 };

/// What a search found.
#[derive(Debug)]
pub struct Finding {
    /// Rows and figures.
    pub outcome: Outcome,
    /// The query that found them, where it is another than the one that was asked.
    pub corrected: Option<String>,
    /// What it took.
    pub steps: u64,
}

impl Finding {
    /// Bytes held, about; those of what was asked too.
    fn bytes(&self, asked: &SearchParams) -> usize {
        let tags = asked.tags.iter().map(|tag| tag.len() + size_of::<String>());
        let cursor = asked.cursor.as_ref().map_or(0, String::len);
        let corrected = self.corrected.as_ref().map_or(0, String::len);
        let texts = asked.q.len() + cursor + corrected + tags.sum::<usize>();
        size_of::<(SearchParams, Arc<Self>, Self)>() + texts + self.outcome.bytes()
    }
}

/// The findings of one view.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<SearchParams, Arc<Finding>>,
    /// Those of before; what nobody asks for until the young ones are many is forgotten.
    old: HashMap<SearchParams, Arc<Finding>>,
    young_bytes: usize,
}

impl Remembered {
    /// What was found for `asked`, otherwise what `find` finds now.
    ///
    /// # Errors
    /// Those of `find`, which are not remembered.
    pub fn or_find<E>(
        &self,
        asked: &SearchParams,
        find: impl FnOnce() -> Result<Finding, E>,
    ) -> Result<Arc<Finding>, E> {
        if let Some(finding) = self.with(|all| all.get(asked)) {
            return Ok(finding);
        }
        // Two that ask at once both find it, which harms nobody; to wait would.
        let finding = Arc::new(find()?);
        if finding.steps >= WORTH_STEPS {
            self.with(|all| all.put(asked.clone(), Arc::clone(&finding)));
        }
        Ok(finding)
    }

    /// Nothing that holds this lock can leave half a change.
    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Generations {
    fn get(&mut self, asked: &SearchParams) -> Option<Arc<Finding>> {
        if let Some(finding) = self.young.get(asked) {
            return Some(Arc::clone(finding));
        }
        let (asked, finding) = self.old.remove_entry(asked)?;
        self.put(asked, Arc::clone(&finding));
        Some(finding)
    }

    fn put(&mut self, asked: SearchParams, finding: Arc<Finding>) {
        let bytes = finding.bytes(&asked);
        if self.young_bytes + bytes > GENERATION_MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(asked, finding).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests;
