//! What watchers hear of a request: each of few changes, the counts of many.

use hashbrown::HashMap;
use protocol::ids::{FileId, PeerId};
use protocol::limits::SINGLE_FILE_EVENTS_MAX_COUNT;

use crate::catalog::FileEntry;
use crate::decide::{Draft, News};
use crate::world::Files;

/// What changed in one request, a record once.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// In the order of the first change.
    order: Vec<FileId>,
    changes: HashMap<FileId, Changed>,
}

#[derive(Debug)]
enum Changed {
    Added,
    Updated,
    /// As it was last.
    Removed(Box<FileEntry>),
}

impl Tally {
    /// With room for so many changes.
    pub(super) fn for_count(count: usize) -> Self {
        Self {
            order: Vec::with_capacity(count),
            changes: HashMap::with_capacity(count),
        }
    }

    pub(super) fn added(&mut self, id: FileId) {
        let is_back = matches!(self.changes.get(&id), Some(Changed::Removed(_)));
        let change = if is_back {
            Changed::Updated
        } else {
            Changed::Added
        };
        self.put(id, change);
    }

    pub(super) fn updated(&mut self, id: FileId) {
        let is_new = matches!(self.changes.get(&id), Some(Changed::Added));
        let change = if is_new {
            Changed::Added
        } else {
            Changed::Updated
        };
        self.put(id, change);
    }

    pub(super) fn removed(&mut self, entry: FileEntry) {
        if matches!(self.changes.get(&entry.id), Some(Changed::Added)) {
            // Came and went in one request: nobody heard of it.
            self.changes.remove(&entry.id);
        } else if !entry.is_partial {
            self.put(entry.id, Changed::Removed(Box::new(entry)));
        }
    }

    fn put(&mut self, id: FileId, changed: Changed) {
        if self.changes.insert(id, changed).is_none() {
            self.order.push(id);
        }
    }

    /// Single news of few changes, one summary of many and of those of a long request.
    pub(super) fn into_news<F: Files>(
        mut self,
        owner: PeerId,
        is_long: bool,
        draft: &mut Draft<'_, F>,
    ) -> Vec<News> {
        let mut news = Vec::new();
        let mut sample = Vec::new();
        let (mut added, mut updated, mut removed) = (0, 0, 0);
        let is_few = !is_long && self.changes.len() <= SINGLE_FILE_EVENTS_MAX_COUNT;
        for id in &self.order {
            // Gone from here: came and went, or stands twice in the order.
            let Some(change) = self.changes.remove(id) else {
                continue;
            };
            match change {
                Changed::Added => added += 1,
                Changed::Updated => updated += 1,
                Changed::Removed(_) => removed += 1,
            }
            match change {
                Changed::Removed(entry) if is_few => news.push(News::FileRemoved(*entry)),
                Changed::Removed(_) => {}
                _ if sample.len() >= SINGLE_FILE_EVENTS_MAX_COUNT => {}
                _ => {
                    let entry = draft.fetch(id).cloned();
                    if is_few {
                        news.extend(entry.map(News::FileRegistered));
                    } else {
                        sample.extend(entry);
                    }
                }
            }
        }
        if !is_few && added + updated + removed > 0 {
            news.push(News::FilesChanged {
                owner,
                added,
                updated,
                removed,
                sample,
            });
        }
        news
    }
}
