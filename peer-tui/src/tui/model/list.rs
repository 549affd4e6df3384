//! A window into a list that the daemon holds: rows at hand, cursor by identity, marks.
//!
//! Two ways to take new rows: [`List::follow`] (the cursor goes where its row goes) and
//! [`List::hold`] (nothing moves; what is new is counted and waits).

mod marks;

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::daemon::command::Window;

/// Something with an identity that outlives its position.
pub trait Identified: Clone {
    /// The identity.
    type Key: Clone + PartialEq + Debug;

    /// Its identity.
    fn key(&self) -> Self::Key;

    /// What it stands for is no longer there, and it stays on the screen for now.
    fn is_gone_now(&mut self) {}
}

/// Rows as they came from the daemon.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// Position of the first row.
    pub first: usize,
    /// Rows.
    pub rows: Vec<R>,
    /// Rows of the whole list.
    pub total: usize,
}

/// The rows without a gap that `cursor` stands on, or the nearest to it.
fn run_around<R>(mut rows: BTreeMap<usize, R>, cursor: usize) -> (usize, Vec<R>) {
    let before = rows.range(..=cursor).next_back();
    let nearest = before.or_else(|| rows.range(cursor..).next());
    let mut start = nearest.map_or(cursor, |(at, _)| *at);
    while start > 0 && rows.contains_key(&(start - 1)) {
        start -= 1;
    }
    let run = (start..).map_while(|at| rows.remove(&at)).collect();
    (start, run)
}

/// A list on the screen.
#[derive(Debug, Clone)]
pub struct List<R: Identified> {
    page: Page<R>,
    cursor: usize,
    selected: Option<R::Key>,
    top: usize,
    height: usize,
    window: Window,
    marks: Vec<R>,
    /// Where a range began.
    anchor: Option<usize>,
    /// Marks are inverted as soon as the rows that it takes are at hand.
    is_inverting: bool,
    has_moved: bool,
    waiting: Option<Page<R>>,
    waiting_count: usize,
    gone_count: usize,
}

impl<R: Identified> Default for List<R> {
    fn default() -> Self {
        Self {
            page: Page {
                first: 0,
                rows: Vec::new(),
                total: 0,
            },
            cursor: 0,
            selected: None,
            top: 0,
            height: 1,
            window: Window { first: 0, count: 3 },
            marks: Vec::new(),
            anchor: None,
            is_inverting: false,
            has_moved: false,
            waiting: None,
            waiting_count: 0,
            gone_count: 0,
        }
    }
}

impl<R: Identified> List<R> {
    /// Rows of the whole list.
    pub const fn total(&self) -> usize {
        self.page.total
    }

    /// Position of the cursor in the whole list.
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Position of the first row on the screen.
    pub const fn top(&self) -> usize {
        self.top
    }

    /// Whether the person has moved the cursor since the list was new.
    pub const fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// How many new rows wait to be merged.
    pub const fn waiting_count(&self) -> usize {
        self.waiting_count
    }

    /// How many rows on the screen or near it are no longer there.
    pub const fn gone_count(&self) -> usize {
        self.gone_count
    }

    /// The row at a position, if it is at hand.
    pub fn row(&self, position: usize) -> Option<&R> {
        position
            .checked_sub(self.page.first)
            .and_then(|index| self.page.rows.get(index))
    }

    /// The rows at hand, on the screen or within a page of it.
    pub fn rows(&self) -> &[R] {
        &self.page.rows
    }

    /// The rows at hand, to be refreshed in place.
    pub fn rows_mut(&mut self) -> &mut [R] {
        &mut self.page.rows
    }

    /// The row under the cursor, if it is at hand.
    pub fn selected(&self) -> Option<&R> {
        self.row(self.cursor)
    }

    /// Positions and rows on the screen; `None` for a row that has not come yet.
    pub fn visible(&self) -> impl Iterator<Item = (usize, Option<&R>)> {
        (self.top..self.page.total.min(self.top + self.height)).map(|at| (at, self.row(at)))
    }

    /// Rows below the last one on the screen.
    pub fn below(&self) -> usize {
        self.page.total.saturating_sub(self.top + self.height)
    }

    /// The rows to ask the daemon for.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Takes rows as they are; the cursor goes where its row went, or stays where it is.
    pub fn follow(&mut self, page: Page<R>) {
        self.waiting = None;
        self.waiting_count = 0;
        self.gone_count = 0;
        self.page = page;
        self.page.total = self.page.total.max(self.page.first + self.page.rows.len());
        self.invert_if_due();
        if !self.has_moved && self.marks.is_empty() {
            self.cursor = 0;
        } else if let Some(at) = self.position_of_selected() {
            let line = self.cursor.saturating_sub(self.top);
            self.cursor = at;
            self.top = at.saturating_sub(line);
        }
        self.settle();
    }

    /// Takes rows without moving any that is there: known ones are refreshed in place, new ones
    /// wait, unless they stand where none was at hand yet, and those that are gone say so. Before the
    /// cursor was moved this is [`Self::follow`].
    pub fn hold(&mut self, page: Page<R>) {
        if self.page.total == 0 || !self.has_moved && self.marks.is_empty() {
            return self.follow(page);
        }
        let (mut held, count) = self.held_over(&page);
        let grown = page.total.saturating_sub(self.page.total);
        self.waiting_count = count.max(grown);
        self.gone_count = self.tell_gone(&mut held, &page, count);
        (self.page.first, self.page.rows) = run_around(held, self.cursor);
        self.waiting = (self.waiting_count > 0 || self.gone_count > 0).then_some(page);
        self.invert_if_due();
        self.settle();
    }

    /// Tells those of the `held` rows that `page` has no more, where that is sure: it is the whole
    /// list, or the list is shorter by as many, `new_count` of others counted in.
    fn tell_gone(&self, held: &mut BTreeMap<usize, R>, page: &Page<R>, new_count: usize) -> usize {
        let covered = page.first..page.first + page.rows.len();
        let is_whole = page.first == 0 && page.rows.len() >= page.total;
        let is_missing = |at: usize, row: &R| {
            let key = row.key();
            (is_whole || covered.contains(&at)) && page.rows.iter().all(|new| new.key() != key)
        };
        let missing = held.iter().filter(|(at, row)| is_missing(**at, row));
        let missing: Vec<usize> = missing.map(|(at, _)| *at).collect();
        let lost_count = (self.page.total + new_count).saturating_sub(page.total);
        if !is_whole && missing.len() > lost_count {
            return 0;
        }
        for at in &missing {
            if let Some(row) = held.get_mut(at) {
                row.is_gone_now();
            }
        }
        missing.len()
    }

    /// Rows by position: those near the screen as they are, the others from `page`; and how many
    /// of `page` found no place.
    fn held_over(&self, page: &Page<R>) -> (BTreeMap<usize, R>, usize) {
        let near = self.top.saturating_sub(self.height)..self.top + 2 * self.height;
        let mut rows: BTreeMap<usize, R> = near
            .filter_map(|at| Some((at, self.row(at)?.clone())))
            .collect();
        let start = rows.keys().next().copied().unwrap_or(usize::MAX);
        let end = rows.keys().next_back().map_or(0, |last| last + 1);
        let mut above = Vec::new();
        let mut below = Vec::new();
        let mut waiting = 0;
        for (at, row) in (page.first..).zip(&page.rows) {
            let key = row.key();
            if let Some(known) = rows.values_mut().find(|known| known.key() == key) {
                *known = row.clone();
            } else if at < start {
                above.push(row);
            } else if at >= end {
                below.push(row);
            } else {
                waiting += 1;
            }
        }
        let free_above = (page.first..start.min(page.first + page.rows.len())).zip(above);
        rows.extend(free_above.map(|(at, row)| (at, row.clone())));
        let mut below = below.into_iter();
        for at in end.max(page.first)..self.page.total {
            let Some(row) = below.next() else { break };
            rows.insert(at, row.clone());
        }
        (rows, waiting + below.count())
    }

    /// Takes in what waits; the cursor stays on its row.
    pub fn merge(&mut self) {
        if let Some(page) = self.waiting.take() {
            self.follow(page);
        }
    }

    /// Takes the same rows in another order: the cursor goes where its row went; where that is not
    /// at hand, it starts at the top.
    pub fn reorder(&mut self, page: Page<R>) {
        let is_it = |row: &R| Some(row.key()) == self.selected;
        if !page.rows.iter().any(is_it) {
            self.restart();
        }
        self.anchor = None;
        self.follow(page);
    }

    /// From now on the cursor stays on its row, although nobody has moved it.
    pub const fn hold_cursor(&mut self) {
        self.has_moved = true;
    }

    /// A new list is coming: the cursor starts at the top, marks are kept.
    pub fn restart(&mut self) {
        self.has_moved = false;
        self.anchor = None;
        self.is_inverting = false;
        self.cursor = 0;
        self.top = 0;
        self.waiting = None;
        self.waiting_count = 0;
        self.gone_count = 0;
        self.settle();
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        let height = self.height;
        *self = Self::default();
        self.set_height(height);
    }

    /// Lines on the screen, at least 1.
    pub fn set_height(&mut self, lines: usize) {
        self.height = lines.max(1);
        self.settle();
    }

    /// Lines on the screen.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Moves the cursor by `lines`, staying inside.
    pub fn move_by(&mut self, lines: isize) {
        self.move_to(self.cursor.saturating_add_signed(lines));
    }

    /// Moves the cursor to a position, the last one if it lies outside.
    pub fn move_to(&mut self, position: usize) {
        self.has_moved = true;
        self.cursor = position;
        self.selected = None;
        self.settle();
    }

    /// Puts the cursor on a row at hand.
    pub fn select(&mut self, key: &R::Key) {
        if let Some(index) = self.page.rows.iter().position(|row| row.key() == *key) {
            self.move_to(self.page.first + index);
        }
    }

    fn position_of_selected(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        let index = self
            .page
            .rows
            .iter()
            .position(|row| row.key() == *selected)?;
        Some(self.page.first + index)
    }

    /// Brings cursor, first line and window inside the list.
    fn settle(&mut self) {
        let last = self.page.total.saturating_sub(1);
        self.cursor = self.cursor.min(last);
        let highest = self.page.total.saturating_sub(self.height);
        self.top = self
            .top
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(self.height))
            .min(highest);
        if let Some(row) = self.selected() {
            self.selected = Some(row.key());
        }
        self.anchor = self.anchor.filter(|_| self.page.total > 0);
        self.widen_window();
    }

    /// A page before and after; only moved when the screen comes near its edge, so that a step of
    /// the cursor asks for nothing.
    fn widen_window(&mut self) {
        if self.is_inverting {
            self.window = self.invertible();
            return;
        }
        let margin = self.height / 2;
        let Window { first, count } = self.window;
        let is_low = first > 0 && self.top < first + margin;
        let is_high =
            self.top + self.height + margin > first + count && first + count < self.page.total;
        if is_low || is_high || count < self.height * 3 || count > self.height * 4 {
            self.window = Window {
                first: self.top.saturating_sub(self.height),
                count: self.height * 3,
            };
        }
    }
}
