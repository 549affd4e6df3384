//! Marks: rows that the next command means together, by identity, and ranges of them.

use super::{Identified, List};
use crate::daemon::command::Window;

/// Rows that one key marks: their marks are kept here, and what is done to them goes out as one.
const INVERTED_MAX_COUNT: usize = 1_000;

impl<R: Identified> List<R> {
    /// Whether a row carries a mark or lies in the range.
    pub fn is_marked(&self, position: usize, row: &R) -> bool {
        self.range().is_some_and(|range| range.contains(&position)) || self.has_mark(&row.key())
    }

    fn has_mark(&self, key: &R::Key) -> bool {
        self.marks.iter().any(|marked| marked.key() == *key)
    }

    fn range(&self) -> Option<std::ops::RangeInclusive<usize>> {
        let anchor = self.anchor?;
        Some(anchor.min(self.cursor)..=anchor.max(self.cursor))
    }

    /// How many rows are marked.
    pub fn mark_count(&self) -> usize {
        let in_range = self.range().map_or(0, |range| {
            range
                .filter_map(|at| self.row(at))
                .filter(|row| !self.has_mark(&row.key()))
                .count()
        });
        self.marks.len() + in_range
    }

    /// Marks the row under the cursor, or takes its mark off.
    pub fn toggle_mark(&mut self) {
        let Some(row) = self.selected().cloned() else {
            return;
        };
        let key = row.key();
        if self.has_mark(&key) {
            self.marks.retain(|marked| marked.key() != key);
        } else {
            self.marks.push(row);
        }
        self.has_moved = true;
    }

    /// Starts a range at the cursor, or ends it and marks its rows.
    pub fn toggle_range(&mut self) {
        match self.range() {
            None => self.anchor = (self.page.total > 0).then_some(self.cursor),
            Some(range) => {
                let rows: Vec<R> = range.filter_map(|at| self.row(at)).cloned().collect();
                for row in rows {
                    if !self.has_mark(&row.key()) {
                        self.marks.push(row);
                    }
                }
                self.anchor = None;
            }
        }
        self.has_moved = true;
    }

    /// Ends a range without marks; whether there was one.
    pub fn drop_range(&mut self) -> bool {
        self.anchor.take().is_some()
    }

    /// Whether a range is open.
    pub const fn has_range(&self) -> bool {
        self.anchor.is_some()
    }

    /// Marks all rows that are not marked and the other way round, of a long list the first
    /// `INVERTED_MAX_COUNT`; those that are not at hand are asked for first.
    pub fn invert_marks(&mut self) {
        // Pressed again while they are on their way: what is there must do.
        self.is_inverting = !self.is_inverting && !self.has_invertible();
        if self.is_inverting {
            self.settle();
        } else {
            self.invert();
        }
    }

    /// The rows whose marks are inverted.
    pub(super) fn invertible(&self) -> Window {
        Window {
            first: 0,
            count: self.page.total.min(INVERTED_MAX_COUNT),
        }
    }

    fn has_invertible(&self) -> bool {
        self.page.first == 0 && self.page.rows.len() >= self.invertible().count
    }

    /// Rows have come, which may be those that were asked for.
    pub(super) fn invert_if_due(&mut self) {
        if self.is_inverting && self.has_invertible() {
            self.is_inverting = false;
            self.invert();
        }
    }

    fn invert(&mut self) {
        let first = INVERTED_MAX_COUNT.saturating_sub(self.page.first);
        let rows = self.page.rows.iter().take(first);
        let inverted = rows.filter(|row| !self.has_mark(&row.key()));
        self.marks = inverted.cloned().collect();
        self.has_moved = true;
    }

    /// Takes all marks off; whether there were any.
    pub fn drop_marks(&mut self) -> bool {
        let had = !self.marks.is_empty();
        self.marks.clear();
        had
    }

    /// The marked rows, or the one under the cursor.
    pub fn targets(&self) -> Vec<R> {
        let mut rows = self.marks.clone();
        if let Some(range) = self.range() {
            let more = range.filter_map(|at| self.row(at)).cloned();
            rows.extend(more.filter(|row| !self.has_mark(&row.key())));
        }
        if rows.is_empty() {
            rows.extend(self.selected().cloned());
        }
        // What is known of a marked row may be newer than the mark.
        for row in &mut rows {
            let key = row.key();
            if let Some(fresh) = self.page.rows.iter().find(|fresh| fresh.key() == key) {
                *row = fresh.clone();
            }
        }
        rows
    }
}
