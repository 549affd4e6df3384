//! Which records are there at all: four bytes a record, so that one that is new, as nearly all are
//! while a network is taken in, costs no look into any segment.
//!
//! Keeps a part of the spread of each key: "no" is certain, "yes" is nearly so.

use hashbrown::HashTable;

/// Keys by a part of their spread; the same part may be in several times.
#[derive(Debug, Default)]
pub struct Membership(HashTable<u32>);

impl Membership {
    /// Room for `count` keys.
    pub fn with_capacity(count: usize) -> Self {
        Self(HashTable::with_capacity(count))
    }

    /// Puts a key in, which is not in yet.
    pub fn insert(&mut self, spread: u64) {
        let mark = mark(spread);
        self.0.insert_unique(place(mark), mark, |mark| place(*mark));
    }

    /// Takes a key out, which is in.
    pub fn remove(&mut self, spread: u64) {
        let mark = mark(spread);
        if let Ok(found) = self.0.find_entry(place(mark), |own| *own == mark) {
            found.remove();
        }
        if self.0.len() * 4 < self.0.capacity() {
            self.0.shrink_to(self.0.len() * 2, |mark| place(*mark));
        }
    }

    /// How many keys are in.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.allocation_size()
    }

    /// Whether the key may be in; where not, it is certainly not.
    pub fn may_hold(&self, spread: u64) -> bool {
        let mark = mark(spread);
        self.0.find(place(mark), |own| *own == mark).is_some()
    }
}

fn mark(spread: u64) -> u32 {
    u32::try_from(spread >> 32).unwrap_or_default()
}

/// All that the table knows of a key is its mark, so its place follows from that.
fn place(mark: u32) -> u64 {
    u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_in_is_never_denied(
            steps in proptest::collection::vec((0..40_u64, any::<bool>()), 0..400),
        ) {
            let (mut membership, mut model) = (Membership::default(), HashMap::new());
            for (key, is_put) in steps {
                // Some keys share a mark: only the upper half of a spread is kept.
                let spread = (key / 2) << 32 | key;
                let count: &mut u32 = model.entry(key).or_default();
                if is_put && *count == 0 {
                    membership.insert(spread);
                    *count += 1;
                } else if !is_put && *count > 0 {
                    membership.remove(spread);
                    *count -= 1;
                }
                for (key, count) in &model {
                    let spread = (key / 2) << 32 | key;
                    prop_assert!(*count == 0 || membership.may_hold(spread), "{key}");
                }
                prop_assert!(!membership.may_hold(99 << 32));
            }
            let is_empty = model.values().all(|count| *count == 0);
            prop_assert_eq!(membership.0.is_empty(), is_empty);
        }
    }
}
