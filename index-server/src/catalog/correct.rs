//! A search that found nothing, tried again with one word spelled as the catalog knows it.
//!
//! Pure: the same view corrects the same way always.

use std::collections::BTreeMap;

use protocol::query::{Query, fold};
use protocol::search::SearchParams;

use super::view::CatalogView;
use super::{CursorError, SearchPage};

/// Shorter words have too many others near them.
const CORRECTED_MIN_CHARS: usize = 5;
/// So many spellings of a word are tried, those in most names first.
const TRIED_MAX_COUNT: usize = 3;

impl CatalogView {
    /// [`CatalogView::search`]; where nothing is found, with one word of five letters or more
    /// corrected by one typing error, which the page then says. A cursor of a corrected search
    /// goes on with it.
    ///
    /// # Errors
    /// [`CursorError`] for a cursor of another search.
    pub fn search_corrected(
        &self,
        query: &Query,
        params: &SearchParams,
    ) -> Result<SearchPage, CursorError> {
        let plain = self.search(query, params);
        let is_done = match &plain {
            Ok(page) => page.total > 0 || params.cursor.is_some(),
            // It may be a cursor of what this search was corrected to.
            Err(CursorError) => false,
        };
        if is_done || !may_be_corrected(query, params) {
            return plain;
        }
        let words: Vec<&str> = params.q.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            for spelling in self.spellings(word) {
                let mut corrected = words.clone();
                corrected[at] = &spelling;
                let corrected = corrected.join(" ");
                if let Some(page) = self.found(&corrected, params) {
                    return Ok(SearchPage {
                        corrected: Some(corrected),
                        ..page
                    });
                }
            }
        }
        plain
    }

    /// The page of another query text, where it is one with rows.
    fn found(&self, q: &str, params: &SearchParams) -> Option<SearchPage> {
        let query = Query::parse(q).ok()?;
        let params = SearchParams {
            q: q.to_owned(),
            ..params.clone()
        };
        let page = self.search(&query, &params).ok()?;
        (page.total > 0).then_some(page)
    }

    /// How the catalog spells what is one error away from `word`, best known first.
    fn spellings(&self, word: &str) -> Vec<String> {
        let is_plain = word.chars().all(char::is_alphanumeric);
        let folded = fold(word);
        if !is_plain || folded.chars().count() < CORRECTED_MIN_CHARS {
            return Vec::new();
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for layer in &self.layers {
            let segment = &layer.segment;
            for words in [segment.name_words(), segment.folder_words()] {
                words.near(&folded, |near, count| {
                    *counts.entry(near.to_owned()).or_default() += count;
                });
            }
        }
        let mut spellings: Vec<_> = counts.into_iter().collect();
        spellings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let spellings = spellings.into_iter().take(TRIED_MAX_COUNT);
        spellings.map(|(spelling, _)| spelling).collect()
    }
}

/// Whether it is words that were asked for, and nothing that says exactly what is meant.
fn may_be_corrected(query: &Query, params: &SearchParams) -> bool {
    !query.words.is_empty()
        && query.phrases.is_empty()
        && query.hash.is_none()
        && params.hash.is_none()
}
