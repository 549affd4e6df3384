//! The log: what happened, newest at the bottom.

use ratatui::layout::Position;

use super::parts::{empty, filter_text, filters};
use crate::tui::format;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::update::LOG_LEVEL_NAMES;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::words;

/// Draws the screen; where the cursor stands.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let tab = &model.log;
    let y = layout.line.y;
    let (mut end, cursor) = filter_text(&tab.text, y, canvas);
    if cursor.is_none() {
        let words = if tab.is_following {
            "following"
        } else {
            "G follows"
        };
        end = canvas.put_right(end, y, 10, words, Token::Dim);
    }
    let names: Vec<String> = LOG_LEVEL_NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    filters(&names, tab.level, y, end.saturating_sub(1), canvas);
    if tab.list.total() == 0 {
        empty(&words::no_log(model), layout.list, canvas);
    }
    for ((position, row), y) in tab.list.visible().zip(layout.list.y..) {
        let Some(row) = row else { continue };
        let is_selected = position == tab.list.cursor() && !tab.is_following;
        if is_selected {
            canvas.put(0, y, ">", Token::Select);
        }
        let time = format::clock(row.at, &model.zone);
        let x = canvas.put(2, y, &time, Token::Dim);
        let (sign, token) = match row.level.as_str() {
            "error" => (" ✗ ", Token::Error),
            "warn" => (" ! ", Token::Warn),
            _ => ("   ", Token::Text),
        };
        let x = canvas.put(x, y, sign, token);
        let room = canvas.width().saturating_sub(x + 1);
        let token = if is_selected { Token::Select } else { token };
        // The ending is what tells one name or path from another.
        let text = format::cut_middle(&format::clean(&row.text), usize::from(room));
        canvas.put_in(x, y, room, &text, token);
    }
    if layout.pane.height > 0 {
        pane(model, layout, canvas);
    }
    cursor
}

/// The line under the cursor, whole.
fn pane(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.pane;
    let Some(row) = model.log.list.selected() else {
        return canvas.rule(area.y, Token::Rule);
    };
    let time = format::clock(row.at, &model.zone);
    canvas.titled_rule(area.y, &format!("{time} {}", row.level), "", false);
    let room = canvas.width().saturating_sub(4);
    let parts = format::broken(&format::clean(&row.text), usize::from(room));
    for (y, part) in (area.y + 1..area.bottom()).zip(parts) {
        canvas.put_in(3, y, room, &part, Token::Text);
    }
}
