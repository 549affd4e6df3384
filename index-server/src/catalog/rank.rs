//! What rows are put in order by: the class of a match, and the key of a row under each sort.
//!
//! Relevance, best first: how the words meet the name ([`Match`]), how widely it is held
//! ([`crowd`]), how often it was fetched. All orders end in the name, the content and the id, so
//! that no two rows are equal, and that who holds a content, online or not, moves no row of it: a
//! next page goes on where the last one ended. Everything but the class is a property of a record,
//! so that segments can keep their documents in this very order.

use std::cmp::Ordering;

use protocol::ids::FileId;
use protocol::search::{Order, SearchParams, Sort};
use serde::{Deserialize, Serialize};

use super::natural;

/// How the words of a query meet a name, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Match {
    /// The words are the name, its ending aside; also where there are no words.
    Whole,
    /// The name starts with them.
    Start,
    /// Each starts a word of the name.
    WordStart,
    /// Each is in the name.
    Inside,
    /// Some are only in the folder.
    Folder,
}

impl Match {
    /// All, best first.
    pub const ALL: [Self; 5] = [
        Self::Whole,
        Self::Start,
        Self::WordStart,
        Self::Inside,
        Self::Folder,
    ];
}

/// The last of the ranks of [`crowd`]: from 65,536 holders on all are held widely.
pub const CROWD_MAX: u8 = 46;
/// Up to so many holders each count has a rank of its own.
const CROWD_EXACT_COUNT: usize = 24;
/// Of them, the number of ranks below 32 holders, from where on powers of two are halved.
const CROWD_EXACT_LOG: usize = 5;
/// Of [`Values::key`]: the bits of downloads.
const DOWNLOADS_BITS: u32 = 56;

/// The rank of a content with `holder_count` complete records: another one for each count up to 24,
/// and from there on each time that half a power of two is reached (32, 48, 64 and so on), since a
/// rank is written with every record of a content, anew whenever it changes.
pub fn crowd(holder_count: usize) -> u8 {
    let count = holder_count.max(1);
    let log = count.ilog2() as usize;
    let rank = if log < CROWD_EXACT_LOG {
        count.min(CROWD_EXACT_COUNT) - 1
    } else {
        CROWD_EXACT_COUNT + 2 * (log - CROWD_EXACT_LOG) + (count >> (log - 1) & 1)
    };
    u8::try_from(rank).map_or(CROWD_MAX, |rank| rank.min(CROWD_MAX))
}

/// What an owner id or a hash puts into [`draw`].
pub fn lot(bytes: &[u8; 32]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |lot, byte| lot << 8 | u64::from(*byte))
}

/// Which of several equally good holders of a content is shown, the one with the largest: another
/// one for each content, so that nobody is shown for all that many hold.
pub fn draw(owner: u64, content: u64) -> u64 {
    let mixed = (owner ^ content.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

/// Place of a row in an order: compare by class, then the value, then name, content and id.
#[derive(Debug, Clone, Copy)]
pub struct RowKey<'a> {
    /// See [`Match`]; always `Whole` where the order is not by relevance.
    pub class: Match,
    /// Smaller is better.
    pub value: u64,
    /// Folded file name.
    pub name: &'a str,
    /// The [`lot`] of its content.
    pub content: u64,
    /// Record.
    pub id: FileId,
}

/// The order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranking {
    /// By what.
    pub sort: Sort,
    /// Against the sort's own direction.
    pub is_reversed: bool,
    /// A row stands for all records of its content: which of them is shown makes no difference.
    pub is_by_content: bool,
}

impl Ranking {
    /// The same in the sort's own direction.
    pub const fn forwards(self) -> Self {
        Self {
            is_reversed: false,
            ..self
        }
    }

    /// Whether this is by `sort` in its own direction.
    pub fn is_own(self, sort: Sort) -> bool {
        self.sort == sort && !self.is_reversed
    }

    /// What `params` asks for.
    pub fn of(params: &SearchParams) -> Self {
        let own = params.sort.default_order();
        Self {
            sort: params.sort,
            is_reversed: params.order.is_some_and(|order: Order| order != own),
            is_by_content: params.collapse,
        }
    }

    /// Which of two rows stands first. What breaks ties does so in one direction always.
    pub fn compare(self, left: &RowKey<'_>, right: &RowKey<'_>) -> Ordering {
        let by_value = self.compare_values(left, right);
        let turned = if self.is_reversed {
            by_value.reverse()
        } else {
            by_value
        };
        turned.then_with(|| self.compare_ties(left, right))
    }

    /// By what the sort is about, in its own direction.
    pub fn compare_values(self, left: &RowKey<'_>, right: &RowKey<'_>) -> Ordering {
        let numbers = |key: &RowKey<'_>| (key.class, key.value);
        let order = numbers(left).cmp(&numbers(right));
        match self.sort {
            Sort::Filename => order.then_with(|| compare_names(left, right)),
            _ => order,
        }
    }

    /// By name and content, and by id where a row is a record.
    pub fn compare_ties(self, left: &RowKey<'_>, right: &RowKey<'_>) -> Ordering {
        let by_name = match self.sort {
            Sort::Filename => Ordering::Equal,
            _ => compare_names(left, right),
        };
        let by_content = by_name.then_with(|| left.content.cmp(&right.content));
        if self.is_by_content {
            return by_content;
        }
        by_content.then_with(|| left.id.cmp(&right.id))
    }
}

fn compare_names(left: &RowKey<'_>, right: &RowKey<'_>) -> Ordering {
    natural::compare(left.name.as_bytes(), right.name.as_bytes())
}

/// The values that a sort looks at.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    /// Bytes.
    pub size_bytes: u64,
    /// Redirects.
    pub downloads: u64,
    /// Mean stars.
    pub rating: f64,
    /// When registered, in milliseconds since 1970.
    pub uploaded_ms: i64,
    /// See [`crowd`].
    pub crowd: u8,
}

impl Values {
    /// The value of a [`RowKey`].
    pub fn key(&self, sort: Sort) -> u64 {
        match sort {
            Sort::Relevance => {
                let rarity = u64::from(CROWD_MAX - self.crowd) << DOWNLOADS_BITS;
                let most = (1 << DOWNLOADS_BITS) - 1;
                let unfetched = most - self.downloads.min(most);
                rarity | unfetched
            }
            Sort::Filename => 0,
            Sort::Size => largest_first(self.size_bytes),
            Sort::Downloads => !self.downloads,
            // The bits of floats that are not negative are in the order of the floats.
            Sort::Rating => !self.rating.to_bits(),
            Sort::UploadTime => newest_first(self.uploaded_ms),
        }
    }
}

/// Smaller for larger sizes.
pub const fn largest_first(size_bytes: u64) -> u64 {
    !size_bytes
}

/// Smaller for later times.
pub fn newest_first(at: i64) -> u64 {
    !(at.cast_unsigned() ^ (1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_holders_are_told_apart_and_many_by_halves() {
        let mut rises: Vec<usize> = Vec::new();
        for count in 2..=200_000 {
            let (before, now) = (crowd(count - 1), crowd(count));
            assert!(now == before || now == before + 1, "{count}");
            if now > before {
                rises.push(count);
            }
        }
        let mut first: Vec<usize> = (2..=24).collect();
        first.extend([32, 48, 64, 96, 128, 192, 256, 384]);
        assert_eq!(rises[..first.len()], first);
        assert_eq!((crowd(0), crowd(1), crowd(usize::MAX)), (0, 0, CROWD_MAX));
        assert_eq!(crowd(65_536), CROWD_MAX);
    }
}
