//! Steps along an order, the documents of those that come next read ahead: one by one, each would
//! wait for memory on its own.

use super::order::Step;
use crate::catalog::segment::{Doc, Segment};

/// So many steps are read ahead: as many as memory serves at a time, and not many in vain where the
/// page is full before.
const AHEAD_COUNT: usize = if cfg!(test) { 3 } else { 16 };

/// Steps along an order.
pub struct Ahead<'s> {
    segment: &'s Segment,
    steps: Box<dyn Iterator<Item = Step> + 's>,
    /// Whether texts are read of documents too.
    reads_texts: bool,
    near: Vec<Step>,
    /// How many of `near` were passed.
    passed_count: usize,
}

impl<'s> Ahead<'s> {
    /// Of `steps` along an order of `segment`; `reads_texts` where whoever walks looks at them.
    pub fn new(
        segment: &'s Segment,
        steps: Box<dyn Iterator<Item = Step> + 's>,
        reads_texts: bool,
    ) -> Self {
        Self {
            segment,
            steps,
            reads_texts,
            near: Vec::new(),
            passed_count: 0,
        }
    }

    /// The next step; of documents that are passed over, nothing is read ahead but their columns.
    pub fn peek(&mut self, is_passed: impl Fn(Doc) -> bool) -> Option<Step> {
        if self.passed_count == self.near.len() {
            self.read(is_passed);
        }
        self.near.get(self.passed_count).copied()
    }

    /// Leaves the step behind that was peeked at.
    pub fn pass(&mut self) {
        self.passed_count += 1;
    }

    fn read(&mut self, is_passed: impl Fn(Doc) -> bool) {
        self.passed_count = 0;
        self.near.clear();
        self.near.extend(self.steps.by_ref().take(AHEAD_COUNT));
        let mut docs: Vec<Doc> = self.near.iter().map(|step| step.doc).collect();
        self.segment.warm_scans(&docs);
        docs.retain(|doc| !is_passed(*doc));
        self.segment.warm_keys(&docs);
        if self.reads_texts {
            self.segment.warm(&docs);
        }
    }
}
