//! Documents whose file names start with the words of a question, told by the order of names: of two
//! words and more no posting tells whether they stand next to each other.

use std::cmp::Ordering;
use std::ops::Range;

use protocol::search::Sort;

use crate::catalog::budget::Budget;
use crate::catalog::docs::DocSet;
use crate::catalog::natural;
use crate::catalog::segment::{Doc, Segment};

/// What stands for a space of the words in a name.
const SEPARATORS: [u8; 9] = *b"\t\n\x0b\x0c\r -._";
/// Steps to compare one name that lies anywhere.
const COMPARE_STEPS: u64 = 12;

/// Names in order, and where those lie that start in one way.
pub struct Names<'v> {
    segment: &'v Segment,
    order: &'v [Doc],
    budget: &'v Budget,
}

/// Names with the same start, by place.
struct Alike {
    start: Vec<u8>,
    places: Range<usize>,
}

impl<'v> Names<'v> {
    /// Of `segment`; none where it has no order of names.
    pub fn new(segment: &'v Segment, budget: &'v Budget) -> Option<Self> {
        let order = segment.order(Sort::Filename)?;
        Some(Self {
            segment,
            order,
            budget,
        })
    }

    /// Documents whose names start with `joined`, whose separators are spaces; others too where
    /// there are digits in it. None where the budget does not reach for them.
    pub fn starting(&self, joined: &[u8]) -> Option<DocSet<'v>> {
        // More digits may follow, and names with those lie elsewhere.
        let digits = joined.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let alike = self.alike(&joined[..joined.len() - digits.count()])?;
        let places: Vec<_> = alike.into_iter().map(|alike| alike.places).collect();
        self.docs(&places)
    }

    /// Documents whose names are `joined`, or that and a dot and whatever follows; others too where
    /// there are digits in it. None where the budget does not reach for them.
    pub fn being(&self, joined: &[u8]) -> Option<DocSet<'v>> {
        let mut places = Vec::new();
        for alike in self.alike(joined)? {
            let is_whole = |name: &[u8]| natural::compare(name, &alike.start);
            places.push(self.narrow(&alike.places, is_whole)?);
            let with_ending = [&alike.start, &b"."[..]].concat();
            let has_ending = |name: &[u8]| natural::compare_start(name, &with_ending);
            places.push(self.narrow(&alike.places, has_ending)?);
        }
        self.docs(&places)
    }

    /// Names that start with `joined`, digits at its end being all that a number has there.
    fn alike(&self, joined: &[u8]) -> Option<Vec<Alike>> {
        let mut all = vec![Alike {
            start: Vec::new(),
            places: 0..self.order.len(),
        }];
        let spaced = joined.split_inclusive(|byte| *byte == b' ');
        for piece in spaced {
            let (text, is_spaced) = match piece.split_last() {
                Some((b' ', text)) => (text, true),
                _ => (piece, false),
            };
            let mut narrowed = Vec::new();
            for alike in &all {
                let start = [&alike.start, text].concat();
                if is_spaced {
                    let with_separator = SEPARATORS.map(|byte| [&start, &[byte][..]].concat());
                    for start in with_separator {
                        narrowed.push(self.further(alike, start)?);
                    }
                } else {
                    narrowed.push(self.further(alike, start)?);
                }
            }
            narrowed.retain(|alike| !alike.places.is_empty());
            all = narrowed;
        }
        Some(all)
    }

    /// Those of `alike` whose names start with the longer `start`.
    fn further(&self, alike: &Alike, start: Vec<u8>) -> Option<Alike> {
        let places = self.narrow(&alike.places, |name| natural::compare_start(name, &start))?;
        Some(Alike { start, places })
    }

    /// The places at which `order` is equal, which is ascending.
    fn narrow(
        &self,
        places: &Range<usize>,
        order: impl Fn(&[u8]) -> Ordering,
    ) -> Option<Range<usize>> {
        let depth = u64::from((places.len() + 1).ilog2() + 1);
        if !self.budget.afford(2 * depth * COMPARE_STEPS) {
            return None;
        }
        let docs = &self.order[places.clone()];
        let order = |doc: &Doc| order(self.segment.name(*doc).as_bytes());
        let start = docs.partition_point(|doc| order(doc).is_lt());
        let docs = &docs[start..];
        let count = docs.partition_point(|doc| order(doc).is_eq());
        let start = places.start + start;
        Some(start..start + count)
    }

    fn docs(&self, places: &[Range<usize>]) -> Option<DocSet<'v>> {
        let count: usize = places.iter().map(Range::len).sum();
        if !self.budget.afford(count as u64 / 2) {
            return None;
        }
        let docs = places.iter().flat_map(|places| &self.order[places.clone()]);
        let docs: Vec<Doc> = docs.copied().collect();
        Some(DocSet::unordered(&docs, self.segment.complete_count()))
    }
}

/// Whether [`Names::starting`] yields no others.
pub fn tells_start(joined: &[u8]) -> bool {
    !joined.iter().any(u8::is_ascii_digit)
}
