//! Whether an owner may have a record at a path: some bytes a name, because the names themselves
//! stand in the records and are found there.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashMap;
use protocol::ids::PeerId;

use crate::catalog::membership::Membership;

/// Paths of all owners. Hashed with a key of this process, so that nobody can choose paths that
/// collide; what is answered does not depend on that key.
#[derive(Debug, Default)]
pub struct PathIndex {
    marks: Membership,
    counts: HashMap<PeerId, usize>,
    hasher: RandomState,
}

impl PathIndex {
    /// Room for `count` names.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            marks: Membership::with_capacity(count),
            ..Self::default()
        }
    }

    /// Says that a record of `owner` goes by `path`, which it did not before.
    pub fn put(&mut self, owner: &PeerId, path: &str) {
        self.marks.insert(self.spread(owner, path));
        *self.counts.entry(*owner).or_default() += 1;
    }

    /// Says that a record of `owner` goes by `path` no longer, which it did.
    pub fn remove(&mut self, owner: &PeerId, path: &str) {
        self.marks.remove(self.spread(owner, path));
        if let Some(count) = self.counts.get_mut(owner) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(owner);
            }
        }
    }

    /// Whether a record of `owner` may go by `path`; where not, none certainly does.
    pub fn may_hold(&self, owner: &PeerId, path: &str) -> bool {
        self.marks.may_hold(self.spread(owner, path))
    }

    /// How many names an owner has.
    pub fn count(&self, owner: &PeerId) -> usize {
        self.counts.get(owner).copied().unwrap_or(0)
    }

    /// How many names there are in all.
    pub fn total(&self) -> usize {
        self.marks.count()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.marks.bytes()
    }

    fn spread(&self, owner: &PeerId, path: &str) -> u64 {
        self.hasher.hash_one((owner.as_bytes(), path))
    }
}
