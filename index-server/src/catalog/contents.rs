//! Contents by a small number: what rows are told apart by, so that counting different contents is
//! a pass over bits and not over hashes.
//!
//! Knows contents by the spread of their hash ([`super::lookup::spread`]) and nothing of records
//! but how many there are.

use rustc_hash::FxHashMap;

/// Number of a content while any record of it is known; given anew afterwards.
pub type Content = u32;

/// What is known of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: Content,
    /// Records of it, those of unfinished downloads too.
    pub record_count: u32,
}

/// All contents; tells without a look into any segment that one is new.
#[derive(Debug, Default)]
pub struct Contents {
    by_spread: FxHashMap<u64, Known>,
    free: Vec<Content>,
    /// Numbers from here on were never given.
    bound: Content,
}

impl Contents {
    /// What is known of a content.
    pub fn get(&self, spread: u64) -> Option<Known> {
        self.by_spread.get(&spread).copied()
    }

    /// Takes note of one more record of a content; yields the number of the content.
    pub fn add(&mut self, spread: u64) -> Content {
        let (free, bound) = (&mut self.free, &mut self.bound);
        let known = self.by_spread.entry(spread).or_insert_with(|| {
            let number = free.pop().unwrap_or_else(|| {
                *bound += 1;
                *bound - 1
            });
            Known {
                number,
                record_count: 0,
            }
        });
        known.record_count += 1;
        known.number
    }

    /// Takes note that a record of a content is gone.
    pub fn take(&mut self, spread: u64) {
        let Some(known) = self.by_spread.get_mut(&spread) else {
            return;
        };
        known.record_count -= 1;
        if known.record_count == 0 {
            self.free.push(known.number);
            self.by_spread.remove(&spread);
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.by_spread.capacity() * size_of::<(u64, Known)>()
            + self.free.capacity() * size_of::<Content>()
    }

    /// All numbers are below this one.
    pub fn bound(&self) -> Content {
        self.bound
    }
}
