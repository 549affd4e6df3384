//! What a question says of columns, told by postings and orders as far as that takes less than to look
//! at the documents.

use protocol::limits::SEARCH_EXACT_TOTAL_MAX_COUNT;
use protocol::search::Sort;

use super::Asker;
use super::narrowed::Narrowed;
use crate::catalog::docs::DocSet;
use crate::catalog::owners::OwnerIndex;
use crate::catalog::segment::Doc;

/// So many documents of a size are put into a set in one step.
const PUT_SHARE: u64 = 4;
/// Steps to look at the size of a document that is counted.
const SIZE_STEPS: u64 = 3;
/// Steps to find the documents of one owner in a layer.
const OWNER_STEPS: u64 = 30;

impl<'v> Asker<'v> {
    /// False, and nothing is done, where that takes too much.
    pub(super) fn narrow_by_owners(
        &self,
        owners: &[OwnerIndex],
        narrowed: &mut Narrowed<'v>,
    ) -> bool {
        if !self.budget.afford(owners.len() as u64 * OWNER_STEPS) {
            return false;
        }
        let segment = &self.layer.segment;
        let doc_count = segment.complete_count();
        let lists = owners.iter().map(|owner| segment.docs_of_owner(*owner));
        let count: usize = lists.clone().map(<[Doc]>::len).sum();
        let is_few = count <= segment.doc_count() as usize / 8;
        let is_told = is_few && self.budget.afford(count as u64);
        if is_told {
            let docs = lists.flatten().copied();
            let docs: Vec<Doc> = docs.filter(|doc| *doc < doc_count).collect();
            narrowed.to(DocSet::unordered(&docs, doc_count));
        }
        is_told
    }

    /// By ending, category and size.
    pub(super) fn narrow_by_kind(&self, narrowed: &mut Narrowed<'v>) {
        let segment = &self.layer.segment;
        if !self.question.endings.is_empty() {
            let is_plain = |ending: &String| !ending[1..].contains('.');
            narrowed.is_certain &= self.question.endings.iter().all(is_plain);
            narrowed.is_certain &= narrowed.by_any(self.question.endings.iter(), |ending| {
                segment.with_extension(ending.rsplit('.').next().unwrap_or_default())
            });
        }
        let (category, categories) = (self.question.category, &self.question.categories);
        if narrowed.is_small() {
            narrowed.asks_columns |= category.is_some() || !categories.is_empty();
        } else {
            if let Some(category) = category {
                narrowed.to(segment.of_category(category).to_set());
            }
            if !categories.is_empty() {
                let is_told = narrowed.by_any(categories.iter(), |kind| segment.of_category(*kind));
                narrowed.asks_columns |= !is_told;
            }
        }
        if self.question.sizes != (0, u64::MAX) {
            let is_told = !narrowed.is_small() && self.narrow_by_size(narrowed);
            narrowed.asks_columns |= !is_told;
        }
    }

    /// False, and nothing is done, where it takes less to look at the documents that are counted.
    fn narrow_by_size(&self, narrowed: &mut Narrowed<'v>) -> bool {
        let segment = &self.layer.segment;
        let (min, max) = self.question.sizes;
        let Some(largest_first) = segment.order(Sort::Size) else {
            return false;
        };
        let size = |doc: &Doc| segment.scan(*doc).size_bytes;
        let start = largest_first.partition_point(|doc| size(doc) > max);
        let end = largest_first.partition_point(|doc| size(doc) >= min);
        let docs = largest_first.get(start..end).unwrap_or_default();
        let (all_count, count) = (largest_first.len() as u64, docs.len() as u64);
        let set_count = narrowed.set.as_ref().map_or(all_count, DocSet::len);
        // Where many are of the size, enough are found before all of the set was looked at.
        let enough = SEARCH_EXACT_TOTAL_MAX_COUNT * all_count / count.max(1);
        let marked_count = segment.largest_work(start) + segment.largest_work(end);
        let put_steps = count.min(marked_count) / PUT_SHARE;
        if put_steps > set_count.min(enough) * SIZE_STEPS || !self.budget.afford(put_steps) {
            return false;
        }
        if count <= marked_count {
            narrowed.to(DocSet::unordered(docs, segment.complete_count()));
        } else {
            narrowed.to(segment.largest(end));
            if start > 0 {
                narrowed.take_out(&segment.largest(start));
            }
        }
        true
    }
}
