//! Documents whose file names start with the words of a question, told by the order of names: of two
//! words and more no posting tells whether they stand next to each other.

use std::cmp::Ordering;
use std::ops::Range;

use protocol::search::Sort;

use crate::catalog::across::SEPARATORS;
use crate::catalog::budget::Budget;
use crate::catalog::docs::DocSet;
use crate::catalog::natural;
use crate::catalog::segment::{Doc, Segment};

/// Steps to compare one name that lies anywhere.
const COMPARE_STEPS: u64 = 12;

/// Names in order, and where those lie that start with all pieces of some words but the last.
#[derive(Debug)]
pub struct Names<'v> {
    segment: &'v Segment,
    order: &'v [Doc],
    budget: &'v Budget,
    stems: Vec<Alike>,
}

/// Names with the same start, by place.
#[derive(Debug)]
struct Alike {
    start: Vec<u8>,
    places: Range<usize>,
}

impl<'v> Names<'v> {
    /// Of `segment`, for words whose separators are spaces, `joined`; none where it has no order of
    /// names or the budget does not reach for them.
    pub fn new(segment: &'v Segment, joined: &[u8], budget: &'v Budget) -> Option<Self> {
        let order = segment.order(Sort::Filename)?;
        let all = Alike {
            start: Vec::new(),
            places: 0..order.len(),
        };
        let mut names = Self {
            segment,
            order,
            budget,
            stems: vec![all],
        };
        let (stem, _) = split_last(joined);
        for piece in stem.split_inclusive(|byte| *byte == b' ') {
            let text = &piece[..piece.len() - 1];
            let mut further = Vec::new();
            for stem in &names.stems {
                let alike = names.further(stem, text)?;
                names.separated(alike, &mut further)?;
            }
            names.stems = further;
        }
        Some(names)
    }

    /// Documents whose names start with `joined`; others too where there are digits in it. None where
    /// the budget does not reach for them.
    pub fn starting(&self, joined: &[u8]) -> Option<DocSet<'v>> {
        let (_, last) = split_last(joined);
        // More digits may follow, and names with those lie elsewhere.
        let digits = last.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let last = &last[..last.len() - digits.count()];
        let mut places = Vec::new();
        for stem in &self.stems {
            places.push(self.further(stem, last)?.places);
        }
        self.docs(&places)
    }

    /// Documents whose names are `joined`, or that and a dot and whatever follows; others too where
    /// there are digits in it. None where the budget does not reach for them.
    pub fn being(&self, joined: &[u8]) -> Option<DocSet<'v>> {
        let (_, last) = split_last(joined);
        let mut places = Vec::new();
        for stem in &self.stems {
            let alike = self.further(stem, last)?;
            let is_whole = |name: &[u8]| natural::compare(name, &alike.start);
            places.push(self.narrow(&alike.places, is_whole)?);
            let with_ending = [&alike.start, &b"."[..]].concat();
            let has_ending = |name: &[u8]| natural::compare_start(name, &with_ending);
            places.push(self.narrow(&alike.places, has_ending)?);
        }
        self.docs(&places)
    }

    /// Those of `alike` whose names go on with `text`.
    fn further(&self, alike: &Alike, text: &[u8]) -> Option<Alike> {
        let start = [&alike.start, text].concat();
        let places = self.narrow(&alike.places, |name| natural::compare_start(name, &start))?;
        Some(Alike { start, places })
    }

    /// Adds those of `alike` whose names go on with a separator, by separator.
    fn separated(&self, alike: Alike, into: &mut Vec<Alike>) -> Option<()> {
        let mut rest = alike.places;
        for separator in SEPARATORS {
            let start = [&alike.start, &[separator][..]].concat();
            let places = self.narrow(&rest, |name| natural::compare_start(name, &start))?;
            rest.start = places.end;
            if !places.is_empty() {
                into.push(Alike { start, places });
            }
        }
        Some(())
    }

    /// The places at which `order` is equal, which is ascending. Looks at the first one before all
    /// others: mostly none is equal, and that tells it.
    fn narrow(
        &self,
        places: &Range<usize>,
        order: impl Fn(&[u8]) -> Ordering,
    ) -> Option<Range<usize>> {
        if self.budget.is_spent() {
            return None;
        }
        let order = |place: usize| {
            self.budget.spend(COMPARE_STEPS);
            order(self.segment.name(self.order[place]).as_bytes())
        };
        let Range { start, end } = *places;
        let start = match (start < end).then(|| order(start)) {
            Some(Ordering::Less) => partition_point(start + 1..end, |place| order(place).is_lt()),
            Some(Ordering::Equal) => start,
            Some(Ordering::Greater) | None => return Some(start..start),
        };
        Some(start..end_of_run(start..end, |place| order(place).is_eq()))
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

/// What stands up to the last space, that among it, and what stands behind it.
fn split_last(joined: &[u8]) -> (&[u8], &[u8]) {
    let space = joined.iter().rposition(|byte| *byte == b' ');
    joined.split_at(space.map_or(0, |space| space + 1))
}

/// The first place of `places` at which `is_before` no longer holds.
fn partition_point(places: Range<usize>, is_before: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = places;
    while start < end {
        let middle = start.midpoint(end);
        if is_before(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

/// The same where that is near mostly: by steps that double, then halves.
fn end_of_run(places: Range<usize>, is_in: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, end } = places;
    let mut step = 1;
    while start < end {
        let probe = (start + step - 1).min(end - 1);
        if !is_in(probe) {
            return partition_point(start..probe, is_in);
        }
        (start, step) = (probe + 1, step * 2);
    }
    end
}

/// Whether [`Names::starting`] yields no others.
pub fn tells_start(joined: &[u8]) -> bool {
    !joined.iter().any(u8::is_ascii_digit)
}
