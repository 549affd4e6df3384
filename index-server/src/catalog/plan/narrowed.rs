//! A set of documents that starts as everything and is cut by one condition after the other.

use crate::catalog::budget::Budget;
use crate::catalog::docs::{DocSet, Gather};
use crate::catalog::postings::Posting;
use crate::catalog::segment::Doc;

/// A set as small as this is looked at rather than made smaller; tests make everything smaller.
const SMALL_COUNT: u64 = if cfg!(test) { 2 } else { 256 };

/// A set that starts as everything.
#[derive(Debug)]
pub struct Narrowed<'v> {
    /// None while it is everything.
    pub set: Option<DocSet<'v>>,
    /// See [`super::Plan::is_certain`].
    pub is_certain: bool,
    /// See [`super::Plan::asks_columns`].
    pub asks_columns: bool,
    doc_count: Doc,
    budget: &'v Budget,
}

impl<'v> Narrowed<'v> {
    /// All documents below `doc_count`.
    pub const fn new(doc_count: Doc, budget: &'v Budget) -> Self {
        Self {
            set: None,
            is_certain: true,
            asks_columns: false,
            doc_count,
            budget,
        }
    }

    /// Whether it is rather looked at than made smaller.
    pub fn is_small(&self) -> bool {
        let set = self.set.as_ref();
        set.is_some_and(|set| set.is_at_most(SMALL_COUNT))
    }

    /// Keeps those of `docs`.
    pub fn to(&mut self, docs: DocSet<'v>) {
        self.budget.spend(1 + u64::from(self.doc_count) / 1_000);
        self.set = Some(match self.set.take() {
            Some(set) => set.within(&docs),
            None => docs,
        });
    }

    /// The set, as one that says each of its documents.
    pub fn finish(self) -> DocSet<'v> {
        self.set.unwrap_or_else(|| DocSet::all(self.doc_count))
    }

    /// Takes those of `docs` out.
    pub fn take_out(&mut self, docs: &DocSet<'_>) {
        self.budget.spend(1 + u64::from(self.doc_count) / 1_000);
        let set = self.set.take();
        let set = set.unwrap_or_else(|| DocSet::all(self.doc_count));
        self.set = Some(set.without(docs));
    }

    /// Keeps what has any of `keys`; false, and it stays as it is, where it is small or the budget does
    /// not reach for them.
    pub fn by_any<K>(
        &mut self,
        keys: impl Iterator<Item = K>,
        posting: impl Fn(K) -> Posting<'v>,
    ) -> bool {
        if self.is_small() {
            return false;
        }
        let mut gather = Gather::default();
        keys.for_each(|key| gather.add(posting(key)));
        let is_reached = self.budget.afford(gather.steps(self.doc_count));
        if is_reached {
            self.to(gather.finish(self.doc_count));
        }
        is_reached
    }
}
