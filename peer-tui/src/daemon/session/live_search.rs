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
    /// From asking to the first page.
    pub took_us: u64,
    /// Why there is nothing.
    pub trouble: Option<String>,
    next_cursor: Option<String>,
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
            self.stop();
            self.found = None;
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
        self.found = Some(found);
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
        let params = SearchParams {
            q: watch.query.clone(),
            category: watch.category,
            min_size: watch.min_size,
            max_size: watch.max_size,
            sort: watch.sort,
            order: watch.order,
            limit: missing.clamp(least, SEARCH_LIMIT_MAX_COUNT),
            cursor: found.next_cursor.take(),
            ..SearchParams::default()
        };
        match engine.search(&params).await {
            Ok(page) => extend(&mut found, page),
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

fn extend(found: &mut Found, page: SearchResponse) {
    found.files.extend(page.results);
    found.total = page.total;
    found.total_is_exact = page.total_is_exact;
    found.next_cursor = page.next_cursor;
}
