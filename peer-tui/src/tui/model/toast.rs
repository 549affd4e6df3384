//! Short words over the screen, and the way back from what they tell.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::daemon::command::Action;

/// How long a toast that is no error stays.
const TOAST_LIFE: SignedDuration = SignedDuration::from_secs(4);
/// Toasts that wait behind the one that is shown.
const TOASTS_MAX_COUNT: usize = 100;
/// Changes whose way back is remembered, the last ones.
const UNDO_MAX_COUNT: usize = 50;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Level {
    Ok,
    Note,
    Error,
}

/// A few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The words, clean.
    pub text: String,
    /// How bad.
    pub level: Level,
    /// When it goes; errors wait for a key.
    pub until: Option<Timestamp>,
    /// Whether the daemon said it, and wrote it into its log.
    pub is_logged: bool,
}

/// What is shown and what waits.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    toasts: VecDeque<Toast>,
}

impl Toasts {
    /// Shows words of the screen, in front of what is there unless that is an error.
    pub fn push(&mut self, level: Level, text: impl Into<String>, now: Timestamp) {
        self.show(level, text.into(), now, false);
    }

    /// The same with words of the daemon, which its log has too.
    pub fn push_logged(&mut self, level: Level, text: impl Into<String>, now: Timestamp) {
        self.show(level, text.into(), now, true);
    }

    fn show(&mut self, level: Level, text: String, now: Timestamp, is_logged: bool) {
        let until = (level != Level::Error).then(|| now + TOAST_LIFE);
        let toast = Toast {
            text,
            level,
            until,
            is_logged,
        };
        if self.toasts.front() == Some(&toast) {
            return;
        }
        // News push each other out; an error stays in front of them.
        if level == Level::Error || !self.has_error() {
            self.toasts.push_front(toast);
        } else {
            self.toasts.push_back(toast);
        }
        self.toasts.truncate(TOASTS_MAX_COUNT);
    }

    /// Shows `text` until a key is pressed, as errors are: nothing is drawn by the clock.
    pub fn push_until_seen(&mut self, text: impl Into<String>) {
        self.toasts.push_front(Toast {
            text: text.into(),
            level: Level::Note,
            until: None,
            is_logged: false,
        });
        self.toasts.truncate(TOASTS_MAX_COUNT);
    }

    /// The toast that is shown, and how many are behind it that the log has.
    pub fn shown(&self) -> Option<(&Toast, usize)> {
        let mut toasts = self.toasts.iter();
        let shown = toasts.next()?;
        Some((shown, toasts.filter(|toast| toast.is_logged).count()))
    }

    /// Drops what has had its time; whether anything went.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.toasts.len();
        self.toasts
            .retain(|toast| toast.until.is_none_or(|until| until > now));
        self.toasts.len() != before
    }

    /// A key was pressed: errors have been seen.
    pub fn see(&mut self) {
        self.toasts.retain(|toast| toast.until.is_some());
    }

    /// When the next one goes.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.toasts.iter().filter_map(|toast| toast.until).min()
    }

    fn has_error(&self) -> bool {
        self.toasts.iter().any(|toast| toast.level == Level::Error)
    }
}

/// The way back from a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Back {
    /// This undoes it.
    By(Action),
    /// There is none.
    Never,
}

/// The last changes, newest last.
#[derive(Debug, Clone, Default)]
pub struct UndoStack {
    ways: VecDeque<Back>,
}

impl UndoStack {
    /// Remembers the way back from the last change.
    pub fn push(&mut self, back: Back) {
        if back == Back::Never && self.ways.back() == Some(&Back::Never) {
            return;
        }
        if self.ways.len() == UNDO_MAX_COUNT {
            self.ways.pop_front();
        }
        self.ways.push_back(back);
    }

    /// The way back from the last change that is not undone yet.
    pub fn pop(&mut self) -> Option<Back> {
        self.ways.pop_back()
    }
}
