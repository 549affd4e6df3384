//! Which record an owner has at a path: 24 bytes a name, because the path itself stands in the
//! record and is compared there.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use protocol::ids::{FileId, PeerId};

/// (hash of the path, record).
type Slot = (u64, FileId);

/// Paths of all owners. Hashed with a key of this process, so that nobody can choose paths that
/// collide; what is answered does not depend on that key.
#[derive(Debug, Default)]
pub struct PathIndex {
    owners: HashMap<PeerId, HashTable<Slot>>,
    hasher: RandomState,
}

impl PathIndex {
    /// Says that `id` of `owner` goes by `path`.
    pub fn put(&mut self, owner: &PeerId, path: &str, id: FileId) {
        let key = self.hasher.hash_one(path);
        let table = self.owners.entry(*owner).or_default();
        if table.find(key, |slot| *slot == (key, id)).is_none() {
            table.insert_unique(key, (key, id), |(key, _)| *key);
        }
    }

    /// Says that `id` of `owner` goes by `path` no longer.
    pub fn remove(&mut self, owner: &PeerId, path: &str, id: FileId) {
        let key = self.hasher.hash_one(path);
        if let Some(table) = self.owners.get_mut(owner)
            && let Ok(found) = table.find_entry(key, |slot| *slot == (key, id))
        {
            found.remove();
        }
    }

    /// The record of `owner` at `path`; `is_there` tells whether a record really has it.
    pub fn find(
        &self,
        owner: &PeerId,
        path: &str,
        is_there: impl Fn(&FileId) -> bool,
    ) -> Option<FileId> {
        let key = self.hasher.hash_one(path);
        let table = self.owners.get(owner)?;
        let found = table.find(key, |(slot, id)| *slot == key && is_there(id));
        found.map(|(_, id)| *id)
    }

    /// How many names an owner has.
    pub fn count(&self, owner: &PeerId) -> usize {
        self.owners.get(owner).map_or(0, HashTable::len)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.owners.values().map(HashTable::allocation_size).sum()
    }

    /// Takes all names of an owner out.
    pub fn drop_owner(&mut self, owner: &PeerId) {
        self.owners.remove(owner);
    }
}
