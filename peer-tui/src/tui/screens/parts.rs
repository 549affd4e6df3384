//! What several screens draw alike.

use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::format;
use crate::tui::model::line::Line;
use crate::tui::model::tabs::FilterLine;
use crate::tui::theme::Token;
use crate::tui::widgets::canvas::{Canvas, columns};
use crate::tui::widgets::table::GUTTER;

/// A line of text in `room` columns, scrolled so that its cursor is seen; where the cursor stands.
pub fn edited(line: &Line, x: u16, y: u16, room: u16, canvas: &mut Canvas<'_>) -> Position {
    let scroll = line.scroll(usize::from(room.max(1)));
    let mut skipped = 0;
    let shown: String = line
        .text()
        .graphemes(true)
        .skip_while(|grapheme| {
            let is_left = skipped < scroll;
            if is_left {
                skipped += format::width(grapheme);
            }
            is_left
        })
        .collect();
    canvas.put_in(x, y, room, &shown, Token::Text);
    let column = line.cursor_column().saturating_sub(skipped);
    let column = u16::try_from(column)
        .unwrap_or(room)
        .min(room.saturating_sub(1));
    Position::new(x + column, y)
}

/// Lines where a list would be, broken between words where they are too long.
pub fn empty(lines: &[String], area: Rect, canvas: &mut Canvas<'_>) {
    let room = canvas.width().saturating_sub(GUTTER + 1);
    let mut y = area.y;
    for (index, line) in lines.iter().enumerate() {
        let token = match line.strip_prefix("! ") {
            Some(_) => Token::Warn,
            None if index == 0 => Token::Text,
            None => Token::Dim,
        };
        for part in format::wrapped(line, usize::from(room)) {
            if y < area.bottom() {
                canvas.put_in(GUTTER, y, room, &part, token);
                y += 1;
            }
        }
    }
}

/// Filters beside each other, the chosen one in brackets; the column after them.
pub fn filters(names: &[String], chosen: usize, y: u16, end: u16, canvas: &mut Canvas<'_>) -> u16 {
    let mut x = 1;
    for (index, name) in names.iter().enumerate() {
        let (text, token) = if index == chosen {
            (format!("[{name}]"), Token::Accent)
        } else {
            (format!(" {name} "), Token::Text)
        };
        if x + columns(&text) > end {
            break;
        }
        x = canvas.put(x, y, &text, token);
    }
    x
}

/// The filter text of a list at the right of its line, with the cursor if keys go to it; the
/// column that what stands before it ends at.
pub fn filter_text(
    filter: &FilterLine,
    y: u16,
    canvas: &mut Canvas<'_>,
) -> (u16, Option<Position>) {
    let end = canvas.width().saturating_sub(1);
    if !filter.is_typing && filter.line.is_empty() {
        return (end, None);
    }
    let room = 24.min(end / 2);
    let x = end.saturating_sub(room + 2);
    canvas.put(x, y, "/ ", Token::Accent);
    let at = edited(&filter.line, x + 2, y, room, canvas);
    // What stands before it ends two columns off.
    let before = x.saturating_sub(2);
    (before, filter.is_typing.then_some(at))
}

/// The pane under a list: what it is about, and what is told of it, the most important first. A
/// name that is cut in the title and in its row stands there whole.
pub fn pane(area: Rect, name: &str, lines: &[(&str, String)], canvas: &mut Canvas<'_>) {
    canvas.titled_rule(area.y, name, "", false);
    let room = canvas.width().saturating_sub(12);
    let mut shown: Vec<(&str, String)> = Vec::new();
    if columns(name) + 8 > canvas.width() {
        let parts = format::broken(name, usize::from(room)).into_iter();
        let titles = ["Name"].into_iter().chain(std::iter::repeat(""));
        shown.extend(titles.zip(parts));
    }
    shown.extend_from_slice(lines);
    for (y, (title, text)) in (area.y + 1..area.bottom()).zip(&shown) {
        canvas.put_in(3, y, 8, title, Token::Dim);
        canvas.put_in(11, y, room, text, Token::Text);
    }
}
