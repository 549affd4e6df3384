//! The documents of a plan that meet the question: told by postings, looked at one by one, or found
//! by a pass over all names.

use rustc_hash::FxHashMap;

use super::Search;
use crate::catalog::across::Across;
use crate::catalog::docs::DocSet;
use crate::catalog::matcher::Scratch;
use crate::catalog::plan::{Asker, Plan};
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;

/// Steps of a document whose text is not read.
const TOLD_STEPS: u64 = 4;
/// Steps to find out whether the folder of a document holds a text, which mostly is known.
const FOLDER_STEPS: u64 = 4;

/// Documents that are read from memory at a time.
const BLOCK_COUNT: usize = 64;

impl<'v> Search<'v> {
    /// What a pass over names looks for, where postings do not tell of a layer which documents meet
    /// the question.
    pub(super) fn across(&self, plans: &[Plan<'_>]) -> Option<Across<'v>> {
        let mut pairs = plans.iter().zip(&self.askers);
        let (_, asker) = pairs.find(|(plan, _)| !plan.is_certain)?;
        asker.question.across()
    }

    /// Hands those documents of `docs`, which are of a certain plan, to `each` that meet the question
    /// in their columns too. Yields false where `each` did or the budget is at its end.
    pub(super) fn each_told(
        &self,
        asker: &Asker<'_>,
        plan: &Plan<'_>,
        docs: &DocSet<'_>,
        mut each: impl FnMut(Doc) -> bool,
    ) -> bool {
        let look = |doc: Doc| {
            self.budget.spend(TOLD_STEPS);
            let is_met = plan.is_met_by_columns(asker, doc);
            (!is_met || each(doc)) && !self.budget.is_spent()
        };
        all(docs, |docs| asker.layer.segment.warm_scans(docs), look)
    }

    /// Hands all documents of `plan` that meet the question, and how they do, to `each`, in any
    /// order. Yields false as above.
    pub(super) fn each_met(
        &self,
        asker: &Asker<'_>,
        plan: &Plan<'_>,
        across: Option<&Across<'_>>,
        mut each: impl FnMut(Doc, Match) -> bool,
    ) -> bool {
        let mut scratch = Scratch::new();
        let mut look = |doc: Doc| {
            let class = asker.meet(doc, &mut scratch);
            class.is_none_or(|class| each(doc, class)) && !self.budget.is_spent()
        };
        match across.filter(|across| !plan.is_certain && asker.is_swept_sooner(across, plan)) {
            Some(across) => self.sweep(asker, plan, across, look),
            None => all(&plan.set, |docs| asker.layer.segment.warm(docs), &mut look),
        }
    }

    /// Hands the documents of `plan` whose name or folder holds the text of `across` to `look`. Yields
    /// false as above.
    fn sweep(
        &self,
        asker: &Asker<'_>,
        plan: &Plan<'_>,
        across: &Across<'_>,
        mut look: impl FnMut(Doc) -> bool,
    ) -> bool {
        let segment = &asker.layer.segment;
        let mut named = Vec::new();
        for doc in segment.sweep(across, self.budget) {
            if plan.set.contains(doc) {
                named.push(doc);
                if !look(doc) {
                    return false;
                }
            }
        }
        if self.budget.is_spent() {
            return false;
        }
        let Some(docs) = asker.with_folder(across.text()) else {
            return false;
        };
        let mut folders: FxHashMap<u32, bool> = FxHashMap::default();
        let docs = docs.within(&plan.set);
        all(
            &docs,
            |docs| segment.warm_scans(docs),
            |doc| {
                self.budget.spend(FOLDER_STEPS);
                let folder = folders.entry(segment.scan(doc).folder);
                let is_held =
                    *folder.or_insert_with(|| across.is_in(segment.folder(doc).as_bytes()));
                let is_new = is_held && named.binary_search(&doc).is_err();
                (!is_new || look(doc)) && !self.budget.is_spent()
            },
        )
    }
}

/// Hands the documents of `set` to `look` until it wants no more; yields whether it wanted all.
fn all(set: &DocSet<'_>, warm: impl Fn(&[Doc]), mut look: impl FnMut(Doc) -> bool) -> bool {
    let mut buffer = [0; BLOCK_COUNT];
    let mut docs = set.iter_from(0);
    loop {
        let block = docs.next_block(&mut buffer);
        if block.is_empty() {
            return true;
        }
        warm(block);
        if !block.iter().all(|&doc| look(doc)) {
            return false;
        }
    }
}
