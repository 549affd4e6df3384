//! Contents by a small number: what rows are told apart by, so that counting different contents is
//! a pass over bits and not over hashes.
//!
//! Knows contents by the spread of their hash ([`super::lookup::spread`]) and nothing of records
//! but how many there are.

use rustc_hash::FxHashMap;

use super::rank::CROWD_MAX;

/// Number of a content while any record of it is known; given anew afterwards.
pub type Content = u32;

/// Of [`Known::packed`], the bits that count records: 67 million, far more than peers.
const COUNT_BITS: u32 = 26;
/// In the bits above those: segments say of its holders what was so before, each at least that there
/// are several.
const LAGGING: u32 = 61;
/// Likewise: what segments say of its holders was not looked up yet.
const UNTOLD: u32 = 62;
/// Likewise: some record of it is, or was, of an unfinished download, so that records are not holders.
const MIXED: u32 = 63;
// Below those lies every crowd.
const _: () = assert!((CROWD_MAX as u32) < LAGGING);

/// What is known of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: Content,
    /// Records of it, and above them the crowd that segments have, [`LAGGING`], [`UNTOLD`] or
    /// [`MIXED`].
    packed: u32,
}

impl Known {
    /// Records of it, those of unfinished downloads too.
    pub const fn record_count(self) -> u32 {
        self.packed & ((1 << COUNT_BITS) - 1)
    }

    /// The [`super::rank::crowd`] written in segments, where that is known and every record of it
    /// is complete.
    pub fn told_crowd(self) -> Option<u8> {
        let told = self.packed >> COUNT_BITS;
        (told < LAGGING).then(|| u8::try_from(told).unwrap_or_default())
    }

    /// Whether segments have crowds of before; none of them says that a document is alone.
    pub const fn is_lagging(self) -> bool {
        self.packed >> COUNT_BITS == LAGGING
    }

    /// Whether not every record of it is certainly complete.
    pub const fn is_mixed(self) -> bool {
        self.packed >> COUNT_BITS == MIXED
    }
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

    /// Takes note of one more record of a content, of an unfinished download where `is_partial`;
    /// yields the number of the content.
    pub fn add(&mut self, spread: u64, is_partial: bool) -> Content {
        let (free, bound) = (&mut self.free, &mut self.bound);
        let known = self.by_spread.entry(spread).or_insert_with(|| {
            let number = free.pop().unwrap_or_else(|| {
                *bound += 1;
                *bound - 1
            });
            Known {
                number,
                packed: UNTOLD << COUNT_BITS,
            }
        });
        known.packed += 1;
        if is_partial {
            known.packed |= MIXED << COUNT_BITS;
        }
        known.number
    }

    /// Takes note of the crowd that segments have from now on.
    pub fn tell(&mut self, spread: u64, crowd: u8) {
        self.mark(spread, crowd.into());
    }

    /// Takes note that segments have crowds of before.
    pub fn lag(&mut self, spread: u64) {
        self.mark(spread, LAGGING);
    }

    fn mark(&mut self, spread: u64, told: u32) {
        if let Some(known) = self.by_spread.get_mut(&spread)
            && !known.is_mixed()
        {
            known.packed = known.record_count() | told << COUNT_BITS;
        }
    }

    /// Takes note that a record of a content is gone.
    pub fn take(&mut self, spread: u64) {
        let Some(known) = self.by_spread.get_mut(&spread) else {
            return;
        };
        known.packed -= 1;
        if known.record_count() == 0 {
            self.free.push(known.number);
            self.by_spread.remove(&spread);
            if self.by_spread.len() * 4 < self.by_spread.capacity() {
                self.by_spread.shrink_to(self.by_spread.len() * 2);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_with_the_contents() {
        let mut contents = Contents::default();
        for spread in 0..10_000 {
            contents.add(spread, false);
        }
        let all_bytes = contents.bytes();
        for spread in 0..9_900 {
            contents.take(spread);
        }
        // What is left are numbers that are free, four bytes each.
        assert!(contents.bytes() < all_bytes / 3, "{}", contents.bytes());
        assert!((9_900..10_000).all(|spread| contents.get(spread).is_some()));
        assert!((0..9_900).all(|spread| contents.get(spread).is_none()));
    }
}
