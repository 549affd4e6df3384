//! What a screen shows, section by section: pure functions from views and a watch to rows.
//!
//! Know no socket, no task and no clock; what they need is handed in.

pub mod browse;
pub mod dock;
pub mod header;
pub mod log;
pub mod peers;
pub mod results;
pub mod shares;
pub mod transfers;
pub mod uploads;

use super::command::Window;

/// The rows of `window`, and the position of the first of them (pulled back when the list has
/// become shorter than the window's start).
pub fn cut<T>(rows: Vec<T>, window: Window) -> (usize, Vec<T>) {
    let total = rows.len();
    let first = start(total, window);
    let rows = rows.into_iter().skip(first).take(window.count).collect();
    (first, rows)
}

/// Where a window really starts in a list of `total` rows.
pub fn start(total: usize, window: Window) -> usize {
    if window.first < total {
        window.first
    } else {
        total.saturating_sub(window.count)
    }
}

/// Whether `text` holds `part`, without regard to case; an empty part is held by every text.
pub fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || protocol::query::fold(text).contains(protocol::query::fold(part).as_str())
}

/// The last part of a path as it is shown.
pub fn last_part(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

#[cfg(test)]
pub(super) mod tests;
