//! Contents that became more or less widely held while much came in, and of which segments still say
//! what was so before: they wait until there is time to write their records anew, once for all
//! that happened meanwhile.
//!
//! With them only the order among equals lags behind. That a document is the only one of its content
//! is never said of one that no longer is: whatever makes a second one is written at once.

use std::collections::VecDeque;

use super::Catalog;
use super::freeze::{Lifted, Touched};
use crate::catalog::contents::{Content, Known};
use crate::catalog::lookup::spread;
use crate::catalog::rank::crowd;
use crate::catalog::stored::Part;

/// A freeze with more contents than this puts off what can wait: more than a person changes, and
/// fewer than a large batch, of which each would write the records of the one before anew.
const MANY_COUNT: usize = 256;
/// Beside few contents so many documents that wait are written anew.
const PORTION_COUNT: usize = 256;
/// Beside many, one for so many of them: in a stream that never ends nothing waits for ever.
const MANY_SHARE: usize = 16;
/// At rest: some 50 ms of work, so that nobody waits for long.
const REST_PORTION_COUNT: usize = 8 * 1024;

/// Contents that wait.
#[derive(Debug)]
pub(in crate::catalog) struct Lagging {
    /// By the spread of their hash, those that have waited longest first; some are told since, or
    /// gone.
    queue: VecDeque<u64>,
    many_count: usize,
    /// Whether the next freeze writes a large portion.
    is_at_rest: bool,
}

impl Default for Lagging {
    fn default() -> Self {
        Self::beyond(MANY_COUNT)
    }
}

impl Lagging {
    /// None yet; freezes with more than `many_count` contents put off what can wait.
    pub(in crate::catalog) fn beyond(many_count: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            many_count,
            is_at_rest: false,
        }
    }

    /// Whether a freeze with `count` contents puts off what can wait.
    pub(super) fn may_grow(&self, count: usize) -> bool {
        count > self.many_count
    }

    /// A content more that waits.
    pub(super) fn push(&mut self, content: u64) {
        self.queue.push_back(content);
    }

    /// So many documents of those that wait a freeze with `count` contents writes anew.
    fn take_portion(&mut self, count: usize) -> usize {
        if std::mem::take(&mut self.is_at_rest) {
            REST_PORTION_COUNT
        } else if self.may_grow(count) {
            count / MANY_SHARE
        } else {
            PORTION_COUNT * count.min(1)
        }
    }
}

impl Catalog {
    /// Whether of some contents segments still say how widely they were held before.
    pub fn is_lagging(&self) -> bool {
        !self.lagging.queue.is_empty()
    }

    /// Has the next view write a large portion of them anew; for when little is written.
    pub fn catch_up(&mut self) {
        if self.is_lagging() {
            self.lagging.is_at_rest = true;
            self.current = None;
        }
    }

    /// Takes those records of contents that wait out of their segments that have another crowd, as
    /// many as it is time for beside what is touched.
    pub(super) fn catch_up_beside(&mut self, lifted: &mut Vec<Lifted>) {
        let portion = self.lagging.take_portion(self.touched.len());
        let end = lifted.len() + portion;
        while lifted.len() < end
            && let Some(content) = self.lagging.queue.pop_front()
        {
            let known = self.contents.get(content);
            // One that is touched and no longer lags is written anew already.
            if let Some(known) = known.filter(|known| known.is_lagging()) {
                let crowd = crowd(known.record_count() as usize);
                self.lift_others(content, known.number, crowd, lifted);
                self.contents.tell(content, crowd);
            }
        }
        if self.lagging.queue.is_empty() {
            self.lagging.queue = VecDeque::new();
        }
    }

    /// The crowd of a content of which so many records wait.
    pub(super) fn crowd_of(&self, content: u64, known: Known, touched: Touched) -> u8 {
        let count = if known.record_count() == touched.waiting {
            touched.complete
        } else if known.is_mixed() {
            touched.complete + self.frozen_count(content, known.number)
        } else {
            known.record_count()
        };
        crowd(count as usize)
    }

    /// Finds the contents of parts that were put down while they lagged behind; `numbers` are those
    /// of the contents, by part and document.
    pub(in crate::catalog) fn find_lagging(&mut self, parts: &[Part], numbers: &[Vec<Content>]) {
        let mut counts = vec![0_u32; self.contents.bound() as usize];
        for (part, numbers) in parts.iter().zip(numbers) {
            for (doc, ..) in part.crowds() {
                counts[numbers[doc as usize] as usize] += 1;
            }
        }
        for (part, numbers) in parts.iter().zip(numbers) {
            for (doc, told, hash) in part.crowds() {
                if told == crowd(counts[numbers[doc as usize] as usize] as usize) {
                    continue;
                }
                let content = spread(hash.as_bytes());
                let known = self.contents.get(content);
                if known.is_some_and(|known| !known.is_lagging() && !known.is_mixed()) {
                    self.contents.lag(content);
                    self.lagging.push(content);
                }
            }
        }
    }
}
