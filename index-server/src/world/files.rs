//! What the world needs of whoever holds the files, and the plainest holder there is.

use std::collections::{HashMap, HashSet};

use protocol::ids::{FileId, PeerId};

use crate::catalog::{Catalog, FileEntry, OwnerFacts, OwnerTotals};

/// A holder of files, by id and by owner.
#[expect(
    missing_docs,
    reason = "each does what the method of the catalog of that name does"
)]
pub trait Files: Default {
    fn put_owner(&mut self, owner: PeerId, facts: OwnerFacts);
    fn drop_owner(&mut self, owner: &PeerId, gone: &mut dyn FnMut(FileEntry));
    fn put(&mut self, entry: FileEntry);
    fn name(&mut self, newer: FileEntry) -> bool;
    fn unname(&mut self, owner: &PeerId, id: &FileId, path: &str) -> Option<usize>;
    fn remove(&mut self, id: &FileId);
    fn get(&self, id: &FileId) -> Option<FileEntry>;
    fn set_downloads(&mut self, id: &FileId, downloads: u64);
    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64);
    fn totals(&self, owner: &PeerId) -> OwnerTotals;
    fn entries(&self) -> Box<dyn Iterator<Item = FileEntry> + '_>;
    fn entries_of(&self, owner: &PeerId) -> Vec<FileEntry>;
}

impl Files for Catalog {
    fn put_owner(&mut self, owner: PeerId, facts: OwnerFacts) {
        Self::put_owner(self, owner, facts);
    }

    fn drop_owner(&mut self, owner: &PeerId, gone: &mut dyn FnMut(FileEntry)) {
        Self::drop_owner(self, owner, gone);
    }

    fn put(&mut self, entry: FileEntry) {
        Self::put(self, entry);
    }

    fn name(&mut self, newer: FileEntry) -> bool {
        Self::name(self, newer)
    }

    fn unname(&mut self, owner: &PeerId, id: &FileId, path: &str) -> Option<usize> {
        Self::unname(self, owner, id, path)
    }

    fn remove(&mut self, id: &FileId) {
        Self::remove(self, id);
    }

    fn get(&self, id: &FileId) -> Option<FileEntry> {
        Self::get(self, id)
    }

    fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        Self::set_downloads(self, id, downloads);
    }

    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        Self::set_rating(self, id, sum, votes);
    }

    fn totals(&self, owner: &PeerId) -> OwnerTotals {
        Self::totals(self, owner)
    }

    fn entries(&self) -> Box<dyn Iterator<Item = FileEntry> + '_> {
        Self::entries(self)
    }

    fn entries_of(&self, owner: &PeerId) -> Vec<FileEntry> {
        Self::entries_of(self, owner)
    }
}

/// Files in plain maps: for folding records where nobody searches.
#[derive(Debug, Default)]
pub struct PlainFiles {
    files: HashMap<FileId, FileEntry>,
    by_owner: HashMap<PeerId, HashSet<FileId>>,
}

impl PlainFiles {
    /// All of them, given away.
    pub fn into_entries(self) -> impl Iterator<Item = FileEntry> {
        self.files.into_values()
    }
}

impl Files for PlainFiles {
    fn put_owner(&mut self, _owner: PeerId, _facts: OwnerFacts) {}

    fn drop_owner(&mut self, owner: &PeerId, gone: &mut dyn FnMut(FileEntry)) {
        for id in self.by_owner.remove(owner).into_iter().flatten() {
            self.files.remove(&id).into_iter().for_each(&mut *gone);
        }
    }

    fn put(&mut self, entry: FileEntry) {
        self.by_owner
            .entry(entry.owner)
            .or_default()
            .insert(entry.id);
        self.files.insert(entry.id, entry);
    }

    fn name(&mut self, newer: FileEntry) -> bool {
        match self.files.get_mut(&newer.id) {
            Some(entry) if entry.owner == newer.owner => entry.renew(newer),
            Some(_) => false,
            None => {
                self.put(newer);
                true
            }
        }
    }

    fn unname(&mut self, owner: &PeerId, id: &FileId, path: &str) -> Option<usize> {
        let entry = self.files.get_mut(id);
        let entry = entry.filter(|entry| entry.owner == *owner)?;
        let left_count = entry.unname(path).then_some(entry.names.len())?;
        if left_count == 0 {
            self.remove(id);
        }
        Some(left_count)
    }

    fn remove(&mut self, id: &FileId) {
        if let Some(entry) = self.files.remove(id)
            && let Some(ids) = self.by_owner.get_mut(&entry.owner)
        {
            ids.remove(id);
        }
    }

    fn get(&self, id: &FileId) -> Option<FileEntry> {
        self.files.get(id).cloned()
    }

    fn set_downloads(&mut self, id: &FileId, downloads: u64) {
        if let Some(entry) = self.files.get_mut(id) {
            entry.downloads = downloads;
        }
    }

    fn set_rating(&mut self, id: &FileId, sum: u64, votes: u64) {
        if let Some(entry) = self.files.get_mut(id) {
            entry.rating_sum = sum;
            entry.rating_votes = votes;
        }
    }

    fn totals(&self, owner: &PeerId) -> OwnerTotals {
        let mut totals = OwnerTotals::default();
        let ids = self.by_owner.get(owner).into_iter().flatten();
        let complete = ids
            .filter_map(|id| self.files.get(id))
            .filter(|entry| !entry.is_partial);
        for entry in complete {
            totals.files += 1;
            totals.bytes = totals.bytes.saturating_add(entry.size_bytes);
            for name in &entry.names {
                totals.digest.toggle(&name.path, &entry.hash);
            }
        }
        totals
    }

    fn entries(&self) -> Box<dyn Iterator<Item = FileEntry> + '_> {
        Box::new(self.files.values().cloned())
    }

    fn entries_of(&self, owner: &PeerId) -> Vec<FileEntry> {
        let ids = self.by_owner.get(owner).into_iter().flatten();
        ids.filter_map(|id| self.files.get(id).cloned()).collect()
    }
}
