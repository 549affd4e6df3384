//! A search that follows what is typed, where the list is scrolled, and what the network tells.
//!
//! One question at a time: a newer one drops the one that runs. Knows the index only as "ask".

use std::time::Duration;

use protocol::file::FileInfo;
use protocol::limits::SEARCH_LIMIT_MAX_COUNT;
use protocol::search::{SearchParams, SearchResponse};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::daemon::command::SearchWatch;
use crate::daemon::engine::Engine;

/// Between looks at the index because of events: three a second while relevant ones come.
const REFRESH_EVERY: Duration = Duration::from_millis(333);
/// A look that took long is repeated less often: at most a fifth of the time is spent looking.
const REFRESH_SHARE: u32 = 5;
/// Pages that the index ended before they were full, one after the other, until no more is asked
/// for: whoever types has typed on by then.
const CUT_PAGES_MAX_COUNT: usize = 8;
/// Rows of the first page, so that the first screenful is there at once.
const FIRST_PAGE_MIN_COUNT: usize = 50;

/// What is known of the answer to one search.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Of which search.
    pub generation: u64,
    /// From the first row on.
    pub files: Vec<FileInfo>,
    /// Matches in all.
    pub total: u64,
    /// Whether that is exact.
    pub total_is_exact: bool,
    /// What was searched for, where what was asked has nothing but a typing error in it.
    pub corrected: Option<String>,
    /// Whether these are all rows only because the index looked long enough.
    pub is_cut: bool,
    /// From asking to the first page.
    pub took_us: u64,
    /// Why there is nothing.
    pub trouble: Option<String>,
    next_cursor: Option<String>,
    /// Pages that the index ended before they were full.
    cut_pages: usize,
}

/// The search of one screen.
#[derive(Debug)]
pub struct LiveSearch {
    watch: Option<SearchWatch>,
    found: Option<Found>,
    running: Option<(AbortHandle, u64)>,
    answers: (mpsc::Sender<Found>, mpsc::Receiver<Found>),
    refresh_at: Option<Instant>,
    rested_until: Option<Instant>,
}

impl Default for LiveSearch {
    fn default() -> Self {
        Self {
            watch: None,
            found: None,
            running: None,
            answers: mpsc::channel(1),
            refresh_at: None,
            rested_until: None,
        }
    }
}

impl Drop for LiveSearch {
    fn drop(&mut self) {
        self.stop();
    }
}

impl LiveSearch {
    /// Takes what a screen asks for from now on.
    pub fn set(&mut self, engine: &Engine, watch: Option<SearchWatch>) {
        let before = std::mem::replace(&mut self.watch, watch);
        let Some(now) = &self.watch else {
            // What was found stays: the same question is asked again when the screen comes back.
            self.stop();
            return;
        };
        let is_new = before.is_none_or(|before| before.generation != now.generation);
        if is_new {
            self.ask(engine, None);
        } else if self.running.is_none() && self.needs_more() {
            let found = self.found.clone();
            self.ask(engine, found);
        }
    }

    /// What is known, as soon as something is.
    pub const fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// What is asked for.
    pub const fn watch(&self) -> Option<&SearchWatch> {
        self.watch.as_ref()
    }

    /// Something changed on the network that may change the answer.
    pub fn note_event(&mut self, now: Instant) {
        if self.watch.is_some() && self.refresh_at.is_none() {
            self.refresh_at = Some(self.rested_until.unwrap_or(now).max(now));
        }
    }

    /// Waits for the next thing that happens, for ever where nothing can; true when rows may have
    /// changed.
    ///
    /// # Cancel safety
    /// Nothing is lost when this is dropped.
    pub async fn next(&mut self, engine: &Engine) -> bool {
        let refresh_at = self.refresh_at.filter(|_| self.running.is_none());
        tokio::select! {
            Some(found) = self.answers.1.recv() => self.take(engine, found),
            () = sleep_until(refresh_at) => {
                self.ask(engine, None);
                false
            }
        }
    }

    fn take(&mut self, engine: &Engine, found: Found) -> bool {
        let is_asked = self
            .watch
            .as_ref()
            .is_some_and(|watch| watch.generation == found.generation);
        if !is_asked {
            return false;
        }
        self.running = None;
        let took = Duration::from_micros(found.took_us);
        self.rested_until = Some(Instant::now() + REFRESH_EVERY.max(took * REFRESH_SHARE));
        self.found = Some(behind(self.found.take(), found));
        if self.needs_more() {
            let found = self.found.clone();
            self.ask(engine, found);
        }
        true
    }

    /// Whether the window reaches past the known rows while there are more.
    fn needs_more(&self) -> bool {
        match (&self.watch, &self.found) {
            (Some(watch), Some(found)) => {
                let end = watch.window.first.saturating_add(watch.window.count);
                found.next_cursor.is_some() && found.files.len() < end
            }
            _ => false,
        }
    }

    /// Asks from the start, or for what comes after `known`.
    fn ask(&mut self, engine: &Engine, known: Option<Found>) {
        self.stop();
        self.refresh_at = None;
        let Some(watch) = self.watch.clone() else {
            return;
        };
        // A refresh covers what the screen has scrolled through, so that no row goes away.
        let held = self
            .found
            .as_ref()
            .filter(|found| found.generation == watch.generation)
            .map_or(0, |found| found.files.len());
        let end = watch.window.first.saturating_add(watch.window.count);
        let generation = watch.generation;
        let engine = engine.clone();
        let answer = self.answers.0.clone();
        let task = tokio::spawn(async move {
            let found = look(&engine, &watch, known, held.max(end)).await;
            // The session takes one answer at a time; a session that is gone needs none.
            let _ = answer.send(found).await;
        });
        self.running = Some((task.abort_handle(), generation));
    }

    fn stop(&mut self) {
        if let Some((task, _)) = self.running.take() {
            task.abort();
        }
    }
}

/// What is known after an answer: one that brought nothing but trouble takes no rows away.
fn behind(known: Option<Found>, mut new: Found) -> Found {
    let is_same = |known: &Found| known.generation == new.generation && !known.files.is_empty();
    match known.filter(is_same) {
        Some(known) if new.files.is_empty() && new.trouble.is_some() => Found {
            trouble: new.trouble.take(),
            ..known
        },
        _ => new,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Asks page by page until `wanted` rows are known, there are no more, or it fails.
async fn look(engine: &Engine, watch: &SearchWatch, known: Option<Found>, wanted: usize) -> Found {
    let started = Instant::now();
    let is_fresh = known.is_none();
    let mut found = known.unwrap_or_default();
    found.generation = watch.generation;
    found.trouble = None;
    loop {
        let missing = wanted.saturating_sub(found.files.len());
        let least = if found.files.is_empty() {
            FIRST_PAGE_MIN_COUNT
        } else {
            SEARCH_LIMIT_MAX_COUNT
        };
        let limit = missing.clamp(least, SEARCH_LIMIT_MAX_COUNT);
        let params = SearchParams {
            q: watch.query.clone(),
            category: watch.category,
            min_size: watch.min_size,
            max_size: watch.max_size,
            sort: watch.sort,
            order: watch.order,
            limit,
            cursor: found.next_cursor.take(),
            ..SearchParams::default()
        };
        match engine.search(&params).await {
            Ok(page) => extend(&mut found, page, limit),
            Err(error) => {
                found.trouble = Some(if engine.is_looking_for_index() {
                    "looking for an index: this machine, then the local network".to_owned()
                } else {
                    error.to_string()
                });
                break;
            }
        }
        if is_fresh && found.took_us == 0 {
            found.took_us = u64::try_from(started.elapsed().as_micros())
                .unwrap_or(u64::MAX)
                .max(1);
        }
        if found.files.len() >= wanted || found.next_cursor.is_none() {
            break;
        }
    }
    found
}

fn extend(found: &mut Found, page: SearchResponse, limit: usize) {
    let is_full = page.results.len() >= limit;
    found.files.extend(page.results);
    found.total = page.total;
    found.total_is_exact = page.total_is_exact;
    found.corrected = page.corrected;
    found.next_cursor = page.next_cursor;
    found.is_cut = false;
    if page.cut && !is_full {
        found.cut_pages += 1;
    } else {
        found.cut_pages = 0;
    }
    let known = found.files.len() as u64;
    if found.next_cursor.is_none() {
        // The end: whatever the index counted, these are all.
        (found.total, found.total_is_exact) = (known, true);
    } else if found.cut_pages >= CUT_PAGES_MAX_COUNT {
        found.next_cursor = None;
        found.is_cut = true;
        (found.total, found.total_is_exact) = (known, false);
    } else if !found.total_is_exact {
        found.total = found.total.max(known + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::sections::tests::file;

    /// A page without rows, as of an index that looked through `counted` names.
    fn page(is_cut: bool, counted: u64, has_more: bool) -> SearchResponse {
        SearchResponse {
            results: Vec::new(),
            count: 0,
            total: counted,
            total_is_exact: !is_cut,
            cut: is_cut,
            next_cursor: has_more.then(|| "next".to_owned()),
            corrected: None,
            took_us: 1,
        }
    }

    #[test]
    fn trouble_takes_no_rows_of_the_same_question_away() {
        let found = |generation, count| Found {
            generation,
            files: vec![file("a"); count],
            ..Found::default()
        };
        let trouble = |generation| Found {
            trouble: Some("connection refused".to_owned()),
            ..found(generation, 0)
        };
        for (known, new, count) in [
            (found(1, 2), trouble(1), 2),
            (found(1, 2), trouble(2), 0),
            (found(1, 2), found(1, 0), 0),
            (found(1, 2), found(1, 3), 3),
        ] {
            let trouble = new.trouble.clone();
            let after = behind(Some(known), new);
            assert_eq!((after.files.len(), after.trouble), (count, trouble));
        }
    }

    #[test]
    fn a_list_goes_on_behind_a_page_that_was_cut() {
        let mut found = Found::default();
        extend(&mut found, page(true, 3, true), 50);
        assert!(!found.is_cut && found.next_cursor.is_some());
        assert_eq!((found.total, found.total_is_exact), (3, false));
        extend(&mut found, page(true, 3, false), 50);
        assert!(!found.is_cut, "the end is the end");
        assert_eq!((found.total, found.total_is_exact), (0, true));
    }

    #[test]
    fn after_many_cut_pages_the_list_ends_and_says_so() {
        let mut found = Found::default();
        for _ in 1..CUT_PAGES_MAX_COUNT {
            extend(&mut found, page(true, 3, true), 50);
            assert!(found.next_cursor.is_some());
        }
        extend(&mut found, page(true, 3, true), 50);
        assert!(found.is_cut && found.next_cursor.is_none());
        assert_eq!((found.total, found.total_is_exact), (0, false));
        let mut found = Found::default();
        for number in 0..3 * CUT_PAGES_MAX_COUNT {
            // A full page between them: whoever scrolls gets more.
            let is_cut = number % 2 == 0;
            extend(
                &mut found,
                page(is_cut, 3, true),
                if is_cut { 50 } else { 0 },
            );
            assert!(found.next_cursor.is_some());
        }
    }
}
