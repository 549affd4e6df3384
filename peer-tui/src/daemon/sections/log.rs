//! The log under its filter, newest last.

use super::{holds, start};
use crate::daemon::command::{LogWatch, Window};
use crate::daemon::state::{Log, LogRow};

/// The window of `lines` (oldest first) that a screen asked for.
pub fn log<'a>(lines: impl Iterator<Item = &'a LogRow>, watch: &LogWatch) -> Log {
    let least = watch.level.as_deref().map_or(0, severity);
    let shown: Vec<&LogRow> = lines
        .filter(|line| severity(&line.level) >= least && holds(&line.text, &watch.text))
        .collect();
    let total = shown.len();
    let window = if watch.is_following {
        Window {
            first: total.saturating_sub(watch.window.count),
            count: watch.window.count,
        }
    } else {
        watch.window
    };
    let first = start(total, window);
    Log {
        first,
        rows: shown
            .into_iter()
            .skip(first)
            .take(window.count)
            .cloned()
            .collect(),
        total,
    }
}

fn severity(level: &str) -> u8 {
    match level {
        "error" => 2,
        "warn" => 1,
        _ => 0,
    }
}
