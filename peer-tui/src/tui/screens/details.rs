//! One transfer closely: bar, state, place, the map of pieces, sources.

use ratatui::layout::{Position, Rect};

use super::transfer_row::{sign_and_rate, trouble};
use crate::daemon::state::{DownloadDetail, DownloadState, SourceState, SourceStatus};
use crate::tui::format;
use crate::tui::layout::{Class, Layout};
use crate::tui::model::Model;
use crate::tui::theme::Token;
use crate::tui::widgets::bar::bar;
use crate::tui::widgets::canvas::Canvas;
use crate::tui::widgets::pieces::{has_bar, pieces};
use crate::tui::widgets::table::{Column, Name, Table};

const LEGEND: &str = "█ have  ▓ part  ▒ arriving  · wanted  ! nobody has";
const HAS_COLUMNS: u16 = 20;

/// Draws the screen; it has no cursor of its own.
pub fn draw(model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let view = model.details.as_ref()?;
    let Some(detail) = &view.detail else {
        canvas.put(1, layout.line.y, "Transfers ›", Token::Dim);
        canvas.put(3, layout.columns.y, "Waiting for the daemon.", Token::Dim);
        return None;
    };
    title(detail, layout, canvas);
    if layout.above.height > 0 {
        above(detail, model, layout, canvas);
    }
    sources(detail, model, layout, canvas);
    None
}

fn title(detail: &DownloadDetail, layout: &Layout, canvas: &mut Canvas<'_>) {
    let y = layout.line.y;
    let right = if layout.class >= Some(Class::Normal) {
        "Esc back   [ ] previous/next"
    } else {
        "Esc back"
    };
    let end = canvas.width().saturating_sub(1);
    let end = canvas.put_right(end, y, end / 2, right, Token::Dim);
    let x = canvas.put(1, y, "Transfers › ", Token::Dim);
    let name = format::shown(&detail.status.name);
    let room = end.saturating_sub(x + 2);
    let token = if name.is_odd {
        Token::Warn
    } else {
        Token::Strong
    };
    let name = format::cut_middle(&name.text, usize::from(room));
    canvas.put_in(x, y, room, &name, token);
}

fn above(detail: &DownloadDetail, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.above;
    let status = &detail.status;
    let words = format!(
        "{}%  {} of {}",
        format::percent(status.done_bytes, status.size_bytes),
        format::size(status.done_bytes),
        format::size(status.size_bytes)
    );
    let end = canvas.width().saturating_sub(2);
    let start = canvas.put_right(end, area.y, 30, &words, Token::Strong);
    let width = start.saturating_sub(6);
    bar(
        canvas,
        (2, area.y),
        width,
        status.done_bytes,
        status.size_bytes,
    );
    if area.height > 1 {
        let room = usize::from(end.saturating_sub(2));
        let words = format::fit(&state_parts(detail, model), "   ", room);
        canvas.put(2, area.y + 1, &words, Token::Text);
    }
    if area.height > 2 {
        let hash = format!("hash {}", format::short_hash(&status.hash));
        let x = canvas.put_right(end, area.y + 2, 20, &hash, Token::Dim);
        let room = x.saturating_sub(4);
        let place = format!("to {}", format::path(&status.destination));
        let place = format::cut_middle(&place, usize::from(room));
        canvas.put_in(2, area.y + 2, room, &place, Token::Text);
    }
    if area.height > 3 {
        let count = detail.pieces.len() as u64;
        let title = format!(
            "Pieces  {} × {}",
            format::count(count),
            format::size(detail.piece_bytes)
        );
        let legend = if canvas.width() >= 100 { LEGEND } else { "" };
        canvas.titled_rule(area.y + 3, &title, legend, false);
    }
    if area.height > 4 {
        let map = Rect::new(
            2,
            area.y + 4,
            canvas.width().saturating_sub(4),
            area.height - 5,
        );
        pieces(canvas, map, detail.pieces.as_bytes());
        note(detail, area.bottom() - 1, canvas);
    }
}

/// What is told of its state, the most important first.
fn state_parts(detail: &DownloadDetail, model: &Model) -> Vec<String> {
    let status = &detail.status;
    let ((sign, _), (rate, _)) = sign_and_rate(status);
    let mut parts = Vec::new();
    if status.state == DownloadState::Downloading {
        let left = format::left(
            status.size_bytes.saturating_sub(status.done_bytes),
            status.rate_bytes,
        );
        parts.push(format!("{sign} downloading"));
        parts.push(rate);
        parts.push(format!("{left} left"));
    } else {
        parts.push(format!("{sign} {rate}"));
    }
    if let Some(at) = status.finished_at {
        let at = format::when(at, model.now, &model.zone);
        parts.push(format!("finished {at}"));
    } else {
        parts.push(format!(
            "{} sources in use, {} known",
            status.sources.0, status.sources.1
        ));
    }
    if let Some(limit) = status.limit_bytes {
        parts.push(format!("limit {}", format::rate(limit)));
    }
    parts.push(format!(
        "asked for {}",
        format::when(status.added_at, model.now, &model.zone)
    ));
    parts.push(match status.priority {
        0 => "normal priority".to_owned(),
        priority => format!("priority {priority:+}"),
    });
    parts
}

/// What keeps it from ending, or what went wrong on the way.
fn note(detail: &DownloadDetail, y: u16, canvas: &mut Canvas<'_>) {
    let room = canvas.width().saturating_sub(4);
    if let Some(words) = trouble(&detail.status) {
        canvas.put_in(2, y, room, &format!("✗ {words}"), Token::Error);
        return;
    }
    if let Some(parts) = missing(&detail.pieces) {
        let words = format::fit(&parts, " · ", usize::from(room));
        canvas.put_in(2, y, room, &words, Token::Warn);
        return;
    }
    if let Some(last) = detail.notes.last() {
        canvas.put_in(2, y, room, &format::clean(last), Token::Warn);
    }
}

/// How many pieces nobody has, and which: the first one, or the stretch where it is one.
fn missing(pieces: &str) -> Option<[String; 3]> {
    let count = pieces.bytes().filter(|piece| *piece == b'!').count();
    let first = pieces.find('!')?;
    let last = pieces.rfind('!')?;
    let number = |index: usize| format::count(index as u64 + 1);
    let which = if count == 1 {
        number(first)
    } else if last - first + 1 == count {
        format!("{}–{}", number(first), number(last))
    } else {
        format!("from {} on", number(first))
    };
    let counted = match count {
        1 => "1 piece".to_owned(),
        _ => format!("{} pieces", format::count(count as u64)),
    };
    let has = if count == 1 { "has" } else { "have" };
    Some([
        format!("{counted} ({which}) {has} no source now"),
        "m looks for more".to_owned(),
        "the rest finishes without".to_owned(),
    ])
}

fn table(class: Class, width: u16) -> Table {
    let large = [
        Column::left("State", 12, 8),
        Column::right("Rate", 10, 7),
        Column::left("Trust", 5, 3),
        Column::left("Has", HAS_COLUMNS, 4),
        Column::right("Gave", 9, 5),
        Column::right("Share", 5, 2),
        Column::right("Errors", 6, 1),
    ];
    let normal = [
        Column::left("State", 12, 8),
        Column::right("Rate", 10, 7).close(),
        Column::left("Trust", 5, 3),
        Column::right("Gave", 9, 5).close(),
        Column::right("Errors", 6, 1).close(),
    ];
    let small = [
        Column::left("State", 12, 8).close(),
        Column::right("Rate", 10, 7).close(),
    ];
    match class {
        Class::Large => Table::fit(width, &large),
        Class::Normal => Table::fit(width, &normal),
        _ => Table::fit(width, &small),
    }
}

fn sources(detail: &DownloadDetail, model: &Model, layout: &Layout, canvas: &mut Canvas<'_>) {
    let Some(view) = &model.details else { return };
    let table = table(layout.class.unwrap_or(Class::Line), canvas.width());
    table.titles(canvas, layout.columns.y, "Sources");
    if view.sources.total() == 0 {
        let words = match detail.status.state {
            DownloadState::Done => "All there and checked.",
            _ => "No source now. m looks for more.",
        };
        canvas.put(3, layout.list.y, words, Token::Dim);
    }
    for ((position, row), y) in view.sources.visible().zip(layout.list.y..) {
        if let Some(row) = row {
            let is_selected = position == view.sources.cursor();
            source(&table, row, detail, y, is_selected, canvas);
        }
    }
    let below = view.sources.below();
    if below > 0 {
        let words = format!("{below} more below");
        canvas.put(3, layout.status.y, &words, Token::Dim);
    }
}

fn source(
    table: &Table,
    row: &SourceStatus,
    detail: &DownloadDetail,
    y: u16,
    is_selected: bool,
    canvas: &mut Canvas<'_>,
) {
    let name = format::shown(&row.name);
    let name = Name::of(&name.text, name.is_odd, is_selected);
    let end = table.name(canvas, y, 0, &name);
    let is_over = detail.status.state == DownloadState::Done;
    let (state, token) = match row.state {
        // Its last look was taken while bytes still came.
        SourceState::Sending | SourceState::Connecting | SourceState::Idle if is_over => {
            ("✓ done", Token::Dim)
        }
        SourceState::Sending => ("▼ sending", Token::Down),
        SourceState::Connecting => ("… connecting", Token::Text),
        SourceState::Idle => ("… ready", Token::Dim),
        SourceState::Busy => ("… busy", Token::Dim),
        SourceState::Failed => ("✗ failed", Token::Warn),
        SourceState::Corrupt => ("✗ bad data", Token::Error),
        SourceState::Offline => ("○ offline", Token::Dim),
    };
    if let Some(reason) = &row.reason {
        // Figures of a source that is out tell nothing; why it is needs their room.
        let sign = state.split(' ').next().unwrap_or_default();
        let words = format!("{sign} {}", format::clean(reason));
        let room = canvas.width().saturating_sub(end + 3);
        canvas.put_in(end + 2, y, room, &words, token);
        return;
    }
    table.cell(canvas, y, "State", state, token);
    if row.rate_bytes > 0 && !is_over {
        table.cell(
            canvas,
            y,
            "Rate",
            &format::rate(row.rate_bytes),
            Token::Text,
        );
    }
    let trust = format::trust(row.reputation);
    let token = if trust == "!" {
        Token::Error
    } else {
        Token::Text
    };
    table.cell(canvas, y, "Trust", trust, token);
    table.cell(
        canvas,
        y,
        "Has",
        &has_bar(row.has_pieces, HAS_COLUMNS),
        Token::PieceHave,
    );
    if row.gave_bytes > 0 {
        table.cell(
            canvas,
            y,
            "Gave",
            &format::size(row.gave_bytes),
            Token::Text,
        );
    }
    let share = format::percent(row.gave_bytes, detail.status.done_bytes.max(1));
    table.cell(canvas, y, "Share", &format!("{share}%"), Token::Text);
    let token = if row.errors > 0 {
        Token::Warn
    } else {
        Token::Dim
    };
    table.cell(canvas, y, "Errors", &row.errors.to_string(), token);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_nobody_has_are_named() {
        assert_eq!(missing("##~."), None);
        for (pieces, expected) in [
            ("#!..", "1 piece (2) has no source"),
            ("#!!.", "2 pieces (2–3) have no source"),
            ("!..!", "2 pieces (from 1 on) have no source"),
        ] {
            let [words, ..] = missing(pieces).expect("some are missing");
            assert!(words.starts_with(expected), "{words}");
        }
    }
}
