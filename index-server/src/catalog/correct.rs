//! A search that found nothing, tried again with words spelled as the catalog knows them.
//!
//! Words that match alone stay as they are, and so do phrases, unwanted words and conditions. Each
//! other word must have five letters or more and be one typing error away from something that names
//! are known to hold. Pure: the same view corrects the same way always.

mod spelling;

use std::ops::Range;

use protocol::query::{self, Query, fold};
use protocol::search::{SearchParams, Sort};

use super::budget::{Budget, SEARCH_MAX_STEPS};
use super::cursor::SearchCursor;
use super::matcher::is_between_words;
use super::remembered::Finding;
use super::search::{self, Effort, Outcome};
use super::view::CatalogView;
use super::{CursorError, SearchPage};

/// Of the steps of a search so many are left for what a correction finds.
const KEPT_SHARE: u64 = 2;

/// A stretch of a word that no name holds, and what it may have been meant to be.
struct Unknown {
    /// Which word of the query.
    word: usize,
    /// Where in that word.
    stretch: Range<usize>,
    /// Best first; never empty.
    spellings: Vec<String>,
}

/// The words of a query, folded, with where they stand in its text.
struct Words<'q> {
    text: &'q str,
    words: Vec<(Range<usize>, String)>,
}

impl<'q> Words<'q> {
    fn of(text: &'q str) -> Self {
        let words = query::words(text).into_iter();
        let words = words.map(|range| (range.clone(), fold(&text[range]).to_string()));
        Self {
            text,
            words: words.collect(),
        }
    }

    /// The query with the spellings of that rank, one for each of `unknown`.
    fn corrected(&self, unknown: &[Unknown], ranks: &[usize]) -> Option<String> {
        let mut words: Vec<String> = self.words.iter().map(|(_, word)| word.clone()).collect();
        let mut is_changed = vec![false; words.len()];
        // From the back, so that what is replaced does not move what stands before it.
        for (stretch, rank) in unknown.iter().zip(ranks).rev() {
            let spelling = stretch.spellings.get(*rank)?;
            words[stretch.word].replace_range(stretch.stretch.clone(), spelling);
            is_changed[stretch.word] = true;
        }
        let mut text = self.text.to_owned();
        let changed = self.words.iter().zip(words).zip(is_changed).rev();
        for (((range, _), word), is_changed) in changed {
            if is_changed {
                text.replace_range(range.clone(), &word);
            }
        }
        Some(text)
    }
}

impl CatalogView {
    /// [`CatalogView::search_corrected`], remembered as long as this is the view.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another search.
    pub fn search_remembered(
        &self,
        query: &Query,
        params: &SearchParams,
    ) -> Result<SearchPage<'_>, CursorError> {
        let find = || self.find_corrected_usually(query, params);
        let finding = self.remembered.or_find(params, find)?;
        Ok(self.page_of(&finding, params))
    }

    /// [`CatalogView::search`]; where nothing is found, with its words corrected by one typing
    /// error each, which the page then says. A cursor of a corrected search goes on with it.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another search.
    pub fn search_corrected(
        &self,
        query: &Query,
        params: &SearchParams,
    ) -> Result<SearchPage<'_>, CursorError> {
        let finding = self.find_corrected_usually(query, params)?;
        Ok(self.page_of(&finding, params))
    }

    /// The same with an effort of one's own.
    #[cfg(test)]
    pub(super) fn search_corrected_within(
        &self,
        query: &Query,
        params: &SearchParams,
        effort: Effort<'_>,
    ) -> Result<SearchPage<'_>, CursorError> {
        let finding = self.find_corrected(query, params, effort)?;
        Ok(self.page_of(&finding, params))
    }

    fn page_of(&self, finding: &Finding, params: &SearchParams) -> SearchPage<'_> {
        let corrected = finding.corrected.as_deref();
        (finding.outcome).page(self, params, corrected, finding.steps)
    }

    pub(super) fn find_corrected_usually(
        &self,
        query: &Query,
        params: &SearchParams,
    ) -> Result<Finding, CursorError> {
        let budget = Budget::new(SEARCH_MAX_STEPS);
        self.find_corrected(query, params, Effort::usual(&budget))
    }

    fn find_corrected(
        &self,
        query: &Query,
        params: &SearchParams,
        effort: Effort<'_>,
    ) -> Result<Finding, CursorError> {
        let (outcome, corrected) = match search::cursor(params)? {
            Some(SearchCursor {
                position,
                corrected: Some(text),
            }) => {
                let query = Query::parse(&text).map_err(|_| CursorError)?;
                let found = search::find(self, &query, params, Some(position), effort);
                (found, Some(text))
            }
            cursor => {
                let is_first = cursor.is_none();
                let after = cursor.map(|cursor| cursor.position);
                let plain = search::find(self, query, params, after, effort);
                let is_by_hash = query.hash.is_some() || params.hash.is_some();
                let is_lost = is_first && plain.is_surely_empty() && !is_by_hash;
                let corrected = is_lost.then(|| self.corrected(params, effort)).flatten();
                match corrected {
                    Some((text, found)) => (found, Some(text)),
                    None => (plain, None),
                }
            }
        };
        Ok(Finding {
            outcome,
            corrected,
            steps: effort.budget.spent(),
        })
    }

    /// The first correction that finds something, with what it finds.
    fn corrected(&self, params: &SearchParams, effort: Effort<'_>) -> Option<(String, Outcome)> {
        let budget = effort.budget;
        budget.keep(budget.left() / KEPT_SHARE);
        let words = Words::of(&params.q);
        let unknown = self.unknown(&words, params, budget)?;
        for ranks in spelling::ranks(unknown.len()) {
            if budget.is_spent() {
                return None;
            }
            let Some(text) = words.corrected(&unknown, &ranks) else {
                continue;
            };
            let Ok(query) = Query::parse(&text) else {
                continue;
            };
            let found = search::find(self, &query, params, None, effort);
            if found.total > 0 {
                return Some((text, found));
            }
            budget.keep(0);
        }
        None
    }

    /// The stretches of words to correct; none where there are none, or one that cannot be.
    fn unknown(
        &self,
        words: &Words<'_>,
        params: &SearchParams,
        budget: &Budget,
    ) -> Option<Vec<Unknown>> {
        let mut unknown = Vec::new();
        for (number, (_, word)) in words.words.iter().enumerate() {
            if self.is_known(word, budget) {
                continue;
            }
            let count = unknown.len();
            for stretch in stretches(word) {
                let text = &word[stretch.clone()];
                if stretch.len() < word.len() && self.is_known(text, budget) {
                    continue;
                }
                let spellings = self.spellings(text, params.online, budget);
                if spellings.is_empty() {
                    return None;
                }
                unknown.push(Unknown {
                    word: number,
                    stretch,
                    spellings,
                });
            }
            if unknown.len() == count {
                return None;
            }
        }
        (!unknown.is_empty()).then_some(unknown)
    }

    /// Whether some name or folder holds a word, whoever shares it; also where the budget does not
    /// reach to tell, since then nothing is to be said against the word.
    fn is_known(&self, word: &str, budget: &Budget) -> bool {
        let query = Query {
            words: vec![word.into()],
            ..Query::default()
        };
        let params = SearchParams {
            online: false,
            limit: 1,
            // Without classes, which cost more than the answer is worth.
            sort: Sort::UploadTime,
            ..SearchParams::default()
        };
        let effort = Effort {
            exact_max_count: 0,
            budget,
        };
        let kept = budget.kept();
        let found = search::find(self, &query, &params, None, effort);
        budget.keep(kept);
        !found.is_surely_empty()
    }
}

/// The parts of a word between its dots and other bytes that part words.
fn stretches(word: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let parts = word.split(|c: char| u8::try_from(c).is_ok_and(is_between_words));
    let ranges = parts.map(move |part| {
        let range = start..start + part.len();
        start = range.end + 1;
        range
    });
    ranges.filter(|range| !range.is_empty())
}
