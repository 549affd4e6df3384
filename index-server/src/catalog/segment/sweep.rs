//! One pass over all names of a segment, as they lie in memory, for a text that reaches across words.

use super::{Doc, Segment};
use crate::catalog::across::Across;
use crate::catalog::budget::Budget;

/// So many bytes are passed before the budget is asked whether to go on.
const PASSED_BYTES: usize = if cfg!(test) { 32 } else { 1 << 16 };
/// Steps to look at a place where a part of the text stands, and at whose name that is.
const PLACE_STEPS: u64 = 5;

/// Complete documents whose names hold a text, ascending; not all of them where the budget ends.
pub struct Sweep<'v, 'q> {
    segment: &'v Segment,
    across: &'q Across<'q>,
    budget: &'q Budget,
    /// Names of documents from here on are not looked at yet.
    at: usize,
    /// No document before this one has its name there.
    next: Doc,
}

impl Segment {
    /// Bytes of the names of complete documents.
    pub fn swept_bytes(&self) -> usize {
        let behind = self.scans.get(self.complete_count as usize);
        behind.map_or(self.names.len(), |scan| scan.name_at as usize)
    }

    /// Complete documents whose names hold the text of `across`.
    pub fn sweep<'v, 'q>(&'v self, across: &'q Across<'q>, budget: &'q Budget) -> Sweep<'v, 'q> {
        Sweep {
            segment: self,
            across,
            budget,
            at: 0,
            next: 0,
        }
    }

    /// The document whose name holds the byte at `at`, which is none before `first`.
    fn named_at(&self, at: usize, first: Doc) -> Doc {
        let scans = &self.scans[first as usize..self.complete_count as usize];
        let is_before = |index: usize| scans.get(index).is_some_and(|s| s.name_at as usize <= at);
        // Steps that double, then halves: mostly it is near.
        let mut step = 1;
        while is_before(step) {
            step *= 2;
        }
        let near = &scans[step / 2..step.min(scans.len())];
        let count = near.partition_point(|scan| scan.name_at as usize <= at);
        first + super::doc_count((step / 2 + count).saturating_sub(1))
    }
}

impl Iterator for Sweep<'_, '_> {
    type Item = Doc;

    fn next(&mut self) -> Option<Doc> {
        let end = self.segment.swept_bytes();
        let names = &self.segment.names.as_bytes()[..end];
        while self.at < end && !self.budget.is_spent() {
            let until = end.min(self.at + PASSED_BYTES);
            let found = self.across.find(names, self.at..until);
            let passed = found.unwrap_or(until) - self.at;
            self.budget
                .spend(1 + passed as u64 / self.across.bytes_a_step());
            let Some(place) = found else {
                self.at = until;
                continue;
            };
            self.at = place + 1;
            self.budget.spend(PLACE_STEPS);
            let doc = self.segment.named_at(place, self.next);
            self.next = doc;
            let start = self.segment.scan(doc).name_at as usize;
            let name = self.segment.name(doc).as_bytes();
            if self.across.stands_around(name, place - start) {
                self.at = start + name.len();
                return Some(doc);
            }
        }
        None
    }
}
