//! How many names the records of each owner have together.

use hashbrown::HashMap;
use protocol::ids::PeerId;

/// Names by owner, counted.
#[derive(Debug, Default)]
pub struct NameCounts {
    by_owner: HashMap<PeerId, usize>,
    total: usize,
}

impl NameCounts {
    /// Takes note of so many more names of an owner.
    pub fn add(&mut self, owner: &PeerId, count: usize) {
        *self.by_owner.entry(*owner).or_default() += count;
        self.total += count;
    }

    /// Takes note of so many fewer, which there were.
    pub fn take(&mut self, owner: &PeerId, count: usize) {
        let Some(own) = self.by_owner.get_mut(owner) else {
            return;
        };
        *own -= count;
        self.total -= count;
        if *own == 0 {
            self.by_owner.remove(owner);
        }
    }

    /// How many names an owner has.
    pub fn of(&self, owner: &PeerId) -> usize {
        self.by_owner.get(owner).copied().unwrap_or(0)
    }

    /// How many names there are in all.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.by_owner.capacity() * size_of::<(PeerId, usize)>()
    }
}
